"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from statistics import fmean

from study.experiments.variance import rectified
from study.record.claims import Claim, Kind, NegativeControl, Rival, around, at_most, within
from study.theory.shifts import biased_relu_second_moment
from study.theory.sources import THIS_STUDY

DEPTH = 10
BIAS = "chapter A bias and dropout before training, section “A constant bias”"
DROPOUT = "chapter A bias and dropout before training, section “Dropout”"
NETWORK = (
    "Ten layers of width 512 before training, on MNIST images scaled to unit mean square. At quick "
    "size the width is 256."
)
ONE_LAYER = (
    "Three per cent: given what comes in, the law is exact at any width, so only the draws stray, "
    "by a hundredth."
)
ALL_LAYERS = (
    "Fifteen per cent: ten layers of width 512 spread by three tenths in a draw, and the law is "
    "that of very wide layers; the nearest rival is farther off."
)
PER_LAYER = (
    "The second moment of a layer's activations, over the law of its bias for the mean square of "
    "its own input by image, a mean over layers and images, averaged over networks; a ratio."
)
LAST = (
    "The second moment of the last of ten layers' preactivations in training, over units and "
    "images, averaged over networks."
)
DOWNWARDS = (
    "The second moment of the gradient of the first layer's preactivations over that of the last "
    "one's, averaged over networks; a ratio."
)
OPEN = "The share of open units in the last hidden layer, over all images, averaged over networks."

TENTH, ONE, MINUS_TENTH = (rectified.layers(2.0, bias, 1.0, DEPTH) for bias in (0.1, 1.0, -0.1))
HALF = rectified.layers(2.0, 0.0, 0.5, DEPTH)
CORRECTED = rectified.layers(1.0, 0.0, 0.5, DEPTH)
OPEN_AT_ONE = rectified.open_share(1.0, ONE.variances[-2])
OPEN_AT_MINUS_TENTH = rectified.open_share(-0.1, MINUS_TENTH.variances[-2])
SAME_IMAGE = rectified.same_image_cosine(0.5, DEPTH)


def half_of_second_moment(bias: float) -> float:
    """Return what half of the preactivations' second moment is over the law, on average."""
    variances = rectified.layers(2.0, bias, 1.0, DEPTH).variances[:-1]
    return fmean((bias**2 + q) / 2 / biased_relu_second_moment(q, bias) for q in variances)


of_bias = partial(Claim, kind=Kind.LAW, departure=NETWORK, derivation="derivation-constant-bias")
of_dropout = partial(Claim, kind=Kind.LAW, departure=NETWORK, derivation="derivation-dropout")

