"""What every claim keeps to beside what it checks itself when it is made."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from study import catalogue

if TYPE_CHECKING:
    from study.record.claims import Claim, Untested

NAMES = catalogue.names()
IDS = Path(__file__).parents[1] / "claim_ids.txt"
"""The id of every statement: whoever cites one has to find it."""


def ids() -> list[str]:
    found: list[Claim | Untested] = []
    for name in NAMES:
        experiment = catalogue.load(name)
        found += [*experiment.claims, *experiment.untested]
    return [one.id for one in found]


def test_no_two_statements_share_an_id() -> None:
    assert [one for one, count in Counter(ids()).items() if count > 1] == []


def test_no_statement_comes_or_goes_unnoticed() -> None:
    assert sorted(ids()) == IDS.read_text(encoding="utf-8").split()


def test_every_experiment_claims_something() -> None:
    assert [name for name in NAMES if not catalogue.load(name).claims] == []
