"""What every chapter is taught with."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CHAPTERS = Path(__file__).parents[1] / "docs" / "chapters"
EXERCISES = 3


def lacking(text: str) -> Iterator[str]:
    """Yield what a chapter lacks."""
    before, *_ = re.split(r"^\s*\$\$", text, maxsplit=1, flags=re.MULTILINE)
    if not re.search(r"^:{3,}\{in-short\}", before, re.MULTILINE):
        yield "what is in short, before the first formula"
    if not re.search(r"^:{3,}\{(in-short|drawing)\} *\S", before, re.MULTILINE):
        yield "a drawing before the first formula, in the box or on its own"
    if "```pycon" not in text:
        yield "lines of torch that run"
    exercises = re.findall(r"^:{3,}\{exercise\}", text, re.MULTILINE)
    answers = re.findall(r"^:{3,}\{answer\}", text, re.MULTILINE)
    if not len(exercises) == len(answers) >= EXERCISES:
        yield f"{EXERCISES} exercises, each with an answer"


def test_chapters_have_all_that_they_are_taught_with() -> None:
    texts = {page.stem: page.read_text(encoding="utf-8") for page in CHAPTERS.glob("*.md")}
    assert {name: gaps for name, text in texts.items() if (gaps := list(lacking(text)))} == {}


def test_chapters_that_share_an_experiment_show_all_its_claims() -> None:
    shown: dict[str, set[str]] = {}
    for page in CHAPTERS.glob("*.md"):
        some = re.findall(r"\{claim-table\} (\w+)\n:claims: (.*)", page.read_text(encoding="utf-8"))
        for name, ids in some:
            shown.setdefault(name, set()).update(ids.split())
    judged = {
        path.parent.name: {claim["id"] for claim in json.loads(path.read_text(encoding="utf-8"))}
        for path in CHAPTERS.parents[1].glob("outputs/reference/*/*/claims.json")
    }
    assert shown == {name: judged[name] for name in shown}


WHOLE = (
    ":::{in-short}\n:::\n:::{drawing} b\n:::\n$$\nx\n$$\n```pycon\n```\n"
    + "::::{exercise} c\n:::{answer}\n:::\n::::\n" * EXERCISES
)


def test_a_whole_chapter_lacks_nothing() -> None:
    assert list(lacking(WHOLE)) == []
    without = WHOLE.replace(":::{drawing} b\n:::\n", "")
    assert list(lacking(without.replace("{in-short}", "{in-short} b"))) == []


@pytest.mark.parametrize(
    "part",
    [":::{in-short}\n", ":::{drawing} b\n", "```pycon\n", ":::{answer}\n", "::::{exercise} c\n"],
)
def test_what_is_not_there_is_found(part: str) -> None:
    assert len(list(lacking(WHOLE.replace(part, "", 1)))) == 1


def test_a_formula_before_all_is_found() -> None:
    assert len(list(lacking("$$\nx\n$$\n" + WHOLE))) == 2
