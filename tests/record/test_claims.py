import json
import re
from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.errors import StudyError
from study.record.claims import (
    Band,
    Claim,
    NegativeControl,
    Untested,
    Verdict,
    around,
    judge,
    printed,
)
from study.record.estimates import Estimate
from study.record.results import Result, estimate_from_json, estimate_to_json
from study.theory.sources import THIS_STUDY
from tests.toys import CLAIM as TOY

CLAIM = replace(TOY, band=Band(1.0, 2.0))

UNTESTED = Untested(
    id="toy-words",
    statement="It is called a toy.",
    source=THIS_STUDY.at("here"),
    reason="A name cannot be measured.",
    remark="None.",
)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"id": "Toy"}, "id=Toy: must be lower-case words joined by hyphens"),
        ({"id": "toy"}, "id=toy: must be lower-case words joined by hyphens"),
        ({"statement": "The toy is one"}, "statement=The toy is one: must be a sentence"),
        ({"reason": " "}, "reason= : must be a sentence"),
        ({"departure": "none"}, "departure=none: must be a sentence"),
        ({"remark": "none"}, "remark=none: must be a sentence"),
        ({"quantity": ""}, "quantity and control.overrides: must not be empty"),
        (
            {"control": NegativeControl("Break it.", {})},
            "quantity and control.overrides: must not be empty",
        ),
        ({"control": NegativeControl("", {"x": 1.0})}, "control=: must be a sentence"),
        ({"data": "cifar"}, "data=cifar: choose from mnist, mnist_5k or None"),
        (
            {"prediction": 0.99},
            "prediction=0.99: must be finite and lie within its band, 1.0 to 2.0",
        ),
        (
            {"prediction": 2.01},
            "prediction=2.01: must be finite and lie within its band, 1.0 to 2.0",
        ),
        ({"prediction": nan}, "prediction=nan: must be finite and lie within its band, 1.0 to 2.0"),
        (
            {"prediction": inf, "band": Band(0.0, inf)},
            "prediction=inf: must be finite and lie within its band, 0.0 to inf",
        ),
        ({"statement": "It is “one.”"}, "statement=It is “one.”: must be a sentence"),
    ],
)
def test_a_claim_refuses_what_its_reader_could_not_use(changes: Any, told: str) -> None:  # noqa: ANN401 - of fields
    with pytest.raises(StudyError, match=re.escape(told)):
        replace(CLAIM, **changes)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"id": "toy_words"}, "id=toy_words: must be lower-case words joined by hyphens"),
        ({"statement": "Called a toy"}, "statement=Called a toy: must be a sentence"),
        ({"reason": ""}, "reason=: must be a sentence"),
        ({"remark": ""}, "remark=: must be a sentence"),
    ],
)
def test_an_untested_statement_says_why(changes: Any, told: str) -> None:  # noqa: ANN401 - of fields
    with pytest.raises(StudyError, match=re.escape(told)):
        replace(UNTESTED, **changes)


def verdict(low: float, high: float, claim: Claim = CLAIM) -> Verdict:
    value = Estimate((low + high) / 2, (high - low) / 2, 9)
    return judge(claim, {"toy": value}, "mnist")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.25, 1.75, Verdict.REPRODUCED),
        (1.0, 2.0, Verdict.REPRODUCED),  # the band is closed
        (1.5, 1.5, Verdict.REPRODUCED),
        (0.0, 0.75, Verdict.CONTRADICTED),
        (2.25, 9.0, Verdict.CONTRADICTED),
        (0.5, 1.5, Verdict.INCONCLUSIVE),
        (1.5, 2.5, Verdict.INCONCLUSIVE),
        (0.0, 4.0, Verdict.INCONCLUSIVE),  # it covers the whole band
        (0.0, 1.0, Verdict.INCONCLUSIVE),  # it touches the band
        (2.0, 4.0, Verdict.INCONCLUSIVE),
    ],
)
def test_the_interval_decides(low: float, high: float, expected: Verdict) -> None:
    assert verdict(low, high) == expected


@given(st.integers(-40, 40), st.integers(0, 40))
def test_the_verdict_is_that_of_every_point_of_the_interval(start: int, length: int) -> None:
    # In eighths, so that every number is exact; the points stand for the whole interval.
    points = [eighth / 8 for eighth in range(start, start + length + 1)]
    inside = {CLAIM.band.low <= point <= CLAIM.band.high for point in points} | (
        {True} if points[0] <= CLAIM.band.high and points[-1] >= CLAIM.band.low else set()
    )
    expected = {
        frozenset({True}): Verdict.REPRODUCED,
        frozenset({False}): Verdict.CONTRADICTED,
        frozenset({True, False}): Verdict.INCONCLUSIVE,
    }[frozenset(inside)]
    assert verdict(points[0], points[-1]) == expected


@pytest.mark.parametrize(
    "value", [Estimate(1.5, inf, 1), Estimate(nan, nan, 9), Estimate(nan, inf, 9)]
)
def test_what_has_no_interval_decides_nothing(value: Estimate) -> None:
    assert judge(CLAIM, {"toy": value}, "mnist") == Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("draws", "decides"), [(2, False), (5, False), (6, False), (7, True)])
def test_draws_that_all_agree_decide_only_if_most_draws_must(draws: int, *, decides: bool) -> None:
    # The least share p of which all of n draws may well happen, |1 - p| = z sqrt(p (1 - p) / n).
    share = draws / (draws + 2.5758293035489004**2)
    assert (share > 1 / 2) == decides
    for number, verdict in ((1.5, Verdict.REPRODUCED), (5.0, Verdict.CONTRADICTED)):
        expected = verdict if decides else Verdict.INCONCLUSIVE
        assert judge(CLAIM, {"toy": Estimate(number, 0.0, draws)}, "mnist") == expected


def test_a_number_that_no_draw_touches_decides_to_its_last_digit() -> None:
    for number, expected in (
        (1.0057, Verdict.REPRODUCED),
        (1.00574588, Verdict.REPRODUCED),
        (1.005754, Verdict.CONTRADICTED),  # which would print 1.0058
        (1.00564999, Verdict.CONTRADICTED),
    ):
        seeded = replace(CLAIM, prediction=1.0057, band=printed(1.0057, digits=4))
        result = Result((0, 1), {"other": [1.0, 2.0]}, {}, {"toy": number})
        stored = {key: estimate_to_json(value) for key, value in result.values.items()}
        values = {
            key: estimate_from_json(json.loads(json.dumps(value))) for key, value in stored.items()
        }
        assert judge(seeded, values, "mnist") == expected, number


def test_a_quantity_that_is_not_there_is_not_tested() -> None:
    assert judge(CLAIM, {"other": Estimate(1.5, 0.1, 9)}, "mnist") == Verdict.NOT_TESTED


def test_a_claim_about_one_data_set_is_not_tested_on_another() -> None:
    needy = replace(CLAIM, data="mnist")
    values = {"toy": Estimate(1.5, 0.1, 9)}
    assert judge(needy, values, "mnist_5k") == Verdict.NOT_TESTED
    assert judge(needy, values, "mnist") == Verdict.REPRODUCED


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (2.0, 1.0), (nan, 1.0), (1.0, nan)])
def test_an_empty_band_is_refused(low: float, high: float) -> None:
    with pytest.raises(StudyError, match="the low end must lie below the high"):
        Band(low, high)


def test_a_band_around_a_centre_reaches_as_far_to_either_side() -> None:
    assert around(-2.0, 0.5) == Band(-2.5, -1.5)
    with pytest.raises(StudyError):
        around(1.0, 0.0)
