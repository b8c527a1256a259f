"""Differences between passes by hand and those of torch, and from finite differences."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from study.lab.by_hand import in_torch, modules, two_layers
from study.theory.quotients import quotient


def difference(actual: Tensor, expected: Tensor) -> float:
    r"""Compare two tensors by their norm, with all entries in float64.

    .. math:: \|a - b\| / \|b\|

    Args:
        actual: ``a``.
        expected: ``b``, of the same shape.

    Returns:
        The relative difference; not a number if ``b`` is 0 throughout or empty.

    >>> difference(torch.tensor([3.0, 5.0]), torch.tensor([3.0, 4.0]))
    0.2
    """
    a, b = actual.double(), expected.double()
    return float((a - b).norm() / b.norm())


def largest_difference(actual: Sequence[Tensor], expected: Sequence[Tensor]) -> float:
    """Return the largest relative difference of corresponding tensors.

    Args:
        actual: some tensors.
        expected: as many, of the same shapes.
    """
    return max(difference(a, b) for a, b in zip(actual, expected, strict=True))


def by_autograd(
    x: Tensor, targets: Tensor, parameters: two_layers.Parameters, loss: nn.Module
) -> dict[str, Tensor]:
    """Write the notes' forward pass in torch and let autograd find all gradients of it.

    Args:
        x: the images.
        targets: what the outputs should be.
        parameters: of both layers.
        loss: of outputs and targets.

    Returns:
        The tensors of the pass, ``x``, ``z``, ``h``, ``outputs``, ``w1``, ``b1``, ``w2`` and
        ``b2``, and the gradient with respect to each, as ``dx`` and so on.

    **Shapes**: as in :func:`study.lab.by_hand.two_layers.by_functions`.

    **Source**: the from-scratch note, “code we need for basic architecture”.
    """
    x, w1, b1, w2, b2 = (tensor.clone().requires_grad_() for tensor in (x, *parameters))
    z = x @ w1 + b1
    h = z.clamp_min(0.0) - 0.5
    outputs = h @ w2 + b2
    tensors = {"x": x, "z": z, "h": h, "outputs": outputs, "w1": w1, "b1": b1, "w2": w2, "b2": b2}
    gradients = torch.autograd.grad(loss(outputs, targets), list(tensors.values()))
    named = {f"d{name}": gradient for name, gradient in zip(tensors, gradients, strict=True)}
    return named | {name: tensor.detach() for name, tensor in tensors.items()}


def finite_difference(  # noqa: PLR0913 - what is moved, how far and how often
    model: modules.Model,
    x: Tensor,
    targets: Tensor,
    *,
    step: float,
    entries: int,
    generator: np.random.Generator,
) -> float:
    r"""Compare some entries of each gradient by hand with central differences of the loss.

    .. math:: \frac{L(\theta + h) - L(\theta - h)}{2 h}

    Args:
        model: the network; its parameters are moved and put back.
        x: the images.
        targets: what the outputs should be.
        step: ``h``.
        entries: how many entries of each parameter are moved, one at a time.
        generator: which entries.

    Returns:
        The largest distance, in units of the largest entry of the same gradient.
    """
    two_layers.by_chain(x, targets, model)
    largest = 0.0
    for parameter, gradient in zip(model.parameters(), model.gradients(), strict=True):
        moved, slopes = parameter.view(-1), gradient.reshape(-1)
        for at in generator.integers(len(moved), size=entries).tolist():
            original, losses = moved[at].item(), []
            for value in (original + step, original - step):
                moved[at] = value
                losses.append(model(x, targets).item())
            moved[at] = original
            slope = (losses[0] - losses[1]) / (2 * step)
            error = abs(slope - slopes[at].item()) / slopes.abs().max().item()
            largest = max(largest, error)
    return largest


def module_difference(
    module: modules.Module, counterpart: nn.Module, x: Tensor, cotangent: Tensor
) -> float:
    """Compare the forward and backward pass of a module with those of its counterpart in torch.

    Args:
        module: by hand, with parameters of the same shapes as its counterpart's.
        counterpart: the module of torch.
        x: the input.
        cotangent: the gradient with respect to the output.

    Returns:
        The largest difference of the outputs, of the gradients with respect to the input, and of
        those with respect to the parameters.
    """
    by_hand = (module(x), module.backward(cotangent), *module.gradients.values())
    inputs = [x.clone().requires_grad_(), *counterpart.parameters()]
    output = counterpart(inputs[0])
    return largest_difference(
        by_hand, (output.detach(), *torch.autograd.grad(output, inputs, cotangent))
    )


@dataclass(frozen=True)
class UpdateComparison:
    """One update of a training run by hand and in torch.

    Attributes:
        loss_by_hand: before the update.
        loss_in_torch: before the update.
        loss_difference: of the two, relative to the second; NaN where that is exactly 0.
        parameter_difference: the largest relative one, after the update.
    """

    loss_by_hand: float
    loss_in_torch: float
    loss_difference: float
    parameter_difference: float


def train_both(
    model: modules.Model,
    inputs: Tensor,
    targets: Tensor,
    batches: Iterable[Tensor],
    learning_rate: float,
) -> list[UpdateComparison]:
    """Train a chain by hand and its counterpart in ``torch.nn`` on the same minibatches.

    Args:
        model: the chain, of linear layers and activations; it is trained in place.
        inputs: all examples.
        targets: what belongs to them.
        batches: the indices of each minibatch.
        learning_rate: of plain stochastic gradient descent.

    Returns:
        The comparison at each update.
    """
    network, loss = in_torch.as_torch(model)
    parameters = list(network.parameters())
    comparisons = []
    for batch in batches:
        x, y = inputs[batch], targets[batch]
        by_hand = model(x, y).item()
        model.backward()
        model.update(learning_rate)

        value = loss(network(x), y)
        gradients = torch.autograd.grad(value, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.sub_(gradient, alpha=learning_rate)

        in_nn = value.item()
        relative = quotient(abs(by_hand - in_nn), in_nn)
        transposed = [p.detach().T if p.ndim == 2 else p.detach() for p in parameters]
        distance = largest_difference(model.parameters(), transposed)
        comparisons.append(UpdateComparison(by_hand, in_nn, relative, distance))
    return comparisons
