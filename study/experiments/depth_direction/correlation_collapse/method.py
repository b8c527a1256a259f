"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass as record
from itertools import combinations
from math import sqrt
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.activations import activation
from study.lab.inits import RandomLayers
from study.lab.mnist import Mnist, Split
from study.lab.propagation import Scheme, propagate
from study.lab.statistics import LayerStatistics
from study.record.experiment import STRICT
from study.record.results import Result, mean_row
from study.theory.activations import Activation
from study.theory.activations import activation as smooth
from study.theory.direction import activation_gaps
from study.theory.moments import angle

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
