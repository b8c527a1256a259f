from bs4 import BeautifulSoup

from .conftest import CLAIM, Project


def card(*lines: str) -> str:
    """Write the card of the project's claim with a note on some of its lines."""
    notes = "\n".join(f"{line}: Of {line}, *so*." for line in lines)
    return f"```{{annotated-card}} {CLAIM.id}\n{notes}\n```"


def on_the_card(project: Project) -> list[str]:
    """Return the names of the lines of the card, from the claim's own page."""
    project.build("Text.")
    html = (project.root / "html/c/he-halves/index.html").read_text()
    terms = BeautifulSoup(html, "html.parser").select("dl.fields dt")
    return ["Statement", *(term.get_text() for term in terms)]


def test_each_line_of_a_card_leads_to_its_note(project: Project) -> None:
    lines = on_the_card(project)
    page = project.build(card(*lines))
    assert page.warnings == ""
    marks = page.html.select(".annotated > dl > dt a")
    notes = [page.html.select_one(str(mark["href"])) for mark in marks]
    assert [note and note.get_text(" ", strip=True) for note in notes] == [
        f"{line}. Of {line}, so ." for line in lines
    ]
    assert "0.500 ± 0.057" in page.html.select(".annotated dd")[4].get_text()


def test_notes_and_lines_of_a_card_must_match(project: Project) -> None:
    lines = on_the_card(project)
    fewer, more = card(*lines[:-1]), card(*lines, "Colour")
    assert f"he-halves: there is no note on {lines[-1]}" in project.build(fewer).warnings
    assert "Colour: not on the card of he-halves" in project.build(more).warnings


def test_an_unknown_claim_has_no_card(project: Project) -> None:
    page = project.build("```{annotated-card} he-thirds\n```")
    assert "he-thirds: no such claim; choose from he-halves" in page.warnings
