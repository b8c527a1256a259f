r"""Moments of an activation of a centred Gaussian preactivation.

Throughout, :math:`z \sim N(0, q)` and :math:`f(z) = \max(z, 0) + a \min(z, 0)`, the leaky ReLU
of negative slope :math:`a`; ReLU is :math:`a = 0` and the identity is :math:`a = 1`.
Both are homogeneous of degree one, so every moment is stated for :math:`q = 1`.
"""

from math import pi, sqrt


def leaky_relu_mean(slope: float) -> float:
    r"""Mean of a leaky ReLU of a standard Gaussian.

    .. math:: E[f(z)] = (1 - a) / \sqrt{2\pi}

    Args:
        slope: ``a``, the slope for negative inputs.

    Returns:
        The mean; it scales with :math:`\sqrt q`.

    **Source**: derived in the chapter *Variance through a ReLU*.

    >>> round(leaky_relu_mean(0.0), 4)
    0.3989
    """
    return (1 - slope) / sqrt(2 * pi)


def leaky_relu_second_moment(slope: float) -> float:
    r"""Second moment of a leaky ReLU of a standard Gaussian, and of its derivative.

    .. math:: E[f(z)^2] = E[f'(z)^2] = (1 + a^2) / 2

    The formula needs only that :math:`z` is symmetric about 0, not that it is Gaussian.

    Args:
        slope: ``a``, the slope for negative inputs.

    Returns:
        The second moment; that of :math:`f(z)` scales with :math:`q`, that of the derivative
        does not.

    **Source**: He et al. (2015), text before equation 8 (:math:`a = 0`) and equation 15.

    >>> leaky_relu_second_moment(0.0)
    0.5
    """
    return (1 + slope**2) / 2


def leaky_relu_variance(slope: float) -> float:
    r"""Variance of a leaky ReLU of a standard Gaussian.

    .. math:: \operatorname{Var}[f(z)] = (1 + a^2)/2 - (1 - a)^2/(2\pi)

    Args:
        slope: ``a``, the slope for negative inputs.

    Returns:
        The variance; it scales with :math:`q`.

    **Source**: derived in the chapter *Variance through a ReLU*.

    >>> round(leaky_relu_variance(0.0), 4)
    0.3408
    """
    return leaky_relu_second_moment(slope) - leaky_relu_mean(slope) ** 2
