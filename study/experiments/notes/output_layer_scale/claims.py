"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import (
    ORDINARY,
    ORDINARY_REASON,
    Band,
    Cause,
    Claim,
    Kind,
    NegativeControl,
    Rival,
    Untested,
    Verdict,
    Withdrawn,
    around,
    at_least,
    at_most,
)
from study.record.results import PERCENTILE
from study.theory.sources import FROM_SCRATCH_NOTE, SHORT_NOTE, THIS_STUDY

HERE = "chapter The forward pass, section “The output layer follows the same law”"
OUTPUT, PERCENT = "derivation-output-scale", "what-a-percentile-says"
RANDN = FROM_SCRATCH_NOTE.at("section 2.1.1, code “t2 = lin(t, w2, b2) # output”")
ONE_DRAW = "None but for the draw: the note sets no seed."
NO_RELU = "The note applies its linear function twice, with no ReLU between."

TENTH = (
    "A tenth: the linear outputs that the notes call normalised have printed means of up to 0.05 "
    "and standard deviations down to 0.94."
)
FROM_A_TENTH = "From a tenth on: what is nearer the notes call normalised."
EXPECTED = "The expectation over draws in place of one draw."
KEPT = SHORT_NOTE.at(
    "“we want input to second layer to also be of mean 0 and std 1. But if we divide by "
    "math.sqrt(m) we achieve the same”"
)
POST_RELU = SHORT_NOTE.at("“Post relu the out put does not have mean 0 and std 1”")

OF_THE_SECOND_INPUT = (
    Claim(
        id="s000-simplified-keeps-scale",
        kind=Kind.LAW,
        statement=(
            "Divided by √m, the weights give the second layer inputs of standard deviation 1."
        ),
        source=KEPT,
        quantity="deviation.simplified_linear",
        measured_as=(
            "The standard deviation of the first layer's output over its 50 units and the 10,000 "
            "validation images, averaged over draws of the weights."
        ),
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=TENTH,
        departure=f"Of the linear map alone, as in the note's code below it. {EXPECTED}",
        remark=(
            "Up to the size of the images, and up to the mean that the layer has in a draw. After "
            "the ReLU it does not hold, as the note then says (s000-post-relu-not-standard)."
        ),
        control=NegativeControl(
            "Double the weight variance.", {"arms.simplified_linear.weight_variance": 2.0}
        ),
        derivation="derivation-first-layer",
    ),
    Claim(
        id="s000-simplified-keeps-scale-mean",
        kind=Kind.LAW,
        statement="Divided by √m, the weights give the second layer inputs of mean 0.",
        source=KEPT,
        quantity="mean.simplified_linear",
        measured_as=(
            "The mean of the first layer's output over its 50 units and the 10,000 validation "
            "images, averaged over draws of the weights."
        ),
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
        kind=Kind.FINDING,
        statement=(
            "Divided by √m, the weights do not give a standard deviation of 1 after the ReLU."
        ),
        source=POST_RELU,
        quantity="deviation.simplified_relu",
        measured_as=(
            "The standard deviation of the first layer's output after the ReLU over its 50 units "
            "and the 10,000 validation images, averaged over draws of the weights."
        ),
        band=at_most(0.9),
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
        kind=Kind.FINDING,
        statement="Divided by √m, the weights do not give a mean of 0 after the ReLU.",
        source=POST_RELU,
        quantity="mean.simplified_relu",
        measured_as=(
            "The mean of the first layer's output after the ReLU over its 50 units and the 10,000 "
            "validation images, averaged over draws of the weights."
        ),
        band=at_least(0.1),
        reason=FROM_A_TENTH,
        departure=EXPECTED,
        remark="The law is 1/√(2π) = 0.399 times the size of the input.",
        control=NegativeControl(
            "Subtract 0.4 after the ReLU.", {"arms.simplified_relu.shift": 0.4}
        ),
        derivation="derivation-relu-mean-and-deviation",
    ),
)

