"""How sure the verdicts of a study are: how many are wrong by chance, and how many would change.

A verdict compares an interval with a band, so what it hangs on is the gap between them, in units
of the standard error. What no interval covers (the choice of a measure, of a learning rate, of the
images) is not in these numbers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isfinite, sqrt

from scipy.special import stdtr

from study.record.claims import Band, Outcome, outcome
from study.record.estimates import CONFIDENCE, Estimate, quantile


@dataclass(frozen=True)
class Margins:
    """What chance can do to verdicts that draws decide.

    Attributes:
        decided: how many verdicts draws have decided.
        undecided: how many they left open.
        at_edges: how many of the decided would be wrong on average, if every true value lay on an
            end of its band.
        wrong: how many of the decided are expected to be wrong, with the gaps that were seen.
        changing: how many of all would be another in a rerun with other seeds, on average.
        turning: how many of the decided would turn into their opposite.
    """

    decided: int
    undecided: int
    at_edges: float
    wrong: float
    changing: float
    turning: float


def margins(verdicts: Iterable[tuple[Estimate, Band]]) -> Margins:
    r"""Say how sure verdicts are.

    With a mean :math:`\bar x` of :math:`n` draws and its standard error :math:`e`, the true value
    is :math:`\bar x + e\,t_{n-1}` if nothing was known of it before, and the mean of a rerun
    :math:`\bar x + \sqrt 2\, e\, t_{n-1}`, with an interval as wide as that of this one.

    Args:
        verdicts: the estimate and the band of each claim that draws decide or leave open; numbers
            that no draw touches and such as have no interval are passed over.

    Returns:
        Expected numbers; dependence between claims does not change them.
    """
    decisions = openings = 0
    errors = changes = turns = 0.0
    for value, band in verdicts:
        if value.draws < 2 or not 0 < value.half_width < inf or not isfinite(value.mean):
            continue
        error = value.half_width / quantile(value.draws)
        judgement = outcome(value, band)
        inside = _between(value, band.low, band.high, error)
        narrowed = band.low + value.half_width, band.high - value.half_width
        agrees = _between(value, *narrowed, sqrt(2) * error) if narrowed[0] < narrowed[1] else 0.0
        widened = band.low - value.half_width, band.high + value.half_width
        disagrees = 1 - _between(value, *widened, sqrt(2) * error)
        if judgement == Outcome.OPEN:
            openings += 1
            changes += agrees + disagrees
            continue
        decisions += 1
        repeat, opposite = (
            (agrees, disagrees) if judgement == Outcome.AGREES else (disagrees, agrees)
        )
        errors += 1 - inside if judgement == Outcome.AGREES else inside
        changes += 1 - repeat
        turns += opposite
    at_edges = decisions * (1 - CONFIDENCE) / 2
    return Margins(decisions, openings, at_edges, errors, changes, turns)


def _between(value: Estimate, low: float, high: float, error: float) -> float:
    """Return the probability that a Student variable about a mean lies between two ends."""
    freedom = value.draws - 1
    above_low = 1.0 if low == -inf else float(stdtr(freedom, (value.mean - low) / error))
    above_high = 0.0 if high == inf else float(stdtr(freedom, (value.mean - high) / error))
    return above_low - above_high


def draws_to_decide(value: Estimate, band: Band) -> int | None:
    """Return about how many draws would decide what these leave open, if the mean stays.

    Args:
        value: the estimate, whose interval straddles an end of the band.
        band: where it must lie.

    Returns:
        The number of draws, or None where the mean lies on an end or there is no interval.

    >>> draws_to_decide(Estimate(1.2, 0.4, 10), Band(1.0, 3.0))
    40
    """
    gap = min(abs(value.mean - end) for end in (band.low, band.high) if isfinite(end))
    if not 0 < value.half_width < inf or gap == 0:
        return None
    return max(value.draws, round(value.draws * (value.half_width / gap) ** 2))
