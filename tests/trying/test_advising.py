"""What speaks to a network is there, and is what the advice says."""

from pathlib import Path

import pytest

from study.trying.advising import ADVICE, DEEP, Advice, fitting
from study.trying.kinds import KINDS

PROJECT = Path(__file__).parents[2]
IDS = (PROJECT / "tests" / "claim_ids.txt").read_text(encoding="utf-8").split()


@pytest.mark.parametrize("advice", ADVICE, ids=lambda advice: advice.subject)
def test_advice_names_claims_pages_and_kinds_that_are_there(advice: Advice) -> None:
    assert sorted(set(advice.claims) - set(IDS)) == []
    assert (PROJECT / "docs" / f"{advice.page}.md").is_file()
    assert sorted(advice.needs - KINDS) == []
    assert advice.needs
    assert advice.claims


def test_every_kind_has_advice() -> None:
    assert frozenset().union(*(advice.needs for advice in ADVICE)) == KINDS


def test_depth_and_a_named_initialisation_change_the_advice() -> None:
    def subjects(layers: int, *, is_own: bool) -> set[str]:
        kinds = frozenset({"relu", "linear"})
        return {advice.subject for advice in fitting(kinds, layers, is_own=is_own)}

    own = "linear layers as torch draws them"
    assert subjects(2, is_own=True) == {own, "ReLU"}
    assert subjects(2, is_own=False) == {"ReLU"}
    assert subjects(DEEP, is_own=False) == {"ReLU", "many ReLU layers"}
