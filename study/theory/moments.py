r"""Moments of an activation of a centred Gaussian preactivation, of one and of two inputs.

Throughout, :math:`z \sim N(0, q)`; a second preactivation has the same variance :math:`q` and the
correlation :math:`1 - g` with the first, where :math:`g` is called the gap. The leaky family has
closed forms; of all others the moments are integrals, here to about twelve digits.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import acos, asin, atanh, erfc, inf, pi, sqrt

import numpy as np

from study.errors import StudyError
from study.theory.activations import Activation, Array
from study.theory.gaussian import (
    leaky_relu_mean,
    leaky_relu_second_moment,
    leaky_relu_variance,
)
from study.theory.quadrature import deviation_of, legendre_rule, line, pairs

CLOSE = 0.01
"""Half the distance of two preactivations below which the difference of their activations is taken
from the derivative between them, as subtracting would lose digits."""

FAR, HUGE = 1e100, 1e50
"""Where the limit of an activation is evaluated, and above which value it counts as unbounded."""

ROUNDING = 1e-12
"""By how much a gap may lie outside its range and still be clipped to it."""


@dataclass(frozen=True)
class Moments:
    """Moments of an activation and of its derivative, at one variance of the preactivation."""

    mean: float
    second_moment: float
    variance: float
    derivative_mean: float
    derivative_second_moment: float


def moments(activation: Activation, q: float) -> Moments:
    r"""Moments of an activation of a centred Gaussian, and of its derivative.

    .. math::
        E[f(z)],\quad E[f(z)^2],\quad \operatorname{Var}[f(z)],\quad E[f'(z)],\quad E[f'(z)^2]

    Args:
        activation: ``f``.
        q: the variance of the preactivation; 0 is taken as the limit from above.

    Returns:
        The five moments.

    Raises:
        StudyError: if ``q`` is below 0 or infinite.

    **Source**: the definition; for the leaky family the chapter *Variance through a ReLU*.

    >>> from study.theory.activations import activation
    >>> round(moments(activation("tanh"), 1.0).second_moment, 10)
    0.3942944904
    """
    if activation.slope is not None:
        return _leaky_moments(activation.slope, q)
    z, weights = line(activation, q)
    value, derivative = activation.function(z), activation.derivative(z)
    mean = float(weights @ value)
    return Moments(
        mean=mean,
        second_moment=float(weights @ value**2),
        variance=float(weights @ (value - mean) ** 2),
        derivative_mean=float(weights @ derivative),
        derivative_second_moment=float(weights @ derivative**2),
    )


def _leaky_moments(slope: float, q: float) -> Moments:
    return Moments(
        mean=leaky_relu_mean(slope) * deviation_of(q),
        second_moment=leaky_relu_second_moment(slope) * q,
        variance=leaky_relu_variance(slope) * q,
        derivative_mean=(1 + slope) / 2,
        derivative_second_moment=leaky_relu_second_moment(slope),
    )


def second_moment(activation: Activation, q: float) -> float:
    r"""Second moment of an activation alone, for iterations.

    .. math:: E[f(z)^2]

    Args:
        activation: ``f``.
        q: the variance of the preactivation; 0 and infinity are taken as limits.

    Returns:
        The second moment.

    Raises:
        StudyError: if ``q`` is below 0.
    """
    if activation.slope is not None and q >= 0:
        return leaky_relu_second_moment(activation.slope) * q
    if q == 0:
        return float(activation.function(np.zeros(1))[0]) ** 2
    with np.errstate(over="ignore"):  # towards infinity the square is, a little early
        if q == inf:
            ends = activation.function(np.array([-FAR, FAR]))
            return inf if abs(ends).max() > HUGE else float((ends**2).mean())
        z, weights = line(activation, q)
        return float(weights @ activation.function(z) ** 2)


def derivative_second_moment(activation: Activation, q: float) -> float:
    r"""Second moment of the derivative of an activation.

    .. math:: E[f'(z)^2]

    Args:
        activation: ``f``.
        q: the variance of the preactivation.

    Returns:
        The second moment.
    """
    if activation.slope is not None:
        return leaky_relu_second_moment(activation.slope)
    z, weights = line(activation, q)
    return float(weights @ activation.derivative(z) ** 2)


def second_moment_slope(activation: Activation, q: float) -> float:
    r"""Derivative of the second moment of an activation by the variance of the preactivation.

    .. math:: \frac{d}{dq} E[f(z)^2] = E[z\, f(z)\, f'(z)]/q

    Args:
        activation: ``f``.
        q: the variance of the preactivation, above 0.

    Returns:
        The derivative.

    **Source**: :math:`z = \sqrt q\, u`, differentiated under the integral.
    """
    if activation.slope is not None:
        return leaky_relu_second_moment(activation.slope)
    z, weights = line(activation, q)
    return float(weights @ (z * activation.function(z) * activation.derivative(z))) / q


def fourth_moment_ratio(activation: Activation, q: float) -> float:
    r"""Fourth moment of an activation over the square of its second.

    .. math:: E[f(z)^4] / E[f(z)^2]^2

    Args:
        activation: ``f``.
        q: the variance of the preactivation.

    Returns:
        The ratio, which is 3 for the identity, 6 for ReLU, 1 for units that are all saturated.
    """
    if activation.slope is not None:
        return 6 * (1 + activation.slope**4) / (1 + activation.slope**2) ** 2
    z, weights = line(activation, q)
    square = activation.function(z) ** 2
    return float(weights @ square**2) / float(weights @ square) ** 2


def half_square_difference(activation: Activation, q: float, gap: float) -> float:
    r"""Half the mean square of the difference of two activations.

    .. math:: \tfrac12 E[(f(z_1) - f(z_2))^2] = E[f(z_1)^2] - E[f(z_1) f(z_2)]

    It is written without a difference of nearly equal numbers, so that the relative error stays
    small however small the gap is. For the leaky family, with :math:`\cos\theta = 1 - g`,

    .. math::
        \frac{q}{2} \left((1 + a^2)\, g - (1 - a)^2\,
        \frac{\sin\theta - \theta\cos\theta}{\pi}\right).

    Args:
        activation: ``f``.
        q: the variance of each preactivation.
        gap: ``g``, 1 minus their correlation; from 0 to 2.

    Returns:
        The half mean square.

    Raises:
        StudyError: if there is no such gap or variance.

    **Source**: Cho and Saul (2009), the arc-cosine kernel of degree 1, for ReLU.

    >>> from study.theory.activations import activation
    >>> half_square_difference(activation("linear"), 3.0, 0.5)
    1.5
    """
    gap = _in_range(gap)
    if gap == 0:
        return 0.0
    if activation.slope is not None:
        a = activation.slope
        deviation_of(q)
        return q / 2 * ((1 + a * a) * gap - (1 - a) ** 2 * _sine_less_arc(gap) / pi)
    middle, half, weights = pairs(activation, q, gap)
    if sqrt(q * gap / 2) < CLOSE:
        difference = _rise(activation, middle, half)
    else:
        difference = activation.function(middle + half) - activation.function(middle - half)
    return float((weights * difference**2).sum()) / 2


def product_mean(activation: Activation, q: float, gap: float) -> float:
    r"""Mean of the product of two activations.

    .. math:: E[f(z_1) f(z_2)]

    Args:
        activation: ``f``.
        q: the variance of each preactivation.
        gap: 1 minus their correlation; from 0 to 2.

    Returns:
        The mean.
    """
    return second_moment(activation, q) - half_square_difference(activation, q, gap)


def derivative_product_mean(activation: Activation, q: float, gap: float) -> float:
    r"""Mean of the product of the derivatives of two activations.

    .. math:: E[f'(z_1) f'(z_2)]

    By Price's theorem it is the derivative of :math:`E[f(z_1) f(z_2)]` by the covariance of the
    two preactivations. For the leaky family it is
    :math:`(1 + a^2)/2 - (1 - a)^2\, \theta/(2\pi)` with :math:`\cos\theta = 1 - g`.

    Args:
        activation: ``f``.
        q: the variance of each preactivation.
        gap: ``g``, 1 minus their correlation; from 0 to 2.

    Returns:
        The mean.

    **Source**: Cho and Saul (2009), the arc-cosine kernel of degree 0, for ReLU.
    """
    gap = _in_range(gap)
    if gap == 0:
        return derivative_second_moment(activation, q)
    if activation.slope is not None:
        a = activation.slope
        return (1 + a * a) / 2 - (1 - a) ** 2 * angle(gap) / (2 * pi)
    middle, half, weights = pairs(activation, q, gap)
    slopes = activation.derivative(middle + half) * activation.derivative(middle - half)
    return float((weights * slopes).sum())


def angle(gap: float) -> float:
    r"""Angle between two vectors, from 1 minus its cosine; accurate for small angles.

    .. math:: \theta = 2 \arcsin\sqrt{g/2}

    Args:
        gap: ``g``, from 0 to 2.

    Returns:
        The angle.

    **Units**: radians.

    >>> angle(2.0) == pi
    True
    """
    return 2 * asin(sqrt(gap / 2)) if gap < 1 else acos(1 - gap)


def _in_range(gap: float) -> float:
    """Return a gap, brought into its range if no more than rounding has led it out."""
    if not -ROUNDING <= gap <= 2 + ROUNDING:
        raise StudyError(f"gap: {gap:g} is not between 0 and 2, as 1 minus a cosine is")
    return min(max(gap, 0.0), 2.0)


def _sine_less_arc(gap: float) -> float:
    r"""Return sin θ − θ cos θ, by its series where the two nearly cancel."""
    theta = angle(gap)
    if theta > 0.5:
        return sqrt(gap * (2 - gap)) - theta * (1 - gap)
    # The sum of (−1)^(k+1) 2k θ^(2k+1) / (2k+1)!, from k = 1.
    term, total = theta**3 / 3, 0.0
    for k in range(1, 9):
        total += term
        term *= -(theta**2) * (k + 1) / (k * (2 * k + 2) * (2 * k + 3))
    return total


def _rise(activation: Activation, middle: Array, half: Array) -> Array:
    """Return the integral of the derivative from middle − half to middle + half, by kinks."""
    edges = (-np.inf, *activation.kinks, np.inf)
    total = np.zeros(np.broadcast_shapes(middle.shape, half.shape))
    for left, right in pairwise(edges):
        start = np.clip(-half, left - middle, right - middle)
        end = np.clip(half, left - middle, right - middle)
        centre, reach = (start + end) / 2, (end - start) / 2
        for node, weight in zip(*legendre_rule(3), strict=True):
            total += weight * reach * activation.derivative(middle + (centre + node * reach))
    return total


def saturated_share(q: float, level: float) -> float:
    r"""Probability that the tanh of a centred Gaussian is beyond a level to either side.

    .. math:: P(|\tanh z| > t) = \operatorname{erfc}(\operatorname{artanh}(t)/\sqrt{2 q})

    Args:
        q: the variance of the preactivation.
        level: ``t``, between 0 and 1.

    Returns:
        The probability.

    >>> round(saturated_share(1.0, 0.97), 4)
    0.0364
    """
    return erfc(atanh(level) / sqrt(2 * q))