OF_THE_OUTPUT = (
    Claim(
        id="s004-unscaled-output",
        kind=Kind.PRINT,
        statement="With weights randn in both layers the output has standard deviation 170.9717.",
        source=RANDN,
        quantity=f"{PERCENTILE}output_deviation.unscaled_linear",
        measured_as=(
            "The share of draws of the weights, from 0 to 1, in which the standard deviation of "
            "the network's output over the 10,000 validation images lies below the printed number."
        ),
        prediction=0.5,
        band=ORDINARY,
        reason=ORDINARY_REASON,
        departure=ONE_DRAW,
        remark=f"{NO_RELU} The law leaves the mean image out (output-deviation-linear).",
        control=NegativeControl(
            "Halve the output layer's weights.", {"arms.unscaled_linear.output_variance": 12.5}
        ),
        data="mnist",
        derivation=PERCENT,
    ),
    Claim(
        id="s004-unscaled-output-mean",
        kind=Kind.PRINT,
        statement="With weights randn in both layers the output has mean −58.2665.",
        source=RANDN,
        quantity=f"{PERCENTILE}output_mean.unscaled_linear",
        measured_as=(
            "The share of draws of the weights, from 0 to 1, in which the mean of the network's "
            "output over the 10,000 validation images lies below the printed number."
        ),
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
        kind=Kind.FINDING,
        statement="With weights randn the output is terribly far from normalised.",
        source=FROM_SCRATCH_NOTE.at("section 2.1.1, “terribly far from normalzed value”"),
        quantity="output_deviation.unscaled_linear",
        measured_as=(
            "The standard deviation of the network's output over the 10,000 validation images, "
            "averaged over draws of the weights."
        ),
        band=at_least(20.0),
        reason="From twenty times a normalised output on, whose standard deviation is 1.",
        departure="The expectation over draws in place of one draw.",
        remark=(
            "Each layer multiplies the root mean square by √fan_in, 28 and 7. The law of the "
            "product leaves the mean image out, and gives this number (output-deviation-linear)."
        ),
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
        id="unscaled-output-layer-is-large",
        kind=Kind.FINDING,
        statement=(
            "With w1 = randn·√(2/m), a ReLU minus 0.5 and w2 = randn(nh, 1), the output of the "
            "notes' network starts with a standard deviation of at least 2."
        ),
        source=THIS_STUDY.at(HERE),
        quantity="output_deviation.he_shifted",
        measured_as=(
            "The standard deviation of the network's output over the 10,000 validation images, "
            "averaged over draws of the weights."
        ),
        band=at_least(2.0),
        reason="Twice a normalised output, or more.",
        remark=(
            "The code is the last of the from-scratch note, which gives no number for it; see "
            "s004-output-layer-unscaled."
        ),
        control=NegativeControl(
            "Divide the output layer's weights by √50.",
            {"arms.he_shifted.output_variance": 1.0},
        ),
        derivation=OUTPUT,
    ),
    Claim(
        id="output-second-moment",
        kind=Kind.LAW,
        statement=(
            "An output layer with n inputs and weights randn multiplies the mean square of its "
            "input by n."
        ),
        source=THIS_STUDY.at(HERE),
        quantity="output_factor_over_fan_in.he_shifted",
        measured_as=(
            "The mean square of the network's output over the validation images, over the mean "
            "square of its hidden layer and over the number of hidden units, averaged over draws."
        ),
        prediction=1.0,
        band=around(1.0, 0.25),
        reason="A quarter: one output unit is one random direction, so draws differ by half.",
        departure="Measured as a share of n times the input's mean square.",
        remark="In expectation, for any activation; of the input's mean square, not its variance.",
        control=NegativeControl(
            "Halve the variance of the output layer's weights.",
            {"arms.he_shifted.output_variance": 25.0},
        ),
        rival=Rival("Of the mean square one half counts, as behind a ReLU.", 0.5),
        derivation=OUTPUT,
    ),
    Claim(
        id="output-deviation-linear",
        kind=Kind.LAW,
        statement=(
            "Behind two linear layers the variance over images is the product of both factors "
            "fan_in times weight variance, times the input's mean square without the mean image's."
        ),
        source=THIS_STUDY.at(HERE),
        quantity="output_variance_over_law.unscaled_linear",
        measured_as=(
            "The variance of the output of two linear layers over the validation images, over the "
            "law, averaged over draws."
        ),
        prediction=1.0,
        band=around(1.0, 0.1),
        reason="A tenth: one output unit is one random direction, so draws differ by a third.",
        remark=(
            "With one unit the standard deviation is over images only, and what all images share "
            "shifts them all alike: it is in the mean, which therefore differs so much between "
            "draws."
        ),
        control=NegativeControl("Put a ReLU between.", {"arms.unscaled_linear.slope": 0.0}),
        rival=Rival("The mean image counts as well.", 1.41),
        derivation=OUTPUT,
    ),
)

CLAIMS = (*OF_THE_SECOND_INPUT, *OF_THE_OUTPUT)

UNTESTED = (
    Untested(
        id="s004-output-layer-unscaled",
        cause=Cause.WORDS,
        statement="The architecture needs w2 = randn(nh, 1), without a factor.",
        source=FROM_SCRATCH_NOTE.at(
            "section 2.1.4, “code we need for basic architecture”, “w2 = torch.randn(nh,1)”"
        ),
        reason="Code without a number beside it: the note does not say how large its output is.",
        withdrawn=Withdrawn(
            Verdict.CONTRADICTED,
            "output_deviation.he_shifted",
            Band(0.5, 2.0),
            "It judged the code by the wish for a normalised output, which the note has elsewhere.",
        ),
        remark=(
            "What the code gives is unscaled-output-layer-is-large: an output about five times too "
            "large for a normalised one. The note's own simplified initialisation divides w2 by "
            "√nh, and its last code leaves that out."
        ),
        derivation=OUTPUT,
    ),
)
