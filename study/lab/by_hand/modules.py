"""Stages 3 and 4: a base class that stores inputs and gradients, and a chain of modules.

What all layers of stage 2 repeat is written once, in :class:`Module`. A layer is then no more than
its two formulas. :class:`Model` runs all modules forward and backward.
"""

from collections.abc import Callable, Sequence

from torch import Tensor

from study.lab.by_hand import convolution, functions, normalisation

# Stage 3 -----------------------------------------------------------------------------------------


class Module:
    """Base class of layers and losses: stores the inputs, and the gradients of the parameters.

    A subclass has two methods:

    * ``forward(*inputs, *parameters)`` returns the output;
    * ``differentiate(*gradient, *inputs, *parameters)`` returns the gradient with respect to the
      first input and then those with respect to the parameters. A loss, with which the backward
      pass begins, receives no gradient.

    Attributes:
        parameters: the parameters by name, in the order of the formulas.
        gradients: of the parameters, by the same names, after the backward pass.
        inputs: of the last call.
        output: of the last call.
    """

    inputs: tuple[Tensor, ...]
    output: Tensor
    forward: Callable[..., Tensor]
    differentiate: Callable[..., tuple[Tensor, ...]]

    def __init__(self, **parameters: Tensor) -> None:
        self.parameters = parameters
        self.gradients: dict[str, Tensor] = {}

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Store the inputs and return the output."""
        self.inputs = inputs
        self.output = self.forward(*inputs, *self.parameters.values())
        return self.output

    def backward(self, *gradient: Tensor) -> Tensor:
        """Store the gradients of the parameters and return that of the first input."""
        dx, *parameter_gradients = self.differentiate(
            *gradient, *self.inputs, *self.parameters.values()
        )
        self.gradients = dict(zip(self.parameters, parameter_gradients, strict=True))
        return dx


class Linear(Module):
    """Linear layer of weights (fan_in, fan_out) and biases (fan_out,)."""

    def __init__(self, w: Tensor, b: Tensor) -> None:
        super().__init__(w=w, b=b)

    def forward(self, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        """Return the preactivation."""
        return functions.linear(x, w, b)

    def differentiate(
        self, gradient: Tensor, x: Tensor, w: Tensor, _: Tensor
    ) -> tuple[Tensor, ...]:
        """Return the gradients with respect to the input, the weights and the biases."""
        return functions.linear_backward(gradient, x, w)


class Relu(Module):
    """ReLU."""

    def forward(self, z: Tensor) -> Tensor:
        """Return the activation."""
        return functions.relu(z)

    def differentiate(self, gradient: Tensor, z: Tensor) -> tuple[Tensor, ...]:
        """Return the gradient with respect to the preactivation."""
        return (functions.relu_backward(gradient, z),)


class ShiftedRelu(Module):
    """ReLU minus one half."""

    def forward(self, z: Tensor) -> Tensor:
        """Return the activation."""
        return functions.shifted_relu(z)

    def differentiate(self, gradient: Tensor, z: Tensor) -> tuple[Tensor, ...]:
        """Return the gradient with respect to the preactivation."""
        return (functions.shifted_relu_backward(gradient, z),)


class LeakyRelu(Module):
    """PReLU: a leaky ReLU whose one slope, a tensor without axes, is learned."""

    def __init__(self, slope: Tensor) -> None:
        super().__init__(slope=slope)

    def forward(self, z: Tensor, slope: Tensor) -> Tensor:
        """Return the activation."""
        return functions.leaky_relu(z, slope)

    def differentiate(self, gradient: Tensor, z: Tensor, slope: Tensor) -> tuple[Tensor, ...]:
        """Return the gradients with respect to the preactivation and the slope."""
        return functions.leaky_relu_backward(gradient, z, slope)


class Tanh(Module):
    """Hyperbolic tangent."""

    def forward(self, z: Tensor) -> Tensor:
        """Return the activation."""
        return functions.tanh(z)

    def differentiate(self, gradient: Tensor, _: Tensor) -> tuple[Tensor, ...]:
        """Return the gradient with respect to the preactivation."""
        return (functions.tanh_backward(gradient, self.output),)


class Convolution(Module):
    """Convolution with kernels (channels out, channels in, height, width) and biases.

    Attributes:
        stride: of the kernel.
        padding: rows or columns of zeros at each side.
    """

    def __init__(self, w: Tensor, b: Tensor, *, stride: int, padding: int) -> None:
        super().__init__(w=w, b=b)
        self.stride, self.padding = stride, padding

    def forward(self, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        """Return the preactivation."""
        return convolution.convolution(x, w, b, stride=self.stride, padding=self.padding)

    def differentiate(
        self, gradient: Tensor, x: Tensor, w: Tensor, _: Tensor
    ) -> tuple[Tensor, ...]:
        """Return the gradients with respect to the images, the kernels and the biases."""
        return convolution.convolution_backward(
            gradient, x, w, stride=self.stride, padding=self.padding
        )


class Flatten(Module):
    """Merges all axes but the first; the backward pass restores them."""

    def forward(self, x: Tensor) -> Tensor:
        """Return rows of shape (n, channels · rows · columns)."""
        return x.flatten(start_dim=1)

    def differentiate(self, gradient: Tensor, x: Tensor) -> tuple[Tensor, ...]:
        """Return the gradient in the shape of the input."""
        return (gradient.reshape(x.shape),)


class BatchNormalisation(Module):
    """Batch normalisation; each forward pass in training updates the running statistics.

    Attributes:
        epsilon: added to the variance, so that no division is by 0.
        momentum: the weight of the newest batch in the running statistics.
        mean: the running mean.
        variance: the running variance.
        training: whether to use the statistics of the batch, or else the running ones.
    """

    def __init__(self, gain: Tensor, shift: Tensor, *, epsilon: float, momentum: float) -> None:
        super().__init__(gain=gain, shift=shift)
        self.epsilon, self.momentum = epsilon, momentum
        self.mean, self.variance = shift.new_zeros(shift.shape), gain.new_ones(gain.shape)
        self.training = True

    def forward(self, x: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
        """Return the normalised columns."""
        if not self.training:
            return normalisation.inference(
                x, gain, shift, mean=self.mean, variance=self.variance, epsilon=self.epsilon
            )
        self.mean, self.variance = normalisation.running_statistics(
            self.mean, self.variance, x, self.momentum
        )
        return normalisation.batch_normalisation(x, gain, shift, self.epsilon)

    def differentiate(
        self, gradient: Tensor, x: Tensor, gain: Tensor, _: Tensor
    ) -> tuple[Tensor, ...]:
        """Return the gradients with respect to the input, the gain and the shift."""
        if not self.training:
            return normalisation.inference_backward(
                gradient, x, gain, mean=self.mean, variance=self.variance, epsilon=self.epsilon
            )
        return normalisation.batch_normalisation_backward(gradient, x, gain, self.epsilon)


class MeanSquaredError(Module):
    """Mean squared error of outputs (n, 1) and targets (n,)."""

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss."""
        return functions.mean_squared_error(outputs, targets)

    def differentiate(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
        """Return the gradient with respect to the outputs."""
        return (functions.mean_squared_error_backward(outputs, targets),)


class CrossEntropy(Module):
    """Cross-entropy of the softmax of logits (n, classes) and labels (n,)."""

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the loss."""
        return functions.cross_entropy(logits, labels)

    def differentiate(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        """Return the gradient with respect to the logits."""
        return (functions.cross_entropy_backward(logits, labels),)


# Stage 4 -----------------------------------------------------------------------------------------


class Model:
    """A chain of modules with a loss at its end.

    Attributes:
        modules: first layer first.
        loss: a module of two inputs, the outputs of the last layer and the targets.
    """

    def __init__(self, modules: Sequence[Module], loss: Module) -> None:
        self.modules, self.loss = list(modules), loss

    def outputs(self, x: Tensor) -> Tensor:
        """Return the outputs of the last layer."""
        for module in self.modules:
            x = module(x)
        return x

    def __call__(self, x: Tensor, targets: Tensor) -> Tensor:
        """Return the loss."""
        return self.loss(self.outputs(x), targets)

    def backward(self) -> Tensor:
        """Run all modules backward and return the gradient with respect to the input."""
        gradient = self.loss.backward()
        for module in reversed(self.modules):
            gradient = module.backward(gradient)
        return gradient

    def parameters(self) -> list[Tensor]:
        """Return the parameters of all modules, first layer first."""
        return [parameter for module in self.modules for parameter in module.parameters.values()]

    def gradients(self) -> list[Tensor]:
        """Return the gradients of all parameters, in their order."""
        return [gradient for module in self.modules for gradient in module.gradients.values()]

    def update(self, learning_rate: float) -> None:
        """Make one update of stochastic gradient descent, in place."""
        for parameter, gradient in zip(self.parameters(), self.gradients(), strict=True):
            parameter.sub_(gradient, alpha=learning_rate)
