"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import erf, sqrt

from study.experiments.depth_size.formats import FormatEnsemble
from study.experiments.depth_size.number_format_limits.method import predicted_crossing
from study.record.claims import (
    Cause,
    Claim,
    Kind,
    NegativeControl,
    Rival,
    Untested,
    around,
    at_least,
)
from study.theory import finite_width
from study.theory.sources import HE_2015, THIS_STUDY

CHAPTER = "chapter Where a number format ends, section "
RECIPE = THIS_STUDY.at(f"{CHAPTER}“The recipe”")
SIX = (
    "Six layers: the largest entry is taken at its median, and the first whole "
    "layer beyond a level lies about two layers later than the recipe has it, by "
    "the overshoot of a random walk and, where a signal dies, by rounding to the "
    "nearest number."
)
FOUR = "Four layers, for the same reasons and a faster fall."
DERIVATION = "derivation-recipe"


def predicted(
    number_format: str, weight_variance: float, start: float = sqrt(2.0), width: int = 32
) -> float:
    """Return the whole layer at which networks of a width end, on average."""
    arm = FormatEnsemble(
        format=number_format,  # type: ignore[arg-type]
        weight_variance=weight_variance,
        width=width,
        depth=2,
        networks=1,
    )
    return predicted_crossing(arm, start).layer + 0.5


def slower(name: str) -> NegativeControl:
    """Return the control with a slower fall."""
    return NegativeControl("Weights of variance 1.1/n.", {f"{name}.weight_variance": 1.1})


FLOAT32_ENDS = predicted("float32", 1.0)
WIDE_WIDTH = 10_000
"""A width at which nothing drifts."""
NO_DRIFT = "The width does not matter: there is no drift."
GRADIENT_ENDS = predicted("float32", 1.0, start=1.0)
SQUARES_END = (
    finite_width.vanishing_layer(
        1.0, 0.0, (finite_width.SMALLEST["float32"] - 1) / 2, width=32
    ).layer
    + 0.5
)

LAST = (
    "The first layer in which every activation is zero, or one is infinite; in "
    "layers from the input, the mean over networks and over draws of the weights."
)

recipe = partial(Claim, source=RECIPE, derivation=DERIVATION)


def last_layer(
    arm: str, number_format: str, weight_variance: float, distance: float
) -> partial[Claim]:
    """Return a claim that networks of width 32 end where the recipe says.

    Args:
        arm: its name in the settings.
        number_format: of its numbers.
        weight_variance: times the width.
        distance: how many layers off counts as there.

    Returns:
        The claim without its texts.
    """
    prediction = predicted(number_format, weight_variance)
    return partial(
        recipe,
        kind=Kind.LAW,
        quantity=f"last_layer.{arm}",
        measured_as=LAST,
        prediction=prediction,
        band=around(prediction, distance),
        rival=Rival(NO_DRIFT, predicted(number_format, weight_variance, width=WIDE_WIDTH)),
    )


