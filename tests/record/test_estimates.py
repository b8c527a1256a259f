import unicodedata
from math import comb, inf, isnan, nan, sqrt
from statistics import NormalDist, fmean, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from study.record.estimates import (
    CONFIDENCE,
    Estimate,
    agree,
    estimate,
    exactly,
    formatted,
    median,
    rate,
)

NUMBERS = st.floats(-1e6, 1e6)


@given(st.lists(NUMBERS, min_size=2, max_size=50).filter(lambda x: np.std(x) > 1e-3))
def test_the_interval_is_that_of_scipy(samples: list[float]) -> None:
    theirs = ttest_1samp(samples, 0.0).confidence_interval(CONFIDENCE)
    ours = estimate(samples)
    # Both lose digits of the mean, up to 1e6 in size, in float64.
    assert ours.low == pytest.approx(theirs.low, rel=1e-9, abs=1e-6)
    assert ours.high == pytest.approx(theirs.high, rel=1e-9, abs=1e-6)
    assert ours.draws == len(samples)


@pytest.mark.parametrize("draws", [2, 5, 30])
def test_the_interval_covers_the_expectation_99_times_in_100(draws: int) -> None:
    trials = 5_000
    samples = np.random.default_rng(7).normal(3.0, 2.0, (trials, draws)).tolist()
    intervals = [estimate(row) for row in samples]
    covered = sum(interval.low <= 3.0 <= interval.high for interval in intervals) / trials
    # Five standard errors of a share.
    assert covered == pytest.approx(0.99, abs=5 * sqrt(0.99 * 0.01 / trials))


def test_one_draw_says_nothing_of_the_spread() -> None:
    assert estimate([2.5]) == Estimate(2.5, inf, 1)


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_a_draw_that_is_not_finite_spoils_the_estimate(bad: float) -> None:
    spoilt = estimate([1.0, bad, 2.0])
    assert isnan(spoilt.mean)
    assert isnan(spoilt.half_width)
    assert spoilt.draws == 3


def test_equal_draws_have_an_interval_of_no_width() -> None:
    assert estimate([0.5] * 10) == Estimate(0.5, 0.0, 10)


@given(NUMBERS, NUMBERS, st.floats(0, 100), st.floats(0, 100))
def test_agreement_has_no_order(a: float, b: float, wide: float, narrow: float) -> None:
    first, second = Estimate(a, wide, 9), Estimate(b, narrow, 9)
    assert agree(first, second) == agree(second, first)


def test_estimates_agree_up_to_their_joint_interval() -> None:
    first = Estimate(1.0, 3.0, 9)
    assert agree(first, Estimate(6.0, 4.0, 9))  # a distance of 5 with 3 and 4
    assert not agree(first, Estimate(6.001, 4.0, 9))


def test_independent_estimates_of_one_number_rarely_disagree() -> None:
    generator = np.random.default_rng(8)
    pairs = 2_000
    disagreeing = sum(
        not agree(estimate(one.tolist()), estimate(two.tolist()))
        for one, two in generator.standard_normal((pairs, 2, 20))
    )
    # Two 99 % intervals joined in quadrature are again one of about 99 %, with Student's wider
    # quantile; no more than 1 % and five standard errors of that may disagree.
    assert disagreeing / pairs < 0.01 + 5 * sqrt(0.01 * 0.99 / pairs)


def test_nothing_agrees_with_what_is_not_a_number() -> None:
    assert not agree(Estimate(nan, inf, 9), Estimate(1.0, 1.0, 9))


def test_anything_may_agree_with_a_single_draw() -> None:
    assert agree(estimate([1.0]), Estimate(100.0, 0.1, 9))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Estimate(0.500234, 0.00123, 9), "0.5002 ± 0.0012"),
        (Estimate(0.5, 0.00999, 9), "0.5000 ± 0.0100"),
        (Estimate(2.0, 0.1, 9), "2.00 ± 0.10"),
        (Estimate(1234.56, 56.7, 9), "1235 ± 57"),
        (Estimate(1234567.0, 12345.0, 9), "1234567 ± 12345"),
        (Estimate(1.5e-7, 2.5e-9, 9), "(1.500 ± 0.025) × 10⁻⁷"),
        (Estimate(0.25, 0.0, 9), "0.25 in each of 9 draws"),
        (Estimate(0.25, inf, 1), "0.25 (one draw)"),
        (Estimate(nan, inf, 9), "not a number"),
        (None, "none"),
    ],
)
def test_an_estimate_is_written_to_two_digits_of_its_half_width(
    value: Estimate | None, text: str
) -> None:
    assert formatted(value) == text


