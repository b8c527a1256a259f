"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import pi, sqrt

from study.record.claims import Band, Claim, NegativeControl, around, printed
from study.theory import gaussian
from study.theory.sources import FROM_SCRATCH_NOTE, LESSON_NOTE, SHORT_NOTE, THIS_STUDY

HERE = "chapter The forward pass, section “{}”"
RELU, SHIFT, HUNDRED = (
    "derivation-relu-mean-and-deviation",
    "derivation-shift",
    "derivation-hundred-samples",
)
EXPECTED = "The note looks at one draw; this is the expectation over draws."
GAUSSIAN = "None: the preactivations of one image are Gaussian over the draws, as the weights are."
FEW_UNITS = (
    "Three per cent: 50 units share their images, so a single draw strays by several per cent and "
    "the mean over the draws by less than one."
)
NOT_CENTRED = (
    "A tenth: the linear outputs that the notes call normalised have printed means of up to 0.05 "
    "and deviations down to 0.94."
)
HALF = gaussian.leaky_relu_second_moment(0.0)
MEAN = gaussian.leaky_relu_mean(0.0)
DEVIATION = sqrt(gaussian.leaky_relu_variance(0.0))
# At c = 2 and inputs of mean square 1: (E[h²] − 2·½·E[h] + ¼) / E[h²], with E[h²] = 1.
SHIFTED_SECOND_MOMENT = 1 - 1 / sqrt(pi) + 1 / 4
SIMPLIFIED = "arms.simplified_relu.weight_variance"
HE = "arms.he_relu.weight_variance"
LEAK = NegativeControl(
    "Let half of every negative value through.", {"arms.simplified_relu.slope": 0.5}
)
NO_SHIFT = NegativeControl("Leave the shift away.", {"arms.he_shifted.shift": 0.0})
LARGER = NegativeControl(
    "Give the shifted layer weights of variance 3/m, whose deviation is nearer to 1.",
    {"arms.he_shifted.weight_variance": 3.0},
)

SOLVED = SHORT_NOTE.at("“This was solved by kaiming initialization”")
IMPROVED = LESSON_NOTE.at("“Even though the std as improved the mean is now 0.5”")
BECAME_HALF = FROM_SCRATCH_NOTE.at("section 2.1.1, “mean and deviation became 0.5”")
SAMPLED_100 = FROM_SCRATCH_NOTE.at("section 2.1.4, “sampled 100 times and counted better results”")
ENHANCED = FROM_SCRATCH_NOTE.at("section 2.1.4, “Jeremy said it enhanced variance also”")

relu_output = partial(
    Claim,
    departure=EXPECTED,
    derivation=RELU,
)

OF_THE_RELU = (
    relu_output(
        id="s004-relu-half",
        statement="After the ReLU of the first layer, with weights randn/√m, the mean is 0.5.",
        source=BECAME_HALF,
        quantity="mean.simplified_relu",
        prediction=0.5,
        band=printed(0.5, digits=1),
        reason="What rounds to the one digit that the note gives.",
        remark=(
            "The law is 1/√(2π) = 0.399 times the size of the input. What is 1/2 is the mean "
            "square (first-layer-relu-second-moment)."
        ),
        control=NegativeControl("Enlarge the weights by a quarter.", {SIMPLIFIED: 1.5625}),
    ),
    relu_output(
        id="s004-relu-half-deviation",
        statement=(
            "After the ReLU of the first layer, with weights randn/√m, the standard deviation is "
            "0.5."
        ),
        source=BECAME_HALF,
        quantity="deviation.simplified_relu",
        prediction=0.5,
        band=printed(0.5, digits=1),
        reason="What rounds to the one digit that the note gives.",
        remark=(
            "With the tenth that the longer note's 0.5 is granted it would pass, with the rounding "
            "of its digit it does not: 0.5 is a rough word for the laws, √(1/2 − 1/(2π)) = 0.58 of "
            "the size of the input here, and 1/√(2π) = 0.40 of it for the mean."
        ),
        control=NegativeControl("Shrink the weights by a seventh.", {SIMPLIFIED: 0.7347}),
    ),
    Claim(
        id="first-layer-relu-mean",
        statement=(
            "With weights of variance 1/m, a ReLU's mean is 1/√(2π) of the root mean square of the "
            "image."
        ),
        source=THIS_STUDY.at(HERE.format("With a ReLU")),
        quantity="mean_over_size.simplified_relu",
        prediction=MEAN,
        band=around(MEAN, 0.03 * MEAN),
        reason=FEW_UNITS,
        departure=GAUSSIAN,
        remark="The size of an image is the root of its mean square, averaged over the images.",
        control=LEAK,
        derivation=RELU,
    ),
    Claim(
        id="first-layer-relu-deviation",
        statement=(
            "With weights of variance 1/m, a ReLU's standard deviation over units and images is "
            "√(1/2 − 1/(2π)) of the root mean square of the input."
        ),
        source=THIS_STUDY.at(HERE.format("With a ReLU")),
        quantity="deviation_over_input.simplified_relu",
        prediction=DEVIATION,
        band=around(DEVIATION, 0.03 * DEVIATION),
        reason=f"{FEW_UNITS} Images of unequal size and the straying mean add less than that.",
        departure=GAUSSIAN,
        remark="The size of the input is the root of the mean square of all its pixels.",
        control=LEAK,
        derivation=RELU,
    ),
    Claim(
        id="first-layer-relu-second-moment",
        statement="With weights of variance 1/m, a ReLU's mean square is half the input's.",
        source=THIS_STUDY.at(HERE.format("With a ReLU")),
        quantity="second_moment_over_input.simplified_relu",
        prediction=HALF,
        band=around(HALF, 0.03 * HALF),
        reason=FEW_UNITS,
        departure="None: it needs symmetric weights only.",
        remark="The one of the three numbers that is 1/2.",
        control=LEAK,
        derivation=RELU,
    ),
)

