"""Settings, one draw, and what is read of it."""

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.mnist import Mnist
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table
from study.record.settings import STRICT, Count, Depth, Settings, Variance, Width


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the network and the number of images."""

    depth: Depth
    width: Width
    images: Count
    weight_variance: Variance


def prepare(config: Config, mnist: Mnist) -> Tensor:
    """Take the first images of the training split.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The images, of shape (images, pixels).
    """
    return mnist.standardised(mnist.train.first(config.images).images)


def measure(config: Config, images: Tensor, draw: int) -> Draw:
    """Propagate images forward until they underflow to zero.

    Args:
        config: the settings.
        images: of shape (images, pixels).
        draw: index of the draw.

    Returns:
        The first layer that is all zero; and the exponent of two of the largest entry of each
        layer that is alive.
    """
    largest = largest_activations(config, images, draw)
    return Draw({"first_dead_layer": first_zero(largest)}, {"layers": exponents(largest)})


def largest_activations(config: Config, images: Tensor, draw: int) -> list[float]:
    """Propagate images through one network in float32, and return the largest entry of each layer.

    Args:
        config: the settings.
        images: of shape (images, pixels).
        draw: index of the draw.

    Returns:
        The largest activation of each layer; the last is 0 if the signal underflowed.
    """
    activation = images
    largest: list[float] = []
    for layer in range(1, config.depth + 1):
        fan_in = activation.shape[1]
        generator = random_generator(config.seed, draw, layer)
        weights = standard_normal((config.width, fan_in), generator, activation.device)
        weights *= weight_std(fan_in, config.weight_variance)
        activation = torch.relu(activation @ weights.T)
        largest.append(activation.max().item())
        if not largest[-1]:
            break
    return largest


def first_zero(largest: list[float]) -> float:
    """Return the first layer whose largest entry is zero, or one more than there are.

    >>> first_zero([1.0, 0.5, 0.0]), first_zero([1.0])
    (3.0, 2.0)
    """
    return float(len(largest) if not largest[-1] else len(largest) + 1)


def exponents(largest: list[float]) -> list[Row]:
    """Return the exponent of two of the largest entry of each layer that is alive."""
    alive = torch.tensor(largest if largest[-1] else largest[:-1], dtype=torch.float64)
    return [
        {"layer": layer, "sample": exponent}
        for layer, exponent in enumerate(alive.log2().tolist(), start=1)
    ]


def tables(_config: Config, draws: Draws) -> dict[str, Table]:
    """Average the exponents over the draws, as far as all networks are alive.

    Args:
        draws: the draws.

    Returns:
        The curve ``layers``; nothing if a network is dead from the first layer on.
    """
    alive = min(len(draw.tables["layers"]) for draw in draws.values())
    return {"layers": means(draws, "layers")[:alive]} if alive else {}
