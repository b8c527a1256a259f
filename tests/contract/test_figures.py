"""What every figure keeps to."""

import re
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from study import catalogue, configuring, steps
from study.record.plotting import alternative_text, draw_figures, drawn
from study.record.provenance import version
from study.record.results import read_run, write_run
from tests import looks
from tests.subjects import subjects

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import ThreeDraws

NAMES = subjects()
TWICE = {its_names[0] for its_names in catalogue.groups().values()}
"""Those whose figures are drawn twice in the fast tier."""
ROOT = configuring.CONF.parent
REFERENCE = ROOT / "outputs" / "reference"
REFERENCES = [
    name for name in NAMES if (REFERENCE / catalogue.place(name) / "values.json").is_file()
]
COORDINATES = re.compile(r' (?:d|x|y|transform)="([^"]*)"')
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
PINNED = f"matplotlib=={version('matplotlib')}" in (ROOT / "constraints.txt").read_text()


def test_figures_say_in_words_what_they_show() -> None:
    offenders = []
    for name in NAMES:
        figures = catalogue.load(name).figures
        twice = [one for one, n in Counter(f.__name__ for f in figures).items() if n > 1]
        offenders += [f"{name}: {one} twice" for one in twice]
        told = [alternative_text(figure) for figure in figures]
        offenders += [
            f"{name}: {text}" for text in told if not (20 < len(text) < 120 and text.endswith("."))
        ]
    assert offenders == []


@pytest.mark.parametrize(
    ("name", "times"),
    [
        *((name, 2 if name in TWICE else 1) for name in NAMES),
        *(pytest.param(name, 2, marks=pytest.mark.full) for name in NAMES if name not in TWICE),
    ],
)
def test_figures_are_drawn_and_drawn_again_are_the_same_bytes(
    name: str, times: int, three_draws: "Callable[[str], ThreeDraws]", tmp_path: Path
) -> None:
    made = three_draws(name)
    settings = {"experiment": {"name": name, **asdict(made.config)}}
    write_run(tmp_path / "run", settings, made.result(), {"data": {"name": "mnist_5k"}})

    def drawn() -> dict[str, bytes]:
        steps.conclude(name, tmp_path / "run", force=True)
        files = (tmp_path / "run" / "figures").iterdir()
        return {file.name: file.read_bytes() for file in files}

    first = drawn()
    assert set(first) == {
        f"{figure.__name__}.{kind}"
        for figure in catalogue.load(name).figures
        for kind in ("svg", "txt")
    }
    for _ in range(1, times):
        assert drawn() == first


def coordinates(drawing: Path) -> list[float]:
    """Return where all that an SVG file shows is drawn, in points."""
    places = COORDINATES.findall(drawing.read_text(encoding="utf-8"))
    return [float(number) for place in places for number in NUMBER.findall(place)]


@pytest.mark.skipif(not PINNED, reason="another matplotlib puts things elsewhere")
@pytest.mark.parametrize("name", REFERENCES)
def test_committed_figures_show_the_committed_numbers(name: str, tmp_path: Path) -> None:
    committed = read_run(REFERENCE / catalogue.place(name))
    figures = catalogue.load(name).figures
    draw_figures(figures, replace(committed, folder=tmp_path))
    for figure in figures:
        file = Path("figures", f"{figure.__name__}.svg")
        drawn, shown = coordinates(tmp_path / file), coordinates(committed.folder / file)
        assert len(drawn) == len(shown), file.name
        # A hundredth of a point is less than any eye sees and more than any processor rounds.
        np.testing.assert_allclose(drawn, shown, rtol=0, atol=0.01, err_msg=file.name)


@pytest.mark.parametrize("name", REFERENCES)
def test_committed_figures_can_be_read_without_hunting(name: str) -> None:
    run = read_run(REFERENCE / catalogue.place(name))
    offences = []
    for figure in catalogue.load(name).figures:
        with drawn(figure, run) as picture:
            picture.canvas.draw()
            rules = (looks.unreadable, looks.cut_off, looks.covered, looks.unbounded)
            found = [offence for rule in rules for offence in rule(picture)]
            found += looks.raw_names(picture, run.settings["experiment"])
            offences += [f"{figure.__name__}: {offence}" for offence in found]
    assert offences == []
