"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.activations import activation
from study.lab.inits import RandomLayers
from study.lab.mnist import Mnist
from study.lab.propagation import Scheme, propagate
from study.lab.statistics import LayerStatistics
from study.lab.sweeps import Workspace
from study.record.experiment import STRICT
from study.record.results import Result, mean_row

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
