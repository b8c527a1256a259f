"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import sqrt

from study.record.claims import (
    Claim,
    Kind,
    NegativeControl,
    around,
    at_most,
    printed,
    within,
)
from study.theory.sources import HE_2015, THIS_STUDY

SECTION_OF_DEPTH = "chapter Scaling all weights, section “{}”"
NO_DEPARTURE = "None: it is arithmetic on the paper's sizes."
DETERMINISTIC = "Far above a rounding error of float64, far below any difference of formulas."
SCALED_POSITIVE = NegativeControl(
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
    control=SCALED_POSITIVE,
)

CLAIMS = (
    Claim(
        id="he-eq10-condition",
        kind=Kind.IDENTITY,
        statement=("Weights of standard deviation √(2/n) satisfy n Var[w] / 2 = 1."),
        source=HE_2015.at("section 2.2, equation 10, “½ n_l Var[w_l] = 1, ∀l”"),
        quantity="half_fan_in_times_variance.torch",
        measured_as=(
            "Half the fan_in times the mean square of the weights that torch draws for "
            "one dense layer, averaged over draws."
        ),
        prediction=1.0,
        band=around(1.0, 0.01),
        reason=("One per cent: a matrix of this size strays by two thousandths."),
        departure=("Torch's kaiming_normal_ draws the weights of a fully connected layer."),
        remark=(
            "As a statement it is arithmetic, so what is checked is torch, which must be "
            "told that a ReLU follows, or its gain is another. That such weights keep the "
            "signal is he-eq8-eq9 and edge-of-chaos-relu."
        ),
        control=NegativeControl(
            "Tell torch that no ReLU follows.", {"kaiming_normal.nonlinearity": "linear"}
        ),
        derivation="derivation-from-layer-to-layer",
    ),
    Claim(
        id="he-fc-std-001",
        kind=Kind.IDENTITY,
        statement=(
            "Standard standard deviations of 0.01, 0.01 and 0.001 of the weights of three "
            "fully connected layers are smaller than they should be."
        ),
        source=HE_2015.at(
            "section 2.2, of 0.01 for the first two fully connected layers and 0.001 for "
            "the last, “These numbers are smaller than they should be (e.g., √(2/4096))”"
        ),
        quantity="largest_over_backward.fully_connected",
        measured_as=(
            "The largest of the three ratios of a standard deviation that the paper uses "
            "to √(2/n̂) of its layer; no draw touches it."
        ),
        prediction=0.01 * BACKWARD,
        band=at_most(1.0),
        reason=(
            "Smaller than by equation 14, which gives the paper's example √(2/4096), and "
            "with which it trains: “we use Eqn.(14)”, section 3."
        ),
        departure=NO_DEPARTURE,
        remark=(
            "By equation 10 the first would not be smaller, but 1.27 times as large; the "
            "paper does not say so of it."
        ),
        control=NegativeControl(
            "Give the first two layers a deviation of 0.03.", {"fully_connected.deviation": 0.03}
        ),
        derivation="derivation-input-range",
    ),
    Claim(
        id="fc-std-shrinks-outputs",
        kind=Kind.IDENTITY,
        statement=(
            "By He's equation 10, standard deviations of 0.01, 0.01 and 0.001 of the "
            "weights of three fully connected layers make the outputs 38 times smaller."
        ),
        source=THIS_STUDY.at(SECTION_OF_DEPTH.format("Inputs that are not normalised")),
        quantity="shrinking.fully_connected",
        measured_as=(
            "The inverse of the product of the three deviations over √(2/n) of their "
            "layers; no draw touches it."
        ),
        prediction=SHRINKING,
        band=within(SHRINKING, 0.01),
        reason="One per cent, for it is arithmetic.",
        departure=("Forward, the first of the layers reads 63 bins of 512 channels."),
        remark=(
            "For that layer 0.01 is 1.27 times √(2/n). Less than the paper's 128, but it "
            "suffices: pixels about their mean deviate by less than 128."
        ),
        control=NegativeControl(
            "Give the last layer the deviation of the others.",
            {"fully_connected.last_deviation": 0.01},
        ),
        derivation="derivation-input-range",
    ),
    Claim(
        id="he-vgg-b-example",
        kind=Kind.IDENTITY,
        statement=(
            "In model B, weights of standard deviation 0.01 leave the gradient "
            "1/(1.7·10⁴) of what it should be from conv10 to conv2."
        ),
        source=HE_2015.at(
            "section 2.2, of conv10 to conv2 in the VGG team's model B, “1/(5.9 × 4.2² × "
            "2.9² × 2.1⁴) = 1/(1.7 × 10⁴) of what we derive”"
        ),
        quantity="attenuation.model_b",
        measured_as=(
            "The product, over nine convolutions, of √(2/(9d)) over 0.01, with d filters "
            "each; no draw touches it."
        ),
        prediction=1.7e4,
        band=printed(1.7e4, digits=-3),
        reason="What rounds to the two digits given.",
        departure=NO_DEPARTURE,
        remark=("Exact for every draw, as a ReLU network scales with each of its matrices."),
        control=NegativeControl(
            "Take weights of standard deviation 0.011.", {"model_b.deviation": 0.011}
        ),
        derivation="derivation-homogeneous",
    ),
    Claim(
        id="he-vgg-b-deviations",
        kind=Kind.IDENTITY,
        statement=(
            "The standard deviations of model B's weights should be 0.059, 0.042, 0.029 and 0.021."
        ),
        source=HE_2015.at(
            "section 2.2, the example of the VGG team's model B, “0.059, 0.042, 0.029, "
            "and 0.021 when the filter numbers are 64, 128, 256, and 512”"
        ),
        quantity="largest_difference.model_b",
        measured_as=(
            "The largest difference of √(2/(9d)) from what is printed for d filters; no "
            "draw touches it."
        ),
        prediction=0.0,
        band=printed(0.0, digits=3),
        reason="Half a unit of the last digit given.",
        departure=NO_DEPARTURE,
        remark="It is arithmetic by the paper's equation 14.",
        control=NegativeControl("Take filters of 5 × 5.", {"model_b.kernel": 5}),
    ),
    prelu_rule(
        id="he-prelu-form",
        kind=Kind.IDENTITY,
        statement=("A PReLU is y for y > 0 and a y otherwise, or max(0, y) + a min(0, y)."),
        source=HE_2015.at("section 2.1, equation 1"),
        quantity="form_gap.channelwise",
        measured_as=(
            "The largest difference, over random numbers in float64, between torch's "
            "PReLU and either form of equation 1, averaged over draws."
        ),
        departure="Torch's prelu stands for what is used today.",
        remark=("The largest difference of torch's from either form. With a = 0 it is the ReLU."),
    ),
    prelu_rule(
        id="he-prelu-gradient",
        kind=Kind.IDENTITY,
        statement=(
            "The gradient of a PReLU's slope is the sum, over y ≤ 0, of y times what arrives."
        ),
        source=HE_2015.at("section 2.1, equations 2 and 3"),
        quantity="gradient_gap.channelwise",
        measured_as=(
            "The largest difference, in float64, between autograd's gradient of the "
            "slopes and the sum summed over the positions of each channel, averaged over "
            "draws."
        ),
        departure="Against autograd through torch's prelu, in float64.",
        remark=("One slope for each channel, summed over the positions of the channel."),
    ),
    prelu_rule(
        id="he-prelu-gradient-shared",
        kind=Kind.IDENTITY,
        statement=(
            "If the channels share a PReLU's slope, its gradient is the sum over all channels."
        ),
        source=HE_2015.at("section 2.1, text after equation 3"),
        quantity="gradient_gap.shared",
        measured_as=(
            "The largest difference, in float64, between autograd's gradient of the "
            "slopes and the sum summed over all channels, averaged over draws."
        ),
        departure="Against autograd through torch's prelu, in float64.",
        remark=("A shared slope is a slope for each channel with the same value."),
    ),
    Claim(
        id="he-prelu-few-parameters",
        kind=Kind.IDENTITY,
        statement=("The slopes of PReLUs are negligibly few beside the weights."),
        source=HE_2015.at(
            "section 2.1, “equal to the total number of channels, which is negligible "
            "when considering the total number of weights”"
        ),
        quantity="slopes_over_weights.channelwise",
        measured_as=(
            "The number of slopes over the number of weights, counted in the paper's "
            "small model; no draw touches it."
        ),
        prediction=SLOPES / WEIGHTS,
        band=at_most(0.001),
        reason="Less than a thousandth of the parameters.",
        departure=("Counted on the paper's small model of 14 layers, its table 1."),
        remark=("In one layer it is one slope for each fan_in of weights: 1/n."),
        control=NegativeControl(
            "Make all filters 1 × 1 and the last layers narrow.",
            {"table_1.area": 1, "table_1.bins": 1, "table_1.fully_connected": 64},
        ),
    ),
)
