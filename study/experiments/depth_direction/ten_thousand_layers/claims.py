"""What is claimed, what it predicts, and what must not agree."""

from math import log, pi

from study.experiments.depth_direction.ten_thousand_layers.method import GUESS_SHARE
from study.record.claims import (
    Band,
    Cause,
    Claim,
    Factor,
    Kind,
    NegativeControl,
    Rival,
    Untested,
    Verdict,
    Withdrawn,
    around,
    at_least,
    at_most,
    within,
)
from study.theory.sources import FROM_SCRATCH_NOTE, THIS_STUDY, XIAO_2018, ZHANG_2019

LARGEST = 128
"""Float32 ends at this power of two."""

CHAPTER = "chapter Ten thousand layers"
ORTHOGONAL, FIXUP = "why-orthogonal", "derivation-fixup"
OVERFLOW, NORMALISED = "derivation-residual-overflow", "derivation-normalised-backwards"
FACTOR = pi / (pi - 1)
TRAINS = at_most(0.5)
TRAINS_REASON = (
    "Less than every second image wrong was called learning before the run, where a guess errs in "
    "nine of ten: the training is a part of one epoch."
)
FAILS = at_most(GUESS_SHARE)
FAILS_REASON = (
    "A tenth of the loss of a guess: the last losses of a network that learns nothing scatter by "
    "about a hundredth at reference size, and by more at quick size."
)
SETTING = (
    "Fully connected, width 64, fifty updates of stochastic gradient descent with momentum on "
    "MNIST. At quick size some hundred layers."
)
FEW_BLOCKS = (
    "A quarter: the few blocks have some thousand units in all, so their mean strays by some "
    "hundredths in a draw, and the prediction holds in expectation."
)
LAST_LAYERS_ALONE = (
    "The update of the branches' last layers alone, at a classifier that is not zero, as a zero "
    "one lets no gradient through; ten times as many blocks against the few."
)

