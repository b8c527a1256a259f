"""Stage 2: each layer is an object that holds its parameters and stores its inputs.

Calling a layer is its forward pass, ``backward`` its backward pass. What the backward functions of
stage 1 need beside the gradient is stored in the layer, so nothing of the forward pass has to be
passed on to them. A layer must have been called before its ``backward``.
"""

from torch import Tensor

from study.lab.by_hand import functions


class Linear:
    """Linear layer.

    Attributes:
        w: the weights.
        b: the biases.
        dw: the gradient with respect to the weights, after the backward pass.
        db: the gradient with respect to the biases, likewise.

    **Shapes**: ``w`` and ``dw`` (fan_in, fan_out), ``b`` and ``db`` (fan_out,).
    """

    x: Tensor
    dw: Tensor
    db: Tensor

    def __init__(self, w: Tensor, b: Tensor) -> None:
        self.w, self.b = w, b

    def __call__(self, x: Tensor) -> Tensor:
        """Return the preactivation (n, fan_out) of ``x`` (n, fan_in)."""
        self.x = x
        return functions.linear(x, self.w, self.b)

    def backward(self, gradient: Tensor) -> Tensor:
        """Store the gradients of the parameters and return that of the input."""
        dx, self.dw, self.db = functions.linear_backward(gradient, self.x, self.w)
        return dx


class Relu:
    """ReLU."""

    z: Tensor

    def __call__(self, z: Tensor) -> Tensor:
        """Return the activation, of the shape of ``z``."""
        self.z = z
        return functions.relu(z)

    def backward(self, gradient: Tensor) -> Tensor:
        """Return the gradient with respect to the preactivation."""
        return functions.relu_backward(gradient, self.z)


class ShiftedRelu:
    """ReLU minus one half, as in the lesson notes."""

    z: Tensor

    def __call__(self, z: Tensor) -> Tensor:
        """Return the activation, of the shape of ``z``."""
        self.z = z
        return functions.shifted_relu(z)

    def backward(self, gradient: Tensor) -> Tensor:
        """Return the gradient with respect to the preactivation."""
        return functions.shifted_relu_backward(gradient, self.z)


class MeanSquaredError:
    """Mean squared error of a network with one output."""

    outputs: Tensor
    targets: Tensor

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of outputs (n, 1) and targets (n,)."""
        self.outputs, self.targets = outputs, targets
        return functions.mean_squared_error(outputs, targets)

    def backward(self) -> Tensor:
        """Return the gradient with respect to the outputs."""
        return functions.mean_squared_error_backward(self.outputs, self.targets)


class CrossEntropy:
    """Cross-entropy of the softmax."""

    logits: Tensor
    labels: Tensor

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of logits (n, classes) and labels (n,)."""
        self.logits, self.labels = logits, labels
        return functions.cross_entropy(logits, labels)

    def backward(self) -> Tensor:
        """Return the gradient with respect to the logits."""
        return functions.cross_entropy_backward(self.logits, self.labels)
