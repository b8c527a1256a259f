"""Networks of thousands of equal layers or blocks, with and without skip connections.

The weights of all layers of one size lie in one tensor, so that an optimiser has a handful of
parameters to go through and not ten thousand.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from study.lab.inits import (
    Initialisation,
    normal_to,
    over_fan_in,
    random_generator,
    standard_normal,
)
from study.lab.mnist import Split


def layer_weights(  # noqa: PLR0913 - two numbers name the draw
    shape: tuple[int, int],
    initialisation: Initialisation,
    *,
    seed: int,
    draw: int,
    layer: int,
    device: torch.device,
) -> Tensor:
    """Draw the weights of one layer.

    Args:
        shape: (fan_out, fan_in).
        initialisation: of the weights.
        seed: the experiment's seed.
        draw: index of the draw.
        layer: its index, from 1.
        device: where the weights are to live.

    Returns:
        The weights, of that shape.
    """
    normal = standard_normal(shape, random_generator(seed, draw, layer), device)
    fan_out, fan_in = shape
    return initialisation.std(fan_in, fan_out) * normal_to(initialisation.distribution, normal)


class Chain(nn.Module):
    r"""A plain network: each layer has the one below as its only input, and no layer a bias.

    .. math:: h_1 = f(W_1 x), \qquad h_l = f(W_l h_{l-1}), \qquad y = W_L h_{L-1}

    Attributes:
        first: :math:`W_1`, of shape (width, pixels).
        hidden: :math:`W_2` to :math:`W_{L-1}`, of shape (layers - 2, width, width).
        last: :math:`W_L`, of shape (classes, width).
        activation: ``f``, of the preactivations of a batch.
    """

    def __init__(
        self, first: Tensor, hidden: Tensor, last: Tensor, activation: Callable[[Tensor], Tensor]
    ) -> None:
        """Make the network of the weights."""
        super().__init__()
        self.first = nn.Parameter(first)
        self.hidden = nn.Parameter(hidden)
        self.last = nn.Parameter(last)
        self.activation = activation

    def forward(self, images: Tensor) -> Tensor:
        """Return the outputs, of shape (images, classes), for images of shape (images, pixels)."""
        signal = self.activation(images @ self.first.T)
        for weight in self.hidden.unbind():
            signal = self.activation(signal @ weight.T)
        return signal @ self.last.T


class Residual(nn.Module):
    r"""A residual network without normalisation: each block adds a branch of two layers.

    .. math:: x_0 = W_0 x, \qquad x_b = x_{b-1} + V_b \max(W_b x_{b-1} + a_b, 0), \qquad y = C x_B

    Attributes:
        first: :math:`W_0`, of shape (width, pixels).
        inner: :math:`W_b`, of shape (blocks, width, width).
        biases: :math:`a_b`, of shape (blocks, width).
        outer: :math:`V_b`, of shape (blocks, width, width).
        last: :math:`C`, of shape (classes, width).

    **Source**: Zhang et al. (2019), without the scalar multipliers.
    """

    def __init__(self, first: Tensor, inner: Tensor, outer: Tensor, last: Tensor) -> None:
        """Make the network of the weights, with biases 0."""
        super().__init__()
        self.first = nn.Parameter(first)
        self.inner = nn.Parameter(inner)
        self.biases = nn.Parameter(inner.new_zeros(inner.shape[:2]))
        self.outer = nn.Parameter(outer)
        self.last = nn.Parameter(last)

    def signals(self, images: Tensor) -> Iterator[Tensor]:
        """Yield the signal before the first block and behind each, of shape (images, width)."""
        signal = images @ self.first.T
        yield signal
        parts = (self.inner.unbind(), self.biases.unbind(), self.outer.unbind())
        for inner, bias, outer in zip(*parts, strict=True):
            signal = torch.addmm(signal, functional.linear(signal, inner, bias).relu(), outer.T)
            yield signal

    def forward(self, images: Tensor) -> Tensor:
        """Return the outputs, of shape (images, classes), for images of shape (images, pixels)."""
        for signal in self.signals(images):  # without a list of them: only the last is kept
            top = signal
        return top @ self.last.T


def normalised_relu(preactivations: Tensor) -> Tensor:
    """Normalise each unit over the batch, without a scale or a shift of its own, then ReLU.

    **Shapes**: (images, units), as the result.

    **Source**: Ioffe and Szegedy (2015), algorithm 1, without scale and shift.
    """
    return functional.batch_norm(preactivations, None, None, training=True).relu()


def chain(  # noqa: PLR0913 - two numbers name the draw
    sizes: tuple[int, int, int],
    layers: int,
    activation: Callable[[Tensor], Tensor],
    initialisation: Initialisation,
    *,
    seed: int,
    draw: int,
    device: torch.device,
) -> Chain:
    """Make a plain network.

    Args:
        sizes: pixels, width and classes.
        layers: how many layers of weights, at least three.
        activation: after each layer but the last.
        initialisation: of the hidden layers; the first and the last have the weight variance 1.
        seed: the experiment's seed.
        draw: index of the draw; networks of one draw and equal sizes share their random numbers.
        device: where the parameters are to live.

    Returns:
        The network.
    """
    pixels, width, classes = sizes

    ends = replace(initialisation, weight_variance=1.0)

    def weights(layer: int, shape: tuple[int, int], law: Initialisation) -> Tensor:
        return layer_weights(shape, law, seed=seed, draw=draw, layer=layer, device=device)

    hidden = torch.empty(layers - 2, width, width, device=device)
    for index in range(layers - 2):
        hidden[index] = weights(index + 2, (width, width), initialisation)
    first, last = weights(1, (width, pixels), ends), weights(layers, (classes, width), ends)
    return Chain(first, hidden, last, activation)


def residual(  # noqa: PLR0913 - two numbers name the draw
    sizes: tuple[int, int, int],
    blocks: int,
    *,
    inner_variance: float,
    zero_outer: bool,
    zero_last: bool,
    seed: int,
    draw: int,
    device: torch.device,
) -> Residual:
    r"""Make a residual network with Gaussian weights.

    :math:`W_b` has the variance c/n, all others 1/n, where n is the fan_in.

    Args:
        sizes: pixels, width and classes.
        blocks: how many blocks of two layers.
        inner_variance: ``c``, of the first layer of each branch; 2 keeps a ReLU branch's size.
        zero_outer: whether the last layer of each branch is zero.
        zero_last: whether the last layer of the network is zero.
        seed: the experiment's seed.
        draw: index of the draw; networks of one draw share their random numbers, those of unequal
            depth as far as the shallower one goes.
        device: where the parameters are to live.

    Returns:
        The network.
    """
    pixels, width, classes = sizes

    def weights(layer: int, shape: tuple[int, int], variance: float = 1.0) -> Tensor:
        return layer_weights(
            shape, over_fan_in(variance), seed=seed, draw=draw, layer=layer, device=device
        )

    inner = torch.empty(blocks, width, width, device=device)
    outer = torch.zeros(blocks, width, width, device=device)
    for block in range(blocks):
        inner[block] = weights(2 * block + 3, (width, width), inner_variance)
        if not zero_outer:
            outer[block] = weights(2 * block + 4, (width, width))
    last = weights(2, (classes, width))
    return Residual(
        weights(1, (width, pixels)), inner, outer, torch.zeros_like(last) if zero_last else last
    )


@contextmanager
def without_subnormals() -> Iterator[None]:
    """Count numbers below the least normal one as zero in this thread: they take far longer."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


@torch.no_grad()
def sizes_while_finite(tensors: Iterable[Tensor]) -> list[float]:
    """Return the base-2 logarithms of root mean squares, up to the first that is not finite.

    >>> sizes_while_finite(torch.tensor([[4.0, 4.0], [float("inf"), 4.0], [1.0, 1.0]]))
    [2.0]
    """
    sizes = []
    for values in tensors:
        if not values.isfinite().all():
            break
        sizes.append(values.double().square().mean().log2().item() / 2)
    return sizes


def output_change(network: Residual, batch: Split, step: float) -> float:
    """Update the last layers of all branches by plain descent and compare the outputs.

    Args:
        network: is changed in place.
        batch: the images and labels, before and after.
        step: the learning rate; so small that only its first order counts.

    Returns:
        The root mean square of the change of an output, over the learning rate.
    """
    outputs = network(batch.images)
    loss = functional.cross_entropy(outputs, batch.labels)
    (gradient,) = torch.autograd.grad(loss, [network.outer])
    with torch.no_grad():
        network.outer.sub_(gradient, alpha=step)
        change: Tensor = (network(batch.images) - outputs) / step
    return change.square().mean().sqrt().item()
