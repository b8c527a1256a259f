"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from math import inf, nan, sqrt
from typing import Literal, NamedTuple

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.activations import activation
from study.lab.inits import RandomLayers
from study.lab.mean_squares import unit_mean_square
from study.lab.mnist import Mnist, Split
from study.lab.propagation import Scheme, propagate
from study.lab.statistics import LayerStatistics
from study.record.checks import check_at_most, check_known
from study.record.draws import Draw, Row
from study.record.settings import (
    STRICT,
    BiasVariance,
    Count,
    Depth,
    Fraction,
    Named,
    Seed,
    Settings,
    Several,
    Shift,
    Slope,
    Variance,
    Width,
)
from study.theory.activations import Activation
from study.theory.activations import activation as smooth
from study.theory.direction import activation_gaps, inverse_angle_growth
from study.theory.moments import angle
from study.theory.quotients import quotient

TANH = smooth("tanh")
EDGE_WEIGHTS, EDGE_BIAS = 1.7609546396071, 0.05
"""Variances of weights, times fan_in, and biases that put tanh on the edge of chaos."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of wide network: its activation and the variances of weights and biases."""

    activation: Literal["linear", "relu", "leaky_relu", "tanh"]
    slope: Slope
    shift: Shift
    weight_variance: Variance
    bias_variance: BiasVariance


@dataclass(frozen=True, config=STRICT)
class WideNetworks:
    """Size of the wide networks, and the layers between which rates are measured.

    The angle of ReLU networks is measured in ``early`` layers, where finite-width corrections are
    small; rates of other networks in ``late`` layers, where their signal is stationary.
    """

    width: Width
    depth: Depth
    first_layers: Count
    early: tuple[Count, Count]
    late: tuple[Count, Count]

    def __post_init__(self) -> None:
        """Check that all layers exist, and that each range has two."""
        check_at_most("first_layers", self.first_layers, "depth", self.depth)
        for field, (first, last) in (("early", self.early), ("late", self.late)):
            if not first < last <= self.depth:
                raise ValueError(
                    f"{field}=[{first}, {last}], depth={self.depth}: must be two layers of the "
                    "network, the lower one first"
                )


@dataclass(frozen=True, config=STRICT)
class NearInputs:
    """Two inputs of a small gap, and the arm in which they are propagated."""

    arm: str
    gap: Fraction


@dataclass(frozen=True, config=STRICT)
class DeepNetworks:
    """Wider networks of leaky ReLUs, read so far down that the map has come to its power law.

    Attributes:
        seed: of their weights, since networks of another width must not share generators.
        width: of each layer.
        layers: first and last layer between which the growth of one over the angle is read.
        images: how many, from the beginning of the training split.
        slope: of the activation below 0.
    """

    seed: Seed
    width: Width
    layers: tuple[Count, Count]
    images: Several
    slope: Slope

    def __post_init__(self) -> None:
        """Check that the range has two layers."""
        first, last = self.layers
        if first >= last:
            raise ValueError(f"layers=[{first}, {last}]: must be two layers, the lower one first")


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the wide and the deep networks, the arms, and a pair of near inputs."""

    wide: WideNetworks
    deep: DeepNetworks
    arms: Named[Arm]
    near: NearInputs

    def __post_init__(self) -> None:
        """Check that the arm of the near inputs exists."""
        check_known("near.arm", [self.near.arm], self.arms)


class Inputs(NamedTuple):
    """The images, of shape (digits, pixels), and their mean gap in infinitely wide layers.

    Attributes:
        images: in float64, of mean square 1.
        relu: the mean gap of all pairs by layer of ReLU, entry 0 that of the images.
        edge: the same for tanh on the edge of chaos.
        deep: the images of the deep networks, of mean square 1.
    """

    images: Tensor
    relu: Sequence[float]
    edge: Sequence[float]
    deep: Tensor


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take an image of each digit, and apply the correlation maps to the gaps of all pairs.

    Args:
        config: the settings.
        mnist: the data; the first image of each digit in its training split is used.
    """
    images = one_of_each(mnist)
    gaps, depth = pair_gaps(images), config.wide.depth
    return Inputs(
        images,
        relu=mean_gaps(smooth("relu"), gaps, 2.0, 0.0, depth),
        edge=mean_gaps(TANH, gaps, EDGE_WEIGHTS, EDGE_BIAS, depth),
        deep=unit_mean_square(mnist.standardised(mnist.train.first(config.deep.images).images)),
    )


def one_of_each(mnist: Mnist) -> Tensor:
    """Return the first image of each digit, standardised and with mean square 1.

    Args:
        mnist: the data.

    Returns:
        The images in float64, of shape (digits, pixels).
    """
    train: Split = mnist.train
    positions = [int((train.labels == digit).nonzero()[0]) for digit in range(10)]
    images = mnist.standardised(train.images[positions]).double()
    return unit_mean_square(images)


