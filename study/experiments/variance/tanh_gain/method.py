"""Settings, one draw, and what is read of it."""

import dataclasses
from collections.abc import Mapping
from math import sqrt
from typing import Annotated

import torch
from annotated_types import Ge, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.by_hand.functions import tanh, tanh_backward
from study.lab.inits import standard_normal_layers
from study.lab.mean_squares import unit_mean_square
from study.lab.mnist import Mnist
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Count, Fraction, Settings, Width


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the size of the network, the number of images, and the gains."""

    depth: Annotated[int, Ge(4), Le(1_000)]
    width: Width
    images: Count
    saturation: Fraction
    arms: Annotated[dict[str, Annotated[float, Ge(1e-6), Le(1000)]], MinLen(1)]


def prepare(config: Config, mnist: Mnist) -> Tensor:
    """Take the first images of the training split, each scaled to unit mean square.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The images, of shape (images, pixels).
    """
    return unit_mean_square(mnist.standardised(mnist.train.first(config.images).images))


def measure(config: Config, inputs: Tensor, draw: int) -> Draw:
    """Draw one network and a gradient, and compute both passes at every gain.

    Args:
        config: the settings.
        inputs: the images, of shape (images, pixels).
        draw: index of the draw.

    Returns:
        What the claims read, and the curve of each gain.
    """
    fans_in = [inputs.shape[1]] + [config.width] * (config.depth - 1)
    shapes = [*((fan_in, config.width) for fan_in in fans_in), (len(inputs), config.width)]
    *weights, cotangent = standard_normal_layers(shapes, config.seed, draw, inputs.device)
    arms = {
        name: propagate_tanh(inputs, cotangent, weights, gain=gain, saturation=config.saturation)
        for name, gain in config.arms.items()
    }
    return Draw(quantities(arms), {"layers": curves(arms)})


@dataclasses.dataclass(frozen=True)
class TanhStatistics:
    """Statistics of every layer of one network, over its units and the images.

    **Shapes**: each tensor (depth,), in float64; entry 0 belongs to layer 1.
    """

    preactivation_deviation: Tensor
    activation_deviation: Tensor
    saturated: Tensor
    gradient_second_moment: Tensor


def propagate_tanh(
    inputs: Tensor, cotangent: Tensor, weights: list[Tensor], *, gain: float, saturation: float
) -> TanhStatistics:
    r"""Propagate a batch forward and a gradient backward through tanh layers.

    .. math::
        z_l = \frac{g}{\sqrt{n_l}} h_{l-1} G_l, \qquad h_l = \tanh z_l, \qquad
        \Delta h_{l-1} = \frac{g}{\sqrt{n_l}} \Delta z_l G_l^\top

    Args:
        inputs: :math:`h_0`.
        cotangent: the gradient with respect to the activation of the last layer.
        weights: the standard normal matrices :math:`G_l`, first layer first.
        gain: ``g``.
        saturation: beyond which absolute value an activation counts as saturated.

    Returns:
        The statistics of layers 1 to depth.

    **Shapes**: ``inputs`` (images, fan_in of the first layer); ``cotangent`` (images, width); each
    weight matrix (fan_in, fan_out).
    """
    matrices = [matrix * (gain / sqrt(len(matrix))) for matrix in weights]
    activations, preactivation_deviations, activation_deviations, saturated_shares = [], [], [], []
    activation = inputs
    for matrix in matrices:
        preactivation = activation @ matrix
        activation = tanh(preactivation)
        activations.append(activation)
        preactivation_deviations.append(second_moment(preactivation).sqrt())
        activation_deviations.append(second_moment(activation).sqrt())
        saturated_shares.append((activation.abs() > saturation).double().mean())
    on_activation, gradient_moments = cotangent, []
    for layer in reversed(range(len(matrices))):
        on_preactivation = tanh_backward(on_activation, activations[layer])
        gradient_moments.append(second_moment(on_preactivation))
        if layer:  # the gradient with respect to the input is not needed
            on_activation = on_preactivation @ matrices[layer].T
    return TanhStatistics(
        *map(
            torch.stack,
            (
                preactivation_deviations,
                activation_deviations,
                saturated_shares,
                gradient_moments[::-1],
            ),
        )
    )


def second_moment(values: Tensor) -> Tensor:
    """Return the mean square, in float64."""
    return values.double().square().mean()


def quantities(arms: Mapping[str, TanhStatistics]) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        arms: the statistics of each arm.

    Returns:
        For each arm: the deviation and the saturated share after the first layer; both deviations
        after the last; the last one times the root of twice the depth; the mean factor of the
        gradient per layer over the upper half of the layers, where the signal has settled; and the
        first deviation over that of the arm ``one``.
    """
    values: dict[str, float] = {}
    for name, layers in arms.items():
        depth = len(layers.activation_deviation)
        upper = layers.gradient_second_moment[depth // 2 :]
        last = float(layers.activation_deviation[-1])
        first = float(layers.activation_deviation[0])
        values |= {
            f"first_deviation.{name}": first,
            f"first_saturated.{name}": float(layers.saturated[0]),
            f"last_deviation.{name}": last,
            f"last_preactivation_deviation.{name}": float(layers.preactivation_deviation[-1]),
            f"last_deviation_over_decay.{name}": last * sqrt(2 * depth),
            f"last_saturated.{name}": float(layers.saturated[-1]),
            f"gradient_factor.{name}": float((upper[:-1] / upper[1:]).mean()),
        }
        if "one" in arms and name != "one":
            deviation_at_gain_one = float(arms["one"].activation_deviation[0])
            values[f"first_deviation_over_one.{name}"] = first / deviation_at_gain_one
    return values


def curves(arms: Mapping[str, TanhStatistics]) -> list[Row]:
    """Return every statistic of every layer, one row each.

    Args:
        arms: the statistics of each arm.
    """
    return [
        {"arm": arm, "layer": layer, "quantity": quantity, "sample": sample}
        for arm, layers in arms.items()
        for quantity, by_layer in vars(layers).items()
        for layer, sample in enumerate(by_layer.tolist(), start=1)
    ]
