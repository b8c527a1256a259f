"""Order and chaos: where on the plane of weight and bias variance a network forgets its input.

Deep tanh and ReLU networks for many pairs of variances, with inputs that are nearly alike, less
alike and at right angles. All networks of one draw share their random numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass as record
from math import exp, inf, log
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.activations import activation
from study.lab.inits import RandomLayers
from study.experiments.depth_direction.input_sets import equally_apart
from study.lab.mnist import Mnist
from study.lab.propagation import Scheme, propagate
from study.lab.statistics import LayerStatistics
from study.record.claims import Band, Claim, Fault, around, within
from study.record.experiment import STRICT, Experiment
from study.record.results import Cell, Result, Run, mean_row
from study.theory import activations, mean_field, phases
from study.theory.activations import Array
from study.theory.sources import POOLE_2016, SCHOENHOLZ_2017, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Layers = tuple[Annotated[int, Ge(1)], Annotated[int, Ge(1)]]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One network: its activation and how large weights and biases are."""

    activation: Literal["linear", "relu", "tanh"]
    weight_variance: Annotated[float, Gt(0), Le(1000)]
    bias_variance: Annotated[float, Ge(0), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class Row:
    """One row of a map: networks with the same biases and weights of several variances."""

    activation: Literal["linear", "relu", "tanh"]
    bias_variance: Annotated[float, Ge(0), Le(1000)]
    weight_variances: Annotated[tuple[Annotated[float, Gt(0), Le(1000)], ...], MinLen(1)]

    @property
    def arms(self) -> list[Arm]:
        """The networks of the row."""
        return [Arm(self.activation, c, self.bias_variance) for c in self.weight_variances]


@dataclass(frozen=True, config=STRICT)
class Starts:
    """The gap, 1 minus the cosine, between any two inputs, of three sets of inputs."""

    near: Annotated[float, Gt(0), Le(1)]
    middle: Annotated[float, Gt(0), Le(1)]
    apart: Annotated[float, Gt(0), Le(1)]


@dataclass(frozen=True, config=STRICT)
class Read:
    """Between which layers factors are read, from which on all has settled, and growth up to."""

    near: Layers
    gradient: Layers
    scale: Layers
    settled: Annotated[int, Ge(1)]
    growth: Annotated[int, Ge(2)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws of how large networks, the inputs, the maps and the arms."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    depth: Annotated[int, Ge(4), Le(1_000)]
    width: Annotated[int, Ge(2), Le(16_384)]
    images: Annotated[int, Ge(2), Le(100)]
    starts: Starts
    read: Read
    edge: str
    margin: Annotated[float, Ge(0), Lt(1)]
    rows: Annotated[dict[str, Row], MinLen(1)]
    arms: Annotated[dict[str, Arm], MinLen(1)]


@record(frozen=True)
class Point:
    """What is read of one network, layer by layer.

    **Shapes**: ``lengths`` and ``gradients`` (depth,), entry 0 belongs to layer 1; each tensor of
    ``gaps`` (depth,) too, but entry 0 belongs to layer 2. All in float64.
    """

    arm: Arm
    lengths: Tensor
    gradients: Tensor
    gaps: Mapping[str, Tensor]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Measure every network of the maps and every arm, for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split give the inputs.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims read; over all draws, the maps and the curves of the arms.
    """
    images = mnist.standardised(mnist.train.first(config.images + 1).images)
    inputs = {name: equally_apart(images, gap) for name, gap in vars(config.starts).items()}
    measured = {draw: measure(config, inputs, draw) for draw in draws}
    return Result.of(
        {draw: quantities(config, points) for draw, points in measured.items()},
        tables={
            "map": map_rows(config, list(measured.values())),
            "layers": curves(config, list(measured.values())),
        },
    )


def measure(config: Config, inputs: Mapping[str, Tensor], draw: int) -> dict[str, list[Point]]:
    """Send all inputs through every network of one draw, and a gradient down for the last start.

    Args:
        config: the settings.
        inputs: of each start.
        draw: index of the draw.

    Returns:
        For each row of the maps its networks, and for each arm a list of one.
    """
    groups = {name: row.arms for name, row in config.rows.items()}
    groups |= {name: [arm] for name, arm in config.arms.items()}
    arms = [arm for group in groups.values() for arm in group]
    of_starts: dict[str, list[LayerStatistics]] = {}
    *_, last = inputs
    for name, batch in inputs.items():
        depth = config.read.near[1] if name == "near" else config.depth
        widths = (batch.shape[1], *[config.width] * depth)
        layers = RandomLayers(widths, config.seed, draw, device=batch.device)
        cotangent = layers.cotangent(len(batch)) if name == last else None
        of_starts[name] = propagate(batch, layers, list(map(scheme, arms)), cotangent=cotangent)
    networks = zip(arms, *of_starts.values(), strict=True)
    points = (point(arm, dict(zip(of_starts, found, strict=True))) for arm, *found in networks)
    return {name: [next(points) for _ in group] for name, group in groups.items()}


def scheme(arm: Arm) -> Scheme:
    """Return the network of an arm."""
    one = activation(arm.activation)
    return Scheme(one, arm.weight_variance, bias_variance=arm.bias_variance)


def point(arm: Arm, of_starts: Mapping[str, LayerStatistics]) -> Point:
    r"""Reduce the statistics of one network to what is read of it.

    The gap of the preactivations of the next layer is, over its weights and biases,

    .. math:: g_{l+1} = \frac{c\,s_l}{c\,s_l + \sigma_b^2}\; \hat g_l

    where :math:`\hat g_l` is the gap of the activations and :math:`s_l` their second moment. The
    statistics with gradients stand last.
    """
    *_, last = of_starts.values()

    def gaps(statistics: LayerStatistics) -> Tensor:
        from_weights = arm.weight_variance * statistics.activation_second_moment
        share = from_weights / (from_weights + arm.bias_variance)
        return torch.mul(statistics.activation_gap, share)

    return Point(
        arm=arm,
        lengths=last.preactivation_second_moment,
        gradients=last.preactivation_gradient_second_moment,
        gaps={name: gaps(statistics) for name, statistics in of_starts.items()},
    )


def quantities(config: Config, points: Mapping[str, list[Point]]) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        config: the settings.
        points: every network of every row, and every arm.

    Returns:
        Of the map of tanh: slopes of measured against predicted logarithms, the share of networks
        in the phase that is predicted, and the place of the edge; and the quantities of each arm.
    """
    of_tanh = [one for name in config.rows for one in points[name] if one.arm.activation == "tanh"]
    arms, found = [one.arm for one in of_tanh], [of_arm(config, one) for one in of_tanh]
    chi = np.log([theory_factor(arm) for arm in arms])
    length, near, down = (
        np.log([one[key] for one in found]) for key in ("length", "near_factor", "gradient_factor")
    )
    clear = np.abs(chi) > config.margin
    across = [of_arm(config, one) for one in points[config.edge]]
    rise, at_zero = np.polyfit(
        np.log(config.rows[config.edge].weight_variances),
        np.log([one["near_factor"] * one["gradient_factor"] for one in across]),
        deg=1,
    )
    return {
        "length_slope.tanh": slope(np.log([theory_length(arm) for arm in arms]), length),
        "near_slope.tanh": slope(chi, near),
        "gradient_slope.tanh": slope(chi, down),
        "phase_share.tanh": float(np.mean((chi > 0) == (near > 0), where=clear)),
        "edge.tanh": exp(-float(at_zero / rise)),
    } | {
        f"{key}.{name}": number
        for name in config.arms
        for key, number in of_arm(config, points[name][0]).items()
    }


def of_arm(config: Config, found: Point) -> dict[str, float]:
    """Reduce one network to the quantities that claims read.

    By how much a layer multiplies the gap of inputs that are nearly alike, and the gradient on its
    way down; the length and the cosine deep in the network; what is left, over the layers of
    ``scale``, of how the cosine depends on the start; what a layer adds to the length; and the gap
    that inputs at right angles have left at the first of these layers.
    """
    read, (near, apart, middle) = config.read, (found.gaps[n] for n in ("near", "apart", "middle"))
    near = near[read.near[0] - 2 : read.near[1] - 1]
    down = found.gradients[read.gradient[0] - 1 : read.gradient[1]]
    first, last = (layer - 2 for layer in read.scale)
    return {
        "near_factor": float((near[1:] / near[:-1]).mean()),
        "gradient_factor": float((down[:-1] / down[1:]).mean()),
        "length": float(found.lengths[read.settled - 1]),
        "late_cosine": 1 - float((apart + middle)[read.settled - 2 :].mean()) / 2,
        "distance_kept": float((apart[last] - middle[last]) / (apart[first] - middle[first])),
        "growth_per_layer": float(found.lengths[: read.growth].diff().mean()),
        "gap_left": float(apart[first]),
    }


def slope(x: Array, y: Array) -> float:
    """Return the slope of the line through the origin that fits best."""
    return float((x * y).sum() / (x * x).sum())


def map_rows(
    config: Config, per_draw: Sequence[Mapping[str, list[Point]]]
) -> list[Mapping[str, Cell]]:
    """Average what the maps show of every network over the draws."""
    rows: list[Mapping[str, Cell]] = []
    for name in config.rows:
        for at, arm in enumerate(config.rows[name].arms):
            found = [of_arm(config, points[name][at]) for points in per_draw]
            for quantity in ("length", "near_factor", "gradient_factor", "distance_kept"):
                samples, c = [one[quantity] for one in found], arm.weight_variance
                rows.append(mean_row(samples, row=name, weight_variance=c, quantity=quantity))
    return rows


def curves(
    config: Config, per_draw: Sequence[Mapping[str, list[Point]]]
) -> list[Mapping[str, Cell]]:
    """Average the cosine in every layer of every arm over the draws."""
    rows: list[Mapping[str, Cell]] = []
    for arm in config.arms:
        for start in vars(config.starts):
            by_layer = torch.stack([1 - points[arm][0].gaps[start] for points in per_draw], dim=1)
            rows += [
                mean_row(samples, arm=arm, start=start, layer=layer)
                for layer, samples in enumerate(by_layer.tolist(), start=2)
            ]
    return rows


def theory_length(arm: Arm) -> float:
    """Return the length that the map settles at."""
    one = activations.activation(arm.activation)
    return mean_field.length_fixed_point(one, arm.weight_variance, arm.bias_variance)


def theory_factor(arm: Arm) -> float:
    """Return the gradient factor at the length that the map settles at."""
    one = activations.activation(arm.activation)
    return mean_field.gradient_factor(one, theory_length(arm), arm.weight_variance)


# Claims ------------------------------------------------------------------------------------------

SECTION = "chapter Order and chaos, section "
TANH, RELU = activations.activation("tanh"), activations.activation("relu")
INPUTS = (
    "Layers of finite width; inputs made of MNIST images so that any two have the same cosine, "
    "where the paper has other inputs."
)
NONE = "None: it is a statement of this study about these networks."
FIVE = "Five per cent of the slope: the maps are for wide layers, and a finite width adds scatter."
LINE = "The slope of the line through the origin that fits the logarithms, measured on predicted"
RIGHT_ANGLES = Fault("Take inputs at right angles.", {"starts.near": 1.0})
EDGE_AT = phases.critical_weight_variance(TANH, 0.05)
ORDERED = theory_factor(Arm("tanh", 1.4, 0.05))
DEFAULT = theory_factor(Arm("tanh", 1 / 3, 1 / 1536))
COSINE = mean_field.correlation_fixed_point(TANH, 2.5, 0.05)
KEPT = exp(-7 / phases.correlation_depth_scale(TANH, 2.5, 0.05))
GAP_LEFT = float(mean_field.gaps(RELU, 1.0, 1.0, 2.0, 0.0, 3)[-1])

CLAIMS = (
    Claim(
        id="lengths-settle-at-the-fixed-point",
        statement="The length of a signal of tanh units settles at the fixed point of its map.",
        source=POOLE_2016.at("section 2, the length map and its fixed point"),
        quantity="length_slope.tanh",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason=FIVE,
        departure=INPUTS,
        remark=f"{LINE} length in layer 28, over all tanh networks of the map.",
        fault=Fault("Read the first layer.", {"read.settled": 1}),
        derivation="derivation-length-map",
    ),
    Claim(
        id="order-and-chaos-by-chi",
        statement="Inputs that are nearly alike come together where χ₁ < 1, apart where χ₁ > 1.",
        source=POOLE_2016.at("section 3, the slope of the correlation map at 1"),
        quantity="phase_share.tanh",
        prediction=1.0,
        band=around(1.0, 0.02),
        reason="Two per cent: less than one network of the map.",
        departure=INPUTS,
        remark="The share of tanh networks on the side predicted, but those nearest to the edge.",
        fault=RIGHT_ANGLES,
        derivation="derivation-chi",
    ),
    Claim(
        id="nearby-inputs-grow-by-chi",
        statement="Each layer multiplies the gap of inputs that are nearly alike by χ₁.",
        source=POOLE_2016.at("section 3, the slope of the correlation map at 1"),
        quantity="near_slope.tanh",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason=FIVE,
        departure=INPUTS,
        remark=f"{LINE} factor of the gap, over all tanh networks of the map.",
        fault=RIGHT_ANGLES,
        derivation="derivation-chi",
    ),
    Claim(
        id="gradient-grows-by-chi",
        statement="The gradient vanishes in the ordered and explodes in the chaotic phase, by χ₁.",
        source=SCHOENHOLZ_2017.at("abstract, “regions of vanishing and exploding gradient”"),
        quantity="gradient_slope.tanh",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason=FIVE,
        departure=f"{INPUTS} A random gradient enters at the top.",
        remark=f"{LINE} factor of the second moment, over all tanh networks of the map.",
        fault=Fault("Take layers of six units.", {"width": 6}),
        derivation="derivation-chi",
    ),
    Claim(
        id="edge-of-chaos-tanh",
        statement="For biases of variance 0.05 the edge of chaos lies at weights of 1.76 / fan_in.",
        source=THIS_STUDY.at(f"{SECTION}“The edge”"),
        quantity="edge.tanh",
        prediction=EDGE_AT,
        band=within(EDGE_AT, 0.05),
        reason="Five per cent: the spacing of the networks that are measured about the edge.",
        departure=NONE,
        remark="Where the measured factors of the gap and of the gradient together pass 1.",
        fault=RIGHT_ANGLES,
        derivation="derivation-edge",
    ),
    Claim(
        id="chaotic-fixed-cosine",
        statement="In the chaotic phase the cosine of any two inputs settles at one value below 1.",
        source=POOLE_2016.at("section 3, the fixed points of the correlation map"),
        quantity="late_cosine.chaotic",
        prediction=COSINE,
        band=around(COSINE, 0.08),
        reason="Less than a quarter of the way from here to where either set of inputs begins.",
        departure=INPUTS,
        remark="The mean over inputs that begin at a cosine of 0 and of 0.8, from layer 28 on.",
        fault=Fault("Take weights of 4 / fan_in.", {"arms.chaotic.weight_variance": 4.0}),
        derivation="derivation-fixed-cosine",
    ),
    Claim(
        id="depth-scale-ordered",
        statement="In the ordered phase the depth scale is −1/ln χ₁.",
        source=SCHOENHOLZ_2017.at("section 3, the depth scale of the correlation"),
        quantity="near_factor.ordered",
        prediction=ORDERED,
        band=within(ORDERED, 0.03),
        reason="Three per cent, a third of the distance to 1, where the scale would be infinite.",
        departure=INPUTS,
        remark="The factor of the gap of one layer, whose logarithm is minus one over the scale.",
        fault=Fault("Go to the edge.", {"arms.ordered.weight_variance": 1.7609546396067}),
        derivation="derivation-depth-scales",
    ),
    Claim(
        id="depth-scale-chaotic",
        statement="In the chaotic phase it is that of the slope at the fixed cosine, not of χ₁.",
        source=SCHOENHOLZ_2017.at("section 3, the depth scale of the correlation"),
        quantity="distance_kept.chaotic",
        prediction=KEPT,
        band=Band(exp(-7 / 9), exp(-7 / 18)),
        reason="Scales of 9 to 18 layers; predicted are 12, with χ₁ in place of the slope 8.",
        departure=INPUTS,
        remark=(
            "What the layers 4 to 10 leave of the difference between inputs that begin at right "
            "angles and at a cosine of 0.8: both come to the same cosine, from either side."
        ),
        fault=Fault("Take weights of 4 / fan_in.", {"arms.chaotic.weight_variance": 4.0}),
        derivation="derivation-depth-scales",
    ),
    Claim(
        id="relu-edge-ignores-biases",
        statement="For ReLU the gradient is kept at weights of 2 / fan_in, whatever the biases.",
        source=THIS_STUDY.at(f"{SECTION}“The map of ReLU”"),
        quantity="gradient_factor.relu_edge",
        prediction=1.0,
        band=around(1.0, 0.03),
        reason="Three per cent: the law holds in expectation at any width.",
        departure=NONE,
        remark="With biases of variance 0.3.",
        fault=Fault("Take weights of 1.8 / fan_in.", {"arms.relu_edge.weight_variance": 1.8}),
        derivation="derivation-relu-map",
    ),
    Claim(
        id="relu-is-never-chaotic",
        statement="Above its edge a ReLU network still brings inputs together, as at any weights.",
        source=THIS_STUDY.at(f"{SECTION}“The map of ReLU”"),
        quantity="gap_left.relu_above",
        prediction=GAP_LEFT,
        band=within(GAP_LEFT, 0.15),
        reason="Fifteen per cent: the law is for wide layers; without a ReLU the gap would stay 1.",
        departure=NONE,
        remark=(
            "The gap in layer 3 of inputs at right angles, with weights of 2.5 / fan_in and no "
            "biases. The gradient explodes there; the phase called chaotic by χ₁ has no chaos."
        ),
        fault=Fault("Take the ReLU away.", {"arms.relu_above.activation": "linear"}),
        derivation="derivation-relu-map",
    ),
    Claim(
        id="torch-default-tanh-ordered",
        statement="With torch's own weights a tanh network is ordered: a third of χ₁ = 1.",
        source=THIS_STUDY.at(f"{SECTION}“Places on the map”"),
        quantity="gradient_factor.torch_default",
        prediction=DEFAULT,
        band=within(DEFAULT, 0.03),
        reason="Three per cent: the law is for wide layers, and no other recipe comes near.",
        departure=NONE,
        remark="Gaussian weights and biases of the variances of nn.Linear at a width of 512.",
        fault=Fault("Take Glorot's weights.", {"arms.torch_default.weight_variance": 1.0}),
        derivation="derivation-places",
    ),
)


# Figures -----------------------------------------------------------------------------------------

WEIGHT, BIAS = "variance of a weight × fan_in", "variance of a bias"
PLACES = {
    "tanh": {"Glorot": (1.0, 0.0), "torch's gain": (25 / 9, 0.0), "torch's default": (1 / 3, 0.0)},
    "relu": {"He": (2.0, 0.0), "Glorot": (1.0, 0.0), "torch's default": (1 / 3, 0.0)},
}
MARKS = {
    -1: ("v", "C0", "come together"),
    0: ("o", "C2", "undecided"),
    1: ("^", "C1", "come apart"),
}


def tanh_map(run: Run) -> "Figure":
    """Phase map of tanh: inputs come together left of the edge of chaos and apart right of it."""
    figure, axes = plt.subplots()
    weights, biases = np.linspace(0.2, 4.3, 60), np.linspace(0, 0.78, 25) ** 2
    chi = [[theory_factor(Arm("tanh", c, b)) for c in weights.tolist()] for b in biases.tolist()]
    levels = axes.contour(weights, biases, chi, [0.3, 0.5, 0.7, 0.85, 1.15, 1.3], colors="0.5")
    axes.clabel(levels, fontsize=7)
    axes.contour(weights, biases, chi, [1.0], colors=[axes.xaxis.label.get_color()], linewidths=2)
    _marks(axes, run, "tanh", "near_factor")
    axes.set(xlabel=WEIGHT, ylabel=BIAS, xlim=(0, 4.3), ylim=(-0.07, 0.6))
    return figure


def relu_map(run: Run) -> "Figure":
    """Phase map of ReLU: the gradient is kept on one vertical line, whatever the biases."""
    figure, axes = plt.subplots()
    for length in (0.25, 0.5, 1.0, 2.0):
        axes.plot([0, 2], [length, 0], color="0.5", linewidth=0.8)
        top = min(length, 0.53)
        axes.text(2 - 2 * top / length + 0.05, top, f"length {length:g}", fontsize=7)
    axes.axvline(2, color=axes.xaxis.label.get_color(), linewidth=2)
    _marks(axes, run, "relu", "gradient_factor", numbers=True)
    axes.set(xlabel=WEIGHT, ylabel=BIAS, xlim=(0, 3.4), ylim=(-0.05, 0.6))
    return figure


def cosine_by_layer(run: Run) -> "Figure":
    """Cosine of two inputs by layer: it goes to 1 in order, and to a value below 1 in chaos."""
    figure, axes = plt.subplots()
    settings = run.settings["experiment"]
    for at, name in enumerate(("ordered", "critical", "chaotic")):
        arm, colour = settings["arms"][name], f"C{at}"
        for start in ("middle", "apart"):
            rows = [r for r in run.tables["layers"] if (r["arm"], r["start"]) == (name, start)]
            layers, means, widths = (
                [r[key] for r in rows] for key in ("layer", "mean", "half_width")
            )
            label = name if start == "apart" else None
            axes.errorbar(layers, means, widths, fmt="o", markersize=3, color=colour, label=label)
            law = _gaps(settings, start, arm["weight_variance"], arm["bias_variance"])
            axes.plot(range(1, len(law) + 1), 1 - law, "--", color=colour)
    axes.set(xlabel="layer", ylabel="cosine of two preactivations", ylim=(-0.05, 1.05))
    axes.legend()
    return figure


def depth_scales(run: Run) -> "Figure":
    """Depth scale by the size of the weights: it has no bound at the edge of chaos."""
    figure, axes = plt.subplots()
    settings, edge = run.settings["experiment"], EDGE_AT
    bias = settings["rows"]["tanh_low"]["bias_variance"]
    for side in (np.linspace(0.3, edge - 0.01, 60), np.linspace(edge + 0.01, 4.2, 60)):
        law = [phases.correlation_depth_scale(TANH, c, bias) for c in side.tolist()]
        axes.plot(side, law, "--", color="C0")
    axes.axvline(edge, color="0.5", linewidth=0.8)
    first, last = settings["read"]["scale"]
    beyond = np.linspace(edge + 0.2, 4.2, 40).tolist()
    starts = ([_gaps(settings, start, c, bias) for c in beyond] for start in ("apart", "middle"))
    between = [apart - middle for apart, middle in zip(*starts, strict=True)]
    as_read = [_scale(one[last - 1] / one[first - 1], last - first) for one in between]
    axes.plot(beyond, as_read, ":", color="C0")
    for row in run.tables["map"]:
        ordered = float(row["weight_variance"]) < edge
        key = "tanh_low", "near_factor" if ordered else "distance_kept"
        if (row["row"], row["quantity"]) != key:
            continue
        kept = [float(row["mean"]) + sign * float(row["half_width"]) for sign in (-1, 0, 1)]
        low, middle, high = (_scale(x, 1 if ordered else last - first) for x in kept)
        if high < inf:
            reach = [[middle - low], [high - middle]]
            axes.errorbar([row["weight_variance"]], [middle], reach, fmt="o", color="C1", capsize=3)
    axes.set(xlabel=WEIGHT, ylabel="depth scale in layers", yscale="log", ylim=(0.7, 300))
    return figure


def _gaps(settings: Mapping[str, Any], start: str, c: float, bias: float) -> Array:
    """Return the gaps that the map gives in each layer of tanh units."""
    gap = settings["starts"][start] * c / (c + bias)
    return mean_field.gaps(TANH, c + bias, gap, c, bias, settings["depth"])


def _scale(kept: float, layers: int) -> float:
    return -layers / log(kept) if 0 < kept < 1 else inf if kept >= 1 else 0.0


def _marks(axes: "Axes", run: Run, name: str, quantity: str, *, numbers: bool = False) -> None:
    """Mark every network of a map by the side of 1 on which its factor is, and name places."""
    rows = run.settings["experiment"]["rows"]
    seen: set[int] = set()
    for found in run.tables["map"]:
        row = rows[str(found["row"])]
        if row["activation"] != name or found["quantity"] != quantity:
            continue
        mean, half_width = (float(found[key]) for key in ("mean", "half_width"))
        side = int(mean - half_width > 1) - int(mean + half_width < 1)
        mark, colour, label = MARKS[side]
        place = float(found["weight_variance"]), row["bias_variance"]
        axes.plot(*place, mark, color=colour, label=None if side in seen else label)
        seen.add(side)
        if numbers:
            axes.annotate(f"{mean:.2f}", place, (0, 7), textcoords="offset points", ha="center")
    for text, place in PLACES[name].items():
        axes.plot(*place, "*", color="C3", markersize=9, clip_on=False)
        axes.annotate(text, place, (0, -13), textcoords="offset points", ha="center", fontsize=8)
    if not numbers:
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, fontsize=8)


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(tanh_map, cosine_by_layer, depth_scales, relu_map),
)
