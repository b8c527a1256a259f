r"""A classifier's forward and backward pass that records the tensors of every layer.

In the notation of Glorot and Bengio the activations are :math:`z^0 = x, z^1, \dots`, with
:math:`s^{i} = z^{i} W^{i}` and :math:`z^{i+1} = f(s^i)`; the last :math:`s` are the outputs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, log2

import torch
from torch import Tensor

from study.lab.activations import Activation
from study.lab.inits import Distribution, Fan, Initialisation, normal_to, standard_normal_layers
from study.theory.quotients import quotient


def unit_weights(
    widths: Sequence[int], distribution: Distribution, seed: int, draw: int
) -> list[Tensor]:
    """Draw the weights of a network with variance 1.

    Args:
        widths: of the input and of each layer.
        distribution: of the weights.
        seed: the experiment's seed.
        draw: index of the draw.

    Returns:
        The matrices, each of shape (fan_out, fan_in).
    """
    shapes = [(fan_out, fan_in) for fan_in, fan_out in pairwise(widths)]
    normal = standard_normal_layers(shapes, seed, draw, torch.device("cpu"))
    return [normal_to(distribution, matrix) for matrix in normal]


def within_bound(units: Sequence[Tensor], squared_bound: float, fan: Fan) -> list[Tensor]:
    r"""Scale weights of variance 1 to the variance of uniform weights within a bound.

    .. math:: |w| \le \sqrt{b^2/n}, \qquad \operatorname{Var} w = b^2/(3n)

    Args:
        units: the weights of each layer, of shape (fan_out, fan_in).
        squared_bound: :math:`b^2`; 1 with the fan_in in equation 1 of Glorot and Bengio (2010),
            3 with the average of the fans in their equation 16.
        fan: which fan :math:`n` is.

    >>> within_bound([torch.ones(1, 3)], 9.0, "fan_in")
    [tensor([[1., 1., 1.]])]
    """
    scale = Initialisation("uniform", fan, squared_bound / 3, bias_variance=0.0)
    return [scale.std(w.shape[1], w.shape[0]) * w for w in units]


@dataclass(frozen=True)
class PassRecord:
    """Activations and gradients of every layer of a classifier, for each image.

    Attributes:
        activations: of the input and of each hidden layer.
        slopes: the derivative of the activation in each hidden layer.
        gradients: of each image's own loss with respect to the preactivations of each layer, the
            outputs too.

    **Shapes**: each entry (images, width of the layer).
    """

    activations: list[Tensor]
    slopes: list[Tensor]
    gradients: list[Tensor]

    def weight_gradient(self, layer: int) -> Tensor:
        """Return the gradient of the mean loss with respect to a weight matrix.

        Args:
            layer: counted from 1.

        **Shapes**: (fan_out, fan_in).
        """
        activation, gradient = self.activations[layer - 1], self.gradients[layer - 1]
        return gradient.T @ activation / len(activation)

    def weight_gradient_per_image(self, layer: int) -> float:
        r"""Return the mean square of the gradients of single images with respect to a weight.

        .. math:: E[(z_l\, \Delta s_k)^2] = E\bigl[\overline{z^2}\; \overline{(\Delta s)^2}\bigr]

        Args:
            layer: counted from 1.
        """
        activation, gradient = self.activations[layer - 1], self.gradients[layer - 1]
        products = activation.double().square().mean(dim=1) * gradient.double().square().mean(dim=1)
        return products.mean().item()


def forward_and_backward(
    weights: Sequence[Tensor], inputs: Tensor, labels: Tensor, nonlinearity: Activation
) -> PassRecord:
    r"""Propagate images forward through a classifier and its cross-entropy backward.

    .. math::
        \frac{\partial C}{\partial s^i_k} = f'(s^i_k)\, W^{i+1}_{k,\cdot}\,
        \frac{\partial C}{\partial s^{i+1}}

    Args:
        weights: of each layer, without biases.
        inputs: the images.
        labels: their classes.
        nonlinearity: after each layer but the last.

    Returns:
        The record; the loss of an image is :math:`-\log P(y|x)` of a softmax.

    **Shapes**: each weight matrix (fan_out, fan_in), ``inputs`` (images, pixels), ``labels``
    (images,).

    **Source**: Glorot and Bengio (2010), equation 2.
    """
    activations, slopes = [inputs], []
    for matrix in weights[:-1]:
        preactivation = activations[-1] @ matrix.T
        activation = nonlinearity.function(preactivation)
        slopes.append(nonlinearity.derivative_from(preactivation, activation))
        activations.append(activation)
    outputs = activations[-1] @ weights[-1].T
    gradient = outputs.softmax(dim=1)
    gradient[torch.arange(len(labels)), labels] -= 1
    gradients = [gradient]
    for matrix, slope in zip(reversed(weights[1:]), reversed(slopes), strict=True):
        gradient = slope * (gradient @ matrix)
        gradients.insert(0, gradient)
    return PassRecord(activations, slopes, gradients)


def log2_quotient(numerator: float, denominator: float) -> float:
    """Return the logarithm of a quotient to base 2; minus infinity where it is 0.

    >>> log2_quotient(1.0, 4.0), log2_quotient(0.0, 4.0)
    (-2.0, -inf)
    """
    ratio = quotient(numerator, denominator)
    return log2(ratio) if ratio else -inf


FLOAT32_BITS = 110
"""By how many powers of two the layers may scale a signal; float32 has 126 either way, of which
some are reserved for the images, the outputs, and random deviations in narrow layers."""


def most_layers(squared_bound: float, slope: float = 1.0, bits: int = FLOAT32_BITS) -> float:
    r"""Return how many layers of one width keep signal and gradient within a number format.

    .. math:: \bigl|L\, \log_2 \sqrt{f'(0)^2\, b^2/3}\,\bigr| \le \text{bits}

    Args:
        squared_bound: :math:`b^2` of the weights, with any of the fans.
        slope: :math:`f'(0)` of the activation.
        bits: the powers of two available.

    Returns:
        A whole number; infinity where a layer multiplies by 1.

    >>> most_layers(1e-6), most_layers(1.0, slope=1 / 4), most_layers(3.0)
    (10, 39, inf)
    """
    per_layer = abs(log2(slope**2 * squared_bound / 3)) / 2
    return int(bits / per_layer) if per_layer else inf
