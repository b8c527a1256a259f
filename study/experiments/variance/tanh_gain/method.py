"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass as record
from math import sqrt
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.by_hand.functions import tanh, tanh_backward
from study.lab.inits import standard_normal_layers
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.record.experiment import STRICT
from study.record.results import Result, mean_row


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws of how large a network, on how many images, and the gains."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    depth: Annotated[int, Ge(4), Le(1_000)]
    width: Annotated[int, Ge(2), Le(16_384)]
    images: Annotated[int, Ge(1)]
    saturation: Annotated[float, Gt(0), Lt(1)]
    arms: Annotated[dict[str, Annotated[float, Gt(0), Le(1000)]], MinLen(1)]


@record(frozen=True)
class Layers:
    """Statistics of every layer of one network, over its units and the images.

    **Shapes**: each tensor (depth,), in float64; entry 0 belongs to layer 1.
    """

    preactivation_deviation: Tensor
    activation_deviation: Tensor
    saturated: Tensor
    gradient_second_moment: Tensor


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Measure every layer at every gain, for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims read; over all draws, the curve of each gain.
    """
    images = mnist.standardised(mnist.train.first(config.images).images)
    inputs = images / images.square().mean(dim=1, keepdim=True).sqrt()
    measured = {draw: measure(config, inputs, draw) for draw in draws}
    return Result.of(
        {draw: quantities(arms) for draw, arms in measured.items()},
        tables={"layers": curves(list(measured.values()))},
    )


def measure(config: Config, inputs: Tensor, draw: int) -> dict[str, Layers]:
    """Draw one network and a gradient, and send both through it at every gain.

    Args:
        config: the settings.
        inputs: the images, of shape (images, pixels).
        draw: index of the draw.

    Returns:
        The statistics of each arm, by its name.
    """
    fans_in = [inputs.shape[1]] + [config.width] * (config.depth - 1)
    shapes = [*((fan_in, config.width) for fan_in in fans_in), (len(inputs), config.width)]
    *weights, cotangent = standard_normal_layers(shapes, config.seed, draw, inputs.device)

    def one(gain: float) -> Layers:
        return propagate(inputs, cotangent, weights, gain=gain, saturation=config.saturation)

    return dict(zip(config.arms, side_by_side(one, config.arms.values()), strict=True))


def propagate(
    inputs: Tensor, cotangent: Tensor, weights: list[Tensor], *, gain: float, saturation: float
) -> Layers:
    r"""Send a batch up through tanh layers and a gradient down, and measure both at each layer.

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
    scaled = [matrix * (gain / sqrt(len(matrix))) for matrix in weights]
    activations, before, after, saturated = [], [], [], []
    activation = inputs
    for matrix in scaled:
        preactivation = activation @ matrix
        activation = tanh(preactivation)
        activations.append(activation)
        before.append(second_moment(preactivation).sqrt())
        after.append(second_moment(activation).sqrt())
        saturated.append((activation.abs() > saturation).double().mean())
    on_activation, downward = cotangent, []
    for layer in reversed(range(len(scaled))):
        on_preactivation = tanh_backward(on_activation, activations[layer])
        downward.append(second_moment(on_preactivation))
        if layer:  # the gradient with respect to the input is not asked for
            on_activation = on_preactivation @ scaled[layer].T
    return Layers(
        *(torch.stack(of_layers) for of_layers in (before, after, saturated, downward[::-1]))
    )


def second_moment(values: Tensor) -> Tensor:
    """Return the mean square, in float64."""
    return values.double().square().mean()


def quantities(arms: Mapping[str, Layers]) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        arms: the statistics of each arm.

    Returns:
        For each arm: the deviation and the saturated share after the first layer; both deviations
        after the last; the last one times the root of twice the depth; the mean factor of the
        gradient per layer over the upper half of the layers, where the signal has settled; and the
        first deviation over that of the arm ``one``.
    """
    found: dict[str, float] = {}
    for name, layers in arms.items():
        depth = len(layers.activation_deviation)
        upper = layers.gradient_second_moment[depth // 2 :]
        last = float(layers.activation_deviation[-1])
        first = float(layers.activation_deviation[0])
        found |= {
            f"first_deviation.{name}": first,
            f"first_saturated.{name}": float(layers.saturated[0]),
            f"last_deviation.{name}": last,
            f"last_preactivation_deviation.{name}": float(layers.preactivation_deviation[-1]),
            f"last_deviation_over_decay.{name}": last * sqrt(2 * depth),
            f"last_saturated.{name}": float(layers.saturated[-1]),
            f"gradient_factor.{name}": float((upper[:-1] / upper[1:]).mean()),
        }
        if "one" in arms and name != "one":
            found[f"first_deviation_over_one.{name}"] = first / found["first_deviation.one"]
    return found


def curves(per_draw: list[dict[str, Layers]]) -> list[Mapping[str, str | int | float]]:
    """Average every statistic of every layer over the draws.

    Args:
        per_draw: for each draw, the statistics of each arm.

    Returns:
        Rows of arm, layer, quantity, mean and half width.
    """
    rows: list[Mapping[str, str | int | float]] = []
    for arm in per_draw[0]:
        for quantity in vars(per_draw[0][arm]):
            by_layer = torch.stack([vars(arms[arm])[quantity] for arms in per_draw], dim=1)
            rows += [
                mean_row(samples, arm=arm, layer=layer, quantity=quantity)
                for layer, samples in enumerate(by_layer.tolist(), start=1)
            ]
    return rows
