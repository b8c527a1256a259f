"""Document nodes that roles and directives share: links, badges, tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from docutils import nodes
from docutils.nodes import Node
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

from study.record.claims import Verdict
from study.record.results import Run

Cell: TypeAlias = str | Sequence[Node]


def link(target: str, *content: Node, docname: str) -> addnodes.pending_xref:
    """Link to a label, wherever it stands; an unknown one is reported by Sphinx.

    Args:
        target: the label.
        content: what is clicked.
        docname: the page that the link is on.
    """
    inner = nodes.inline("", "", *content, classes=["xref"])
    # Of no domain: the standard one would keep only the text of what is clicked.
    return addnodes.pending_xref(
        "", inner, refdoc=docname, refdomain="", reftype="result", reftarget=target, refwarn=True
    )


def resolve(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.TextElement
) -> nodes.reference | None:
    """Turn a link made by :func:`link` into a reference, once all labels are known."""
    labels = env.domains.standard_domain.anonlabels
    if node["reftype"] != "result" or node["reftarget"].lower() not in labels:
        return None
    docname, anchor = labels[node["reftarget"].lower()]
    return make_refnode(app.builder, node["refdoc"], docname, anchor, content)


def badge(verdict: str) -> nodes.inline:
    """Return a verdict with its colour; the word alone says it all."""
    slug = Verdict(verdict).replace(" ", "-")
    return nodes.inline(verdict, verdict, classes=["verdict", f"verdict-{slug}"])


def exploratory() -> nodes.inline:
    """Return the word for a claim of which numbers are on record from before its last change."""
    return nodes.inline("", "exploratory", classes=["verdict", "exploratory"])


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
