"""How large a signal is after up to a hundred layers, for many activations and weight variances.

Networks of equal width without biases, on MNIST images scaled to unit mean square. All arms of one
draw share their random numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import log, log2, pi, sqrt
from typing import TYPE_CHECKING, Annotated, Any

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.activations import activation
from study.lab.inits import RandomLayers
from study.lab.mnist import Mnist
from study.lab.propagation import Scheme, propagate
from study.lab.statistics import LayerStatistics
from study.lab.sweeps import Workspace
from study.record.claims import Claim, Fault, around, within
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, mean_row
from study.theory import activations as theory
from study.theory import finite_width, mean_field, variance
from study.theory.sources import (
    HANIN_ROLNICK_2018,
    HE_2015,
    LESSON_NOTE,
    THIS_STUDY,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Size = Annotated[float, Gt(0), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of network: an activation, and the variance of a weight times its fan_in."""

    activation: str
    weight_variance: Size
    slope: Annotated[float, Ge(-10), Le(10)]
    shift: Annotated[float, Ge(-10), Le(10)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws of how large a network, on how many images, and the arms."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    depth: Annotated[int, Ge(4), Le(10_000)]
    width: Annotated[int, Ge(2), Le(16_384)]
    images: Annotated[int, Ge(1)]
    arms: Annotated[dict[str, Arm], MinLen(1)]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Measure every layer of every arm, for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the quantities that claims read; over all draws, the curve of each arm.
    """
    images = mnist.standardised(mnist.train.first(config.images).images)
    inputs = images / images.square().mean(dim=1, keepdim=True).sqrt()
    per_draw: dict[int, dict[str, float]] = {}
    layers: list[dict[str, LayerStatistics]] = []
    workspace = Workspace()
    for draw in draws:
        layers.append(measure(config, inputs, draw, workspace))
        per_draw[draw] = quantities(config.arms, layers[-1])
    return Result.of(per_draw, tables={"layers": curves(layers)})


def measure(
    config: Config, inputs: Tensor, draw: int, workspace: Workspace
) -> dict[str, LayerStatistics]:
    """Draw one network and measure every layer of it in every arm.

    Args:
        config: the settings.
        inputs: the images, of shape (images, pixels).
        draw: index of the draw.
        workspace: memory that the draws share.

    Returns:
        The statistics of each arm, by its name.
    """
    widths = (inputs.shape[1], *[config.width] * config.depth)
    layers = RandomLayers(widths, config.seed, draw, device=inputs.device)
    schemes = [
        Scheme(activation(arm.activation, slope=arm.slope, shift=arm.shift), arm.weight_variance)
        for arm in config.arms.values()
    ]
    measured = propagate(inputs, layers, schemes, workspace=workspace)
    return dict(zip(config.arms, measured, strict=True))


def quantities(
    arms: Mapping[str, Arm], measured: Mapping[str, LayerStatistics]
) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        arms: the arms.
        measured: the statistics of each.

    Returns:
        For each arm: the mean factor from layer to layer of the preactivation's second moment, and
        of its last quarter; that of the activation's variance; over the upper half, the mean of
        the second moment and of the activation's mean, and by how much the inverse deviation grows
        per layer. And the weight variance at which the line through two of the factors is 1.
    """
    found: dict[str, float] = {}
    for name, statistics in measured.items():
        moments = statistics.preactivation_second_moment
        half, quarter = len(moments) // 2, len(moments) // 4
        inverse = moments.rsqrt()
        found |= {
            f"forward_factor.{name}": mean_ratio(moments),
            f"last_factor.{name}": mean_ratio(moments[-quarter - 1 :]),
            f"variance_factor.{name}": mean_ratio(statistics.activation_variance),
            f"settled_second_moment.{name}": moments[half:].mean().item(),
            f"settled_mean.{name}": statistics.activation_mean[half:].mean().item(),
            f"inverse_deviation_gain.{name}": (inverse[-1] - inverse[-half - 1]).item() / half,
        }
    if "below" in arms and "above" in arms:
        low, high = (found[f"forward_factor.{name}"] for name in ("below", "above"))
        start, end = (arms[name].weight_variance for name in ("below", "above"))
        found["critical_weight_variance.relu"] = start + (end - start) * (1 - low) / (high - low)
    return found


def mean_ratio(values: Tensor) -> float:
    """Return the mean of the ratios of neighbours.

    >>> mean_ratio(torch.tensor([1.0, 2.0, 8.0]))
    3.0
    """
    return (values[1:] / values[:-1]).mean().item()


def law_activation(arm: Arm) -> theory.Activation:
    """Return the activation of an arm as the theory knows it."""
    plain = theory.activation(arm.activation, slope=arm.slope)
    if not arm.shift:
        return plain
    return replace(plain, function=lambda z: plain.function(z) - arm.shift, slope=None)


THREE_SIZES = {
    "one": ("preactivation_second_moment", "activation_second_moment", "activation_variance")
}
"""Arms of which more is kept by layer than the second moment of the preactivation."""


def curves(per_draw: Sequence[Mapping[str, LayerStatistics]]) -> list[Mapping[str, Any]]:
    """Average the base-2 logarithms of the sizes of every layer over the draws.

    Args:
        per_draw: for each draw, the statistics of each arm.

    Returns:
        Rows of arm, layer, quantity, mean and half width.
    """
    rows: list[Mapping[str, Any]] = []
    for arm in per_draw[0]:
        for quantity in THREE_SIZES.get(arm, ("preactivation_second_moment",)):
            drawn = [log2_of(measured[arm], quantity) for measured in per_draw]
            for layer, samples in enumerate(torch.stack(drawn, dim=1).tolist(), start=1):
                rows.append(mean_row(samples, arm=arm, layer=layer, quantity=quantity))
    return rows


def log2_of(statistics: LayerStatistics, quantity: str) -> Tensor:
    """Return the base-2 logarithm of a size by layer."""
    if quantity == "activation_variance":
        share = statistics.relative_activation_variance.log2()
        return statistics.log2_activation_second_moment + share
    return torch.as_tensor(getattr(statistics, f"log2_{quantity}"))


# Claims ------------------------------------------------------------------------------------------

HERE = "chapter Variance through depth, section “{}”"
NONE = "None: it is a statement of this study about these networks."
DENSE = "Dense layers of equal width without biases, on MNIST images of unit mean square."
EXACT = (
    "Two per cent: the law holds in expectation at any width, so the band need only leave room for "
    "the draws."
)
WIDE = "Three per cent: the law is for wide layers; a finite width adds less than one."
TWO_ESTIMATES = "Three per cent: two for the draws, one for the ratio of two estimates of a layer."
OTHER = "Five per cent: far from 1, and the last layers of the quick size are just past the fall."
HALVES = LESSON_NOTE.at("bullet “If your variance is halved every layer”, from layer to layer")
SIGMOID = mean_field.length_fixed_point(theory.activation("sigmoid"), 1.0, 0.0)
SOFTSIGN = 2 * sqrt(2 / pi)
SHIFT, SMOOTH = "derivation-shift-fixed-point", "derivation-smooth-rectifiers"


def other_variance(arm: str, weight_variance: float) -> Fault:
    """Return the fault of another weight variance in an arm."""
    description = f"Give the weights a variance of {weight_variance:g}/n."
    return Fault(description, {f"arms.{arm}.weight_variance": weight_variance})


CLAIMS = (
    Claim(
        id="edge-of-chaos-relu",
        statement=(
            "With ReLUs and zero biases, weights of variance 2/n are the one point between a "
            "signal that vanishes with depth and one that explodes."
        ),
        source=HANIN_ROLNICK_2018.at("abstract, on the first failure mode"),
        quantity="critical_weight_variance.relu",
        prediction=2.0,
        band=within(2.0, 0.02),
        reason=EXACT,
        departure=f"{DENSE} Where the line through the factors at 1.6/n and 2.4/n is 1.",
        remark=(
            "Condition 10 of He et al. A ReLU network scales with its weights, so the factors at "
            "all variances are one measurement, and the point is the same for every input size."
        ),
        fault=Fault("Let half of every negative value through.", {"arms.above.slope": 0.5}),
        derivation="derivation-growth-to-the-depth",
    ),
    Claim(
        id="variance-halves-layer-to-layer",
        statement="With variance 1/n the variance of the activations is halved in each layer.",
        source=HALVES,
        quantity="variance_factor.one",
        prediction=0.5,
        band=within(0.5, 0.03),
        reason=TWO_ESTIMATES,
        departure="The note names neither the quantity nor the network.",
        remark=(
            "From one activation to the next it is right, of the variance as of the second moment; "
            "on either side of one ReLU it is not (relu-halves-variance)."
        ),
        fault=other_variance("one", 2.0),
        derivation="derivation-three-sizes",
    ),
    Claim(
        id="prelu-uncorrected-grows",
        statement="At variance 2/n a slope of 1/4 lets the signal grow 17/16 times per layer.",
        source=THIS_STUDY.at(HERE.format("Slopes")),
        quantity="forward_factor.slope_quarter",
        prediction=variance.forward_factor(2.0, 0.25),
        band=within(variance.forward_factor(2.0, 0.25), 0.02),
        reason="Two per cent, a third of what the slope adds.",
        departure=NONE,
        remark="In 100 layers 429 times. A PReLU begins with this slope.",
        fault=Fault("Take the slope 0.", {"arms.slope_quarter.slope": 0.0}),
        derivation="derivation-slopes",
    ),
    Claim(
        id="prelu-corrected-keeps",
        statement="With a slope a, weights of variance 2/((1 + a²) n) keep the signal.",
        source=HE_2015.at("section 2.2, equation 15"),
        quantity="forward_factor.slope_corrected",
        prediction=variance.forward_factor(2 / (1 + 0.25**2), 0.25),
        band=within(1.0, 0.02),
        reason="Two per cent, a third of what the slope adds without the correction.",
        departure=f"{DENSE} The slope is the same 1/4 everywhere.",
        remark="The paper's initial slope of a PReLU. Through training the slope changes.",
        fault=other_variance("slope_corrected", 2.0),
        derivation="derivation-slopes",
    ),
    Claim(
        id="shift-fixed-point",
        statement=(
            "With relu(z) − 1/2 and variance 2/n the second moment of the preactivation settles "
            "at π/8."
        ),
        source=THIS_STUDY.at(HERE.format("A ReLU minus one half")),
        quantity="settled_second_moment.shifted",
        prediction=pi / 8,
        band=within(pi / 8, 0.03),
        reason=WIDE,
        departure=NONE,
        remark="From any input. The lesson notes try this shift on one layer.",
        fault=Fault("Leave the shift away.", {"arms.shifted.shift": 0.0}),
        derivation=SHIFT,
    ),
    Claim(
        id="shift-fixed-point-mean",
        statement="There the activations have the mean −1/4, not 0.",
        source=THIS_STUDY.at(HERE.format("A ReLU minus one half")),
        quantity="settled_mean.shifted",
        prediction=-0.25,
        band=around(-0.25, 0.01),
        reason="A twenty-fifth of it; 0 is far outside.",
        departure=NONE,
        remark="The shift is meant to bring the mean to 0, and in the first layer nearly does.",
        fault=Fault("Leave the shift away.", {"arms.shifted.shift": 0.0}),
        derivation=SHIFT,
    ),
    Claim(
        id="selu-linear-gain-fixed-point",
        statement="With variance 1/n a deep network of SELUs keeps a signal of variance 1.",
        source=THIS_STUDY.at(HERE.format("Other activations")),
        quantity="settled_second_moment.selu",
        prediction=1.0,
        band=within(1.0, 0.03),
        reason=WIDE,
        departure=NONE,
        remark=(
            "Variance 1 and mean 0 are the values that SELU's constants are made for. That other "
            "signals come to them as well is selu-linear-gain."
        ),
        fault=other_variance("selu", 2.0),
        derivation="derivation-length-maps",
    ),
    Claim(
        id="selu-linear-gain-fixed-point-mean",
        statement="At this fixed point the activations have the mean 0.",
        source=THIS_STUDY.at(HERE.format("Other activations")),
        quantity="settled_mean.selu",
        prediction=0.0,
        band=around(0.0, 0.02),
        reason="A fiftieth of the deviation.",
        departure=NONE,
        remark="The mean over the units and images.",
        fault=other_variance("selu", 2.0),
        derivation="derivation-length-maps",
    ),
    Claim(
        id="gelu-shrinks-under-he",
        statement="At variance 2/n a deep network of GELUs halves the signal in each layer.",
        source=THIS_STUDY.at(HERE.format("Smooth rectifiers")),
        quantity="last_factor.gelu",
        prediction=0.5,
        band=within(0.5, 0.05),
        reason=OTHER,
        departure="The last quarter of the layers, where the signal is small.",
        remark="Far from 0 a GELU is a ReLU, at 0 it is z/2. At no size does 2/n keep it.",
        fault=Fault("Replace the GELU by a ReLU.", {"arms.gelu.activation": "leaky_relu"}),
        derivation=SMOOTH,
    ),
    Claim(
        id="silu-shrinks-under-he",
        statement="At variance 2/n a deep network of SiLUs halves the signal in each layer.",
        source=THIS_STUDY.at(HERE.format("Smooth rectifiers")),
        quantity="last_factor.silu",
        prediction=0.5,
        band=within(0.5, 0.05),
        reason=OTHER,
        departure="The last quarter of the layers, where the signal is small.",
        remark="The same for every z g(z) with g(z) + g(−z) = 1.",
        fault=Fault("Replace the SiLU by a ReLU.", {"arms.silu.activation": "leaky_relu"}),
        derivation=SMOOTH,
    ),
    Claim(
        id="sigmoid-settles",
        statement="At variance 1/n a network of sigmoids settles at once, at 0.265.",
        source=THIS_STUDY.at(HERE.format("Other activations")),
        quantity="settled_second_moment.sigmoid",
        prediction=SIGMOID,
        band=within(SIGMOID, 0.03),
        reason=WIDE,
        departure=NONE,
        remark="Nearly all of it is the squared mean 1/4, which carries nothing of the image.",
        fault=other_variance("sigmoid", 2.0),
        derivation="derivation-length-maps",
    ),
    Claim(
        id="softsign-fades",
        statement="At variance 1/n the inverse deviation of softsigns grows 2√(2/π) per layer.",
        source=THIS_STUDY.at(HERE.format("Other activations")),
        quantity="inverse_deviation_gain.softsign",
        prediction=SOFTSIGN,
        band=within(SOFTSIGN, 0.15),
        reason=(
            "Fifteen per cent: two deviations of different layers are subtracted, and at a finite "
            "width the mean of an inverse lies above the law by some per cent; a network that "
            "settles has 0."
        ),
        departure=NONE,
        remark="The deviation falls as 1/l: a power, as with tanh (tanh-decay-gain-one).",
        fault=other_variance("softsign", 2.0),
        derivation="derivation-length-maps",
    ),
)


# Figures -----------------------------------------------------------------------------------------

VARIANCES = {
    "third": "1/(3n)",
    "one": "1/n",
    "below": "1.6/n",
    "two": "2/n",
    "above": "2.4/n",
    "four": "4/n",
}
COLOURS = ("C0", "C1", "C2", "C3", "C4", "C0")
SETTLING = {"selu": "SELU, 1/n", "shifted": "ReLU − 1/2, 2/n", "sigmoid": "sigmoid, 1/n"}
FADING = {
    "elu": "ELU, 1/n",
    "softsign": "softsign, 1/n",
    "gelu": "GELU, 2/n",
    "silu": "SiLU, 2/n",
}
SIZES = {
    "preactivation_second_moment": "preactivation, second moment",
    "activation_second_moment": "activation, second moment",
    "activation_variance": "activation, variance",
}


def six_weight_variances(run: Run) -> "Figure":
    """Second moment by layer: below 2/n it falls, above it grows, at 2/n it is level."""
    figure, axes = plt.subplots()
    settings = run.settings["experiment"]
    law = finite_width.log_norm(settings["width"])
    for (name, text), colour in zip(VARIANCES.items(), COLOURS, strict=True):
        if name not in settings["arms"]:
            continue
        c = settings["arms"][name]["weight_variance"]
        layers, means, _ = _curve(run, name, "preactivation_second_moment")
        mean = [log2(c) + (layer - 1) * log2(c / 2) for layer in layers]
        axes.plot(layers, mean, "--", color=colour)
        middle = [
            at + (layer - 1) * law.drift / log(2) for at, layer in zip(mean, layers, strict=True)
        ]
        reach = [2 * sqrt((layer - 1) * law.variance) / log(2) for layer in layers]
        axes.fill_between(
            layers,
            [at - width for at, width in zip(middle, reach, strict=True)],
            [at + width for at, width in zip(middle, reach, strict=True)],
            color=colour,
            alpha=0.25,
            linewidth=0,
        )
        axes.plot(layers[::3], means[::3], "o", color=colour, markersize=2.5)
        axes.annotate(text, (layers[-1], mean[-1]), (4, 0), textcoords="offset points", va="center")
    axes.set(xlabel="layer", ylabel="log₂ of the second moment", xlim=(0, 1.13 * layers[-1]))
    return figure


def three_sizes(run: Run) -> "Figure":
    """Three sizes of a layer at 1/n: each halves from layer to layer, at three levels."""
    figure, axes = plt.subplots()
    for at, (quantity, label) in enumerate(SIZES.items()):
        layers, means, widths = (found[:12] for found in _curve(run, "one", quantity))
        axes.errorbar(layers, means, widths, fmt="o", color=f"C{at}", label=label)
        start = {"preactivation_second_moment": 1.0, "activation_second_moment": 1 / 2}
        share = start.get(quantity, 1 / 2 - 1 / (2 * pi))
        law = [log2(share) - (layer - 1) for layer in layers]
        axes.plot(layers, law, "--", color=f"C{at}")
    axes.set(xlabel="layer", ylabel="log₂ of the size")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return figure


def what_settles(run: Run) -> "Figure":
    """Second moment of SELU, shifted ReLU and sigmoid by layer: each comes to its own level."""
    figure, axes = plt.subplots()
    shown = min(30, run.settings["experiment"]["depth"])
    for layers, means, widths, law, label in _with_laws(run, SETTLING, shown):
        sizes = [2.0**mean for mean in means]
        reach = [size * (2.0**width - 1) for size, width in zip(sizes, widths, strict=True)]
        axes.errorbar(layers, sizes, reach, fmt="o", markersize=3, label=label)
        axes.plot(layers, law, "--", color=axes.lines[-1].get_color())
    axes.set(xlabel="layer", ylabel="second moment of the preactivation", ylim=(0, None))
    axes.legend()
    return figure


def what_fades(run: Run) -> "Figure":
    """Second moment by layer: softsign and ELU fall as a power, GELU and SiLU are halved."""
    figure, axes = plt.subplots()
    for layers, means, _, law, label in _with_laws(
        run, FADING, run.settings["experiment"]["depth"]
    ):
        axes.plot(layers[::2], means[::2], "o", markersize=3, label=label)
        axes.plot(layers, [log2(length) for length in law], "--", color=axes.lines[-1].get_color())
    axes.set(xlabel="layer", ylabel="log₂ of the second moment")
    axes.legend()
    return figure


def _with_laws(
    run: Run, labels: Mapping[str, str], shown: int
) -> list[tuple[list[Any], list[Any], list[Any], list[float], str]]:
    """Return the curves of some arms, each with its length map and its label."""
    found = []
    arms = run.settings["experiment"]["arms"]
    for name, label in labels.items():
        if name not in arms:
            continue
        arm = Arm(**arms[name])
        layers, means, widths = _curve(run, name, "preactivation_second_moment")
        c = arm.weight_variance
        law = mean_field.lengths(law_activation(arm), c, c, 0.0, shown).tolist()
        found.append((layers[:shown], means[:shown], widths[:shown], law, label))
    return found


def _curve(run: Run, arm: str, quantity: str) -> tuple[list[Any], list[Any], list[Any]]:
    """Return layers, means and half widths of a quantity of an arm."""
    rows = [r for r in run.tables["layers"] if (r["arm"], r["quantity"]) == (arm, quantity)]
    return (
        [row["layer"] for row in rows],
        [row["mean"] for row in rows],
        [row["half_width"] for row in rows],
    )


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(six_weight_variances, three_sizes, what_settles, what_fades),
)
