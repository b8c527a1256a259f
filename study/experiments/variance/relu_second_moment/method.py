"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from typing import Annotated, NamedTuple

from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.activations import activation
from study.lab.inits import RandomLayers
from study.lab.mnist import Mnist
from study.lab.propagation import Scheme, propagate
from study.lab.statistics import LayerStatistics, natural
from study.lab.workspaces import Workspace
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Count, Named, Settings, Slope, Variance, Width


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of network: weights of variance ``weight_variance / fan_in``, and a slope."""

    weight_variance: Variance
    slope: Slope


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the size of the networks, the number of images, and the arms."""

    depth: Annotated[int, Ge(2), Le(1_000)]
    width: Width
    images: Count
    arms: Named[Arm]


class Inputs(NamedTuple):
    """The images, of shape (images, pixels), and memory that the draws share."""

    images: Tensor
    workspace: Workspace


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split.

    Args:
        config: the settings.
        mnist: the data.
    """
    return Inputs(mnist.standardised(mnist.train.first(config.images).images), Workspace())


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Draw one network and compute the statistics of every layer in every arm.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        The factors that the claims read, and the curve of each arm.
    """
    widths = (inputs.images.shape[1], *[config.width] * config.depth)
    layers = RandomLayers(widths, config.seed, draw, device=inputs.images.device)
    schemes = [
        Scheme(activation("leaky_relu", slope=arm.slope), arm.weight_variance)
        for arm in config.arms.values()
    ]
    statistics_of_arms = propagate(
        inputs.images,
        layers,
        schemes,
        cotangent=layers.cotangent(len(inputs.images)),
        workspace=inputs.workspace,
    )
    arms = dict(zip(config.arms, statistics_of_arms, strict=True))
    values = {
        f"{quantity}.{name}": number
        for name, statistics in arms.items()
        for quantity, number in quantities(statistics, inputs.images).items()
    }
    return Draw(values, {"layers": curves(arms)})


def ratios(statistics: LayerStatistics) -> dict[str, Tensor]:
    """Return output over input of each activation, in the forward and in the backward pass.

    Args:
        statistics: of all layers.

    Returns:
        The ratios by name, each of shape (depth,).
    """
    inputs, outputs = statistics.preactivation_second_moment, statistics.activation_second_moment
    variance_after = statistics.activation_variance
    return {
        "activation_over_preactivation": outputs / inputs,
        "activation_variance_over_preactivation_variance": (
            variance_after / statistics.preactivation_variance
        ),
        "activation_squared_mean_over_preactivation": (outputs - variance_after) / inputs,
        "activation_second_moment_over_variance": outputs / variance_after,
        "gradient_through_activation": (
            statistics.preactivation_gradient_second_moment
            / statistics.activation_gradient_second_moment
        ),
    }


def quantities(statistics: LayerStatistics, inputs: Tensor) -> dict[str, float]:
    """Reduce the statistics of one network to the quantities that claims read.

    A ratio is averaged over the layers; a factor from layer to layer is the mean of the ratios of
    neighbouring layers. The size of an image is the root of its mean square.

    Args:
        statistics: of all layers.
        inputs: the images, of shape (images, pixels).

    Returns:
        The quantities by name.
    """
    forward = statistics.preactivation_second_moment
    backward = statistics.preactivation_gradient_second_moment
    sizes = inputs.double().square().mean(dim=1).sqrt()
    mean_size, mean_square = sizes.mean().item(), sizes.square().mean().item()
    values = {name: ratio.mean() for name, ratio in ratios(statistics).items()} | {
        "forward_factor": (forward[1:] / forward[:-1]).mean(),
        "backward_factor": (backward[:-1] / backward[1:]).mean(),
        "first_layer_factor": forward[0] / mean_square,
        "first_layer_mean": statistics.activation_mean[0] / mean_size,
        "first_layer_deviation": (statistics.activation_variance[0] / mean_square).sqrt(),
    }
    if len(forward) > 8:
        values["left_after_8_layers"] = forward[8] / forward[0]
    return {name: number.item() for name, number in values.items()}


def curves(arms: Mapping[str, LayerStatistics]) -> list[Row]:
    """Return every statistic and every ratio of every layer, one row each.

    Args:
        arms: the statistics of each arm.
    """
    return [
        {"arm": arm, "layer": layer, "quantity": quantity, "sample": sample}
        for arm, statistics in arms.items()
        for quantity, by_layer in (natural(statistics) | ratios(statistics)).items()
        for layer, sample in enumerate(by_layer.tolist(), start=1)
    ]
