"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from typing import Annotated, NamedTuple

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.activations import NAMES, activation
from study.lab.inits import RandomLayers
from study.lab.mean_squares import unit_mean_square
from study.lab.mnist import Mnist
from study.lab.propagation import Scheme, propagate
from study.lab.statistics import LayerStatistics
from study.lab.workspaces import Workspace
from study.record.checks import check_known
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Count, Named, Settings, Shift, Slope, Width
from study.theory.quotients import quotient


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of network: an activation, and the variance of a weight times its fan_in."""

    activation: str
    weight_variance: Annotated[float, Ge(1e-12), Le(1000)]
    slope: Slope
    shift: Shift

    def __post_init__(self) -> None:
        """Refuse an activation that is not known."""
        check_known("activation", [self.activation], NAMES)


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the size of the networks, the number of images, and the arms."""

    depth: Annotated[int, Ge(4), Le(10_000)]
    width: Width
    images: Count
    arms: Named[Arm]

    def __post_init__(self) -> None:
        """Check that the two arms that define a line differ in their weight variance."""
        low_arm, high_arm = (self.arms.get(name) for name in ("below", "above"))
        if low_arm and high_arm and low_arm.weight_variance == high_arm.weight_variance:
            raise ValueError(
                f"arms.below.weight_variance={low_arm.weight_variance}, "
                f"arms.above.weight_variance={high_arm.weight_variance}: must differ, since the "
                "critical one is read off a line through both"
            )


class Inputs(NamedTuple):
    """The images, of shape (images, pixels), and memory that the draws share."""

    images: Tensor
    workspace: Workspace


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split, each scaled to unit mean square.

    Args:
        config: the settings.
        mnist: the data.
    """
    images = mnist.standardised(mnist.train.first(config.images).images)
    return Inputs(unit_mean_square(images), Workspace())


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Draw one network and compute the statistics of every layer in every arm.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        The quantities that claims read, and the curve of each arm.
    """
    widths = (inputs.images.shape[1], *[config.width] * config.depth)
    layers = RandomLayers(widths, config.seed, draw, device=inputs.images.device)
    schemes = [
        Scheme(activation(arm.activation, slope=arm.slope, shift=arm.shift), arm.weight_variance)
        for arm in config.arms.values()
    ]
    statistics = propagate(inputs.images, layers, schemes, workspace=inputs.workspace)
    arms = dict(zip(config.arms, statistics, strict=True))
    return Draw(quantities(config.arms, arms), {"layers": curves(arms)})


def quantities(
    arms: Mapping[str, Arm], statistics_by_arm: Mapping[str, LayerStatistics]
) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        arms: the arms.
        statistics_by_arm: the statistics of each.

    Returns:
        For each arm: the mean factor from layer to layer of the preactivation's second moment, and
        of its last quarter; that of the activation's variance; over the upper half, the mean of
        the second moment and of the activation's mean, and by how much the inverse deviation grows
        per layer. And the weight variance at which the line through two of the factors is 1.
    """
    values: dict[str, float] = {}
    for name, statistics in statistics_by_arm.items():
        moments = statistics.preactivation_second_moment
        half, quarter = len(moments) // 2, len(moments) // 4
        inverse = moments.rsqrt()
        values |= {
            f"forward_factor.{name}": mean_ratio(moments),
            f"last_factor.{name}": mean_ratio(moments[-quarter - 1 :]),
            f"variance_factor.{name}": mean_ratio(statistics.activation_variance),
            f"settled_second_moment.{name}": moments[half:].mean().item(),
            f"settled_mean.{name}": statistics.activation_mean[half:].mean().item(),
            f"inverse_deviation_gain.{name}": (inverse[-1] - inverse[-half - 1]).item() / half,
        }
    if "below" in arms and "above" in arms:
        low, high = (values[f"forward_factor.{name}"] for name in ("below", "above"))
        start, end = (arms[name].weight_variance for name in ("below", "above"))
        to_one = quotient((end - start) * (1 - low), high - low)
        values["critical_weight_variance.relu"] = start + to_one
    return values


def mean_ratio(values: Tensor) -> float:
    """Return the mean of the ratios of neighbours.

    >>> mean_ratio(torch.tensor([1.0, 2.0, 8.0]))
    3.0
    """
    return (values[1:] / values[:-1]).mean().item()


THREE_SIZES = {
    "one": ("preactivation_second_moment", "activation_second_moment", "activation_variance")
}
"""Arms whose table has more than the second moment of the preactivation."""


def curves(arms: Mapping[str, LayerStatistics]) -> list[Row]:
    """Return the base-2 logarithms of the sizes of every layer, one row each.

    Args:
        arms: the statistics of each arm.
    """
    return [
        {"arm": arm, "layer": layer, "quantity": quantity, "sample": sample}
        for arm, statistics in arms.items()
        for quantity in THREE_SIZES.get(arm, ("preactivation_second_moment",))
        for layer, sample in enumerate(log2_of(statistics, quantity).tolist(), start=1)
    ]


def log2_of(statistics: LayerStatistics, quantity: str) -> Tensor:
    """Return the base-2 logarithm of a size by layer."""
    if quantity == "activation_variance":
        share = statistics.relative_activation_variance.log2()
        return statistics.log2_activation_second_moment + share
    return torch.as_tensor(getattr(statistics, f"log2_{quantity}"))
