"""One letter for one thing: what docs/notation.md promises, held on every chapter."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

CHAPTERS = Path(__file__).parents[1] / "docs" / "chapters"

SHAPE = r"\$,? (?:of|has|have|in)(?: the)? shapes? "
SHAPES = "m, n|n, n|n', n|n_l, n_{l-1}|m_l, n_l|10, n"
RULES: Mapping[str, re.Pattern[str]] = {
    "weights are W, of shape (fan_out, fan_in)": re.compile(
        rf"\$(?:w|w_[^$]*|W\^[^$]*){SHAPE}|\$W[^$]*{SHAPE}(?!\$\((?:{SHAPES}))"
    ),
    "a batch has B images": re.compile(r"\$[nmRN]\$ (?:independent |standardised )?images"),
    "the loss is ℒ": re.compile(r"\bloss \$L"),
    "the depth is L": re.compile(r"\$[dDN]\$ layers|\bdepth \$[dDNn]\$"),
}


def offences(text: str) -> Iterator[str]:
    """Yield the promises that a page breaks, each with what breaks it."""
    for promise, rule in RULES.items():
        for match in rule.finditer(text):
            yield f"{promise}: {match[0]}"


def test_one_letter_means_one_thing() -> None:
    texts = {page.stem: page.read_text(encoding="utf-8") for page in CHAPTERS.glob("*.md")}
    assert {name: broken for name, text in texts.items() if (broken := list(offences(text)))} == {}


@pytest.mark.parametrize(
    "line",
    [
        "with $w$ of shape $(n, m)$",
        "$W^i$ has shape $(n_i, n_{i+1})$",
        "with $W$ of shape $(m, k)$",
        "for $n$ images",
        "the loss $L$ falls",
        "a network of $d$ layers",
    ],
)
def test_another_letter_is_found(line: str) -> None:
    assert len(list(offences(line))) == 1


@pytest.mark.parametrize(
    "line",
    [
        "with $W$ of shape $(m, n)$, and $W_l$ of shape $(n', n)$",
        "$X$ has the shape $(B, n)$ for $B$ images",
        "the loss $\\mathcal L$ after $L$ layers",
    ],
)
def test_the_letters_of_the_page_pass(line: str) -> None:
    assert list(offences(line)) == []
