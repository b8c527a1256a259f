import json
from collections.abc import Callable, Mapping
from math import inf, isnan, nan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.errors import StudyError
from study.record import results
from study.record.estimates import Estimate, estimate, median, rate
from study.record.results import NO_ROWS, Cell, Result, Rows

RESULT = Result(
    draws=(0, 1, 2),
    # Those of c differ most in digits that are not stored.
    samples={
        "size.c": [100.0004, 100.0006, 100.0014],
        "size.a": [1.0, 2.00000049, 3.0],
        "size.b": [1 / 3, 1e-9, 12345678.0],
    },
    tables={
        "curve": [{"arm": "a, b", "layer": 1, "mean": 0.5}, {"arm": "é", "layer": 2, "mean": 0.25}]
    },
)
MADE = {"data": {"name": "mnist", "checksum": "0"}}


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_run_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    results.write_run(tmp_path / "run", {"scale": "quick"}, RESULT, MADE)
    run = results.read_run(tmp_path / "run")
    assert (run.folder, run.settings, run.data) == (tmp_path / "run", {"scale": "quick"}, "mnist")
    assert {name: list(rows) for name, rows in run.tables.items()} == RESULT.tables
    assert run.provenance == MADE
    assert set(run.values) == set(RESULT.samples)


def test_a_run_names_the_published_commit_that_its_own_was_joined_into(tmp_path: Path) -> None:
    folder = tmp_path / "group" / "run"
    results.write_run(folder, {}, RESULT, {**MADE, "commit": "0" * 40})
    assert not results.read_run(folder).is_joined
    (tmp_path / results.JOINED).write_text(json.dumps({"0" * 40: "1" * 40}))
    run = results.read_run(folder)
    assert run.is_joined
    assert run.commit == "1" * 40


@pytest.mark.parametrize(
    ("experiment", "images"), [({"data_set": "shapeset"}, "shapeset"), ({"width": 3}, "mnist")]
)
def test_the_images_are_those_that_the_settings_name(
    experiment: dict[str, Any], images: str, tmp_path: Path
) -> None:
    results.write_run(tmp_path / "run", {"experiment": experiment}, RESULT, MADE)
    assert results.images(results.read_run(tmp_path / "run")) == images


def test_values_can_be_computed_again_from_the_stored_samples(tmp_path: Path) -> None:
    results.write_run(tmp_path / "run", {}, RESULT, MADE)
    rows = results.read_table(tmp_path / "run" / "samples.csv")
    assert [row["draw"] for row in rows] == [0, 1, 2]
    stored = json.loads((tmp_path / "run" / "values.json").read_text(encoding="utf-8"))
    for key in RESULT.samples:
        again = estimate([float(row[key]) for row in rows])
        assert stored[key] == results.estimate_to_json(again)


def test_equal_runs_are_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        results.write_run(tmp_path / name, {"b": 1, "a": 2}, RESULT, MADE)
    for file in entries(tmp_path / "one"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_files_end_their_lines_alike_on_every_system(tmp_path: Path) -> None:
    results.write_run(tmp_path / "run", {}, RESULT, MADE)
    for file in (tmp_path / "run").iterdir():
        content = file.read_bytes()
        assert b"\r" not in content
        assert content.endswith(b"\n")


def test_nothing_but_the_run_is_left(tmp_path: Path) -> None:
    for _ in range(2):
        results.write_run(tmp_path / "run", {}, RESULT, MADE)
    assert entries(tmp_path) == ["run"]
    assert entries(tmp_path / "run") == [
        "config.json",
        "curve.csv",
        "provenance.json",
        "samples.csv",
        "values.json",
    ]


def test_a_new_run_takes_the_place_of_the_old_one_as_a_whole(tmp_path: Path) -> None:
    results.write_run(tmp_path / "run", {}, RESULT, MADE)
    results.write_text(tmp_path / "run" / "claims.json", "of the old run")
    results.write_run(tmp_path / "run", {}, RESULT, MADE)
    assert not (tmp_path / "run" / "claims.json").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, ValueError])
def test_a_write_that_fails_leaves_the_old_run(tmp_path: Path, error: type[BaseException]) -> None:
    def fail() -> None:
        with results.replacing_folder(tmp_path / "run") as draft:
            (draft / "half.json").write_text("{")
            raise error

    with pytest.raises(error):
        fail()
    assert entries(tmp_path) == []
    results.write_run(tmp_path / "run", {"kept": True}, RESULT, MADE)
    with pytest.raises(error):
        fail()
    assert entries(tmp_path) == ["run"]
    assert results.read_run(tmp_path / "run").settings == {"kept": True}


