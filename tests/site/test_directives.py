import pytest

from study.theory.sources import WORKS

from .conftest import Project

HE = "He et al. (2015)"


def test_the_claim_table_has_six_cells_in_each_row_even_with_a_bar_in_the_statement(
    project: Project,
) -> None:
    page = project.build("```{claim-table}\n```")
    rows = [[cell.get_text(" ", strip=True) for cell in row("td")] for row in page.html("tr")]
    assert page.warnings == ""
    assert rows[1:] == [["A | B halves.", "reproduced", "0.500 ± 0.057", "0.5", "0.4 to 0.6", HE]]


def test_the_claim_table_of_an_unknown_experiment_is_an_error_with_file_and_line(
    project: Project,
) -> None:
    page = project.build("```{claim-table} doubling\n```")
    assert "docs/index.md:3: ERROR" in page.warnings
    assert "doubling: no such experiment with results; choose from halving" in page.warnings


def test_a_claim_table_can_show_some_claims_of_an_experiment(project: Project) -> None:
    project.store("reference", [0.4, 0.5, 0.6], everything=True)
    every, some = (
        project.build(f"(why-it-halves)=\n## Why\n\n```{{claim-table}} halving\n{option}```")
        for option in ("", ":claims: he-halves\n")
    )
    assert every.warnings == some.warnings == ""
    assert len(every.html("tr")) > len(some.html("tr")) == 2


def test_a_claim_of_another_experiment_is_an_error_with_choices(project: Project) -> None:
    page = project.build("```{claim-table} halving\n:claims: he-halve\n```")
    assert "he-halve is none of them; choose from he-halves" in page.warnings


def test_the_counts_name_each_verdict_there_is(project: Project) -> None:
    assert counted(project) == [
        ["Findings and laws of others, without a history yet", "1", "1 reproduced"]
    ]
    project.tell_of_the_past(precedes=())
    assert counted(project) == [
        ["Findings and laws of others, set before any number on record", "1", "1 reproduced"]
    ]


def test_the_counts_tell_kinds_apart_and_count_quantities(project: Project) -> None:
    project.store("reference", [0.4, 0.5, 0.6], everything=True)
    assert counted(project) == [
        ["Findings and laws of others, without a history yet", "1", "1 inconclusive"],
        ["Printed numbers of unseeded code", "1", "1 inconclusive"],
        ["Statements without a verdict", "1", "1 not tested"],
    ]


def counted(project: Project) -> list[list[str]]:
    rows = project.build("```{verdict-counts}\n```").html("tr")[1:]
    return [[cell.get_text(" ", strip=True) for cell in row("td")] for row in rows]


def test_exploratory_claims_are_marked_and_counted_apart(project: Project) -> None:
    project.tell_of_the_past(precedes=("band",))
    page = project.build(
        "(what-came-first)=\n## First\n\n```{verdict-counts}\n```\n\n```{claim-table}\n```\n\n"
        "```{verdict-table}\n```\n\n(claims-of-he-2015)=\n## He\n"
    )
    assert page.warnings == ""
    counts, verdicts, works = (
        [cell.get_text() for cell in row("td")] for row in page.html("tr")[1::2]
    )
    assert counts == ["Findings and laws of others, exploratory", "1", "1 reproduced"]
    assert verdicts[1] == "reproduced exploratory"
    assert works[1:] == ["0 + 1"]


def test_a_figure_has_its_picture_and_its_links(project: Project) -> None:
    page = project.build("```{result-figure} halving:level\nThe line of $f$.\n```")
    figure = page.html.select_one("figure")
    assert page.warnings == ""
    assert figure is not None
    (picture,) = figure("svg")
    assert picture["aria-label"] == "A level line."
    assert [text.get_text() for text in picture("text")] == ["level"]
    assert len(figure("figcaption")) == 1
    links = {link.get_text(): str(link["href"]) for link in figure("a")}
    assert links["layers.csv"].startswith("_downloads/")
    assert links["values.json"].startswith("_downloads/")
    for part in ("code", "settings", "provenance"):
        assert links[part.capitalize()] == f"experiments/halving.html#halving-{part}"
    commands = [code.get_text() for code in figure("code")]
    assert "nox -s draw -- halving" in commands
    assert "nox -s run -- experiment=halving" in commands


def test_a_figure_needs_no_caption(project: Project) -> None:
    page = project.build("```{result-figure} halving:level\n```")
    assert page.warnings == ""
    assert page.html.select_one("figcaption p.figure-links, .legend p.figure-links") is not None


def test_an_unknown_figure_is_an_error_with_the_choices(project: Project) -> None:
    page = project.build("```{result-figure} halving:slope\nCaption.\n```")
    assert "docs/index.md:3: ERROR" in page.warnings
    assert "slope: no such figure of halving; choose from level" in page.warnings


def test_the_comparison_without_a_run_says_how_to_make_one(project: Project) -> None:
    page = project.build("```{rerun-comparison}\n```")
    assert page.warnings == ""
    assert "There is no run of yours of halving" in page.html.get_text()
    assert "nox -s run -- experiment=halving" in page.html.get_text()


