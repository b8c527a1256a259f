"""Quotients and means of measured numbers, any of which may be 0 or no number."""

from collections.abc import Sequence
from math import isfinite, nan
from statistics import geometric_mean


def quotient(number: float, divisor: float) -> float:
    """Divide one number by another.

    Args:
        number: what is divided.
        divisor: what it is compared with; 0 behind a dead network, for one, or a perfect one.

    Returns:
        The quotient; NaN, which decides nothing, where the divisor is 0.

    >>> quotient(1.0, 4.0), quotient(1.0, 0.0)
    (0.25, nan)
    """
    return number / divisor if divisor else nan


def geometric(numbers: Sequence[float]) -> float:
    """Return the geometric mean of numbers.

    Args:
        numbers: one or more.

    Returns:
        Their mean; NaN unless all are finite and above 0.

    >>> round(geometric([1.0, 4.0]), 12), geometric([1.0, 0.0])
    (2.0, nan)
    """
    positive = all(isfinite(number) and number > 0 for number in numbers)
    return geometric_mean(numbers) if positive else nan
