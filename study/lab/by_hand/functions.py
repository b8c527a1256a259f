"""Stage 1: each layer and each loss as a function, and its backward pass as another.

A backward function takes the gradient of the loss with respect to the output of its forward
function, and what its formula needs of the forward pass. It returns the gradients with respect to
the inputs. The backward pass begins with the loss, so the backward function of a loss takes no
gradient.

With no rows at all (``n = 0``) each layer returns no rows and gradients of 0 with respect to its
parameters; a mean over no rows is not a number, as in torch.
"""

import torch
from torch import Tensor

# Layers ------------------------------------------------------------------------------------------


def linear(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    r"""Linear layer: a matrix product, and a bias for each unit.

    .. math:: z = x w + b, \qquad z_{ij} = \sum_k x_{ik} w_{kj} + b_j

    Args:
        x: the input.
        w: the weights.
        b: the biases.

    Returns:
        The preactivation.

    **Shapes**: ``x`` (n, fan_in), ``w`` (fan_in, fan_out), ``b`` (fan_out,); the preactivation
    (n, fan_out). ``torch.nn.Linear`` stores its weights transposed.

    **Source**: the lesson notes' ``lin``.

    >>> linear(torch.ones(1, 2), torch.ones(2, 3), torch.zeros(3))
    tensor([[2., 2., 2.]])
    """
    return x @ w + b


def linear_backward(gradient: Tensor, x: Tensor, w: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    r"""Backward pass of :func:`linear`.

    .. math::
        \Delta x = \Delta z\, w^\top, \qquad \Delta w = x^\top \Delta z, \qquad
        \Delta b_j = \sum_i \Delta z_{ij}

    Args:
        gradient: of the loss with respect to the preactivation.
        x: the input of the forward pass.
        w: the weights.

    Returns:
        The gradients with respect to ``x``, ``w`` and the biases.

    **Shapes**: ``gradient`` (n, fan_out), ``x`` (n, fan_in), ``w`` (fan_in, fan_out); the
    gradients (n, fan_in), (fan_in, fan_out) and (fan_out,).

    **Source**: chapter The backward pass, section “The linear layer”.
    """
    dx = gradient @ w.T
    dw = x.T @ gradient
    db = gradient.sum(dim=0)
    return dx, dw, db


# Activations -------------------------------------------------------------------------------------


def relu(z: Tensor) -> Tensor:
    r"""ReLU.

    .. math:: h = \max(z, 0)

    Args:
        z: the preactivation, of any shape.

    Returns:
        The activation, of the same shape.

    **Source**: He et al. (2015), equation 1 with slope 0.

    >>> relu(torch.tensor([-2.0, 3.0]))
    tensor([0., 3.])
    """
    return z.clamp(min=0)


def relu_backward(gradient: Tensor, z: Tensor) -> Tensor:
    r"""Backward pass of :func:`relu`, with the derivative 0 at 0.

    .. math:: \Delta z = \Delta h \odot 1_{z > 0}

    At 0 a ReLU has no derivative, and any number from 0 to 1 is a subgradient. This function and
    ``torch.relu`` take 0; ``torch.clamp_min``, by which the lesson notes write the ReLU, takes 1.

    Args:
        gradient: of the loss with respect to the activation.
        z: the preactivation of the forward pass.

    Returns:
        The gradient with respect to the preactivation.

    **Shapes**: all the same.

    **Source**: chapter The backward pass, section “The ReLU”.

    >>> relu_backward(torch.tensor([5.0, 5.0, 5.0]), torch.tensor([-2.0, 0.0, 3.0]))
    tensor([0., 0., 5.])
    """
    return gradient * (z > 0)


SHIFT = 0.5
"""What the shifted ReLU of the lesson notes subtracts."""


def shifted_relu(z: Tensor) -> Tensor:
    r"""ReLU minus one half.

    .. math:: h = \max(z, 0) - \tfrac12

    Args:
        z: the preactivation, of any shape.

    Returns:
        The activation, of the same shape.

    **Source**: the lesson notes' ``relu``.

    >>> shifted_relu(torch.tensor([-2.0, 3.0]))
    tensor([-0.5000,  2.5000])
    """
    return relu(z) - SHIFT


def shifted_relu_backward(gradient: Tensor, z: Tensor) -> Tensor:
    r"""Backward pass of :func:`shifted_relu`: that of the ReLU, since a constant has no slope.

    .. math:: \Delta z = \Delta h \odot 1_{z > 0}

    Args:
        gradient: of the loss with respect to the activation.
        z: the preactivation of the forward pass.

    Returns:
        The gradient with respect to the preactivation.

    **Shapes**: all the same.

    **Source**: chapter The backward pass, section “The ReLU”.
    """
    return relu_backward(gradient, z)


def leaky_relu(z: Tensor, slope: "float | Tensor") -> Tensor:
    r"""Leaky ReLU; a PReLU with one shared slope if the slope is learned.

    :func:`study.lab.activations.leaky_relu` is the same formula made fast for deep networks; this
    one is written so that the slope may be a tensor, and its own gradient be taken.

    .. math:: h = \max(z, 0) + a \min(z, 0)

    Args:
        z: the preactivation, of any shape.
        slope: ``a``, the slope for negative inputs; a number or a tensor without axes.

    Returns:
        The activation, of the same shape.

    **Source**: He et al. (2015), equation 1 with the slope shared by all channels.

    >>> leaky_relu(torch.tensor([-2.0, 3.0]), slope=0.25)
    tensor([-0.5000,  3.0000])
    """
    return z.clamp(min=0) + slope * z.clamp(max=0)


def leaky_relu_backward(
    gradient: Tensor, z: Tensor, slope: "float | Tensor"
) -> tuple[Tensor, Tensor]:
    r"""Backward pass of :func:`leaky_relu`, with the derivative ``a`` at 0 as in torch.

    .. math::
        \Delta z = \Delta h \odot (1_{z > 0} + a\, 1_{z \le 0}), \qquad
        \Delta a = \sum \Delta h \odot \min(z, 0)

    Args:
        gradient: of the loss with respect to the activation.
        z: the preactivation of the forward pass.
        slope: ``a``.

    Returns:
        The gradients with respect to the preactivation and to the slope.

    **Shapes**: ``gradient``, ``z`` and the first gradient all the same; the second without axes.

    **Source**: He et al. (2015), equations 2 and 3, summed over all channels.
    """
    dz = torch.where(z > 0, gradient, slope * gradient)
    dslope = (gradient * z.clamp(max=0)).sum()
    return dz, dslope


def tanh(z: Tensor) -> Tensor:
    r"""Hyperbolic tangent.

    .. math:: h = \tanh z

    Args:
        z: the preactivation.

    Returns:
        The activation.

    **Shapes**: both the same, any.

    **Source**: chapter The backward pass, section “Activations that never shut”.

    >>> tanh(torch.tensor([0.0, float("inf")]))
    tensor([0., 1.])
    """
    return z.tanh()


def tanh_backward(gradient: Tensor, h: Tensor) -> Tensor:
    r"""Backward pass of :func:`tanh`, in terms of its output.

    .. math:: \Delta z = \Delta h \odot (1 - h^2)

    Args:
        gradient: of the loss with respect to the activation.
        h: the activation of the forward pass.

    Returns:
        The gradient with respect to the preactivation.

    **Shapes**: all the same.

    **Source**: chapter The backward pass, section “Activations that never shut”.
    """
    return gradient * (1 - h.square())


# Losses ------------------------------------------------------------------------------------------


def mean_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    r"""Mean squared error of a network with one output.

    .. math:: L = \frac1n \sum_i (o_i - y_i)^2

    Args:
        outputs: of the network.
        targets: of the outputs.

    Returns:
        The loss.

    **Shapes**: ``outputs`` (n, 1), ``targets`` (n,); the loss has no axes.

    Raises:
        ValueError: naming both shapes, if they are others; broadcasting would take the difference
            of every output and every target.

    **Source**: the lesson notes' ``mse``.
    """
    return _difference(outputs, targets).square().mean()


def mean_squared_error_backward(outputs: Tensor, targets: Tensor) -> Tensor:
    r"""Backward pass of :func:`mean_squared_error`.

    .. math:: \Delta o_i = \frac2n (o_i - y_i)

    Args:
        outputs: of the network.
        targets: of the outputs.

    Returns:
        The gradient with respect to the outputs.

    **Shapes**: ``outputs`` (n, 1), ``targets`` (n,); the gradient (n, 1).

    Raises:
        ValueError: as in the forward pass.

    **Source**: chapter The loss, section “The mean squared error”.
    """
    return (2 * _difference(outputs, targets) / len(targets)).unsqueeze(1)


def log_softmax(logits: Tensor) -> Tensor:
    r"""Logarithm of the softmax of each row, with the largest logit of the row taken out first.

    .. math::
        \log p_{ij} = (z_{ij} - m_i) - \log \sum_k e^{z_{ik} - m_i}, \qquad m_i = \max_k z_{ik}

    No exponent is positive and one is 0, so the sum lies between 1 and the number of classes.

    Args:
        logits: the scores.

    Returns:
        The logarithms of the probabilities.

    **Shapes**: (n, classes) in and out, with at least one class.

    >>> log_softmax(torch.tensor([[10_000.0, -10_000.0]]))
    tensor([[     0., -20000.]])
    """
    shifted = logits - logits.amax(dim=1, keepdim=True)
    return shifted - shifted.exp().sum(dim=1, keepdim=True).log()


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    r"""Cross-entropy of the softmax: the mean of minus the logarithm of the label's probability.

    .. math:: L = -\frac1n \sum_i \log p_{i y_i}, \qquad p_{ij} = e^{z_{ij}} / \sum_k e^{z_{ik}}

    Args:
        logits: the scores.
        labels: the index of the right class of each row.

    Returns:
        The loss.

    **Shapes**: ``logits`` (n, classes), ``labels`` (n,), of integers; the loss has no axes.

    Raises:
        ValueError: naming both shapes, if they are others.

    **Source**: ``torch.nn.functional.cross_entropy``, with its mean over the rows.
    """
    _check_labels(logits, labels)
    return -log_softmax(logits).gather(1, labels.unsqueeze(1)).mean()


def cross_entropy_backward(logits: Tensor, labels: Tensor) -> Tensor:
    r"""Backward pass of :func:`cross_entropy`.

    .. math:: \Delta z_{ij} = \frac1n (p_{ij} - 1_{j = y_i})

    Args:
        logits: the scores.
        labels: the index of the right class of each row.

    Returns:
        The gradient with respect to the logits.

    **Shapes**: ``logits`` (n, classes), ``labels`` (n,); the gradient (n, classes).

    Raises:
        ValueError: as in the forward pass.

    **Source**: chapter The loss, section “The cross-entropy”.
    """
    _check_labels(logits, labels)
    right = torch.nn.functional.one_hot(labels, logits.shape[1])
    return (log_softmax(logits).exp() - right) / len(labels)


def _difference(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return outputs minus targets, of shape (n,)."""
    if outputs.ndim != 2 or outputs.shape[1] != 1 or targets.shape != outputs.shape[:1]:
        raise ValueError(
            f"outputs of shape {tuple(outputs.shape)} and targets of shape "
            f"{tuple(targets.shape)}: (n, 1) and (n,) are wanted"
        )
    return outputs.squeeze(1) - targets


def _check_labels(logits: Tensor, labels: Tensor) -> None:
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(
            f"logits of shape {tuple(logits.shape)} and labels of shape {tuple(labels.shape)}: "
            "(n, classes) and (n,) are wanted"
        )
