"""Stored figures as a part of their page: their text is text, and one form serves both modes."""

import re
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

DIGITS = 2
"""Of what a coordinate has behind its point; a point of a figure is about a pixel."""


class picture(nodes.General, nodes.Element):  # noqa: N801 - as all nodes are named
    """A figure's drawing: the ``path`` of its file, its ``alt`` text, what its ids begin with."""


def inlined(svg: str, prefix: str, alt: str) -> str:
    """Return an SVG file of matplotlib as an element of a page.

    Each colour becomes a variable that is called like it, so that the style sheet can give it
    another value on dark pages; text is set in the fonts of the page.

    Args:
        svg: the file's content, as drawn for light pages.
        prefix: begins all ids, which must be unique in a page.
        alt: what the picture shows, in words.

    >>> inlined('<svg viewBox="0 0 9 9"><path id="a" d="M 1.23456 2" style="fill: #0072b2"/>'
    ...         "<text>0.0125</text></svg>", "halving", "A line.")
    '<svg class="picture" role="img" aria-label="A line." viewBox="0 0 9 9">\
<path id="halving-a" d="M 1.23 2" style="fill: var(--0072b2, #0072b2)"/><text>0.0125</text></svg>'
    """
    body = svg[svg.index("<svg") + len("<svg") :]
    body = re.sub(r"\s*<metadata>.*?</metadata>|\s*<style.*?</style>", "", body, flags=re.DOTALL)
    head, _, rest = body.partition(">")
    (box,) = re.findall(r'viewBox="[^"]*"', head)
    rest = re.sub(r' font-family: [^;"]*;?', "", rest)
    rest = re.sub(r"#[0-9a-f]{6}\b", lambda colour: f"var(--{colour[0][1:]}, {colour[0]})", rest)
    rest = re.sub("<[^>]*>", lambda tag: _rounded(tag[0]), rest)  # and not the text between tags
    rest = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", rest)
    return f'<svg class="picture" role="img" aria-label="{escape(alt)}" {box}>{rest.strip()}'


def _rounded(tag: str) -> str:
    """Return a tag with its coordinates rounded."""
    return re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.{DIGITS}f}", tag)


@cache
def _file(path: Path) -> str:
    """Return the content of a file, which is read once though several pages show it."""
    return path.read_text(encoding="utf-8")


def visit(self: "HTML5Translator", node: nodes.Element) -> None:
    """Write a picture into its page."""
    content = inlined(_file(Path(node["path"])), node["prefix"], node["alt"])
    self.body.append(f"{content}\n")
    raise nodes.SkipNode


def connect(app: "Sphinx") -> None:
    """Let pages hold pictures.

    Args:
        app: Sphinx, at its start.
    """
    app.add_node(picture, html=(visit, None))
    app.connect("builder-inited", lambda _: _file.cache_clear())
