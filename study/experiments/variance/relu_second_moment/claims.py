"""What is claimed, what it predicts, and what must not agree."""

from math import pi, sqrt

from study.record.claims import Claim, NegativeControl, within
from study.theory import gaussian, variance
from study.theory.sources import FROM_SCRATCH_NOTE, HE_2015, LESSON_NOTE, THIS_STUDY

MEAN_AND_VARIANCE = "chapter Variance through a ReLU, section “The mean and the variance”"
DENSE = "Dense layers of equal width without biases, on MNIST, instead of convolutions."
RANDOM_TOP = (
    f"{DENSE} A random gradient enters at the top, for which the law is exact; with the gradient "
    "of a loss the paper's assumptions of independence would be on trial."
)
EXACT = (
    "Two per cent: the law holds in expectation at any width, so the band need only leave room for "
    "the draws; no neighbouring law comes near it."
)
TWO_ESTIMATES = (
    "Three per cent: two for the draws, and one because the mean of a ratio of two estimates from "
    "one layer is off by the order of 1/width."
)
FEW_UNITS = "Five per cent: images resemble each other, so a draw has few independent values."
A_THIRD = "Two per cent, a third of what the slope 1/4 adds to the factor."
GAUSSIAN = "None: given the layer below, preactivations are Gaussian, as the weights are."
ONE_OVER_N = "arms.one_over_n.weight_variance"
TWO_OVER_N = "arms.two_over_n.weight_variance"


EQUAL_WIDTHS = (
    "fan_in and fan_out are the same number here. Read at the preactivations; the paper's equation "
    "is for the activations, whose factor is the same."
)


HALF = gaussian.leaky_relu_second_moment(0.0)
VARIANCE_LEFT = gaussian.leaky_relu_variance(0.0)
# The input passes as through the identity, a leaky ReLU of slope 1.
FIRST_FACTOR = variance.forward_factor(2.0, slope=1.0)
# The slope at which the variance, too, would halve: (1 + a²)/2 − (1 − a)²/2π = 1/2.
HALVING_SLOPE = 1 / (1 + sqrt(pi))

