"""The notes' network with one hidden layer, at each stage of the refactoring.

Every stage takes the same weights and gives the same loss and the same five gradients.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from torch import Tensor

from study.lab.by_hand import functions, layers, modules
from study.lab.by_hand.functions import (
    linear,
    linear_backward,
    shifted_relu,
    shifted_relu_backward,
)

LossFunction: TypeAlias = Callable[[Tensor, Tensor], Tensor]
Gradients: TypeAlias = tuple[Tensor, ...]
"""With respect to the input, the first weights and biases, the second weights and biases."""


class Parameters(NamedTuple):
    """The parameters of the network.

    **Shapes**: ``w1`` (fan_in, hidden), ``b1`` (hidden,), ``w2`` (hidden, outputs), ``b2``
    (outputs,).
    """

    w1: Tensor
    b1: Tensor
    w2: Tensor
    b2: Tensor


class LossStages(NamedTuple):
    """One loss at stages 1, 2 and 3: two functions, a layer and a module."""

    function: LossFunction
    backward: LossFunction
    layer: type[layers.MeanSquaredError | layers.CrossEntropy]
    module: type[modules.Module]


MEAN_SQUARED_ERROR = LossStages(
    functions.mean_squared_error,
    functions.mean_squared_error_backward,
    layers.MeanSquaredError,
    modules.MeanSquaredError,
)
CROSS_ENTROPY = LossStages(
    functions.cross_entropy,
    functions.cross_entropy_backward,
    layers.CrossEntropy,
    modules.CrossEntropy,
)


def by_functions(
    x: Tensor,
    targets: Tensor,
    parameters: Parameters,
    loss: LossFunction,
    loss_backward: LossFunction,
) -> tuple[Tensor, Gradients]:
    """Stage 1: forward and backward pass by calling one function after the other.

    Args:
        x: the images.
        targets: of the outputs.
        parameters: of both layers.
        loss: of outputs and targets.
        loss_backward: its gradient with respect to the outputs.

    Returns:
        The loss and the gradients.

    **Shapes**: ``x`` (n, fan_in); the gradients as ``x`` and as the parameters.

    **Source**: the lesson notes' ``model``, and the chain rule.
    """
    w1, b1, w2, b2 = parameters
    z = linear(x, w1, b1)
    h = shifted_relu(z)
    outputs = linear(h, w2, b2)

    doutputs = loss_backward(outputs, targets)
    dh, dw2, db2 = linear_backward(doutputs, h, w2)
    dz = shifted_relu_backward(dh, z)
    dx, dw1, db1 = linear_backward(dz, x, w1)
    return loss(outputs, targets), (dx, dw1, db1, dw2, db2)


def by_layers(
    x: Tensor,
    targets: Tensor,
    parameters: Parameters,
    loss: layers.MeanSquaredError | layers.CrossEntropy,
) -> tuple[Tensor, Gradients]:
    """Stage 2: forward and backward pass through layers that store their inputs.

    Args:
        x: the images.
        targets: of the outputs.
        parameters: of both layers.
        loss: of outputs and targets.

    Returns:
        The loss and the gradients.

    **Shapes**: as at stage 1.
    """
    w1, b1, w2, b2 = parameters
    first, relu, second = layers.Linear(w1, b1), layers.ShiftedRelu(), layers.Linear(w2, b2)
    value = loss(second(relu(first(x))), targets)
    dx = first.backward(relu.backward(second.backward(loss.backward())))
    return value, (dx, first.dw, first.db, second.dw, second.db)


def chain(parameters: Parameters, loss: modules.Module) -> modules.Model:
    """Stages 3 and 4: the network as a chain of modules.

    Args:
        parameters: of both layers; training the chain changes them in place.
        loss: of outputs and targets.

    Returns:
        The chain.
    """
    w1, b1, w2, b2 = parameters
    return modules.Model(
        [modules.Linear(w1, b1), modules.ShiftedRelu(), modules.Linear(w2, b2)], loss
    )


def by_chain(x: Tensor, targets: Tensor, model: modules.Model) -> tuple[Tensor, Gradients]:
    """Stages 3 and 4: forward and backward pass through the chain.

    Args:
        x: the images.
        targets: of the outputs.
        model: the chain.

    Returns:
        The loss and the gradients.

    **Shapes**: as at stage 1.
    """
    value = model(x, targets)
    dx = model.backward()
    return value, (dx, *model.gradients())
