"""The real site, built as a reader builds it, but with torch forbidden."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
BUILD = """
import sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ImportError("torch is forbidden here")

sys.meta_path.insert(0, NoTorch())
from sphinx.cmd.build import main
sys.exit(main(["-n", "-W", "-q", "-E", "-d", sys.argv[2], sys.argv[1], sys.argv[3]]))
"""


def build(docs: Path, folder: Path) -> Path:
    command = [
        sys.executable,
        "-c",
        BUILD,
        str(docs),
        str(folder / "doctrees"),
        str(folder / "html"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the built site; a warning fails the build."""
    return build(ROOT / "docs", tmp_path_factory.mktemp("site"))


def pages(html: Path) -> Iterator[tuple[Path, BeautifulSoup]]:
    for path in sorted(html.rglob("*.html")):
        yield path, BeautifulSoup(path.read_text(), "html.parser")


def test_two_builds_give_the_same_bytes(html: Path, tmp_path: Path) -> None:
    again = build(ROOT / "docs", tmp_path)
    files = {path.relative_to(html) for path in html.rglob("*") if path.is_file()}
    assert files == {path.relative_to(again) for path in again.rglob("*") if path.is_file()}
    assert [
        str(path) for path in files if (html / path).read_bytes() != (again / path).read_bytes()
    ] == []


def test_no_page_asks_another_host_for_anything(html: Path) -> None:
    asked = [
        (path.name, element.get(attribute))
        for path, page in pages(html)
        for name, attribute in (
            ("script", "src"),
            ("link", "href"),
            ("img", "src"),
            ("iframe", "src"),
        )
        for element in page(name)
        if str(element.get(attribute) or "").startswith(("http:", "https:", "//"))
    ]
    assert asked == []
    for style in html.rglob("*.css"):
        assert "url(http" not in style.read_text()
        assert "@import" not in style.read_text()


def test_no_formula_is_left_as_raw_tex(html: Path) -> None:
    for path, page in pages(html):
        for formula in page.select(".math"):
            formula.decompose()
        for listing in page.select("pre, code"):
            listing.decompose()
        body = page.select_one("article")
        text = "" if body is None else body.get_text()
        assert "\\begin{" not in text, path
        assert "$$" not in text, path


def test_every_link_within_the_site_leads_somewhere(html: Path) -> None:
    anchors = {path: {e["id"] for e in page.find_all(id=True)} for path, page in pages(html)}
    dead = []
    for path, page in pages(html):
        for link in page.find_all("a", href=True):
            target, _, anchor = str(link["href"]).partition("#")
            if target.startswith(("http:", "https:", "mailto:")):
                continue
            place = Path(os.path.normpath(path.parent / target)) if target else path
            if not place.is_file() or (
                anchor and place in anchors and anchor not in anchors[place]
            ):
                dead.append((path.name, link["href"]))
    assert dead == []


def test_every_image_has_a_text_in_its_place(html: Path) -> None:
    for path, page in pages(html):
        for image in page("img"):
            assert image.get("alt"), path
            assert image["alt"] != image["src"], path
