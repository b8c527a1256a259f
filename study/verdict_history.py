"""Reads from the project's history how each claim was judged, from the first time to the last.

What it finds lies in ``outputs/reference``, see :mod:`study.record.past_verdicts`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

from study.history import Commit, History
from study.record.claims import band_from_json


class Step(NamedTuple):
    """What stood in a claim's judgement, and the commit from which on it did."""

    date: str
    commit: str
    word: str


def verdicts(history: History) -> dict[str, list[dict[str, str]]]:
    """Return for each claim its verdicts in order: the first, and each that was another.

    Args:
        history: of the project.

    Returns:
        By the id of each claim that the last commit judges, the day, the commit and the word.
        Where branches meet, a verdict is as old as in the first of them that has it.
    """
    return _told(history, "verdict", lambda item: str(item["verdict"]))


def bands(history: History) -> dict[str, list[dict[str, str]]]:
    """Return for each claim whose band was once another its bands in order.

    Args:
        history: of the project.

    Returns:
        By the id of each such claim, the day, the commit and the band as pages show it.
    """
    changes = _told(
        history,
        "band",
        lambda item: str(band_from_json(item["band"])) if item.get("band") else None,
    )
    return {claim: steps for claim, steps in changes.items() if len(steps) > 1}


def _told(
    history: History, name: str, reader: Callable[[Mapping[str, Any]], str | None]
) -> dict[str, list[dict[str, str]]]:
    """Return by claim what its judgements say, as often as it became another."""
    words = cache(partial(_words, history, reader))
    past: dict[str, dict[str, tuple[Step, ...]]] = {}
    for commit in history.commits.values():
        folders = history.references[commit.id].values()
        files = [files["claims.json"] for files in folders if "claims.json" in files]
        before = [past[parent] for parent in commit.parents]
        past[commit.id] = {
            claim: _longer(commit, word, [steps[claim] for steps in before if claim in steps])
            for file in files
            for claim, word in words(file)
        }
    return {
        claim: [{"date": step.date, "commit": step.commit, name: step.word} for step in steps]
        for claim, steps in sorted(past[history.head].items())
    }


def _words(
    history: History, reader: Callable[[Mapping[str, Any]], str | None], blob: str
) -> tuple[tuple[str, str], ...]:
    """Return the claims of a stored file that have what is read, and what that is."""
    items = json.loads(history.text(blob))
    return tuple((item["id"], word) for item in items if (word := reader(item)) is not None)


def _longer(commit: Commit, word: str, before: Sequence[tuple[Step, ...]]) -> tuple[Step, ...]:
    """Return what became of a claim up to a commit, from what became of it up to its parents."""
    for steps in before:
        if steps[-1].word == word:
            return steps
    return (*(before[0] if before else ()), Step(commit.date, commit.id, word))
