"""Chapters are numbered in the order of reading, and figures by chapter, each once.

A stored figure has the number of the first chapter that shows it. Wherever else it is shown, its
caption begins with a link there. Figures of other pages have no number, and what is cited by name,
such as tables and code, has none either.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from sphinx import addnodes
from sphinx.util.nodes import make_refnode

from study.site.domain import StudyDomain

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

FOLDER = "chapters/"
"""Of the pages that are chapters."""


def chapters(env: "BuildEnvironment") -> list[str]:
    """Return the names of all chapters, in the order of the trees of pages."""

    def below(page: str) -> Iterator[str]:
        yield page
        for child in env.toctree_includes.get(page, ()):
            yield from below(child)

    return [page for page in below(env.config.root_doc) if page.startswith(FOLDER)]


def restore(app: "Sphinx", env: "BuildEnvironment") -> list[str]:
    """Give Sphinx its own numbers of last time, which it compares with those of this time.

    Args:
        app: Sphinx, once it has read all pages.
        env: what it has read.

    Returns:
        No page to write.
    """
    del app
    env.toc_fignumbers = data(env).get("numbers of Sphinx", env.toc_fignumbers)
    return []


def number(app: "Sphinx", env: "BuildEnvironment") -> list[str]:
    """Number chapters and figures.

    Args:
        app: Sphinx, once it has numbered what the pages hold.
        env: what it has read.

    Returns:
        No page to write; all are, if a number has changed.
    """
    del app
    record = data(env)
    record["numbers of Sphinx"] = deepcopy(env.toc_fignumbers)
    homes = record["homes"] = {}
    numbers: dict[str, dict[str, tuple[int, ...]]] = {}
    for at, page in enumerate(chapters(env), start=1):
        _number_title(env, page, at)
        figures = record["shown"].get(page, {})
        numbers[page] = {}
        for id_ in env.toc_fignumbers.get(page, {}).get("figure", {}):
            figure = figures.get(id_, f"{page}#{id_}")
            if figure not in homes:
                homes[figure] = page, id_
                numbers[page][id_] = (at, len(numbers[page]) + 1)
    env.toc_fignumbers = {page: {"figure": inside} for page, inside in numbers.items()}
    return []


def _number_title(env: "BuildEnvironment", page: str, number: int) -> None:
    """Let the title of a chapter have a number wherever it is listed."""
    entry = env.tocs[page].next_node(nodes.reference)
    for title in (entry, env.titles[page]):
        if title is not None:
            title["secnumber"] = (number,)


def note(app: "Sphinx", doctree: nodes.document) -> None:
    """Note which stored figures a page shows.

    Args:
        app: Sphinx, which has just read a page.
        doctree: what it has read.
    """
    figures = (figure for figure in doctree.findall(nodes.figure) if "shows" in figure)
    data(app.env)["shown"][app.env.docname] = {
        figure["ids"][0]: figure["shows"] for figure in figures
    }


def show(app: "Sphinx", doctree: nodes.document, page: str) -> None:
    """Give a chapter its number, and link figures that have theirs elsewhere to there.

    Args:
        app: Sphinx, about to write a page.
        doctree: the page, or all pages in one.
        page: its name.
    """
    inside = list(doctree.findall(addnodes.start_of_file))
    parts = {page: doctree} | {part["docname"]: part for part in inside}
    for name, part in parts.items():
        title = part.next_node(nodes.title)
        if name.startswith(FOLDER) and title is not None:
            title["secnumber"] = app.env.titles[name].get("secnumber")
    homes = data(app.env)["homes"]
    for figure in doctree.findall(nodes.figure):
        home, id_ = homes.get(figure.get("shows"), ("", ""))
        caption = figure.next_node(nodes.caption)
        if not home or caption is None or figure["ids"][0] == id_:
            continue
        chapter, count = app.env.toc_fignumbers[home]["figure"][id_]
        text = nodes.inline("", f"Fig. {chapter}.{count}")
        caption.insert(0, [make_refnode(app.builder, page, home, id_, text), nodes.Text(" ")])


def data(env: "BuildEnvironment") -> dict[str, Any]:
    """Return what is known of figures, which Sphinx keeps between builds."""
    domain = cast("StudyDomain", env.domains[StudyDomain.name])
    return domain.figures


def connect(app: "Sphinx") -> None:
    """Let chapters and figures be numbered.

    Args:
        app: Sphinx, at its start.
    """
    app.connect("doctree-read", note)
    app.connect("env-get-updated", restore, priority=100)
    app.connect("env-get-updated", number, priority=800)
    app.connect("doctree-resolved", show)
