"""Settings, one draw, and what is read of it."""

import dataclasses
from collections.abc import Mapping
from math import exp, inf, log, nan, sqrt
from typing import Annotated, Literal, NamedTuple

import numpy as np
import torch
from annotated_types import Ge, Gt, Le, Lt
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.depth_direction.input_sets import equally_apart
from study.lab.activations import activation
from study.lab.inits import RandomLayers, weight_std
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
    Fraction,
    Named,
    NonEmpty,
    Settings,
    Several,
    Variance,
    Width,
)
from study.theory import activations, mean_field, phases
from study.theory.activations import Array
from study.theory.quotients import quotient

LARGEST_EXPONENT = 709.0
"""Above it, the exponential overflows in float64."""

Range = tuple[Count, Count]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One network: its activation and the variances of weights and biases."""

    activation: Literal["linear", "relu", "tanh"]
    weight_variance: Variance
    bias_variance: BiasVariance


@dataclass(frozen=True, config=STRICT)
class MapRow:
    """One row of a map: networks of one bias variance and several weight variances."""

    activation: Literal["linear", "relu", "tanh"]
    bias_variance: BiasVariance
    weight_variances: NonEmpty[Variance]

    def __post_init__(self) -> None:
        """Check that no network occurs twice."""
        check_distinct("weight_variances", self.weight_variances)

    @property
    def arms(self) -> list[Arm]:
        """The networks of the row."""
        return [Arm(self.activation, c, self.bias_variance) for c in self.weight_variances]


@dataclass(frozen=True, config=STRICT)
class Starts:
    """The gap, 1 minus the cosine, between any two inputs of each of three sets."""

    near: Annotated[float, Gt(0), Le(1)]
    middle: Annotated[float, Gt(0), Le(1)]
    apart: Annotated[float, Gt(0), Le(1)]

    def __post_init__(self) -> None:
        """Check that two of the gaps differ."""
        if self.middle == self.apart:
            raise ValueError(f"middle={self.middle}, apart={self.apart}: must differ")


@dataclass(frozen=True, config=STRICT)
class FixedStarts:
    """Inputs whose gap lies a share below and above the fixed one, and the layers they are read in.

    Attributes:
        share: of the fixed gap.
        sets: of inputs, each from images of its own; a network's scatter averages over them.
        layers: first and last layer between which the difference of the two is followed.
    """

    share: Fraction
    sets: Count
    layers: Range

    def __post_init__(self) -> None:
        """Check that the range has two layers."""
        first, last = self.layers
        if first >= last:
            raise ValueError(f"layers=[{first}, {last}]: must be two layers, the lower one first")


@dataclass(frozen=True, config=STRICT)
class LayerRanges:
    """Layers over which each quantity is averaged.

    Attributes:
        near: first and last layer of the factor of small gaps; gaps are those of preactivations,
            from the second layer on.
        gradient: first and last layer of the factor of gradients.
        scale: first and last layer of the decay of the difference between two cosines.
        settled: the first layer that is taken as stationary.
        growth: the last layer of the growth rate of the length.
    """

    near: Range
    gradient: Range
    scale: Range
    settled: Count
    growth: Several

    def __post_init__(self) -> None:
        """Check that each range has two layers, for which the quantity is defined."""
        for field, lowest in (("near", 2), ("gradient", 1), ("scale", 2)):
            first, last = getattr(self, field)
            if not lowest <= first < last:
                raise ValueError(
                    f"{field}=[{first}, {last}]: must be two layers from {lowest} on, the lower "
                    "one first"
                )


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the size of the networks, the inputs, the maps and the arms."""

    depth: Annotated[int, Ge(4), Le(1_000)]
    width: Width
    images: Annotated[int, Ge(2), Le(100)]
    starts: Starts
    fixed_starts: FixedStarts
    ranges: LayerRanges
    edge: str
    margin: Annotated[float, Ge(0), Lt(1)]
    rows: Named[MapRow]
    arms: Named[Arm]

    def __post_init__(self) -> None:
        """Check that all layers exist, and that the row of the edge has several networks."""
        for field, layers in vars(self.ranges).items():
            last, value = (layers[1], [*layers]) if isinstance(layers, tuple) else (layers, layers)
            if last > self.depth:
                raise ValueError(
                    f"ranges.{field}={value}, depth={self.depth}: must be within the depth"
                )
        check_known("edge", [self.edge], self.rows)
        variances = self.rows[self.edge].weight_variances
        if len(variances) < 2:
            raise ValueError(
                f"edge={self.edge}, rows.{self.edge}.weight_variances={list(variances)}: must be "
                "two or more"
            )
        if all(row.activation != "tanh" for row in self.rows.values()):
            raise ValueError(f"rows={', '.join(self.rows)}: one of them must be of tanh")
        for name in self.rows.keys() & self.arms.keys():
            raise ValueError(f"arms={name}, rows={name}: a row and an arm must not share a name")


