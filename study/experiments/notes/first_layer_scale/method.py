"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Annotated

from annotated_types import Ge, Gt, Le, Lt
from pydantic.dataclasses import dataclass

from study.experiments.notes.first_layer import (
    Images,
    activation,
    images_of,
    mean_and_deviation,
    preactivation,
    sample,
    statistics,
)
from study.lab.inits import standard_normal_layers
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.record.experiment import STRICT
from study.record.results import PERCENTILE, Result


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of layer: weight variance times fan_in, slope, and what is subtracted behind."""

    weight_variance: Annotated[float, Gt(0), Le(1e6)]
    slope: Annotated[float, Ge(-10), Le(10)]
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
class Config:
    """Settings: how many draws, on how many images, the arms, and the notes' printed numbers."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(2)]
    hidden: Annotated[int, Ge(2), Le(16_384)]
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
"""What is kept of each draw, beside the quantities that the notes print."""


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Measure the layer of every arm, for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; the first images of its validation split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the quantities that claims read, and whether each printed one lies below its
        printed number; of the images, the numbers in which the laws are stated; and the pairs of
        mean and deviation, draw by draw.
    """
    images = images_of(mnist.standardised(mnist.validation.images[: config.images]))
    measured: dict[int, dict[str, float]] = {}
    samples: dict[int, dict[str, float]] = {}
    for draw in draws:
        measured[draw] = measure(config, images, draw)
        samples[draw] = sample(measured[draw], SAMPLED, config.printed, prefix=PERCENTILE)
    return Result.of(
        samples,
        tables={"pairs": pairs(measured)},
        exact={
            "image_second_moment.validation": images.second_moment,
            "image_size.validation": images.size,
            "mean_image_second_moment.validation": images.mean_image,
            "spread_of_mean_law.simplified_linear": sqrt(images.mean_image / config.hidden),
            "spread_of_mean_if_independent.simplified_linear": sqrt(
                images.second_moment / (len(images.inputs) * config.hidden)
            ),
        },
    )


def measure(config: Config, images: Images, draw: int) -> dict[str, float]:
    """Draw the weights of one layer and measure it in every arm.

    Args:
        config: the settings.
        images: the images.
        draw: index of the draw.

    Returns:
        The quantities by key, ``<quantity>.<arm>``.
    """
    inputs = images.inputs
    shape = (inputs.shape[1], config.hidden)
    (weights,) = standard_normal_layers([shape], config.seed, draw, inputs.device)
    unit = preactivation(inputs, weights)
    of_weights = mean_and_deviation(config.weight_scale * weights.double())

    def one(arm: Arm) -> dict[str, float]:
        values = activation(config.weight_scale * unit, **vars(arm))
        of_arm = of_the_weights(of_weights, len(weights), arm.weight_variance)
        return of_arm | statistics(values, images, arm.weight_variance)

    arms = dict(vars(config.arms))
    return {
        f"{quantity}.{name}": number
        for name, quantities in zip(arms, side_by_side(one, arms.values()), strict=True)
        for quantity, number in quantities.items()
    }


def of_the_weights(
    standard: tuple[float, float], fan_in: int, weight_variance: float
) -> dict[str, float]:
    """Return mean and deviation of weights, from those of the standard normal numbers drawn."""
    mean, deviation = (sqrt(weight_variance / fan_in) * number for number in standard)
    return {
        "weight_mean": mean,
        "weight_deviation": deviation,
        "fan_in_times_weight_variance": fan_in * deviation**2,
    }


CLOUDS = ("simplified_linear", "simplified_relu", "he_relu", "he_shifted")
SHOWN = 300
"""How many draws a figure shows one by one."""


def pairs(measured: Mapping[int, Mapping[str, float]]) -> list[Mapping[str, str | int | float]]:
    """Return mean and deviation of the layers whose pairs the notes print, for the first draws."""
    return [
        {
            "draw": draw,
            "arm": arm,
            "mean": quantities[f"mean.{arm}"],
            "deviation": quantities[f"deviation.{arm}"],
        }
        for draw, quantities in list(measured.items())[:SHOWN]
        for arm in CLOUDS
    ]
