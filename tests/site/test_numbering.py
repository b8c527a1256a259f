"""Chapters and figures have numbers that others can cite."""

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx

from tests.site.conftest import Project

TREE = "```{toctree}\nchapters/second\nchapters/first\n```"
SHOWN = "```{result-figure} halving:level\nA line.\n```"
OTHER = "```{figure} /dot.svg\nA dot.\n```"


@pytest.fixture
def book(project: Project) -> Project:
    """Give a project with two chapters and a picture."""
    (project.root / "docs/chapters").mkdir()
    (project.root / "docs/dot.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    write(project, "first", f"# First\n\n{SHOWN}\n\n{OTHER}")
    write(project, "second", f"# Second\n\n{OTHER}\n\n{SHOWN}")
    return project


def write(project: Project, name: str, text: str) -> None:
    (project.root / f"docs/chapters/{name}.md").write_text(text)


def page(project: Project, name: str) -> BeautifulSoup:
    return BeautifulSoup((project.root / f"html/{name}.html").read_text(), "html.parser")


def captions(project: Project, name: str) -> list[str]:
    texts = page(project, name).select("figcaption p:not(.figure-links)")
    return [" ".join(text.get_text().replace("¶", "").split()) for text in texts]


def test_chapters_are_numbered_in_the_order_of_reading(book: Project) -> None:
    index = book.build(TREE)
    assert index.warnings == ""
    listed = [link.get_text() for link in index.html.select(".toctree-wrapper li.toctree-l1 a")]
    assert listed[:2] == ["1. Second", "2. First"]
    title = page(book, "chapters/first").h1
    assert title is not None
    assert title.get_text().startswith("2. First")


def test_a_figure_has_the_number_of_the_first_chapter_that_shows_it_and_leads_there(
    book: Project,
) -> None:
    book.build(f"{SHOWN}\n\n{TREE}")
    assert captions(book, "chapters/second") == ["Fig. 1.1 A dot.", "Fig. 1.2 A line."]
    assert captions(book, "chapters/first") == ["Fig. 1.2 A line.", "Fig. 2.1 A dot."]
    assert captions(book, "experiments/halving") == ["Fig. 1.2 A level line."]
    assert captions(book, "index") == ["Fig. 1.2 A line."]
    link = page(book, "chapters/first").select_one("figcaption a")
    assert link is not None
    place, _, anchor = str(link["href"]).partition("#")
    assert place == "second.html"
    home = page(book, "chapters/second").find(id=anchor)
    assert home is not None
    assert home.name == "figure"


def test_a_figure_that_no_chapter_shows_has_no_number(project: Project) -> None:
    project.build(SHOWN)
    assert captions(project, "index") == ["A line."]
    assert captions(project, "experiments/halving") == ["A level line."]


def test_another_number_is_written_wherever_it_is_shown(book: Project) -> None:
    book.build(TREE)
    write(book, "second", f"# Second\n\n{SHOWN}\n\n{OTHER}")
    assert book.build(TREE).read == ["chapters/second"]
    assert captions(book, "chapters/first") == ["Fig. 1.1 A line.", "Fig. 2.1 A dot."]
    assert captions(book, "experiments/halving") == ["Fig. 1.1 A level line."]


def test_another_sentence_lets_no_other_page_be_written(book: Project) -> None:
    book.build(TREE)
    written: list[str] = []

    def follow(app: Sphinx) -> None:
        app.connect("html-page-context", lambda _app, name, *_: written.append(name))

    write(book, "second", f"# Second\n\nMore.\n\n{OTHER}\n\n{SHOWN}")
    book.build(TREE, follow)
    assert [name for name in written if name.startswith("experiments")] == []
    assert "chapters/second" in written
