"""A mean over independent draws, with its interval."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, inf, isclose, isfinite, log10, nan, sqrt
from statistics import fmean, stdev
from statistics import median as central

from scipy.special import stdtrit

CONFIDENCE = 0.99
"""Confidence of every interval of the study; the method page says why."""


@dataclass(frozen=True)
class Estimate:
    """A mean with the half width of its interval and the number of draws behind both.

    ``half_width`` is infinite for a single draw, and both numbers are NaN if any draw was not
    finite. A value that no draw touches has no draws and a half width of 0.
    """

    mean: float
    half_width: float
    draws: int

    @property
    def exact(self) -> bool:
        """Whether no draw touches the value."""
        return self.draws == 0 and self.half_width == 0

    @property
    def agreed(self) -> bool:
        """Whether all of several draws gave the same number, so that there is no spread."""
        return self.draws > 1 and self.half_width == 0

    @property
    def deviation(self) -> float:
        """Standard deviation of one draw, for an estimate by :func:`estimate`."""
        return self.half_width * sqrt(self.draws) / quantile(self.draws)

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.mean + self.half_width


def estimate(samples: Sequence[float]) -> Estimate:
    r"""Estimate the expectation of a quantity from one sample per independent draw.

    .. math:: \bar x \pm t_{n-1}(0.995)\, s / \sqrt n

    Args:
        samples: the quantity, one number for each of ``n`` draws.

    Returns:
        The mean and the half width of its two-sided Student interval of 99 %.

    **Source**: Student (1908), "The probable error of a mean".

    >>> estimate([1.0, 2.0, 3.0]).mean
    2.0
    """
    draws = len(samples)
    if not all(map(isfinite, samples)):
        return Estimate(nan, nan, draws)
    if draws < 2:
        return Estimate(fmean(samples) if samples else nan, inf, draws)
    return Estimate(fmean(samples), quantile(draws) * stdev(samples) / sqrt(draws), draws)


def rate(occurrences: Sequence[float]) -> Estimate:
    r"""Estimate a probability from the draws in which something happened.

    Wilson's interval holds the probabilities :math:`p` that the share :math:`\hat p` does not
    refuse, :math:`|\hat p - p| \le z \sqrt{p (1 - p) / n}`. It has a width even if all draws agree,
    where Student's has none.

    Args:
        occurrences: for each draw 1 if it happened, else 0.

    Returns:
        The share, and its distance from the further end of the two-sided interval of 99 %; for
        less than two draws the interval is unbounded, as that of any estimate.

    **Source**: Wilson (1927), "Probable inference, the law of succession, and statistical
    inference".

    >>> rate([1] * 1000).low > 0.993
    True
    """
    draws = len(occurrences)
    if draws < 2 or not all(map(isfinite, occurrences)):
        return estimate(occurrences)
    from scipy.stats import binomtest  # noqa: PLC0415 - which takes longer to import than the rest

    share, count = fmean(occurrences), occurrences.count(1)
    interval = binomtest(count, draws).proportion_ci(CONFIDENCE, "wilson")
    return Estimate(share, float(max(share - interval.low, interval.high - share)), draws)


def median(samples: Sequence[float]) -> Estimate:
    """Estimate the median of a quantity, whatever its distribution.

    Between two of the sorted samples lies the median unless too many of them fall on one side of
    it, which the binomial distribution of a fair coin tells. So it fits numbers that have a bound,
    are of two sorts or are cut off, of which no more than their order counts.

    Args:
        samples: the quantity, one number for each draw.

    Returns:
        The median of the samples, and its distance from the further end of the two-sided interval
        of 99 %; for less than eight draws the interval is unbounded.

    **Source**: Conover (1999), "Practical nonparametric statistics", section 3.2.

    >>> median([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 9.0])
    Estimate(mean=4.5, half_width=4.5, draws=8)
    """
    draws = len(samples)
    if draws < 2 or not all(map(isfinite, samples)):
        return estimate(samples)
    from scipy.stats import binom  # noqa: PLC0415 - as above

    order, middle = sorted(samples), central(samples)
    outside = int(binom.ppf((1 - CONFIDENCE) / 2, draws, 0.5))  # so many draws, at either end
    if not outside:
        return Estimate(middle, inf, draws)
    return Estimate(middle, max(middle - order[outside - 1], order[-outside] - middle), draws)


def exactly(number: float) -> Estimate:
    """Return a value that no draw touches.

    >>> exactly(0.5).exact
    True
    """
    return Estimate(number, 0.0, draws=0)


def agree(first: Estimate, second: Estimate) -> bool:
    """Tell whether two independent estimates may share one expectation.

    Args:
        first: one estimate.
        second: the other.

    Returns:
        Whether the means differ by no more than the root of the summed squares of the half
        widths. Exact values may differ by rounding, in their fifth digit or by a millionth.

    >>> agree(Estimate(1.0, 0.3, 9), Estimate(1.4, 0.3, 9))
    True
    """
    if first.exact and second.exact:
        return isclose(first.mean, second.mean, rel_tol=1e-4, abs_tol=1e-6)
    return abs(first.mean - second.mean) <= sqrt(first.half_width**2 + second.half_width**2)


def formatted(value: Estimate | None) -> str:
    """Write an estimate to the two leading digits of its half width.

    Args:
        value: the estimate, or None where there is none.

    Returns:
        The mean and the half width, to the same decimal place.

    >>> formatted(Estimate(0.500234, 0.00123, 9))
    '0.5002 ± 0.0012'
    >>> formatted(Estimate(1.05e-16, 0.2e-16, 9))
    '(1.05 ± 0.20) × 10⁻¹⁶'
    >>> formatted(Estimate(0.5, inf, 1))
    '0.5 (one draw)'
    >>> formatted(Estimate(0.5, 0.0, 9))
    '0.5 in each of 9 draws'
    """
    if value is None:
        return "none"
    if not isfinite(value.mean):
        return "not a number"
    if not isfinite(value.half_width):
        return f"{value.mean:.3g} ({'one draw' if value.draws < 2 else f'{value.draws} draws'})"
    if value.half_width == 0:
        return f"{value.mean:.6g}" + (f" in each of {value.draws} draws" if value.agreed else "")
    size = max(abs(value.mean), value.half_width)
    if size >= 1e-4:
        return _to_two_digits(value.mean, value.half_width)
    exponent = floor(log10(size))
    mean, half_width = (x * 10.0**-exponent for x in (value.mean, value.half_width))
    superscript = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"({_to_two_digits(mean, half_width)}) × 10{superscript}"


def shortened(number: float) -> str:
    """Write a number to five digits, a whole one in full.

    >>> shortened(1 / 3), shortened(39301.0)
    ('0.33333', '39301')
    """
    whole = float(number).is_integer() and abs(number) < 1e6
    return f"{number:.0f}" if whole else f"{number:.5g}"


def listed(parts: Sequence[str]) -> str:
    """Return a list in words.

    >>> listed(["band"]), listed(["band", "code"]), listed(["band", "code", "settings"])
    ('band', 'band and code', 'band, code and settings')
    """
    *first, last = parts or [""]
    return f"{', '.join(first)} and {last}" if first else last


def in_powers(text: str) -> str:
    """Write numbers as a reader does, where Python writes them with an e.

    Args:
        text: which may hold such numbers.

    >>> in_powers("-1e-06 to 2.5e-06"), in_powers("≥ 0.5")
    ('-10⁻⁶ to 2.5 × 10⁻⁶', '≥ 0.5')
    """

    def power(match: re.Match[str]) -> str:
        superscript = str(int(match[2])).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"{'' if match[1] == '1' else f'{match[1]} × '}10{superscript}"

    return re.sub(r"(\d+(?:\.\d+)?)e([+-]\d+)", power, text)


def _to_two_digits(mean: float, half_width: float) -> str:
    """Write a mean and a half width to the two leading digits of the latter."""
    decimals = max(0, 1 - floor(log10(half_width)))
    return f"{mean:.{decimals}f} ± {half_width:.{decimals}f}"


def quantile(draws: int) -> float:
    """Return the quantile of Student's distribution that bounds the interval."""
    return float(stdtrit(draws - 1, (1 + CONFIDENCE) / 2))
