"""Many small networks at once, and the logarithms of the sizes that they give one signal.

:mod:`study.lab.propagation` measures one network in every respect. Here hundreds of narrow ones go
side by side through one batched product for each layer, and only the size of the signal is kept.
"""

from collections.abc import Iterator
from math import log
from typing import Protocol

import torch
from torch import Tensor

from study.errors import StudyError
from study.lab.activations import activation
from study.lab.inits import random_generator, standard_normal, weight_std


class Kind(Protocol):
    """How many networks of how many layers of which kind; the widths alternate between two."""

    @property
    def width(self) -> int:
        """Width of what enters and of every second layer."""

    @property
    def other_width(self) -> int:
        """Width of the layers between."""

    @property
    def depth(self) -> int:
        """Number of layers."""

    @property
    def networks(self) -> int:
        """Number of networks."""

    @property
    def activation(self) -> str:
        """Name of the activation of every layer."""

    @property
    def weight_variance(self) -> float:
        """Variance of a weight times its fan_in."""


def enter(image: Tensor, width: int, seed: int, draw: int) -> Tensor:
    """Bring an image to a width by one random layer, and to a mean square of 1.

    Args:
        image: of shape (pixels,).
        width: the width.
        seed: the experiment's seed.
        draw: index of the draw.

    Returns:
        A signal of shape (width,), to enter networks whose layers are independent of it.

    Raises:
        StudyError: if the image is black, since no size can be given to zeros.
    """
    if not image.any():
        raise StudyError("image: all of it is 0, and has no direction to enter a network with")
    weights = standard_normal((width, len(image)), random_generator(seed, draw, 0), image.device)
    entering = weights @ image
    return entering / entering.square().mean().sqrt()


def random_layers(
    widths: tuple[int, int], depth: int, networks: int, *, seed: int, draw: int
) -> Iterator[Tensor]:
    """Draw the layers of several networks at once, first layer first.

    Args:
        widths: of what enters and every second layer, and of the layers between.
        depth: number of layers.
        networks: number of networks.
        seed: the experiment's seed.
        draw: index of the draw.

    Yields:
        Standard normal weights, of shape (networks, fan_out, fan_in). Those of a single network
        are the numbers of :class:`study.lab.inits.RandomLayers`.
    """
    for layer in range(1, depth + 1):
        shape = (networks, widths[layer % 2], widths[(layer - 1) % 2])
        yield standard_normal(shape, random_generator(seed, draw, layer), torch.device("cpu"))


def apply(weights: Tensor, signal: Tensor, weight_variance: float) -> Tensor:
    r"""Send the signal of each network through its matrix, :math:`\sqrt{c/n}\,G h`.

    Args:
        weights: standard normal, of shape (networks, fan_out, fan_in).
        signal: of shape (networks, fan_in).
        weight_variance: ``c``.

    Returns:
        The preactivations, of shape (networks, fan_out).
    """
    out = torch.bmm(weights, signal[:, :, None])[:, :, 0]
    return out.mul_(weight_std(weights.shape[2], weight_variance))


def log_norms(entering: Tensor, kind: Kind, seed: int, draw: int) -> Tensor:
    """Send one signal up through several networks and keep the log of its size at each layer.

    Args:
        entering: the signal, of shape (width,).
        kind: the networks.
        seed: the experiment's seed.
        draw: index of the draw.

    Returns:
        The natural log of the mean square of each layer of each network, of shape (networks,
        depth), in float64; minus infinity from where a network is dead.
    """
    f = activation(kind.activation)
    signal = entering.expand(kind.networks, -1)
    taken_out = torch.zeros(kind.networks, dtype=torch.float64)
    logs = []
    for weights in _layers(kind, seed, draw):
        signal = f.function(apply(weights, signal, kind.weight_variance))
        if f.homogeneous:  # the size may be taken out, so that no depth is too much for float32
            signal, taken_out = without_size(signal, taken_out)
            logs.append(taken_out)
        else:
            logs.append(mean_squares(signal).log())
    return torch.stack(logs, dim=1)