def pair_gaps(inputs: Tensor) -> list[float]:
    """Return 1 minus the cosine of all pairs of rows."""
    units = inputs / inputs.norm(dim=1, keepdim=True)
    pairs = combinations(range(len(units)), 2)
    return [float((units[i] - units[k]).square().sum()) / 2 for i, k in pairs]


def mean_gaps(
    nonlinearity: Activation,
    gaps: Iterable[float],
    weight_variance: float,
    bias_variance: float,
    layers: int,
) -> list[float]:
    """Return the mean gap by infinitely wide layer; entry 0 is the mean of the given gaps."""
    per_pair = [
        [gap, *activation_gaps(nonlinearity, gap, weight_variance, bias_variance, layers)]
        for gap in gaps
    ]
    return [sum(layer) / len(layer) for layer in zip(*per_pair, strict=True)]


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Draw the networks and compute the statistics of every layer.

    Args:
        config: the settings.
        inputs: the images, and their mean gaps in infinitely wide layers.
        draw: index of the draw.

    Returns:
        What the claims read, and the curves of each arm.
    """
    by_arm, near_statistics = layer_statistics(config, inputs.images, draw)
    return Draw(
        quantities(config, inputs, by_arm, near_statistics)
        | deep_growth(config.deep, inputs.deep, draw),
        {"layers": curves(by_arm, len(inputs.images))},
    )


def layer_statistics(
    config: Config, images: Tensor, draw: int
) -> tuple[dict[str, LayerStatistics], LayerStatistics]:
    """Propagate the images and the near inputs through the networks of one draw.

    Args:
        config: the settings.
        images: of shape (images, pixels).
        draw: index of the draw.

    Returns:
        The statistics of the images in each arm, and those of the near inputs in theirs.
    """
    networks = config.wide
    widths = (images.shape[1], *[networks.width] * networks.depth)
    layers = RandomLayers(widths, config.seed, draw, dtype=torch.float64, device=images.device)
    schemes = {name: scheme(arm) for name, arm in config.arms.items()}
    statistics = propagate(images, layers, list(schemes.values()))
    pair = near_pair(images, config.near.gap)
    (near_statistics,) = propagate(pair, layers, [schemes[config.near.arm]])
    return dict(zip(schemes, statistics, strict=True)), near_statistics


def deep_growth(networks: DeepNetworks, images: Tensor, draw: int) -> dict[str, float]:
    r"""Return how much a layer of a deep network adds to one over the angle, over what the law has.

    .. math:: \frac{1/\theta_b - 1/\theta_a}{(b - a) / (3\pi)}

    The law is that of a ReLU whatever the slope, so that another slope misses it.

    Args:
        networks: the deep networks.
        images: of shape (images, pixels).
        draw: index of the draw.
    """
    widths = (images.shape[1], *[networks.width] * networks.layers[1])
    layers = RandomLayers(widths, networks.seed, draw, device=images.device)
    # Without biases the weight variance drops out of every angle; this one keeps a ReLU's signal.
    leaky = Scheme(activation("leaky_relu", slope=networks.slope), weight_variance=2.0)
    (statistics,) = propagate(images, layers, [leaky])
    gaps = [nan, *statistics.activation_gap.tolist()]  # by layer; those of the inputs do not count
    growth = _angle_growth(gaps, networks.layers)
    return {"inverse_angle_growth_over_law.deep": growth / inverse_angle_growth()}


def scheme(arm: Arm) -> Scheme:
    """Return the network of an arm."""
    return Scheme(
        activation(arm.activation, slope=arm.slope, shift=arm.shift),
        weight_variance=arm.weight_variance,
        bias_variance=arm.bias_variance,
    )


def near_pair(inputs: Tensor, gap: float) -> Tensor:
    """Return the first image and a copy rotated towards the second.

    Args:
        inputs: images of equal norm, of shape (images, pixels).
        gap: 1 minus the cosine of the two.

    Returns:
        The pair, of shape (2, pixels).
    """
    first, second = inputs[0], inputs[1]
    orthogonal = second - (second @ first) / (first @ first) * first
    orthogonal = orthogonal * (first.norm() / orthogonal.norm())
    return torch.stack([first, (1 - gap) * first + sqrt(gap * (2 - gap)) * orthogonal])


def quantities(
    config: Config,
    inputs: Inputs,
    by_arm: Mapping[str, LayerStatistics],
    near_statistics: LayerStatistics,
) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        config: the settings.
        inputs: the images, and their mean gaps in infinitely wide layers.
        by_arm: the statistics of the images, by arm.
        near_statistics: the statistics of the near inputs.

    Returns:
        The quantities, by key. Where a gap is 0, a rate is infinite and a ratio NaN.
    """
    images, relu, layers = len(inputs.images), inputs.relu, config.wide
    first, last = layers.late
    relu_angles, edge_gaps = (
        _angle_growth(relu, layers.early),
        _gap_growth(inputs.edge, layers.late),
    )
    values: dict[str, float] = {}
    for name, statistics in by_arm.items():
        gaps = [relu[0], *statistics.activation_gap.tolist()]  # by layer, from the inputs
        angles, inverses = _angle_growth(gaps, layers.early), _gap_growth(gaps, layers.late)
        share = float(statistics.activation_image_variance[last - 1])
        moments = statistics.log2_activation_second_moment
        gap_ratio = quotient(gaps[last], gaps[first])
        values |= {
            f"gap_over_map.{name}": gaps[layers.first_layers] / relu[layers.first_layers],
            f"first_fall.{name}": gaps[0] - gaps[1],
            f"inverse_angle_growth.{name}": angles,
            f"inverse_angle_growth_over_map.{name}": angles / relu_angles,
            f"inverse_gap_growth.{name}": inverses,
            f"inverse_gap_growth_over_map.{name}": inverses / edge_gaps,
            f"gap_kept.{name}": gap_ratio,
            f"gap_factor.{name}": gap_ratio ** (1 / (last - first)),
            f"last_cosine.{name}": 1 - gaps[-1],
            f"last_second_moment.{name}": _power_of_two(float(moments[last - 1] - moments[0])),
            f"image_share.{name}": share,
            f"direction_share.{name}": gaps[last] * (images - 1) / images,
            f"image_share_over_gap.{name}": quotient(share, gaps[last]) * images / (images - 1),
        }
    if {"leaky", "relu"} <= by_arm.keys():
        values["first_fall_over_relu.leaky"] = quotient(
            values["first_fall.leaky"], values["first_fall.relu"]
        )
    near_ratio = quotient(
        *(near_statistics.activation_gap[layer - 1].item() for layer in (last, first))
    )
    values[f"near_gap_factor.{config.near.arm}"] = near_ratio ** (1 / (last - first))
    return values


