"""What is kept of how claims were judged before."""

import re
from itertools import pairwise
from pathlib import Path

from study.record import past_verdicts
from study.record.claims import Verdict
from study.record.results import read_run
from study.site.library import load

ROOT = Path(__file__).parents[2]


def test_the_last_verdict_of_each_claim_is_the_one_that_stands() -> None:
    past = load(ROOT).verdicts
    standing = {
        claim["id"]: claim["verdict"]
        for path in ROOT.glob("outputs/reference/*/*/claims.json")
        for claim in read_run(path.parent).judgements
    }
    behind = [
        claim
        for claim, verdict in standing.items()
        if claim not in past or past[claim][-1]["verdict"] != verdict
    ]
    assert behind == [], "nox -s origins derives them, once they are committed"


def test_each_step_is_another_verdict_of_a_later_or_the_same_day() -> None:
    for steps in load(ROOT).verdicts.values():
        words = [step["verdict"] for step in steps]
        days = [step["date"] for step in steps]
        assert set(words) <= set(Verdict)
        assert all(one != other for one, other in pairwise(words))
        assert days == sorted(days)
        assert all(re.fullmatch(r"[0-9a-f]{40}", step["commit"]) for step in steps)


def test_sentences_of_the_changelog_are_found_by_the_claims_they_name() -> None:
    text = (ROOT / past_verdicts.CHANGELOG).read_text(encoding="utf-8")
    found = past_verdicts.sentences(text)
    assert len(found) > 50
    assert any("by what factor" in sentence for sentence in found["gb-softsign-robust"])
    told = past_verdicts.sentences("- He et al. *a-b* say so; *a-c* goes. *a-d* stays. So it goes.")
    assert told == {
        "a-b": ["He et al. a-b say so; a-c goes."],
        "a-c": ["He et al. a-b say so; a-c goes."],
        "a-d": ["a-d stays."],
    }
    assert "so it goes" not in past_verdicts.sentences("- So it goes.\n")