def log_norms_both_ways(
    entering: Tensor, kind: Kind, seed: int, draw: int
) -> tuple[Tensor, Tensor]:
    """Send a signal up and a standard normal gradient down through several networks.

    Args:
        entering: the signal, of shape (width,).
        kind: the networks, of one width and a homogeneous activation.
        seed: the experiment's seed.
        draw: index of the draw.

    Returns:
        The log of the mean square of the last activation, and that of the mean square of the
        gradient at the first preactivation over :math:`E[f'(z)^2]`, each of shape (networks,).
        The latter is what the topmost activation takes from the gradient: for ReLU a half.

    Raises:
        StudyError: if the widths differ, or the activation is not two straight lines.
    """
    if kind.other_width != kind.width:
        raise StudyError(f"other_width: {kind.other_width} is not the width, {kind.width}")
    f = activation(kind.activation)
    if f.near is None or not f.homogeneous:
        raise StudyError(f"activation {f.name}: it is not two straight lines that meet at 0")
    left, right = f.near
    matrices = list(_layers(kind, seed, draw))
    signal, slopes = entering.expand(kind.networks, -1), []
    up = torch.zeros(kind.networks, dtype=torch.float64)
    down = torch.full_like(up, -log((left**2 + right**2) / 2))
    for weights in matrices:
        preactivation = apply(weights, signal, kind.weight_variance)
        slopes.append(f.derivative(preactivation))
        signal, up = without_size(f.function(preactivation), up)
    generator = random_generator(seed, draw, kind.depth + 1)
    gradient = standard_normal(tuple(signal.shape), generator, signal.device)
    while matrices:
        gradient, down = without_size(gradient * slopes.pop(), down)
        gradient = apply(matrices.pop().mT, gradient, kind.weight_variance)
    return up, down


def residual_log_norms(  # noqa: PLR0913 - the signal, the networks and their random numbers
    entering: Tensor, *, blocks: int, networks: int, branch_scale: float, seed: int, draw: int
) -> Tensor:
    r"""Send a signal through residual networks.

    .. math:: x \leftarrow x + s\, W_2 \operatorname{relu}(W_1 x)

    The weights of :math:`W_1` have the variance 2/n and those of :math:`W_2` 1/n.

    Args:
        entering: the signal, of shape (width,).
        blocks: number of blocks.
        networks: number of networks.
        branch_scale: ``s``.
        seed: the experiment's seed.
        draw: index of the draw.

    Returns:
        The log of the mean square of what comes out, of shape (networks,).
    """
    width = len(entering)
    layers = random_layers((width, width), 2 * blocks, networks, seed=seed, draw=draw)
    signal = entering.expand(networks, -1)
    logs = torch.zeros(networks, dtype=torch.float64)
    for first, second in zip(layers, layers, strict=True):
        branch = apply(second, apply(first, signal, 2.0).relu(), 1.0)
        signal, logs = without_size(signal + branch_scale * branch, logs)
    return logs


def without_size(signal: Tensor, logs: Tensor) -> tuple[Tensor, Tensor]:
    """Bring each row to a mean square of 1, and add the log of what it was to the logs.

    A row of zeros stays as it is, and its log becomes minus infinity.

    >>> without_size(torch.tensor([[0.5, 0.5]]), torch.zeros(1))[0]
    tensor([[1., 1.]])
    """
    squares = mean_squares(signal)
    divisor = squares.where(squares > 0, 1.0).sqrt()[:, None]
    return signal / divisor.to(signal), logs + squares.log()


def mean_squares(signal: Tensor) -> Tensor:
    """Return the mean square of each row, in float64."""
    return signal.double().square().mean(dim=1)


def _layers(kind: Kind, seed: int, draw: int) -> Iterator[Tensor]:
    widths = (kind.width, kind.other_width)
    return random_layers(widths, kind.depth, kind.networks, seed=seed, draw=draw)
