"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import pi, sqrt

from study.record.claims import (
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
    printed,
    within,
)
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
    "and standard deviations down to 0.94."
)
HALF = gaussian.leaky_relu_second_moment(0.0)
MEAN = gaussian.leaky_relu_mean(0.0)
DEVIATION = sqrt(gaussian.leaky_relu_variance(0.0))
# MNIST's validation images, standardised by the training pixels: mean square and mean size.
MEAN_SQUARE, SIZE = 0.98496, 0.98154
# At c = 2: (E[h²] − 2·½·E[h] + ¼) / E[h²], with E[h²] the images' mean square.
SHIFTED_SECOND_MOMENT = 1 - SIZE / (MEAN_SQUARE * sqrt(pi)) + 1 / (4 * MEAN_SQUARE)
SIMPLIFIED = "arms.simplified_relu.weight_variance"
HE = "arms.he_relu.weight_variance"


def leak(slope: float) -> NegativeControl:
    """Return the change that lets a share of every negative value through."""
    return NegativeControl(
        f"Let {slope:g} of every negative value through.", {"arms.simplified_relu.slope": slope}
    )


NO_SHIFT = NegativeControl("Leave the shift away.", {"arms.he_shifted.shift": 0.0})
LARGER = NegativeControl(
    "Give the shifted layer weights of variance 3/m, whose standard deviation is nearer to 1.",
    {"arms.he_shifted.weight_variance": 3.0},
)

SOLVED = SHORT_NOTE.at(
    "“Post relu the out put does not have mean 0 and std 1. This was solved by kaiming "
    "initialization.”"
)
IMPROVED = LESSON_NOTE.at("“Even though the std as improved the mean is now 0.5”")
BECAME_HALF = FROM_SCRATCH_NOTE.at(
    "section 2.1.1, “After applying activations relu at linear layer, mean and deviation became "
    "0.5.”"
)
ENHANCED = FROM_SCRATCH_NOTE.at(
    "section 2.1.4, “Jeremy said it enhanced variance also, so I sampled 100 times and counted "
    "better results.”"
)

relu_output = partial(
    Claim,
    departure=EXPECTED,
    derivation=RELU,
)

FIRST_MEAN = Claim(
    id="first-layer-relu-mean",
    kind=Kind.LAW,
    statement=(
        "With weights of variance 1/m, a ReLU's mean is 1/√(2π) of the root mean square of the "
        "image."
    ),
    source=THIS_STUDY.at(HERE.format("A ReLU halves the mean square")),
    quantity="mean_over_size.simplified_relu",
    measured_as=(
        "The mean of the first layer's output after the ReLU, over its 50 units and the 10,000 "
        "validation images, averaged over draws of the weights, over the mean over the images of "
        "the root mean square of an image."
    ),
    prediction=MEAN,
    band=around(MEAN, 0.03 * MEAN),
    reason=FEW_UNITS,
    departure=GAUSSIAN,
    remark="The size of an image is the root of its mean square, averaged over the images.",
    control=leak(0.1),
    rival=Rival("It is one half, as the mean square is.", 0.5),
    derivation=RELU,
)

FIRST_DEVIATION = Claim(
    id="first-layer-relu-deviation",
    kind=Kind.LAW,
    statement=(
        "With weights of variance 1/m, a ReLU's standard deviation over units and images is "
        "√(1/2 − 1/(2π)) of the root mean square of the input."
    ),
    source=THIS_STUDY.at(HERE.format("A ReLU halves the mean square")),
    quantity="deviation_over_input.simplified_relu",
    measured_as=(
        "The standard deviation of the first layer's output after the ReLU, over its 50 units and "
        "the 10,000 validation images, averaged over draws of the weights, over the root mean "
        "square of all pixels of the images."
    ),
    prediction=DEVIATION,
    band=around(DEVIATION, 0.03 * DEVIATION),
    reason=f"{FEW_UNITS} Images of unequal size and the straying mean add less than that.",
    departure=GAUSSIAN,
    remark="The size of the input is the root of the mean square of all its pixels.",
    control=leak(0.2),
    rival=Rival("It is one half, as the mean square is.", 0.5),
    derivation=RELU,
)

