"""What is claimed, what it predicts, and what must not agree."""

from math import pi, sqrt

from study.record.claims import (
    Claim,
    Kind,
    NegativeControl,
    Rival,
    around,
    within,
)
from study.theory import activations as theory
from study.theory import mean_field, variance
from study.theory.sources import (
    HANIN_ROLNICK_2018,
    HE_2015,
    LESSON_NOTE,
    THIS_STUDY,
)

SECTION_OF_DEPTH = "chapter Variance through depth, section “{}”"
SECTION_OF_SETTLING = "chapter Where a signal settles, section “{}”"
DENSE = "Dense layers of equal width without biases, on MNIST images of unit mean square."
EXACT = (
    "Two per cent: the law holds in expectation at any width, so the band need only leave room for "
    "the draws."
)
WIDE_LAYERS = "Three per cent: the law is for wide layers; a finite width adds less than one."
TWO_ESTIMATES = "Three per cent: two for the draws, one for the ratio of two estimates of a layer."
LARGE_FACTOR = (
    "Five per cent: far from 1, and the last layers of the quick size are just past the fall."
)
HALVES = LESSON_NOTE.at(
    "bullet “If your variance is halved every layer. Then after 8 layers the variance this very "
    "very low.”"
)
SIGMOID = mean_field.length_fixed_point(theory.activation("sigmoid"), 1.0, 0.0)
SOFTSIGN = 2 * sqrt(2 / pi)
SHIFT, SMOOTH_RECTIFIERS = "derivation-shift-fixed-point", "derivation-smooth-rectifiers"


def other_variance(arm: str, weight_variance: float) -> NegativeControl:
    """Return the control with another weight variance in an arm."""
    description = f"Give the weights a variance of {weight_variance:g}/n."
    return NegativeControl(description, {f"arms.{arm}.weight_variance": weight_variance})


