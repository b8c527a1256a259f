"""Training: one loop of plain stochastic gradient descent, with the whole data set in memory."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
from torch import Tensor, nn


def minibatches(
    examples: int, size: int, steps: int, generator: np.random.Generator
) -> Iterator[Tensor]:
    """Go through the examples in a new random order each epoch.

    Args:
        examples: how many there are.
        size: how many make a minibatch; a rest that does not fill one is left out of its epoch.
        steps: how many minibatches to make.
        generator: where the orders come from.

    Yields:
        The indices of one minibatch, of shape (size,).

    Raises:
        ValueError: if the examples do not fill one minibatch.
    """
    per_epoch = examples // size
    if not per_epoch:
        raise ValueError(f"a minibatch of {size} from {examples} examples")
    for step in range(steps):
        at = step % per_epoch
        if at == 0:
            order = torch.from_numpy(generator.permutation(examples))
        yield order[at * size : (at + 1) * size]


def train(  # noqa: PLR0913 - the parts of a training run
    network: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    inputs: Tensor,
    targets: Tensor,
    batches: Iterable[Tensor],
    *,
    learning_rate: float,
) -> list[float]:
    r"""Change a network's parameters by stochastic gradient descent.

    .. math:: \theta \leftarrow \theta - \eta\, \partial L / \partial \theta

    Args:
        network: what is trained, in place.
        loss: a scalar for the network's outputs and the targets of a minibatch.
        inputs: all examples, first axis.
        targets: what belongs to them, first axis.
        batches: the indices of each minibatch.
        learning_rate: ``η``.

    Returns:
        The loss of each step, before the step. A loss that is not a number is recorded like any
        other, and the training goes on.
    """
    parameters = list(network.parameters())
    losses = []
    for batch in batches:
        value = loss(network(inputs[batch]), targets[batch])
        gradients = torch.autograd.grad(value, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.sub_(gradient, alpha=learning_rate)
        losses.append(value.item())
    return losses


def error_rate(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Return the share of examples whose largest output is not that of their label.

    Args:
        network: gives one output per class.
        inputs: the examples, first axis.
        labels: the index of each example's class, of shape (examples,).

    Returns:
        The share, between 0 and 1; an output that is not a number counts as an error.
    """
    with torch.no_grad():
        outputs = network(inputs)
    right = (outputs.argmax(dim=1) == labels) & outputs.isfinite().all(dim=1)
    return 1 - float(right.double().mean())