OF_THE_RELU = (
    relu_output(
        id="s004-relu-half",
        kind=Kind.FINDING,
        statement="After the ReLU of the first layer, with weights randn/√m, the mean is 0.5.",
        source=BECAME_HALF,
        quantity="mean.simplified_relu",
        measured_as=(
            "The mean of the first layer's output after the ReLU, over its 50 units and the 10,000 "
            "validation images, averaged over draws of the weights."
        ),
        prediction=0.5,
        band=printed(0.5, digits=1),
        reason="What rounds to the one digit that the note gives.",
        remark=(
            "A rough word for the law, 1/√(2π) = 0.399 of the root mean square of an image "
            "(first-layer-relu-mean). Single draws round to 0.5 now and then, for the mean or for "
            "the standard deviation. What is 1/2 is the mean square "
            "(first-layer-relu-second-moment)."
        ),
        control=NegativeControl("Enlarge the weights by a quarter.", {SIMPLIFIED: 1.5625}),
        corrected=FIRST_MEAN,
    ),
    relu_output(
        id="s004-relu-half-deviation",
        kind=Kind.FINDING,
        statement=(
            "After the ReLU of the first layer, with weights randn/√m, the standard deviation is "
            "0.5."
        ),
        source=BECAME_HALF,
        quantity="deviation.simplified_relu",
        measured_as=(
            "The standard deviation of the first layer's output after the ReLU, over its 50 units "
            "and the 10,000 validation images, averaged over draws of the weights."
        ),
        prediction=0.5,
        band=printed(0.5, digits=1),
        reason="What rounds to the one digit that the note gives.",
        remark=(
            "A rough word for the law, √(1/2 − 1/(2π)) = 0.584 of the root mean square of the "
            "input (first-layer-relu-deviation). Granted a tenth it would pass; granted the "
            "rounding of its digit it does not."
        ),
        control=NegativeControl("Shrink the weights by a seventh.", {SIMPLIFIED: 0.7347}),
        corrected=FIRST_DEVIATION,
    ),
    FIRST_MEAN,
    FIRST_DEVIATION,
    Claim(
        id="first-layer-relu-second-moment",
        kind=Kind.LAW,
        statement="With weights of variance 1/m, a ReLU's mean square is half the input's.",
        source=THIS_STUDY.at(HERE.format("A ReLU halves the mean square")),
        quantity="second_moment_over_input.simplified_relu",
        measured_as=(
            "The mean square of the first layer's output after the ReLU, over its 50 units and the "
            "10,000 validation images, averaged over draws of the weights, over that of all pixels "
            "of the images."
        ),
        prediction=HALF,
        band=around(HALF, 0.03 * HALF),
        reason=FEW_UNITS,
        departure="None: it needs symmetric weights only.",
        remark="The one of the three numbers that is 1/2.",
        control=leak(0.4),
        rival=Rival("It is 1/2 − 1/(2π), as the variance is.", 0.341),
        derivation=RELU,
    ),
)

