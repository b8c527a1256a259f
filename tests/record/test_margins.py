from math import inf, nan

import numpy as np
import pytest
from scipy import stats

from study.record.claims import Band, Outcome, at_least, outcome
from study.record.estimates import Estimate
from study.record.margins import Margins, draws_to_decide, margins

BAND = Band(1.0, 2.0)


@pytest.mark.parametrize(
    ("mean", "half_width", "draws", "band"),
    [
        (1.3, 0.28, 4, BAND),
        (1.5, 0.05, 30, BAND),
        (0.8, 0.19, 8, BAND),
        (1.05, 0.3, 6, BAND),
        (1.9, 0.8, 5, BAND),
        (1.4, 0.3, 5, at_least(1.0)),
    ],
)
def test_expected_numbers_are_those_of_simulated_reruns(
    mean: float, half_width: float, draws: int, band: Band
) -> None:
    value = Estimate(mean, half_width, draws)
    error = half_width / stats.t.ppf(0.995, draws - 1)
    random = np.random.default_rng(7).standard_t(draws - 1, (2, 200_000)) * error
    truth, rerun = mean + random[0], mean + np.sqrt(2) * random[1]
    verdict = outcome(value, band)
    inside = (band.low <= truth) & (truth <= band.high)
    agrees = (band.low <= rerun - half_width) & (rerun + half_width <= band.high)
    disagrees = (rerun + half_width < band.low) | (band.high < rerun - half_width)
    same = {Outcome.AGREES: agrees, Outcome.DISAGREES: disagrees}.get(verdict, ~agrees & ~disagrees)
    decided = verdict != Outcome.OPEN
    wrong = ~inside if verdict == Outcome.AGREES else inside
    found = margins([(value, band)])
    slack = 4 * np.sqrt(0.25 / 200_000)
    assert found.changing == pytest.approx(1 - same.mean(), abs=slack)
    assert found.wrong == pytest.approx(wrong.mean() if decided else 0, abs=slack)
    other = disagrees if verdict == Outcome.AGREES else agrees
    assert found.turning == pytest.approx(other.mean() if decided else 0, abs=slack)
    assert (found.decided, found.undecided) == (int(decided), int(not decided))


def test_at_their_ends_half_a_per_cent_of_the_decided_are_wrong() -> None:
    sure = (Estimate(1.5, 0.01, 9), BAND)
    assert margins([sure] * 200).at_edges == pytest.approx(1.0)


@pytest.mark.parametrize(
    "value", [Estimate(1.5, 0.0, 0), Estimate(1.5, inf, 1), Estimate(nan, nan, 9)]
)
def test_what_chance_has_no_part_in_is_passed_over(value: Estimate) -> None:
    assert margins([(value, BAND)]) == Margins(0, 0, 0.0, 0.0, 0.0, 0.0)


def test_as_many_draws_decide_as_bring_the_interval_off_the_end() -> None:
    value, band = Estimate(1.2, 0.4, 10), Band(1.0, 3.0)
    draws = draws_to_decide(value, band)
    assert draws is not None
    shrunk = 0.4 * (10 / draws) ** 0.5
    assert outcome(Estimate(1.2, shrunk, draws), band) == Outcome.AGREES
    assert outcome(Estimate(1.2, shrunk * 1.01, draws), band) == Outcome.OPEN
    assert draws_to_decide(Estimate(1.0, 0.4, 10), band) is None
    assert draws_to_decide(Estimate(1.2, inf, 1), band) is None
