"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from dataclasses import dataclass as record
from math import exp, inf, nan
from typing import Annotated, Literal, NamedTuple

import numpy as np
import torch
from annotated_types import Ge, Gt, Le, Lt
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.depth_direction.input_sets import equally_apart
from study.lab.activations import activation
from study.lab.inits import RandomLayers
from study.lab.mnist import Mnist
from study.lab.propagation import Scheme, propagate
from study.lab.statistics import LayerStatistics
from study.record.checks import check_distinct, check_known
from study.record.draws import Draw
from study.record.results import Cell
from study.record.settings import (
    STRICT,
    BiasVariance,
    Count,
    Named,
    NonEmpty,
    Settings,
    Several,
    Variance,
    Width,
)
from study.theory import activations, mean_field
from study.theory.activations import Array
from study.theory.quotients import quotient

LARGEST = 709.0
"""Its exponential is about the largest of all numbers in float64."""

Layers = tuple[Count, Count]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One network: its activation and how large weights and biases are."""

    activation: Literal["linear", "relu", "tanh"]
    weight_variance: Variance
    bias_variance: BiasVariance


@dataclass(frozen=True, config=STRICT)
class Row:
    """One row of a map: networks with the same biases and weights of several variances."""

    activation: Literal["linear", "relu", "tanh"]
    bias_variance: BiasVariance
    weight_variances: NonEmpty[Variance]

    def __post_init__(self) -> None:
        """Refuse one network twice."""
        check_distinct("weight_variances", self.weight_variances)

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

    def __post_init__(self) -> None:
        """Refuse two sets of inputs of which no layer can lose the difference."""
        if self.middle == self.apart:
            raise ValueError(f"middle={self.middle}, apart={self.apart}: must differ")


@dataclass(frozen=True, config=STRICT)
class Read:
    """Between which layers factors are read, from which on all has settled, and growth up to.

    Gaps, between whose layers ``near`` and ``scale`` lie, are those of preactivations above the
    first layer.
    """

    near: Layers
    gradient: Layers
    scale: Layers
    settled: Count
    growth: Several

    def __post_init__(self) -> None:
        """Refuse a factor over no layer, and the gap of the first layer, which is not measured."""
        for field, least in (("near", 2), ("gradient", 1), ("scale", 2)):
            first, last = getattr(self, field)
            if not least <= first < last:
                raise ValueError(
                    f"{field}=[{first}, {last}]: must be two layers from {least} on, the lower one "
                    "first"
                )


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: how many draws of how large networks, the inputs, the maps and the arms."""

    depth: Annotated[int, Ge(4), Le(1_000)]
    width: Width
    images: Annotated[int, Ge(2), Le(100)]
    starts: Starts
    read: Read
    edge: str
    margin: Annotated[float, Ge(0), Lt(1)]
    rows: Named[Row]
    arms: Named[Arm]

    def __post_init__(self) -> None:
        """Refuse to read a layer that there is not, and an edge across no row."""
        for field, read in vars(self.read).items():
            last, value = (read[1], list(read)) if isinstance(read, tuple) else (read, read)
            if last > self.depth:
                raise ValueError(
                    f"read.{field}={value}, depth={self.depth}: must be within the depth"
                )
        check_known("edge", [self.edge], self.rows)
        across = self.rows[self.edge].weight_variances
        if len(across) < 2:
            raise ValueError(
                f"edge={self.edge}, rows.{self.edge}.weight_variances={list(across)}: must be two "
                "or more"
            )
        if all(row.activation != "tanh" for row in self.rows.values()):
            raise ValueError(f"rows={', '.join(self.rows)}: one of them must be of tanh")
        for name in self.rows.keys() & self.arms.keys():
            raise ValueError(f"arms={name}, rows={name}: a row and an arm must not share a name")