def test_a_text_is_replaced_in_one_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "text.txt"
    results.write_text(file, "old")
    seen: list[str] = []
    rename = Path.replace

    def look_first(draft: Path, target: Path) -> Path:
        seen.extend([draft.read_text(encoding="utf-8"), target.read_text(encoding="utf-8")])
        return rename(draft, target)

    monkeypatch.setattr(Path, "replace", look_first)
    results.write_text(file, "new ±")
    assert seen == ["new ±", "old"]
    assert file.read_text(encoding="utf-8") == "new ±"
    assert entries(tmp_path) == ["text.txt"]


@pytest.mark.parametrize("what", ["nothing", "a folder without provenance"])
def test_where_no_run_is_finished_none_is_read(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "run"
    if what != "nothing":
        folder.mkdir()
        (folder / "values.json").write_text("{}")
    with pytest.raises(StudyError, match="no finished run here"):
        results.read_run(folder)


ROWS: list[Mapping[str, Cell]] = [
    {"arm": "relu", "layer": 1, "mean": 0.5},
    {"arm": "tanh", "layer": 1, "mean": 1.5},
    {"arm": "relu", "layer": 2, "mean": 0.25},
]


def test_rows_are_the_mappings_they_were_made_of() -> None:
    rows = Rows.from_rows(ROWS)
    assert list(rows) == ROWS
    assert (len(rows), rows[1], rows[-1], list(rows[:2])) == (3, ROWS[1], ROWS[-1], ROWS[:2])
    assert Rows.from_rows(rows) is rows


def test_rows_are_filtered_by_their_cells_and_read_by_column() -> None:
    rows = Rows.from_rows(ROWS).where(arm="relu")
    assert list(rows) == [ROWS[0], ROWS[2]]
    assert rows.column("mean") == [0.5, 0.25]
    assert (
        list(rows.where(layer=2))
        == list(Rows.from_rows(ROWS).where(layer=2, arm="relu"))
        == [ROWS[2]]
    )


def test_rows_with_a_cell_are_left_out() -> None:
    rows = Rows.from_rows(ROWS)
    assert list(rows.without(arm="relu")) == [ROWS[1]]
    assert list(rows.without(arm="tanh", layer=2)) == [ROWS[0]]
    assert list(rows.without(layer=3)) == ROWS


def test_rows_are_grouped_by_the_cells_of_a_column_the_named_ones_first() -> None:
    rows = Rows.from_rows(ROWS)
    assert {arm: list(its) for arm, its in rows.groups("arm").items()} == {
        "relu": [ROWS[0], ROWS[2]],
        "tanh": [ROWS[1]],
    }
    assert [*rows.groups("arm", first=("sigmoid", "tanh"))] == ["tanh", "relu"]


def test_a_column_or_a_cell_that_is_not_there_is_named_with_the_choices() -> None:
    rows = Rows.from_rows(ROWS)
    with pytest.raises(StudyError, match="column 'men' is unknown; choose from arm, layer, mean"):
        rows.column("men")
    with pytest.raises(StudyError, match="arm 'elu' is in no row; choose from relu, tanh"):
        rows.where(arm="elu")
    with pytest.raises(StudyError, match="layer 2 is in no row; choose from 1"):
        rows.where(arm="tanh", layer=2)
    with pytest.raises(StudyError, match="column 'depth' is unknown; choose from arm, layer"):
        rows.without(depth=2)


def test_no_rows_are_no_rows() -> None:
    rows = Rows.from_rows([])
    assert (list(rows), len(rows), rows.column("mean")) == ([], 0, [])
    assert rows.where(arm="relu") == rows.without(layer=0) == rows == NO_ROWS
    assert rows.groups("arm", first=("relu",)) == {}


def test_samples_must_match_the_draws() -> None:
    with pytest.raises(StudyError, match="size: 1 samples for 2 draws"):
        Result(draws=(0, 1), samples={"size": [1.0]}, tables={})


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_keeps_six_digits_and_is_done_once(number: float) -> None:
    once = results.rounded(number)
    assert results.rounded(once) == once
    assert once == pytest.approx(number, rel=5.01e-6, abs=1e-300)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (Estimate(0.5, 0.1, 9), {"mean": 0.5, "half_width": 0.1, "draws": 9}),
        (Estimate(0.5, inf, 1), {"mean": 0.5, "half_width": None, "draws": 1}),
        (Estimate(nan, nan, 9), {"mean": None, "half_width": None, "draws": 9}),
    ],
)
def test_json_holds_null_for_what_is_not_finite(
    value: Estimate, stored: dict[str, float | None]
) -> None:
    assert results.estimate_to_json(value) == stored
    again = results.estimate_from_json(stored)
    assert results.estimate_to_json(again) == stored
    assert isnan(again.mean) == isnan(value.mean)


