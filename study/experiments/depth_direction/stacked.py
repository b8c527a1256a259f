"""Many layers of one width as one module, whose two passes are written out.

Autograd keeps a book of every layer, and an optimiser goes through all of its parameters. In a
thousand narrow layers that takes several times as long as the products of matrices do. Here the
weights of all layers lie in one tensor, and their gradients are one batched product.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class InPlace(NamedTuple):
    """An activation that overwrites its preactivation, and its derivative told from its value."""

    apply: Callable[[Tensor], Tensor]
    derivative: Callable[[Tensor], Tensor]


IN_PLACE: Mapping[type[nn.Module], InPlace] = {
    nn.ReLU: InPlace(torch.relu_, lambda signal: (signal > 0).to(signal.dtype)),
    nn.Tanh: InPlace(torch.tanh_, lambda signal: 1 - signal.square()),
}
"""The activations whose derivative can be told from their value, by their module."""


class Layers(nn.Module):
    r"""Layers of one width, each followed by the activation.

    .. math:: h_l = f(W_l h_{l-1} + b_l)

    Attributes:
        weights: :math:`W_l`, of shape (layers, width, width).
        biases: :math:`b_l`, of shape (layers, width).
        activation: ``f``.
    """

    def __init__(self, weights: Tensor, biases: Tensor, activation: InPlace) -> None:
        """Make the layers of their weights and biases."""
        super().__init__()
        self.weights = nn.Parameter(weights)
        self.biases = nn.Parameter(biases)
        self.activation = activation

    def forward(self, signal: Tensor) -> Tensor:
        """Return the signal behind the last layer; of shape (images, width), as the first one."""
        top: Tensor = _Passes.apply(signal, self.weights, self.biases, self.activation)  # type: ignore[no-untyped-call]
        return top


class _Passes(torch.autograd.Function):
    r"""Both passes through :class:`Layers`.

    .. math::
        \delta_l = f'(z_l) \odot g_l, \qquad g_{l-1} = \delta_l W_l, \qquad
        \Delta W_l = \delta_l^\top h_{l-1}, \qquad \Delta b_l = \textstyle\sum \delta_l
    """

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's own, without a type
        signal: Tensor,
        weights: Tensor,
        biases: Tensor,
        activation: InPlace,
    ) -> Tensor:
        """Return the last signal, and keep all of them."""
        signals = signal.new_empty(len(weights) + 1, *signal.shape)
        signals[0] = signal
        below, *above = signals.unbind()
        for weight, bias, out in zip(weights.unbind(), biases.unbind(), above, strict=True):
            below = activation.apply(torch.addmm(bias, below, weight.T, out=out))
        ctx.save_for_backward(signals, weights)
        ctx.activation = activation
        return below.clone()

    @staticmethod
    def backward(
        ctx: Any,  # noqa: ANN401 - torch's own, without a type
        gradient: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor, None]:
        """Return the gradients of the first signal, the weights and the biases."""
        signals, weights = ctx.saved_tensors
        deltas = ctx.activation.derivative(signals[1:])
        for delta, weight in zip(
            reversed(deltas.unbind()), reversed(weights.unbind()), strict=True
        ):
            gradient = delta.mul_(gradient) @ weight
        return gradient, deltas.mT @ signals[:-1], deltas.sum(dim=1), None


def stacked(network: nn.Sequential) -> nn.Sequential:
    """Return a fully connected network with its layers of one width as one module.

    Args:
        network: linear layers, all but the last followed by the same activation; of all but the
            first and the last the weights are square.

    Returns:
        A network of the same function; its first and its last layer are those of the other.
    """
    first, activation, *middle, last = network
    linear = [layer for layer in middle if isinstance(layer, nn.Linear)]
    layers = Layers(
        torch.stack([layer.weight.detach() for layer in linear]),
        torch.stack([layer.bias.detach() for layer in linear]),
        IN_PLACE[type(activation)],
    )
    return nn.Sequential(first, activation, layers, last)
