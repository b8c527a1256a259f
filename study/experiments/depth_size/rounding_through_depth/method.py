"""Settings, one draw, and what is read of it."""

from math import log2, sqrt
from typing import Annotated, Literal, NamedTuple

import torch
from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.depth_size.formats import FORMATS
from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.mean_squares import mean_square, unit_mean_square
from study.lab.mnist import Mnist
from study.lab.statistics import first_true_layer
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Named, Settings, Several, Width

Format = Literal["float32", "bfloat16", "float16"]

WEIGHT_VARIANCE = 2.0
"""Which keeps the mean square of the signal, so that no number leaves its format."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """Networks in one number format."""

    format: Format


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: on how many images, the networks, the loss scale, the update, and the arms.

    Attributes:
        images: how many images.
        width: of each layer.
        depth: the layer at which errors are judged.
        layers: how many a fading gradient has before it.
        scale: what the loss is multiplied by.
        update: the standard deviation of an update over that of the weights.
        faded: the number format of the fading gradient.
        arms: the number formats.
    """

    images: Several
    width: Width
    depth: Annotated[int, Ge(2), Le(1000)]
    layers: Annotated[int, Ge(2), Le(1000)]
    scale: Annotated[float, Gt(0), Le(1e6)]
    update: Annotated[float, Gt(0), Le(10)]
    faded: Format
    arms: Named[Arm]

    def __post_init__(self) -> None:
        """Refuse a depth beyond the last layer."""
        if self.depth > self.layers:
            raise ValueError(f"depth={self.depth}: layers={self.layers}: at most that")


class Network(NamedTuple):
    """A network and what went up through it, in float64.

    Attributes:
        weights: of each layer.
        preactivations: of each layer, of shape (images, width).
    """

    weights: list[Tensor]
    preactivations: list[Tensor]


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
    """Draw one network, and compute it exactly and in every format.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What the claims read; by format and layer the binary logarithms of the relative errors.
    """
    signal = normal(config, (config.width, inputs.shape[1]), draw, 0)
    start = inputs.double() @ signal.T / sqrt(inputs.shape[1])
    std = weight_std(config.width, WEIGHT_VARIANCE)
    shape = (config.width, config.width)
    weights = [std * normal(config, shape, draw, layer) for layer in range(1, config.layers + 1)]
    cotangent = normal(config, (len(inputs), config.width), draw, config.layers + 1)
    values: dict[str, float] = {}
    rows: list[Row] = []
    for name, arm in config.arms.items():
        errors = of_errors(config, arm, start, weights, cotangent)
        quantities = sizes(errors) | {"scaled_alike": errors.alike}
        update = config.update * std * normal(config, shape, draw, config.layers + 2)
        quantities |= of_updates(arm, weights[0], update)
        values |= {f"{key}.{name}": number for key, number in quantities.items()}
        rows += [
            {"arm": name, "quantity": quantity, "layer": layer, "sample": log2(error)}
            for quantity, by_layer in (("signal", errors.signal), ("gradient", errors.gradient))
            for layer, error in enumerate(by_layer, start=1)
            if error > 0
        ]
    values |= of_fading(config, start, weights, cotangent)
    return Draw(values, {"errors": rows})


def normal(config: Config, shape: tuple[int, int], draw: int, layer: int) -> Tensor:
    """Draw standard normal numbers of a layer, in float64."""
    generator = random_generator(config.seed, draw, layer)
    return standard_normal(shape, generator, torch.device("cpu")).double()


def rounded(values: Tensor, name: Format) -> Tensor:
    """Round to a format, and return float64."""
    return values.to(FORMATS[name]).double()


def forward(start: Tensor, weights: list[Tensor], name: Format | None) -> Network:
    """Send signals up.

    Args:
        start: what comes in, of shape (images, width).
        weights: of each layer, in float64.
        name: of the format that weights and preactivations are rounded to; None for none.

    Returns:
        The weights as they were used, and the preactivations.
    """
    matrices = [weight if name is None else rounded(weight, name) for weight in weights]
    preactivations = []  # type: ignore[var-annotated]
    for weight in matrices:
        z = (preactivations[-1].relu() if preactivations else start) @ weight.T
        preactivations.append(z if name is None else rounded(z, name))
    return Network(matrices, preactivations)


