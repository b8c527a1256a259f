"""What surrounds the text of each page."""

import struct
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from study.site import surroundings, versions

from .conftest import Project

ROOT = Path(__file__).parents[2]


def test_a_page_is_described_to_those_who_find_it_from_outside(project: Project) -> None:
    html = project.build("A first *paragraph* of it.").html
    described = {
        str(tag.get("name") or tag.get("property")): str(tag["content"])
        for tag in html.select("meta[content]")
    }
    (canonical,) = html.select("link[rel=canonical]")
    assert canonical["href"] == "https://toys.example/"
    assert described["description"] == "A first paragraph of it."
    assert described["og:title"] == "Page"
    assert described["og:image"].startswith("https://toys.example/_static/")
    (feed,) = html.select("link[type='application/atom+xml']")
    assert feed["href"] == "changes.atom"


def test_the_picture_that_is_shown_elsewhere_has_the_size_that_is_asked_for() -> None:
    content = (ROOT / "docs" / surroundings.PREVIEW).read_bytes()
    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">II", content[16:24]) == (1200, 630)


def test_the_footer_names_version_commit_and_day(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surroundings, "commit", lambda _root: ("commit 0123456", "2026-11-30"))
    assert list(surroundings.made(project.root))[1:] == ["commit 0123456", "2026-11-30"]
    assert "commit 0123456 · 2026-11-30" in project.build("Text.").html.get_text()


def test_beside_other_versions_the_footer_leads_to_their_list(project: Project) -> None:
    html = project.build("Text.", prepare=lambda app: app.tags.add("versions")).html
    (link,) = html.select("a[href='versions.html']")
    assert link.get_text() == "other versions"
    page = project.root / "html/c/he-halves/index.html"
    assert '<a href="../../versions.html">Other versions</a>' in page.read_text()


def test_a_project_without_a_history_has_no_commit(tmp_path: Path) -> None:
    assert surroundings.commit(tmp_path) == ()


def test_an_address_that_leads_nowhere_has_a_page(project: Project) -> None:
    project.build("Text.")
    page = BeautifulSoup((project.root / "html/404.html").read_text(), "html.parser")
    links = [str(link["href"]) for link in page("a")]
    assert links
    assert all(link.startswith("/") for link in links)


def test_versions_stand_side_by_side_and_the_latest_at_the_top(tmp_path: Path) -> None:
    for name in ("0.9.0", "0.10.0", "0.2.1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_text("A version.")
    (tmp_path / "0.2.1/c/dropped").mkdir(parents=True)
    (tmp_path / "0.2.1/c/dropped/index.html").write_text("A claim.")
    (tmp_path / "0.10.0/experiments").mkdir()
    for at in ("index.html", "experiments/index.html"):
        (tmp_path / "0.10.0" / at).write_text("The latest.")
    for _ in range(2):
        versions.publish(tmp_path)
    for place, up in ((tmp_path, ""), (tmp_path / "0.2.1", "../")):
        page = BeautifulSoup((place / "versions.html").read_text(), "html.parser")
        names = ["0.10.0", "0.9.0", "0.2.1"]
        assert [link.get_text() for link in page("a")] == names
        assert [link["href"] for link in page("a")] == [f"{up}{name}/index.html" for name in names]
    # What is cited without a version leads to the latest that has it.
    assert (tmp_path / "index.html").read_text() == "The latest."
    assert (tmp_path / "c/dropped/index.html").read_text() == "A claim."