class Inputs(NamedTuple):
    """The inputs of each start, any two of one gap.

    Attributes:
        starts: by name, of mean square 1, each of shape (images, pixels).
        fixed: by the name of a chaotic network of the map, those that begin at its fixed length
            with a gap below, and with one above, the fixed one; of shape (2, sets, images, pixels).
    """

    starts: Mapping[str, Tensor]
    fixed: Mapping[str, Tensor]


@dataclasses.dataclass(frozen=True)
class NetworkStatistics:
    """Lengths, gradients and gaps of one network, layer by layer.

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
    count = config.images + 1
    images = mnist.standardised(mnist.train.first(count).images)
    sets = mnist.standardised(mnist.train.first(config.fixed_starts.sets * count).images)
    return Inputs(
        starts={start: equally_apart(images, gap) for start, gap in vars(config.starts).items()},
        fixed={
            name: fixed_inputs(
                arm, config.fixed_starts.share, sets.reshape(-1, count, sets.shape[1])
            )
            for name, arm in chaotic_networks(config).items()
        },
    )


def tanh_networks(config: Config) -> dict[str, Arm]:
    """Return the tanh networks of the map, named after their row and their place in it."""
    return {
        f"{name}_{place}": arm
        for name, row in config.rows.items()
        for place, arm in enumerate(row.arms, start=1)
        if arm.activation == "tanh"
    }


def chaotic_networks(config: Config) -> dict[str, Arm]:
    """Return those tanh networks of the map whose gradient factor is above 1."""
    return {name: arm for name, arm in tanh_networks(config).items() if theory_factor(arm) > 1}


def fixed_inputs(arm: Arm, share: float, sets: Tensor) -> Tensor:
    r"""Return inputs that begin at a network's fixed length, about its fixed gap.

    With inputs of mean square :math:`m = (q^* - \sigma_b^2)/c` and of the gap :math:`g`, the first
    preactivations have the length :math:`q^*` and the gap :math:`g\,(q^* - \sigma_b^2)/q^*`.

    Args:
        arm: the network.
        share: how far below and above the fixed gap they begin, in shares of it.
        sets: the images that they are made of, one more than there are inputs in a set.

    **Shapes**: ``sets`` (sets, images, pixels); (2, sets, inputs, pixels), those of the smaller gap
    first.
    """
    length = theory_length(arm)
    from_inputs = length - arm.bias_variance
    gap = fixed_gap(arm) * length / from_inputs
    inputs = torch.stack(
        [
            torch.stack([equally_apart(images, gap * (1 + sign * share)) for images in sets])
            for sign in (-1, 1)
        ]
    )
    return inputs * sqrt(from_inputs / arm.weight_variance)


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Draw the networks of the maps and of the arms and compute the statistics of every layer.

    Args:
        config: the settings.
        inputs: of each set.
        draw: index of the draw.

    Returns:
        What the claims read; the maps, and the curves of the arms.
    """
    networks = layer_statistics(config, inputs, draw)
    shares_kept = kept_near_fixed(config, inputs.fixed, draw)
    return Draw(
        quantities(config, networks) | network_by_network(config, networks, shares_kept),
        {
            "map": [*map_rows(config, networks), *kept_rows(config, shares_kept)],
            "layers": curves(config, networks),
        },
    )


