"""What is claimed, what it predicts, and what must not agree."""

from math import sqrt

from study.record.claims import ORDINARY, ORDINARY_REASON, Band, Claim, NegativeControl, around
from study.record.results import PERCENTILE
from study.theory import gaussian
from study.theory.sources import FROM_SCRATCH_NOTE, SHORT_NOTE, THIS_STUDY

HERE = "chapter The forward pass, section “The output layer”"
OUTPUT, PERCENT = "derivation-output-scale", "what-a-percentile-says"
RANDN = FROM_SCRATCH_NOTE.at("section 2.1.1, code “t2 = lin(t, w2, b2) # output”")
ONE_DRAW = "None but for the draw: the note sets no seed."
NO_RELU = "The note applies its linear function twice, with no ReLU between."

TENTH = (
    "A tenth: the linear outputs that the notes call normalised have printed means of up to 0.05 "
    "and deviations down to 0.94."
)
FROM_A_TENTH = "From a tenth on: what is nearer the notes call normalised."
EXPECTED = "The expectation over draws in place of one draw."
KEPT = SHORT_NOTE.at("“But if we divide by math.sqrt(m) we achieve the same”")
POST_RELU = SHORT_NOTE.at("“Post relu the out put does not have mean 0 and std 1”")

OF_THE_SECOND_INPUT = (
    Claim(
        id="s000-simplified-keeps-scale",
        statement=(
            "Divided by √m, the weights give the second layer inputs of standard deviation 1."
        ),
        source=KEPT,
        quantity="deviation.simplified_linear",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=TENTH,
        departure=f"Of the linear map alone, as in the note's code below it. {EXPECTED}",
        remark=(
            "Up to the size of the images, and up to the mean that the layer has in a draw. Behind "
            "the ReLU it does not hold, as the note then says (s000-post-relu-not-standard)."
        ),
        control=NegativeControl(
            "Double the weight variance.", {"arms.simplified_linear.weight_variance": 2.0}
        ),
        derivation="derivation-first-layer",
    ),
    Claim(
        id="s000-simplified-keeps-scale-mean",
        statement="Divided by √m, the weights give the second layer inputs of mean 0.",
        source=KEPT,
        quantity="mean.simplified_linear",
        prediction=0.0,
        band=around(0.0, 0.1),
        reason=TENTH,
        departure=f"Of the linear map alone, as in the note's code below it. {EXPECTED}",
        remark="On average over draws; how far one draw strays is first-layer-mean-spread.",
        control=NegativeControl(
            "Subtract something from the output.", {"arms.simplified_linear.shift": 0.5}
        ),
        derivation="derivation-spread-of-a-layer-mean",
    ),
    Claim(
        id="s000-post-relu-not-standard",
        statement=(
            "Divided by √m, the weights do not give a standard deviation of 1 behind the ReLU."
        ),
        source=POST_RELU,
        quantity="deviation.simplified_relu",
        prediction=sqrt(gaussian.leaky_relu_variance(0.0)),
        band=Band(0.0, 0.9),
        reason=FROM_A_TENTH,
        departure=EXPECTED,
        remark="The law is √(1/2 − 1/(2π)) = 0.584 times the size of the input.",
        control=NegativeControl(
            "Give the weights variance 3/m.", {"arms.simplified_relu.weight_variance": 3.0}
        ),
        derivation="derivation-relu-mean-and-deviation",
    ),
    Claim(
        id="s000-post-relu-not-standard-mean",
        statement="Divided by √m, the weights do not give a mean of 0 behind the ReLU.",
        source=POST_RELU,
        quantity="mean.simplified_relu",
        prediction=gaussian.leaky_relu_mean(0.0),
        band=Band(0.1, 1.0),
        reason=FROM_A_TENTH,
        departure=EXPECTED,
        remark="The law is 1/√(2π) = 0.399 times the size of the input.",
        control=NegativeControl(
            "Subtract 0.4 behind the ReLU.", {"arms.simplified_relu.shift": 0.4}
        ),
        derivation="derivation-relu-mean-and-deviation",
    ),
)

