"""Random weights: where each number comes from, and how large it is."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
import torch
from torch import Tensor

from study.lab.parallel import side_by_side


def random_generator(seed: int, draw: int, layer: int) -> np.random.Generator:
    """Return the generator of one layer of one draw.

    Draw ``k`` is the same whatever the number, the order or the grouping of the draws.
    NumPy draws the numbers, not torch, since torch's depend on the processor's vector level and
    its generator reads only 32 bits of a seed.

    Args:
        seed: the experiment's seed.
        draw: index of the draw, from 0.
        layer: index of the layer; the network's input is 0, its first weights are 1.

    Returns:
        A generator that no other triple shares.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(draw, layer))
    return np.random.Generator(np.random.SFC64(sequence))


def standard_normal(
    shape: tuple[int, ...], generator: np.random.Generator, device: torch.device
) -> Tensor:
    """Draw independent standard normal numbers in float32.

    Args:
        shape: shape of the tensor.
        generator: where the numbers come from.
        device: where the tensor is to live; the numbers are the same on each.

    Returns:
        A tensor of that shape.
    """
    return torch.from_numpy(generator.standard_normal(shape, dtype=np.float32)).to(device)


def standard_normal_layers(
    shapes: Sequence[tuple[int, ...]], seed: int, draw: int, device: torch.device
) -> list[Tensor]:
    """Draw one tensor of standard normal numbers for each layer of one draw.

    Args:
        shapes: one per layer, first layer first.
        seed: the experiment's seed.
        draw: index of the draw.
        device: where the tensors are to live.

    Returns:
        The tensors; that of layer ``l``, counted from 1, depends on its shape, the seed, the draw
        and ``l`` only.
    """

    def layer(at: int) -> Tensor:
        return standard_normal(shapes[at], random_generator(seed, draw, at + 1), device)

    return side_by_side(layer, range(len(shapes)))


def weight_std(fan: int, weight_variance: float) -> float:
    r"""Standard deviation of a weight of variance :math:`c/n`.

    .. math:: \sigma_w = \sqrt{c / n}

    Args:
        fan: ``n``, the fan_in to keep the forward pass, the fan_out to keep the backward pass.
        weight_variance: ``c``; 1 keeps a linear layer, ``2 / (1 + a**2)`` a leaky ReLU of
            slope ``a``.

    Returns:
        The standard deviation.

    **Source**: He et al. (2015), equations 10, 14, 15 and 16.

    >>> weight_std(fan=50, weight_variance=2.0)
    0.2
    """
    return sqrt(weight_variance / fan)