CLAIMS = (
    Claim(
        id="edge-of-chaos-relu",
        kind=Kind.LAW,
        statement=(
            "In deep ReLU networks with zero biases an exploding or vanishing mean "
            "activation length is avoided by weights of variance 2/fan_in."
        ),
        source=HANIN_ROLNICK_2018.at(
            "abstract, “exploding or vanishing mean activation length, can be avoided by "
            "initializing weights from a symmetric distribution with variance 2/fan-in”"
        ),
        quantity="critical_weight_variance.relu",
        measured_as=(
            "The variance of the weights, times n, at which the line through the mean "
            "factors per layer at 1.6/n and 2.4/n is 1, averaged over networks."
        ),
        prediction=2.0,
        band=within(2.0, 0.02),
        reason=EXACT,
        departure=(f"{DENSE} Where the line through the factors at 1.6/n and 2.4/n is 1."),
        remark=(
            "Condition 10 of He et al. A ReLU network scales with its weights, so the "
            "factors at all variances are one measurement, and the point is the same for "
            "every input size."
        ),
        rival=Rival(
            ("The variance of the activations must be kept, and not their second moment."),
            1 / (0.5 - 0.5 / pi),
        ),
        control=NegativeControl(
            "Let half of every negative value through.", {"arms.above.slope": 0.5}
        ),
        derivation="derivation-growth-to-the-depth",
    ),
    Claim(
        id="variance-halves-layer-to-layer",
        kind=Kind.LAW,
        statement=(
            "With variance 1/n the variance of the activations is halved in each ReLU layer."
        ),
        source=HALVES,
        quantity="variance_factor.one",
        measured_as=(
            "The variance of a layer's activations over units, over that of the layer "
            "before, averaged over images, layers and networks, with weights of variance "
            "1/n; a ratio."
        ),
        prediction=0.5,
        band=within(0.5, 0.03),
        reason=TWO_ESTIMATES,
        departure="The note names neither the quantity nor the network.",
        remark=(
            "From the activations of one layer to those of the next it is right, for the variance "
            "as for the second moment. Before and after one ReLU another law holds "
            "(relu-variance-ratio)."
        ),
        rival=Rival("The share of the variance that one ReLU leaves.", 0.5 - 0.5 / pi),
        control=other_variance("one", 2.0),
        derivation="derivation-three-sizes",
    ),
    Claim(
        id="prelu-uncorrected-grows",
        kind=Kind.LAW,
        statement=(
            "At variance 2/n a negative slope of 1/4 lets the signal of a ReLU network "
            "grow 17/16 times per layer."
        ),
        source=THIS_STUDY.at(SECTION_OF_DEPTH.format("A small slope needs no correction")),
        quantity="forward_factor.slope_quarter",
        measured_as=(
            "Second moment of a layer's preactivations over that of the layer before, "
            "averaged over units, images, layers and networks, before training, with "
            "slope 1/4 and variance 2/n."
        ),
        prediction=variance.forward_factor(2.0, 0.25),
        band=within(variance.forward_factor(2.0, 0.25), 0.02),
        reason="Two per cent, a third of what the slope adds.",
        remark="In 100 layers the signal grows 429 times. A PReLU begins with this slope.",
        rival=Rival("The slope itself enters, and not its square: 1 + a.", 1.25),
        control=NegativeControl("Take the slope 0.", {"arms.slope_quarter.slope": 0.0}),
        derivation="derivation-slopes",
    ),
    Claim(
        id="prelu-corrected-keeps",
        kind=Kind.LAW,
        statement=(
            "With a negative slope a, weights of variance 2/((1 + a²) n) keep the signal "
            "of a ReLU network."
        ),
        source=HE_2015.at("section 2.2, equation 15, “½ (1 + a²) n_l Var[w_l] = 1, ∀l”"),
        quantity="forward_factor.slope_corrected",
        measured_as=(
            "Second moment of a layer's preactivations over that of the layer before, "
            "averaged over units, images, layers and networks, before training, with "
            "slope 1/4 and variance 2/((1 + a²) n)."
        ),
        prediction=variance.forward_factor(2 / (1 + 0.25**2), 0.25),
        band=within(1.0, 0.02),
        reason=("Two per cent, a third of what the slope adds without the correction."),
        departure=(f"{DENSE} The slope is the same 1/4 everywhere."),
        remark=("The paper's initial slope of a PReLU. Through training the slope changes."),
        rival=Rival(
            ("A correction by 1 + a in place of 1 + a², under which the factor would be this."),
            (1 + 0.25**2) / (1 + 0.25),
        ),
        control=other_variance("slope_corrected", 2.0),
        derivation="derivation-slopes",
    ),
    Claim(
        id="shift-fixed-point",
        kind=Kind.LAW,
        statement=(
            "With relu(z) − 1/2 and variance 2/n the second moment of the preactivation "
            "settles at π/8."
        ),
        source=THIS_STUDY.at(SECTION_OF_SETTLING.format("A ReLU minus one half settles")),
        quantity="settled_second_moment.shifted",
        measured_as=(
            "Second moment of the preactivations, averaged over units, images, the last "
            "layers and networks, before training; images of unit mean square."
        ),
        prediction=pi / 8,
        band=within(pi / 8, 0.03),
        reason=WIDE_LAYERS,
        remark=(
            "From any input. The lesson notes try this shift on one layer. A standard "
            "deviation of √((1/2 − 1/(2π)) π/8) = 0.37 of the activations follows from "
            "it, which is what the course's forum (thread 41715) saw fall well below 1."
        ),
        control=NegativeControl("Leave the shift away.", {"arms.shifted.shift": 0.0}),
        derivation=SHIFT,
    ),
    Claim(
        id="shift-fixed-point-mean",
        kind=Kind.LAW,
        statement=(
            "With relu(z) − 1/2 and variance 2/n the activations settle at the mean −1/4, not 0."
        ),
        source=THIS_STUDY.at(SECTION_OF_SETTLING.format("A ReLU minus one half settles")),
        quantity="settled_mean.shifted",
        measured_as=(
            "Mean of the activations over units, images and the last layers, averaged "
            "over networks, before training."
        ),
        prediction=-0.25,
        band=around(-0.25, 0.01),
        reason="A twenty-fifth of it; 0 is far outside.",
        remark=("The shift is meant to bring the mean to 0, and in the first layer nearly does."),
        rival=Rival("The shift brings the mean to 0.", 0.0),
        control=NegativeControl("Shift by a quarter.", {"arms.shifted.shift": 0.25}),
        derivation=SHIFT,
    ),
    Claim(
        id="selu-linear-gain-fixed-point",
        kind=Kind.LAW,
        statement=("With variance 1/n a deep network of SELUs keeps a signal of variance 1."),
        source=THIS_STUDY.at(
            SECTION_OF_SETTLING.format("Other activations settle, fade or run away")
        ),
        quantity="settled_second_moment.selu",
        measured_as=(
            "Second moment of the preactivations, averaged over units, images, the last "
            "layers and networks, before training."
        ),
        prediction=1.0,
        band=within(1.0, 0.03),
        reason=WIDE_LAYERS,
        remark=(
            "Variance 1 and mean 0 are the values that SELU's constants are made for. "
            "That other signals come to them as well is selu-linear-gain."
        ),
        control=other_variance("selu", 2.0),
        derivation="derivation-length-maps",
    ),
    Claim(
        id="selu-linear-gain-fixed-point-mean",
        kind=Kind.LAW,
        statement=(
            "With variance 1/n the activations of a deep network of SELUs settle at the mean 0."
        ),
        source=THIS_STUDY.at(
            SECTION_OF_SETTLING.format("Other activations settle, fade or run away")
        ),
        quantity="settled_mean.selu",
        measured_as=(
            "Mean of the activations over units, images and the last layers, averaged "
            "over networks, before training."
        ),
        prediction=0.0,
        band=around(0.0, 0.02),
        reason="A fiftieth of the standard deviation.",
        remark="The mean over the units and images.",
        control=NegativeControl(
            "Give the weights a variance of 1.5/n.", {"arms.selu.weight_variance": 1.5}
        ),
        derivation="derivation-length-maps",
    ),
    Claim(
        id="gelu-shrinks-under-he",
        kind=Kind.LAW,
        statement=("At variance 2/n a deep network of GELUs halves the signal in each layer."),
        source=THIS_STUDY.at(SECTION_OF_SETTLING.format("GELU and SiLU fade at 2/n")),
        quantity="last_factor.gelu",
        measured_as=(
            "Second moment of a layer's preactivations over that of the layer before, "
            "averaged over units, images, the last quarter of the layers and networks, "
            "before training."
        ),
        prediction=0.5,
        band=within(0.5, 0.05),
        reason=LARGE_FACTOR,
        departure=("The last quarter of the layers, where the signal is small."),
        remark=(
            "Far from 0 a GELU is a ReLU, and near 0 it is z/2. There is no size of the signal at "
            "which 2/n keeps it."
        ),
        rival=Rival("The factor of a ReLU.", 1.0),
        control=NegativeControl(
            "Replace the GELU by a ReLU.", {"arms.gelu.activation": "leaky_relu"}
        ),
        derivation=SMOOTH_RECTIFIERS,
    ),
    Claim(
        id="silu-shrinks-under-he",
        kind=Kind.LAW,
        statement=("At variance 2/n a deep network of SiLUs halves the signal in each layer."),
        source=THIS_STUDY.at(SECTION_OF_SETTLING.format("GELU and SiLU fade at 2/n")),
        quantity="last_factor.silu",
        measured_as=(
            "Second moment of a layer's preactivations over that of the layer before, "
            "averaged over units, images, the last quarter of the layers and networks, "
            "before training."
        ),
        prediction=0.5,
        band=within(0.5, 0.05),
        reason=LARGE_FACTOR,
        departure=("The last quarter of the layers, where the signal is small."),
        remark="The same for every z g(z) with g(z) + g(−z) = 1.",
        rival=Rival("The factor of a ReLU.", 1.0),
        control=NegativeControl(
            "Replace the SiLU by a ReLU.", {"arms.silu.activation": "leaky_relu"}
        ),
        derivation=SMOOTH_RECTIFIERS,
    ),
    Claim(
        id="sigmoid-settles",
        kind=Kind.LAW,
        statement=(
            "At variance 1/n the second moment of a network of sigmoids settles at once, at 0.265."
        ),
        source=THIS_STUDY.at(
            SECTION_OF_SETTLING.format("Other activations settle, fade or run away")
        ),
        quantity="settled_second_moment.sigmoid",
        measured_as=(
            "Second moment of the preactivations, averaged over units, images, the last "
            "layers and networks, before training."
        ),
        prediction=SIGMOID,
        band=within(SIGMOID, 0.03),
        reason=WIDE_LAYERS,
        remark=("Nearly all of it is the squared mean 1/4, which carries nothing of the image."),
        rival=Rival("The squared mean alone.", 0.25),
        control=other_variance("sigmoid", 2.0),
        derivation="derivation-length-maps",
    ),
    Claim(
        id="softsign-fades",
        kind=Kind.LAW,
        statement=(
            "At variance 1/n the inverse standard deviation of a network of softsigns "
            "grows by 2√(2/π) per layer."
        ),
        source=THIS_STUDY.at(
            SECTION_OF_SETTLING.format("Other activations settle, fade or run away")
        ),
        quantity="inverse_deviation_gain.softsign",
        measured_as=(
            "Growth per layer of the inverse standard deviation of the preactivations "
            "between two layers, averaged over networks, before training."
        ),
        prediction=SOFTSIGN,
        band=within(SOFTSIGN, 0.15),
        reason=(
            "Fifteen per cent: two standard deviations of different layers are subtracted, and at "
            "a finite width the mean of an inverse lies above the law by some per cent; a network "
            "that settles has 0."
        ),
        remark=(
            "The standard deviation falls as 1/l: a power, as with tanh (tanh-decay-gain-one)."
        ),
        rival=Rival("Half of it, √(2/π).", sqrt(2 / pi)),
        control=other_variance("softsign", 2.0),
        derivation="derivation-length-maps",
    ),
)
