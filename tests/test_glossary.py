"""Each page links the words of the glossary where it first uses them."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.test_prose import prose

DOCS = Path(__file__).parents[1] / "docs"
GLOSSARY = DOCS / "glossary.md"
PAGES = sorted(
    page
    for page in (*DOCS.glob("*.md"), *DOCS.glob("chapters/*.md"))
    if page.name not in {"glossary.md", "contribute.md"}
)


def after(words: str, form: str) -> str:
    """Return a form that counts only after one of some words, as a noun does."""
    return f"(?:{'|'.join(f'(?<=[^a-z]{word} )' for word in words.split())}){form}"


FORMS = {
    "arm": "arms?",
    "band": "bands?",
    "claim": after("a the each every this all one no its of", "claims?"),
    "departure": "departures?",
    "depth scale": "depth scales?",
    "draw": after("each one every per independent", "draws?"),
    "epoch": "epochs?",
    "exploratory": "exploratory",
    "fan_in": "fan_in",
    "fan_out": "fan_out",
    "gain": after("the a no this its each one gain of same", "gains?"),
    "gap": after("the a this its mean of", "gaps?"),
    "interval": after("the an its whole their", "intervals?"),
    "learning rate": "learning rates?",
    "minibatch": "minibatch(?:es)?",
    "negative control": "negative controls?",
    "norm": after("the a its squared", "norms?"),
    "plateau": "plateaus?",
    "preactivation": "preactivations?",
    "residual branch": "residual branch(?:es)?",
    "root mean square": "root mean squares?",
    "second moment": "second moments?",
    "standard deviation": "standard deviations?",
    "update": "updates?",
}
"""How the words look that are linked; the glossary has more."""

APART = re.compile(
    r"(?:\{[\w:-]+\})?(`+).*?\1|(\$+)[^$]+\2|!?\[[^\]]*\]\([^)]*\)|<[^>]+>|https?://\S+"
    r"|“[^”]*”|\*+[^*]+\*+"
)
"""What stands in a line beside prose: code, roles, formulas, links, quotations and emphasis."""
LINK = re.compile(r"\{term\}`(?:[^`<]*<([^`>]+)>|([^`]+))`")


def first_uses(text: str, form: str) -> Iterator[tuple[int, int]]:
    """Yield the line and the column where prose first uses a word without a link, if it does."""
    lines, word = text.splitlines(), re.compile(rf"\b{form}\b", re.IGNORECASE)
    for number, _ in prose(text):
        plain = APART.sub(lambda apart: "\0" * len(apart[0]), lines[number - 1])
        # A space before it, so that the first word of a line comes after something.
        if found := word.search(f" {plain}"):
            yield number, found.start() - 1
            return


def first_link(text: str, entry: str) -> int | None:
    """Return the line in which a page first links an entry, if it does."""
    for number, line in enumerate(text.splitlines(), start=1):
        if entry in {(one[1] or one[2]).lower() for one in LINK.finditer(line)}:
            return number
    return None


def unlinked(text: str) -> Iterator[str]:
    """Yield the words that a page uses before it links them."""
    for entry, form in FORMS.items():
        link = first_link(text, entry)
        for number, _ in first_uses(text, form):
            if link is None or link > number:
                yield f"line {number}: {entry}"


def test_the_first_use_of_a_word_is_linked() -> None:
    found = [
        f"{page.relative_to(DOCS)}, {word}"
        for page in PAGES
        for word in unlinked(page.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


def test_the_words_are_in_the_glossary() -> None:
    lines = GLOSSARY.read_text(encoding="utf-8").splitlines()
    entries = {line for line, then in pairwise(lines) if then.startswith("  ")}
    assert sorted(FORMS.keys() - entries) == []


@pytest.mark.parametrize(
    "text",
    [
        "Two arms.\n",
        "Two arms of {term}`draws <draw>`.\n",
        "# Title\n\nThe *arm*, in all arms.\n\nA {term}`arm`.",
        ":::{note}\nEach draw has its own.\n:::\n",
    ],
)
def test_a_word_without_a_link_is_found(text: str) -> None:
    assert len(list(unlinked(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Two {term}`arms <arm>`, and all arms.\n",
        "# Arms\n\nAn `arm`, [an arm](x.md), “an arm”, *an arm* and $arm$.\n",
        "```\nEach draw.\n```\n| each draw |\n",
        "It draws; they claim that it gains much.\n",
    ],
)
def test_what_is_no_first_use_is_left_alone(text: str) -> None:
    assert list(unlinked(text)) == []