OF_BIAS = (
    of_bias(
        id="constant-bias-second-moment",
        statement=(
            "Behind a bias b a ReLU leaves the second moment (b² + q) Φ(b/√q) + b √q φ(b/√q), "
            "where q is the variance of the weighted sum."
        ),
        source=THIS_STUDY.at(BIAS),
        quantity="layer_over_bias_law.bias_one",
        measured_as=PER_LAYER,
        prediction=1.0,
        band=within(1.0, 0.03),
        reason=ONE_LAYER,
        remark="Measured with a bias of 1 in every layer, and weights of variance 2/n.",
        control=NegativeControl("Drop half of the units.", {"arms.bias_one.keep": 0.5}),
        rival=Rival(
            "A ReLU halves the second moment, whatever the bias.", half_of_second_moment(1.0)
        ),
    ),
    of_bias(
        id="constant-bias-ten-layers",
        statement=(
            "A bias of 0.1 in each of ten ReLU layers with weights of variance 2/n multiplies the "
            "second moment of the preactivations by 2.3, where without biases it is kept."
        ),
        source=THIS_STUDY.at(BIAS),
        quantity="second_moment.bias_tenth",
        measured_as=LAST,
        prediction=TENTH.second_moments[-1],
        band=within(TENTH.second_moments[-1], 0.15),
        reason=ALL_LAYERS,
        remark=(
            "From 2 in the first layer, 2.01 with the bias. The root mean square grows by about "
            "0.8 b in each layer."
        ),
        control=NegativeControl("Take no biases.", {"arms.bias_tenth.bias": 0.0}),
        rival=Rival("Each layer adds the square of its bias.", 2.0 + DEPTH * 0.1**2),
    ),
    of_bias(
        id="constant-bias-gradient",
        statement=(
            "A bias of 0.1 in each of ten ReLU layers with weights of variance 2/n multiplies the "
            "second moment of the gradient by 1.5, about the root of what it does to the signal's."
        ),
        source=THIS_STUDY.at(BIAS),
        quantity="gradient.bias_tenth",
        measured_as=DOWNWARDS,
        prediction=TENTH.gradient,
        band=within(TENTH.gradient, 0.15),
        reason=ALL_LAYERS,
        remark="A layer has the factor 2 Φ(b/√q), since so many of its units are open.",
        control=NegativeControl("Take no biases.", {"arms.bias_tenth.bias": 0.0}),
        rival=Rival("The gradient is kept, as without biases.", 1.0),
    ),
    of_bias(
        id="constant-bias-opens",
        statement=(
            "With a bias of 1 in each of ten ReLU layers 55 % of the units of the last hidden "
            "layer are open: the signal outgrows the bias."
        ),
        source=THIS_STUDY.at(BIAS),
        quantity="open.bias_one",
        measured_as=OPEN,
        prediction=OPEN_AT_ONE,
        band=around(OPEN_AT_ONE, 0.02),
        reason="Two hundredths; half of the units is nearly five hundredths off.",
        remark="In the first layer 76 % are open.",
        control=NegativeControl("Take no biases.", {"arms.bias_one.bias": 0.0}),
        rival=Rival("Half of the units are open.", 0.5),
    ),
    of_bias(
        id="negative-bias-shuts",
        statement=(
            "With a bias of -0.1 in each of ten ReLU layers 45 % of the units of the last hidden "
            "layer are open."
        ),
        source=THIS_STUDY.at(BIAS),
        quantity="open.bias_minus_tenth",
        measured_as=OPEN,
        prediction=OPEN_AT_MINUS_TENTH,
        band=around(OPEN_AT_MINUS_TENTH, 0.02),
        reason="Two hundredths; half of the units is five hundredths off.",
        remark="The signal shrinks as well, so that the next bias counts for more.",
        control=NegativeControl("Take no biases.", {"arms.bias_minus_tenth.bias": 0.0}),
        rival=Rival("Half of the units are open.", 0.5),
    ),
)

