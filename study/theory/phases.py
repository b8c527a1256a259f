r"""The phases of very wide networks: ordered, chaotic, and the edge between the two.

Notation and maps are those of :mod:`study.theory.mean_field`. The gradient factor
:math:`\chi_1` at the fixed length decides the phase; the depth scales are the rates at which a
network converges to its fixed points.
"""

from math import inf, log, nan
from typing import Literal, TypeAlias

import numpy as np

from study.errors import StudyError
from study.theory.activations import Activation
from study.theory.mean_field import (
    CRITICAL,
    GREATEST,
    LEAST,
    ROUNDING,
    correlation_fixed_point,
    gradient_factor,
    is_straight,
    length_fixed_point,
    length_map,
    root,
)
from study.theory.moments import (
    derivative_product_mean,
    derivative_second_moment,
    fourth_moment_ratio,
    second_moment,
    second_moment_slope,
)

Phase: TypeAlias = Literal["ordered", "critical", "chaotic"]
Stability: TypeAlias = Literal["stable", "neutral", "unstable"]

SMALL = 1e-3
"""A length small enough to tell by it whether smaller ones grow or fall."""


def correlation_slope(
    activation: Activation, weight_variance: float, bias_variance: float, start: float = 1.0
) -> float:
    r"""Slope of the correlation map at its fixed point.

    .. math:: \chi = c\,E[f'(z_1) f'(z_2)] \text{ at } (q^*, \rho^*)

    Args:
        activation: ``f``.
        weight_variance: ``c``.
        bias_variance: :math:`\sigma_b^2`.
        start: the length from which the length map is iterated.

    Returns:
        The slope, at most 1; it is :math:`\chi_1` in the ordered phase. It is 1 where the length
        is 0, however small ``c``: the angle between two vanishing signals is preserved, or
        at a kink falls as a power. nan where the length is infinite.

    **Source**: Schoenholz et al. (2017), section 3; by Price's theorem.
    """
    q = length_fixed_point(activation, weight_variance, bias_variance, start)
    if q == inf:
        return nan
    if not bias_variance and (q == 0 or is_straight(activation, q)):
        return 1.0
    correlation = correlation_fixed_point(activation, weight_variance, bias_variance, start)
    return weight_variance * derivative_product_mean(activation, q, 1 - correlation)


def correlation_depth_scale(
    activation: Activation, weight_variance: float, bias_variance: float, start: float = 1.0
) -> float:
    r"""Number of layers in which the distance to the fixed correlation falls to 1/e.

    .. math:: \xi_c = -1/\ln \chi

    Args:
        activation: ``f``.
        weight_variance: ``c``.
        bias_variance: :math:`\sigma_b^2`.
        start: the length from which the length map is iterated.

    Returns:
        The scale; infinite at the edge, where the distance falls as a power, and where the length
        is 0, see :func:`correlation_slope`.

    **Source**: Schoenholz et al. (2017), section 3.

    **Units**: layers.

    >>> from study.theory.activations import activation
    >>> round(correlation_depth_scale(activation("linear"), 0.25, 0.1), 6)
    0.721348
    """
    return _scale(correlation_slope(activation, weight_variance, bias_variance, start))


def length_slope(
    activation: Activation, weight_variance: float, bias_variance: float, start: float = 1.0
) -> float:
    r"""Slope of the length map at its fixed point.

    .. math:: c\,\frac{d}{dq} E[f(z)^2] = c\,E[z f(z) f'(z)]/q^*

    Args:
        activation: ``f``.
        weight_variance: ``c``.
        bias_variance: :math:`\sigma_b^2`.
        start: the length from which the length map is iterated.

    Returns:
        The slope; nan where the length is infinite.

    **Source**: Schoenholz et al. (2017), section 3, after an integration by parts.
    """
    q = length_fixed_point(activation, weight_variance, bias_variance, start)
    if q == inf:
        return nan
    return weight_variance * second_moment_slope(activation, q or LEAST)


def length_depth_scale(
    activation: Activation, weight_variance: float, bias_variance: float, start: float = 1.0
) -> float:
    r"""Number of layers in which the distance to the fixed length falls to 1/e.

    .. math:: \xi_q = -1/\ln |\text{the slope of the length map}|

    Args:
        activation: ``f``.
        weight_variance: ``c``.
        bias_variance: :math:`\sigma_b^2`.
        start: the length from which the length map is iterated.

    Returns:
        The scale; infinite where the slope is 1.

    **Source**: Schoenholz et al. (2017), section 3.

    **Units**: layers.
    """
    return _scale(abs(length_slope(activation, weight_variance, bias_variance, start)))


def _scale(slope: float) -> float:
    if slope >= 1 - CRITICAL:
        return inf
    return -1 / log(slope) if slope else 0.0


def stability(
    activation: Activation, weight_variance: float, bias_variance: float, start: float = 1.0
) -> Stability:
    r"""Tell whether lengths about the fixed one are led to it.

    .. math:: |\lambda| < 1, \quad |\lambda| = 1, \quad |\lambda| > 1

    Args:
        activation: ``f``.
        weight_variance: ``c``.
        bias_variance: :math:`\sigma_b^2`.
        start: the length from which the length map is iterated.

    Returns:
        By the slope :math:`\lambda` of the length map: ``stable``; ``neutral``, where its slope
        does not decide, as for ReLU, which keeps every length; or ``unstable``, where a length a
        little too small dies out or falls to another fixed point, and one too large grows. Also
        ``unstable`` where the length is infinite.

    **Source**: Poole et al. (2016), section 2.

    >>> from study.theory.activations import activation
    >>> from study.theory.gains import second_moment_gain
    >>> [
    ...     stability(activation(name), second_moment_gain(activation(name)) ** 2, 0.0)
    ...     for name in ("tanh", "relu", "gelu")
    ... ]
    ['stable', 'neutral', 'unstable']
    """
    slope = abs(length_slope(activation, weight_variance, bias_variance, start))
    if abs(slope - 1) <= CRITICAL:
        return "neutral"
    return "stable" if slope < 1 else "unstable"


