"""What is claimed, what it predicts, and what must not agree."""

from math import pi, sqrt

from study.record.claims import (
    Cause,
    Claim,
    Kind,
    NegativeControl,
    Rival,
    Untested,
    Verdict,
    Withdrawn,
    within,
)
from study.theory import gaussian, variance
from study.theory.sources import FROM_SCRATCH_NOTE, HE_2015, LESSON_NOTE, THIS_STUDY

MEAN_AND_VARIANCE = (
    "chapter Variance through a ReLU, section “The variance falls by more than half”"
)
DENSE = "Dense layers of equal width without biases, on MNIST, instead of convolutions."
RANDOM_TOP = (
    f"{DENSE} A random gradient enters at the top, so the paper's assumption that it does not "
    "depend on the network is true, and the law is exact; he-loss-gradient-through-relu and "
    "he-loss-gradient-through-weights are of the gradient of a loss."
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


ONE_NUMBER = (
    "The numbers at 1/n and 2/n differ by the factor 2 exactly, as a ReLU network scales with its "
    "weights, so the claims on either are one measurement."
)
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
        id="relu-variance-ratio",
        kind=Kind.LAW,
        statement=("A ReLU leaves 1/2 − 1/(2π) of the variance of a centred Gaussian."),
        source=THIS_STUDY.at(MEAN_AND_VARIANCE),
        quantity="activation_variance_over_preactivation_variance.two_over_n",
        measured_as=(
            "The variance over units of a ReLU's activations over that of its "
            "preactivations, averaged over images, layers and networks; a ratio."
        ),
        prediction=VARIANCE_LEFT,
        band=within(VARIANCE_LEFT, 0.03),
        reason=TWO_ESTIMATES,
        departure=GAUSSIAN,
        remark=(
            "What halves is the second moment (he-half-of-previous-variance), and with it "
            "the variance from layer to layer (variance-halves-layer-to-layer)."
        ),
        rival=Rival(("A ReLU halves the variance, as it halves the second moment."), HALF),
        control=NegativeControl(
            "Let half of every negative value through.", {"arms.two_over_n.slope": 0.5}
        ),
    ),
    Claim(
        id="he-half-of-previous-variance",
        kind=Kind.LAW,
        statement=(
            "The second moment of a ReLU's activation is half the variance of its preactivation."
        ),
        source=HE_2015.at(
            "section 2.2, text before equation 8, “This leads to E[x_l²] = ½ Var[y_{l−1}] "
            "when f is ReLU”"
        ),
        quantity="activation_over_preactivation.two_over_n",
        measured_as=(
            "The second moment of a ReLU's activations over that of its preactivations, "
            "averaged over units, images, layers and networks; a ratio."
        ),
        prediction=HALF,
        band=within(HALF, 0.02),
        reason=EXACT,
        departure=DENSE,
        remark=(
            "This is what halves. It needs symmetric weights and zero biases, nothing Gaussian."
        ),
        rival=Rival(("The variance of the activations, with their mean taken off."), VARIANCE_LEFT),
        control=NegativeControl(
            "Let a quarter of every negative value through.", {"arms.two_over_n.slope": 0.25}
        ),
    ),
    Claim(
        id="he-eq7-second-moment",
        kind=Kind.LAW,
        statement=(
            "The second moment of a ReLU's activation is not its variance, for its mean is not 0."
        ),
        source=HE_2015.at(
            "section 2.2, text after equation 7, “E[x_l²] ≠ Var[x_l] unless x_l has zero "
            "mean. For the ReLU activation … it does not have zero mean”"
        ),
        quantity="activation_second_moment_over_variance.two_over_n",
        measured_as=(
            "The second moment of a ReLU's activations over their variance over units, "
            "averaged over images, layers and networks; a ratio."
        ),
        prediction=HALF / VARIANCE_LEFT,
        band=within(HALF / VARIANCE_LEFT, 0.03),
        reason=TWO_ESTIMATES,
        departure=DENSE,
        remark=("The ratio is π/(π − 1) for a Gaussian preactivation; 1 would mean no difference."),
        rival=Rival("The second moment is the variance.", 1.0),
        control=NegativeControl(
            "Replace the ReLU by the identity.", {"arms.two_over_n.slope": 1.0}
        ),
    ),
    Claim(
        id="he-eq8-eq9",
        kind=Kind.LAW,
        statement=(
            "With weights of variance 1/n, each ReLU layer halves the preactivation variance."
        ),
        source=HE_2015.at(
            "section 2.2, equation 8, and 9 for its product, “Var[y_l] = ½ n_l Var[w_l] "
            "Var[y_{l−1}]”"
        ),
        quantity="forward_factor.one_over_n",
        measured_as=(
            "Second moment of a layer's preactivations over that of the layer before, "
            "averaged over units, images, layers and networks, before training; weights "
            "of variance 1/n."
        ),
        prediction=variance.forward_factor(1.0, 0.0),
        band=within(variance.forward_factor(1.0, 0.0), 0.02),
        reason=EXACT,
        departure=DENSE,
        remark=(
            "Averaged over the weights the preactivation has mean 0, so its second moment is its "
            f"variance. {ONE_NUMBER}"
        ),
        rival=Rival("The variance is passed on, and not the second moment.", VARIANCE_LEFT),
        control=NegativeControl("Double the weight variance.", {ONE_OVER_N: 2.0}),
    ),
    Claim(
        id="s002-he-factor-two",
        kind=Kind.LAW,
        statement=(
            "Doubling the weight variance from 1/n to 2/n undoes the halving of the "
            "variance by a ReLU layer."
        ),
        source=LESSON_NOTE.at(
            "bullet “We can solve the problem of having low variance post relu by "
            "torch.randn(m,nh)*math.sqrt(2/m) by replanting 1 by 2”"
        ),
        quantity="forward_factor.two_over_n",
        measured_as=(
            "Second moment of a layer's preactivations over that of the layer before, "
            "averaged over units, images, layers and networks, before training; weights "
            "of variance 2/n."
        ),
        prediction=variance.forward_factor(2.0, 0.0),
        band=within(variance.forward_factor(2.0, 0.0), 0.02),
        reason=EXACT,
        departure=("The note looks at one layer of 50 units; here every layer of a deep network."),
        remark=("Equation 10 of He et al.; it restores the second moment, not the mean."),
        rival=Rival("The variance is passed on, and not the second moment.", 2 * VARIANCE_LEFT),
        control=NegativeControl(
            "Nearly double the weight variance, to 1.9/n.", {"arms.two_over_n.weight_variance": 1.9}
        ),
        derivation="derivation-from-layer-to-layer",
    ),
    Claim(
        id="s002-variance-halves-8-layers",
        kind=Kind.LAW,
        statement=("If every layer halves the variance, after 8 layers very little of it is left."),
        source=LESSON_NOTE.at(
            "bullet “If your variance is halved every layer. Then after 8 layers the "
            "variance this very very low.”"
        ),
        quantity="left_after_8_layers.one_over_n",
        measured_as=(
            "Second moment of the ninth layer's preactivations over that of the first "
            "layer's, averaged over units, images and networks, with weights of variance "
            "1/n; a share."
        ),
        prediction=variance.second_moment_after(8, variance.forward_factor(1.0, 0.0)),
        band=within(variance.second_moment_after(8, variance.forward_factor(1.0, 0.0)), 0.1),
        reason=(
            "Ten per cent, since the spreads of eight factors multiply; seven halvings would leave "
            "twice as much."
        ),
        departure="The note gives no number and no network.",
        remark=("The share of the first preactivation variance that the ninth still has."),
        rival=Rival(
            "Seven halvings in place of eight.",
            variance.second_moment_after(7, variance.forward_factor(1.0, 0.0)),
        ),
        control=NegativeControl(
            "Make the weight variance 1.1/n.", {"arms.one_over_n.weight_variance": 1.1}
        ),
        derivation="derivation-from-layer-to-layer",
    ),
    Claim(
        id="he-first-layer",
        kind=Kind.LAW,
        statement=(
            "The first layer of a ReLU network has no factor 1/2, for no ReLU acts on the input."
        ),
        source=HE_2015.at(
            "section 2.2, text after equation 10, “we should have n_1 Var[w_1] = 1 "
            "because there is no ReLU applied on the input signal. But the factor 1/2 "
            "does not matter if it just exists on one layer”"
        ),
        quantity="first_layer_factor.two_over_n",
        measured_as=(
            "Second moment of the first layer's preactivations over that of the image, "
            "averaged over units, images and networks, with weights of variance 2/n; a "
            "ratio."
        ),
        prediction=FIRST_FACTOR,
        band=within(FIRST_FACTOR, 0.05),
        reason=FEW_UNITS,
        departure=(
            "The input is standardised MNIST, by one mean and one standard deviation for all "
            "pixels."
        ),
        remark=("At variance 2/n the signal doubles once, at the input, and is kept from there."),
        rival=Rival("A factor 1/2 in the first layer, too.", 1.0),
        control=NegativeControl(
            "Make the weight variance 1.8/n.", {"arms.two_over_n.weight_variance": 1.8}
        ),
    ),
    Claim(
        id="relu-first-layer-mean",
        kind=Kind.LAW,
        statement=(
            "At variance 2/n, the first ReLU activations have mean 1/√π times the root "
            "mean square of the image."
        ),
        source=THIS_STUDY.at(MEAN_AND_VARIANCE),
        quantity="first_layer_mean.two_over_n",
        measured_as=(
            "Mean over the units of the first ReLU layer, over the root mean square of "
            "the image, averaged over images and networks, with weights of variance 2/n; "
            "a ratio."
        ),
        prediction=sqrt(2.0) * gaussian.leaky_relu_mean(0.0),
        band=within(sqrt(2.0) * gaussian.leaky_relu_mean(0.0), 0.05),
        reason=FEW_UNITS,
        departure=GAUSSIAN,
        remark=("The lesson note prints one draw of 50 units of this mean and finds it too large."),
        rival=Rival("A mean of one half, as the note says of its one draw.", 0.5),
        control=NegativeControl(
            "Let a tenth of every negative value through.", {"arms.two_over_n.slope": 0.1}
        ),
    ),
    Claim(
        id="relu-first-layer-deviation",
        kind=Kind.LAW,
        statement=(
            "At variance 2/n, the first ReLU activations have standard deviation √(1 − "
            "1/π), not 1, times the root mean square of the image."
        ),
        source=THIS_STUDY.at(MEAN_AND_VARIANCE),
        quantity="first_layer_deviation.two_over_n",
        measured_as=(
            "Standard deviation over the units of the first ReLU layer, over the root "
            "mean square of the image, averaged over images and networks, with weights of "
            "variance 2/n; a ratio."
        ),
        prediction=sqrt(2.0 * VARIANCE_LEFT),
        band=within(sqrt(2.0 * VARIANCE_LEFT), 0.05),
        reason=FEW_UNITS,
        departure=GAUSSIAN,
        remark=(
            "Measured over the units of one image; the notes' number also contains the differences "
            "between images."
        ),
        rival=Rival(("The weights of variance 2/n bring the standard deviation to 1."), 1.0),
        control=NegativeControl(
            "Let three quarters of every negative value through.", {"arms.two_over_n.slope": 0.75}
        ),
    ),
    Claim(
        id="he-relu-derivative-half",
        kind=Kind.LAW,
        statement=(
            "A ReLU halves the second moment of a gradient that does not depend on whether the "
            "unit is active."
        ),
        source=HE_2015.at(
            "section 2.2, text before equation 12, “f′(y_l) is zero or one, and their "
            "probabilities are equal. We assume that f′(y_l) and Δx_{l+1} are independent "
            "of each other”"
        ),
        quantity="gradient_through_activation.two_over_n",
        measured_as=(
            "Second moment of the gradient by a ReLU's preactivations over that by its "
            "activations, averaged over units, images, layers and networks, with a random "
            "gradient at the top; a ratio."
        ),
        prediction=HALF,
        band=within(HALF, 0.02),
        reason=EXACT,
        departure=RANDOM_TOP,
        remark=(
            "True on average over weights; the share of active units of one network is not 1/2."
        ),
        rival=Rival("The law of a linear layer: the ReLU is left out.", 1.0),
        control=NegativeControl(
            "Let two fifths of every negative value through.", {"arms.two_over_n.slope": 0.4}
        ),
    ),
    Claim(
        id="he-eq12-eq13",
        kind=Kind.LAW,
        statement=(
            "With weights of variance 1/n, each ReLU layer halves the variance of a random "
            "gradient that enters at the top."
        ),
        source=HE_2015.at(
            "section 2.2, equation 12, and 13 for its product, “Var[Δx_l] = ½ n̂_l "
            "Var[w_l] Var[Δx_{l+1}]”"
        ),
        quantity="backward_factor.one_over_n",
        measured_as=(
            "Second moment of the gradient by a layer's preactivations over that of the "
            "layer above, averaged over units, images, layers and networks, with a random "
            "gradient at the top; weights of variance 1/n."
        ),
        prediction=variance.backward_factor(1.0, 0.0, fan_out_over_fan_in=1.0),
        band=within(variance.backward_factor(1.0, 0.0, fan_out_over_fan_in=1.0), 0.02),
        reason=EXACT,
        departure=RANDOM_TOP,
        remark=EQUAL_WIDTHS,
        rival=Rival("The law of a linear layer: the ReLU is left out.", 1.0),
        control=NegativeControl(
            "Let half of every negative value through.", {"arms.one_over_n.slope": 0.5}
        ),
    ),
    Claim(
        id="he-eq14-condition",
        kind=Kind.LAW,
        statement=(
            "Weights of variance 2/n keep the variance of a random gradient that enters at the "
            "top, from ReLU layer to ReLU layer."
        ),
        source=HE_2015.at(
            "section 2.2, equation 14, “a sufficient condition that the gradient is not "
            "exponentially large/small”: “½ n̂_l Var[w_l] = 1, ∀l”"
        ),
        quantity="backward_factor.two_over_n",
        measured_as=(
            "Second moment of the gradient by a layer's preactivations over that of the "
            "layer above, averaged over units, images, layers and networks, with a random "
            "gradient at the top; weights of variance 2/n."
        ),
        prediction=variance.backward_factor(2.0, 0.0, fan_out_over_fan_in=1.0),
        band=within(variance.backward_factor(2.0, 0.0, fan_out_over_fan_in=1.0), 0.02),
        reason=EXACT,
        departure=RANDOM_TOP,
        remark=EQUAL_WIDTHS,
        rival=Rival("The law of a linear layer: the ReLU is left out.", 2.0),
        control=NegativeControl(
            "Make the weight variance 2.1/n.", {"arms.two_over_n.weight_variance": 2.1}
        ),
    ),
    Claim(
        id="he-eq15-slope",
        kind=Kind.LAW,
        statement=("A negative slope a changes the factor of a ReLU layer from 1/2 to (1 + a²)/2."),
        source=HE_2015.at("section 2.2, equation 15, “½ (1 + a²) n_l Var[w_l] = 1, ∀l”"),
        quantity="forward_factor.slope_quarter",
        measured_as=(
            "Second moment of a layer's preactivations over that of the layer before, "
            "averaged over units, images, layers and networks, before training; weights "
            "of variance 1/n and slope 1/4."
        ),
        prediction=variance.forward_factor(1.0, 0.25),
        band=within(variance.forward_factor(1.0, 0.25), 0.02),
        reason=A_THIRD,
        departure=(f"{DENSE} The slope is the same 1/4 everywhere."),
        remark=("The slope of 1/4 is the paper's initial slope of a PReLU."),
        rival=Rival("The slope itself enters, and not its square: (1 + a)/2.", (1 + 0.25) / 2),
        control=NegativeControl("Freeze the slope at 0.", {"arms.slope_quarter.slope": 0.0}),
    ),
    Claim(
        id="he-eq16-slope",
        kind=Kind.LAW,
        statement=(
            "A negative slope a changes the gradient's factor of a ReLU layer from 1/2 to "
            "(1 + a²)/2."
        ),
        source=HE_2015.at(
            "section 2.2, the condition after equation 15, “½ (1 + a²) n̂_l Var[w_l] = 1”"
        ),
        quantity="backward_factor.slope_quarter",
        measured_as=(
            "Second moment of the gradient by a layer's preactivations over that of the "
            "layer above, averaged over units, images, layers and networks, with a random "
            "gradient at the top; weights of variance 1/n and slope 1/4."
        ),
        prediction=variance.backward_factor(1.0, 0.25, fan_out_over_fan_in=1.0),
        band=within(variance.backward_factor(1.0, 0.25, fan_out_over_fan_in=1.0), 0.02),
        reason=A_THIRD,
        departure=f"{RANDOM_TOP} The slope is the same 1/4 everywhere.",
        remark=("The mean of the squared derivative is (1 + a²)/2, as that of the squared value."),
        rival=Rival("The slope itself enters, and not its square: (1 + a)/2.", (1 + 0.25) / 2),
        control=NegativeControl(
            "Take the slope 1/2, which has the rival's factor.", {"arms.slope_quarter.slope": 0.5}
        ),
    ),
    Claim(
        id="he-a-one-is-linear",
        kind=Kind.LAW,
        statement=(
            "With negative slope 1 a ReLU layer is linear, and variance 1/n keeps the signal."
        ),
        source=HE_2015.at(
            "section 2.2, text after equation 15, “if a = 1, it becomes the linear case”"
        ),
        quantity="forward_factor.slope_one",
        measured_as=(
            "Second moment of a layer's preactivations over that of the layer before, "
            "averaged over units, images, layers and networks, before training; weights "
            "of variance 1/n and slope 1."
        ),
        prediction=variance.forward_factor(1.0, 1.0),
        band=within(variance.forward_factor(1.0, 1.0), 0.02),
        reason=EXACT,
        departure=DENSE,
        remark=(
            "The rule of LeCun, Bottou, Orr and Müller (1998), variance 1/fan_in, and the "
            "forward condition of Glorot and Bengio (2010)."
        ),
        rival=Rival("The factor of a ReLU.", 0.5),
        control=NegativeControl("Freeze the slope at 0.", {"arms.slope_one.slope": 0.0}),
    ),
    Claim(
        id="s004-glorot-ignores-relu",
        kind=Kind.LAW,
        statement=(
            "Glorot and Bengio's 1/n does not account for the ReLU, which halves the signal."
        ),
        source=FROM_SCRATCH_NOTE.at("bullet “But there is No acount for import of ReLU”"),
        quantity="forward_factor.one_over_n",
        measured_as=(
            "Second moment of a layer's preactivations over that of the layer before, "
            "averaged over units, images, layers and networks, before training; weights "
            "of variance 1/n."
        ),
        prediction=variance.forward_factor(1.0, 0.0),
        band=within(variance.forward_factor(1.0, 0.0), 0.02),
        reason=EXACT,
        departure=(
            "The note gives no number. Their paper of 2010 speaks of sigmoid, tanh and softsign."
        ),
        remark=("Their derivation takes f'(0) = 1 and a symmetric f; he-a-one-is-linear has both."),
        rival=Rival("The variance is passed on, and not the second moment.", VARIANCE_LEFT),
        control=NegativeControl(
            "Replace the ReLU by the identity.", {"arms.one_over_n.slope": 1.0}
        ),
        derivation="derivation-from-layer-to-layer",
    ),
    Claim(
        id="s004-why-two",
        kind=Kind.LAW,
        statement=(
            "In the variance of the weights, one is replaced by two to keep the gradient "
            "(of the weights) from vanishing."
        ),
        source=FROM_SCRATCH_NOTE.at(
            "bullets “why suddenly replace one to two on a top?” and “to avoid vanishing "
            "gradient(weights)”"
        ),
        quantity="backward_factor.two_over_n",
        measured_as=(
            "Second moment of the gradient by a layer's preactivations over that of the "
            "layer above, averaged over units, images, layers and networks, with a random "
            "gradient at the top; weights of variance 2/n."
        ),
        prediction=variance.backward_factor(2.0, 0.0, fan_out_over_fan_in=1.0),
        band=within(variance.backward_factor(2.0, 0.0, fan_out_over_fan_in=1.0), 0.02),
        reason=EXACT,
        departure=RANDOM_TOP,
        remark=(
            "What is kept is the signal on its way up and the gradient on its way down; a weight's "
            "gradient is their product."
        ),
        rival=Rival("The law of a linear layer: the ReLU is left out.", 2.0),
        control=NegativeControl("Drop the factor 2 of the weight variance.", {TWO_OVER_N: 1.0}),
        derivation="derivation-gradient",
    ),
)

UNTESTED = (
    Untested(
        id="relu-halves-variance",
        cause=Cause.WORDS,
        statement=("A ReLU halves the variance of what passes through it."),
        source=LESSON_NOTE.at(
            "bullet “If your variance is halved every layer. Then after 8 layers the "
            "variance this very very low.”"
        ),
        reason=(
            "The note names no quantity and no network. Its next words, on eight layers, suggest "
            "that it means the variance from layer to layer."
        ),
        remark=(
            "From layer to layer the note is right (variance-halves-layer-to-layer). It would be "
            "wrong about the variance before and after one ReLU, since a ReLU also creates a mean; "
            "what is left there is relu-variance-ratio."
        ),
        withdrawn=Withdrawn(
            Verdict.CONTRADICTED,
            "activation_variance_over_preactivation_variance.two_over_n",
            within(HALF, 0.02),
            ("It was a reading of this study, and not the one that the note's sentence needs."),
        ),
        derivation="derivation-mean-and-variance",
    ),
)