@given(NUMBERS, st.floats(1e-9, 1e3))
def test_what_is_written_is_within_five_hundredths_of_the_half_width(
    mean: float, half_width: float
) -> None:
    text, _, power = formatted(Estimate(mean, half_width, 9)).partition(") × 10")
    unit = 10.0 ** int(unicodedata.normalize("NFKC", power).replace("−", "-") or 0)
    written, wide = (unit * float(number) for number in text.lstrip("(").split(" ± "))
    # Half a unit of the second digit is at most a twentieth of the half width.
    assert abs(written - mean) <= 0.0501 * half_width + 1e-9
    assert wide == pytest.approx(half_width, rel=0.0501)


@given(st.lists(st.booleans(), min_size=2, max_size=200))
def test_the_interval_of_a_rate_reaches_to_the_further_probability_that_is_just_not_refused(
    happened: list[bool],
) -> None:
    share, draws = fmean(happened), len(happened)
    # The squared distance in standard deviations, (share - p)² n = z² p (1 - p), solved for p.
    z_squared = NormalDist().inv_cdf(0.995) ** 2
    square, line = 1 + z_squared / draws, 2 * share + z_squared / draws
    root = sqrt(line**2 - 4 * square * share**2)
    ends = [(line - root) / (2 * square), (line + root) / (2 * square)]
    value = rate([float(x) for x in happened])
    assert value.mean == share
    assert value.half_width == pytest.approx(max(abs(p - share) for p in ends), abs=1e-12)


def test_a_rate_of_all_or_none_is_not_certain() -> None:
    assert rate([1.0] * 50).low < 1 < rate([0.0] * 50).high + 1


def test_one_draw_says_nothing_of_a_rate() -> None:
    assert rate([1.0]).half_width == inf


@given(st.lists(NUMBERS, min_size=8, max_size=60))
def test_the_interval_of_a_median_leaves_out_what_a_fair_coin_hardly_does(
    samples: list[float],
) -> None:
    draws, order = len(samples), sorted(samples)
    below = [sum(comb(draws, heads) for heads in range(k)) / 2**draws for k in range(draws)]
    outside = max(k for k in range(1, draws) if below[k] <= 0.005)  # of so many, at either end
    middle = (order[(draws - 1) // 2] + order[draws // 2]) / 2
    value = median(samples)
    assert value.mean == pytest.approx(middle, abs=1e-9)
    ends = order[outside - 1], order[draws - outside]
    assert value.half_width == pytest.approx(max(abs(end - middle) for end in ends), abs=1e-9)


def test_seven_draws_bound_no_median() -> None:
    assert median([float(x) for x in range(7)]).half_width == inf
    assert formatted(median([1.0] * 3 + [2.0] * 4)) == "2 (7 draws)"
    assert median([1.0]).half_width == inf


def test_a_median_does_not_mind_how_far_off_a_draw_lies() -> None:
    cut_off = median([1.0] * 20 + [600.0])
    assert (cut_off.mean, cut_off.half_width) == (1.0, 0.0)
    assert isnan(median([1.0] * 20 + [nan]).mean)


def test_exact_values_agree_and_have_no_interval() -> None:
    assert exactly(0.25).exact
    assert (exactly(0.25).low, exactly(0.25).high) == (0.25, 0.25)
    assert agree(exactly(0.25), exactly(0.2500001))
    assert not agree(exactly(0.25), exactly(0.2501))
    assert agree(exactly(0.0), exactly(3e-8))
    assert not estimate([1.0, 1.0]).exact
    assert formatted(exactly(0.25)) == "0.25"


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=30))
def test_the_deviation_is_that_of_the_draws(samples: list[float]) -> None:
    assert estimate(samples).deviation == pytest.approx(stdev(samples), rel=1e-9, abs=1e-9)