class Inputs(NamedTuple):
    """The inputs of each start, any two of one gap; of shape (images, pixels) and mean square 1."""

    near: Tensor
    middle: Tensor
    apart: Tensor


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


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Make the inputs of each start from the first images of the training split.

    Args:
        config: the settings.
        mnist: the data.
    """
    images = mnist.standardised(mnist.train.first(config.images + 1).images)
    return Inputs(
        **{start: equally_apart(images, gap) for start, gap in vars(config.starts).items()}
    )


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Draw the networks of the maps and of the arms and measure every layer of them.

    Args:
        config: the settings.
        inputs: of each start.
        draw: index of the draw.

    Returns:
        What the claims read; the maps, and the curves of the arms.
    """
    points = propagated(config, inputs, draw)
    return Draw(
        quantities(config, points),
        {"map": map_rows(config, points), "layers": curves(config, points)},
    )


def propagated(config: Config, inputs: Inputs, draw: int) -> dict[str, list[Point]]:
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
    for start, batch in inputs._asdict().items():
        depth = config.read.near[1] if start == "near" else config.depth
        widths = (batch.shape[1], *[config.width] * depth)
        layers = RandomLayers(widths, config.seed, draw, device=batch.device)
        cotangent = layers.cotangent(len(batch)) if start == "apart" else None
        of_starts[start] = propagate(batch, layers, list(map(scheme, arms)), cotangent=cotangent)
    networks = zip(arms, *of_starts.values(), strict=True)
    points = (point(arm, dict(zip(of_starts, found, strict=True))) for arm, *found in networks)
    return {name: [next(points) for _ in group] for name, group in groups.items()}


def scheme(arm: Arm) -> Scheme:
    """Return the network of an arm."""
    function = activation(arm.activation)
    return Scheme(function, arm.weight_variance, bias_variance=arm.bias_variance)


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


@np.errstate(divide="ignore", invalid="ignore")  # a factor of 0 has no finite logarithm
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
    edge = crossing(
        np.log(config.rows[config.edge].weight_variances),
        np.log([one["near_factor"] * one["gradient_factor"] for one in across]),
    )
    return {
        "length_slope.tanh": slope(np.log([theory_length(arm) for arm in arms]), length),
        "near_slope.tanh": slope(chi, near),
        "gradient_slope.tanh": slope(chi, down),
        "phase_share.tanh": float(np.mean((chi > 0) == (near > 0), where=clear)),
        "edge.tanh": exp(edge) if edge < LARGEST else inf,
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


def crossing(x: Array, y: Array) -> float:
    """Return where the line that fits best is 0; NaN if a place or a number is none."""
    if not np.isfinite(y).all():
        return nan
    rise, at_zero = (float(number) for number in np.polyfit(x, y, deg=1))
    return quotient(-at_zero, rise)


def map_rows(config: Config, points: Mapping[str, list[Point]]) -> list[dict[str, Cell]]:
    """Return what the maps show of every network: rows of row, weight variance and quantity."""
    return [
        {
            "row": name,
            "weight_variance": network.arm.weight_variance,
            "quantity": quantity,
            "sample": of_arm(config, network)[quantity],
        }
        for name in config.rows
        for network in points[name]
        for quantity in ("length", "near_factor", "gradient_factor", "distance_kept")
    ]


def curves(config: Config, points: Mapping[str, list[Point]]) -> list[dict[str, Cell]]:
    """Return the cosine in every layer of every arm: rows of arm, start and layer."""
    return [
        {"arm": arm, "start": start, "layer": layer, "sample": cosine}
        for arm in config.arms
        for start in vars(config.starts)
        for layer, cosine in enumerate((1 - points[arm][0].gaps[start]).tolist(), start=2)
    ]


def theory_length(arm: Arm) -> float:
    """Return the length that the map settles at."""
    function = activations.activation(arm.activation)
    return mean_field.length_fixed_point(function, arm.weight_variance, arm.bias_variance)


def theory_factor(arm: Arm) -> float:
    """Return the gradient factor at the length that the map settles at."""
    function = activations.activation(arm.activation)
    return mean_field.gradient_factor(function, theory_length(arm), arm.weight_variance)