OF_KAIMING = (
    relu_output(
        id="s000-kaiming-solves-mean-and-std",
        kind=Kind.FINDING,
        statement=(
            "Kaiming initialisation solves that the standard deviation after the ReLU is not 1."
        ),
        source=SOLVED,
        quantity="deviation.he_relu",
        measured_as=(
            "The standard deviation of the first layer's output after the ReLU, over its 50 units "
            "and the 10,000 validation images, averaged over draws of the weights."
        ),
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=NOT_CENTRED,
        remark=(
            "It restores the mean square (kaiming-keeps-second-moment), of which the new mean "
            "takes a third; the standard deviation is √(1 − 1/π) = 0.826 of the size of the input."
        ),
        control=NegativeControl("Give the weights variance 3/m.", {HE: 3.0}),
    ),
    relu_output(
        id="s000-kaiming-solves-mean-and-std-mean",
        kind=Kind.FINDING,
        statement="Kaiming initialisation solves that the mean after the ReLU is not 0.",
        source=SOLVED,
        quantity="mean.he_relu",
        measured_as=(
            "The mean of the first layer's output after the ReLU, over its 50 units and the 10,000 "
            "validation images, averaged over draws of the weights."
        ),
        prediction=0.0,
        band=around(0.0, 0.1),
        reason=NOT_CENTRED,
        remark="It moves the mean further away, by the factor √2, as it enlarges the weights.",
        control=NegativeControl("Subtract 0.5 after the ReLU.", {"arms.he_relu.shift": 0.5}),
    ),
    Claim(
        id="kaiming-keeps-second-moment",
        kind=Kind.IDENTITY,
        statement="With weights of variance 2/m, a ReLU's mean square is that of the input.",
        source=THIS_STUDY.at(HERE.format("A ReLU halves the mean square")),
        quantity="second_moment_over_input.he_relu",
        measured_as=(
            "The mean square of the first layer's output after the ReLU, over its 50 units and the "
            "10,000 validation images, averaged over draws of the weights, over that of all pixels "
            "of the images."
        ),
        prediction=1.0,
        band=around(1.0, 0.03),
        reason=FEW_UNITS,
        departure="None: it needs symmetric weights only.",
        remark=(
            "Twice first-layer-relu-second-moment draw by draw, since a ReLU scales with its "
            "weights: it is that law once more, and is checked, not measured anew."
        ),
        control=NegativeControl("Give the weights variance 1.8/m.", {HE: 1.8}),
        derivation=RELU,
    ),
    relu_output(
        id="s004-not-nice-mean",
        kind=Kind.FINDING,
        statement="Kaiming initialisation does not give a very nice mean after the ReLU.",
        source=FROM_SCRATCH_NOTE.at("section 2.1.3, “But it doesn’t give very nice mean tough.”"),
        quantity="mean.he_relu",
        measured_as=(
            "The mean of the first layer's output after the ReLU, over its 50 units and the 10,000 "
            "validation images, averaged over draws of the weights."
        ),
        band=at_least(0.1),
        reason="From a tenth on: means up to there are what the notes call normalised.",
        remark="The law is 1/√π = 0.564 of the root mean square of an image.",
        control=NegativeControl("Make the weights ten times smaller.", {HE: 0.02}),
    ),
    relu_output(
        id="s002-std-improved-mean-half",
        kind=Kind.FINDING,
        statement="With weights randn·√(2/m) the mean after the ReLU is 0.5.",
        source=IMPROVED,
        quantity="mean.he_relu",
        measured_as=(
            "The mean of the first layer's output after the ReLU, over its 50 units and the 10,000 "
            "validation images, averaged over draws of the weights."
        ),
        prediction=0.5,
        band=around(0.5, 0.1),
        reason="A tenth: the note says so of the 0.5510 that it has printed, so it means no digit.",
        remark=(
            "The law is 1/√π = 0.564 of the root mean square of an image; the interval excludes "
            "the round number itself."
        ),
        control=NegativeControl("Drop the factor 2 of the weight variance.", {HE: 1.0}),
    ),
    relu_output(
        id="s002-std-improved-mean-half-deviation",
        kind=Kind.FINDING,
        statement="With weights randn·√(2/m) the standard deviation after the ReLU is nearer to 1.",
        source=IMPROVED,
        quantity="step_towards_one.he",
        measured_as=(
            "How much nearer to 1 the standard deviation after the ReLU is with randn·√(2/m) than "
            "with randn/√m, on the same random numbers, averaged over draws."
        ),
        band=at_least(0.05),
        reason="From 0.05 on, a change that shows in the first digit.",
        remark="The standard deviation grows with the weights, by √2, and so comes nearer to 1.",
        control=NegativeControl("Halve the weight variance instead of doubling it.", {HE: 0.5}),
    ),
)

