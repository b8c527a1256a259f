"""The log norms of one signal in an ensemble of small networks, computed in one batch.

:mod:`study.lab.propagation` computes all statistics of one network. Here each layer of hundreds of
narrow networks is one batched matrix product, and only the norm of the signal is recorded.
"""

from collections.abc import Iterator
from math import log
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.errors import StudyError
from study.lab.activations import activation
from study.lab.inits import random_generator, standard_normal, weight_std
from study.record.settings import STRICT, Count, Variance, Width


@dataclass(frozen=True, config=STRICT)
class Ensemble:
    """Networks of one kind, whose widths alternate between two; settings of an experiment.

    Attributes:
        width: of the input and of every second layer.
        other_width: of the layers between.
        depth: number of layers.
        networks: number of networks.
        activation: of every layer.
        weight_variance: variance of a weight times its fan_in.
    """

    width: Width
    other_width: Width
    depth: Count
    networks: Annotated[int, Ge(1), Le(10_000)]
    activation: Literal["relu", "tanh", "linear"]
    weight_variance: Variance

    def log_norms(self, image: Tensor, *, seed: int, draw: int) -> Tensor:
        """Return the log of the mean square of each layer for an image, see :func:`log_norms`."""
        return log_norms(embed(image, self.width, seed, draw), self, seed, draw)


def embed(image: Tensor, width: int, seed: int, draw: int) -> Tensor:
    """Project an image randomly to a width, and scale it to a mean square of 1.

    Args:
        image: of shape (pixels,).
        width: the width.
        seed: the experiment's seed.
        draw: index of the draw.

    Returns:
        A signal of shape (width,), independent of the layers of the networks.

    Raises:
        StudyError: if all pixels are 0, since zeros cannot be scaled.
    """
    if not image.any():
        raise StudyError("image: all pixels are 0, so it cannot be scaled to a mean square of 1")
    weights = standard_normal((width, len(image)), random_generator(seed, draw, 0), image.device)
    signal = weights @ image
    return signal / signal.square().mean().sqrt()


def random_layers(
    widths: tuple[int, int], depth: int, networks: int, *, seed: int, draw: int
) -> Iterator[Tensor]:
    """Draw the layers of several networks at once, first layer first.

    Args:
        widths: of the input and every second layer, and of the layers between.
        depth: number of layers.
        networks: number of networks.
        seed: the experiment's seed.
        draw: index of the draw.

    Yields:
        Standard normal weights, of shape (networks, fan_out, fan_in). For a single network they
        are those of :class:`study.lab.inits.RandomLayers`.
    """
    for layer in range(1, depth + 1):
        shape = (networks, widths[layer % 2], widths[(layer - 1) % 2])
        yield standard_normal(shape, random_generator(seed, draw, layer), torch.device("cpu"))


def batched_linear(weights: Tensor, signal: Tensor, weight_variance: float) -> Tensor:
    r"""Multiply the signal of each network by its weights, :math:`\sqrt{c/n}\,G h`.

    Args:
        weights: standard normal, of shape (networks, fan_out, fan_in).
        signal: of shape (networks, fan_in).
        weight_variance: ``c``.

    Returns:
        The preactivations, of shape (networks, fan_out).
    """
    products = torch.bmm(weights, signal[:, :, None])[:, :, 0]
    return products.mul_(weight_std(weights.shape[2], weight_variance))


def log_norms(inputs: Tensor, ensemble: Ensemble, seed: int, draw: int) -> Tensor:
    """Propagate one signal forward through an ensemble and record the log of its mean square.

    Args:
        inputs: the signal, of shape (width,).
        ensemble: the networks.
        seed: the experiment's seed.
        draw: index of the draw.

    Returns:
        The natural log of the mean square of each layer of each network, of shape (networks,
        depth), in float64; minus infinity from the layer at which a network dies.
    """
    f = activation(ensemble.activation)
    signal = inputs.expand(ensemble.networks, -1)
    log_scale = torch.zeros(ensemble.networks, dtype=torch.float64)
    logs = []
    for weights in _layers(ensemble, seed, draw):
        signal = f.function(batched_linear(weights, signal, ensemble.weight_variance))
        if f.homogeneous:  # it may be rescaled, so that it stays within float32 at any depth
            signal, log_scale = normalise(signal, log_scale)
            logs.append(log_scale)
        else:
            logs.append(mean_squares(signal).log())
    return torch.stack(logs, dim=1)


