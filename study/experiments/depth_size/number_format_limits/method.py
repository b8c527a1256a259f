"""At which layer a signal ends in float32, bfloat16 and float16, and what ends before it.

ReLU networks whose numbers are those of a format: weights, signals and gradients are rounded to it
after each operation. The layer is predicted with pencil, from the variance, the width and the
format.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import erf, inf, log2, sqrt
from statistics import stdev
from typing import TYPE_CHECKING, Annotated, Any, Literal

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from scipy.special import ndtri
from torch import Tensor

from study.experiments.depth_size.ensembles import enter
from study.experiments.depth_size.formats import Ascent, gradient_layers, nothing_left, send_up
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.lab.statistics import first
from study.record.claims import Band, Claim, Fault, Untested, around
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, mean_row
from study.theory import finite_width
from study.theory.finite_width import Crossing
from study.theory.sources import HE_2015, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, config=STRICT)
class Arm:
    """ReLU networks in a format, of one width and at most some layers."""

    format: Literal["float32", "bfloat16", "float16"]
    weight_variance: Annotated[float, Gt(0), Le(1000)]
    width: Annotated[int, Ge(2), Le(16_384)]
    depth: Annotated[int, Ge(2), Le(1_000_000)]
    networks: Annotated[int, Ge(1), Le(10_000)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the arms, and the networks of other questions."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(1)]
    arms: Annotated[dict[str, Arm], MinLen(1)]
    two: Arm
    near: Arm
    gradient: Arm
    thousand: Arm


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Send images up, and gradients down, until nothing is left, for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; each draw takes one of the first images of its training split.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the layers at which the networks end; over the draws, their sizes by layer.
    """
    images = mnist.standardised(mnist.train.first(config.images).images)
    measured = {draw: measure(config, images[draw % config.images], draw) for draw in draws}
    ascents = [ascents for ascents, _ in measured.values()]
    return Result.of(
        {draw: found for draw, (_, found) in measured.items()},
        tables={"sizes": sizes(config, ascents), "layers": last_layers(config, ascents)},
    )


def measure(config: Config, image: Tensor, draw: int) -> tuple[dict[str, Ascent], dict[str, float]]:
    """Measure all networks of one draw.

    Args:
        config: the settings.
        image: what enters, of shape (pixels,).
        draw: index of the draw.

    Returns:
        The sizes in each arm, and the quantities that claims read.
    """

    def entering(arm: Arm) -> Tensor:
        return enter(image, arm.width, config.seed, draw)

    def up(arm: Arm) -> Ascent:
        return send_up(entering(arm), arm, config.seed, draw)

    arms = {**config.arms, "two": config.two, "near": config.near}
    ascents = dict(zip(arms, side_by_side(up, arms.values()), strict=True))
    found = {f"last_layer.{name}": float(a.ending_layers().mean()) for name, a in ascents.items()}
    inside = [
        inside_interval(ascents[name].ending_layers(), crossing(arm))
        for name, arm in config.arms.items()
    ]
    survived = gradient_layers(entering(config.gradient), config.gradient, config.seed, draw)
    gone = nothing_left(entering(config.thousand), config.thousand, config.seed, draw)
    return ascents, found | {
        "inside_share.all": float(torch.cat(inside).double().mean()),
        **{
            f"over_pencil.{name}": found[f"last_layer.{name}"] / (crossing(arm).layer + 0.5)
            for name, arm in (("two", config.two), ("near", config.near))
        },
        "last_square.one_float32": float(ascents["one_float32"].square_ending_layers().mean()),
        "gradient_layers.one_float32": float(survived.mean()),
        "rate.nothing_left.thousand": float(gone),
    }


# With pencil -------------------------------------------------------------------------------------


def median_largest(width: int) -> float:
    r"""Return the median of the largest of ``n`` standard normal numbers.

    .. math:: \Phi(m)^n = 1/2
    """
    return float(ndtri(0.5 ** (1 / width)))


