"""Settings, one draw, and what is read of it."""

from math import sqrt
from typing import Annotated

from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.notes.first_layer import (
    ImageStatistics,
    image_statistics,
    layer_law,
    layer_statistics,
    mean_and_deviation,
    preactivation,
    sample,
    second_moment,
    shifted_activation,
)
from study.lab.inits import standard_normal_layers
from study.lab.mnist import Mnist
from study.record.draws import Draw, Draws, Row, means
from study.record.results import PERCENTILE, Table
from study.record.settings import STRICT, Settings, Several, Shift, Slope, Width
from study.theory.quotients import quotient


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of network.

    Attributes:
        weight_variance: of the first layer, times its fan_in.
        slope: of the leaky ReLU; 0 is the ReLU, 1 is none.
        shift: subtracted from the ReLU.
        output_variance: weight variance of the output layer, times its fan_in.
    """

    weight_variance: Annotated[float, Ge(1e-9), Le(1e6)]
    slope: Slope
    shift: Shift
    output_variance: Annotated[float, Ge(1e-9), Le(1e6)]

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
class Config(Settings):
    """Settings: the number of images, the arms, and the numbers that the note prints."""

    images: Several
    hidden: Width
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
"""The quantities of each draw, beside those that the note prints."""


def prepare(config: Config, mnist: Mnist) -> ImageStatistics:
    """Take the first images of the validation split.

    Args:
        config: the settings.
        mnist: the data.
    """
    return image_statistics(mnist.standardised(mnist.validation.images[: config.images]))


def measure(config: Config, images: ImageStatistics, draw: int) -> Draw:
    """Draw the weights of one network and compute the statistics of both layers in every arm.

    Args:
        config: the settings.
        images: the images.
        draw: index of the draw.

    Returns:
        The quantities that claims read, and whether each printed one lies below its printed
        number; and what the first layer of each arm has a law for.
    """
    shapes = [(images.inputs.shape[1], config.hidden), (config.hidden, 1)]
    first, second = standard_normal_layers(shapes, config.seed, draw, images.inputs.device)
    quantities = network_quantities(config, images, first, second)
    values = sample(quantities, SAMPLED, config.printed, prefix=PERCENTILE)
    return Draw(values, {"arms": law_rows(config, images, quantities)})


def network_quantities(
    config: Config, images: ImageStatistics, first: Tensor, second: Tensor
) -> dict[str, float]:
    """Measure the network of every arm.

    Args:
        config: the settings.
        images: the images.
        first: weights of the first layer, standard normal.
        second: weights of the output layer, standard normal.

    Returns:
        The quantities by key, ``<quantity>.<arm>``.

    **Shapes**: ``first`` (pixels, units), ``second`` (units, 1).
    """
    unit = preactivation(images.inputs, first)
    quantities: dict[str, float] = {}
    for name, arm in vars(config.arms).items():
        activations = shifted_activation(unit, **arm.first)
        outputs = activations @ second.double() * sqrt(arm.output_variance / config.hidden)
        by_quantity = layer_statistics(activations, images, arm.weight_variance)
        by_quantity |= output_statistics(outputs, activations, images, arm)
        quantities |= {f"{quantity}.{name}": number for quantity, number in by_quantity.items()}
    return quantities


def output_statistics(
    outputs: Tensor, activations: Tensor, images: ImageStatistics, arm: Arm
) -> dict[str, float]:
    r"""Measure the outputs of one network, over all images.

    The mean square of the outputs is divided by that of the hidden layer and by the number of its
    units; their variance, at weight variances :math:`c/m` and :math:`c'/n_h`, by
    :math:`c\,c'\,(q - \|\bar x\|^2/m)`, its expectation for two linear layers.

    Args:
        outputs: of the network.
        activations: the activation of its hidden layer.
        images: its input.
        arm: what kind of network it is.

    Returns:
        The quantities by name.

    **Shapes**: ``outputs`` (images, 1), ``activations`` (images, units).
    """
    mean, deviation = mean_and_deviation(outputs)
    factor = quotient(second_moment(outputs), second_moment(activations))
    about_mean = images.second_moment - images.mean_image
    variance_law = arm.weight_variance * arm.output_variance * about_mean
    return {
        "output_mean": mean,
        "output_deviation": deviation,
        "output_factor_over_fan_in": factor / activations.shape[1],
        "output_variance_over_law": deviation**2 / variance_law,
    }


def law_rows(config: Config, images: ImageStatistics, quantities: dict[str, float]) -> list[Row]:
    """Return the quantities of the first layer that have a law, with the law.

    Args:
        config: the settings.
        images: the images.
        quantities: of a draw, by key.

    Returns:
        Rows of arm, quantity, law and number.
    """
    return [
        {
            "arm": name,
            "quantity": quantity,
            "law": law,
            "sample": quantities[f"{quantity}.{name}"],
        }
        for name, arm in vars(config.arms).items()
        for quantity, law in layer_law(images, **arm.first).items()
    ]


def exact(config: Config, images: ImageStatistics) -> dict[str, float]:
    """Return the numbers of the images, and the laws of the output of two linear layers.

    Args:
        config: the settings.
        images: the images.
    """
    about_mean = images.second_moment - images.mean_image
    arm = config.arms.unscaled_linear
    factor = arm.weight_variance * arm.output_variance
    return {
        "image_second_moment.validation": images.second_moment,
        "mean_image_second_moment.validation": images.mean_image,
        "output_deviation_law.unscaled_linear": sqrt(factor * about_mean),
        "spread_of_output_mean_law.unscaled_linear": sqrt(factor * images.mean_image),
    }


def tables(_config: Config, draws: Draws) -> dict[str, Table]:
    """Return the mean of each quantity of each arm over the draws, and its law last."""
    columns = ("arm", "quantity", "mean", "half_width", "law")
    return {
        "arms": [{column: row[column] for column in columns} for row in means(draws, "arms")],
    }
