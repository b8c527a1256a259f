"""What every claim keeps to beside what it checks itself when it is made."""

from collections import Counter
from pathlib import Path

from study import catalogue

NAMES = catalogue.names()
IDS = Path(__file__).parents[1] / "claim_ids.txt"
"""The id of every statement: whoever cites one has to find it."""


def ids() -> list[str]:
    loaded = map(catalogue.load, NAMES)
    return [one.id for found in loaded for one in (*found.claims, *found.untested)]


def test_no_two_statements_share_an_id() -> None:
    assert [one for one, count in Counter(ids()).items() if count > 1] == []


def test_no_statement_comes_or_goes_unnoticed() -> None:
    assert sorted(ids()) == IDS.read_text(encoding="utf-8").split()


def test_every_experiment_claims_something() -> None:
    assert [name for name in NAMES if not catalogue.load(name).claims] == []