def crossing(arm: Arm, start: float = sqrt(2.0)) -> Crossing:
    """Return the layer at which the largest entry leaves the format, by the law of log norms.

    It leaves at the lower end if the rate of the log norm is negative, which at a finite width it
    is a little above variance 2/n, too.

    Args:
        arm: the networks.
        start: the deviation of the preactivations, as the straight line of the law has it at
            layer 0.

    Returns:
        The layer, and two deviations to either side. The first whole layer beyond lies half a
        layer higher on average; where a signal dies slowly, rounding adds a layer or two.
    """
    starting = log2(start * median_largest(arm.width))
    end = finite_width.LARGEST[arm.format]
    half_smallest = finite_width.SMALLEST[arm.format] - 1
    rate, _ = finite_width.log2_rms(arm.weight_variance, width=arm.width)
    if rate > 0:
        return finite_width.overflowing_layer(
            arm.weight_variance, 0.0, end, width=arm.width, start=starting
        )
    return finite_width.vanishing_layer(
        arm.weight_variance, 0.0, half_smallest, width=arm.width, start=starting
    )


def inside_interval(last: Tensor, predicted: Crossing) -> Tensor:
    """Tell which networks end within two deviations, up to the next whole layer."""
    return (last >= predicted.early) & (last <= predicted.late + 1)


# Tables ------------------------------------------------------------------------------------------


