r"""Where lengths settle and gradients are kept at once, with biases where it takes them.

On the edge of chaos a layer keeps the gradient, :math:`c\,E[f'(z)^2] = 1`. Each length has its
point on it,

.. math::
    c = \frac{1}{E[f'(z)^2]}, \qquad \sigma_b^2 = q - \frac{E[f(z)^2]}{E[f'(z)^2]},

and lengths settle there only if the slope of the length map is below 1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from study.errors import StudyError
from study.theory import moments
from study.theory.activations import Activation
from study.theory.expectations import FEWER, expectations
from study.theory.named import Function

SHORTEST, LONGEST, COUNT = 0.01, 1000.0, 31
"""Between which lengths to look, and how many."""

SETTLED = 1e-3
"""By how much the slope must lie below 1 for lengths to be said to settle."""


@dataclass(frozen=True)
class Sizes:
    """What a layer makes of a length, before its weights multiply it.

    Attributes:
        signal: the mean square that it hands on.
        slope: the derivative of that by the length.
        gradient: the factor of the mean square of a gradient that comes back.
    """

    signal: float
    slope: float
    gradient: float


@dataclass(frozen=True)
class EdgePoint:
    r"""A point on the edge of chaos.

    Attributes:
        length: :math:`q`, the second moment of a preactivation.
        weight_variance: :math:`c`.
        bias_variance: :math:`\sigma_b^2`; a negative one cannot be had.
        slope: of the length map there: what a layer leaves of a deviation.
    """

    length: float
    weight_variance: float
    bias_variance: float
    slope: float


def sizes(function: Activation | Function, q: float) -> Sizes:
    r"""Return what a layer makes of a length.

    .. math:: E[f(z)^2], \quad \frac{d}{dq} E[f(z)^2], \quad E[f'(z)^2], \qquad z \sim N(0, q)

    Args:
        function: the activation.
        q: the length, above 0.

    Returns:
        The sizes.

    Raises:
        StudyError: if the function cannot be trusted at this length.

    >>> from study.theory.named import named
    >>> [round(size, 9) for size in vars(sizes(named("squared_relu"), 2.0)).values()]
    [6.0, 6.0, 4.0]
    """
    if isinstance(function, Activation):
        return Sizes(
            moments.second_moment(function, q),
            moments.second_moment_slope(function, q),
            moments.derivative_second_moment(function, q),
        )
    means = expectations(function.function, q, samples=FEWER)
    return Sizes(
        means.second_moment.value,
        means.second_moment_slope.value,
        means.derivative_second_moment.value,
    )


def edge_point(measure: Callable[[float], Sizes], q: float) -> EdgePoint:
    r"""Return the point of a length on the edge of chaos.

    .. math::
        c = \frac{1}{E[f'^2]}, \qquad \sigma_b^2 = q - c\,E[f^2], \qquad
        \lambda = c\,\frac{d}{dq} E[f^2]

    Args:
        measure: what gives the sizes at a length.
        q: the length.

    Returns:
        The point.

    **Source**: Poole et al. (2016), section 3; chapter *Order and chaos*, section “Where the edge
    is”.
    """
    at = measure(q)
    weight = 1 / at.gradient
    return EdgePoint(q, weight, q - weight * at.signal, weight * at.slope)


def half_stable_point(measure: Callable[[float], Sizes]) -> EdgePoint:
    r"""Return where the part of the edge on which lengths settle begins.

    .. math:: \lambda = c\,\frac{d}{dq} E[f^2] = 1 = c\,E[f'^2], \text{ so } E[f f''] = 0

    Lengths about it hardly move, so that the chance of a finite width moves them.

    Args:
        measure: what gives the sizes at a length.

    Returns:
        The point.

    Raises:
        StudyError: if the slope does not fall through 1 where biases can be had.

    **Source**: derived in the chapter *The edge of rectifiers*, section “Smooth rectifiers settle
    with biases”; Roberts et al. (2022) call such a point half-stable.

    >>> from functools import partial
    >>> from study.theory.activations import activation
    >>> point = half_stable_point(partial(sizes, activation("gelu")))
    >>> f"{point.length:.3f} {point.weight_variance:.4f} {point.bias_variance:.4f}"
    '3.562 1.9831 0.1729'
    """

    def excess(log_length: float) -> float:
        return edge_point(measure, float(np.exp(log_length))).slope - 1

    grid = np.linspace(np.log(SHORTEST), np.log(LONGEST), COUNT).tolist()
    heights = [excess(place) for place in grid]
    for (low, high), (above, below) in zip(pairwise(grid), pairwise(heights), strict=True):
        if above > 0 > below:
            length = float(np.exp(brentq(excess, low, high, xtol=1e-12)))
            point = edge_point(measure, length)
            if point.bias_variance >= 0:
                return point
    raise StudyError("the edge of chaos has no point at which lengths begin to settle")


def steadiest_point(measure: Callable[[float], Sizes]) -> EdgePoint:
    r"""Return the point on the edge of chaos to which lengths come back fastest.

    Args:
        measure: what gives the sizes at a length.

    Returns:
        The point of smallest slope :math:`|\lambda|`.

    Raises:
        StudyError: if lengths settle nowhere on the edge, whatever the biases.

    **Source**: derived in the chapter *The edge of rectifiers*.
    """

    def slope(log_length: float) -> float:
        point = edge_point(measure, float(np.exp(log_length)))
        return abs(point.slope) if point.bias_variance >= 0 else 2.0

    grid = np.linspace(np.log(SHORTEST), np.log(LONGEST), COUNT).tolist()
    slopes = [slope(place) for place in grid]
    best = int(np.argmin(slopes))
    if slopes[best] > 1 - SETTLED:
        raise StudyError("lengths settle nowhere on the edge of chaos, whatever the biases")
    if best == COUNT - 1:
        raise StudyError(f"lengths settle faster and faster beyond {LONGEST:g}, where none is used")
    around = grid[max(best - 1, 0)], grid[min(best + 1, COUNT - 1)]
    minimum = minimize_scalar(slope, bounds=around, method="bounded", options={"xatol": 1e-3})
    return edge_point(measure, float(np.exp(minimum.x)))
