"""What every figure keeps to."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from study import catalogue, steps
from study.record.plotting import alternative_text
from study.record.results import write_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import ThreeDraws

NAMES = catalogue.names()
TWICE = {its_names[0] for its_names in catalogue.groups().values()}
"""Those whose figures are drawn twice in the fast tier."""


def test_figures_say_in_words_what_they_show() -> None:
    faults = []
    for name in NAMES:
        figures = catalogue.load(name).figures
        twice = [one for one, n in Counter(f.__name__ for f in figures).items() if n > 1]
        faults += [f"{name}: {one} twice" for one in twice]
        told = [alternative_text(figure) for figure in figures]
        faults += [
            f"{name}: {text}" for text in told if not (20 < len(text) < 120 and text.endswith("."))
        ]
    assert faults == []


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
        for kind in ("light.svg", "dark.svg", "txt")
    }
    for _ in range(1, times):
        assert drawn() == first