CLAIMS = (
    Claim(
        id="relu-halves-variance",
        statement="A ReLU halves the variance of what passes through it.",
        source=LESSON_NOTE.at("bullet “If your variance is halved every layer”, read literally"),
        quantity="activation_variance_over_preactivation_variance.two_over_n",
        prediction=HALF,
        band=within(HALF, 0.02),
        reason=(
            "Two per cent, as for the second moment, which does halve; the law of the variance "
            "lies far outside."
        ),
        departure=(
            "The note says “if your variance is halved every layer”, of a network it does not "
            "describe, and names no quantity."
        ),
        remark=(
            "Read literally, of the variance on either side of one ReLU, this fails: the mean it "
            "creates is left out. What halves is the second moment (he-half-of-previous-variance) "
            "and with it the preactivation variance from layer to layer (he-eq8-eq9)."
        ),
        control=NegativeControl(
            "Give the ReLU the one negative slope at which the variance does halve.",
            {"arms.two_over_n.slope": HALVING_SLOPE},
        ),
        derivation="derivation-mean-and-variance",
    ),
    Claim(
        id="relu-variance-ratio",
        statement="A ReLU leaves 1/2 − 1/(2π) of the variance of a centred Gaussian.",
        source=THIS_STUDY.at(MEAN_AND_VARIANCE),
        quantity="activation_variance_over_preactivation_variance.two_over_n",
        prediction=VARIANCE_LEFT,
        band=within(VARIANCE_LEFT, 0.03),
        reason=TWO_ESTIMATES,
        departure=GAUSSIAN,
        remark="The precise form of relu-halves-variance.",
        control=NegativeControl(
            "Let half of every negative value through.", {"arms.two_over_n.slope": 0.5}
        ),
    ),
    Claim(
        id="he-half-of-previous-variance",
        statement=(
            "The second moment of a ReLU's activation is half the variance of its preactivation."
        ),
        source=HE_2015.at("section 2.2, text before equation 8"),
        quantity="activation_over_preactivation.two_over_n",
        prediction=HALF,
        band=within(HALF, 0.02),
        reason=EXACT,
        departure=DENSE,
        remark="This is what halves. It needs symmetric weights and zero biases, nothing Gaussian.",
        control=NegativeControl(
            "Let half of every negative value through.", {"arms.two_over_n.slope": 0.5}
        ),
    ),
    Claim(
        id="he-eq7-second-moment",
        statement=(
            "The second moment of a ReLU's activation is not its variance, for its mean is not 0."
        ),
        source=HE_2015.at("section 2.2, text after equation 7"),
        quantity="activation_second_moment_over_variance.two_over_n",
        prediction=HALF / VARIANCE_LEFT,
        band=within(HALF / VARIANCE_LEFT, 0.03),
        reason=TWO_ESTIMATES,
        departure=DENSE,
        remark="The ratio is π/(π − 1) for a Gaussian preactivation; 1 would mean no difference.",
        control=NegativeControl(
            "Replace the ReLU by the identity.", {"arms.two_over_n.slope": 1.0}
        ),
    ),
    Claim(
        id="he-eq8-eq9",
        statement=(
            "With weights of variance 1/n, each ReLU layer halves the preactivation variance."
        ),
        source=HE_2015.at("section 2.2, equations 8 and 9"),
        quantity="forward_factor.one_over_n",
        prediction=variance.forward_factor(1.0, 0.0),
        band=within(variance.forward_factor(1.0, 0.0), 0.02),
        reason=EXACT,
        departure=DENSE,
        remark="Over the weights the preactivation has mean 0: second moment and variance agree.",
        control=NegativeControl("Double the weight variance.", {ONE_OVER_N: 2.0}),
    ),
    Claim(
        id="s002-he-factor-two",
        statement=(
            "Doubling the weight variance from 1/n to 2/n undoes the halving of the variance by a "
            "ReLU layer."
        ),
        source=LESSON_NOTE.at("bullet “We can solve the problem of having low variance post relu”"),
        quantity="forward_factor.two_over_n",
        prediction=variance.forward_factor(2.0, 0.0),
        band=within(variance.forward_factor(2.0, 0.0), 0.02),
        reason=EXACT,
        departure="The note looks at one layer of 50 units; here every layer of a deep network.",
        remark="Equation 10 of He et al.; it restores the second moment, not the mean.",
        control=NegativeControl("Drop the factor 2 of the weight variance.", {TWO_OVER_N: 1.0}),
        derivation="derivation-from-layer-to-layer",
    ),
    Claim(
        id="s002-variance-halves-8-layers",
        statement="If every layer halves the variance, after 8 layers very little of it is left.",
        source=LESSON_NOTE.at("bullet “If your variance is halved every layer”"),
        quantity="left_after_8_layers.one_over_n",
        prediction=variance.second_moment_after(8, variance.forward_factor(1.0, 0.0)),
        band=within(variance.second_moment_after(8, variance.forward_factor(1.0, 0.0)), 0.1),
        reason="Ten per cent, as eight factors multiply their spread; seven halvings are twice it.",
        departure="The note gives no number and no network.",
        remark="The share of the first preactivation variance that the ninth still has.",
        control=NegativeControl("Double the weight variance.", {ONE_OVER_N: 2.0}),
        derivation="derivation-from-layer-to-layer",
    ),
    Claim(
        id="he-first-layer",
        statement=(
            "The first layer of a ReLU network has no factor 1/2, for no ReLU acts on the input."
        ),
        source=HE_2015.at("section 2.2, text after equation 10"),
        quantity="first_layer_factor.two_over_n",
        prediction=FIRST_FACTOR,
        band=within(FIRST_FACTOR, 0.05),
        reason=FEW_UNITS,
        departure="The input is standardised MNIST, by one mean and one deviation for all pixels.",
        remark="At variance 2/n the signal doubles once, at the input, and is kept from there.",
        control=NegativeControl("Drop the factor 2 of the weight variance.", {TWO_OVER_N: 1.0}),
    ),
    Claim(
        id="relu-first-layer-mean",
        statement=(
            "At variance 2/n, the first ReLU activations have mean 1/√π times the root mean square "
            "of the image."
        ),
        source=THIS_STUDY.at(MEAN_AND_VARIANCE),
        quantity="first_layer_mean.two_over_n",
        prediction=sqrt(2.0) * gaussian.leaky_relu_mean(0.0),
        band=within(sqrt(2.0) * gaussian.leaky_relu_mean(0.0), 0.05),
        reason=FEW_UNITS,
        departure=GAUSSIAN,
        remark="The lesson note prints one draw of 50 units of this mean and finds it too large.",
        control=NegativeControl("Drop the factor 2 of the weight variance.", {TWO_OVER_N: 1.0}),
    ),
    Claim(
        id="relu-first-layer-deviation",
        statement=(
            "At variance 2/n, the first ReLU activations have standard deviation √(1 − 1/π), not "
            "1, times the root mean square of the image."
        ),
        source=THIS_STUDY.at(MEAN_AND_VARIANCE),
        quantity="first_layer_deviation.two_over_n",
        prediction=sqrt(2.0 * VARIANCE_LEFT),
        band=within(sqrt(2.0 * VARIANCE_LEFT), 0.05),
        reason=FEW_UNITS,
        departure=GAUSSIAN,
        remark="Over the units of one image; the notes also pool the differences between images.",
        control=NegativeControl("Drop the factor 2 of the weight variance.", {TWO_OVER_N: 1.0}),
    ),
    Claim(
        id="he-relu-derivative-half",
        statement="On its way down, a ReLU halves the second moment of the gradient.",
        source=HE_2015.at("section 2.2, text before equation 12"),
        quantity="gradient_through_activation.two_over_n",
        prediction=HALF,
        band=within(HALF, 0.02),
        reason=EXACT,
        departure=RANDOM_TOP,
        remark="True on average over weights; the share of open units of one network is not 1/2.",
        control=NegativeControl(
            "Let half of every negative gradient through.", {"arms.two_over_n.slope": 0.5}
        ),
    ),
    Claim(
        id="he-eq12-eq13",
        statement="With weights of variance 1/n, each ReLU layer halves the gradient's variance.",
        source=HE_2015.at("section 2.2, equations 12 and 13"),
        quantity="backward_factor.one_over_n",
        prediction=variance.backward_factor(1.0, 0.0, fan_out_over_fan_in=1.0),
        band=within(variance.backward_factor(1.0, 0.0, fan_out_over_fan_in=1.0), 0.02),
        reason=EXACT,
        departure=RANDOM_TOP,
        remark=EQUAL_WIDTHS,
        control=NegativeControl("Double the weight variance.", {ONE_OVER_N: 2.0}),
    ),
    Claim(
        id="he-eq14-condition",
        statement=(
            "Weights of variance 2/n keep the gradient's variance from ReLU layer to ReLU layer."
        ),
        source=HE_2015.at("section 2.2, equation 14"),
        quantity="backward_factor.two_over_n",
        prediction=variance.backward_factor(2.0, 0.0, fan_out_over_fan_in=1.0),
        band=within(variance.backward_factor(2.0, 0.0, fan_out_over_fan_in=1.0), 0.02),
        reason=EXACT,
        departure=RANDOM_TOP,
        remark=EQUAL_WIDTHS,
        control=NegativeControl("Drop the factor 2 of the weight variance.", {TWO_OVER_N: 1.0}),
    ),
    Claim(
        id="he-eq15-slope",
        statement="A negative slope a changes the factor of a ReLU layer from 1/2 to (1 + a²)/2.",
        source=HE_2015.at("section 2.2, equation 15"),
        quantity="forward_factor.slope_quarter",
        prediction=variance.forward_factor(1.0, 0.25),
        band=within(variance.forward_factor(1.0, 0.25), 0.02),
        reason=A_THIRD,
        departure=f"{DENSE} The slope is the same 1/4 everywhere.",
        remark="The slope of 1/4 is the paper's initial slope of a PReLU.",
        control=NegativeControl("Freeze the slope at 0.", {"arms.slope_quarter.slope": 0.0}),
    ),
    Claim(
        id="he-eq16-slope",
        statement=(
            "A negative slope a changes the gradient's factor of a ReLU layer from 1/2 to (1 + "
            "a²)/2."
        ),
        source=HE_2015.at("section 2.2, the condition after equation 15"),
        quantity="backward_factor.slope_quarter",
        prediction=variance.backward_factor(1.0, 0.25, fan_out_over_fan_in=1.0),
        band=within(variance.backward_factor(1.0, 0.25, fan_out_over_fan_in=1.0), 0.02),
        reason=A_THIRD,
        departure=f"{DENSE} The slope is the same 1/4 everywhere.",
        remark="The mean of the squared derivative is (1 + a²)/2, as that of the squared value.",
        control=NegativeControl("Freeze the slope at 0.", {"arms.slope_quarter.slope": 0.0}),
    ),
    Claim(
        id="he-a-one-is-linear",
        statement=(
            "With negative slope 1 a ReLU layer is linear, and variance 1/n keeps the signal."
        ),
        source=HE_2015.at("section 2.2, text after equation 15"),
        quantity="forward_factor.slope_one",
        prediction=variance.forward_factor(1.0, 1.0),
        band=within(variance.forward_factor(1.0, 1.0), 0.02),
        reason=EXACT,
        departure=DENSE,
        remark="The forward condition of Glorot and Bengio (2010).",
        control=NegativeControl("Freeze the slope at 0.", {"arms.slope_one.slope": 0.0}),
    ),
    Claim(
        id="s004-glorot-ignores-relu",
        statement="Glorot and Bengio's 1/n does not account for the ReLU, which halves the signal.",
        source=FROM_SCRATCH_NOTE.at("bullet “But there is No acount for import of ReLU”"),
        quantity="forward_factor.one_over_n",
        prediction=variance.forward_factor(1.0, 0.0),
        band=within(variance.forward_factor(1.0, 0.0), 0.02),
        reason=EXACT,
        departure="The note gives no number.",
        remark="Their derivation takes f'(0) = 1 and a symmetric f; he-a-one-is-linear has both.",
        control=NegativeControl(
            "Replace the ReLU by the identity.", {"arms.one_over_n.slope": 1.0}
        ),
        derivation="derivation-from-layer-to-layer",
    ),
    Claim(
        id="s004-why-two",
        statement=(
            "In the variance of the weights, one is replaced by two to keep the gradient (of the "
            "weights) from vanishing."
        ),
        source=FROM_SCRATCH_NOTE.at("bullet “why suddenly replace one to two on a top?”"),
        quantity="backward_factor.two_over_n",
        prediction=variance.backward_factor(2.0, 0.0, fan_out_over_fan_in=1.0),
        band=within(variance.backward_factor(2.0, 0.0, fan_out_over_fan_in=1.0), 0.02),
        reason=EXACT,
        departure=RANDOM_TOP,
        remark="What is kept is the signal, up and down; a weight's gradient is their product.",
        control=NegativeControl("Drop the factor 2 of the weight variance.", {TWO_OVER_N: 1.0}),
        derivation="derivation-gradient",
    ),
)
