import pytest

from .conftest import Project


@pytest.mark.parametrize(
    ("role", "shown", "target"),
    [
        (
            "{value}`halving:factor.one`",
            "0.500 ± 0.057",
            "experiments/halving.html#halving-factor-one",
        ),
        ("{setting}`halving:width`", "8", "experiments/halving.html#halving-settings"),
        ("{setting}`halving:arms.one`", "1.5", "experiments/halving.html#halving-settings"),
        ("{prediction}`he-halves`", "0.5", "c/he-halves/index.html"),
        ("{claim}`he-halves`", "he-halves", "c/he-halves/index.html"),
        ("{verdict}`he-halves`", "reproduced", "c/he-halves/index.html"),
    ],
)
def test_a_role_shows_what_is_stored_and_links_to_its_place(
    project: Project, role: str, shown: str, target: str
) -> None:
    page = project.build(f"See {role} here.")
    link = page.html.select_one("section > p a.reference.internal")
    assert page.warnings == ""
    assert link is not None
    assert link.get_text() == shown
    assert link["href"] == target


@pytest.mark.parametrize(
    ("role", "told"),
    [
        ("{value}`halving:factor.two`", "no such value of halving; choose from factor.one"),
        ("{value}`doubling:factor.one`", "no such experiment with results; choose from halving"),
        ("{value}`halving`", "write it as experiment:key"),
        ("{setting}`halving:widht`", "no such setting of halving; choose from width"),
        ("{setting}`halving:width.x`", "no such setting of halving; choose from none"),
        ("{prediction}`he-halve`", "no such claim; choose from he-halves"),
        ("{verdict}`x`", "no such claim; choose from he-halves"),
    ],
)
def test_a_wrong_key_is_an_error_with_file_line_and_choices(
    project: Project, role: str, told: str
) -> None:
    page = project.build(f"First line.\n\nSee {role} here.")
    assert "docs/index.md:5: ERROR" in page.warnings
    assert told in page.warnings


def test_a_page_is_read_again_when_a_number_it_quotes_has_changed(project: Project) -> None:
    text = "See {value}`halving:factor.one` here."
    project.build(text)
    project.store("reference", [0.29, 0.30, 0.31])
    page = project.build(text)
    assert "0.300 ± 0.057" in page.html.get_text()


def test_without_a_reference_the_readers_own_run_is_shown(project: Project) -> None:
    (project.root / "outputs/reference").rename(project.root / "outputs/latest")
    page = project.build("See {value}`halving:factor.one` here.")
    assert page.warnings == ""
    assert "0.500 ± 0.057" in page.html.get_text()
