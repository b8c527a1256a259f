"""The site as one book: ``python -m study.site.book HTML PDF``, which ``nox -s book`` calls.

It takes the pages of a built site in the order of the tree beside them, with its captions as parts,
and lets Chromium print them. Data sheets and the API are left out, as they are to look things up.
"""

import os
import posixpath
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from study import __version__
from study.errors import StudyError

LEFT_OUT = ("api", "explore", "experiments")
"""Begin the names of pages that are no part of the book."""
UNPRINTED = ".headerlink, .copybtn, script, noscript, .skip-to-content"
"""What of a page is for the screen alone."""
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

BOOK = """\
<!DOCTYPE html>
<html lang="en-GB"><head><meta charset="utf-8"><title>{title}</title>
{styles}
</head><body class="book">
<section class="cover"><p class="book-title">{title}</p>
<p>What weight initialisation does to a signal, derived, measured and judged.</p>
<p>{author}</p><p>Version {version}</p></section>
<nav class="book-contents"><h1>Contents</h1>{contents}</nav>
{parts}
</body></html>
"""


@dataclass(frozen=True)
class Part:
    """A part of the book: its title, and the names and titles of its pages."""

    title: str
    pages: dict[str, str]


def parts(index: BeautifulSoup) -> Iterator[Part]:
    """Yield the parts of the book: the lists of pages beside the first page of the site."""
    title = ""
    for element in index.select(".sidebar-tree > p.caption, .sidebar-tree > ul"):
        if element.name == "p":
            title = element.get_text().strip()
            continue
        links = element.select(":scope > li > a")
        pages = {str(link["href"]).removesuffix(".html"): link.get_text() for link in links}
        inside = {name: text for name, text in pages.items() if not name.startswith(LEFT_OUT)}
        if inside:
            yield Part(title, inside)


def chapter(html: BeautifulSoup, page: str, pages: frozenset[str]) -> str:
    """Return the text of a page as a chapter of the book.

    Args:
        html: the page.
        page: its name.
        pages: the names of all pages of the book, to which links lead within it.

    Raises:
        StudyError: if the page has no text.
    """
    body = html.select_one("article [role=main], article#furo-main-content, article")
    if body is None:
        raise StudyError(f"{page}: it has no text")
    for element in body.select(UNPRINTED):
        element.decompose()
    for element in body.select("[id]"):
        if element.find_parent("svg") is None and element.name != "svg":
            element["id"] = f"{page}:{element['id']}"
    for details in body.select("details"):
        details["open"] = ""
    for image in body.select("img[src]"):
        image["src"] = f"html/{posixpath.normpath(posixpath.join(page, '..', str(image['src'])))}"
    for link in body.select("a[href]"):
        _lead(link, page, pages)
    for level in range(5, 0, -1):
        for heading in body.select(f"h{level}"):
            heading.name = f"h{level + 1}"
    return f'<section class="book-chapter" id="{page}">{body.decode_contents()}</section>'


def _lead(link: Tag, page: str, pages: frozenset[str]) -> None:
    """Let a link lead within the book or to another site; else only its text is left."""
    target, _, anchor = str(link["href"]).partition("#")
    if target.startswith(("http:", "https:", "mailto:")):
        return
    address = posixpath.normpath(posixpath.join(page, "..", target)) if target else f"{page}.html"
    name = address.removesuffix(".html")
    if name in pages:
        link["href"] = f"#{name}:{anchor}" if anchor else f"#{name}"
    else:
        link.name = "span"
        del link["href"]


def book(html: Path) -> str:
    """Return the whole book as one page.

    Args:
        html: the folder of the built site, of which the page must be a neighbour.
    """
    index = _parsed(html / "index.html")
    inside = list(parts(index))
    pages = frozenset(name for part in inside for name in part.pages)
    styles = index.select('link[rel="stylesheet"]')
    for style in styles:
        style["href"] = f"html/{style['href']}"
    texts, contents = [], []
    for part in inside:
        listed = "".join(f'<li><a href="#{x}">{text}</a></li>' for x, text in part.pages.items())
        if part.title:
            contents.append(f"<h2>{part.title}</h2>")
            texts.append(f'<section class="book-part"><h1>{part.title}</h1></section>')
        contents.append(f"<ul>{listed}</ul>")
        texts += [chapter(_parsed(html / f"{name}.html"), name, pages) for name in part.pages]
    brand = index.select_one(".sidebar-brand-text")
    author = index.select_one(".copyright")
    return BOOK.format(
        title="" if brand is None else brand.get_text(),
        author="" if author is None else " ".join(author.get_text().split()),
        version=__version__,
        styles="\n".join(map(str, styles)),
        contents="".join(contents),
        parts="\n".join(texts),
    )


def _parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def chromium() -> str | None:
    """Return the path of this machine's Chromium, or None where there is none."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


def print_pdf(page: Path, pdf: Path) -> None:
    """Let Chromium print a page, with an outline of its headings.

    Raises:
        StudyError: if there is no Chromium.
    """
    path = chromium()
    if path is None:
        raise StudyError(f"no Chromium to print with; install one of {', '.join(CHROMIUM)}")
    options = ["--headless", "--no-pdf-header-footer", "--generate-pdf-document-outline"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--no-sandbox")  # it refuses to run as root with one
    command = [path, *options, f"--print-to-pdf={pdf}", page.resolve().as_uri()]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - the browser found above


def main() -> None:
    """Write the book beside the built site, and print it."""
    html, pdf = map(Path, sys.argv[1:])
    page = html.parent / "book.html"
    page.write_text(book(html), encoding="utf-8")
    print_pdf(page, pdf)


if __name__ == "__main__":
    main()