def critical_length(activation: Activation, bias_variance: float, most: float = 100.0) -> float:
    r"""Fixed length on the edge of chaos, for a given variance of the biases.

    .. math:: q = E[f(z)^2]/E[f'(z)^2] + \sigma_b^2, \quad z \sim N(0, q)

    Only a length that those about it are led to is one where signals settle: the slope of the
    length map there must not be above 1.

    Args:
        activation: ``f``.
        bias_variance: :math:`\sigma_b^2`.
        most: up to which length to look.

    Returns:
        The smallest such length from 1e-8; 0 if the edge is where the signal vanishes.

    Raises:
        StudyError: if there is none, or only some that lengths are led away from, as for GELU,
            SiLU and Mish with small biases or none.

    **Source**: Pennington et al. (2017), who so draw the critical line.
    """

    def excess(q: float) -> float:
        ratio = second_moment(activation, q) / derivative_second_moment(activation, q)
        return q - ratio - bias_variance

    if not bias_variance and _dies_out_on_the_edge(activation):
        return 0.0
    grid = np.geomspace(1e-8, most, 300).tolist()
    signs = [excess(q) > 0 for q in grid]
    for low, high, below, above in zip(grid, grid[1:], signs, signs[1:], strict=False):
        if below == above:
            continue
        q = root(excess, low, high)
        slope = second_moment_slope(activation, q) / derivative_second_moment(activation, q)
        if abs(slope) <= 1 + CRITICAL:
            return q
    raise StudyError(
        f"{activation.name}: no stable length on the edge of chaos up to a length of {most:g}"
    )


def _dies_out_on_the_edge(activation: Activation) -> bool:
    """Tell whether small lengths fall to 0 if weights keep the smallest; without biases."""
    if second_moment(activation, 0.0) > 0:
        return False
    weight_variance = 1 / derivative_second_moment(activation, 0.0)
    return length_map(activation, SMALL, weight_variance, 0.0) / SMALL - 1 <= ROUNDING


def critical_weight_variance(activation: Activation, bias_variance: float) -> float:
    r"""Constant ``c`` on the edge of chaos, for a given variance of the biases.

    .. math:: c = 1/E[f'(z)^2], \quad z \sim N(0, q^*)

    Args:
        activation: ``f``.
        bias_variance: :math:`\sigma_b^2`.

    Returns:
        ``c``; of the leaky family :math:`2/(1 + a^2)` whatever the biases, though with biases
        there is no fixed length then.

    Raises:
        StudyError: if there is none at which lengths settle, see :func:`critical_length`.

    **Source**: Poole et al. (2016), section 3; Schoenholz et al. (2017).

    >>> from study.theory.activations import activation
    >>> critical_weight_variance(activation("relu"), 0.0)
    2.0
    """
    q = 1.0 if activation.slope is not None else critical_length(activation, bias_variance)
    return 1 / derivative_second_moment(activation, q)


def phase(
    activation: Activation, weight_variance: float, bias_variance: float, start: float = 1.0
) -> Phase:
    r"""Name the phase of a network.

    .. math:: \chi_1 < 1, \quad \chi_1 = 1, \quad \chi_1 > 1

    Args:
        activation: ``f``.
        weight_variance: ``c``.
        bias_variance: :math:`\sigma_b^2`.
        start: the length from which the length map is iterated.

    Returns:
        ``ordered`` where the gradient vanishes, ``chaotic`` where it explodes, else
        ``critical``.

    **Source**: Poole et al. (2016), section 3.

    >>> from study.theory.activations import activation
    >>> phase(activation("tanh"), 25 / 9, 0.0)
    'chaotic'
    """
    q = length_fixed_point(activation, weight_variance, bias_variance, start)
    factor = gradient_factor(activation, min(q, GREATEST), weight_variance)
    if abs(factor - 1) <= CRITICAL:
        return "critical"
    return "ordered" if factor < 1 else "chaotic"


def layer_variance(activation: Activation, q: float, width: float) -> float:
    r"""Variance of the logarithm of the mean square of one layer, to leading order.

    .. math:: \frac{1}{n} \left(\frac{E[f(z)^4]}{E[f(z)^2]^2} - 1\right), \quad z \sim N(0, q)

    Args:
        activation: ``f``, any.
        q: the length of the preactivation.
        width: ``n``.

    Returns:
        The variance, given the layer below; the drift is minus its half.

    **Source**: the delta method.
    """
    return (fourth_moment_ratio(activation, q) - 1) / width


def settled_length_variance(
    activation: Activation, q: float, weight_variance: float, width: float
) -> float:
    r"""Variance of the logarithm of a length that fluctuates about its fixed point.

    A deviation of the logarithm is carried to the next layer with the slope :math:`\lambda` of the
    length map, and each layer adds its own:

    .. math:: \frac{v/n}{1 - \lambda^2}, \qquad \lambda = c\,\frac{d}{dq} E[f(z)^2]

    Without biases this slope is that of the logarithms too.

    Args:
        activation: ``f``.
        q: the fixed length, above 0, of a network without biases.
        weight_variance: ``c``.
        width: ``n``.

    Returns:
        The variance, to leading order; infinite where the slope is 1 or more.

    **Source**: derived in the chapter *How far information travels*.
    """
    slope = weight_variance * second_moment_slope(activation, q)
    if abs(slope) >= 1:
        return inf
    return layer_variance(activation, q, width) / (1 - slope**2)
