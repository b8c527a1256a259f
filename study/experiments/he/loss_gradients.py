r"""The gradient of a loss in the hidden layers of a ReLU network without biases.

He et al. (2015) assume that it depends neither on which units are open nor on the weights that it
is carried by. In such a network the scalar product of an activation with its gradient is the same
in every layer, so a share of the gradient lies along the activation. With :math:`t` for that
product, a layer of width ``n`` and Gaussian weights of variance :math:`2/n`, and in expectation
given the preactivations,

.. math::
    |\Delta z|^2 = \tau + \tfrac12 (|\Delta h|^2 - \tau) , \qquad
    |\Delta h'|^2 = \tau + \tfrac{2}{n} (n - 1) |\Delta z|^2 , \qquad \tau = t^2 / |h|^2

up to terms of the order :math:`1/n^2`, where :math:`h'` lies one layer below.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from study.theory.quotients import quotient


class Passes(NamedTuple):
    """Hidden activations and the gradients of a loss, first hidden layer first.

    **Shapes**: each tensor (images, units). ``preactivation_gradients`` has one more at its end,
    the gradient by the outputs.
    """

    activations: list[Tensor]
    activation_gradients: list[Tensor]
    preactivation_gradients: list[Tensor]


def passes(
    weights: Sequence[Tensor],
    inputs: Tensor,
    loss: Callable[[Tensor], Tensor],
    function: Callable[[Tensor], Tensor],
) -> Passes:
    """Propagate images and the gradient of their loss through a network without biases.

    Args:
        weights: of each layer, of shape (fan_out, fan_in).
        inputs: the images.
        loss: of the outputs, summed over the images.
        function: the activation after each layer but the last.

    **Shapes**: ``inputs`` (images, pixels).
    """
    activations, preactivations = [], []
    signal = inputs.detach().requires_grad_()
    for matrix in weights:
        preactivation = signal @ matrix.T
        signal = function(preactivation)
        preactivations.append(preactivation)
        activations.append(signal)
    hidden = activations[:-1]
    gradients = torch.autograd.grad(loss(preactivations[-1]), [*hidden, *preactivations])
    return Passes(
        [signal.detach() for signal in hidden],
        [*gradients[: len(hidden)]],
        [*gradients[len(hidden) :]],
    )


def through_activations(record: Passes) -> list[float]:
    """Return which share of the squared gradient each hidden activation lets through.

    Args:
        record: the two passes.

    Returns:
        The square of the gradient by the preactivations over that by the activations, each summed
        over units and images; one half if it does not depend on which units of a ReLU are open.
    """
    return [
        quotient(squared_norm(below), squared_norm(above))
        for below, above in zip(
            record.preactivation_gradients[:-1], record.activation_gradients, strict=True
        )
    ]


def through_weights(record: Passes, weight_variance: float) -> list[float]:
    """Return by what the weights between hidden layers, and of the last, multiply the gradient.

    Args:
        record: the two passes.
        weight_variance: of a weight, times its fan_in.

    Returns:
        The square of the gradient by the activations over that by the preactivations above, each
        summed over units and images, over the weight variance; 1 if the gradient does not depend
        on the weights.
    """
    return [
        quotient(squared_norm(below), squared_norm(above)) / weight_variance
        for below, above in zip(
            record.activation_gradients, record.preactivation_gradients[1:], strict=True
        )
    ]


def alignment(record: Passes) -> float:
    r"""Return how much more of the gradient lies along the last hidden activation than by chance.

    .. math:: A = n \sum_i \frac{(h_i \cdot \Delta h_i)^2}{|h_i|^2} \Big/ \sum_i |\Delta h_i|^2

    Args:
        record: the two passes.

    Returns:
        ``A``, with the width ``n`` and the images ``i``; 1 for a direction that is independent.
    """
    signal, gradient = record.activations[-1].double(), record.activation_gradients[-1].double()
    along = (signal * gradient).sum(dim=1).square() / signal.square().sum(dim=1)
    return signal.shape[1] * quotient(along.sum().item(), squared_norm(gradient))


def growth(record: Passes) -> float:
    """Return the squared gradient by the first hidden activations over that by the last."""
    first, *_, last = record.activation_gradients
    return quotient(squared_norm(first), squared_norm(last))


def growth_law(aligned: float, layers: int, width: int) -> float:
    r"""Return the growth of the squared gradient on its way down through ReLU layers.

    .. math:: 1 + (A - 1) \left( 1 - (1 - 2/n)^D \right)

    Args:
        aligned: ``A``, see :func:`alignment`.
        layers: ``D``, how many weight matrices it passes.
        width: ``n``.

    Returns:
        The expectation for weights of variance 2/n; it is linear in ``D`` as long as that is small
        against ``n``, and never above ``A``.

    >>> growth_law(1.0, 8, 64), growth_law(33.0, 1, 64)
    (1.0, 2.0)
    """
    return 1 + (aligned - 1) * (1 - (1 - 2 / width) ** layers)


def squared_norm(values: Tensor) -> float:
    """Return the sum of the squares of all entries, in float64.

    >>> squared_norm(Tensor([3.0, 4.0]))
    25.0
    """
    return values.double().square().sum().item()
