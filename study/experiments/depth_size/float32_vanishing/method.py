"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Le, Lt
from pydantic.dataclasses import dataclass

from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.mnist import Mnist
from study.record.experiment import STRICT
from study.record.results import Result, mean_row


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws of how large a network, on how many images."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    depth: Annotated[int, Ge(2), Le(10_000)]
    width: Annotated[int, Ge(2), Le(16_384)]
    images: Annotated[int, Ge(1)]
    weight_variance: Annotated[float, Gt(0), Le(1000)]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Send images up until nothing is left of them, for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the first layer that is all zero; over the draws, the size of each layer that is
        alive in all of them.
    """
    curves = {draw: sizes(config, mnist, draw) for draw in draws}
    return Result.of(
        {draw: {"first_dead_layer": first_zero(curve)} for draw, curve in curves.items()},
        tables={"layers": averaged(list(curves.values()))},
    )


def sizes(config: Config, mnist: Mnist, draw: int) -> list[float]:
    """Compute the layers of one network in float32 and return the largest entry of each.

    Args:
        config: the settings.
        mnist: the data.
        draw: index of the draw.

    Returns:
        The largest activation of each layer; the last is 0 if the signal died before the end.
    """
    activation = mnist.standardised(mnist.train.first(config.images).images)
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


def averaged(curves: list[list[float]]) -> list[Mapping[str, str | int | float]]:
    """Average the exponent of two of each layer's largest entry over the networks alive there.

    Args:
        curves: the largest entries by layer, one list per draw.

    Returns:
        Rows of layer, mean and half width, as far as all networks are alive.
    """
    alive = min(len(curve) - (not curve[-1]) for curve in curves)
    rows: list[Mapping[str, str | int | float]] = []
    for layer in range(alive):
        exponents = torch.tensor([curve[layer] for curve in curves], dtype=torch.float64).log2()
        rows.append(mean_row(exponents.tolist(), layer=layer + 1))
    return rows