OF_KAIMING = (
    relu_output(
        id="s000-kaiming-solves-mean-and-std",
        statement=(
            "Kaiming initialisation solves that the standard deviation after the ReLU is not 1."
        ),
        source=SOLVED,
        quantity="deviation.he_relu",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=NOT_CENTRED,
        remark=(
            "It restores the mean square (kaiming-keeps-second-moment), of which the new mean "
            "takes a third; the deviation is √(1 − 1/π) = 0.826 of the size of the input."
        ),
        control=NegativeControl("Give the weights variance 3/m.", {HE: 3.0}),
    ),
    relu_output(
        id="s000-kaiming-solves-mean-and-std-mean",
        statement="Kaiming initialisation solves that the mean after the ReLU is not 0.",
        source=SOLVED,
        quantity="mean.he_relu",
        prediction=0.0,
        band=around(0.0, 0.1),
        reason=NOT_CENTRED,
        remark="It moves the mean further away, by the factor √2, as it enlarges the weights.",
        control=NegativeControl("Subtract 0.5 behind the ReLU.", {"arms.he_relu.shift": 0.5}),
    ),
    Claim(
        id="kaiming-keeps-second-moment",
        statement="With weights of variance 2/m, a ReLU's mean square is that of the input.",
        source=THIS_STUDY.at(HERE.format("With a ReLU")),
        quantity="second_moment_over_input.he_relu",
        prediction=1.0,
        band=around(1.0, 0.03),
        reason=FEW_UNITS,
        departure="None: it needs symmetric weights only.",
        remark=(
            "Twice first-layer-relu-second-moment draw by draw, since a ReLU scales with its "
            "weights: the two are one piece of evidence."
        ),
        control=NegativeControl("Drop the factor 2 of the weight variance.", {HE: 1.0}),
        derivation=RELU,
    ),
    relu_output(
        id="s004-not-nice-mean",
        statement="Kaiming initialisation does not give a very nice mean after the ReLU.",
        source=FROM_SCRATCH_NOTE.at("section 2.1.3, “it doesn't give very nice mean”"),
        quantity="mean.he_relu",
        prediction=sqrt(2.0) * MEAN,
        band=Band(0.1, 1.0),
        reason="From a tenth on: means up to there are what the notes call normalised.",
        remark="The law is 1/√π = 0.564 times the size of the input.",
        control=NegativeControl("Subtract 0.5 behind the ReLU.", {"arms.he_relu.shift": 0.5}),
    ),
    relu_output(
        id="s002-std-improved-mean-half",
        statement="With weights randn·√(2/m) the mean after the ReLU is 0.5.",
        source=IMPROVED,
        quantity="mean.he_relu",
        prediction=0.5,
        band=around(0.5, 0.1),
        reason="A tenth: the note says so of the 0.5510 that it has printed, so it means no digit.",
        remark="The law is 1/√π = 0.564 times the size of the input.",
        control=NegativeControl("Drop the factor 2 of the weight variance.", {HE: 1.0}),
    ),
    relu_output(
        id="s002-std-improved-mean-half-deviation",
        statement="With weights randn·√(2/m) the standard deviation after the ReLU is nearer to 1.",
        source=IMPROVED,
        quantity="step_towards_one.he",
        prediction=(sqrt(2.0) - 1) * DEVIATION,
        band=Band(0.05, 0.5),
        reason="From 0.05 on, a change that shows in the first digit.",
        remark="The deviation grows with the weights, by √2; here this is towards 1.",
        control=NegativeControl("Halve the weight variance instead of doubling it.", {HE: 0.5}),
    ),
)

