"""ReLU networks in the numbers of a format, and where a signal and a gradient end in them.

As in :mod:`study.lab.faithful` nothing keeps a signal alive here. But many networks go side by
side, and the terms of a product are added up in float64 before it is rounded. Processors differ in
the order in which they add up, and some flush the last few numbers of a format to zero; the layer
at which a signal ends is then hardly ever another, as in float64 neither is felt unless a sum lies
within its rounding error of the middle between two numbers of the format.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Protocol

import torch
from torch import Tensor

from study.experiments.depth_size.ensembles import apply, random_layers, without_size
from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.statistics import first_true_layer

FORMATS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class Kind(Protocol):
    """How many ReLU networks, of which size, in which format."""

    @property
    def format(self) -> str:
        """Name of the format."""

    @property
    def weight_variance(self) -> float:
        """Variance of a weight times its fan_in."""

    @property
    def width(self) -> int:
        """Width of what enters and of each layer."""

    @property
    def depth(self) -> int:
        """The most layers that there are."""

    @property
    def networks(self) -> int:
        """Number of networks."""


@dataclass(frozen=True)
class Ascent:
    """Sizes of every layer, as far as any network is alive.

    **Shapes**: each (networks, layers), in float64.

    Attributes:
        largest: the largest activation; infinite where a number was too large.
        mean_square: the mean of the squares as float32 computes it.
    """

    largest: Tensor
    mean_square: Tensor

    def ending_layers(self) -> Tensor:
        """Return the first layer with nothing left or a number too large, or one beyond."""
        return first_true_layer((self.largest == 0) | self.largest.isinf())

    def square_ending_layers(self) -> Tensor:
        """Return the first layer whose mean square is 0 in float32, or one more than there are."""
        return first_true_layer(self.mean_square == 0)


def rounded(values: Tensor, kind: Kind) -> Tensor:
    """Round to the numbers of the format, subnormal ones and infinity among them; in float64.

    To a format of 16 bits torch rounds twice, by way of float32: a number within a ten thousandth
    of the middle between two of the format is first taken to that middle and then to the even one
    of the two, which may be the farther.
    """
    return values.to(FORMATS[kind.format]).double()


def product(weights: Tensor, signal: Tensor, kind: Kind) -> Tensor:
    """Multiply each network's signal by its matrix, rounding the weights before and the sum after.

    The terms are added up in float64, so that the result hardly depends on the processor.

    Args:
        weights: standard normal, of shape (networks, fan_out, fan_in).
        signal: numbers of the format, of shape (networks, fan_in).
        kind: the format, the variance and the width.

    Returns:
        Numbers of the format, of shape (networks, fan_out).
    """
    sized = rounded(weights * weight_std(kind.width, kind.weight_variance), kind)
    return rounded(torch.bmm(sized, signal[:, :, None])[:, :, 0], kind)


def send_up(entering: Tensor, kind: Kind, seed: int, draw: int) -> Ascent:
    """Send one signal up through several networks, until it has ended in all of them.

    Args:
        entering: the signal, of shape (width,).
        kind: the networks.
        seed: the experiment's seed.
        draw: index of the draw.

    Returns:
        The sizes, layer by layer.
    """
    signal = rounded(entering, kind).expand(kind.networks, -1)
    largest, mean_squares = [], []
    for weights in layers(kind, seed, draw):
        signal = product(weights, signal, kind).relu()
        # Without posinf torch would make a large number of infinity, and see it a layer late.
        largest.append(signal.amax(dim=1).nan_to_num(nan=inf, posinf=inf))
        mean_squares.append(signal.float().square().mean(dim=1).double())
        if ((largest[-1] == 0) | largest[-1].isinf()).all():
            break
    return Ascent(torch.stack(largest, dim=1), torch.stack(mean_squares, dim=1))


def gradient_layers(entering: Tensor, kind: Kind, seed: int, draw: int) -> Tensor:
    """Count the layers that a standard normal gradient reaches on its way down.

    The signal goes up with its size taken out, so that it is the gradient that ends.

    Args:
        entering: the signal, of shape (width,).
        kind: the networks.
        seed: the experiment's seed.
        draw: index of the draw.

    Returns:
        The number of layers from the top at whose preactivation something of it is left and all of
        it is a number, of shape (networks,).
    """
    matrices = list(layers(kind, seed, draw))
    signal, unused, slopes = entering.expand(kind.networks, -1), torch.zeros(kind.networks), []
    for weights in matrices:
        preactivation = apply(weights, signal, kind.weight_variance)
        slopes.append(preactivation > 0)
        signal, unused = without_size(preactivation.relu(), unused)
    gradient, reached = cotangent(kind, seed, draw), torch.zeros(kind.networks, dtype=torch.float64)
    while matrices:
        gradient = gradient.where(slopes.pop(), 0.0)
        largest = gradient.abs().amax(dim=1)
        alive = (largest > 0) & largest.isfinite()
        if not alive.any():
            break
        reached += alive
        gradient = product(matrices.pop().mT, gradient, kind)
    return reached


def nothing_left(entering: Tensor, kind: Kind, seed: int, draw: int) -> bool:
    """Tell whether output and all gradients of weights are exactly zero, in all networks.

    Args:
        entering: the signal, of shape (width,).
        kind: the networks.
        seed: the experiment's seed.
        draw: index of the draw.

    Returns:
        Whether nothing is left that could move a weight.
    """
    signals = [rounded(entering, kind).expand(kind.networks, -1)]
    for weights in layers(kind, seed, draw):
        signals.append(product(weights, signals[-1], kind).relu())
    left = bool(signals[-1].any())
    gradient = cotangent(kind, seed, draw)
    matrices = list(layers(kind, seed, draw)) if left else []
    for below, above in zip(signals[-2::-1], signals[:0:-1], strict=True):
        gradient = gradient.where(above > 0, 0.0)
        left = left or bool(rounded(gradient[:, :, None] * below[:, None, :], kind).any())
        if not gradient.any():
            break
        gradient = product(matrices.pop().mT, gradient, kind)
    return not left


def layers(kind: Kind, seed: int, draw: int) -> Iterable[Tensor]:
    """Draw the standard normal weights of all networks, layer by layer."""
    widths = (kind.width, kind.width)
    return random_layers(widths, kind.depth, kind.networks, seed=seed, draw=draw)


def cotangent(kind: Kind, seed: int, draw: int) -> Tensor:
    """Draw a standard normal gradient with respect to the last activation, in the format."""
    generator = random_generator(seed, draw, kind.depth + 1)
    shape = (kind.networks, kind.width)
    return rounded(standard_normal(shape, generator, torch.device("cpu")), kind)