def _angle_growth(gaps: Sequence[float], layers: tuple[int, int]) -> float:
    """Return the growth per layer of the inverse angle between two layers."""
    start, end = layers
    return (_inverse(angle(gaps[end])) - _inverse(angle(gaps[start]))) / (end - start)


def _gap_growth(gaps: Sequence[float], layers: tuple[int, int]) -> float:
    """Return the growth per layer of the inverse gap between two layers."""
    start, end = layers
    return (_inverse(gaps[end]) - _inverse(gaps[start])) / (end - start)


def _inverse(number: float) -> float:
    """Return the inverse of a number; infinity for 0, to which a gap underflows at last."""
    return 1 / number if number else inf


def _power_of_two(exponent: float) -> float:
    return 2**exponent if exponent < 1024 else inf


def curves(by_arm: Mapping[str, LayerStatistics], images: int) -> list[Row]:
    """Return the curves of every arm in the figures, one row per layer.

    Args:
        by_arm: the statistics of the images, by arm.
        images: how many there are.
    """
    return [
        {"arm": arm, "layer": layer, "quantity": quantity, "sample": sample}
        for arm, statistics in by_arm.items()
        for quantity, by_layer in figure_curves(statistics, images).items()
        for layer, sample in enumerate(by_layer.tolist(), start=1)
    ]


def figure_curves(statistics: LayerStatistics, images: int) -> dict[str, Tensor]:
    """Return the curves of one network in the figures, each of shape (depth,)."""
    moment = statistics.log2_activation_second_moment
    return {
        "gap": statistics.activation_gap,
        "second_moment": torch.exp2(moment - moment[0]),
        "share_across_units": statistics.relative_activation_variance,
        "share_across_images": statistics.activation_image_variance,
        "share_of_directions": statistics.activation_gap * (images - 1) / images,
    }


def exact(config: Config, inputs: Inputs) -> dict[str, float]:
    """Return the mean gap of the images, their number of pairs, and the rates of the maps.

    Args:
        config: the settings.
        inputs: the images, and their mean gaps in infinitely wide layers.
    """
    images = len(inputs.images)
    return {
        "input_gap.images": inputs.relu[0],
        "pairs.images": float(images * (images - 1) // 2),
        "inverse_angle_growth.map": _angle_growth(inputs.relu, config.wide.early),
        "inverse_gap_growth.map": _gap_growth(inputs.edge, config.wide.late),
    }
