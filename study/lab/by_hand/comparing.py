"""How far what is made by hand is from what torch and finite differences find."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from study.lab.by_hand import in_torch, modules, two_layers
from study.theory.quotients import quotient


def difference(found: Tensor, expected: Tensor) -> float:
    r"""Compare two tensors by their norm, with all entries in float64.

    .. math:: \|a - b\| / \|b\|

    Args:
        found: ``a``.
        expected: ``b``, of the same shape.

    Returns:
        The relative difference; not a number if ``b`` is 0 throughout or empty.

    >>> difference(torch.tensor([3.0, 5.0]), torch.tensor([3.0, 4.0]))
    0.2
    """
    a, b = found.double(), expected.double()
    return float((a - b).norm() / b.norm())


def largest(found: Sequence[Tensor], expected: Sequence[Tensor]) -> float:
    """Return the largest of the differences of corresponding tensors.

    Args:
        found: some tensors.
        expected: as many, of the same shapes.
    """
    return max(difference(a, b) for a, b in zip(found, expected, strict=True))


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
    named = {f"d{name}": found for name, found in zip(tensors, gradients, strict=True)}
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
    worst = 0.0
    for parameter, gradient in zip(model.parameters(), model.gradients(), strict=True):
        moved, slopes = parameter.view(-1), gradient.reshape(-1)
        for at in generator.integers(len(moved), size=entries).tolist():
            kept, ends = moved[at].item(), []
            for end in (kept + step, kept - step):
                moved[at] = end
                ends.append(model(x, targets).item())
            moved[at] = kept
            slope = (ends[0] - ends[1]) / (2 * step)
            worst = max(worst, abs(slope - slopes[at].item()) / slopes.abs().max().item())
    return worst


def module_difference(
    module: modules.Module, twin: nn.Module, x: Tensor, cotangent: Tensor
) -> float:
    """Compare a module with its counterpart in torch, up and down.

    Args:
        module: by hand, with parameters of the same shapes as its counterpart's.
        twin: the counterpart.
        x: the input.
        cotangent: the gradient with respect to the output.

    Returns:
        The largest difference of the outputs, of the gradients with respect to the input, and of
        those with respect to the parameters.
    """
    found = (module(x), module.backward(cotangent), *module.gradients.values())
    inputs = [x.clone().requires_grad_(), *twin.parameters()]
    output = twin(inputs[0])
    return largest(found, (output.detach(), *torch.autograd.grad(output, inputs, cotangent)))


@dataclass(frozen=True)
class Step:
    """One step of a training run by hand and in torch.

    Attributes:
        loss_by_hand: before the step.
        loss_in_torch: before the step.
        loss_difference: of the two, relative to the second; NaN where that is exactly 0.
        parameter_difference: the largest, after the step.
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
) -> list[Step]:
    """Train a chain by hand, and its twin in ``torch.nn`` by autograd, on the same minibatches.

    Args:
        model: the chain, of linear layers and activations; it is trained in place.
        inputs: all examples.
        targets: what belongs to them.
        batches: the indices of each minibatch.
        learning_rate: of plain stochastic gradient descent.

    Returns:
        What each step gave.
    """
    network, loss = in_torch.as_torch(model)
    parameters = list(network.parameters())
    steps = []
    for batch in batches:
        x, y = inputs[batch], targets[batch]
        by_hand = model(x, y).item()
        model.backward()
        model.descend(learning_rate)

        value = loss(network(x), y)
        gradients = torch.autograd.grad(value, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.sub_(gradient, alpha=learning_rate)

        in_nn = value.item()
        twins = [p.detach().T if p.ndim == 2 else p.detach() for p in parameters]
        apart = largest(model.parameters(), twins)
        steps.append(Step(by_hand, in_nn, quotient(abs(by_hand - in_nn), in_nn), apart))
    return steps
