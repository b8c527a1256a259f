"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from math import sqrt
from typing import Annotated

import torch
from annotated_types import Ge, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.inits import RandomLayers
from study.lab.mean_squares import unit_mean_square
from study.lab.mnist import Mnist
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Count, Settings, Width


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the size of the network; branches are scaled by ``blocks ** -power``."""

    blocks: Annotated[int, Ge(2), Le(1_000)]
    width: Width
    images: Count
    power: Annotated[dict[str, Annotated[float, Ge(0), Le(2)]], MinLen(1)]


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
    """Draw one network and compute the second moment after every block, for each power.

    Args:
        config: the settings.
        inputs: the images, of shape (images, pixels).
        draw: index of the draw.

    Returns:
        The factors of the blocks, and the curve of each arm.
    """
    moments = block_moments(config, inputs, draw)
    return Draw(quantities(moments), {"blocks": curves(moments)})


def block_moments(config: Config, inputs: Tensor, draw: int) -> dict[str, Tensor]:
    r"""Propagate images through residual blocks and return the second moments.

    .. math:: x_{b+1} = x_b + B^{-p}\, W_2\, \mathrm{relu}(W_1 x_b)

    Args:
        config: the settings; :math:`W_1` has variance 2/n and :math:`W_2` 1/n.
        inputs: the images, of shape (images, pixels); one linear layer projects them to the width.
        draw: index of the draw.

    Returns:
        The second moment of :math:`x_0` to :math:`x_B` for each power, of shape (blocks + 1,).
    """
    blocks, width = config.blocks, config.width
    widths = (inputs.shape[1], *[width] * (2 * blocks + 1))
    layers = RandomLayers(widths, config.seed, draw, device=inputs.device)
    first = inputs @ layers.weights(1).T / sqrt(inputs.shape[1])
    signals = dict.fromkeys(config.power, first)
    moments = {name: [second_moment(first)] for name in signals}
    for block in range(blocks):
        inner, outer = (layers.weights(2 * block + 2 + layer) / sqrt(width) for layer in (0, 1))
        for name, power in config.power.items():
            x = signals[name]
            branch = (sqrt(2) * x @ inner.T).relu() @ outer.T
            signals[name] = x + blocks**-power * branch
            moments[name].append(second_moment(signals[name]))
    return {name: torch.stack(by_block) for name, by_block in moments.items()}


def second_moment(values: Tensor) -> Tensor:
    """Return the mean square, in float64."""
    return values.double().square().mean()


def quantities(moments: Mapping[str, Tensor]) -> dict[str, float]:
    """Return the mean factor per block, and the factor of all blocks, for each power."""
    factors = {name: (curve[1:] / curve[:-1]).mean().item() for name, curve in moments.items()}
    totals = {name: (curve[-1] / curve[0]).item() for name, curve in moments.items()}
    return {f"block_factor.{name}": factor for name, factor in factors.items()} | {
        f"all_blocks.{name}": total for name, total in totals.items()
    }


def curves(moments: Mapping[str, Tensor]) -> list[Row]:
    """Return the base-2 logarithm of the second moment after every block, one row each."""
    return [
        {"arm": arm, "block": block, "sample": sample}
        for arm, curve in moments.items()
        for block, sample in enumerate(curve.log2().tolist())
    ]
