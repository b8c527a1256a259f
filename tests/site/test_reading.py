import pytest

from .conftest import CLAIM, Project

LINES = (
    "Statement",
    "Id",
    "Verdict",
    "Source",
    "Remark",
    "Measured",
    "Predicted",
    "Reason for the band",
    "What departs",
    "What would change the verdict",
    "To cite",
)


def card(*lines: str) -> str:
    """Write the card of the project's claim with a note on some of its lines."""
    notes = "\n".join(f"{line}: Of {line}, *so*." for line in lines)
    return f"```{{annotated-card}} {CLAIM.id}\n{notes}\n```"


def test_each_line_of_a_card_leads_to_its_note(project: Project) -> None:
    page = project.build(card(*LINES))
    assert page.warnings == ""
    marks = page.html.select(".annotated > dl > dt a")
    notes = [page.html.select_one(str(mark["href"])) for mark in marks]
    assert [note and note.get_text(" ", strip=True) for note in notes] == [
        f"{line}. Of {line}, so ." for line in LINES
    ]
    assert "0.500 ± 0.057" in page.html.select(".annotated dd")[5].get_text()


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (LINES[:-1], "he-halves: there is no note on To cite"),
        ((*LINES, "Colour"), "Colour: not on the card of he-halves"),
    ],
)
def test_notes_and_lines_of_a_card_must_match(
    project: Project, lines: tuple[str, ...], line: str
) -> None:
    assert line in project.build(card(*lines)).warnings


def test_an_unknown_claim_has_no_card(project: Project) -> None:
    page = project.build("```{annotated-card} he-thirds\n```")
    assert "he-thirds: no such claim; choose from he-halves" in page.warnings