def log_norms_both_ways(
    inputs: Tensor, ensemble: Ensemble, seed: int, draw: int
) -> tuple[Tensor, Tensor]:
    """Propagate a signal forward and a standard normal gradient backward through an ensemble.

    Args:
        inputs: the signal, of shape (width,).
        ensemble: the networks, of one width and a homogeneous activation.
        seed: the experiment's seed.
        draw: index of the draw.

    Returns:
        The log of the mean square of the last activation, and that of the mean square of the
        gradient at the first preactivation over :math:`E[f'(z)^2]`, each of shape (networks,).
        The latter is the factor of the last activation, for a ReLU a half.

    Raises:
        StudyError: if the widths differ, or the activation is not two straight lines.
    """
    if ensemble.other_width != ensemble.width:
        raise StudyError(f"other_width: {ensemble.other_width} is not the width, {ensemble.width}")
    f = activation(ensemble.activation)
    if f.near is None or not f.homogeneous:
        raise StudyError(f"activation {f.name}: it is not two straight lines that meet at 0")
    negative_slope, positive_slope = f.near
    matrices = list(_layers(ensemble, seed, draw))
    signal, derivatives = inputs.expand(ensemble.networks, -1), []
    forward = torch.zeros(ensemble.networks, dtype=torch.float64)
    backward = torch.full_like(forward, -log((negative_slope**2 + positive_slope**2) / 2))
    for weights in matrices:
        preactivation = batched_linear(weights, signal, ensemble.weight_variance)
        derivatives.append(f.derivative(preactivation))
        signal, forward = normalise(f.function(preactivation), forward)
    generator = random_generator(seed, draw, ensemble.depth + 1)
    gradient = standard_normal(tuple(signal.shape), generator, signal.device)
    while matrices:
        gradient, backward = normalise(gradient * derivatives.pop(), backward)
        gradient = batched_linear(matrices.pop().mT, gradient, ensemble.weight_variance)
    return forward, backward


def residual_log_norms(  # noqa: PLR0913 - the signal, the networks and their random numbers
    inputs: Tensor, *, blocks: int, networks: int, branch_scale: float, seed: int, draw: int
) -> Tensor:
    r"""Propagate a signal forward through residual networks.

    .. math:: x \leftarrow x + s\, W_2 \operatorname{relu}(W_1 x)

    The weights of :math:`W_1` have the variance 2/n and those of :math:`W_2` 1/n.

    Args:
        inputs: the signal, of shape (width,).
        blocks: number of blocks.
        networks: number of networks.
        branch_scale: ``s``.
        seed: the experiment's seed.
        draw: index of the draw.

    Returns:
        The log of the mean square of the output, of shape (networks,).
    """
    width = len(inputs)
    layers = random_layers((width, width), 2 * blocks, networks, seed=seed, draw=draw)
    signal = inputs.expand(networks, -1)
    logs = torch.zeros(networks, dtype=torch.float64)
    for first, second in zip(layers, layers, strict=True):
        hidden = batched_linear(first, signal, 2.0).relu()
        branch = batched_linear(second, hidden, 1.0)
        signal, logs = normalise(signal + branch_scale * branch, logs)
    return logs


def normalise(signal: Tensor, logs: Tensor) -> tuple[Tensor, Tensor]:
    """Scale each row to a mean square of 1, and add the log of its mean square to the logs.

    A row of zeros is not changed, and its log becomes minus infinity.

    >>> normalise(torch.tensor([[0.5, 0.5]]), torch.zeros(1))[0]
    tensor([[1., 1.]])
    """
    squares = mean_squares(signal)
    divisor = squares.where(squares > 0, 1.0).sqrt()[:, None]
    return signal / divisor.to(signal), logs + squares.log()


def mean_squares(signal: Tensor) -> Tensor:
    """Return the mean square of each row, in float64."""
    return signal.double().square().mean(dim=1)


def _layers(ensemble: Ensemble, seed: int, draw: int) -> Iterator[Tensor]:
    widths = (ensemble.width, ensemble.other_width)
    return random_layers(widths, ensemble.depth, ensemble.networks, seed=seed, draw=draw)