OF_DROPOUT = (
    of_dropout(
        id="dropout-divides-second-moment",
        statement=(
            "Dropout that keeps half of the units and divides them by one half doubles the second "
            "moment behind each ReLU, in training."
        ),
        source=THIS_STUDY.at(DROPOUT),
        quantity="layer_over_bias_law.dropout_half",
        measured_as=PER_LAYER,
        prediction=2.0,
        band=within(2.0, 0.03),
        reason=ONE_LAYER,
        remark="In general 1/k, where k is kept; torch's p is 1 − k.",
        control=NegativeControl("Drop nothing.", {"arms.dropout_half.keep": 1.0}),
        rival=Rival("What is dropped is made up for: nothing changes.", 1.0),
    ),
    of_dropout(
        id="dropout-training-over-evaluation",
        statement=(
            "Whatever the weight variance, each dropout of one half makes the second moment twice "
            "as large in training as in evaluation, in ReLU layers without biases."
        ),
        source=THIS_STUDY.at(DROPOUT),
        quantity="log2_training_over_evaluation.dropout_half",
        measured_as=(
            "The binary logarithm of the last preactivations' second moment in training over that "
            "in evaluation, of the same weights and images, per dropout, averaged over networks."
        ),
        prediction=1.0,
        band=around(1.0, 0.05),
        reason=(
            "A twentieth: the mean of a logarithm is below the logarithm of the mean, more so in "
            "training, by about a hundredth per layer at this width."
        ),
        remark="Nine dropouts make a factor of 512 in the second moment, 23 in the size.",
        control=NegativeControl("Keep four of five units.", {"arms.dropout_half.keep": 0.8}),
        rival=Rival("The root mean square doubles, and not the mean square.", 2.0),
    ),
    of_dropout(
        id="dropout-corrected-training",
        statement=(
            "With weights of variance 2k/n ReLU layers keep the second moment in training with "
            "dropout that keeps the share k of the units."
        ),
        source=THIS_STUDY.at(DROPOUT),
        quantity="second_moment.dropout_half_corrected",
        measured_as=LAST,
        prediction=CORRECTED.second_moments[-1],
        band=within(CORRECTED.second_moments[-1], 0.2),
        reason="A fifth: with dropout ten layers spread by four tenths in a draw.",
        remark="Measured with k = 1/2, so weights of variance 1/n.",
        control=NegativeControl(
            "Leave the correction out.", {"arms.dropout_half_corrected.weight_variance": 2.0}
        ),
        rival=Rival("A layer halves it, as at 1/n without dropout.", 0.5 ** (DEPTH - 1)),
    ),
    of_dropout(
        id="dropout-corrected-evaluation",
        statement=(
            "With weights of variance 2k/n, k = 1/2, ReLU layers lose half of the second moment "
            "each in evaluation."
        ),
        source=THIS_STUDY.at(DROPOUT),
        quantity="log2_evaluation_factor.dropout_half_corrected",
        measured_as=(
            "The binary logarithm of the last preactivations' second moment over that of the first "
            "layer's, in evaluation, per layer, averaged over networks."
        ),
        prediction=-1.0,
        band=around(-1.0, 0.05),
        reason=(
            "A twentieth: the mean of a logarithm is below the logarithm of the mean, by less than "
            "a hundredth per layer at this width."
        ),
        remark="No weight variance keeps both training and evaluation.",
        control=NegativeControl(
            "Leave the correction out.", {"arms.dropout_half_corrected.weight_variance": 2.0}
        ),
        rival=Rival("It is kept in evaluation as well.", 0.0),
    ),
    of_dropout(
        id="dropout-gradient",
        statement=(
            "Dropout of one half doubles the second moment of the gradient in each ReLU layer with "
            "weights of variance 2/n, as it does the signal's."
        ),
        source=THIS_STUDY.at(DROPOUT),
        quantity="gradient.dropout_half",
        measured_as=DOWNWARDS,
        prediction=HALF.gradient,
        band=within(HALF.gradient, 0.25),
        reason="A quarter: with dropout ten layers spread by four tenths in a draw.",
        remark="512 through nine dropouts.",
        control=NegativeControl("Drop nothing.", {"arms.dropout_half.keep": 1.0}),
        rival=Rival("Dropped units pass no gradient: it is kept.", 1.0),
    ),
    of_dropout(
        id="dropout-same-image-cosine",
        statement=(
            "After ten ReLU layers with dropout of one half, an image under two masks has a cosine "
            "of 0.22 with itself."
        ),
        source=THIS_STUDY.at(DROPOUT),
        quantity="same_image_cosine.dropout_half",
        measured_as=(
            "The cosine of the last preactivations of one image in two passes with different "
            "masks, over images, averaged over networks."
        ),
        prediction=SAME_IMAGE,
        band=around(SAME_IMAGE, 0.03),
        reason="Three hundredths: a cosine of 512 units strays by a twentieth for one image.",
        remark="A fixed point of ρ = k R(ρ), where R is the cosine map of the ReLU.",
        control=NegativeControl("Keep four of five units.", {"arms.dropout_half.keep": 0.8}),
        rival=Rival("As after one dropout.", 0.5),
    ),
    Claim(
        id="dropout-forgets-image",
        kind=Kind.FINDING,
        statement=(
            "After ten ReLU layers with dropout of one half, an image under two masks is no more "
            "like itself than two images are like one another, to two hundredths of a cosine."
        ),
        source=THIS_STUDY.at(DROPOUT),
        quantity="same_less_other_cosine.dropout_half",
        measured_as=(
            "The cosine of the last preactivations of one image under two masks, less that of two "
            "images under two masks, averaged over images and networks."
        ),
        band=at_most(0.02),
        reason="Two hundredths, a tenth of the cosine itself.",
        departure=NETWORK,
        remark=(
            "Before training, and in training mode. Schoenholz et al. (2017), in their abstract, "
            "show that “the presence of dropout destroys the order-to-chaos critical point”."
        ),
        control=NegativeControl("Drop nothing.", {"arms.dropout_half.keep": 1.0}),
        derivation="derivation-dropout",
    ),
)

CLAIMS = (*OF_BIAS, *OF_DROPOUT)
