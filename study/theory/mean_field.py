r"""How the length of a signal and the angle between two travel through very wide layers.

A layer computes :math:`z_l = W_l f(z_{l-1}) + b_l`. Weights are independent with mean 0 and
variance :math:`c/\text{fan\_in}`, biases with mean 0 and variance :math:`\sigma_b^2`. The length
:math:`q` of a signal is the second moment of its preactivation; the correlation of two signals is
the cosine of the angle between their preactivations, and 1 minus it is called the gap. A layer of
infinite width changes both by fixed maps, which are the subject of this module.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from math import inf, nan

import numpy as np
from scipy.optimize import brentq

from study.errors import StudyError
from study.theory.activations import Activation, Array
from study.theory.moments import (
    derivative_second_moment,
    half_square_difference,
    second_moment,
)

CRITICAL = 1e-9
"""How near 1 the gradient factor is called critical."""

ROUNDING = 1e-13
"""Relative growth of a length that is no more than rounding."""

LEAST, GREATEST = 1e-12, 1e12
"""Lengths beyond which an iteration is taken to go to 0, or to infinity."""

NEAR, FAR = 1e-100, 1e16
"""Lengths beyond which an activation is its straight lines, so that an angle no longer depends on
the length."""


def length_map(
    activation: Activation, q: float, weight_variance: float, bias_variance: float
) -> float:
    r"""Length of the signal in the next layer.

    .. math:: q' = c\,E[f(z)^2] + \sigma_b^2, \quad z \sim N(0, q)

    Args:
        activation: ``f``.
        q: the length in this layer.
        weight_variance: ``c``, the variance of a weight times its fan_in.
        bias_variance: :math:`\sigma_b^2`.

    Returns:
        The length in the next layer.

    **Source**: Poole et al. (2016), section 2, the length map.
    """
    return weight_variance * second_moment(activation, q) + bias_variance


def lengths(
    activation: Activation, q: float, weight_variance: float, bias_variance: float, layers: int
) -> Array:
    r"""Length of the signal in each layer.

    .. math:: q_1 = q, \qquad q_{l+1} = c\,E[f(z)^2] + \sigma_b^2, \quad z \sim N(0, q_l)

    Args:
        activation: ``f``.
        q: the length in layer 1.
        weight_variance: ``c``.
        bias_variance: :math:`\sigma_b^2`.
        layers: how many layers.

    Returns:
        The lengths.

    **Shapes**: (layers,); entry 0 belongs to layer 1.

    **Source**: Poole et al. (2016), section 2, the length map.
    """
    by_layer = []
    for _ in range(layers):
        by_layer.append(q)
        q = length_map(activation, q, weight_variance, bias_variance)
    return np.array(by_layer)


def length_fixed_point(
    activation: Activation, weight_variance: float, bias_variance: float, start: float = 1.0
) -> float:
    r"""Stable fixed point of the length map.

    .. math:: q^* = c\,E[f(z)^2] + \sigma_b^2, \quad z \sim N(0, q^*)

    Args:
        activation: ``f``.
        weight_variance: ``c``.
        bias_variance: :math:`\sigma_b^2`.
        start: the length from which the iteration starts, above 0; it matters where there are
            several fixed points.

    Returns:
        The fixed point, 0 where the signal dies, infinite where it grows without bound. It is
        ``start`` if that is a fixed point to within rounding, even an unstable one; see
        :func:`study.theory.phases.stability`.

    Raises:
        StudyError: if the start is no length above 0.

    **Source**: Poole et al. (2016), section 2.

    >>> from study.theory.activations import activation
    >>> round(length_fixed_point(activation("tanh"), 25 / 9, 0.0), 4)
    1.1785
    """
    if not 0 < start < inf:
        raise StudyError(f"start: {start:g} is not a length above 0")
    if activation.slope is not None:
        factor = length_map(activation, 1.0, weight_variance, 0.0)
        return _homogeneous_fixed_point(factor, bias_variance, start)

    def growth(q: float) -> float:
        return length_map(activation, q, weight_variance, bias_variance) / q - 1

    growth_at_start = growth(start)
    if abs(growth_at_start) <= ROUNDING:
        return start
    step = 2.0 if growth_at_start > 0 else 0.5
    # With biases no length falls below their variance, however small that is.
    smallest = min(LEAST, bias_variance / 2 or LEAST)
    bound = q = start
    while q < GREATEST if growth_at_start > 0 else q > smallest:
        q *= step
        growth_here = growth(q)
        if abs(growth_here) <= ROUNDING:
            continue
        if growth_here * growth_at_start < 0:
            return root(growth, min(bound, q), max(bound, q))
        bound = q
    return inf if growth_at_start > 0 else 0.0


def _homogeneous_fixed_point(factor: float, bias_variance: float, start: float) -> float:
    if abs(factor - 1) < 1e-15:
        return inf if bias_variance else start
    return bias_variance / (1 - factor) if factor < 1 else inf


def gradient_factor(activation: Activation, q: float, weight_variance: float) -> float:
    r"""Factor of a layer on the second moment of the gradient, at equal widths.

    .. math:: \chi_1 = c\,E[f'(z)^2], \quad z \sim N(0, q)

    At a fixed length it is also the slope of the correlation map at correlation 1: above 1 two
    signals that are nearly alike come apart, below 1 they come together.

    Args:
        activation: ``f``.
        q: the length; an infinite one only for functions of the leaky family.
        weight_variance: ``c``.

    Returns:
        The factor; 1 keeps the gradient.

    **Source**: Poole et al. (2016), section 2, and Schoenholz et al. (2017), where it is named χ₁.

    >>> from study.theory.activations import activation
    >>> round(gradient_factor(activation("tanh"), 1.1785, 25 / 9), 4)
    1.2098
    """
    return weight_variance * derivative_second_moment(activation, q)


def gap_map(
    activation: Activation,
    q: float,
    gap: float,
    weight_variance: float = 1.0,
    bias_variance: float = 0.0,
) -> float:
    r"""Gap of two signals of equal length in the next layer, accurate for the smallest gaps.

    .. math:: g' = \frac{c\,\tfrac12 E[(f(z_1) - f(z_2))^2]}{c\,E[f(z)^2] + \sigma_b^2}

    Without biases it is also 1 minus the cosine of the two activations in this layer.

    Args:
        activation: ``f``.
        q: the length of both in this layer.
        gap: ``g``, 1 minus their correlation; from 0 to 2.
        weight_variance: ``c``.
        bias_variance: :math:`\sigma_b^2`.

    Returns:
        The gap in the next layer.

    Raises:
        StudyError: if the gap or the length is none, or the next layer is zero.

    **Source**: Poole et al. (2016), section 3, the correlation map; for ReLU Cho and Saul (2009).

    >>> from study.theory.activations import activation
    >>> round(gap_map(activation("relu"), 1.0, 1.0), 6)
    0.68169
    """
    steps = gap_steps(activation, q, gap, weight_variance, bias_variance)
    return next(islice(steps, 1, None))[0]


def correlation_map(
    activation: Activation,
    q: float,
    correlation: float,
    weight_variance: float = 1.0,
    bias_variance: float = 0.0,
) -> float:
    r"""Correlation of two signals of equal length in the next layer.

    .. math:: \rho' = \frac{c\,E[f(z_1) f(z_2)] + \sigma_b^2}{c\,E[f(z)^2] + \sigma_b^2}

    Args:
        activation: ``f``.
        q: the length of both in this layer.
        correlation: :math:`\rho`, from -1 to 1.
        weight_variance: ``c``.
        bias_variance: :math:`\sigma_b^2`.

    Returns:
        The correlation in the next layer.

    **Source**: Poole et al. (2016), section 3; for ReLU Cho and Saul (2009).

    >>> from study.theory.activations import activation
    >>> round(correlation_map(activation("relu"), 1.0, 0.0), 6)
    0.31831
    """
    return 1 - gap_map(activation, q, 1 - correlation, weight_variance, bias_variance)


def gaps(  # noqa: PLR0913, PLR0917 - the signal, the layer and how many
    activation: Activation,
    q: float,
    gap: float,
    weight_variance: float,
    bias_variance: float,
    layers: int,
) -> Array:
    r"""Gap of two signals in each layer, while their common length changes too.

    .. math:: g_1 = g, \qquad g_{l+1} = \text{the gap map at } (q_l, g_l)

    Args:
        activation: ``f``.
        q: the length of both in layer 1.
        gap: 1 minus their correlation in layer 1.
        weight_variance: ``c``.
        bias_variance: :math:`\sigma_b^2`.
        layers: how many layers.

    Returns:
        The gaps of the preactivations.

    **Shapes**: (layers,); entry 0 belongs to layer 1.

    **Source**: Poole et al. (2016), section 3.
    """
    steps = gap_steps(activation, q, gap, weight_variance, bias_variance)
    return np.array([of_preactivations for of_preactivations, _ in islice(steps, layers)])


def gap_steps(
    activation: Activation, q: float, gap: float, weight_variance: float, bias_variance: float
) -> Iterator[tuple[float, float]]:
    r"""Go from layer to layer with the gap of two signals and their common length.

    .. math::
        \frac{\tfrac12 E[(f(z_1) - f(z_2))^2]}{E[f(z)^2]}, \qquad
        g' = \frac{c\,\tfrac12 E[(f(z_1) - f(z_2))^2]}{c\,E[f(z)^2] + \sigma_b^2}

    Where the lengths go to 0 or to infinity, the gaps go on as those of a length so small or so
    large that the activation is its straight lines.

    Args:
        activation: ``f``.
        q: the length of both in layer 1.
        gap: 1 minus their correlation in layer 1.
        weight_variance: ``c``.
        bias_variance: :math:`\sigma_b^2`.

    Yields:
        Of each layer the gap of the preactivations, and the first of the two formulas, that of the
        activations.
    """
    while True:
        q = min(q if bias_variance else max(q, NEAR), FAR)
        spread = half_square_difference(activation, q, gap)
        size = second_moment(activation, q)
        yield gap, spread / size if size else nan
        q = weight_variance * size + bias_variance
        if not q:
            raise StudyError(f"activation {activation.name}: no angle, as the next layer is zero")
        gap = weight_variance * spread / q


def correlation_fixed_point(
    activation: Activation, weight_variance: float, bias_variance: float, start: float = 1.0
) -> float:
    r"""Correlation to which the map leads at the fixed length, from any other than 1.

    .. math:: \rho^* = \text{the correlation map at } (q^*, \rho^*)

    Args:
        activation: ``f``.
        weight_variance: ``c``.
        bias_variance: :math:`\sigma_b^2`.
        start: the length from which the length map is iterated.

    Returns:
        The fixed point, 1 in the ordered phase and at its edge, less in the chaotic phase, where 1
        is an unstable fixed point. Where the length is 0, 1 if the activation has a kink at 0, near
        which it is a leaky ReLU; nan if it is differentiable there, since a linear layer without
        biases preserves any correlation. Also nan where the length is infinite.

    **Source**: Poole et al. (2016), section 3.
    """
    q = length_fixed_point(activation, weight_variance, bias_variance, start)
    if q == inf:
        return nan
    if not bias_variance and is_straight(activation, q):
        return nan
    beyond = gradient_factor(activation, q, weight_variance) - 1 - CRITICAL
    if activation.slope is not None or q == 0 or beyond <= 0:
        return 1.0

    def excess(gap: float) -> float:
        return gap_map(activation, q, gap, weight_variance, bias_variance) / gap - 1

    if excess(1.0) > -ROUNDING:  # a gap of 1 never grows but by rounding
        return 0.0
    # Near 1 the slope falls by the root of the gap where there are kinks.
    return 1 - root(excess, min(1e-9, (1e-3 * beyond) ** 2), 1.0)


def is_straight(activation: Activation, q: float) -> bool:
    """Tell whether signals of a length see one straight line: the identity, or a length of 0.

    >>> from study.theory.activations import activation
    >>> is_straight(activation("tanh"), 0.0)
    True
    """
    left, right = activation.slopes_at_zero()
    return left == right if q == 0 else activation.slope == 1


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function that changes sign is 0, to the last digits."""
    return float(brentq(function, low, high, xtol=1e-300, rtol=1e-15))