def sizes(config: Config, ascents: Sequence[Mapping[str, Ascent]]) -> list[Mapping[str, Any]]:
    """Average the exponents of two of some layers' sizes over all networks.

    Args:
        config: the settings.
        ascents: the sizes of each draw, by arm.

    Returns:
        Rows of arm, quantity, layer, mean and half width, as far as all networks are alive.
    """
    rows: list[Mapping[str, Any]] = []
    for name in config.arms:
        for quantity in ("largest", "mean_square"):
            curves = [row for a in ascents for row in getattr(a[name], quantity).log2()]
            alive = min(int(first(~c.isfinite())) - 1 for c in curves)
            step = max(1, alive // 30)
            for at in range(0, alive, step):
                exponents = [float(curve[at]) for curve in curves]
                rows.append(mean_row(exponents, arm=name, quantity=quantity, layer=at + 1))
    return rows


def last_layers(config: Config, ascents: Sequence[Mapping[str, Ascent]]) -> list[Mapping[str, Any]]:
    """Collect mean and deviation of the layers at which the networks of each arm end."""
    rows: list[Mapping[str, Any]] = []
    for name, arm in config.arms.items():
        ends = [layer for a in ascents for layer in a[name].ending_layers().tolist()]
        predicted = crossing(arm)
        rows.append(
            mean_row(ends, arm=name)
            | {"deviation": stdev(ends) if len(ends) > 1 else inf}
            | {"predicted": predicted.layer + 0.5}
            | {"early": predicted.early, "late": predicted.late + 1}
        )
    return rows


# Claims ------------------------------------------------------------------------------------------

CHAPTER = "chapter The size of a signal at depth 1000, section "
RECIPE = THIS_STUDY.at(f"{CHAPTER}“The recipe”")
NONE = "None: it is a statement of this study about these networks."
SIX = (
    "Six layers: the largest entry is taken at its median, and where a signal dies, rounding to "
    "the nearest number keeps it alive for a layer or two that the recipe leaves out."
)
FOUR = "Four layers, for the same reasons and a faster fall."
PREDICTED = "derivation-recipe"


def predicted(number_format: str, weight_variance: float, start: float = sqrt(2.0)) -> float:
    """Return the whole layer at which networks of width 32 end, on average."""
    arm = Arm(
        format=number_format,  # type: ignore[arg-type]
        weight_variance=weight_variance,
        width=32,
        depth=2,
        networks=1,
    )
    return crossing(arm, start).layer + 0.5


def slower(name: str) -> Fault:
    """Return the fault of a slower fall."""
    return Fault("Weights of variance 1.1/n.", {f"{name}.weight_variance": 1.1})


FLOAT32_ENDS = predicted("float32", 1.0)
BFLOAT16_ENDS = predicted("bfloat16", 1.0)
FLOAT16_ENDS = predicted("float16", 1.0)
THIRD_ENDS = predicted("float32", 1 / 3)
FLOAT32_OVERFLOWS = predicted("float32", 4.0)
FLOAT16_OVERFLOWS = predicted("float16", 4.0)
GRADIENT_ENDS = predicted("float32", 1.0, start=1.0)
SQUARES_END = (
    finite_width.vanishing_layer(
        1.0, 0.0, (finite_width.SMALLEST["float32"] - 1) / 2, width=32
    ).layer
    + 0.5
)

CLAIMS = (
    Claim(
        id="float32-dies-at-width-32",
        statement=(
            "At width 32 and variance 1/n a ReLU signal in float32 is zero from layer 271: the "
            "drift of a finite width takes 32 layers."
        ),
        source=RECIPE,
        quantity="last_layer.one_float32",
        prediction=FLOAT32_ENDS,
        band=around(FLOAT32_ENDS, 6.0),
        reason=SIX,
        departure=NONE,
        remark=(
            "Without drift the recipe has 303. float32-dies-at-298 counts the same from a root "
            "mean square of 1 to the smallest number, without drift."
        ),
        fault=slower("arms.one_float32"),
        derivation=PREDICTED,
    ),
    Claim(
        id="bfloat16-last-layer",
        statement="In bfloat16 this signal is zero from layer 243.",
        source=RECIPE,
        quantity="last_layer.one_bfloat16",
        prediction=BFLOAT16_ENDS,
        band=around(BFLOAT16_ENDS, 6.0),
        reason=SIX,
        departure="Subnormal numbers count, which some processors take for zero in this format.",
        remark="Its smallest number is 2⁻¹³³, as its exponent is that of float32.",
        fault=Fault("Use float32.", {"arms.one_bfloat16.format": "float32"}),
        derivation=PREDICTED,
    ),
    Claim(
        id="float16-last-layer",
        statement="In float16 this signal is zero from layer 48.",
        source=RECIPE,
        quantity="last_layer.one_float16",
        prediction=FLOAT16_ENDS,
        band=around(FLOAT16_ENDS, 4.0),
        reason=FOUR,
        departure=NONE,
        remark="Its smallest number is 2⁻²⁴.",
        fault=Fault("Use bfloat16.", {"arms.one_float16.format": "bfloat16"}),
        derivation=PREDICTED,
    ),
    Claim(
        id="third-variance-last-layer",
        statement="At variance 1/(3n) and width 32 a signal in float32 is zero from layer 113.",
        source=RECIPE,
        quantity="last_layer.third_float32",
        prediction=THIRD_ENDS,
        band=around(THIRD_ENDS, 4.0),
        reason=FOUR,
        departure=NONE,
        remark="The variance that torch gives a linear layer by default, here without its biases.",
        fault=Fault("Weights of variance 0.4/n.", {"arms.third_float32.weight_variance": 0.4}),
        derivation=PREDICTED,
    ),
    Claim(
        id="he-beta-to-l",
        statement="A factor above 1 in each layer leads to an output of infinity.",
        source=HE_2015.at("section 2.2, Discussions, “β > 1”"),
        quantity="last_layer.four_float32",
        prediction=FLOAT32_OVERFLOWS,
        band=around(FLOAT32_OVERFLOWS, 10.0),
        reason="Ten layers about the one that is predicted: the draws.",
        departure="At variance 4/n and width 32, where the source gives no numbers.",
        remark=(
            "At layer 288 of float32. That training then fails in either case is another matter: "
            "below 1 it is a plateau."
        ),
        fault=Fault("Weights of variance 3/n.", {"arms.four_float32.weight_variance": 3.0}),
        derivation=PREDICTED,
    ),
    Claim(
        id="float16-overflow",
        statement="In float16 the signal at variance 4/n and width 32 is infinite from layer 33.",
        source=RECIPE,
        quantity="last_layer.four_float16",
        prediction=FLOAT16_OVERFLOWS,
        band=around(FLOAT16_OVERFLOWS, 4.0),
        reason="Four layers: the draws, and the largest entry, which is taken at its median.",
        departure=NONE,
        remark="The largest float16 number is 65504, just below 2¹⁶.",
        fault=Fault("Use bfloat16.", {"arms.four_float16.format": "bfloat16"}),
        derivation=PREDICTED,
    ),
    Claim(
        id="pencil-two-deviations",
        statement=(
            "Nineteen of twenty networks end within two deviations of the layer that is predicted."
        ),
        source=RECIPE,
        quantity="inside_share.all",
        prediction=erf(sqrt(2.0)),
        band=Band(0.85, 1.0),
        reason="From three of twenty outside to none, as the last layers are left out.",
        departure=NONE,
        remark=(
            "Over all arms: four variances, three formats, several widths. The recipe is for rates "
            "above zero and for falls steeper than e^(−1/6) per layer, variances below about "
            "1.7/n: nearer to 2/n rounding feeds the signal, and it lives longer."
        ),
        fault=Fault(
            "Take 2/n in the arms of float16, where rounding feeds the signal.",
            {
                f"arms.{name}_float16.weight_variance": 2.0
                for name in ("one", "third", "three", "four")
            },
        ),
        derivation=PREDICTED,
    ),
    Claim(
        id="float32-square-underflow",
        statement=(
            "The mean of the squares of this signal, computed in float32, is zero from layer 135, "
            "at half the depth of the signal itself."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“Squares end first”"),
        quantity="last_square.one_float32",
        prediction=SQUARES_END,
        band=around(SQUARES_END, 6.0),
        reason="Six layers: a mean of squares lies below the largest of them.",
        departure=NONE,
        remark="A plot of variances that ends there shows the ruler's end, not the signal's.",
        fault=slower("arms.one_float32"),
        derivation="derivation-squares",
    ),
    Claim(
        id="gradient-last-layer",
        statement="A gradient in float32 reaches 270 layers of these networks, and no more.",
        source=THIS_STUDY.at(f"{CHAPTER}“The gradient ends, too”"),
        quantity="gradient_layers.one_float32",
        prediction=GRADIENT_ENDS,
        band=around(GRADIENT_ENDS, 6.0),
        reason=SIX,
        departure="The signal is kept alive beside it, and a standard normal gradient enters.",
        remark="In a real network of this depth it does not start, as the signal has ended.",
        fault=slower("gradient"),
        derivation="derivation-gradient-ends",
    ),
    Claim(
        id="xavier-relu-thousand",
        statement=(
            "With a thousand ReLU layers at variance 1/n the output and every gradient are exactly "
            "zero in float32."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The gradient ends, too”"),
        quantity="rate.nothing_left.thousand",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=(
            "A fifth of the draws: the law expects it of all, but the interval of a rate is that "
            "wide even where 28 draws agree."
        ),
        departure="Without biases; that of the last layer would get a gradient.",
        remark=(
            "No learning rate moves such a network. In exact numbers the gradient would be about "
            "2⁻⁵⁰⁰ and smaller, far below the smallest number of float32."
        ),
        fault=Fault("Double the weight variance.", {"thousand.weight_variance": 2.0}),
        derivation="derivation-gradient-ends",
    ),
    Claim(
        id="he-ends-by-the-recipe",
        statement=(
            "At variance 2/n, too, a network of width 32 in float16 ends at the layer at which its "
            "typical size is that of the smallest number."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“Where rounding feeds the signal”, what one would expect"),
        quantity="over_pencil.two",
        prediction=1.0,
        band=around(1.0, 0.15),
        reason="Fifteen per cent: the draws, as the spread of the layer is a third of it.",
        departure=NONE,
        remark=(
            "It lives on: rounding to the nearest number adds about 1/12 of the squared smallest "
            "number to the mean square of a preactivation, and what ends the signal is so slow at "
            "2/n that this feeds it. What lives on is rounding error, not signal."
        ),
        fault=Fault("Weights of variance 1/n.", {"two.weight_variance": 1.0}),
        derivation="derivation-rounding-feeds",
    ),
)

UNTESTED = (
    Untested(
        id="he-underflow-width-64",
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


# Figures -----------------------------------------------------------------------------------------


def size_by_layer(run: Run) -> "Figure":
    """Largest activation by layer, in powers of two, on its law up to the ends of the formats."""
    figure, axes = plt.subplots()
    for at, (name, label) in enumerate(
        (("four_float32", "4/n"), ("one_float32", "1/n"), ("third_float32", "1/(3n)"))
    ):
        arm = run.settings["experiment"]["arms"][name]
        rows = _rows(run, name, "largest")
        end = run.values[f"last_layer.{name}"].mean
        layer = torch.arange(1.0, end + 1).double()
        start = log2(sqrt(2) * median_largest(arm["width"]))
        rate, spread = finite_width.log2_rms(arm["weight_variance"], width=arm["width"])
        middle, reach = start + rate * layer, 2 * spread * layer.sqrt()
        axes.fill_between(layer, middle - reach, middle + reach, alpha=0.25, color=f"C{at}")
        axes.plot(
            [row["layer"] for row in rows],
            [row["mean"] for row in rows],
            "o",
            markersize=3,
            color=f"C{at}",
            label=label,
        )
        axes.plot(end, start + rate * end, "X", markersize=8, color=f"C{at}")
    for limit, label in (
        (128, "float32, bfloat16"),
        (16, "float16"),
        (-24, "float16"),
        (-133, "bfloat16"),
        (-149, "float32"),
    ):
        axes.axhline(limit, color="C4", linestyle=":", linewidth=1)
        axes.annotate(label, (395, limit), ha="right", va="bottom", fontsize="small")
    axes.set(xlabel="layer", ylabel="log₂ of the largest activation", xlim=(-5, 395))
    axes.legend(title="variance", loc="upper left", bbox_to_anchor=(0, 0.93))
    return figure


def predicted_and_measured(run: Run) -> "Figure":
    """Layer at which networks end: as predicted with two deviations, and as measured."""
    figure, axes = plt.subplots()
    arms = run.settings["experiment"]["arms"]
    rows: list[Mapping[str, Any]] = sorted(run.tables["layers"], key=lambda row: row["predicted"])
    for at, row in enumerate(rows):
        axes.plot(
            [row["early"], row["late"]],
            [at, at],
            color="C0",
            alpha=0.35,
            linewidth=9,
            solid_capstyle="butt",
            label=None if at else "predicted",
        )
        axes.errorbar(
            row["mean"],
            at,
            xerr=2 * row["deviation"],
            fmt="o",
            color="C1",
            capsize=3,
            label=None if at else "measured",
        )
    axes.set_xscale("log")
    axes.set_xticks([20, 50, 100, 200, 300], ["20", "50", "100", "200", "300"])
    axes.minorticks_off()
    axes.set_yticks(range(len(rows)), [_name(arms[row["arm"]]) for row in rows])
    axes.set(xlabel="layer at which the networks end")
    axes.legend(loc="lower right")
    return figure


def squares_end_first(run: Run) -> "Figure":
    """Largest activation and mean of squares in float32: the squares are zero at half the depth."""
    figure, axes = plt.subplots()
    smallest = finite_width.SMALLEST["float32"]
    for quantity, label, last in (
        ("largest", "largest activation", "last_layer.one_float32"),
        ("mean_square", "mean of squares, in float32", "last_square.one_float32"),
    ):
        rows = _rows(run, "one_float32", quantity)
        layer, means = [row["layer"] for row in rows], [row["mean"] for row in rows]
        axes.plot(layer, means, "o-", markersize=3, label=label)
        end = run.values[last].mean
        axes.plot(end, smallest, "X", markersize=8, color=axes.lines[-1].get_color())
    axes.axhline(smallest, color="C2", linestyle=":")
    axes.annotate(
        "smallest float32 number",
        (0, smallest),
        (4, 3),
        textcoords="offset points",
    )
    axes.set(xlabel="layer", ylabel="log₂")
    axes.legend()
    return figure


VARIANCES = {1.0: "1/n", 2.0: "2/n", 3.0: "3/n", 4.0: "4/n"}


def _name(arm: Mapping[str, Any]) -> str:
    variance = VARIANCES.get(arm["weight_variance"], "1/(3n)")
    return f"{variance}, width {arm['width']}, {arm['format']}"


def _rows(run: Run, arm: str, quantity: str) -> list[Mapping[str, Any]]:
    """Return the rows of a size of an arm, first layer first."""
    return [row for row in run.tables["sizes"] if (row["arm"], row["quantity"]) == (arm, quantity)]


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(size_by_layer, predicted_and_measured, squares_end_first),
    untested=UNTESTED,
)