@pytest.mark.parametrize(
    ("samples", "number", "verdict", "agrees"),
    [
        ([0.49, 0.50, 0.51], "0.500 ± 0.057", "reproduced", "yes"),
        ([0.79, 0.80, 0.81], "0.800 ± 0.057", "contradicted", "no"),
        ([0.40, 0.50, 0.60], "0.50 ± 0.57", "inconclusive", "undecided"),
    ],
)
def test_the_comparison_sets_a_run_beside_the_reference(
    project: Project, samples: list[float], number: str, verdict: str, agrees: str
) -> None:
    project.store("latest", samples)
    page = project.build("```{rerun-comparison}\n```")
    cells = [cell.get_text(strip=True) for cell in page.html("td")]
    assert cells == ["he-halves", number, verdict, "0.500 ± 0.057", "reproduced", agrees]
    assert "in the same setting" in page.html.get_text()


def test_in_another_setting_only_verdicts_are_compared(project: Project) -> None:
    project.store("latest", [0.539, 0.540, 0.541], width=9)
    page = project.build("```{rerun-comparison}\n```")
    assert [cell.get_text(strip=True) for cell in page.html("td")][-1] == "yes"
    assert "only verdicts are compared: width: 9, not 8." in page.html.get_text()


def test_a_comparison_appears_once_there_is_a_run(project: Project) -> None:
    text = "```{rerun-comparison}\n```"
    project.build(text)
    project.store("latest", [0.49, 0.50, 0.51])
    assert "yes" in [cell.get_text() for cell in project.build(text).html("td")]


def test_every_source_has_an_anchor(project: Project) -> None:
    project.build("Text.")
    html = (project.root / "html/cite.html").read_text()
    for work in WORKS:
        assert f'id="source-{work.key}"' in html


LINES = """
(why-it-halves)=
## Why it halves

```{source-lines}
he-prints
he-words

he-halves
```
"""


def test_lines_of_a_source_say_what_its_code_gives_and_why(project: Project) -> None:
    project.store("reference", [0.49, 0.50, 0.51], everything=True)
    page = project.build(LINES)
    assert page.warnings == ""
    table = page.html.select_one("table.lines")
    assert table is not None
    rows = [[" ".join(cell.get_text().split()) for cell in row("td")] for row in table("tr")[1:]]
    printed, wording, halves = rows
    assert printed[0] == "The factor is 0.505. a line of output"
    assert printed[1].startswith("0.5, deviation 0.01 over 3 draws; below the printed number in 66")
    assert printed[3] == "An ordinary draw. Derived in Why it halves."
    assert wording[1:] == ["-", "not tested", "A name cannot be measured. See he-halves."]
    assert halves[1:] == ["0.500 ± 0.057 factor.one", "reproduced", "Exact."]
    assert table.select_one("a[href='c/he-halves/index.html'] code") is not None


def test_a_line_of_an_unknown_claim_is_an_error(project: Project) -> None:
    page = project.build("```{source-lines}\nhe-doubles\n```")
    assert "he-doubles: no such claim; choose from he-halves" in page.warnings


def test_the_table_of_verdicts_counts_by_work(project: Project) -> None:
    project.store("reference", [0.49, 0.50, 0.51], everything=True)
    claims = "(claims-of-he-2015)=\n## He\n\n```{claim-table}\n:work: he-2015\n```\n"
    page = project.build(f"{LINES}\n```{{verdict-table}}\n```\n\n{claims}")
    assert page.warnings == ""
    _, counts, claimed = page.html("table")
    (row,) = counts("tr")[1:]
    assert [cell.get_text(strip=True) for cell in row("td")] == [
        "He et al. (2015)",
        *("1", "1", "1"),
    ]
    assert len(claimed("tr")) == 4


def test_the_claims_of_an_unknown_work_are_an_error(project: Project) -> None:
    page = project.build("```{claim-table}\n:work: he-2016\n```")
    assert "he-2016: no such work; choose from lecun-1998, cho-saul-2009" in page.warnings


def test_a_label_that_is_nowhere_is_told(project: Project) -> None:
    project.store("reference", [0.49, 0.50, 0.51], everything=True)
    assert "why-it-halves" in project.build("Text.").warnings


CODE = '''"""A module."""

class Half:
    """A half.

    It has a line of text.
    """

    share = 1 / 2

    def of(self, x: float) -> float:
        """Return it."""
        # A comment stays.
        return x * self.share

    class Deep:
        """Deeper."""
'''


def test_code_is_shown_without_its_docstrings_and_with_its_comments(project: Project) -> None:
    (project.root / "study" / "halves.py").write_text(CODE)
    page = project.build("```{source-code} study.halves:Half.of\n```")
    (block,) = page.html("pre")
    shown = "def of(self, x: float) -> float:\n    # A comment stays.\n    return x * self.share"
    assert block.get_text().strip() == shown
    assert "study.halves.Half.of" in page.html.get_text()
    whole = project.build("```{source-code} study.halves:Half\n```").html("pre")[0].get_text()
    assert whole.startswith("class Half:\n    share = 1 / 2\n\n    def of")


def test_code_of_an_experiment_leads_to_its_sheet(project: Project) -> None:
    (project.root / "study/experiments/toys/halving/method.py").write_text(CODE)
    page = project.build("```{source-code} study.experiments.toys.halving.method:Half\n```")
    assert page.warnings == ""
    assert page.html.select_one("a[href='experiments/halving.html#halving-code']") is not None


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("study.thirds:Half", "study.thirds: no such module"),
        ("study.halves:Third", "Third: not in study.halves"),
        ("study.halves:Half.third", "Half.third: not in study.halves"),
    ],
)
def test_code_that_is_not_there_is_an_error(project: Project, what: str, told: str) -> None:
    (project.root / "study" / "halves.py").write_text(CODE)
    assert told in project.build(f"```{{source-code}} {what}\n```").warnings
