"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import erfc, exp, pi, sqrt

from study.record.claims import Band, Claim, Kind, NegativeControl, Rival, around, within
from study.theory import mean_field, moments
from study.theory.activations import activation
from study.theory.sources import HANIN_ROLNICK_2018, PYTORCH, THIS_STUDY


def truncated_variance(bound: float) -> float:
    r"""Variance of a standard normal number that is drawn again until it is within a bound.

    .. math:: 1 - \frac{2 b\, \varphi(b)}{2 \Phi(b) - 1}

    Args:
        bound: ``b``, in deviations.

    >>> round(truncated_variance(2.0), 4)
    0.7737
    """
    density = exp(-(bound**2) / 2) / sqrt(2 * pi)
    return 1 - 2 * bound * density / (1 - erfc(bound / sqrt(2)))


def settled(name: str, gain: float) -> tuple[float, float]:
    """Return the second moment at which an activation settles, and the gradient's factor there."""
    f = activation(name)
    q = mean_field.length_fixed_point(f, gain**2, 0.0)
    return moments.second_moment(f, q), mean_field.gradient_factor(f, q, gain**2)


SECTION = "chapter The gains of torch, section "
GAINS, CUTTING = "derivation-torch-gains", "derivation-truncated-normal"
GAIN_DOC = "torch.nn.init.calculate_gain, "
DEEP_LAYERS = (
    "Layers of equal width, Gaussian weights, no biases; read over the upper half of the layers."
)
FIVE = "Five per cent, for the draws and the finite width."
SELU_SIZE, SELU_GRADIENT = settled("selu", 0.75)
LINEAR_SIZE, LINEAR_GRADIENT = settled("selu", 1.0)
SIGMOID_GRADIENT = settled("sigmoid", 1.0)[1]
SIGMOID_GAIN = 10.149  # the root of settled("sigmoid", g)[1] = 1
KEEPING_SIZE, KEEPING_GRADIENT = settled("sigmoid", SIGMOID_GAIN)
GRADIENT = (
    "The second moment of the gradient in a layer over that in the layer above, "
    "over the upper half of a deep network; a number, the mean over draws of the "
    "weights."
)
SECOND_MOMENT = (
    "The second moment of the activations, over the upper half of a deep network; "
    "a number, the mean over draws of the weights."
)
TORCHS_GAIN = NegativeControl("Take torch's gain of 1.", {"networks.sigmoid_scaled.times": 1.0})
TRUNCATED = truncated_variance(2.0)

deep_network = partial(
    Claim,
    source=THIS_STUDY.at(f"{SECTION}“Three things a gain could keep”"),
    departure=DEEP_LAYERS,
    derivation=GAINS,
)

