"""What holds of the built site, whoever looks at it."""

import ast
import gc
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from sphinx.util.inventory import InventoryFile

from tests.site.building import BUILT, ROOT, build


@pytest.fixture(scope="module")
def html() -> Path:
    """Return the built site."""
    return build(BUILT)


@pytest.fixture(scope="module")
def pages(html: Path) -> Iterator[dict[Path, BeautifulSoup]]:
    """Give all pages, parsed once; no test changes them."""
    gc.disable()  # to look through what stays, again and again, takes as long as to parse it
    parsed = {path: BeautifulSoup(path.read_text(), "html.parser") for path in html.rglob("*.html")}
    gc.freeze()
    gc.enable()
    yield parsed
    gc.unfreeze()


@pytest.mark.full
def test_two_builds_from_nothing_give_the_same_bytes_as_each_other_and_as_many_small_ones(
    html: Path, tmp_path: Path
) -> None:
    one, other = build(tmp_path / "one"), build(tmp_path / "other")
    assert contents(one) == contents(other)
    many = {name: page for name, page in contents(html).items() if name.endswith(".html")}
    assert many == {name: page for name, page in contents(one).items() if name.endswith(".html")}


def contents(folder: Path) -> dict[str, str]:
    """Return a digest of each file in a folder, by its name there."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_every_claim_is_an_entry_of_the_inventory_on_its_own_page(
    html: Path,
) -> None:
    inventory = InventoryFile.loads((html / "objects.inv").read_bytes(), uri="")
    places = {name: item.uri for name, item in inventory.data["study:claim"].items()}
    judged = (ROOT / "outputs" / "reference").glob("*/*/claims.json")
    expected = {
        claim["id"]: f"c/{claim['id']}/index.html"
        for path in judged
        for claim in json.loads(path.read_text())
    }
    assert {id_: places.get(id_) for id_ in expected} == expected


def test_every_public_module_function_and_class_is_on_the_pages_of_the_api(html: Path) -> None:
    inventory = InventoryFile.loads((html / "objects.inv").read_bytes(), uri="")
    kinds = ("module", "function", "class", "exception", "attribute", "data")
    described = {name for kind in kinds for name in inventory.data[f"py:{kind}"]}
    public = {name for path in (ROOT / "study").rglob("*.py") for name in names(path)}
    assert public - described == set()


def names(path: Path) -> Iterator[str]:
    """Yield a module and what it defines, unless it is private or an experiment's own."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts[-1] == "__init__":
        parts = parts[:-1]
    if path.with_name("method.py").exists() or parts[-1].startswith("_"):
        return
    yield ".".join(parts)
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield ".".join((*parts, node.name))


def test_no_page_asks_another_host_for_anything(
    html: Path, pages: dict[Path, BeautifulSoup]
) -> None:
    asked = [
        (path.name, element.get(attribute))
        for path, page in pages.items()
        for name, attribute in (
            ("script", "src"),
            ("link", "href"),
            ("img", "src"),
            ("iframe", "src"),
        )
        for element in page(name)
        if element.get("rel") != ["canonical"]  # says where the page is, and loads nothing
        if str(element.get(attribute) or "").startswith(("http:", "https:", "//"))
    ]
    assert asked == []
    for style in html.rglob("*.css"):
        assert "url(http" not in style.read_text()
        assert "@import" not in style.read_text()


def test_every_formula_is_set_and_none_is_left_as_raw_tex(
    pages: dict[Path, BeautifulSoup],
) -> None:
    for path, page in pages.items():
        assert all(formula.math for formula in page.select(".math")), path
        body = page.select_one("article")
        text = "" if body is None else prose(body)
        assert "\\begin{" not in text, path
        assert "$$" not in text, path


def prose(body: Tag) -> str:
    """Return the text of a page without its formulas and its code."""
    apart = {id(inside) for part in body.select(".math, pre, code") for inside in part.descendants}
    return "".join(text for text in body.strings if id(text) not in apart)


def test_every_link_within_the_site_leads_somewhere(pages: dict[Path, BeautifulSoup]) -> None:
    anchors = {path: {e["id"] for e in page.find_all(id=True)} for path, page in pages.items()}
    dead = []
    for path, page in pages.items():
        for link in page.find_all("a", href=True):
            target, _, anchor = str(link["href"]).partition("#")
            target = target.partition("?")[0]
            if target.startswith(("http:", "https:", "mailto:")) or path.name == "404.html":
                continue
            place = Path(os.path.normpath(path.parent / target)) if target else path
            if not place.is_file() or (
                anchor and place in anchors and anchor not in anchors[place]
            ):
                dead.append((path.name, link["href"]))
    assert dead == []


def test_every_image_has_a_text_in_its_place(pages: dict[Path, BeautifulSoup]) -> None:
    for path, page in pages.items():
        for image in page("img"):
            assert image.get("alt"), path
            assert image["alt"] != image["src"], path
