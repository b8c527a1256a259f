"""The book of the site: its parts, and pages that refer to each other within it."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from study.errors import StudyError
from study.site import book

INDEX = """
<link href="_static/study.css" rel="stylesheet"/><span class="sidebar-brand-text">The study</span>
<div class="sidebar-tree">
<ul><li><a href="method.html">Method</a></li></ul>
<p class="caption">Learn it</p>
<ul><li><a href="chapters/loss.html">1. The loss</a>
    <ul><li><a href="chapters/inner.html">Inner</a></li></ul></li>
  <li><a href="experiments/index.html">Data sheets</a></li></ul>
<p class="caption">Rerun and cite</p><ul><li><a href="api.html">API</a></li></ul>
</div>
"""
LOSS = """
<article><section id="the-loss"><h1>1. The loss<a class="headerlink" href="#the-loss">¶</a></h1>
<h2 id="low">How low</h2><p><a href="#low">here</a> <a href="../method.html">there</a>
<a href="../method.html#draws">draws</a> <a href="../experiments/halving.html#x">a number</a>
<a href="https://example.org/#a">elsewhere</a></p>
<img src="../_images/dot.png"/><svg id="drawn"></svg><details><summary>Answer</summary>4</details>
</section></article>
"""


def soup(text: str) -> BeautifulSoup:
    return BeautifulSoup(text, "html.parser")


def test_the_parts_are_the_lists_of_pages_without_what_one_looks_things_up_in() -> None:
    assert list(book.parts(soup(INDEX))) == [
        book.Part("", {"method": "Method"}),
        book.Part("Learn it", {"chapters/loss": "1. The loss"}),
    ]


def test_links_lead_within_the_book_or_to_other_sites_or_are_text() -> None:
    pages = frozenset({"method", "chapters/loss"})
    page = soup(book.chapter(soup(LOSS), "chapters/loss", pages))
    assert [(link.get_text(), link["href"]) for link in page("a")] == [
        ("here", "#chapters/loss:low"),
        ("there", "#method"),
        ("draws", "#method:draws"),
        ("elsewhere", "https://example.org/#a"),
    ]
    assert "a number" in page.get_text()
    assert {element["id"] for element in page.select("[id]")} == {
        "chapters/loss",
        "chapters/loss:the-loss",
        "chapters/loss:low",
        "drawn",
    }


def test_a_chapter_stands_below_its_part_and_shows_all_it_has() -> None:
    page = soup(book.chapter(soup(LOSS), "chapters/loss", frozenset()))
    assert [heading.get_text() for heading in page(["h1", "h2", "h3"])] == [
        "1. The loss",
        "How low",
    ]
    assert [heading.name for heading in page(["h1", "h2", "h3"])] == ["h2", "h3"]
    assert [image["src"] for image in page("img")] == ["html/_images/dot.png"]
    assert all(details.has_attr("open") for details in page("details"))


def test_a_page_without_text_is_refused() -> None:
    with pytest.raises(StudyError, match="loss: it has no text"):
        book.chapter(soup("<p>x</p>"), "loss", frozenset())


def test_the_book_has_a_cover_contents_parts_and_the_styles_of_the_site(tmp_path: Path) -> None:
    (tmp_path / "chapters").mkdir()
    (tmp_path / "index.html").write_text(INDEX)
    (tmp_path / "method.html").write_text("<article><h1>Method</h1></article>")
    (tmp_path / "chapters/loss.html").write_text(LOSS)
    page = soup(book.book(tmp_path))
    cover = page.select_one(".cover .book-title")
    assert cover is not None
    assert cover.get_text() == "The study"
    assert [style["href"] for style in page("link")] == ["html/_static/study.css"]
    assert [part.get_text() for part in page.select(".book-part")] == ["Learn it"]
    listed = [link["href"] for link in page.select(".book-contents a")]
    assert listed == ["#method", "#chapters/loss"]
    assert {chapter["id"] for chapter in page.select(".book-chapter")} == {
        "method",
        "chapters/loss",
    }


def test_without_a_browser_there_is_no_book(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StudyError, match="no Chromium to print with; install one of chromium"):
        book.print_pdf(tmp_path / "book.html", tmp_path / "book.pdf")
