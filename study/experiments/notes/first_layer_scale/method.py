"""Settings, one draw, and what is read of it."""

from itertools import islice
from math import sqrt
from typing import Annotated

from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.notes.first_layer import (
    ImageStatistics,
    image_statistics,
    layer_statistics,
    mean_and_deviation,
    preactivation,
    sample,
    shifted_activation,
)
from study.lab.inits import standard_normal_layers
from study.lab.mnist import Mnist
from study.record.draws import Draw, Draws, Row
from study.record.results import PERCENTILE, Table
from study.record.settings import STRICT, Settings, Several, Slope, Width


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of layer: weight variance times fan_in, slope, and shift of its activation."""

    weight_variance: Annotated[float, Ge(1e-9), Le(1e6)]
    slope: Slope
    shift: Annotated[float, Ge(-1000), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class Arms:
    """The kinds of layer, by size of the weights and by activation."""

    unscaled_linear: Arm
    simplified_linear: Arm
    simplified_relu: Arm
    he_relu: Arm
    he_shifted: Arm


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the number of images, the arms, and the numbers that the notes print."""

    images: Several
    hidden: Width
    weight_scale: Annotated[float, Gt(0), Le(1e6)]
    arms: Arms
    printed: dict[str, dict[str, float]]


SAMPLED = (
    "weight_mean.simplified_linear",
    "weight_deviation.simplified_linear",
    "fan_in_times_weight_variance.simplified_linear",
    "squared_mean_over_law.simplified_linear",
    "second_moment_over_input.simplified_linear",
)
"""The quantities of each draw, beside those that the notes print."""

CLOUDS = ("simplified_linear", "simplified_relu", "he_relu", "he_shifted")
"""The arms whose pairs of mean and deviation the notes print."""

SHOWN = 300
"""How many draws a figure shows one by one."""


def prepare(config: Config, mnist: Mnist) -> ImageStatistics:
    """Take the first images of the validation split.

    Args:
        config: the settings.
        mnist: the data.
    """
    return image_statistics(mnist.standardised(mnist.validation.images[: config.images]))


def measure(config: Config, images: ImageStatistics, draw: int) -> Draw:
    """Draw the weights of one layer and compute its statistics in every arm.

    Args:
        config: the settings.
        images: the images.
        draw: index of the draw.

    Returns:
        The quantities that claims read, and whether each printed one lies below its printed
        number; and the pairs of mean and deviation.
    """
    shape = (images.inputs.shape[1], config.hidden)
    (weights,) = standard_normal_layers([shape], config.seed, draw, images.inputs.device)
    quantities = arm_quantities(config, images, weights)
    pairs: list[Row] = [
        {
            "arm": arm,
            "mean": quantities[f"mean.{arm}"],
            "deviation": quantities[f"deviation.{arm}"],
        }
        for arm in CLOUDS
    ]
    return Draw(sample(quantities, SAMPLED, config.printed, prefix=PERCENTILE), {"pairs": pairs})


def arm_quantities(config: Config, images: ImageStatistics, weights: Tensor) -> dict[str, float]:
    """Measure the layer of every arm.

    Args:
        config: the settings.
        images: the images.
        weights: of the layer, standard normal.

    Returns:
        The quantities by key, ``<quantity>.<arm>``.

    **Shapes**: ``weights`` (pixels, units).
    """
    unit = preactivation(images.inputs, weights)
    standard = mean_and_deviation(config.weight_scale * weights.double())
    quantities: dict[str, float] = {}
    for name, arm in vars(config.arms).items():
        values = shifted_activation(config.weight_scale * unit, **vars(arm))
        by_quantity = weight_statistics(standard, len(weights), arm.weight_variance)
        by_quantity |= layer_statistics(values, images, arm.weight_variance)
        quantities |= {f"{quantity}.{name}": number for quantity, number in by_quantity.items()}
    return quantities


def weight_statistics(
    standard: tuple[float, float], fan_in: int, weight_variance: float
) -> dict[str, float]:
    """Return mean and standard deviation of weights, from those of the standard normal draws."""
    mean, deviation = (sqrt(weight_variance / fan_in) * number for number in standard)
    return {
        "weight_mean": mean,
        "weight_deviation": deviation,
        "fan_in_times_weight_variance": fan_in * deviation**2,
    }


def exact(config: Config, images: ImageStatistics) -> dict[str, float]:
    """Return the numbers of the images in which the laws are stated.

    Args:
        config: the settings.
        images: the images.

    Returns:
        Their moments, and the standard deviation of a layer's mean by the law, and as it would be
        if its outputs were independent.
    """
    return {
        "image_second_moment.validation": images.second_moment,
        "image_size.validation": images.size,
        "mean_image_second_moment.validation": images.mean_image,
        "spread_of_mean_law.simplified_linear": sqrt(images.mean_image / config.hidden),
        "spread_of_mean_if_independent.simplified_linear": sqrt(
            images.second_moment / (len(images.inputs) * config.hidden)
        ),
    }


def tables(_config: Config, draws: Draws) -> dict[str, Table]:
    """Return the pairs of mean and deviation, one by one, for the first draws."""
    return {
        "pairs": [
            {"draw": index, **pair}
            for index, draw in islice(draws.items(), SHOWN)
            for pair in draw.tables["pairs"]
        ]
    }
