"""Ratios of measured numbers, any of which may be 0 or no number."""

from collections.abc import Sequence
from math import isfinite, nan
from statistics import geometric_mean


def ratio(numerator: float, denominator: float) -> float:
    """Return a ratio; NaN, which decides nothing, where the denominator is 0.

    >>> ratio(1.0, 4.0), ratio(1.0, 0.0)
    (0.25, nan)
    """
    return numerator / denominator if denominator else nan


def geometric(numbers: Sequence[float]) -> float:
    """Return the geometric mean of numbers; NaN unless all are finite and above 0.

    >>> round(geometric([1.0, 4.0]), 12), geometric([1.0, 0.0])
    (2.0, nan)
    """
    positive = all(isfinite(number) and number > 0 for number in numbers)
    return geometric_mean(numbers) if positive else nan
