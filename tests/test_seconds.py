"""What the tests take, as noted: the next experiment cannot make them slow without notice."""

import json
from pathlib import Path

from study import catalogue

TESTS = Path(__file__).parent
NOTED: dict[str, float] = json.loads((TESTS / "seconds.json").read_text(encoding="utf-8"))
MINUTES, CORES, START = 8, 2, 60
"""The fast tier is to take so many minutes on so many cores, some seconds of which go by until the
first test begins."""


def test_what_every_group_of_tests_takes_is_noted() -> None:
    modules = {
        path.relative_to(TESTS.parent).with_suffix("").as_posix()
        for path in TESTS.rglob("test_*.py")
    }
    by_experiment = {f"tests/contract/{name}" for name in ("test_runs", "test_references")}
    of_clusters = {f"tests/engine/{name}" for name in ("test_dask", "test_slurm")}
    of_a_browser = {name for name in modules if name.startswith("tests/browser/")}
    wanted = {*catalogue.names(), *modules} - by_experiment - of_clusters - of_a_browser
    assert sorted(wanted - NOTED.keys()) == [], "nox -s tests -- --note-seconds notes it"


def test_the_fast_tier_stays_fast() -> None:
    seconds = sum(x for group, x in NOTED.items() if not group.endswith("(full)"))
    assert seconds < CORES * (MINUTES * 60 - START)
