"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Annotated

from annotated_types import Ge, Gt, Le, Lt
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.notes.first_layer import (
    Images,
    activation,
    images_of,
    law,
    mean_and_deviation,
    preactivation,
    sample,
    second_moment,
    statistics,
)
from study.lab.inits import standard_normal_layers
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.record.experiment import STRICT
from study.record.results import PERCENTILE, Cell, Result, mean_row


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of network.

    Attributes:
        weight_variance: of the first layer, times its fan_in.
        slope: of the leaky ReLU; 0 is the ReLU, 1 is none.
        shift: what is subtracted behind it.
        output_variance: weight variance of the output layer, times its fan_in.
    """

    weight_variance: Annotated[float, Gt(0), Le(1e6)]
    slope: Annotated[float, Ge(-10), Le(10)]
    shift: Annotated[float, Ge(-10), Le(10)]
    output_variance: Annotated[float, Gt(0), Le(1e6)]

    @property
    def first(self) -> dict[str, float]:
        """The settings of the first layer."""
        return {key: value for key, value in vars(self).items() if key != "output_variance"}


@dataclass(frozen=True, config=STRICT)
class Arms:
    """The kinds of network, by size of the weights and by activation."""

    unscaled_linear: Arm
    unscaled_relu: Arm
    unscaled_shifted: Arm
    simplified_linear: Arm
    simplified_relu: Arm
    simplified_shifted: Arm
    he_linear: Arm
    he_relu: Arm
    he_shifted: Arm


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws, on how many images, the arms, and the note's printed numbers."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(2)]
    hidden: Annotated[int, Ge(2), Le(16_384)]
    arms: Arms
    printed: dict[str, dict[str, float]]


SAMPLED = (
    "mean.simplified_linear",
    "deviation.simplified_linear",
    "mean.simplified_relu",
    "deviation.simplified_relu",
    "output_factor_over_fan_in.he_shifted",
    "output_variance_over_law.unscaled_linear",
    "output_deviation.simplified_linear",
    "output_deviation.he_relu",
    "output_deviation.he_shifted",
)
"""What is kept of each draw, beside the quantities that the note prints."""


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Measure both layers of every arm, for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; the first images of its validation split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the quantities that claims read, and whether each printed one lies below its
        printed number; over all draws, mean and deviation of each arm beside their laws.
    """
    images = images_of(mnist.standardised(mnist.validation.images[: config.images]))
    measured: dict[int, dict[str, float]] = {}
    samples: dict[int, dict[str, float]] = {}
    for draw in draws:
        measured[draw] = measure(config, images, draw)
        samples[draw] = sample(measured[draw], SAMPLED, config.printed, prefix=PERCENTILE)
    of_units = images.second_moment - images.mean_image
    both = config.arms.unscaled_linear.weight_variance * config.arms.unscaled_linear.output_variance
    return Result.of(
        samples,
        tables={"arms": averages(config, images, list(measured.values()))},
        exact={
            "image_second_moment.validation": images.second_moment,
            "mean_image_second_moment.validation": images.mean_image,
            "output_deviation_law.unscaled_linear": sqrt(both * of_units),
            "spread_of_output_mean_law.unscaled_linear": sqrt(both * images.mean_image),
        },
    )


def measure(config: Config, images: Images, draw: int) -> dict[str, float]:
    """Draw the weights of one network and measure it in every arm.

    Args:
        config: the settings.
        images: the images.
        draw: index of the draw.

    Returns:
        The quantities by key, ``<quantity>.<arm>``.
    """
    inputs = images.inputs
    shapes = [(inputs.shape[1], config.hidden), (config.hidden, 1)]
    first, second = standard_normal_layers(shapes, config.seed, draw, inputs.device)
    unit = preactivation(inputs, first)

    def one(arm: Arm) -> dict[str, float]:
        hidden = activation(unit, **arm.first)
        outputs = hidden @ second.double() * sqrt(arm.output_variance / config.hidden)
        of_first = statistics(hidden, images, arm.weight_variance)
        return of_first | of_the_outputs(outputs, hidden, images, arm)

    arms = vars(config.arms)
    return {
        f"{quantity}.{name}": number
        for name, quantities in zip(arms, side_by_side(one, arms.values()), strict=True)
        for quantity, number in quantities.items()
    }


def of_the_outputs(outputs: Tensor, hidden: Tensor, images: Images, arm: Arm) -> dict[str, float]:
    r"""Measure the outputs of one network, over all images.

    The mean square of the outputs is divided by that of the hidden layer and by the number of its
    units; their variance, at weight variances :math:`c/m` and :math:`c'/n_h`, by
    :math:`c\,c'\,(q - \|\bar x\|^2/m)`, its expectation for two linear layers.

    Args:
        outputs: of the network.
        hidden: the activation of its hidden layer.
        images: its input.
        arm: what kind of network it is.

    Returns:
        The quantities by name.

    **Shapes**: ``outputs`` (images, 1), ``hidden`` (images, units).
    """
    mean, deviation = mean_and_deviation(outputs)
    factor = second_moment(outputs) / second_moment(hidden)
    about_mean = images.second_moment - images.mean_image
    variance_law = arm.weight_variance * arm.output_variance * about_mean
    return {
        "output_mean": mean,
        "output_deviation": deviation,
        "output_factor_over_fan_in": factor / hidden.shape[1],
        "output_variance_over_law": deviation**2 / variance_law,
    }


def averages(
    config: Config, images: Images, measured: list[dict[str, float]]
) -> list[Mapping[str, Cell]]:
    """Average over the draws what the first layer of each arm has a law for.

    Args:
        config: the settings.
        images: the images.
        measured: the quantities of each draw.

    Returns:
        Rows of arm, quantity, mean, half width and law.
    """
    rows: list[Mapping[str, Cell]] = []
    for name, arm in vars(config.arms).items():
        for quantity, expected in law(images, **arm.first).items():
            numbers = [quantities[f"{quantity}.{name}"] for quantities in measured]
            rows.append(mean_row(numbers, arm=name, quantity=quantity) | {"law": expected})
    return rows
