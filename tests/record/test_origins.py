import json
from dataclasses import replace
from math import inf, nan

import pytest

from study.record.claims import Band
from study.record.estimates import Estimate, exactly
from study.record.origins import (
    PARTS,
    Change,
    Numbers,
    Origin,
    Part,
    RecordedRun,
    State,
    origin_from_json,
    origin_to_json,
    parts_changed,
    trials_in,
)

RUN = RecordedRun("a" * 40, "b" * 40, "2026-11-22", 0.5, 0.1, 9, ())
ORIGIN = Origin(
    Band(0.0, 1.0), {part: Change("c" * 40, "2026-11-21") for part in PARTS}, (RUN,), ()
)
NUMBERS = Numbers(
    key="toy",
    settings={"name": "toys", "seed": 1, "draws": 3, "width": 8},
    method="m",
    shared="s",
    numbers=(1.0, 2.0, nan),
    value=Estimate(1.5, 0.2, 3),
)


def test_a_band_before_every_number_is_not_exploratory() -> None:
    assert not ORIGIN.exploratory


@pytest.mark.parametrize("part", PARTS)
def test_a_run_before_the_last_change_of_any_part_makes_a_claim_exploratory(part: Part) -> None:
    late = replace(RUN, precedes=(part,))
    for runs in ((late,), (late, RUN), (RUN, late)):
        origin = replace(ORIGIN, runs=runs)
        assert origin.exploratory
        assert origin.preceded == (part,)


def test_a_trial_on_record_makes_a_claim_exploratory() -> None:
    assert replace(ORIGIN, trials=("Trials came first.",)).exploratory


def test_an_origin_survives_its_file() -> None:
    origin = replace(
        ORIGIN, runs=(replace(RUN, mean=None, half_width=None, precedes=("band", "method")), RUN)
    )
    stored = json.loads(json.dumps(origin_to_json(origin)))
    assert origin_from_json(stored) == origin
    assert stored["exploratory"] is True


@pytest.mark.parametrize(
    ("change", "same_draws", "expected"),
    [
        ({}, True, ()),
        ({"key": "other"}, True, ("quantity",)),
        # Of the same draws the numbers decide, whatever was done to code and settings.
        ({"method": "n"}, True, ()),
        ({"settings": {"seed": 1, "width": 9}}, True, ()),
        ({"numbers": (1.0, 2.0)}, True, ()),  # fewer draws
        ({"numbers": (1.00001, 2.0, inf)}, True, ()),  # another processor
        ({"numbers": (1.0, 2.1, nan)}, True, ("method",)),  # a change in a shared module
        ({"numbers": (1.0, 2.1, nan), "method": "n"}, True, ("method",)),
        ({"numbers": (1.0, 2.1, nan), "settings": {"width": 9}}, True, ("settings",)),
        # Of other draws code and settings decide.
        ({"numbers": (5.0, 6.0), "settings": {"seed": 2, "draws": 2, "width": 8}}, False, ()),
        ({"method": "n"}, False, ("method",)),
        ({"settings": {"seed": 2, "width": 9}}, False, ("settings",)),
        ({"method": "n", "settings": {}}, False, ("method", "settings")),
        # A change of shared code counts if the means are further apart than the draws explain.
        ({"shared": "t", "value": Estimate(1.6, 0.2, 3)}, False, ()),
        ({"shared": "t", "value": Estimate(2.6, 0.2, 3)}, False, ("method",)),
        ({"value": Estimate(1.5, 0.0, 0), "numbers": ()}, True, ()),
    ],
)
def test_what_was_changed_between_two_runs(
    change: dict[str, object], expected: object, *, same_draws: bool
) -> None:
    earlier = replace(NUMBERS, **change)  # type: ignore[arg-type]
    assert parts_changed(earlier, NUMBERS, same_draws=same_draws) == expected


@pytest.mark.parametrize("same_draws", [True, False])
def test_numbers_that_no_draw_touches_are_compared_whatever_the_seed(*, same_draws: bool) -> None:
    exact = replace(NUMBERS, numbers=(), value=exactly(9.05976e-05))
    again = replace(exact, method="n", value=exactly(9.059760611e-05))
    assert parts_changed(again, exact, same_draws=same_draws) == ()
    moved = replace(exact, value=exactly(9.06003e-05))
    assert parts_changed(moved, exact, same_draws=same_draws) == ("method",)


STATE = State((0.0, 1.0), "toy", "m", {"seed": 1, "draws": 9, "width": 8})


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"band": (0.0, 1.001)}, "band"),
        ({"quantity": "other"}, "quantity"),
        ({"method": "n"}, "method"),
        ({"settings": {"seed": 1, "draws": 9, "width": 9}}, "settings"),
    ],
)
def test_each_part_is_told_from_another(change: dict[str, object], part: str) -> None:
    other = replace(STATE, **change)  # type: ignore[arg-type]
    assert [name for name in PARTS if not STATE.same(other, name)] == [part]


def test_seed_draws_and_the_last_digits_of_a_band_are_no_change() -> None:
    other = replace(STATE, band=(0.0, 1.000001), settings={"seed": 2, "draws": 5, "width": 8})
    assert all(STATE.same(other, part) for part in PARTS)


@pytest.mark.parametrize(
    ("now", "before", "reach", "same"),
    [
        ((0.5, inf), (0.5, 100.0), (2.0, 9.0), True),
        ((0.5, inf), (0.5, 100.0), (2.0, 100.5), False),  # a number lay beyond the old end
        ((0.5, 100.0), (0.5, inf), (2.0, 9.0), False),  # an end that was set is a change
        ((0.6, inf), (0.5, 100.0), (2.0, 9.0), False),
        ((0.5, inf), (0.5, inf), (2.0, 9.0), True),
        ((0.5, inf), (0.50001, inf), (2.0, 9.0), False),
        ((-inf, 0.5), (-100.0, 0.5), (0.0, 0.1), True),
        ((-inf, 0.5), (-100.0, 0.5), (-100.5, 0.1), False),
        ((-inf, 0.5), (0.0, 0.5), (-inf, inf), False),  # nothing is known of the numbers
    ],
)
def test_an_end_that_no_number_was_beyond_may_be_opened(
    now: tuple[float, float], before: tuple[float, float], reach: tuple[float, float], *, same: bool
) -> None:
    state = replace(STATE, band=now, reach=reach)
    assert state.same(replace(STATE, band=before), "band") == same


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A tenth. Trials with other seeds came first.", ("Trials with other seeds came first.",)),
        ("An earlier band was wider. It is narrow.", ("An earlier band was wider.",)),
        ("The paper's assumptions would be on trial.", ()),
        ("The note's earlier pair came from the weights.", ()),
        ("Half a unit.", ()),
    ],
)
def test_a_sentence_tells_of_trials_or_not(text: str, told: tuple[str, ...]) -> None:
    assert trials_in([text]) == told