OF_THE_SHIFT = (
    Claim(
        id="s002-std-improved-mean-half-shift",
        statement="Subtracting 0.5 behind the ReLU brings the mean to 0.",
        source=LESSON_NOTE.at("“One solution to the problem is reduce results of relu by 0.5”"),
        quantity="mean.he_shifted",
        prediction=0.0,
        band=around(0.0, 0.1),
        reason=NOT_CENTRED,
        departure=EXPECTED,
        remark=(
            "In the first layer; the law is 1/√π − 1/2 = 0.064 for inputs of size 1. Behind it, "
            "the next layer gets less (shift-next-layer)."
        ),
        control=NO_SHIFT,
        derivation=SHIFT,
    ),
    Claim(
        id="s004-sampled-100-times",
        statement=(
            "Of independent samples of a ReLU layer, more have the better variance with 0.5 "
            "subtracted."
        ),
        source=SAMPLED_100,
        quantity="shifted_nearer_one.he",
        prediction=1.0,
        band=around(1.0, 0.4),
        reason=(
            "From 0.6 on: a fair coin gives 60 or more heads of 100 in 3 of 100 tries, so a count "
            "of 100 below that shows nothing. A sure improvement would win every pair."
        ),
        departure="The note gives no count; the better deviation is read as the one nearer to 1.",
        remark=(
            "A count of 100 is that of a fair coin, since the two deviations have the same law. "
            "With the same weights no sample differs at all (shift-keeps-deviation)."
        ),
        control=LARGER,
        derivation=HUNDRED,
    ),
    Claim(
        id="s004-sampled-100-times-paired",
        statement="Subtracting 0.5 behind the ReLU enhances the standard deviation.",
        source=ENHANCED,
        quantity="deviation_change.he",
        prediction=0.8884 - 0.8071,
        band=Band(0.005, 0.2),
        reason="Any rise that shows in two digits; the lesson note's two prints differ by 0.08.",
        departure="Both layers have the same weights.",
        remark="A constant has no variance: the change is exactly 0.",
        control=NegativeControl(
            "Give the shifted layer weights that are a tenth larger.",
            {"arms.he_shifted.weight_variance": 2.42},
        ),
        derivation=SHIFT,
    ),
    Claim(
        id="s004-sampled-100-times-next-layer",
        statement="Subtracting 0.5 behind the ReLU enhances the variance of the next layer.",
        source=ENHANCED,
        quantity="next_layer_ratio.he",
        prediction=1.0,
        band=Band(0.95, 1.5),
        reason="At least kept, less one part in twenty.",
        departure="The note names no quantity; this is the other one that can be meant.",
        remark="It falls by almost a third (shift-next-layer).",
        control=NO_SHIFT,
        derivation=SHIFT,
    ),
    Claim(
        id="shift-keeps-deviation",
        statement="Subtracting a constant behind the ReLU leaves the standard deviation as it is.",
        source=THIS_STUDY.at(HERE.format("The ReLU minus 0.5")),
        quantity="deviation_change.he",
        prediction=0.0,
        band=around(0.0, 1e-6),
        reason="Far above a rounding error, far below any difference that the note could see.",
        remark="True of any constant, any layer and any draw.",
        control=LARGER,
        derivation=SHIFT,
    ),
    Claim(
        id="shift-next-layer",
        statement=(
            "Subtracting 0.5 behind the ReLU leaves 1 − 1/√π + 1/4 of the next layer's mean square."
        ),
        source=THIS_STUDY.at(HERE.format("The ReLU minus 0.5")),
        quantity="next_layer_ratio.he",
        prediction=SHIFTED_SECOND_MOMENT,
        band=around(SHIFTED_SECOND_MOMENT, 0.05 * SHIFTED_SECOND_MOMENT),
        reason=(
            "Five per cent: the number is that for images of mean square 1, which each set of "
            "images meets to some per cent only."
        ),
        departure="Weights of variance 2/m in both layers, as in the note's code for the first.",
        remark="The next layer gets the mean square of its input, not its variance.",
        control=NO_SHIFT,
        derivation=SHIFT,
    ),
    Claim(
        id="shift-lottery-is-fair",
        statement=(
            "Of two independent ReLU layers, one with 0.5 subtracted, each is as likely to have "
            "the standard deviation nearer to 1."
        ),
        source=THIS_STUDY.at(HERE.format("One hundred samples")),
        quantity="shifted_nearer_one.he",
        prediction=0.5,
        band=around(0.5, 0.08),
        reason="Ends below the 0.6 from which on a count of 100 would show something.",
        remark="The count of 100 such pairs is binomial, with deviation 5.",
        control=LARGER,
        derivation=HUNDRED,
    ),
    Claim(
        id="shift-mean-nearer-zero",
        statement=(
            "Of two independent ReLU layers, one with 0.5 subtracted, that one has the mean nearer "
            "to 0."
        ),
        source=THIS_STUDY.at(HERE.format("One hundred samples")),
        quantity="rate.shifted_nearer_zero.he",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason="Nineteen of twenty: what a count of 100 could not miss.",
        departure="Counted are draws in which this holds for every pair.",
        remark="Here 100 samples do show it: the shift is nine deviations of a layer's mean.",
        control=NO_SHIFT,
        derivation=HUNDRED,
    ),
)

CLAIMS = (*OF_THE_RELU, *OF_KAIMING, *OF_THE_SHIFT)
