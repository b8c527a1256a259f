"""What surrounds the text of every page: how it is found and shown from outside, and its footer."""

import posixpath
import re
import textwrap
from functools import cache
from html import escape, unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from docutils import nodes
from markupsafe import Markup
from sphinx.builders.html import StandaloneHTMLBuilder

from study import __version__
from study.errors import StudyError
from study.record import citation
from study.record.git import git
from study.record.results import write_text
from study.site.library import load
from study.site.templates import template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx

LENGTH = 300
"""Of a description, in characters; search engines show about half of it."""
VERSIONS = "versions.html"
"""The page that lists the versions of the site, at its top and in each of them."""
PREVIEW = "_static/preview.png"
"""The picture that is shown where a page is linked to, of 1200 by 630 pixels."""


def shortened(text: str) -> str:
    """Return a text that is not too long for a description, and ends with a word.

    >>> shortened("one  two"), len(shortened("word " * 100)) <= LENGTH
    ('one two', True)
    """
    return textwrap.shorten(text, LENGTH, placeholder="…")


def describe(
    app: "Sphinx",
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Tell those outside what a page is, and its reader which version it is of.

    Args:
        app: Sphinx, about to write a page.
        pagename: the page.
        templatename: of no matter here.
        context: what its template is given.
        doctree: the page; None if it is made of no text.
    """
    del templatename
    library = load(Path(app.srcdir, app.config.study_root))
    study = library.study
    address = study.site + address_of(pagename)
    title = _plain(context.get("title") or study.title)
    description = "" if doctree is None else shortened(first_paragraph(doctree))
    lines = [f'<link rel="canonical" href="{escape(address)}">']
    if description:
        lines.append(f'<meta name="description" content="{escape(description)}">')
    properties = preview(study, title, description or study.abstract, address, "website")
    lines += [
        f'<meta property="{name}" content="{escape(content)}">'
        for name, content in properties.items()
    ]
    feed = posixpath.relpath("changes.atom", posixpath.dirname(pagename) or ".")
    lines.append(f'<link rel="alternate" type="application/atom+xml" href="{feed}">')
    context["metatags"] = context.get("metatags", "") + "\n".join(lines)
    facts = [context.get("copyright", ""), *made(library.root)]
    if "versions" in app.tags:
        place = posixpath.relpath(VERSIONS, posixpath.dirname(pagename) or ".")
        facts.append(Markup('<a href="{}">other versions</a>').format(place))
    context["copyright"] = Markup(" · ").join(facts)


def address_of(page: str) -> str:
    """Return the one address that a page is known by, from the address of the site on.

    Args:
        page: its name; one that ends in a slash is an address already.

    >>> address_of("index"), address_of("gains"), address_of("c/he-halves/")
    ('', 'gains.html', 'c/he-halves/')
    """
    return page if page.endswith("/") else "" if page == "index" else f"{page}.html"


def preview(
    study: citation.Study, title: str, description: str, address: str, kind: str
) -> dict[str, str]:
    """Return what is shown where somebody links to a page, by property.

    Args:
        study: how the study is cited.
        title: of the page.
        description: of the page.
        address: of the page.
        kind: ``website`` or ``article``.
    """
    return {
        "og:type": kind,
        "og:site_name": study.title,
        "og:title": title,
        "og:description": description,
        "og:url": address,
        "og:image": f"{study.site}{PREVIEW}",
    }


def _plain(title: str) -> str:
    """Return a title without its tags."""
    return unescape(re.sub(r"<[^>]*>", "", title))


def first_paragraph(doctree: nodes.document) -> str:
    """Return the first paragraph of a page that is running text."""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section | nodes.document):
            return " ".join(paragraph.astext().split())
    return ""


def made(root: Path) -> "Iterator[str]":
    """Yield of what the site was made: version, commit and the day of that commit."""
    yield f"version {__version__}"
    yield from commit(root)


@cache
def commit(root: Path) -> tuple[str, ...]:
    """Return the commit and its day; nothing where there is no history.

    Args:
        root: the project's folder.
    """
    try:
        line = git(root, "log", "-1", "--format=commit %h|%cs").decode()
    except StudyError:
        return ()
    return tuple(line.strip().split("|"))


def write_not_found(app: "Sphinx", exception: Exception | None) -> None:
    """Write the page that a server shows for an address that leads nowhere.

    It is shown at any depth, so its links begin at the root of the server.

    Args:
        app: Sphinx, after all.
        exception: what stopped it.
    """
    if exception is not None or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    study = load(Path(app.srcdir, app.config.study_root)).study
    text = template("not_found.html").render(
        root=urlsplit(study.site).path, project=app.config.project
    )
    write_text(Path(app.outdir, "404.html"), text)


def connect(app: "Sphinx") -> None:
    """Let every page be described, and addresses that lead nowhere have a page.

    Args:
        app: Sphinx, at its start.
    """
    app.connect("html-page-context", describe)
    app.connect("build-finished", write_not_found)
