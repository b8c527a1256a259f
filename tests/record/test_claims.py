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
    WORDS,
    Band,
    Cause,
    Claim,
    Kind,
    NegativeControl,
    Outcome,
    Reading,
    Rival,
    Untested,
    Verdict,
    Withdrawn,
    around,
    at_least,
    at_most,
    band_from_json,
    band_to_json,
    distance,
    judge,
    printed,
    refuses_rival,
)
from study.record.estimates import Estimate
from study.record.results import Result, estimate_from_json, estimate_to_json
from study.theory.sources import THIS_STUDY
from tests.toys import CLAIM as TOY

CLAIM = replace(TOY, band=Band(1.0, 2.0))

UNTESTED = Untested(
    id="toy-words",
    cause=Cause.WORDS,
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
        ({"measured_as": ""}, "toy-claim: measured_as=: must be a sentence"),
        ({"measured_as": "a mean"}, "toy-claim: measured_as=a mean: must be a sentence"),
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
            "prediction=0.99: must be finite and lie within its band, 1 to 2",
        ),
        (
            {"prediction": 2.01},
            "prediction=2.01: must be finite and lie within its band, 1 to 2",
        ),
        ({"prediction": nan}, "prediction=nan: must be finite and lie within its band, 1 to 2"),
        (
            {"prediction": inf, "band": Band(0.0, inf)},
            "prediction=inf: must be finite and lie within its band, ≥ 0",
        ),
        ({"prediction": None}, "prediction=None: a band with two ends needs one"),
        ({"choice": "one way"}, "choice and readings: give both, or neither"),
        ({"readings": (Reading("b", "x"),)}, "choice and readings: give both, or neither"),
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


INSIDE, OUTSIDE, ACROSS = Estimate(1.5, 0.1, 9), Estimate(3.0, 0.1, 9), Estimate(2.0, 0.1, 9)


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_has_its_own_words_for_the_same_numbers(kind: Kind) -> None:
    claim = replace(CLAIM, kind=kind)
    words = [judge(claim, {"toy": value}, "mnist") for value in (INSIDE, OUTSIDE)]
    assert words == [*WORDS[kind]]
    assert [word.outcome for word in words] == [Outcome.AGREES, Outcome.DISAGREES]
    assert judge(claim, {"toy": ACROSS}, "mnist").outcome == Outcome.OPEN


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((INSIDE, INSIDE, INSIDE), Verdict.REPRODUCED),
        ((OUTSIDE, OUTSIDE, OUTSIDE), Verdict.CONTRADICTED),
        ((INSIDE, INSIDE, OUTSIDE), Verdict.DEPENDS),
        ((OUTSIDE, ACROSS, INSIDE), Verdict.DEPENDS),
        ((INSIDE, INSIDE, ACROSS), Verdict.INCONCLUSIVE),
        ((OUTSIDE, ACROSS, OUTSIDE), Verdict.INCONCLUSIVE),
        ((INSIDE, INSIDE, None), Verdict.NOT_TESTED),
    ],
)
def test_a_verdict_that_hangs_on_a_choice_says_so(
    values: tuple[Estimate | None, ...], expected: Verdict
) -> None:
    readings = (Reading("The second way.", "second"), Reading("The third way.", "third"))
    claim = replace(CLAIM, choice="The first way.", readings=readings)
    read = dict(zip(("toy", "second", "third"), values, strict=True))
    there = {key: value for key, value in read.items() if value is not None}
    assert judge(claim, there, "mnist") == expected


@pytest.mark.parametrize(
    ("value", "of_corrected", "expected"),
    [
        (OUTSIDE, INSIDE, Verdict.CORRECTED),
        (OUTSIDE, OUTSIDE, Verdict.CONTRADICTED),
        (OUTSIDE, ACROSS, Verdict.CONTRADICTED),
        (INSIDE, INSIDE, Verdict.REPRODUCED),
        (ACROSS, INSIDE, Verdict.INCONCLUSIVE),
    ],
)
def test_a_correction_helps_what_is_contradicted_and_only_if_it_is_reproduced(
    value: Estimate, of_corrected: Estimate, expected: Verdict
) -> None:
    right = replace(CLAIM, id="toy-corrected", quantity="corrected")
    claim = replace(CLAIM, corrected=right)
    assert judge(claim, {"toy": value, "corrected": of_corrected}, "mnist") == expected


def test_a_misprint_is_none_where_the_printed_form_agrees() -> None:
    claim = replace(CLAIM, misprint="The line above has it right.")
    assert judge(claim, {"toy": OUTSIDE}, "mnist") == Verdict.MISPRINT
    assert judge(claim, {"toy": INSIDE}, "mnist") == Verdict.REPRODUCED


@pytest.mark.parametrize(
    ("band", "text", "inside", "outside"),
    [(at_least(1.5), "≥ 1.5", 1e9, 1.0), (at_most(0.2), "≤ 0.2", -1e9, 0.5)],
)
def test_a_bound_has_one_end_and_needs_no_prediction(
    band: Band, text: str, inside: float, outside: float
) -> None:
    claim = replace(CLAIM, prediction=None, band=band)
    assert str(band) == text
    assert judge(claim, {"toy": Estimate(inside, 0.1, 9)}, "mnist") == Verdict.REPRODUCED
    assert judge(claim, {"toy": Estimate(outside, 0.1, 9)}, "mnist") == Verdict.CONTRADICTED
    assert band_from_json(json.loads(json.dumps(band_to_json(band), allow_nan=False))) == band


def test_a_band_that_nothing_can_miss_is_none() -> None:
    with pytest.raises(StudyError, match="one end must be finite"):
        Band(-inf, inf)


def test_the_nearest_rival_is_judged_by_a_band_as_wide() -> None:
    claim = replace(CLAIM, prediction=1.5, rival=Rival("It is four.", 4.0))
    assert refuses_rival(claim, {"toy": Estimate(1.5, 0.1, 9)})
    assert not refuses_rival(claim, {"toy": Estimate(3.4, 0.1, 9)})
    near = replace(claim, rival=Rival("It is a little more.", 1.6))
    assert not refuses_rival(near, {"toy": Estimate(1.5, 0.1, 9)})
    with pytest.raises(StudyError, match="toy-claim: rival: it has none"):
        refuses_rival(CLAIM, {"toy": Estimate(1.5, 0.1, 9)})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Estimate(1.25, 0.125, 9), 2.0),
        (Estimate(1.0, 0.5, 9), 0.0),
        (Estimate(1.25, 0.0, 0), None),
        (Estimate(1.25, inf, 1), None),
        (Estimate(nan, nan, 9), None),
        (None, None),
    ],
)
def test_the_distance_from_a_prediction_is_in_half_widths(
    value: Estimate | None, expected: float | None
) -> None:
    assert distance(replace(CLAIM, prediction=1.0), value) == expected


def test_a_withdrawn_verdict_stays_with_its_claim() -> None:
    old = Withdrawn(Verdict.CONTRADICTED, "toy", Band(1.0, 2.0), "It was charged to another.")
    assert replace(CLAIM, withdrawn=old).withdrawn == replace(UNTESTED, withdrawn=old).withdrawn


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
