r"""What a layer does to the angle between two signals: shares, rates and what a finite width adds.

The gap of two signals is 1 minus the cosine of the angle between them. The maps of very wide
layers are in :mod:`study.theory.mean_field`; here are their consequences over many layers.
"""

from itertools import islice
from math import pi

import numpy as np
from scipy.special import digamma, polygamma
from scipy.stats import binom

from study.errors import StudyError
from study.theory.activations import Activation, Array
from study.theory.mean_field import gap_steps, length_fixed_point
from study.theory.quadrature import line


def leaky_share(slope: float) -> float:
    r"""Share of a ReLU's effect on the gap that a leaky ReLU has.

    .. math:: \frac{(1 - a)^2}{1 + a^2}

    Args:
        slope: ``a``, the slope for negative preactivations.

    Returns:
        The share, 1 for ReLU, 0 for no activation, 2 for the absolute value.

    **Source**: derived in the chapter *Depth 1000, direction*.

    >>> leaky_share(0.0), leaky_share(1.0), leaky_share(-1.0)
    (1.0, 0.0, 2.0)
    """
    return (1 - slope) ** 2 / (1 + slope**2)


def inverse_angle_growth(slope: float = 0.0) -> float:
    r"""Growth of one over the angle in a layer of leaky ReLUs, once the angle is small.

    .. math:: \frac{1}{3\pi}\, \frac{(1 - a)^2}{1 + a^2}

    Args:
        slope: ``a``.

    Returns:
        The growth per layer.

    **Units**: per radian.

    **Source**: derived in the chapter *Depth 1000, direction*.

    >>> round(1 / inverse_angle_growth(), 4) == round(3 * pi, 4)
    True
    """
    return leaky_share(slope) / (3 * pi)


def inverse_gap_growth(
    activation: Activation, weight_variance: float, bias_variance: float
) -> float:
    r"""Growth of one over the gap in a layer of a smooth activation on the edge of chaos.

    .. math:: \tfrac12\, c\,(q - \sigma_b^2)\, E[f''(z)^2], \quad z \sim N(0, q)

    It is that of the activations; a common bias makes the gap of the preactivations smaller.

    Args:
        activation: ``f``, without kinks.
        weight_variance: ``c``.
        bias_variance: :math:`\sigma_b^2`.

    Returns:
        The growth per layer.

    Raises:
        StudyError: if the activation has a kink, or no finite length is settled at.

    **Source**: derived in the chapter *Depth 1000, direction*.
    """
    if activation.kinks:
        raise StudyError(
            f"activation {activation.name}: it has a kink, so one over the gap does not grow evenly"
        )
    q = length_fixed_point(activation, weight_variance, bias_variance)
    z, weights = line(activation, q)
    step = 1e-4
    bend = (activation.derivative(z + step) - activation.derivative(z - step)) / (2 * step)
    return weight_variance * (q - bias_variance) * float(weights @ bend**2) / 2


def activation_gaps(
    activation: Activation, gap: float, weight_variance: float, bias_variance: float, layers: int
) -> list[float]:
    r"""Gap of the activations of two inputs of mean square 1, in each of many wide layers.

    A bias is common to both signals, so the gap of the preactivations is that of the activations
    below times :math:`(q - \sigma_b^2)/q`.

    Args:
        activation: ``f``.
        gap: of the inputs.
        weight_variance: ``c``.
        bias_variance: :math:`\sigma_b^2`.
        layers: how many layers.

    Returns:
        The gaps, first layer first.

    **Source**: Poole et al. (2016), section 3, the correlation map.

    >>> from study.theory.activations import activation
    >>> round(activation_gaps(activation("relu"), 1.0, 2.0, 0.0, layers=1)[0], 6)
    0.68169
    """
    q = weight_variance + bias_variance
    first = gap * weight_variance / q
    steps = gap_steps(activation, q, first, weight_variance, bias_variance)
    return [of_activations for _, of_activations in islice(steps, layers)]


def log_sine_drift(width: int, slope: float) -> float:
    r"""Mean change of the logarithm of the squared sine of the angle in a layer.

    .. math:: E\left[\psi\left(\tfrac{K - 1}{2}\right) - \psi\left(\tfrac{K}{2}\right)\right]

    where :math:`K` units pass the two signals on: all :math:`n` without an activation, where the
    law holds at any angle; behind a ReLU a binomial number with probability one half, where it
    holds for small angles. At least two must pass them on.

    Args:
        width: ``n``, at least 2.
        slope: 1 without an activation, 0 for ReLU; there is no such law for others.

    Returns:
        The drift, about :math:`-1/n` and :math:`-2/n`.

    Raises:
        StudyError: if the slope is another, or the width below 2.

    **Source**: derived in the chapter *Directions in a narrow network*.

    >>> round(1000 * log_sine_drift(1000, slope=1.0), 3)
    -1.002
    """
    active, chances = _passing(width, slope)
    return float(chances @ _mean_change(active))


def log_sine_variance(width: int, slope: float) -> float:
    r"""Variance of the change of the logarithm of the squared sine in a layer, for small angles.

    .. math::
        E\left[\psi'\left(\tfrac{K - 1}{2}\right) + \psi'\left(\tfrac{K}{2}\right)\right]
        + \operatorname{Var}\left[\psi\left(\tfrac{K - 1}{2}\right)
        - \psi\left(\tfrac{K}{2}\right)\right]

    Args:
        width: ``n``, at least 2.
        slope: 1 without an activation, 0 for ReLU; there is no such law for others.

    Returns:
        The variance, about :math:`4/n` and :math:`8/n`.

    Raises:
        StudyError: if the slope is another, or the width below 2.

    **Source**: derived in the chapter *Directions in a narrow network*.
    """
    active, chances = _passing(width, slope)
    change = _mean_change(active)
    within = polygamma(1, (active - 1) / 2) + polygamma(1, active / 2)
    return float(chances @ (within + (change - chances @ change) ** 2))


def _mean_change(active: Array) -> Array:
    """Return the mean change of the logarithm, given how many units pass the signals on."""
    return np.asarray(digamma((active - 1) / 2) - digamma(active / 2))


def _passing(width: int, slope: float) -> tuple[Array, Array]:
    """Return how many units may pass two signals on, and with which probability."""
    if slope not in {0, 1}:
        raise StudyError(f"slope: {slope:g} is neither 0, for ReLU, nor 1, for no activation")
    if width < 2:
        raise StudyError(f"width: {width} is less than 2, and one number has no direction")
    if slope == 1:
        return np.array([float(width)]), np.ones(1)
    active = np.arange(2.0, width + 1)
    chances = binom.pmf(active, width, 0.5)
    return active, chances / chances.sum()