def layer_statistics(
    config: Config, inputs: Inputs, draw: int
) -> dict[str, list[NetworkStatistics]]:
    """Propagate all inputs through every network, and a gradient for the last set.

    Args:
        config: the settings.
        inputs: of each set.
        draw: index of the draw.

    Returns:
        For each row of the maps its networks, and for each arm a list of one.
    """
    groups = {name: row.arms for name, row in config.rows.items()}
    groups |= {name: [arm] for name, arm in config.arms.items()}
    arms = [arm for group in groups.values() for arm in group]
    by_start: dict[str, list[LayerStatistics]] = {}
    for start, batch in inputs.starts.items():
        depth = config.ranges.near[1] if start == "near" else config.depth
        widths = (batch.shape[1], *[config.width] * depth)
        layers = RandomLayers(widths, config.seed, draw, device=batch.device)
        cotangent = layers.cotangent(len(batch)) if start == "apart" else None
        by_start[start] = propagate(batch, layers, list(map(scheme, arms)), cotangent=cotangent)
    networks = iter(
        network_statistics(arm, dict(zip(by_start, statistics, strict=True)))
        for arm, *statistics in zip(arms, *by_start.values(), strict=True)
    )
    return {name: [next(networks) for _ in group] for name, group in groups.items()}


def kept_near_fixed(config: Config, inputs: Mapping[str, Tensor], draw: int) -> dict[str, float]:
    """Return what each chaotic network keeps of a difference between two gaps about its fixed one.

    Args:
        config: the settings.
        inputs: of each network, see :func:`fixed_inputs`.
        draw: index of the draw; all networks share its numbers.

    Returns:
        The difference of the gaps in the last layer over that in the first, by network.
    """
    first, last = config.fixed_starts.layers
    arms, signals = chaotic_networks(config), dict(inputs)
    pixels = next(iter(inputs.values())).shape[-1] if inputs else 0
    layers = RandomLayers((pixels, *[config.width] * last), config.seed, draw)
    differences: dict[int, dict[str, float]] = {}
    for layer in range(1, last + 1):
        weights, biases = layers.weights(layer), layers.biases(layer)
        for name, arm in arms.items():
            std = weight_std(weights.shape[1], arm.weight_variance)
            preactivations = std * signals[name] @ weights.T + sqrt(arm.bias_variance) * biases
            below, above = mean_gap(preactivations).mean(dim=1).tolist()
            differences.setdefault(layer, {})[name] = above - below
            signals[name] = preactivations.tanh()
    return {name: quotient(differences[last][name], differences[first][name]) for name in arms}


def mean_gap(signals: Tensor) -> Tensor:
    """Return 1 minus the mean cosine of any two signals of a set.

    **Shapes**: ``signals`` (..., signals, units); (...).

    >>> mean_gap(torch.eye(3))
    tensor(1.)
    """
    count = signals.shape[-2]
    units = signals / signals.norm(dim=-1, keepdim=True)
    squared_sum: Tensor = units.sum(dim=-2).square().sum(dim=-1)
    return 1 - (squared_sum - count) / (count * (count - 1))


def scheme(arm: Arm) -> Scheme:
    """Return the network of an arm."""
    function = activation(arm.activation)
    return Scheme(function, arm.weight_variance, bias_variance=arm.bias_variance)


def network_statistics(arm: Arm, by_start: Mapping[str, LayerStatistics]) -> NetworkStatistics:
    """Return lengths, gradients and gaps of one network; the statistics with gradients are last."""
    *_, last = by_start.values()
    return NetworkStatistics(
        arm=arm,
        lengths=last.preactivation_second_moment,
        gradients=last.preactivation_gradient_second_moment,
        gaps={start: preactivation_gaps(arm, statistics) for start, statistics in by_start.items()},
    )


def preactivation_gaps(arm: Arm, statistics: LayerStatistics) -> Tensor:
    r"""Return the gaps of the preactivations, from the second layer on.

    The gap of the next layer is, over its weights and biases,

    .. math:: g_{l+1} = \frac{c\,s_l}{c\,s_l + \sigma_b^2}\; \hat g_l

    where :math:`\hat g_l` is the gap of the activations and :math:`s_l` their second moment.
    """
    from_weights = arm.weight_variance * statistics.activation_second_moment
    share = from_weights / (from_weights + arm.bias_variance)
    return torch.mul(statistics.activation_gap, share)


