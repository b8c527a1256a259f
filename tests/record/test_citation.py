"""How the study and its claims are cited."""

import re
from pathlib import Path

import pytest

from study.errors import StudyError
from study.record import citation
from study.record.results import Run, read_run

ROOT = Path(__file__).parents[2]
CLAIM = "relu-variance-ratio"
SPECIAL = re.compile(r"(?<![\\{])[&%#_]")
"""A letter that means something to LaTeX, as it stands in no text."""


@pytest.fixture(scope="module")
def run() -> Run:
    return read_run(ROOT / "outputs/reference/variance/relu_second_moment")


@pytest.fixture(scope="module")
def study() -> citation.Study:
    return citation.read_study(ROOT)


def judged(run: Run, claim: str) -> dict[str, object]:
    return next(item for item in run.judgements if item["id"] == claim)


def test_the_text_of_a_citation_can_be_read_without_its_page(
    study: citation.Study, run: Run
) -> None:
    text = citation.text(citation.of_claim(study, run, judged(run, CLAIM)))
    value = run.values["activation_variance_over_preactivation_variance.two_over_n"]
    assert text.startswith(f"{study.authors[0]} ({study.year}). A ReLU leaves ")
    for part in (CLAIM, "reproduced", f"{value.mean:.4f}", "mnist", study.version):
        assert part in text
    assert text.endswith(f"{study.site}c/{CLAIM}/")


def test_a_contradiction_is_cited_with_what_departs(study: citation.Study) -> None:
    departing = [
        citation.of_claim(study, run, claim)["note"]
        for folder in sorted((ROOT / "outputs/reference").glob("*/*/"))
        for run in [read_run(folder)]
        for claim in run.judgements
        if claim["verdict"] == "contradicted" and claim["departure"][:4] not in {"", "None"}
    ]
    assert departing
    assert all("Departs from the source: " in note for note in departing)


def test_bibtex_of_every_claim_is_of_letters_that_every_latex_reads(study: citation.Study) -> None:
    entries = {
        claim["id"]: citation.bibtex(citation.of_claim(study, run, claim))
        for folder in sorted((ROOT / "outputs/reference").glob("*/*/"))
        for run in [read_run(folder)]
        for claim in run.judgements
    }
    assert len(entries) > 500
    assert [id_ for id_, entry in entries.items() if not entry.isascii()] == []
    assert [id_ for id_, entry in entries.items() if entry.count("{") != entry.count("}")] == []
    assert [
        id_ for id_, entry in entries.items() if re.search(r"(?<![\\{])[&%#_]", fields(entry))
    ] == []


def fields(entry: str) -> str:
    """Return the text of an entry that LaTeX sets: all but its first line and its address."""
    lines = entry.splitlines()[1:]
    return "\n".join(line for line in lines if not line.lstrip().startswith("url "))


def test_letters_that_latex_lacks_are_written_out() -> None:
    entry = {
        "id": "x",
        "title": "σ² & x̄, 50 %",
        "author": [{"literal": "A"}],
        "issued": {"date-parts": [[2026]]},
        "version": "1",
        "URL": "https://a_b.example/",
    }
    written = citation.bibtex(entry)
    assert r"\ensuremath{\sigma}{\texttwosuperior} \& \ensuremath{\bar{x}}, 50 \%" in written
    assert "https://a_b.example/" in written


def test_a_stand_in_for_an_address_is_known(tmp_path: Path, study: citation.Study) -> None:
    text = (ROOT / citation.FILE).read_text(encoding="utf-8")
    (tmp_path / citation.FILE).write_text(text.replace(".example", ".org"))
    assert citation.read_study(tmp_path).published
    (tmp_path / citation.FILE).write_text(text.replace(study.site, "https://a.example/"))
    assert not citation.read_study(tmp_path).published


def test_a_field_that_is_missing_is_named(tmp_path: Path) -> None:
    text = (ROOT / citation.FILE).read_text(encoding="utf-8")
    (tmp_path / citation.FILE).write_text(text.replace("repository-code:", "repository:"))
    with pytest.raises(StudyError, match=r"CITATION\.cff: repository-code is missing"):
        citation.read_study(tmp_path)
