"""What the site offers to machines."""

import json
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rocrate.rocrate import ROCrate

from study.record import citation
from study.site import exports
from study.site.library import load

from .conftest import Project

ROOT = Path(__file__).parents[2]
ATOM = {"a": exports.ATOM}


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return exports.files(load(ROOT), ["index", "c/he-halves/"], ROOT / "docs")


def test_the_crate_can_be_read_by_those_who_read_crates(
    files: dict[str, str], tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    crate = ROCrate(tmp_path)
    assert crate.name == citation.read_study(ROOT).title
    runs = [x for x in crate.get_entities() if x.type == "CreateAction"]
    assert len(runs) == len(load(ROOT).reference)
    described = {entity.id for entity in crate.data_entities}
    assert {"claims.json", "results.csv"} <= described
    assert [name for name in described if name not in files] == []
    # What is referred to is there.
    graph = json.loads(files["ro-crate-metadata.json"])["@graph"]
    ids = {entity["@id"] for entity in graph}
    assert [x.id for action in runs for x in action["instrument"] if x.id not in ids] == []


def test_the_feed_tells_of_verdicts_that_changed_the_latest_first(files: dict[str, str]) -> None:
    feed = ET.fromstring(files["changes.atom"])  # noqa: S314 - our own
    entries = feed.findall("a:entry", ATOM)
    days = [entry.findtext("a:updated", "", ATOM) for entry in entries]
    ids = [entry.findtext("a:id", "", ATOM) for entry in entries]
    assert entries
    assert days == sorted(days, reverse=True)
    assert len(set(ids)) == len(ids)
    past = load(ROOT).verdicts
    for entry in entries:
        claim, _, change = (entry.findtext("a:title", "", ATOM)).partition(": ")
        words = [step["verdict"] for step in past[claim]]
        after, _, before = change.partition(", was ")
        assert (before, after) in set(pairwise(words))


def test_the_overview_names_each_part_and_page(files: dict[str, str]) -> None:
    text = files["llms.txt"]
    assert text.startswith("# Signal Through Depth")
    for title in ("## Use it", "## The laws", "## Data"):
        assert title in text
    assert "which-initialisation.html" in text
    assert "$" not in text


def test_the_map_of_the_site_has_the_address_of_each_page(files: dict[str, str]) -> None:
    places = [place.text for place in ET.fromstring(files["sitemap.xml"]).iter() if place.text]  # noqa: S314
    site = citation.read_study(ROOT).site
    addresses = [place.strip() for place in places if place.strip()]
    assert addresses == [site, f"{site}c/he-halves/"]


def test_a_built_site_holds_every_file(project: Project) -> None:
    assert project.build("Text.").warnings == ""
    for name in ("claims.json", "claims.schema.json", "results.csv", "study.bib", "changes.atom"):
        assert (project.root / "html" / name).is_file()
    (claim,) = json.loads((project.root / "html/claims.json").read_text())["claims"]
    assert claim["address"] == "https://toys.example/c/he-halves/"
