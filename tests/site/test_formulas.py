import pytest
from bs4 import BeautifulSoup

from study.site.formulas import FormulaError, set_formula
from tests.site.conftest import Project


def test_a_formula_is_set_for_the_eye_and_for_a_screen_reader() -> None:
    page = BeautifulSoup(set_formula(r"\frac{1}{n} = x^2"), "html.parser")
    assert [part.name for part in page.select("math mfrac > *, math msup > *")] == [
        "mn",
        "mi",
        "mi",
        "mn",
    ]
    shown = page.select_one(".katex-html")
    assert shown is not None
    assert shown["aria-hidden"] == "true"
    assert shown.select(".mfrac")


def test_only_a_formula_on_lines_of_its_own_is_set_as_display() -> None:
    assert "katex-display" in set_formula("x", display=True)
    assert "katex-display" not in set_formula("x")


@pytest.mark.parametrize("tex", [r"\fraq{1}{2}", "{x", r"\begin{aligned} x", "é"])
def test_a_formula_that_katex_cannot_read_or_finds_doubtful_is_refused(tex: str) -> None:
    with pytest.raises(FormulaError, match=r"KaTeX|LaTeX") as error:
        set_formula(tex)
    assert str(error.value).startswith(f"{tex}: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (r"Some words.\n\nThen {math}`\fraq{1}{2}`.", 5),
        ("Some words.\n\nMore.\n\n```{math}\n\\fraq{1}{2}\n```", 7),
    ],
)
def test_a_wrong_formula_is_a_warning_with_page_and_line(
    project: Project, text: str, line: int
) -> None:
    page = project.build(text.replace(r"\n", "\n"))
    assert f"index.md:{line}: WARNING: \\fraq{{1}}{{2}}: KaTeX parse error" in page.warnings


def test_a_numbered_formula_shows_its_number_beside_it(project: Project) -> None:
    page = project.build("```{math}\n:label: area\nx^2\n```\n\nSee {eq}`area`.")
    assert page.warnings == ""
    number = page.html.select_one("div.math#equation-area > .katex-display + .eqno")
    assert number is not None
    assert number.get_text().startswith("(1)")