def test_numbers_that_are_not_finite_pass_through_a_table(tmp_path: Path) -> None:
    samples = {"size": [nan, inf, -inf]}
    results.write_run(tmp_path / "run", {}, Result((0, 1, 2), samples, {}), MADE)
    rows = results.read_table(tmp_path / "run" / "samples.csv")
    assert [str(row["size"]) for row in rows] == ["nan", "inf", "-inf"]


def test_json_refuses_what_it_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        results.write_json(tmp_path / "x.json", {"a": nan})
    assert entries(tmp_path) == []


def test_a_copy_is_whole_and_replaces_what_was_there(tmp_path: Path) -> None:
    results.write_run(tmp_path / "one", {"of": "one"}, RESULT, MADE)
    (tmp_path / "one" / "figures").mkdir()
    results.write_text(tmp_path / "one" / "figures" / "a.txt", "A curve.\n")
    results.write_run(tmp_path / "deep" / "two", {"of": "two"}, RESULT, MADE)
    results.copy_run(tmp_path / "one", tmp_path / "deep" / "two")
    copy = results.read_run(tmp_path / "deep" / "two")
    assert copy.settings == {"of": "one"}
    assert copy.figures == {"a": "A curve."}
    assert entries(tmp_path / "deep") == ["two"]


def test_the_judgements_are_those_last_written(
    tmp_path: Path, make_run: Callable[..., Path]
) -> None:
    from study import catalogue  # noqa: PLC0415 - only here are real claims needed

    experiment = catalogue.load(catalogue.names()[0])
    folder = make_run(tmp_path / "run", experiment, {"x": [1.0, 2.0]})
    judged = results.read_run(folder).judgements
    ids = [claim.id for claim in experiment.claims]
    ids += [statement.id for statement in experiment.untested]
    assert [row["id"] for row in judged] == ids
    assert {row["verdict"] for row in judged} == {"not tested"}


def test_a_folder_that_cannot_take_its_place_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    with results.replacing_folder(folder) as draft:
        (draft / "old").write_text("")
    rename = Path.rename

    def fail_for_the_new_one(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise OSError("no room")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_for_the_new_one)
    with pytest.raises(OSError, match="no room"), results.replacing_folder(folder) as draft:
        (draft / "new").write_text("")
    assert [path.name for path in folder.iterdir()] == ["old"]


def test_a_run_that_was_never_judged_says_so(tmp_path: Path) -> None:
    results.write_run(tmp_path / "run", {}, results.Result((0,), {"a": [1.0]}, {}), {})
    with pytest.raises(StudyError, match="not judged yet"):
        _ = results.read_run(tmp_path / "run").judgements


def test_an_exact_value_is_stored_to_its_last_digit_and_needs_no_draw(tmp_path: Path) -> None:
    result = results.Result((0, 1), {"x": [1.0, 2.0]}, {}, {"level.data": 0.12345678})
    results.write_run(tmp_path / "run", {}, result, {"data": {"name": "mnist"}})
    value = results.read_run(tmp_path / "run").values["level.data"]
    assert value.exact
    assert value.mean == 0.12345678


def test_a_quantity_is_sampled_or_exact() -> None:
    with pytest.raises(StudyError, match=r"x: both sampled and exact"):
        results.Result((0,), {"x": [1.0]}, {}, {"x": 1.0})


@pytest.mark.parametrize("key", ["rate.x", "percentile.x.arm"])
def test_a_rate_is_known_by_its_name(key: str) -> None:
    numbers = [1.0, 0.0, 1.0, 1.0]
    values = results.Result(tuple(range(4)), {key: numbers, "x": numbers}, {}).values
    assert values[key] == rate(numbers)
    assert values["x"] == estimate(numbers) != values[key]


def test_a_median_is_known_by_its_name() -> None:
    numbers = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 80.0]
    values = results.Result(tuple(range(8)), {"median.x": numbers, "x": numbers}, {}).values
    assert values["median.x"] == median(numbers)
    assert values["x"] == estimate(numbers) != values["median.x"]
