"""How two images become one on their way through a deep network, and when they do not.

The cosine between the activations of ten digits, layer by layer, in wide networks of ReLU, leaky
and shifted ReLU, tanh in three phases and no activation.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass as record
from itertools import combinations
from math import pi, sqrt
from typing import TYPE_CHECKING, Annotated, Any, Literal

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.activations import activation
from study.lab.inits import RandomLayers
from study.lab.mnist import Mnist, Split
from study.lab.propagation import Scheme, propagate
from study.lab.statistics import LayerStatistics
from study.record.claims import Claim, Fault, around, within
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, mean_row
from study.theory.activations import Activation
from study.theory.activations import activation as smooth
from study.theory.direction import activation_gaps, leaky_share
from study.theory.mean_field import gradient_factor, length_fixed_point
from study.theory.moments import angle
from study.theory.sources import CHO_SAUL_2009, POOLE_2016, PYTORCH, SCHOENHOLZ_2017, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TANH = smooth("tanh")
EDGE_WEIGHTS, EDGE_BIAS = 1.7609546396071, 0.05
"""Variances of weights, times fan_in, and biases that put tanh on the edge of chaos."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of wide network: its activation and how large weights and biases are."""

    activation: Literal["linear", "relu", "leaky_relu", "tanh"]
    slope: Annotated[float, Ge(-10), Le(10)]
    shift: Annotated[float, Ge(-10), Le(10)]
    weight_variance: Annotated[float, Gt(0), Le(1000)]
    bias_variance: Annotated[float, Ge(0), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class Wide:
    """Size of the wide networks, and between which layers what is read.

    The angle of ReLU networks is read early, where a finite width has not yet added much; rates
    of other networks late, where their signal has settled.
    """

    width: Annotated[int, Ge(2), Le(16_384)]
    depth: Annotated[int, Ge(2), Le(10_000)]
    first_layers: Annotated[int, Ge(1)]
    early: tuple[Annotated[int, Ge(1)], Annotated[int, Ge(1)]]
    late: tuple[Annotated[int, Ge(1)], Annotated[int, Ge(1)]]


@dataclass(frozen=True, config=STRICT)
class Near:
    """Two inputs that differ a little: in which network, and by which gap."""

    arm: str
    gap: Annotated[float, Gt(0), Lt(1)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws of networks, their size and kinds, and a pair of near inputs."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    wide: Wide
    arms: Annotated[dict[str, Arm], MinLen(1)]
    near: Near


@record(frozen=True)
class Measured:
    """What one draw gives: the statistics of each arm and of the near inputs; how many images."""

    wide: Mapping[str, LayerStatistics]
    near: LayerStatistics
    images: int


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Measure every layer of every network, for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; the first image of each digit in its training split is used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims read; over all draws, the curves; exactly, the mean gap of the
        images themselves.
    """
    inputs = one_of_each(mnist)
    gaps = pair_gaps(inputs)
    measured = {draw: measure(config, inputs, draw) for draw in draws}
    relu = mapped(smooth("relu"), gaps, 2.0, 0.0, config.wide.depth)
    edge = mapped(TANH, gaps, EDGE_WEIGHTS, EDGE_BIAS, config.wide.depth)
    return Result.of(
        {draw: quantities(config, one, relu, edge) for draw, one in measured.items()},
        tables={"layers": curves(list(measured.values()))},
        exact={
            "input_gap.images": relu[0],
            "pairs.images": float(len(gaps)),
            "inverse_angle_growth.map": _angle_growth(relu, config.wide.early),
            "inverse_gap_growth.map": _gap_growth(edge, config.wide.late),
        },
    )


def one_of_each(mnist: Mnist) -> Tensor:
    """Return the first image of each digit, standardised and with mean square 1.

    Args:
        mnist: the data.

    Returns:
        The images in float64, of shape (digits, pixels).
    """
    train: Split = mnist.train
    at = [int((train.labels == digit).nonzero()[0]) for digit in range(10)]
    images = mnist.standardised(train.images[at]).double()
    return images / images.square().mean(dim=1, keepdim=True).sqrt()


def pair_gaps(inputs: Tensor) -> list[float]:
    """Return 1 minus the cosine of all pairs of rows."""
    units = inputs / inputs.norm(dim=1, keepdim=True)
    pairs = combinations(range(len(units)), 2)
    return [float((units[i] - units[k]).square().sum()) / 2 for i, k in pairs]


def mapped(
    nonlinearity: Activation,
    gaps: Iterable[float],
    weight_variance: float,
    bias_variance: float,
    layers: int,
) -> list[float]:
    """Return the mean gap that infinitely wide layers make of these gaps; entry 0 is their own."""
    each = [
        [gap, *activation_gaps(nonlinearity, gap, weight_variance, bias_variance, layers)]
        for gap in gaps
    ]
    return [sum(layer) / len(layer) for layer in zip(*each, strict=True)]


def measure(config: Config, inputs: Tensor, draw: int) -> Measured:
    """Draw the networks of one draw and send the images through them.

    Args:
        config: the settings.
        inputs: the images, of shape (images, pixels).
        draw: index of the draw.

    Returns:
        What was measured.
    """
    wide = config.wide
    widths = (inputs.shape[1], *[wide.width] * wide.depth)
    layers = RandomLayers(widths, config.seed, draw, dtype=torch.float64, device=inputs.device)
    schemes = {name: scheme(arm) for name, arm in config.arms.items()}
    found = propagate(inputs, layers, list(schemes.values()))
    pair = near_pair(inputs, config.near.gap)
    return Measured(
        wide=dict(zip(schemes, found, strict=True)),
        near=propagate(pair, layers, [schemes[config.near.arm]])[0],
        images=len(inputs),
    )


def scheme(arm: Arm) -> Scheme:
    """Return the network of an arm."""
    return Scheme(
        activation(arm.activation, slope=arm.slope, shift=arm.shift),
        weight_variance=arm.weight_variance,
        bias_variance=arm.bias_variance,
    )


def near_pair(inputs: Tensor, gap: float) -> Tensor:
    """Return the first image and a copy turned a little towards the second.

    Args:
        inputs: images of equal norm, of shape (images, pixels).
        gap: 1 minus the cosine of the two.

    Returns:
        The pair, of shape (2, pixels).
    """
    image, other = inputs[0], inputs[1]
    across = other - (other @ image) / (image @ image) * image
    across = across * (image.norm() / across.norm())
    return torch.stack([image, (1 - gap) * image + sqrt(gap * (2 - gap)) * across])


def quantities(
    config: Config, measured: Measured, relu: Sequence[float], edge: Sequence[float]
) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        config: the settings.
        measured: of one draw.
        relu: the mean gap of infinitely wide layers of ReLU, from the inputs on.
        edge: the same for tanh on the edge of chaos.

    Returns:
        The quantities, by key.
    """
    wide, images = config.wide, measured.images
    found: dict[str, float] = {}
    for name, statistics in measured.wide.items():
        gaps = [relu[0], *statistics.activation_gap.tolist()]  # by layer, from the inputs
        first, last = wide.late
        angles, inverses = _angle_growth(gaps, wide.early), _gap_growth(gaps, wide.late)
        share = float(statistics.activation_image_variance[last - 1])
        bits = statistics.log2_activation_second_moment
        found |= {
            f"gap_over_map.{name}": gaps[wide.first_layers] / relu[wide.first_layers],
            f"first_fall.{name}": gaps[0] - gaps[1],
            f"inverse_angle_growth.{name}": angles,
            f"inverse_angle_growth_over_map.{name}": angles / _angle_growth(relu, wide.early),
            f"inverse_gap_growth.{name}": inverses,
            f"inverse_gap_growth_over_map.{name}": inverses / _gap_growth(edge, wide.late),
            f"gap_kept.{name}": gaps[last] / gaps[first],
            f"gap_factor.{name}": (gaps[last] / gaps[first]) ** (1 / (last - first)),
            f"last_cosine.{name}": 1 - gaps[-1],
            f"last_second_moment.{name}": 2 ** float(bits[last - 1] - bits[0]),
            f"image_share.{name}": share,
            f"direction_share.{name}": gaps[last] * (images - 1) / images,
            f"image_share_over_gap.{name}": share / gaps[last] * images / (images - 1),
        }
    if {"leaky", "relu"} <= measured.wide.keys():
        found["first_fall_over_relu.leaky"] = found["first_fall.leaky"] / found["first_fall.relu"]
    near, (first, last) = measured.near.activation_gap.tolist(), wide.late
    found[f"near_gap_factor.{config.near.arm}"] = (near[last - 1] / near[first - 1]) ** (
        1 / (last - first)
    )
    return found


def _angle_growth(gaps: Sequence[float], layers: tuple[int, int]) -> float:
    """Return by how much one over the angle grows per layer between two layers."""
    start, end = layers
    return (1 / angle(gaps[end]) - 1 / angle(gaps[start])) / (end - start)


def _gap_growth(gaps: Sequence[float], layers: tuple[int, int]) -> float:
    """Return by how much one over the gap grows per layer between two layers."""
    start, end = layers
    return (1 / gaps[end] - 1 / gaps[start]) / (end - start)


def curves(per_draw: Sequence[Measured]) -> list[Mapping[str, str | int | float]]:
    """Average what the figures show of every layer over the draws.

    Args:
        per_draw: for each draw, what was measured.

    Returns:
        Rows of arm, layer, quantity, mean and half width.
    """
    rows: list[Mapping[str, str | int | float]] = []
    for arm in per_draw[0].wide:
        of_arm = [shown(measured.wide[arm], measured.images) for measured in per_draw]
        for quantity in of_arm[0]:
            by_layer = torch.stack([curve[quantity] for curve in of_arm], dim=1)
            rows += [
                mean_row(samples, arm=arm, layer=layer, quantity=quantity)
                for layer, samples in enumerate(by_layer.tolist(), start=1)
            ]
    return rows


def shown(statistics: LayerStatistics, images: int) -> dict[str, Tensor]:
    """Return what the figures show of one network, each of shape (depth,)."""
    moment = statistics.log2_activation_second_moment
    return {
        "gap": statistics.activation_gap,
        "second_moment": torch.exp2(moment - moment[0]),
        "share_across_units": statistics.relative_activation_variance,
        "share_across_images": statistics.activation_image_variance,
        "share_of_directions": statistics.activation_gap * (images - 1) / images,
    }


# Claims ------------------------------------------------------------------------------------------

SECTION = "chapter Depth 1000, direction, section "
NONE = "None: it is a statement of this study about these networks."
DIGITS = "Ten MNIST images, one of each digit, scaled to one length; layers of finite width."
WIDE_LAW = "the law is for wide layers, where a network has no scatter of its own"
ACTIVATION = "Take the activation away."
ORDERED_LENGTH = length_fixed_point(TANH, 1.0, EDGE_BIAS)
ORDERED = gradient_factor(TANH, ORDERED_LENGTH, 1.0)
CHAOTIC = gradient_factor(TANH, length_fixed_point(TANH, 25 / 9, 0.0), 25 / 9)
SHARE = leaky_share(0.25)

CLAIMS = (
    Claim(
        id="correlation-map-relu",
        statement="A ReLU layer maps the cosine of two inputs by the arc-cosine kernel.",
        source=CHO_SAUL_2009.at("section 2, the arc-cosine kernel of degree n = 1"),
        quantity="gap_over_map.relu",
        prediction=1.0,
        band=around(1.0, 0.15),
        reason=f"Fifteen per cent: {WIDE_LAW}; without the kernel the gap would be three times it.",
        departure=DIGITS,
        remark=(
            "The mean gap, 1 minus the cosine, after five layers, over the mean of what the map "
            "makes of the gap of each of the 45 pairs of images."
        ),
        fault=Fault(ACTIVATION, {"arms.relu.activation": "linear"}),
        derivation="derivation-arc-cosine",
    ),
    Claim(
        id="correlation-collapse-rate",
        statement="Two images approach each other: the gap falls as 9π²/(2L²) with the depth L.",
        source=THIS_STUDY.at(f"{SECTION}“A power law”"),
        quantity="inverse_angle_growth_over_map.relu",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=(
            "A fifth: a finite width adds some hundredths, and networks scatter. A slope of 1/4 "
            "does half of it, no activation nothing, and an exponential would grow with depth."
        ),
        departure=(
            "The law is the limit of the map for many layers. At the depth measured the map is on "
            "its way there, and the gap itself is about half of the law."
        ),
        remark=(
            "In terms of the angle: each layer adds 1/(3π) to one over the angle, and a little "
            "more while the angle is large. What a layer adds is divided by what it adds in the "
            "map itself, between the same layers."
        ),
        fault=Fault(ACTIVATION, {"arms.relu.activation": "linear"}),
        derivation="derivation-power-law",
    ),
    Claim(
        id="collapse-leaky-slope",
        statement="A leaky ReLU of slope a does (1 − a)²/(1 + a²) of what a ReLU does to the gap.",
        source=THIS_STUDY.at(f"{SECTION}“A leaky slope”"),
        quantity="first_fall_over_relu.leaky",
        prediction=SHARE,
        band=around(SHARE, 0.1),
        reason="A tenth of what a ReLU does: both share their weights, so little scatter is left.",
        departure=NONE,
        remark="The fall of the gap in the first layer over that of a ReLU, at a slope of 1/4.",
        fault=Fault("Take the slope 3/4.", {"arms.leaky.slope": 0.75}),
        derivation="derivation-leaky-collapse",
    ),
    Claim(
        id="shift-same-correlation-map",
        statement="Subtracting 1/2 after the ReLU does not cure the collapse.",
        source=THIS_STUDY.at(f"{SECTION}“A shift”"),
        quantity="gap_over_map.shifted",
        prediction=1.0,
        band=around(1.0, 0.15),
        reason=f"Fifteen per cent: {WIDE_LAW}; as for the ReLU itself.",
        departure="The shift is scaled to the images instead of waiting until they settle at it.",
        remark=(
            "At the length at which the shifted signal settles, the shift drops out of the cosine: "
            "the map is that of the plain ReLU."
        ),
        fault=Fault("Take a shift of 0.5 at this length.", {"arms.shifted.shift": 0.5}),
        derivation="derivation-shift-direction",
    ),
    Claim(
        id="variance-across-images-vanishes",
        statement=(
            "While Kaiming's initialisation keeps the second moment, the variance of a unit "
            "across images goes to 0, but for a difference of lengths."
        ),
        source=THIS_STUDY.at(f"{SECTION}“Why the variance goes”"),
        quantity="direction_share.relu",
        prediction=0.0,
        band=around(0.0, 0.04),
        reason=(
            "A twenty-fifth: after 30 layers the map leaves a fiftieth, where the images "
            "themselves have two thirds; a slope of 1/4 would leave a fifteenth."
        ),
        departure=NONE,
        remark=(
            "The variance across ten images as a share of the second moment, with every image "
            "scaled to one length. With the lengths as they are it settles above 0: what is left "
            "differs in size, and in nothing else."
        ),
        fault=Fault(ACTIVATION, {"arms.relu.activation": "linear"}),
        derivation="derivation-image-variance",
    ),
    Claim(
        id="variance-across-images-is-the-gap",
        statement="Where images have equal lengths, that share is their mean gap.",
        source=THIS_STUDY.at(f"{SECTION}“Why the variance goes”"),
        quantity="image_share_over_gap.shifted",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason="Five per cent: the lengths settle at one value only as far as the width allows.",
        departure="A shifted ReLU, which holds the length; that of a ReLU drifts by image.",
        remark="The share times 10/9, for ten images, over the gap, after 30 layers.",
        fault=Fault("Take the shift away.", {"arms.shifted.shift": 0.0}),
        derivation="derivation-image-variance",
    ),
    Claim(
        id="linear-keeps-the-cosine",
        statement="Wide layers without an activation keep the cosine of two images.",
        source=THIS_STUDY.at(f"{SECTION}“What a finite width adds”"),
        quantity="gap_kept.linear",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason="A fifth: a finite width lets the cosine wander; a ReLU leaves a quarter.",
        departure=NONE,
        remark="The gap after layer 30 over that after layer 10.",
        fault=Fault("Put a ReLU in.", {"arms.linear.activation": "relu"}),
        derivation="derivation-finite-width-direction",
    ),
    Claim(
        id="tanh-gain-one-keeps-the-cosine",
        statement="With gain 1 and no biases a signal of tanh units fades, but the cosine stays.",
        source=THIS_STUDY.at(f"{SECTION}“Smooth activations”"),
        quantity="gap_kept.tanh_one",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=(
            "A fifth: a finite width lets the cosine wander; what tanh adds in layers 11 to 30 is "
            "below one per cent."
        ),
        departure=NONE,
        remark="The gap after layer 30 over that after layer 10.",
        fault=Fault("Add biases of variance 0.05.", {"arms.tanh_one.bias_variance": EDGE_BIAS}),
        derivation="derivation-smooth",
    ),
    Claim(
        id="tanh-edge-collapse",
        statement="On the edge of chaos the gap of smooth units falls as one over the depth.",
        source=THIS_STUDY.at(f"{SECTION}“Smooth activations”"),
        quantity="inverse_gap_growth_over_map.tanh_critical",
        prediction=1.0,
        band=around(1.0, 0.25),
        reason=(
            "A quarter: for what a finite width adds, and for the scatter of networks; off the "
            "edge it would be 0 or a thousand times this."
        ),
        departure="Biases of variance 0.05, for which the edge lies at a gain of 1.327.",
        remark=(
            "By how much one over the gap grows per layer, divided by its growth in the map of "
            "wide layers, which is still a tenth short of its limit here."
        ),
        fault=Fault("Take the gain 1.", {"arms.tanh_critical.weight_variance": 1.0}),
        derivation="derivation-smooth",
    ),
    Claim(
        id="tanh-ordered-collapse",
        statement="In the ordered phase the gap falls by the gradient factor in each layer.",
        source=SCHOENHOLZ_2017.at("section 3, the correlation map near its fixed point"),
        quantity="gap_factor.tanh_ordered",
        prediction=ORDERED,
        band=within(ORDERED, 0.03),
        reason="Three per cent: a finite width n adds about 1/n to a rate, and scatter.",
        departure="Gain 1 and biases of variance 0.05; the factor at the fixed length.",
        remark="Between the layers 10 and 30.",
        fault=Fault("Take the gain 5/3.", {"arms.tanh_ordered.weight_variance": 25 / 9}),
        derivation="derivation-smooth",
    ),
    Claim(
        id="tanh-gain-five-thirds-chaotic",
        statement="The gain 5/3 lies in the chaotic phase: two images that are near come apart.",
        source=PYTORCH.at("torch.nn.init.calculate_gain, the value for tanh"),
        quantity="near_gap_factor.tanh_chaotic",
        prediction=CHAOTIC,
        band=within(CHAOTIC, 0.04),
        reason="Four per cent, a fifth of what the factor is above 1.",
        departure="torch recommends the gain and names no phase; Poole et al. define the phases.",
        remark=(
            "The factor per layer of the gap of two inputs that differ by a millionth. It is the "
            "factor of the gradient, too (tanh-gradient-five-thirds)."
        ),
        fault=Fault("Take the gain 1.", {"arms.tanh_chaotic.weight_variance": 1.0}),
        derivation="derivation-smooth",
    ),
    Claim(
        id="tanh-chaotic-forgets",
        statement="In the chaotic phase the cosine of two images goes to a value below 1.",
        source=POOLE_2016.at("section 3, the fixed points of the correlation map"),
        quantity="last_cosine.tanh_chaotic",
        prediction=0.0,
        band=around(0.0, 0.1),
        reason="A tenth: after 30 layers the law leaves 0.03 of it; gain 1 leaves a quarter.",
        departure="Without biases, where the value is 0: tanh is odd.",
        remark="So far and near images end equally far apart, and what was similar is forgotten.",
        fault=Fault("Take the gain 1.", {"arms.tanh_chaotic.weight_variance": 1.0}),
        derivation="derivation-smooth",
    ),
)


# Figures -----------------------------------------------------------------------------------------

NAMES = {
    "linear": "no activation",
    "leaky": "slope 1/4",
    "relu": "ReLU",
    "shifted": "ReLU, shifted",
    "tanh_one": "tanh, gain 1",
    "tanh_ordered": "ordered",
    "tanh_critical": "edge of chaos",
    "tanh_chaotic": "chaotic, gain 5/3",
}


def gap_by_layer(run: Run) -> "Figure":
    """Gap of ten digits by layer: it stays without activation and falls as a power with ReLU."""
    figure, axes = plt.subplots()
    _with_laws(axes, run, ("linear", "leaky", "shifted", "relu"))
    depth = run.settings["experiment"]["wide"]["depth"]
    layers = [depth / 3, depth]
    axes.plot(layers, [4.5 * pi**2 / layer**2 for layer in layers], ":", label="9π²/2l²")
    axes.set(xscale="log", yscale="log", xlabel="layer", ylabel="gap, 1 − cosine")
    axes.legend()
    return figure


def gap_by_phase(run: Run) -> "Figure":
    """Gap of ten digits by layer of tanh: kept, growing, or falling as a power or exponentially."""
    figure, axes = plt.subplots()
    _with_laws(axes, run, ("tanh_chaotic", "tanh_one", "tanh_critical", "tanh_ordered"))
    axes.set(yscale="log", xlabel="layer", ylabel="gap, 1 − cosine")
    axes.legend()
    return figure


def moment_and_variance(run: Run) -> "Figure":
    """Second moment and variance across units stay by layer; that of directions goes."""
    figure, axes = plt.subplots()
    labels = {
        "second_moment": "second moment, first layer = 1",
        "share_across_units": "share of variance across units",
        "share_across_images": "share of variance across images",
        "share_of_directions": "the same, images scaled to one length",
    }
    for quantity, label in labels.items():
        layers, means, widths = _curve(run, "relu", quantity)
        axes.errorbar(layers, means, widths, fmt="o", markersize=3, label=label)
    axes.plot(layers, [1 - 1 / pi] * len(layers), "--", color="C1")
    axes.set(yscale="log", xlabel="layer", ylabel="ReLU, weight variance 2/n", ylim=(0.01, 3))
    axes.legend(loc="lower left")
    return figure


def _with_laws(axes: "Axes", run: Run, names: Iterable[str]) -> None:
    """Draw the measured gaps of some arms as points, and those of infinite width as lines."""
    arms, gap = run.settings["experiment"]["arms"], run.values["input_gap.images"].mean
    for name in names:
        if name not in arms:
            continue
        layers, means, widths = _curve(run, name, "gap")
        axes.errorbar(layers, means, widths, fmt="o", markersize=3, label=NAMES[name])
        if not arms[name]["shift"]:
            arm = arms[name]
            nonlinearity = smooth(arm["activation"], slope=arm["slope"])
            sizes = arm["weight_variance"], arm["bias_variance"]
            law = activation_gaps(nonlinearity, gap, *sizes, len(layers))
            axes.plot(layers, law, "--", color=axes.lines[-1].get_color())


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
    figures=(gap_by_layer, moment_and_variance, gap_by_phase),
)