OF_THE_SHIFT = (
    Claim(
        id="s002-std-improved-mean-half-shift",
        kind=Kind.FINDING,
        statement=(
            "Reducing the results of the ReLU by 0.5 is one solution to a mean of 0.5: the mean of "
            "the first layer is then 0."
        ),
        source=LESSON_NOTE.at("“One solution to the problem is reduce results of relu by 0.5”"),
        quantity="mean.he_shifted",
        measured_as=(
            "The mean of the first layer's output after the ReLU minus 0.5, over its 50 units and "
            "the 10,000 validation images, averaged over draws of the weights."
        ),
        prediction=0.0,
        band=around(0.0, 0.1),
        reason=NOT_CENTRED,
        departure=EXPECTED,
        remark=(
            "The law is 1/√π − 1/2 = 0.064 for images of mean square 1, so the interval excludes 0 "
            "itself. It is of the first layer; behind it, the next one gets less "
            "(shift-next-layer)."
        ),
        control=NegativeControl("Subtract 0.3 only.", {"arms.he_shifted.shift": 0.3}),
        derivation=SHIFT,
    ),
    Claim(
        id="s004-sampled-100-times-paired",
        kind=Kind.IDENTITY,
        statement="Subtracting 0.5 after the ReLU is said to enhance the variance, too.",
        source=ENHANCED,
        quantity="deviation_change.he",
        measured_as=(
            "The standard deviation of the first layer's output with 0.5 subtracted after the "
            "ReLU, less that without, on the same weights; the same in every draw."
        ),
        prediction=0.8884 - 0.8071,
        band=Band(0.005, 0.2),
        reason="Any rise that shows in two digits; the lesson note's two prints differ by 0.08.",
        departure="Both layers have the same weights.",
        remark=(
            "A constant has no variance: the change is exactly 0 (shift-keeps-deviation, which "
            "says the opposite of the same number). The saying came from two prints with different "
            "weights, of which the second happened to be the larger (s002-shifted-relu-stats)."
        ),
        control=NegativeControl(
            "Give the shifted layer weights that are a tenth larger.",
            {"arms.he_shifted.weight_variance": 2.42},
        ),
        derivation=SHIFT,
    ),
    Claim(
        id="shift-keeps-deviation",
        kind=Kind.IDENTITY,
        statement="Subtracting a constant after the ReLU leaves the standard deviation as it is.",
        source=THIS_STUDY.at(
            HERE.format("Subtracting a half moves the mean and nothing else of use")
        ),
        quantity="deviation_change.he",
        measured_as=(
            "The standard deviation of the first layer's output with 0.5 subtracted after the "
            "ReLU, less that without, on the same weights; the same in every draw."
        ),
        prediction=0.0,
        band=around(0.0, 1e-6),
        reason="Far above a rounding error, far below any difference that the note could see.",
        remark="This holds for any constant, any layer and any draw.",
        control=NegativeControl(
            "Give the shifted layer weights that are half a per cent larger.",
            {"arms.he_shifted.weight_variance": 2.02},
        ),
        derivation=SHIFT,
    ),
    Claim(
        id="shift-next-layer",
        kind=Kind.LAW,
        statement=(
            "Subtracting 0.5 after the ReLU leaves 1 − s/(q√π) + 1/(4q) of the next layer's mean "
            "square, for images of mean square q and mean root mean square s."
        ),
        source=THIS_STUDY.at(
            HERE.format("Subtracting a half moves the mean and nothing else of use")
        ),
        quantity="next_layer_ratio.he",
        measured_as=(
            "The mean square of the next layer's preactivations with 0.5 subtracted, over that "
            "without, on the same weights of both layers, averaged over draws."
        ),
        prediction=SHIFTED_SECOND_MOMENT,
        band=within(SHIFTED_SECOND_MOMENT, 0.02),
        reason=(
            "Two per cent, twice what the draws leave; the number is that of MNIST's validation "
            "images."
        ),
        departure="Weights of variance 2/m in both layers, as in the note's code for the first.",
        remark=(
            "The next layer gets the mean square of its input, not its variance. For images that "
            "are all of mean square 1 it is 1 − 1/√π + 1/4 = 0.686."
        ),
        control=NegativeControl("Subtract 0.35 only.", {"arms.he_shifted.shift": 0.35}),
        rival=Rival("It gets the variance of its input, which the shift leaves.", 1.0),
        data="mnist",
        derivation=SHIFT,
    ),
    Claim(
        id="shift-lottery-is-fair",
        kind=Kind.LAW,
        statement=(
            "Of two independent ReLU layers, one with 0.5 subtracted, each is as likely to have "
            "the standard deviation nearer to 1."
        ),
        source=THIS_STUDY.at(
            "page The notes, line by line, section “What can one hundred samples show?”"
        ),
        quantity="shifted_nearer_one.he",
        measured_as=(
            "The share of pairs of layers with independent weights, from 0 to 1, in which the "
            "shifted one has the standard deviation nearer to 1, averaged over draws."
        ),
        prediction=0.5,
        band=around(0.5, 0.08),
        reason="Ends below the 0.6 from which on a count of 100 would show something.",
        remark="The count of 100 such pairs is binomial, with standard deviation 5.",
        control=LARGER,
        rival=Rival("The shift wins six of ten.", 0.6),
        derivation=HUNDRED,
    ),
    Claim(
        id="shift-mean-nearer-zero",
        kind=Kind.FINDING,
        statement=(
            "Of two independent ReLU layers, one with 0.5 subtracted, the shifted one has the mean "
            "nearer to 0."
        ),
        source=THIS_STUDY.at(
            "page The notes, line by line, section “What can one hundred samples show?”"
        ),
        quantity="rate.shifted_nearer_zero.he",
        measured_as=(
            "The share of draws, from 0 to 1, in which the shifted layer has the mean nearer to 0 "
            "in every pair of layers with independent weights."
        ),
        band=at_least(0.95),
        reason="Nineteen of twenty: what a count of 100 could not miss.",
        departure="Counted are draws in which this holds for every pair.",
        remark=(
            "Here 100 samples do show it: the shift is nine standard deviations of a layer's mean."
        ),
        control=NO_SHIFT,
        derivation=HUNDRED,
    ),
)

