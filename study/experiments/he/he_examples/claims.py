"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import sqrt

from study.record.claims import Band, Claim, NegativeControl, around, printed, within
from study.theory.sources import HE_2015, THIS_STUDY

HERE = "chapter Variance through depth, section “{}”"
NONE = "None: it is arithmetic on the paper's sizes."
DETERMINISTIC = "Far above a rounding error of float64, far below any difference of formulas."
SCALED = NegativeControl(
    "Let the slope multiply positive values, too.", {"prelu.function": "scaled"}
)
BACKWARD, FORWARD = sqrt(4096 / 2), (sqrt(63 * 512 / 2), sqrt(4096 / 2))
SHRINKING = 1 / (0.01 * FORWARD[0] * 0.01 * FORWARD[1] * 0.001 * FORWARD[1])
SLOPES = 64 + 4 * 128 + 6 * 256 + 2 * 4096
WEIGHTS = (
    49 * 3 * 64
    + 4 * (64 * 128 + 3 * 128**2 + 128 * 256 + 5 * 256**2)
    + 50 * 256 * 4096
    + 4096**2
    + 4096 * 1000
)

prelu_rule = partial(
    Claim,
    prediction=0.0,
    band=around(0.0, 1e-9),
    reason=DETERMINISTIC,
    control=SCALED,
)

CLAIMS = (
    Claim(
        id="he-eq10-condition",
        statement="Weights of standard deviation √(2/n) satisfy n Var[w] / 2 = 1.",
        source=HE_2015.at("section 2.2, equation 10"),
        quantity="half_fan_in_times_variance.torch",
        prediction=1.0,
        band=around(1.0, 0.01),
        reason="One per cent: a matrix of this size strays by two thousandths.",
        departure="Torch's kaiming_normal_ draws the weights of a fully connected layer.",
        remark="Torch must be told that a ReLU follows, or its gain is another.",
        control=NegativeControl(
            "Tell torch that no ReLU follows.", {"kaiming_normal.nonlinearity": "linear"}
        ),
        derivation="derivation-from-layer-to-layer",
    ),
    Claim(
        id="he-fc-std-001",
        statement=(
            "Standard standard deviations of 0.01, 0.01 and 0.001 of the weights of three fully "
            "connected layers are smaller than they should be."
        ),
        source=HE_2015.at("section 2.2, “smaller than they should be (e.g., √(2/4096))”"),
        quantity="largest_over_backward.fully_connected",
        prediction=0.01 * BACKWARD,
        band=Band(0.0, 1.0),
        reason="Smaller than by equation 14, the form that the paper trains its models with.",
        departure=NONE,
        remark="The largest of the three ratios. By equation 10 the first is not smaller.",
        control=NegativeControl(
            "Give the first two layers a deviation of 0.03.", {"fully_connected.deviation": 0.03}
        ),
        derivation="derivation-input-range",
    ),
    Claim(
        id="fc-std-shrinks-outputs",
        statement=(
            "By He's equation 10, standard deviations of 0.01, 0.01 and 0.001 of the weights of "
            "three fully connected layers make the outputs 38 times smaller."
        ),
        source=THIS_STUDY.at(HERE.format("Inputs that are not normalised")),
        quantity="shrinking.fully_connected",
        prediction=SHRINKING,
        band=within(SHRINKING, 0.01),
        reason="One per cent, for it is arithmetic.",
        departure="Forward, the first of the layers reads 63 bins of 512 channels.",
        remark=(
            "For that layer 0.01 is 1.27 times √(2/n). Less than the paper's 128, but it suffices: "
            "pixels about their mean deviate by less than 128."
        ),
        control=NegativeControl(
            "Give the last layer the deviation of the others.",
            {"fully_connected.last_deviation": 0.01},
        ),
        derivation="derivation-input-range",
    ),
    Claim(
        id="he-vgg-b-example",
        statement=(
            "In model B, weights of standard deviation 0.01 leave the gradient 1/(1.7·10⁴) of what "
            "it should be from conv10 to conv2."
        ),
        source=HE_2015.at("section 2.2, the example of the VGG team's model B"),
        quantity="attenuation.model_b",
        prediction=1.7e4,
        band=printed(1.7e4, digits=-3),
        reason="What rounds to the two digits given.",
        departure=NONE,
        remark="Exact for every draw, as a ReLU network scales with each of its matrices.",
        control=NegativeControl("Take filters of 5 × 5.", {"model_b.kernel": 5}),
        derivation="derivation-homogeneous",
    ),
    Claim(
        id="he-vgg-b-deviations",
        statement=(
            "The standard deviations of model B's weights should be 0.059, 0.042, 0.029 and 0.021."
        ),
        source=HE_2015.at("section 2.2, the example of the VGG team's model B"),
        quantity="largest_difference.model_b",
        prediction=0.0,
        band=printed(0.0, digits=3),
        reason="Half a unit of the last digit given.",
        departure=NONE,
        remark="The largest difference of √(2/(9d)) from what is printed for d filters.",
        control=NegativeControl("Take filters of 5 × 5.", {"model_b.kernel": 5}),
    ),
    prelu_rule(
        id="he-prelu-form",
        statement="A PReLU is y for y > 0 and a y otherwise, or max(0, y) + a min(0, y).",
        source=HE_2015.at("section 2.1, equation 1"),
        quantity="form_gap.channelwise",
        departure="Torch's prelu stands for what is used today.",
        remark="The largest difference of torch's from either form. With a = 0 it is the ReLU.",
    ),
    prelu_rule(
        id="he-prelu-gradient",
        statement=(
            "The gradient of a PReLU's slope is the sum, over y ≤ 0, of y times what arrives."
        ),
        source=HE_2015.at("section 2.1, equations 2 and 3"),
        quantity="gradient_gap.channelwise",
        departure="Against autograd through torch's prelu, in float64.",
        remark="One slope for each channel, summed over the positions of the channel.",
    ),
    prelu_rule(
        id="he-prelu-gradient-shared",
        statement=(
            "If the channels share a PReLU's slope, its gradient is the sum over all channels."
        ),
        source=HE_2015.at("section 2.1, text after equation 3"),
        quantity="gradient_gap.shared",
        departure="Against autograd through torch's prelu, in float64.",
        remark="A shared slope is a slope for each channel with the same value.",
    ),
    Claim(
        id="he-prelu-few-parameters",
        statement="The slopes of PReLUs are negligibly few beside the weights.",
        source=HE_2015.at("section 2.1, “very small number of extra parameters”"),
        quantity="slopes_over_weights.channelwise",
        prediction=SLOPES / WEIGHTS,
        band=Band(0.0, 0.001),
        reason="Less than a thousandth of the parameters.",
        departure="Counted on the paper's small model of 14 layers, its table 1.",
        remark="In one layer it is one slope for each fan_in of weights: 1/n.",
        control=NegativeControl(
            "Make all filters 1 × 1 and the last layers narrow.",
            {"table_1.area": 1, "table_1.bins": 1, "table_1.fully_connected": 64},
        ),
    ),
)