@np.errstate(divide="ignore", invalid="ignore")  # a factor of 0 has no finite logarithm
def quantities(config: Config, networks: Mapping[str, list[NetworkStatistics]]) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        config: the settings.
        networks: of every row, and every arm.

    Returns:
        Of the map of tanh: slopes of measured against predicted logarithms, the share of networks
        in the predicted phase, and the weight variance at the edge; and the quantities of each
        arm.
    """
    map_networks = [network for name in config.rows for network in networks[name]]
    tanh = [network for network in map_networks if network.arm.activation == "tanh"]
    arms, numbers = [network.arm for network in tanh], [reduce(config, n) for n in tanh]
    chi = np.log([theory_factor(arm) for arm in arms])
    lengths, near_factor, gradient_factor = (
        np.log([number[key] for number in numbers])
        for key in ("length", "near_factor", "gradient_factor")
    )
    off_edge = np.abs(chi) > config.margin
    edge_numbers = [reduce(config, network) for network in networks[config.edge]]
    edge = zero_crossing(
        np.log(config.rows[config.edge].weight_variances),
        np.log([number["near_factor"] * number["gradient_factor"] for number in edge_numbers]),
    )
    return {
        "length_slope.tanh": slope(np.log([theory_length(arm) for arm in arms]), lengths),
        "near_slope.tanh": slope(chi, near_factor),
        "gradient_slope.tanh": slope(chi, gradient_factor),
        "phase_share.tanh": float(np.mean((chi > 0) == (near_factor > 0), where=off_edge)),
        "edge.tanh": exp(edge) if edge < LARGEST_EXPONENT else inf,
    } | {
        f"{key}.{name}": number
        for name in config.arms
        for key, number in reduce(config, networks[name][0]).items()
    }


def network_by_network(
    config: Config,
    networks: Mapping[str, list[NetworkStatistics]],
    shares_kept: Mapping[str, float],
) -> dict[str, float]:
    """Return what each tanh network of the map has, over what its law gives.

    Args:
        config: the settings.
        networks: of every row.
        shares_kept: what each chaotic network keeps of a difference near its fixed cosine.

    Returns:
        Its length over the fixed one; the factors of small gaps and of the gradient over χ₁; and of
        chaotic networks what is kept over what the depth scale leaves. 1 where the law holds.
    """
    of_tanh = [
        network
        for name in config.rows
        for network in networks[name]
        if network.arm.activation == "tanh"
    ]
    values: dict[str, float] = {}
    for (name, arm), network in zip(tanh_networks(config).items(), of_tanh, strict=True):
        numbers, chi = reduce(config, network), theory_factor(arm)
        values |= {
            f"length_over_law.{name}": numbers["length"] / theory_length(arm),
            f"near_factor_over_chi.{name}": numbers["near_factor"] / chi,
            f"gradient_factor_over_chi.{name}": numbers["gradient_factor"] / chi,
        }
    return values | {
        f"kept_over_scale.{name}": share / scale_leaves(config, chaotic_networks(config)[name])
        for name, share in shares_kept.items()
    }


def scale_leaves(config: Config, arm: Arm) -> float:
    """Return what the depth scale of a network leaves of a difference near its fixed cosine."""
    first, last = config.fixed_starts.layers
    return theory_slope(arm) ** (last - first)


def reduce(config: Config, network: NetworkStatistics) -> dict[str, float]:
    """Reduce one network to the quantities that claims read.

    Args:
        config: the settings.
        network: its statistics.

    Returns:
        The factor of a layer on small gaps, and on the gradient; the stationary length and cosine;
        the factor of the layers of ``scale`` on the difference between the cosines of two starts;
        the growth of the length per layer; and the gap of inputs that were orthogonal at the first
        layer of ``scale``.
    """
    ranges = config.ranges
    near_gaps, apart_gaps, middle_gaps = (
        network.gaps[start] for start in ("near", "apart", "middle")
    )
    near_gaps = near_gaps[ranges.near[0] - 2 : ranges.near[1] - 1]
    gradients = network.gradients[ranges.gradient[0] - 1 : ranges.gradient[1]]
    first, last = (layer - 2 for layer in ranges.scale)
    return {
        "near_factor": float((near_gaps[1:] / near_gaps[:-1]).mean()),
        "gradient_factor": float((gradients[:-1] / gradients[1:]).mean()),
        "length": float(network.lengths[ranges.settled - 1]),
        "late_cosine": 1 - float((apart_gaps + middle_gaps)[ranges.settled - 2 :].mean()) / 2,
        "distance_kept": float(
            (apart_gaps[last] - middle_gaps[last]) / (apart_gaps[first] - middle_gaps[first])
        ),
        "growth_per_layer": float(network.lengths[: ranges.growth].diff().mean()),
        "gap_left": float(apart_gaps[first]),
    }


def slope(x: Array, y: Array) -> float:
    """Return the slope of the least-squares line through the origin."""
    return float((x * y).sum() / (x * x).sum())


def zero_crossing(x: Array, y: Array) -> float:
    """Return the zero of the least-squares line; NaN if a value is not finite."""
    if not np.isfinite(y).all():
        return nan
    rise, at_zero = (float(number) for number in np.polyfit(x, y, deg=1))
    return quotient(-at_zero, rise)


def map_rows(
    config: Config, networks: Mapping[str, list[NetworkStatistics]]
) -> list[dict[str, Cell]]:
    """Return the quantities of the maps: rows of row, weight variance and quantity."""
    return [
        {
            "row": name,
            "weight_variance": network.arm.weight_variance,
            "quantity": quantity,
            "sample": reduce(config, network)[quantity],
        }
        for name in config.rows
        for network in networks[name]
        for quantity in ("length", "near_factor", "gradient_factor", "distance_kept")
    ]


def kept_rows(config: Config, shares_kept: Mapping[str, float]) -> list[dict[str, Cell]]:
    """Return what chaotic networks keep near their fixed cosine, as rows of the map."""
    return [
        {
            "row": name.rpartition("_")[0],
            "weight_variance": chaotic_networks(config)[name].weight_variance,
            "quantity": "kept_near_fixed",
            "sample": share,
        }
        for name, share in shares_kept.items()
    ]


def curves(
    config: Config, networks: Mapping[str, list[NetworkStatistics]]
) -> list[dict[str, Cell]]:
    """Return the cosine in every layer of every arm: rows of arm, start and layer."""
    return [
        {"arm": arm, "start": start, "layer": layer, "sample": cosine}
        for arm in config.arms
        for start in vars(config.starts)
        for layer, cosine in enumerate((1 - networks[arm][0].gaps[start]).tolist(), start=2)
    ]


def exact(config: Config, _inputs: Inputs) -> dict[str, float]:
    """Return χ₁ and the depth scale, in layers, of each chaotic network of the map.

    Args:
        config: the settings.
        _inputs: of each set; they are not read.
    """
    networks = chaotic_networks(config)
    return {f"chi.{name}": theory_factor(arm) for name, arm in networks.items()} | {
        f"depth_scale.{name}": -1 / log(theory_slope(arm)) for name, arm in networks.items()
    }


def theory_length(arm: Arm) -> float:
    """Return the fixed point of the length map."""
    function = activations.activation(arm.activation)
    return mean_field.length_fixed_point(function, arm.weight_variance, arm.bias_variance)


def theory_factor(arm: Arm) -> float:
    """Return the gradient factor at the fixed point of the length map."""
    function = activations.activation(arm.activation)
    return mean_field.gradient_factor(function, theory_length(arm), arm.weight_variance)


def theory_slope(arm: Arm) -> float:
    """Return the slope of the correlation map at its fixed point."""
    function = activations.activation(arm.activation)
    return phases.correlation_slope(function, arm.weight_variance, arm.bias_variance)


def fixed_gap(arm: Arm) -> float:
    """Return 1 minus the fixed cosine of the preactivations."""
    function = activations.activation(arm.activation)
    return 1 - mean_field.correlation_fixed_point(function, arm.weight_variance, arm.bias_variance)