CLAIMS = (*OF_THE_RELU, *OF_KAIMING, *OF_THE_SHIFT)

UNTESTED = (
    Untested(
        id="s004-sampled-100-times",
        cause=Cause.WORDS,
        statement="Of 100 samples with 0.5 subtracted after the ReLU, more had better results.",
        source=ENHANCED,
        reason=(
            "A count that its author saw once, without a number: by chance alone the shift is "
            "ahead in 46 of 100 such counts, so no count of ours speaks against it."
        ),
        withdrawn=Withdrawn(
            Verdict.CONTRADICTED,
            "shifted_nearer_one.he",
            Band(0.6, 1.4),
            "It charged what one person counted with holding for all samples.",
        ),
        remark=(
            "The odds are shift-lottery-is-fair, those of a coin, since the two standard "
            "deviations have the same distribution. With the same weights no sample differs at all "
            "(shift-keeps-deviation)."
        ),
        derivation=HUNDRED,
    ),
    Untested(
        id="s004-sampled-100-times-next-layer",
        cause=Cause.WORDS,
        statement="Subtracting 0.5 after the ReLU is said to enhance the variance behind it.",
        source=ENHANCED,
        reason="The note speaks of the variance, and not of that of the next layer.",
        withdrawn=Withdrawn(
            Verdict.CONTRADICTED,
            "next_layer_ratio.he",
            Band(0.95, 1.5),
            "It read a second quantity into a sentence that names one.",
        ),
        remark="What the shift does to the next layer is a law of this study, shift-next-layer.",
        derivation=SHIFT,
    ),
)