OF_THE_OUTPUT = (
    Claim(
        id="s004-unscaled-output",
        statement="With weights randn in both layers the output has standard deviation 170.9717.",
        source=RANDN,
        quantity=f"{PERCENTILE}output_deviation.unscaled_linear",
        prediction=0.5,
        band=ORDINARY,
        reason=ORDINARY_REASON,
        departure=ONE_DRAW,
        remark=f"{NO_RELU} The law leaves the mean image out (output-deviation-linear).",
        control=NegativeControl(
            "Divide the output layer's weights by √50.",
            {"arms.unscaled_linear.output_variance": 1.0},
        ),
        data="mnist",
        derivation=PERCENT,
    ),
    Claim(
        id="s004-unscaled-output-mean",
        statement="With weights randn in both layers the output has mean −58.2665.",
        source=RANDN,
        quantity=f"{PERCENTILE}output_mean.unscaled_linear",
        prediction=0.5,
        band=ORDINARY,
        reason=ORDINARY_REASON,
        departure=ONE_DRAW,
        remark=f"{NO_RELU} A copy of the note lost the minus sign.",
        control=NegativeControl(
            "Divide the output layer's weights by √50.",
            {"arms.unscaled_linear.output_variance": 1.0},
        ),
        data="mnist",
        derivation=PERCENT,
    ),
    Claim(
        id="s004-terribly-far",
        statement="With weights randn the output is terribly far from normalised.",
        source=FROM_SCRATCH_NOTE.at("section 2.1.1, “terribly far from normalzed value”"),
        quantity="output_deviation.unscaled_linear",
        prediction=sqrt(784 * 50),
        band=Band(20.0, 2000.0),
        reason="A factor of ten to either side; a normalised output has deviation 1.",
        departure="The expectation over draws in place of one draw.",
        remark="Each layer multiplies the size by √fan_in: 28 and 7.",
        control=NegativeControl(
            "Divide both layers' weights by √fan_in.",
            {
                "arms.unscaled_linear.weight_variance": 1.0,
                "arms.unscaled_linear.output_variance": 1.0,
            },
        ),
        derivation=OUTPUT,
    ),
    Claim(
        id="s004-output-layer-unscaled",
        statement=(
            "With w2 = randn(nh, 1) the architecture's code puts out a standard deviation of 1."
        ),
        source=FROM_SCRATCH_NOTE.at("section 2.1.4, code “w2 = torch.randn(nh,1)”"),
        quantity="output_deviation.he_shifted",
        prediction=1.0,
        band=Band(0.5, 2.0),
        reason="A factor of two to either side of a normalised output.",
        departure=(
            "The note gives no number for the output of this code; that it is to be normalised is "
            "what its section 2.1.1 wants of the same layer."
        ),
        remark=(
            "The note does not say it; it follows if its code is to give a normalised output. It "
            "gives one about five times too large: the note's own simplified initialisation "
            "divides w2 by √nh, and its last code leaves that out."
        ),
        control=NegativeControl(
            "Divide the output layer's weights by √50.",
            {"arms.he_shifted.output_variance": 1.0},
        ),
        derivation=OUTPUT,
    ),
    Claim(
        id="output-second-moment",
        statement=(
            "An output layer with n inputs and weights randn multiplies the mean square of its "
            "input by n."
        ),
        source=THIS_STUDY.at(HERE),
        quantity="output_factor_over_fan_in.he_shifted",
        prediction=1.0,
        band=around(1.0, 0.25),
        reason="A quarter: one output unit is one random direction, so draws differ by half.",
        departure="Measured as a share of n times the input's mean square.",
        remark="In expectation, for any activation; of the input's mean square, not its variance.",
        control=NegativeControl(
            "Divide the output layer's weights by √50.",
            {"arms.he_shifted.output_variance": 1.0},
        ),
        derivation=OUTPUT,
    ),
    Claim(
        id="output-deviation-linear",
        statement=(
            "Behind two linear layers the variance over images is the product of both factors "
            "fan_in times weight variance, times the input's mean square without the mean image's."
        ),
        source=THIS_STUDY.at(HERE),
        quantity="output_variance_over_law.unscaled_linear",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason="A tenth: one output unit is one random direction, so draws differ by a third.",
        remark=(
            "With one unit the deviation is over images only, and what all images share shifts "
            "them all alike: it is in the mean, which therefore differs so much between draws."
        ),
        control=NegativeControl("Put a ReLU between.", {"arms.unscaled_linear.slope": 0.0}),
        derivation=OUTPUT,
    ),
)

CLAIMS = (*OF_THE_SECOND_INPUT, *OF_THE_OUTPUT)
