"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.record.claims import Claim, Kind, NegativeControl, Rival, around, within
from study.theory import residual
from study.theory.sources import THIS_STUDY

BLOCKS = 32
CHAPTER = "chapter Residual networks as they are built, section"
NO_NORM = f"{CHAPTER} “Without normalisation the gradient grows as the stream does”"
PRE = f"{CHAPTER} “Pre-norm”"
POST = f"{CHAPTER} “Post-norm”"
ZERO = f"{CHAPTER} “A last layer of zeros”"
NETWORK = (
    "32 blocks x + a W₂ relu(W₁ x) of width 256, Gaussian weights of variance 2/n and 1/n, no "
    "biases, on MNIST images of unit mean square. At quick size the width is 128."
)
GRADIENT = (
    "The second moment of the gradient by the stream before the first block over that behind the "
    "last one, for a random gradient at the top, over units and images, averaged over networks."
)
PER_BLOCK = (
    "The second moment of the gradient by the stream before a block over that behind it, for a "
    "random gradient at the top, a mean over 32 blocks, averaged over networks; a ratio."
)
STREAM = (
    "The second moment of the stream behind the last block over that before the first, over units "
    "and images, averaged over networks; a ratio."
)
ONE_BLOCK = (
    "Five per cent: a mean of 32 factors strays by a hundredth over the draws, and at this width "
    "a normalisation takes away another hundredth at most."
)
ALL_BLOCKS = (
    "A tenth: the factors of 32 blocks stray by a few hundredths over the draws; the nearest rival "
    "is farther off."
)

of_blocks = partial(Claim, kind=Kind.LAW, departure=NETWORK)
PRE_STREAM = residual.stream("pre", 1.0, BLOCKS)[-1]
PRE_GRADIENT = residual.gradient("pre", 1.0, BLOCKS)[0]
PRE_SCALED = residual.stream("pre", 1 / BLOCKS, BLOCKS)[-1]
SCALED_GRADIENT = residual.gradient("none", 1 / BLOCKS, BLOCKS)[0]
SMALL = residual.gradient("pre", 1.0, 1, 0.01)[0]

