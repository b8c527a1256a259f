"""The page of the notes: everything that is said of them, once, and nothing else."""

import re
from collections import Counter
from pathlib import Path

from study import catalogue
from study.theory.sources import NOTES

PAGE = Path(__file__).parents[2] / "docs" / "notes.md"


def listed() -> list[str]:
    lists = re.findall(
        r"```\{source-lines\}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    return [line for text in lists for line in text.split()]


def claimed() -> set[str]:
    return {
        item.id
        for name in catalogue.names()
        for item in (*catalogue.load(name).claims, *catalogue.load(name).untested)
        if item.source.work in NOTES
    }


def test_each_statement_of_a_note_stands_on_the_page_once() -> None:
    assert Counter(listed()) == Counter(claimed())
