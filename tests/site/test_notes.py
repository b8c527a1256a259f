"""The page of the notes: everything that is said of them, once, and nothing else."""

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from study import catalogue
from study.theory.sources import NOTES

if TYPE_CHECKING:
    from study.record.claims import Claim, Untested

PAGE = Path(__file__).parents[2] / "docs" / "notes.md"


def listed() -> list[str]:
    lists = re.findall(
        r"```\{source-lines\}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    return [line for text in lists for line in text.split()]


def claimed() -> set[str]:
    everything: list[Claim | Untested] = []
    for name in catalogue.names():
        everything += [*catalogue.load(name).claims, *catalogue.load(name).untested]
    return {
        item.id
        for item in everything
        if item.source.work in NOTES or re.match(r"s00[0-4]-", item.id)
    }


def test_each_statement_of_a_note_stands_on_the_page_once() -> None:
    assert Counter(listed()) == Counter(claimed())