CLAIMS = (
    of_blocks(
        id="resnet-gradient-doubles",
        statement=(
            "Without normalisation a residual block whose branch keeps the signal doubles the "
            "second moment of the gradient by the stream, as it does the stream's."
        ),
        source=THIS_STUDY.at(NO_NORM),
        quantity="block_gradient.plain",
        measured_as=PER_BLOCK,
        prediction=2.0,
        band=within(2.0, 0.05),
        reason=ONE_BLOCK,
        remark="The gradient comes back by the skip and by the branch, and the two add up.",
        control=NegativeControl("Divide the branches by √32.", {"arms.plain.power": 0.5}),
        rival=Rival("Half of a branch's units are shut, so it passes one half.", 1.5),
        derivation="derivation-residual-gradient",
    ),
    of_blocks(
        id="resnet-scaled-gradient",
        statement=(
            "With branches divided by √B and no normalisation, all B blocks multiply the second "
            "moment of the gradient by (1 + 1/B)^B, less than e."
        ),
        source=THIS_STUDY.at(NO_NORM),
        quantity="gradient.plain_scaled",
        measured_as=GRADIENT,
        prediction=SCALED_GRADIENT,
        band=within(SCALED_GRADIENT, 0.1),
        reason=ALL_BLOCKS,
        remark="2.68 for 32 blocks, as for the stream.",
        control=NegativeControl("Divide by B instead.", {"arms.plain_scaled.power": 1.0}),
        rival=Rival("All branches together add the gradient once.", 2.0),
        derivation="derivation-residual-gradient",
    ),
    of_blocks(
        id="pre-norm-stream-grows-linearly",
        statement=(
            "With pre-norm each block adds the same to the second moment of the stream: behind 32 "
            "blocks that keep the size of what they are given, it is 33 times what it was."
        ),
        source=THIS_STUDY.at(PRE),
        quantity="stream.pre",
        measured_as=STREAM,
        prediction=PRE_STREAM,
        band=within(PRE_STREAM, 0.1),
        reason=ALL_BLOCKS,
        remark="Of a stream that starts at mean square 1. With RMSNorm, without a gain.",
        control=NegativeControl("Halve the square of every branch.", {"arms.pre.power": 0.1}),
        rival=Rival("Each block doubles it, as without normalisation.", 2.0**BLOCKS),
        derivation="derivation-pre-norm",
    ),
    of_blocks(
        id="pre-norm-equal-shares",
        statement=(
            "With pre-norm the first branch has the same share in the last stream as the last one."
        ),
        source=THIS_STUDY.at(PRE),
        quantity="last_share_over_first.pre",
        measured_as=(
            "The mean square of what the last block adds over that of what the first one adds, "
            "over units and images, averaged over networks; a ratio."
        ),
        prediction=1.0,
        band=around(1.0, 0.1),
        reason="A tenth: a branch strays by a few hundredths in a draw.",
        remark="One 33rd each, as the input has.",
        control=NegativeControl(
            "Normalise behind the sum instead.", {"arms.pre.placement": "post"}
        ),
        rival=Rival("The last has as much as all below it together.", 2.0 ** (BLOCKS - 1)),
        derivation="derivation-pre-norm",
    ),
    of_blocks(
        id="pre-norm-gradient-as-stream",
        statement=(
            "With pre-norm the second moment of the gradient by the stream grows downwards by the "
            "factor by which the stream's grows upwards, 33 in 32 blocks."
        ),
        source=THIS_STUDY.at(PRE),
        quantity="gradient.pre",
        measured_as=GRADIENT,
        prediction=PRE_GRADIENT,
        band=within(PRE_GRADIENT, 0.15),
        reason=(
            "Fifteen per cent: the first blocks, which have large factors, stray most, and the law "
            "is that of wide layers."
        ),
        remark="So gradient times stream is the same at each depth, and most is at the bottom.",
        control=NegativeControl("Halve the square of every branch.", {"arms.pre.power": 0.1}),
        rival=Rival("The gradient is kept.", 1.0),
        derivation="derivation-pre-norm",
    ),
    of_blocks(
        id="pre-norm-scaled-projections",
        statement=(
            "With pre-norm and the last layer of each of B branches divided by √B, all blocks "
            "together double the second moment of the stream, at any B."
        ),
        source=THIS_STUDY.at(PRE),
        quantity="stream.pre_scaled",
        measured_as=STREAM,
        prediction=PRE_SCALED,
        band=within(PRE_SCALED, 0.1),
        reason=ALL_BLOCKS,
        remark="A Transformer of L layers has B = 2L branches, so 1/√(2L).",
        control=NegativeControl(
            "Take the normalisations out.", {"arms.pre_scaled.placement": "none"}
        ),
        rival=Rival("It grows by (1 + 1/B)^B, as without normalisation.", SCALED_GRADIENT),
        derivation="derivation-pre-norm",
    ),
    of_blocks(
        id="pre-norm-small-stream",
        statement=(
            "With pre-norm, in front of a stream of second moment 1/100 the first block alone "
            "multiplies the second moment of the gradient by 101."
        ),
        source=THIS_STUDY.at(PRE),
        quantity="first_block_gradient.pre_small",
        measured_as=(
            "The second moment of the gradient by the stream before the first block over that "
            "behind it, for a random gradient at the top, averaged over networks; a ratio."
        ),
        prediction=SMALL,
        band=within(SMALL, 0.2),
        reason=(
            "A fifth: one block of width 256 strays by a sixth in a draw, and the law is that of "
            "wide layers."
        ),
        remark="What comes in keeps a hundredth of the stream, as its branch adds 1 to 1/100.",
        control=NegativeControl(
            "Let the stream begin at 1.", {"arms.pre_small.first_variance": 1.0}
        ),
        rival=Rival("As from a stream of second moment 1.", 2.0),
        derivation="derivation-pre-norm",
    ),
    of_blocks(
        id="post-norm-halves-shares",
        statement=(
            "With post-norm each block halves the share of all below it: from block to block the "
            "share in the last stream doubles."
        ),
        source=THIS_STUDY.at(POST),
        quantity="log2_share_growth.post",
        measured_as=(
            "The binary logarithm of the last block's share in the last stream over the first "
            "block's, by mean squares, per block, averaged over networks."
        ),
        prediction=1.0,
        band=around(1.0, 0.05),
        reason=(
            "A twentieth: the mean of a logarithm is below the logarithm of the mean, by about a "
            "hundredth per block at this width."
        ),
        remark="Of what went in, a share of 2 to the power of -32 is left.",
        control=NegativeControl("Normalise before the branch.", {"arms.post.placement": "pre"}),
        rival=Rival("All have the same share, as with pre-norm.", 0.0),
        derivation="derivation-post-norm",
    ),
    of_blocks(
        id="post-norm-keeps-gradient",
        statement=(
            "With post-norm each block keeps the second moment of the gradient by the stream: the "
            "branch doubles it, and the normalisation halves it."
        ),
        source=THIS_STUDY.at(POST),
        quantity="block_gradient.post",
        measured_as=PER_BLOCK,
        prediction=1.0,
        band=around(1.0, 0.05),
        reason=ONE_BLOCK,
        remark="Before training, with branches that keep the size of what they are given.",
        control=NegativeControl("Take the normalisations out.", {"arms.post.placement": "none"}),
        rival=Rival("The normalisation halves what the skip passes.", 0.5),
        derivation="derivation-post-norm",
    ),
    of_blocks(
        id="post-layer-norm-keeps-gradient",
        statement=(
            "LayerNorm in place of RMSNorm behind the sum keeps the second moment of the gradient, "
            "too, but for one direction of n."
        ),
        source=THIS_STUDY.at(POST),
        quantity="block_gradient.post_layer",
        measured_as=PER_BLOCK,
        prediction=1.0,
        band=around(1.0, 0.05),
        reason=ONE_BLOCK,
        remark="Where the stream has a mean of about 0 over the units, the two are nearly one.",
        control=NegativeControl(
            "Take the normalisations out.", {"arms.post_layer.placement": "none"}
        ),
        rival=Rival("The normalisation halves what the skip passes.", 0.5),
        derivation="derivation-post-norm",
    ),
    Claim(
        id="zero-branch-passes-gradient",
        kind=Kind.IDENTITY,
        statement=(
            "Where the last layer of each branch is zero, stream and gradient are the same at each "
            "depth, to the last digit."
        ),
        source=THIS_STUDY.at(ZERO),
        quantity="gradient.zero",
        measured_as=GRADIENT,
        prediction=1.0,
        band=around(1.0, 1e-9),
        reason="Nothing is rounded where zero is added.",
        departure=NETWORK,
        remark="It holds at any depth, width and activation, before the first update.",
        control=NegativeControl("Draw the last layers at random.", {"arms.zero.zero": False}),
        derivation="derivation-zero-branch",
    ),
    Claim(
        id="zero-branch-first-layer-waits",
        kind=Kind.IDENTITY,
        statement=(
            "A zero last layer of a branch is the branch's only layer with a gradient before the "
            "first update; the first layer has none."
        ),
        source=THIS_STUDY.at(ZERO),
        quantity="inner_over_outer_gradient.zero",
        measured_as=(
            "In the first branch the mean square of the gradient by the first layer over that by "
            "the last one, for a random gradient at the top, averaged over networks; a ratio."
        ),
        prediction=0.0,
        band=around(0.0, 1e-9),
        reason="A product with zero is zero.",
        departure=NETWORK,
        remark="From the second update on the last layer is no longer zero.",
        control=NegativeControl("Draw the last layers at random.", {"arms.zero.zero": False}),
        derivation="derivation-zero-branch",
    ),
)
