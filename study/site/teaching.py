"""Directives that pages teach with: drawings, cards, exercises, what is in short or folded."""

import re
from collections.abc import Iterator, Sequence
from html import escape
from math import ceil
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.nodes import Node
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from study.drawings import DRAWINGS
from study.drawings.canvas import Drawing
from study.errors import StudyError
from study.site.from_results import FromResults
from study.site.library import Library, choices
from study.site.nodes import code, enclosed, judged, markup

WORDS_A_MINUTE = 150
"""Of a text with formulas."""
LINES = 3
"""Of what is in short."""


def minutes(source: str) -> int:
    """Return how long a page of Markdown takes to read, in minutes, from the number of its words.

    Code, and what only tells the site what to do, are not read; a formula counts by its symbols.

    >>> minutes("word " * 160)
    2
    """
    text = re.sub(r"^([ >]*)(`{3,}).*?^\1\2 *$", "", source, flags=re.MULTILINE | re.DOTALL)
    lines = (
        line for line in text.splitlines() if not re.match(r"\s*(:{3,}|`{3,}|:\w[\w-]*:)", line)
    )
    return ceil(len(" ".join(lines).split()) / WORDS_A_MINUTE)


def drawing(name: str) -> Drawing:
    """Return a drawing by its name.

    Raises:
        StudyError: if there is none of this name.

    >>> drawing("neuron-fan-in").title
    'A neuron and its fan_in'
    """
    if name not in DRAWINGS:
        raise StudyError(f"drawing: {name} is none; choose from {choices(name, DRAWINGS)}")
    return DRAWINGS[name]()


class DrawingFigure(SphinxDirective):
    """``drawing name``: a drawing by code, with what it shows below it; a figure with a number."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[Node]:
        """Return the figure, or report that there is no such drawing."""
        name = self.arguments[0]
        figure = nodes.figure(classes=["drawn"])
        figure["names"].append(nodes.make_id(f"{self.env.docname}-{name}"))
        self.state.document.note_implicit_target(figure)
        try:
            figure += inlined(drawing(name), f"{figure['names'][0]}-figure")
        except StudyError as error:
            raise self.error(f"{self.name}: {error}") from None
        text, messages = self.parse_inline(" ".join(self.content), lineno=self.content_offset + 1)
        if text:
            figure += nodes.caption("", "", *text)
        self.set_source_info(figure)
        return [figure, *messages]


class InShort(FromResults):
    """``in-short [drawing]``: what a chapter says: three lines, verdicts, and maybe a picture.

    Its options are the ``claims`` whose verdicts stand there, and what one ``needs`` to know first.
    """

    optional_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {
        "claims": directives.unchanged_required,
        "needs": directives.unchanged_required,
    }

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the box."""
        lines = [(at, line) for at, line in enumerate(self.content, start=1) if line.strip()]
        if len(lines) != LINES:
            raise StudyError(f"lines: {len(lines)} are not {LINES}")
        self.check_options()
        box = nodes.container(classes=["in-short"])
        source = Path(self.env.doc2path(self.env.docname)).read_text(encoding="utf-8")
        box += nodes.paragraph(
            "",
            "",
            nodes.strong("", "In short"),
            nodes.inline("", f" · {minutes(source)} minutes", classes=["reading-time"]),
        )
        box += [inlined(drawing(name), self.anchor(name)) for name in self.arguments]
        summary = nodes.bullet_list("", bullet="-")
        for at, line in lines:
            summary += nodes.list_item("", self.inline(line.strip(), at))
        box += summary
        box += self.inline(f"*Before this:* {self.options['needs']}", 0)
        box += self.verdicts(library, self.options["claims"].split())
        yield box

    def anchor(self, name: str) -> str:
        """Return what the ids in a drawing begin with, also where all pages are one."""
        return nodes.make_id(f"{self.env.docname}-{self.name}-{name}")

    def check_options(self) -> None:
        """Ask for every option."""
        if missing := [name for name in self.option_spec if name not in self.options]:
            raise StudyError(f"options: there is no {' and no '.join(missing)}")

    def verdicts(self, library: Library, claims: Sequence[str]) -> nodes.bullet_list:
        """Return a list of claims with their verdicts, each a link to the claim's card."""
        items = nodes.bullet_list("", bullet="-", classes=["verdicts"])
        for claim in claims:
            run, judgement = library.claim(claim)
            self.use(run)
            label = [self.link("claim", claim, code(claim)), nodes.Text(" ")]
            items += nodes.list_item("", nodes.paragraph("", "", *label, *judged(run, judgement)))
        return items

    def inline(self, text: str, at: int) -> nodes.paragraph:
        """Return a line of the box as a paragraph, with what was wrong in it."""
        content, messages = self.parse_inline(text, lineno=self.content_offset + at)
        return nodes.paragraph("", "", *content, *messages)


class Card(InShort):
    """``card question``: an answer with its picture, its verdicts and one link.

    Its options are the ``drawing``, the ``claims`` and the link to ``more``.
    """

    optional_arguments = 0
    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {
        "drawing": directives.unchanged_required,
        "claims": directives.unchanged_required,
        "more": directives.unchanged_required,
    }

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the card."""
        self.check_options()
        name = self.options["drawing"]
        card = nodes.container(classes=["card"])
        card += self.inline(f"**{self.arguments[0]}**", 0)
        card += inlined(drawing(name), self.anchor(name))
        card += self.inline(" ".join(self.content), 1)
        card += self.verdicts(library, self.options["claims"].split())
        card += self.inline(self.options["more"], 0)
        yield card


class Exercise(SphinxDirective):
    """``exercise title``: something to work out; exercises of a page have numbers."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[Node]:
        """Return the exercise."""
        at = self.env.new_serialno("exercise") + 1
        exercise = nodes.container(classes=["exercise"], ids=[f"exercise-{at}"])
        title, messages = self.parse_inline(f"**Exercise {at}. {self.arguments[0]}**")
        exercise += nodes.paragraph("", "", *title)
        exercise += self.parse_content_to_nodes()
        self.set_source_info(exercise)
        return [exercise, *messages]


class Answer(SphinxDirective):
    """``answer``: what comes out of an exercise or a lesson, folded up until it is asked for."""

    has_content = True

    def run(self) -> list[Node]:
        """Return the answer."""
        return folded("Answer", self.parse_content_to_nodes())


class Folded(SphinxDirective):
    """``folded TITLE``: details that most readers can leave out, folded up under a title."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[Node]:
        """Return the details."""
        return folded(self.arguments[0], self.parse_content_to_nodes())


def folded(title: str, content: Sequence[Node]) -> list[Node]:
    """Fold nodes up under a title."""
    start = f'<details class="answer"><summary>{escape(title)}</summary>'
    return enclosed(start, content, "</details>")


def inlined(drawing: Drawing, anchor: str) -> nodes.raw:
    """Return a drawing as a part of the page, which gives it its colours."""
    return markup(drawing.svg(anchor))


DIRECTIVES = {
    "drawing": DrawingFigure,
    "in-short": InShort,
    "card": Card,
    "exercise": Exercise,
    "answer": Answer,
    "folded": Folded,
}
