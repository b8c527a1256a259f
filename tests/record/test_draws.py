import json
from math import inf, isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.errors import StudyError
from study.record.draws import (
    Draw,
    Row,
    draw_from_json,
    draw_to_json,
    finite_means,
    means,
    pooled,
    samples,
)
from study.record.estimates import estimate

ROWS: list[Row] = [{"arm": "a", "layer": 1, "sample": 0.5}, {"arm": "b", "layer": 1, "sample": 1.5}]
CELLS = st.floats() | st.integers() | st.text(max_size=3)


def draw(*samples: float) -> Draw:
    return Draw(
        {"x": samples[0]}, {"sizes": [{"layer": k, "sample": s} for k, s in enumerate(samples)]}
    )


@given(st.dictionaries(st.text(), st.floats()), st.lists(st.tuples(CELLS, st.floats())))
def test_a_draw_passes_through_json_to_the_last_bit(
    values: dict[str, float], cells: list[tuple[str | float, float]]
) -> None:
    made = Draw(values, {"t": [{"label": label, "sample": sample} for label, sample in cells]})
    again = draw_from_json(json.loads(json.dumps(draw_to_json(made))))
    # As text, in which NaN is NaN.
    assert repr(dict(again.values)) == repr(values)
    assert repr(list(again.tables["t"])) == repr(list(made.tables["t"]))


def test_samples_are_gathered_by_their_labels_draw_by_draw() -> None:
    draws = {3: draw(1.0, 10.0), 7: Draw({}, {"sizes": []}), 9: draw(2.0)}
    assert samples(draws, "sizes") == {(0,): [1.0, 2.0], (1,): [10.0]}
    assert samples({0: Draw({}, {"sizes": []})}, "sizes") == {}


def test_rows_of_the_same_labels_become_their_mean() -> None:
    draws = {3: draw(1.0, 10.0), 7: draw(2.0, 20.0)}
    expected = [estimate([1.0, 2.0]), estimate([10.0, 20.0])]
    assert means(draws, "sizes") == [
        {"layer": k, "mean": value.mean, "half_width": value.half_width}
        for k, value in enumerate(expected)
    ]


def test_rows_that_only_some_draws_have_are_averaged_over_these() -> None:
    short, long = means({0: draw(1.0), 1: draw(3.0, 5.0)}, "sizes")
    assert short["mean"] == 2.0
    assert (long["mean"], isnan(float(long["half_width"])) or long["half_width"] == inf) == (
        5.0,
        True,
    )


def test_a_draw_without_rows_counts_for_none() -> None:
    draws = {0: Draw({}, {"sizes": []}), 1: draw(3.0)}
    assert [row["mean"] for row in means(draws, "sizes")] == [3.0]
    assert means({0: Draw({}, {"sizes": []})}, "sizes") == []


def test_what_is_not_finite_is_counted_apart() -> None:
    one, two = finite_means({0: draw(1.0, nan), 1: draw(3.0, 5.0)}, "sizes")
    assert list(one) == ["layer", "diverged", "mean", "half_width"]
    assert (one["diverged"], one["mean"]) == (0, 2.0)
    assert (two["diverged"], two["mean"]) == (1, 5.0)


def test_a_run_has_the_samples_of_its_draws_in_their_order() -> None:
    run = pooled({4: draw(1.0), 9: draw(2.0)}, exact={"c": 0.25})
    assert run.draws == (4, 9)
    assert run.samples == {"x": [1.0, 2.0]}
    assert run.exact == {"c": 0.25}
    assert [row["mean"] for row in run.tables["sizes"]] == [1.5]


def test_tables_that_are_given_take_the_place_of_the_means() -> None:
    run = pooled({0: draw(1.0)}, {}, tables={"raw": [{"x": 1}]})
    assert run.tables == {"raw": [{"x": 1}]}


def test_a_quantity_that_a_draw_lacks_is_no_run() -> None:
    with pytest.raises((StudyError, KeyError)):
        pooled({0: Draw({"x": 1.0}), 1: Draw({"y": 1.0})}, {})
