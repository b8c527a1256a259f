from pathlib import Path

import pytest

from study.site.teaching import minutes

from .conftest import Project

IN_SHORT = """\
```{{in-short}} {drawing}
:claims: he-halves
:needs: {{doc}}`cite`, and nothing else

One *line*.
Another.
The third.
```
"""


def test_the_box_has_three_lines_a_picture_what_to_know_and_verdicts(project: Project) -> None:
    page = project.build(IN_SHORT.format(drawing="neuron-fan-in"))
    box = page.html.select_one(".in-short")
    assert page.warnings == ""
    assert box
    told = [item.get_text(" ", strip=True) for item in box("li")]
    assert told == ["One line .", "Another.", "The third.", "he-halves reproduced"]
    assert "Before this: Cite , and nothing else" in box.get_text(" ", strip=True)
    assert box.select_one('a[href="cite.html"]')
    assert box.select_one('a[href="c/he-halves/index.html"] code')
    assert box.select_one("svg.drawing text")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("The third.\n", "", "lines: 2 are not 3"),
        (":claims: he-halves\n", "", "options: there is no claims"),
        ("he-halves", "he-halve", "he-halve: no such claim; choose from he-halves"),
        ("neuron-fan-in", "neuron-fan", "drawing: neuron-fan is none; choose from neuron-fan-in"),
    ],
)
def test_a_box_that_lacks_something_is_an_error_in_one_line(
    project: Project, old: str, new: str, message: str
) -> None:
    text = IN_SHORT.format(drawing="neuron-fan-in").replace(old, new)
    assert f"docs/index.md:3: ERROR: in-short: {message}" in project.build(text).warnings


def test_the_time_to_read_is_that_of_the_words_of_the_page(project: Project) -> None:
    text = "word " * 600 + "\n\n" + IN_SHORT.format(drawing="neuron-fan-in")
    box = project.build(text).html.select_one(".in-short .reading-time")
    assert box
    assert box.get_text().strip(" ·") == "5 minutes"


def test_code_and_directives_are_not_read() -> None:
    words = "word " * 100
    assert minutes(f"{words}\n```pycon\n{words * 3}\n```\n") == 1
    assert minutes(f"{words}\n:::{{exercise}} {words * 3}\n{words}\n:::\n") == 2


def test_a_drawing_is_a_figure_that_is_read_out(project: Project) -> None:
    page = project.build("```{drawing} halves-of-a-bell\nWhat *is* left.\n```\n")
    figure = page.html.select_one("figure.drawn")
    assert page.warnings == ""
    assert figure
    caption = figure.select_one("figcaption")
    assert caption
    assert caption.get_text(" ", strip=True).startswith("What is left.")
    picture = figure.select_one('svg[role="img"]')
    assert picture
    named = str(picture["aria-labelledby"]).split()
    assert [page.html.select(f"#{name}")[0].name for name in named] == ["title", "desc"]


def test_a_box_may_leave_the_picture_to_the_page(project: Project) -> None:
    page = project.build(IN_SHORT.format(drawing=""))
    assert page.warnings == ""
    assert page.html.select(".in-short")
    assert not page.html.select("svg.drawing")


def test_an_unknown_drawing_is_an_error_with_file_line_and_choices(project: Project) -> None:
    warnings = project.build("Text.\n\n```{drawing} halves-of-a-bel\n```").warnings
    assert "docs/index.md:5: ERROR" in warnings
    assert "halves-of-a-bel is none; choose from halves-of-a-bell" in warnings


def test_exercises_are_numbered_and_their_answers_are_folded(project: Project) -> None:
    one = "````{exercise} Halve *it*\nWhat is left?\n\n```{answer}\nA *half*.\n```\n````\n\n"
    page = project.build(one + one.replace("Halve", "Double"))
    assert page.warnings == ""
    exercises = page.html.select(".exercise")
    assert [exercise["id"] for exercise in exercises] == ["exercise-1", "exercise-2"]
    assert exercises[1].get_text(" ", strip=True).startswith("Exercise 2. Double")
    answer = exercises[0].select_one("details")
    assert answer
    assert not answer.has_attr("open")
    assert answer.get_text(" ", strip=True) == "Answer A half ."


def test_details_are_folded_under_their_title(project: Project) -> None:
    page = project.build("```{folded} How many < eight\nA *share*.\n```\n")
    assert page.warnings == ""
    details = page.html.select_one("details")
    assert details
    assert not details.has_attr("open")
    assert details.summary
    assert details.summary.get_text() == "How many < eight"
    assert details.get_text(" ", strip=True) == "How many < eight A share ."


def test_paper_shows_answers() -> None:
    sheet = Path(__file__).parents[2] / "docs" / "_static" / "study.css"
    assert "@media print { details.answer::details-content" in sheet.read_text(encoding="utf-8")


def test_a_card_asks_and_answers(project: Project) -> None:
    page = project.build(
        "```{card} What halves?\n:drawing: what-a-relu-halves\n:claims: he-halves\n"
        ":more: {doc}`Why <cite>`\n\nThe mean square.\n```\n"
    )
    card = page.html.select_one(".card")
    assert page.warnings == ""
    assert card
    lines = [part.get_text(" ", strip=True) for part in card.find_all(["p", "li"])]
    assert lines[:2] == ["What halves?", "The mean square."]
    assert lines[-1] == "Why"
    assert card.select_one("svg.drawing")
    assert card.select_one('a[href="c/he-halves/index.html"]')


def test_a_card_without_a_drawing_is_an_error(project: Project) -> None:
    text = "```{card} What halves?\n:claims: he-halves\n:more: Why\n\nIt.\n```\n"
    assert "card: options: there is no drawing" in project.build(text).warnings
