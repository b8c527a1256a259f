"""Document nodes that roles and directives share: links, badges, tables."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from docutils import nodes
from docutils.nodes import Node
from sphinx import addnodes

from study.record.claims import Verdict
from study.record.results import Run

LIST = "claims"
"""The page that lists all claims."""

Cell: TypeAlias = str | Sequence[Node]


def link(kind: str, target: str, *content: Node, docname: str) -> addnodes.pending_xref:
    """Link to an object of the domain ``study``, wherever it stands; Sphinx tells an unknown one.

    Args:
        kind: its type.
        target: its name.
        content: what is clicked.
        docname: the page that the link is on.
    """
    inner = nodes.inline("", "", *content, classes=["xref"])
    return addnodes.pending_xref(
        "", inner, refdoc=docname, refdomain="study", reftype=kind, reftarget=target, refwarn=True
    )


def section_link(label: str, text: str = "", *, docname: str) -> addnodes.pending_xref:
    """Link to a section by its label.

    Args:
        label: of the section.
        text: what is clicked; the section's title if it is empty.
        docname: the page that the link is on.
    """
    return addnodes.pending_xref(
        "",
        nodes.inline("", text or label, classes=["xref"]),
        refdoc=docname,
        refdomain="std",
        reftype="ref",
        reftarget=label.lower(),
        refexplicit=bool(text),
        refwarn=True,
    )


def chosen(choice: str, text: str, page: str) -> nodes.reference:
    """Link to the claims of a choice.

    Args:
        choice: as the address of the list holds it.
        text: what is clicked.
        page: the name of the page that the link is on.
    """
    place = posixpath.relpath(f"{LIST}.html", posixpath.dirname(page) or ".")
    return nodes.reference("", text, refuri=f"{place}?{choice}", internal=True)


def markup(text: str) -> nodes.raw:
    """Return a piece of a page that is written as HTML."""
    return nodes.raw("", text, format="html")


def enclosed(start: str, content: Sequence[Node], end: str) -> list[Node]:
    """Put nodes between two pieces of HTML, which open and close an element."""
    return [markup(start), *content, markup(end)]


def badge(verdict: str) -> nodes.inline:
    """Return a verdict with its colour; the word alone says it all."""
    return nodes.inline(verdict, verdict, classes=["verdict", f"verdict-{colour(verdict)}"])


def colour(verdict: str) -> str:
    """Return the name of the colour of a verdict."""
    word = Verdict(verdict)
    # A misprint, or what holds with a correction, disagrees as it is worded, and is no error.
    return "excused" if word in {Verdict.CORRECTED, Verdict.MISPRINT} else word.outcome


def exploratory(*content: Node) -> nodes.inline:
    """Return the word for a claim of which numbers are on record from before its last change.

    Args:
        content: what shows the word, if it is more than text.
    """
    words = content or (nodes.Text("exploratory"),)
    return nodes.inline("", "", *words, classes=["verdict", "exploratory"])


def judged(run: Run, claim: Mapping[str, Any]) -> list[Node]:
    """Return the verdict of a claim as badges: the word, and *exploratory* where it is."""
    late = [nodes.Text(" "), exploratory()] if run.exploratory(claim["id"]) else []
    return [badge(claim["verdict"]), *late]


def code(text: str) -> nodes.literal:
    """Return text set as code."""
    return nodes.literal(text, text)


def command(text: str) -> nodes.literal_block:
    """Return a command line, in a box that copies it."""
    return nodes.literal_block(text, text, language="console", classes=["command"])


def table(
    headings: Sequence[str], rows: Sequence[Sequence[Cell]], *, classes: str = ""
) -> nodes.table:
    """Build a table; its first column heads its rows.

    Args:
        headings: one per column.
        rows: the cells of each row, as text or as inline nodes.
        classes: of the table, for the style sheet.
    """
    group = nodes.tgroup("", cols=len(headings))
    group += [nodes.colspec("", colwidth=1) for _ in headings]
    group += nodes.thead("", _row(headings))
    group += nodes.tbody("", *map(_row, rows))
    return nodes.table("", group, classes=classes.split())


def _row(cells: Sequence[Cell]) -> nodes.row:
    entries = []
    for cell in cells:
        content = [nodes.Text(cell)] if isinstance(cell, str) else cell
        entries.append(nodes.entry("", nodes.paragraph("", "", *content)))
    return nodes.row("", *entries)


def paragraph(*content: Node) -> list[Node]:
    """Return inline content as a paragraph, where a list of nodes is asked for."""
    return [nodes.paragraph("", "", *content)]


def definitions(pairs: Iterator[tuple[str, list[Node]]]) -> nodes.definition_list:
    """Return names and their contents as a list of definitions."""
    result = nodes.definition_list(classes=["fields"])
    for name, content in pairs:
        term, definition = nodes.term("", name), nodes.definition("", *content)
        result += nodes.definition_list_item("", term, definition)
    return result