CLAIMS = (
    last_layer("one_float32", "float32", 1.0, 6.0)(
        id="float32-dies-at-width-32",
        statement=(
            "At width 32 and variance 1/n a ReLU signal in float32 is zero from layer 271: the "
            "drift of a finite width takes 32 layers."
        ),
        reason=SIX,
        remark=(
            "Without drift the recipe has 303. float32-dies-at-298 counts the same from a root "
            "mean square of 1 to the smallest number, without drift."
        ),
        control=NegativeControl("Take layers of 64 units.", {"arms.one_float32.width": 64}),
    ),
    last_layer("one_bfloat16", "bfloat16", 1.0, 6.0)(
        id="bfloat16-last-layer",
        statement="At width 32 and variance 1/n a ReLU signal in bfloat16 is zero from layer 243.",
        reason=SIX,
        departure="Subnormal numbers count, which some processors take for zero in this format.",
        remark="Its smallest number is 2⁻¹³³, as its exponent is that of float32.",
        control=NegativeControl("Use float32.", {"arms.one_bfloat16.format": "float32"}),
    ),
    last_layer("one_float16", "float16", 1.0, 4.0)(
        id="float16-last-layer",
        statement="At width 32 and variance 1/n a ReLU signal in float16 is zero from layer 48.",
        reason=FOUR,
        remark="Its smallest number is 2⁻²⁴.",
        control=NegativeControl("Use bfloat16.", {"arms.one_float16.format": "bfloat16"}),
    ),
    last_layer("third_float32", "float32", 1 / 3, 4.0)(
        id="third-variance-last-layer",
        statement=(
            "At width 32 and variance 1/(3n) a ReLU signal in float32 is zero from layer 113."
        ),
        reason=FOUR,
        remark="The variance that torch gives a linear layer by default, here without its biases.",
        control=NegativeControl(
            "Weights of variance 0.4/n.", {"arms.third_float32.weight_variance": 0.4}
        ),
    ),
    last_layer("four_float32", "float32", 4.0, 10.0)(
        id="he-beta-to-l",
        statement="A factor above 1 in each layer leads to an output of infinity.",
        source=HE_2015.at(
            "section 2.2, Discussions, “When L is large, if β > 1, this leads to "
            "extremely amplified signals and an algorithm output of infinity”"
        ),
        reason="Ten layers about the one that is predicted: the draws.",
        departure="At variance 4/n and width 32, where the source gives no numbers.",
        remark=(
            "At layer 288 of float32. The source goes on that in either case “the algorithm "
            "does not converge”, which is another matter: below 1 it is a plateau."
        ),
        control=NegativeControl(
            "Weights of variance 3/n.", {"arms.four_float32.weight_variance": 3.0}
        ),
    ),
    last_layer("four_float16", "float16", 4.0, 4.0)(
        id="float16-overflow",
        statement=(
            "At width 32 and variance 4/n a ReLU signal in float16 is infinite from layer 33."
        ),
        reason="Four layers: the draws, and the largest entry, which is taken at its median.",
        remark="The largest float16 number is 65504, just below 2¹⁶.",
        control=NegativeControl("Use bfloat16.", {"arms.four_float16.format": "bfloat16"}),
    ),
    recipe(
        id="pencil-two-deviations",
        kind=Kind.LAW,
        statement=(
            "In float32, bfloat16 and float16 nineteen of twenty ReLU networks end within two "
            "standard deviations of the layer that is predicted in closed form."
        ),
        quantity="inside_share.all",
        measured_as=(
            "The share of the networks of a draw, of all arms together, that end within two "
            "standard deviations of the layer that is predicted."
        ),
        prediction=erf(sqrt(2.0)),
        band=at_least(0.85),
        reason="At most three of twenty outside; of a Gaussian it is one.",
        remark=(
            "Over all arms: four variances, three formats, several widths. The recipe is for rates "
            "above zero and for falls steeper than e^(−1/6) per layer, variances below about "
            "1.7/n: nearer to 2/n rounding feeds the signal, and it lives longer."
        ),
        control=NegativeControl(
            "Take 2/n in the arms of float16, where rounding feeds the signal.",
            {
                f"arms.{name}_float16.weight_variance": 2.0
                for name in ("one", "third", "three", "four")
            },
        ),
    ),
    Claim(
        id="float32-square-underflow",
        kind=Kind.LAW,
        statement=(
            "At width 32 and variance 1/n the mean of the squares of a ReLU signal, computed in "
            "float32, is zero from layer 135, at half the depth of the signal itself."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“Squares end first”"),
        quantity="last_square.one_float32",
        measured_as=(
            "The first layer in which the mean of the squares of the activations, computed in "
            "float32, is zero; in layers from the input, the mean over networks and over "
            "draws of the weights."
        ),
        prediction=SQUARES_END,
        band=around(SQUARES_END, 6.0),
        reason="Six layers: a mean of squares lies below the largest of them.",
        remark="A plot of variances that ends there shows the ruler's end, not the signal's.",
        control=slower("arms.one_float32"),
        rival=Rival("The squares end where the signal does.", FLOAT32_ENDS),
        derivation="derivation-squares",
    ),
    Claim(
        id="gradient-last-layer",
        kind=Kind.LAW,
        statement=(
            "At width 32 and variance 1/n a gradient in float32 reaches 270 layers of a ReLU "
            "network, and no more."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The gradient ends, too”"),
        quantity="gradient_layers.one_float32",
        measured_as=(
            "How many layers a gradient crosses, from the last one on, before all its entries "
            "are zero in float32; in layers, the mean over networks and over draws of the "
            "weights."
        ),
        prediction=GRADIENT_ENDS,
        band=around(GRADIENT_ENDS, 6.0),
        reason=SIX,
        departure="The signal is kept alive beside it, and a standard normal gradient enters.",
        remark="In a real network of this depth it does not start, as the signal has ended.",
        control=slower("gradient"),
        rival=Rival(NO_DRIFT, predicted("float32", 1.0, start=1.0, width=WIDE_WIDTH)),
        derivation="derivation-gradient-ends",
    ),
    Claim(
        id="xavier-relu-thousand",
        kind=Kind.LAW,
        statement=(
            "With a thousand ReLU layers at variance 1/n the output and every gradient are exactly "
            "zero in float32."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The gradient ends, too”"),
        quantity="rate.nothing_left.thousand",
        measured_as=(
            "The share of draws in which the output and the gradient of every weight are "
            "exactly zero in float32."
        ),
        prediction=1.0,
        band=at_least(0.8),
        reason=(
            "A fifth of the draws: the law expects it of all, but the interval of a rate is that "
            "wide even where 28 draws agree."
        ),
        departure="Without biases; that of the last layer would get a gradient.",
        remark=(
            "No learning rate moves such a network. In exact numbers the gradient would be about "
            "2⁻⁵⁰⁰ and smaller, far below the smallest number of float32."
        ),
        control=NegativeControl("Double the weight variance.", {"thousand.weight_variance": 2.0}),
        derivation="derivation-gradient-ends",
    ),
    Claim(
        id="he-ends-by-the-recipe",
        kind=Kind.LAW,
        statement=(
            "At variance 2/n a ReLU network of width 32 in float16 ends at the layer at "
            "which its typical size is that of the smallest number."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“Where rounding feeds the signal”, what one would expect"),
        quantity="over_pencil.two",
        measured_as=(
            "The layer in which the signal ends, over the layer at which its typical size is "
            "the smallest number of float16; a ratio, the mean over networks and over draws "
            "of the weights."
        ),
        prediction=1.0,
        band=around(1.0, 0.15),
        reason="Fifteen per cent: the draws, as the spread of the layer is a third of it.",
        remark=(
            "It lives on: rounding to the nearest number adds about 1/12 of the squared smallest "
            "number to the mean square of a preactivation, and what ends the signal is so slow at "
            "2/n that this feeds it. What lives on is rounding error, not signal."
        ),
        control=NegativeControl("Weights of variance 1/n.", {"two.weight_variance": 1.0}),
        derivation="derivation-rounding-feeds",
    ),
)

UNTESTED = (
    Untested(
        id="he-underflow-width-64",
        cause=Cause.BUDGET,
        statement=(
            "A network of 10,000 ReLU layers of width 64 at variance 2/n can end in exact zeros in "
            "float32."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“Where rounding feeds the signal”"),
        reason=(
            "When it ends depends on how a processor adds up subnormal numbers, and this study "
            "makes no claim about one processor."
        ),
        remark=(
            "Its typical size is that of the smallest number at layer 5,300, give or take 1,000. "
            "From there on it lives on rounding errors, for how long depends on their size."
        ),
        derivation="derivation-rounding-feeds",
    ),
)