CLAIMS = (
    Claim(
        id="vanilla-ten-thousand",
        kind=Kind.FINDING,
        statement=(
            "A plain network of ten thousand layers, without normalisation and without skip "
            "connections, can be trained by choosing its initialisation."
        ),
        source=XIAO_2018.at(
            "abstract, “we demonstrate that it is possible to train vanilla CNNs with "
            "ten thousand layers or more simply by using an appropriate initialization "
            "scheme”"
        ),
        quantity="error.orthogonal_tanh",
        measured_as=(
            "The share of validation images that are told wrongly after fifty updates, at the "
            "learning rate with the smallest last losses; a number between 0 and 1, the mean "
            "over draws."
        ),
        band=TRAINS,
        reason=TRAINS_REASON,
        departure=f"The paper's networks are convolutional and train to the end. {SETTING}",
        remark=(
            "tanh, orthogonal weights a hundredth above unit gain, a small input. It is below "
            "0.38 in each of eight draws."
        ),
        control=NegativeControl(
            "Give the orthogonal network Gaussian weights.",
            {"arms.orthogonal_tanh.distribution": "gaussian"},
        ),
        derivation="derivation-small-length",
    ),
    Claim(
        id="vanilla-ten-thousand-gaussian-fails",
        kind=Kind.FINDING,
        statement=(
            "In its first fifty updates a plain tanh network of ten thousand layers learns "
            "next to nothing from Gaussian weights of the variance at which orthogonal ones "
            "train it."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “Why the weights must be orthogonal”"),
        quantity="learnt.gaussian_tanh",
        measured_as=(
            "The share of the loss of a guess that is gone in the last ten of fifty updates, "
            "at the best of three learning rates; a number, the mean over draws."
        ),
        band=FAILS,
        reason=FAILS_REASON,
        departure=SETTING,
        remark=(
            "Only the law of the weights differs; images, order and choice of learning rates "
            "are the same. Whether it would learn in more updates, or at other rates, is not "
            "said."
        ),
        constant_factors=(Factor.OPTIMISER, Factor.PIXELS, Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl(
            "Give the Gaussian network orthogonal weights.",
            {"arms.gaussian_tanh.distribution": "orthogonal"},
        ),
        withdrawn=Withdrawn(
            verdict=Verdict.REPRODUCED,
            quantity="learnt.gaussian_tanh",
            band=around(0.0, GUESS_SHARE),
            why=(
                "It was charged to Xiao et al. (2018), who argue that the convolution "
                "operator must be an orthogonal transformation and do not speak of fifty "
                "updates."
            ),
        ),
        derivation=ORTHOGONAL,
    ),
    Claim(
        id="fixup-ten-thousand",
        kind=Kind.FINDING,
        statement="A residual network of ten thousand layers trains without normalisation.",
        source=ZHANG_2019.at(
            "abstract, “We find training residual networks with Fixup to be as stable "
            "as training with normalization -- even for networks with 10,000 layers”"
        ),
        quantity="error.fixup",
        measured_as=(
            "The share of validation images that are told wrongly after fifty updates, at the "
            "learning rate with the smallest last losses; a number between 0 and 1, the mean "
            "over draws."
        ),
        band=TRAINS,
        reason=TRAINS_REASON,
        departure=(
            "The paper compares with normalisation, has convolutions and scalar multipliers, and "
            "one bias "
            f"per layer; here there is no such comparison, a bias per unit and no multiplier. "
            f"{SETTING}"
        ),
        remark=(
            "Blocks x + V relu(W x + a), with V and the classifier zero at the start. It is "
            "below 0.28 in each of eight draws."
        ),
        control=NegativeControl(
            "Scale no branch, and begin with none at zero.",
            {"arms.fixup.branch_power": 0.0, "arms.fixup.zeroed": False},
        ),
        derivation=FIXUP,
    ),
    Claim(
        id="fixup-rules",
        kind=Kind.LAW,
        statement=(
            "In a residual network with the first of two layers in each of B branches divided by "
            "√B, a first update moves the outputs by as much whatever B is."
        ),
        source=ZHANG_2019.at(
            "abstract, “fixed-update initialization (Fixup)”, and section 3, rule 2, "
            "the factor L^(−1/(2m−2)), for m = 2"
        ),
        quantity="output_change_many_over_few.scaled",
        measured_as=(
            "The root mean square change of the outputs by a first update in a network of a "
            "thousand blocks, over that in one of a hundred; a ratio, the mean over draws."
        ),
        prediction=1.0,
        band=within(1.0, 0.25),
        reason=FEW_BLOCKS,
        departure=LAST_LAYERS_ALONE,
        remark="The first of the three rules, zeros, is in place; the third, scalars, is left out.",
        control=NegativeControl("Leave the factor out.", {"first_update.power_with": 0.0}),
        rival=Rival("The factor is that for m = 3, L^(−1/4).", 10.0**0.5),
        derivation=FIXUP,
    ),
    Claim(
        id="fixup-without-the-factor",
        kind=Kind.LAW,
        statement=(
            "Without the factor 1/√B in its B branches, a first update moves the outputs of a "
            "residual network in proportion to its blocks."
        ),
        source=THIS_STUDY.at(
            f"{CHAPTER}, section “Fixup: an update that does not grow with the depth”"
        ),
        quantity="output_change_many_over_few.unscaled",
        measured_as=(
            "The root mean square change of the outputs by a first update in a network of a "
            "thousand blocks, over that in one of a hundred; a ratio, the mean over draws."
        ),
        prediction=10.0,
        band=within(10.0, 0.25),
        reason=FEW_BLOCKS,
        departure=LAST_LAYERS_ALONE,
        remark="Ten times as many blocks move the outputs ten times as far.",
        control=NegativeControl("Put the factor in.", {"first_update.power_without": 0.5}),
        rival=Rival("The changes of the blocks add up as independent ones do.", 10.0**0.5),
        derivation=FIXUP,
    ),
    Claim(
        id="plain-residual-ten-thousand",
        kind=Kind.LAW,
        statement=(
            "With a standard initialisation the signal of a residual network of ten thousand "
            "layers without normalisation overflows."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “A residual network overflows at block 256”"),
        quantity="finite_blocks.plain_residual",
        measured_as=(
            "How many blocks the first forward pass gets through with all values finite in "
            "float32; in blocks, the mean over draws."
        ),
        prediction=2.0 * LARGEST,
        band=within(2.0 * LARGEST, 0.2),
        reason=(
            "A fifth: the largest of some thousand numbers is two powers of two above the root "
            "mean square and overflows four blocks earlier, and the typical growth of a layer of "
            "finite width is some hundredths below its mean."
        ),
        remark=(
            "That the variance of residual networks with standard initialisations grows "
            "exponentially with the depth is what Zhang et al. (2019) begin with; the end is "
            "that of float32."
        ),
        control=NegativeControl("Scale the branches.", {"arms.plain_residual.branch_power": 0.5}),
        rival=Rival("A block doubles the root mean square, and not its square.", 1.0 * LARGEST),
        withdrawn=Withdrawn(
            verdict=Verdict.REPRODUCED,
            quantity="finite_blocks.plain_residual",
            band=within(2.0 * LARGEST, 0.2),
            why=(
                "It was charged to Zhang et al. (2019), who speak of the growth and of no overflow."
            ),
        ),
        derivation=OVERFLOW,
    ),
    Claim(
        id="normalisation-alone-fails",
        kind=Kind.FINDING,
        statement="Batch normalisation alone does not train ten thousand plain ReLU layers.",
        source=THIS_STUDY.at(
            f"{CHAPTER}, section “Batch normalisation keeps the signal and not the gradient”"
        ),
        quantity="rate.nothing_learnt.batch_normalised",
        measured_as=(
            "The share of draws in which at most a tenth of the loss of a guess is gone after "
            "fifty updates."
        ),
        prediction=1.0,
        band=at_least(0.5),
        reason=(
            "More than half of the draws, with the whole interval. In an earlier run, whose "
            "mean share was judged, 0 with no spread, all four did."
        ),
        departure=SETTING,
        remark=(
            "How often the share of the loss of a guess that is gone is at most a tenth. At any "
            "learning rate the first update leaves weights that are no numbers; that counts as "
            "nothing learnt, so a mean of these shares has no spread."
        ),
        constant_factors=(Factor.OPTIMISER, Factor.PIXELS, Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl(
            "Leave five layers of the network.", {"arms.batch_normalised.layers": 5}
        ),
        derivation=NORMALISED,
    ),
    Claim(
        id="normalised-gradient-overflows",
        kind=Kind.LAW,
        statement=(
            "Counted from the top, the gradients of a batch-normalised plain ReLU network are "
            "numbers of float32 in some four to five hundred layers."
        ),
        source=THIS_STUDY.at(
            f"{CHAPTER}, section “Batch normalisation keeps the signal and not the gradient”"
        ),
        quantity="finite_layers.batch_normalised",
        measured_as=(
            "In how many layers, counted from the last one on, all entries of the gradients "
            "are finite in float32; in layers, the mean over draws."
        ),
        prediction=2 * LARGEST * log(2) / log(FACTOR),
        band=within(2 * LARGEST * log(2) / log(FACTOR), 0.15),
        reason=(
            "Three in twenty: the law π/(π − 1) is for a large batch and a large width, and "
            "gradients start some powers of two below 1, each of which is four layers more."
        ),
        remark=(
            "The law is for He's weights and any other variance. The first layer below has an "
            "infinite entry, and no update can be made."
        ),
        control=NegativeControl(
            "Leave three hundred layers of the network.", {"arms.batch_normalised.layers": 300}
        ),
        rival=Rival(
            "The norm of the gradient, and not its square, grows by π/(π − 1).",
            LARGEST * log(2) / log(FACTOR),
        ),
        derivation=NORMALISED,
    ),
)

UNTESTED = (
    Untested(
        id="normalisation-necessary",
        cause=Cause.WORDS,
        statement="Normalisation is what makes ten thousand layers trainable.",
        source=FROM_SCRATCH_NOTE.at("bullet “training 10,000 layer network”"),
        reason=(
            "Withdrawn: the note does not say so. The bullet names a paper that trains 10,000 "
            "layers without normalisation layers."
        ),
        remark=(
            "What the note says of the paper is judged by fixup-ten-thousand, and without skip "
            "connections by vanilla-ten-thousand. Zhang et al. (2019) say that “none of the "
            "perceived benefits is unique to normalization”."
        ),
        withdrawn=Withdrawn(
            verdict=Verdict.CONTRADICTED,
            quantity="error.better_unnormalised",
            band=Band(0.8, 1.0),
            why=(
                "It was charged to the from-scratch note, which says the opposite: that a paper "
                "trains 10,000 layers without."
            ),
        ),
        derivation="what-was-measured-ten-thousand",
    ),
)
