"""What pages can cite by name, in this site and from others."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.util.inventory import InventoryFile

from .conftest import Project

SHEET, PAGE = "experiments/halving.html", "c/he-halves/index.html"
CONF = """
extensions = ["sphinx.ext.intersphinx", "study.site.domain"]
intersphinx_mapping = {{"depth": ("https://depth.example", {inventory!r})}}
"""
CITING = """\
Another site
============

It cites :study:claim:`he-halves`, :study:value:`halving:factor.one`,
:study:value:`the factor <halving:factor.one>`, :study:experiment:`halving`
and :external+depth:study:work:`he-2015`.
"""


def build(source: Path, *options: str) -> str:
    """Build a site as its reader does; return what it complains of."""
    command = [sys.executable, "-m", "sphinx", "-n", "-q", *options, str(source)]
    done = subprocess.run(
        [*command, str(source / "html")], capture_output=True, text=True, check=True
    )
    return done.stderr


def test_claims_values_experiments_and_works_are_typed_entries_of_the_inventory(
    project: Project,
) -> None:
    project.build("Text.")
    inventory = InventoryFile.loads((project.root / "html/objects.inv").read_bytes(), uri="")
    objects = {kind: inventory.data[f"study:{kind}"] for kind in ("claim", "value", "experiment")}
    assert {
        (kind, name, item.uri) for kind, all_ in objects.items() for name, item in all_.items()
    } == {
        ("claim", "he-halves", PAGE),
        ("value", "halving:factor.one", f"{SHEET}#halving-factor-one"),
        ("value", "halving:percentile.factor.one", f"{SHEET}#halving-percentile-factor-one"),
        ("experiment", "halving", SHEET),
    }
    assert inventory.data["study:work"]["he-2015"].uri == "cite.html#source-he-2015"


def test_another_site_cites_a_claim_and_a_number_by_name(project: Project, tmp_path: Path) -> None:
    project.build("Text.")
    other = tmp_path / "other"
    other.mkdir()
    inventory = str(project.root / "html/objects.inv")
    (other / "conf.py").write_text(CONF.format(inventory=inventory))
    (other / "index.rst").write_text(CITING)
    assert build(other) == ""
    page = BeautifulSoup((other / "html/index.html").read_text(), "html.parser")
    assert {link.get_text(): link["href"] for link in page.select("a.reference.external")} == {
        "he-halves": f"https://depth.example/{PAGE}",
        "0.500 ± 0.057": f"https://depth.example/{SHEET}#halving-factor-one",
        "the factor": f"https://depth.example/{SHEET}#halving-factor-one",
        "halving": f"https://depth.example/{SHEET}",
        "he-2015": "https://depth.example/cite.html#source-he-2015",
    }
    (other / "index.rst").write_text(CITING.replace("he-halves", "he-thirds"))
    warned = build(other)
    assert "other/index.rst:4: WARNING: he-thirds: no such claim" in warned


def test_a_site_in_markdown_needs_no_extension_of_ours(project: Project, tmp_path: Path) -> None:
    project.build("Text.")
    other = tmp_path / "other"
    other.mkdir()
    conf = CONF.format(inventory=str(project.root / "html/objects.inv"))
    (other / "conf.py").write_text(conf.replace("study.site.domain", "myst_parser"))
    (other / "index.md").write_text("# Another site\n\nIt cites [the claim](inv:#he-halves).\n")
    assert build(other) == ""
    link = BeautifulSoup((other / "html/index.html").read_text(), "html.parser").select_one("p a")
    assert link is not None
    assert link["href"] == f"https://depth.example/{PAGE}"


@pytest.mark.parametrize(
    ("reference", "shown", "target"),
    [
        ("{study:claim}`he-halves`", "he-halves", PAGE),
        ("{study:claim}`it halves <he-halves>`", "it halves", PAGE),
        ("{study:value}`halving:factor.one`", "halving:factor.one", f"{SHEET}#halving-factor-one"),
        ("{study:experiment}`halving`", "halving", SHEET),
        ("{any}`he-halves`", "he-halves", PAGE),
    ],
)
def test_a_page_refers_to_an_object_as_to_any_other_of_sphinx(
    project: Project, reference: str, shown: str, target: str
) -> None:
    page = project.build(f"See {reference} here.")
    link = page.html.select_one("section > p a.reference.internal")
    assert page.warnings == ""
    assert link is not None
    assert (link.get_text(), link["href"]) == (shown, target)


@pytest.mark.parametrize("role", ["claim", "study:claim"])
def test_an_unknown_claim_is_a_warning_with_file_line_and_near_names(
    project: Project, role: str
) -> None:
    page = project.build(f"First line.\n\nSee {{{role}}}`he-halve` here.")
    assert (
        "docs/index.md:5: WARNING: he-halve: no such claim; choose from he-halves [ref.claim]"
        in page.warnings
    )


def test_a_link_of_a_claim_that_leads_nowhere_is_told_with_its_page(
    project: Project,
) -> None:
    (project.root / "docs/cite.md").write_text("# Cite\n")
    warnings = project.build("Text.").warnings
    assert "WARNING: he-2015: no such work; choose from none" in warnings


def test_an_object_that_two_pages_hold_is_told(project: Project) -> None:
    warnings = project.build("First line.\n\n```{value-table} halving\n```").warnings
    assert (
        "docs/index.md:5: WARNING: duplicate value halving:factor.one, "
        "also on page experiments/halving" in warnings
    )


def test_an_object_is_forgotten_with_its_page(project: Project) -> None:
    cited = "See {claim}`he-halves` here."
    assert project.build(cited).warnings == ""
    (project.root / "outputs/reference").rename(project.root / "outputs/elsewhere")
    assert "he-halves: no such claim; choose from none" in project.build(cited).warnings


def test_pages_that_many_processes_read_are_the_pages_that_one_reads(project: Project) -> None:
    docs = project.root / "docs"
    cited = "{claim}`he-halves` {value}`halving:factor.one`"
    for at in range(5):  # Sphinx reads no less than six pages in parallel
        (docs / f"page_{at}.md").write_text(f"---\norphan: true\n---\n# Page {at}\n\n{cited}\n")
    (docs / "conf.py").write_text('extensions = ["myst_parser", "study.site"]\n')
    (docs / "index.md").write_text(
        f"# Start\n\n{cited}\n\n```{{toctree}}\nexperiments/index\ncite\n```\n"
    )
    pages = []
    for processes in ("2", "1"):
        assert build(docs, "-j", processes) == ""
        pages.append({path.name: path.read_text() for path in (docs / "html").rglob("*.html")})
        shutil.rmtree(docs / "html")
    assert pages[0] == pages[1]
    assert PAGE in pages[0]["page_4.html"]
