"""Activations and their derivatives, elementwise."""

import torch
from torch import Tensor


def leaky_relu(preactivation: Tensor, slope: float) -> Tensor:
    r"""Leaky ReLU; slope 0 is ReLU and slope 1 the identity.

    :func:`study.lab.by_hand.functions.leaky_relu` is the same formula with a slope that can be
    learned; this one takes a number and adds in place, to be fast in deep networks.

    .. math:: f(z) = \max(z, 0) + a \min(z, 0)

    Args:
        preactivation: ``z``, of any shape.
        slope: ``a``, the slope for negative inputs.

    Returns:
        The activation, of the same shape.

    **Source**: He et al. (2015), equation 1.

    >>> leaky_relu(torch.tensor([-2.0, 3.0]), slope=0.25)
    tensor([-0.5000,  3.0000])
    """
    positive = preactivation.clamp(min=0)
    return positive if slope == 0 else positive.add_(preactivation.clamp(max=0), alpha=slope)


def leaky_relu_derivative(preactivation: Tensor, slope: float) -> Tensor:
    r"""Derivative of the leaky ReLU, with the value :math:`a` at 0 as in torch.

    .. math:: f'(z) = 1 \text{ if } z > 0, \text{ else } a

    Args:
        preactivation: ``z``, of any shape.
        slope: ``a``, the slope for negative inputs.

    Returns:
        The derivative, of the same shape and type.

    >>> leaky_relu_derivative(torch.tensor([-2.0, 0.0, 3.0]), slope=0.25)
    tensor([0.2500, 0.2500, 1.0000])
    """
    # Written as numbers at once: by way of booleans it would take several times as long.
    active = torch.gt(preactivation, 0, out=torch.empty_like(preactivation))
    return active if slope == 0 else active.mul_(1 - slope).add_(slope)