def backward(network: Network, cotangent: Tensor, name: Format | None) -> list[Tensor]:
    """Send a gradient down, from the last activations.

    Args:
        network: with what went up.
        cotangent: of shape (images, width).
        name: of the format that it is rounded to in each layer; None for none.

    Returns:
        The gradients of what comes into each layer, from the last layer to the first.
    """
    gradients = []
    gradient = cotangent
    for weight, z in zip(network.weights[::-1], network.preactivations[::-1], strict=True):
        gradient = (gradient * (z > 0)) @ weight
        if name is not None:
            gradient = rounded(gradient, name)
        gradients.append(gradient)
    return gradients


class Errors(NamedTuple):
    """How far a rounded network is from the exact one.

    Attributes:
        signal: mean square of the error of the preactivations over theirs, from the first layer.
        gradient: likewise of the gradient, from the last layer.
        alike: the share of the gradient's entries that are the same bit by bit if it is multiplied
            by the loss scale at the top and divided at the bottom.
    """

    signal: list[float]
    gradient: list[float]
    alike: float


def of_errors(
    config: Config, arm: Arm, start: Tensor, weights: list[Tensor], cotangent: Tensor
) -> Errors:
    """Compute a network exactly and rounded, up and down.

    Args:
        config: the settings.
        arm: the number format.
        start: what comes in; both take it as the format holds it.
        weights: of all layers, of which the first are taken.
        cotangent: the gradient that enters at the top, likewise.
    """
    signal, gradient = rounded(start, arm.format), rounded(cotangent, arm.format)
    exact = forward(signal, weights[: config.depth], None)
    near = forward(signal, weights[: config.depth], arm.format)
    gradients = backward(near, gradient, arm.format)
    scaled = backward(near, rounded(config.scale * gradient, arm.format), arm.format)
    return Errors(
        relative(near.preactivations, exact.preactivations),
        relative(gradients, backward(exact, gradient, None)),
        (scaled[-1] / config.scale == gradients[-1]).double().mean().item(),
    )


def relative(near: list[Tensor], exact: list[Tensor]) -> list[float]:
    """Return the mean square of each error over that of the exact tensor.

    >>> relative([torch.tensor([2.0, 1.0])], [torch.tensor([1.0, 1.0])])
    [0.5]
    """
    return [
        mean_square(result - truth) / mean_square(truth)
        for result, truth in zip(near, exact, strict=True)
    ]


def sizes(errors: Errors) -> dict[str, float]:
    """Return the relative errors behind the last layer, by name, and their binary logarithms."""
    signal, gradient = sqrt(errors.signal[-1]), sqrt(errors.gradient[-1])
    return {
        "signal_error": signal,
        "gradient_error": gradient,
        "log2_signal_error": log2(signal),
        "log2_gradient_error": log2(gradient),
    }


UPDATES = 20
"""How often one and the same update is made."""


def of_updates(arm: Arm, weights: Tensor, update: Tensor) -> dict[str, float]:
    """Add an update to weights of the format, once and twenty times.

    Args:
        arm: the number format.
        weights: of a layer.
        update: of each.

    Returns:
        By name: the share of weights that one update does not change; and that twenty equal
        ones do not.
    """
    start = rounded(weights, arm.format)
    once = moved = rounded(start + update, arm.format)
    for _ in range(UPDATES - 1):
        moved = rounded(moved + update, arm.format)
    return {
        "lost": (once == start).double().mean().item(),
        "lost_after_twenty": (moved == start).double().mean().item(),
    }


def of_fading(
    config: Config, start: Tensor, weights: list[Tensor], cotangent: Tensor
) -> dict[str, float]:
    """Let a gradient fade with weights of variance 1/n, alone and times the loss scale.

    The signal has the gates of the exact network, which the size of the weights does not move.

    Args:
        config: the settings.
        start: what comes in.
        weights: of variance 2/n.
        cotangent: the gradient that enters at the top.

    Returns:
        By name, how many layers the gradient reaches before it is all 0, a mean over images: alone,
        times the loss scale, and the difference.
    """
    gates = forward(start, weights, None).preactivations
    half = [rounded(weight / sqrt(WEIGHT_VARIANCE), config.faded) for weight in weights]
    network = Network(half, gates)
    reached = {}
    for name, scale in (("alone", 1.0), ("scaled", config.scale)):
        gradients = backward(network, rounded(scale * cotangent, config.faded), config.faded)
        gone = torch.stack([~gradient.any(dim=1) for gradient in gradients], dim=1)
        reached[name] = (first_true_layer(gone) - 1).double().mean().item()
    return {
        "layers.alone": reached["alone"],
        "layers.scaled": reached["scaled"],
        "layers.gained": reached["scaled"] - reached["alone"],
    }