CLAIMS = (
    Claim(
        id="torch-gain-table",
        kind=Kind.SOFTWARE,
        statement=(
            "Torch's gains are 1 for linear, convolutional and sigmoid layers, 5/3 for tanh, √2 "
            "for ReLU, √(2/(1 + a²)) for leaky ReLU and 3/4 for SELU."
        ),
        source=PYTORCH.at(f"{GAIN_DOC}table of its documentation"),
        quantity="largest_difference.documented",
        measured_as=(
            "The largest difference between what the function returns and what its table "
            "says; a number."
        ),
        prediction=0.0,
        band=around(0.0, 1e-6),
        reason="The rounding of the stored digits.",
        remark=(
            "The function does what its table says. Of these only the gains of linear layers and "
            "of the ReLUs follow from a law; the section compares them with integrals."
        ),
        control=NegativeControl("Write 1 for tanh.", {"documented.tanh": 1.0}),
        derivation=GAINS,
    ),
    Claim(
        id="torch-gain-refuses",
        kind=Kind.IDENTITY,
        statement=(
            "Torch's calculate_gain has no gain for GELU, SiLU, ELU, Mish, softplus and other "
            "newer activations."
        ),
        source=THIS_STUDY.at(f"{SECTION}“Three things a gain could keep”"),
        quantity="share_refused.unknown",
        measured_as="The share of the names asked for at which the function raises an error.",
        prediction=1.0,
        band=around(1.0, 0.001),
        reason="All of them.",
        departure="None: the function is asked for each name of torch.nn.functional in turn.",
        remark="It raises ValueError, also for a slope that is True, False or text.",
        control=NegativeControl("Ask for ReLU.", {"unknown": "gelu relu"}),
    ),
    Claim(
        id="tanh-gain-rationale",
        kind=Kind.PRINT,
        statement="The standard deviation before a tanh over that after it is 1.5976.",
        source=PYTORCH.at(
            "issue 24991, on the gain of SELU, comment “If I just look empirically at the std-gain”"
        ),
        quantity="deviation_before_over_after.tanh",
        measured_as=(
            "The standard deviation of a standard normal number over that of its tanh; a "
            "number, by quadrature."
        ),
        prediction=1.5976,
        band=around(1.5976, 0.0068),
        reason=(
            "Three standard deviations of the printed number, which 100,000 random numbers gave."
        ),
        departure="By quadrature, where the source has one random draw without a seed.",
        remark=(
            "It is 1.5925, near to the 5/3 of the table. The issue asks where the numbers of "
            "the table come from. The rationale known for 5/3 is another: in a thread of "
            "PyTorch's forum, number 20854, that with it the standard deviation settles at "
            "0.65 at any depth and from any input, which is tanh-level-five-thirds. Keeping "
            "the gradient would need 1.467."
        ),
        control=NegativeControl(
            "Take twice the standard deviation.", {"preactivation_deviation": 2.0}
        ),
        derivation=GAINS,
    ),
    deep_network(
        id="sigmoid-gain-gradient",
        kind=Kind.LAW,
        statement="With torch's gain of 1 a sigmoid leaves 1/18 of the gradient per layer.",
        quantity="gradient_factor.sigmoid",
        measured_as=GRADIENT,
        prediction=SIGMOID_GRADIENT,
        band=within(SIGMOID_GRADIENT, 0.05),
        reason=FIVE,
        remark="Its second moment per layer. The slope of a sigmoid is 1/4 at most.",
        control=NegativeControl("Take the gain of tanh.", {"networks.sigmoid.gain_of": "tanh"}),
        rival=Rival("Every unit has its largest slope, 1/4.", 1 / 16),
    ),
    deep_network(
        id="sigmoid-gain-of-ten",
        kind=Kind.LAW,
        statement="With a gain of 10.15 a deep network of sigmoids keeps its gradient.",
        quantity="gradient_factor.sigmoid_scaled",
        measured_as=GRADIENT,
        prediction=KEEPING_GRADIENT,
        band=within(KEEPING_GRADIENT, 0.05),
        reason=FIVE,
        remark=(
            "Its second moment per layer. By hand the gain comes out as 9.97. Of the signal it "
            "keeps the size (sigmoid-gain-of-ten-signal)."
        ),
        control=TORCHS_GAIN,
        rival=Rival(
            "The gain has only to undo the largest slope, 1/4, and 10.15 is too much.",
            (SIGMOID_GAIN / 4) ** 2,
        ),
    ),
    deep_network(
        id="sigmoid-gain-of-ten-signal",
        kind=Kind.LAW,
        statement=(
            "With a gain of 10.15 the activations of a deep network of sigmoids settle at a second "
            "moment of 0.443."
        ),
        quantity="second_moment.sigmoid_scaled",
        measured_as=SECOND_MOMENT,
        prediction=KEEPING_SIZE,
        band=within(KEEPING_SIZE, 0.05),
        reason=FIVE,
        remark="1/4 of it is the squared mean. At the gain 1 it would be 0.265, nearly all mean.",
        control=NegativeControl("Take half of the gain.", {"networks.sigmoid_scaled.times": 5.0}),
        rival=Rival("It is nearly all the squared mean, as at the gain 1.", 0.265),
    ),
    Claim(
        id="selu-gain-keeps-gradient",
        kind=Kind.FINDING,
        statement="With the gain 3/4 for SELU the gradient is stable in a network of 100 layers.",
        source=PYTORCH.at("pull request 50664, “I verified that the value keeps the gradient”"),
        quantity="gradient_factor.selu",
        measured_as=GRADIENT,
        prediction=1.0,
        band=Band(10**-0.01, 10**0.01),
        reason="Stable: less than a factor of 10 in 100 layers, for the second moment.",
        departure=(
            f"{DEEP_LAYERS} The source has one network with xavier_normal_, of the same variance."
        ),
        remark=(
            "The law gives 1.0037 per layer, at the size to which the signal shrinks; the "
            "interval is of a factor between 1.4 and 2.3 in 100 layers."
        ),
        control=NegativeControl("Take the gain 1.", {"networks.selu.gain_of": "linear"}),
        derivation=GAINS,
    ),
    deep_network(
        id="selu-gain-shrinks-signal",
        kind=Kind.LAW,
        statement=(
            "With the gain 3/4 the activations of SELU settle at a standard deviation of 0.2, not "
            "1."
        ),
        quantity="second_moment.selu",
        measured_as=SECOND_MOMENT,
        prediction=SELU_SIZE,
        band=within(SELU_SIZE, 0.25),
        reason="A quarter: it settles slowly, by 8 per cent a layer, and strays as slowly.",
        remark=(
            "Its second moment, 0.041 by the law. So small a signal meets little of the curve that "
            "was to normalise it, as the documentation warns."
        ),
        control=NegativeControl("Take the gain 0.9.", {"networks.selu.times": 1.2}),
        rival=Rival("The signal keeps a variance of 1.", 1.0),
    ),
    Claim(
        id="selu-linear-gain",
        kind=Kind.LAW,
        statement="With the gain of a linear layer SELU has a stable fixed point at variance 1.",
        source=PYTORCH.at(
            "torch.nn.init.calculate_gain, warning, “This gives the initial weights a "
            "variance of 1 / N, which is necessary to induce a stable fixed point in "
            "the forward pass”"
        ),
        quantity="second_moment.selu_linear",
        measured_as=SECOND_MOMENT,
        prediction=LINEAR_SIZE,
        band=within(LINEAR_SIZE, 0.05),
        reason=FIVE,
        departure=f"{DEEP_LAYERS} The signal begins with four times this variance.",
        remark=(
            "Stable: it comes back to variance 1 from elsewhere. That it keeps it once there is "
            "selu-linear-gain-fixed-point; the price is selu-linear-gradient."
        ),
        control=NegativeControl("Take the gain 3/4.", {"networks.selu_linear.gain_of": "selu"}),
        rival=Rival("It shrinks as with the gain 3/4.", SELU_SIZE),
        derivation=GAINS,
    ),
    deep_network(
        id="selu-linear-gradient",
        kind=Kind.LAW,
        statement="With the gain of a linear layer SELU's gradient grows by 7 per cent per layer.",
        quantity="gradient_factor.selu_linear",
        measured_as=GRADIENT,
        prediction=LINEAR_GRADIENT,
        band=within(LINEAR_GRADIENT, 0.02),
        reason="Two per cent, for the draws and the finite width.",
        remark="Its second moment: a thousandfold in 100 layers.",
        control=NegativeControl("Take the gain 0.95.", {"networks.selu_linear.times": 0.95}),
        rival=Rival("The gradient is kept.", 1.0),
    ),
    Claim(
        id="truncated-normal-leak",
        kind=Kind.LAW,
        statement=(
            "Weights of He's variance that are cut off at two standard deviations let the signal "
            "of a ReLU network decay with depth."
        ),
        source=HANIN_ROLNICK_2018.at("figure 1, He normal (truncated)"),
        quantity="factor.truncated",
        measured_as=(
            "The factor per layer of the second moment in a deep ReLU network with weights "
            "that are cut off, over that with the same numbers not cut; a ratio, the mean "
            "over draws of the weights."
        ),
        prediction=TRUNCATED,
        band=within(TRUNCATED, 0.02),
        reason="Two per cent, for the draws; without the cut the factor is 1.",
        departure="The factor per layer over that without the cut; the figure shows curves.",
        remark="The cut takes 23 per cent of the variance: the variance left is 0.774 of it.",
        control=NegativeControl("Do not cut.", {"cut.distribution": "gaussian"}),
        rival=Rival("The cut changes nothing.", 1.0),
        derivation=CUTTING,
    ),
    Claim(
        id="kaiming-normal-is-not-cut",
        kind=Kind.SOFTWARE,
        statement="PyTorch cuts He's normal numbers off at two standard deviations.",
        source=HANIN_ROLNICK_2018.at("figure 1, caption, “as implemented”"),
        quantity="share_beyond_two_deviations.torch",
        measured_as=(
            "The share of the numbers that kaiming_normal_ draws which lie more than two "
            "standard deviations from 0; the mean over draws."
        ),
        prediction=0.0,
        band=around(0.0, 0.001),
        reason="A thousandth; an uncut one has 4.6 per cent there.",
        departure=(
            "Today's kaiming_normal_; the caption is of 2018. Of Keras, which the caption "
            "names as well, nothing is measured."
        ),
        remark=(
            "It draws plain normal numbers; trunc_normal_ is a function of its own. What the cut "
            "does, where there is one, is truncated-normal-leak, and the paper is right about it."
        ),
        control=NegativeControl("Ask trunc_normal_ to cut there.", {"cut.asked": "trunc_normal"}),
        derivation=CUTTING,
    ),
    Claim(
        id="trunc-normal-bounds",
        kind=Kind.SOFTWARE,
        statement=(
            "With a standard deviation of 0.02 trunc_normal_ cuts nothing off unless told where."
        ),
        source=THIS_STUDY.at(f"{SECTION}“A normal number, cut off”"),
        quantity="variance_over_asked.trunc_normal",
        measured_as=(
            "The variance of the numbers that trunc_normal_ draws over the variance that it "
            "was asked for; a ratio, the mean over draws."
        ),
        prediction=1.0,
        band=around(1.0, 0.02),
        reason="Two per cent, for the draws; cut at two standard deviations it is 0.774.",
        remark=(
            "torch's function with its own bounds. The bounds −2 and 2 are numbers, not standard "
            "deviations: here a hundred standard deviations away."
        ),
        control=NegativeControl("Put the bounds at two standard deviations.", {"cut.bound": 0.04}),
        derivation=CUTTING,
    ),
)
