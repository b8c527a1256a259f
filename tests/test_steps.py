"""A step is done again where anything that it depends on has changed, and else it is not."""

from dataclasses import replace
from pathlib import Path

import pytest

from study import steps
from study.record.results import Result, read_json, read_run, write_json, write_run
from study.steps import RawRun, Series

NAME = "residual_blocks"
CODES = dict.fromkeys(
    ("tables", "pooling", "writing", "claims", "rule", "figures", "look"), "of today"
)


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RawRun:
    """Leave a finished run whose steps are done, with code of which only the names are known."""

    def draw(_figures: object, run: object) -> None:
        del run
        (tmp_path / "figures").mkdir(exist_ok=True)

    monkeypatch.setattr(steps, "draw_figures", draw)
    main = Series(NAME, {}, (0, 1), (), "code", "fingerprint", tmp_path / "draws")
    found = RawRun(tmp_path / NAME, {"scale": "quick"}, {}, main, None, CODES)
    result = Result((0, 1), {"x": [0.5, 0.75]}, {"curve": [{"layer": 1, "mean": 0.625}]})
    pooled = {"pooled": steps._pooling(found)}
    write_run(found.folder, {"scale": "quick"}, result, {"data": {"name": "mnist"}}, steps=pooled)
    (found.folder / "figures").mkdir()
    steps.conclude(NAME, found.folder, CODES)
    return found


def done(measured: RawRun) -> tuple[bool, bool, bool]:
    """Tell whether a run is pooled, judged and drawn."""
    marks = read_json(measured.folder / "steps.json", {})
    assert set(marks) == {"pooled", "judged", "drawn"}
    run = read_run(measured.folder)
    codes = measured.codes
    return steps.is_pooled(measured), steps._is_judged(run, codes), steps._is_drawn(run, codes)


def test_what_is_done_stays_done(measured: RawRun) -> None:
    assert done(measured) == (True, True, True)
    assert steps.is_concluded(measured.folder, CODES)


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("tables", (False, True, True)),
        ("pooling", (False, True, True)),
        ("writing", (False, True, True)),
        ("claims", (True, False, True)),
        ("rule", (True, False, True)),
        ("figures", (True, True, False)),
        ("look", (True, True, False)),
    ],
)
def test_other_code_undoes_its_step(
    measured: RawRun, code: str, left: tuple[bool, bool, bool]
) -> None:
    assert done(replace(measured, codes=CODES | {code: "of tomorrow"})) == left


@pytest.mark.parametrize(
    ("file", "old", "new", "left"),
    [
        ("values.json", "0.625", "0.5", (True, False, False)),
        ("samples.csv", "0.75", "0.5", (True, True, False)),
        ("curve.csv", "0.625", "0.5", (True, True, False)),
        ("config.json", "quick", "other", (True, True, False)),
    ],
)
def test_other_numbers_undo_what_reads_them(
    measured: RawRun, file: str, old: str, new: str, left: tuple[bool, bool, bool]
) -> None:
    path = measured.folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert done(measured) == left


def test_other_data_undoes_the_verdicts(measured: RawRun) -> None:
    write_json(measured.folder / "provenance.json", {"data": {"name": "mnist_5k"}})
    assert done(measured) == (True, False, True)


def test_other_draws_undo_the_numbers(measured: RawRun) -> None:
    for change in ({"fingerprint": "other"}, {"draws": (0, 1, 2)}):
        main = replace(measured.main, **change)
        assert done(replace(measured, main=main)) == (False, True, True)
