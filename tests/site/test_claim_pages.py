"""The page of a claim: what it says, what it offers, and when it is made."""

import json
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from study.record.claims import Verdict
from study.record.origins import Part
from study.record.results import JOINED
from study.record.retired import Retired
from study.site import claim_pages, claims

from .conftest import Project

SECTIONS = "(what-came-first)=\n## First\n\n(why-it-halves)=\n## Why"


def folder(project: Project, claim: str = "he-halves") -> Path:
    return project.root / "html/c" / claim


def page(project: Project, claim: str = "he-halves") -> BeautifulSoup:
    return BeautifulSoup((folder(project, claim) / "index.html").read_text(), "html.parser")


def card(project: Project, claim: str = "he-halves") -> dict[str, str]:
    """Return the lines of a claim's page by their names."""
    html = page(project, claim)
    return {
        term.get_text(): " ".join(fact.get_text(" ").split())
        for term, fact in zip(html.select("dl.fields dt"), html.select("dl.fields dd"), strict=True)
    }


def test_a_page_tells_all_there_is_to_know_of_a_claim(project: Project) -> None:
    assert project.build(SECTIONS).warnings == ""
    html = page(project)
    assert html.h1 is not None
    assert html.h1.get_text() == "A | B halves."
    assert card(project) == {
        "Id": "he-halves",
        "Verdict": "reproduced",
        "What was measured": "The second moment after a layer over that before it.",
        "Number": "0.500 ± 0.057 (3 draws, data mnist)",
        "Predicted": "0.5; 0 half widths of the interval away",
        "Accepted": "0.4 to 0.6, for the whole interval",
        "Reason for this range": "Room for the draws.",
        "What the interval rests on": "Student's interval takes the numbers of the draws for "
        "Gaussian, which 3 of them cannot show.",
        "Kind": "law",
        "Source": "He et al. (2015), equation 8 ( the work itself )",
        "Remark": "Exact.",
        "What departs": "Dense layers.",
        "Not varied": "The optimiser and the width: the verdict may hang on each of them.",
        "Negative control": "Double it. nox -s run -- experiment=halving scale=control "
        "experiment.arms.one=2",
    }
    assert html.select_one("#command") is not None
    assert html.select_one("svg[aria-label='A level line.']") is not None


def test_what_was_not_tested_has_a_page_without_numbers(project: Project) -> None:
    project.store("reference", [0.49, 0.50, 0.51], everything=True)
    assert project.build(SECTIONS).warnings == ""
    told = card(project, "he-words")
    assert told["Why there is no verdict"] == "Words or history. A name cannot be measured."
    assert "Number" not in told
    assert page(project, "he-words").select_one("#rerun") is None
    assert not (folder(project, "he-words") / "data.csv").exists()


@pytest.mark.parametrize(
    ("precedes", "answer"),
    [
        (
            (),
            "The claim: band, quantity, code and settings are older than any number on record.",
        ),
        (("band",), "Numbers of it: the band changed afterwards, so the claim is exploratory."),
        (
            ("method", "settings"),
            (
                "Numbers of it: the code that measures and the settings other than seed and draws "
                "changed afterwards, so the claim is exploratory."
            ),
        ),
    ],
)
def test_a_page_says_what_came_first(
    project: Project, precedes: tuple[Part, ...], answer: str
) -> None:
    project.tell_of_the_past(precedes=precedes)
    assert project.build(SECTIONS).warnings == ""
    told = card(project)
    past = told["What came first"]
    assert past.startswith(answer)
    assert "Last changed in cccccccccccc (2026-11-21): the band, the quantity, the code" in past
    assert "An earlier run, made from aaaaaaaaaaaa" in past
    assert "0.40 ± 0.10" in past
    assert (", before the last change of the " in past) == bool(precedes)
    assert "The run that judges" in past
    assert ("exploratory" in told["Verdict"]) == bool(precedes)


def test_a_page_says_where_joined_commits_hide_what_came_first(project: Project) -> None:
    project.tell_of_the_past(precedes=(), judged_precedes=("band",))
    (project.root / "outputs" / "reference" / JOINED).write_text(
        json.dumps({"0123456789abcdef": "fedcba9876543210"})
    )
    assert project.build(SECTIONS).warnings == ""
    told = card(project)
    past = told["What came first"]
    assert past.startswith("The commit that the run was made from was joined into another, so it ")
    assert "before the last change" not in past
    assert "exploratory" in told["Verdict"]
    assert "Commit fedcba987654." in page(project).select("#text")[0].get_text()


def test_the_number_of_each_draw_can_be_taken_away(project: Project) -> None:
    project.build(SECTIONS)
    data = (folder(project) / "data.csv").read_text()
    assert data == "draw,factor.one\n0,0.49\n1,0.5\n2,0.51\n"


def test_a_page_is_described_to_those_who_find_it_from_outside(project: Project) -> None:
    project.build(SECTIONS)
    html = page(project)
    address = "https://toys.example/c/he-halves/"
    described = {str(tag.get("name")): str(tag.get("content")) for tag in html("meta")}
    (canonical,) = html.select("link[rel=canonical]")
    assert canonical["href"] == address
    assert described["description"].startswith("Claim he-halves, of He et al. (2015): reproduced.")
    assert described["citation_title"] == "A | B halves"
    authors = [tag["content"] for tag in html.select("meta[name=citation_author]")]
    assert authors == ["Ada Lovelace", "The makers of toys"]
    assert described["citation_public_url"] == address
    (script,) = html.select("script[type='application/ld+json']")
    structured: dict[str, Any] = json.loads(script.get_text())
    assert structured["@type"] == "ClaimReview"
    assert structured["reviewRating"]["alternateName"] == "reproduced"
    assert structured["about"]["value"] == pytest.approx(0.5)


def test_a_page_carries_its_citation(project: Project) -> None:
    project.build(SECTIONS)
    bibtex = (folder(project) / "cite.bib").read_text()
    (entry,) = json.loads((folder(project) / "cite.json").read_text())
    html = page(project)
    (shown,) = html.select("#bibtex")
    assert shown.get_text() == bibtex
    assert entry["URL"] == "https://toys.example/c/he-halves/"
    told = "Departs from the source: Dense layers. Not varied: the optimiser and the width. "
    assert f"{told}Commit 0123456789ab." in entry["note"]


def test_a_page_is_made_again_only_for_another_result(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def write(folder: Path, page: claim_pages.Page, _: object) -> None:
        made.append(folder.name)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.html").write_text(page.statement)

    monkeypatch.setattr(claim_pages, "write", write)
    project.build("Text.")
    project.build("Text.")
    assert made == ["he-halves"]
    project.store("reference", [0.48, 0.50, 0.52])
    project.build("Text.")
    assert made == ["he-halves", "he-halves"]


def test_the_page_of_a_claim_that_is_gone_goes_away(project: Project) -> None:
    project.store("reference", [0.49, 0.50, 0.51], everything=True)
    project.build(SECTIONS)
    assert folder(project, "he-words").is_dir()
    project.store("reference", [0.49, 0.50, 0.51])
    project.build(SECTIONS)
    assert not folder(project, "he-words").exists()
    assert folder(project).is_dir()


def test_a_retired_id_keeps_its_address(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    old = Retired(
        id="he-thirds",
        statement="A | B thirds.",
        experiment="halving",
        verdict=Verdict.CONTRADICTED,
        quantity="factor.one",
        successor="he-halves",
        why="It meant a half.",
    )
    monkeypatch.setattr(claims, "RETIRED", (old,))
    assert project.build(SECTIONS).warnings == ""
    html = page(project, "he-thirds")
    assert html.h1 is not None
    assert html.h1.get_text() == "A | B thirds."
    assert card(project, "he-thirds") == {
        "Id": "he-thirds",
        "Last verdict": "contradicted , by 0.500 ± 0.057",
        "Why it is retired": "It meant a half.",
        "Cite instead": "he-halves",
    }
    bibtex = (folder(project, "he-thirds") / "cite.bib").read_text()
    assert bibtex.startswith("@misc{signal-through-depth:he-thirds,")
    assert "retired; its last verdict: contradicted. It meant a half. Cite he-halves" in bibtex
    assert html.select("script[type='application/ld+json']") == []
    sitemap = (project.root / "html/sitemap.xml").read_text()
    assert "https://toys.example/c/he-thirds/" in sitemap
    assert html.select_one("main a[href='../he-halves/index.html']") is not None


def test_a_retired_id_has_its_old_place_on_the_sheet(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Retired(
        id="he-thirds",
        statement="A | B thirds.",
        experiment="halving",
        verdict=Verdict.CONTRADICTED,
        quantity="factor.one",
        successor=None,
        why="It meant a half.",
    )
    monkeypatch.setattr(claims, "RETIRED", (old,))
    project.build(SECTIONS)
    sheet = (project.root / "html/experiments/halving.html").read_text()
    place = BeautifulSoup(sheet, "html.parser").select_one("#he-thirds a")
    assert place is not None
    assert place["href"] == "../c/he-thirds/index.html"


def test_the_search_finds_a_claim_by_its_id(project: Project) -> None:
    project.build(SECTIONS)
    index = (project.root / "html/searchindex.js").read_text()
    assert "c/he-halves/index" in index
