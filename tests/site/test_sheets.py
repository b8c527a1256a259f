from bs4 import BeautifulSoup

from .conftest import Project


def test_old_addresses_of_a_claim_lead_to_its_line_and_from_there_to_its_page(
    project: Project,
) -> None:
    page = project.build("Text.")
    html = (project.root / "html/experiments/halving.html").read_text()
    place = BeautifulSoup(html, "html.parser").select_one("td #he-halves")
    assert page.warnings == ""
    assert place is not None
    assert [link["href"] for link in place("a")] == ["../c/he-halves/index.html"]


def test_a_sheet_says_whether_origins_are_still_to_be_derived(project: Project) -> None:
    def claims() -> str:
        project.build("Text.")
        html = (project.root / "html/experiments/halving.html").read_text()
        return BeautifulSoup(html, "html.parser").select("section#verdicts")[0].get_text(" ")

    assert "is not yet worked out" in claims()
    project.tell_of_the_past(precedes=())
    assert "is not yet worked out" not in claims()


def test_a_sheet_holds_title_values_files_settings_code_and_provenance(project: Project) -> None:
    project.build("Text.")
    html = (project.root / "html/experiments/halving.html").read_text()
    sheet = BeautifulSoup(html, "html.parser")
    assert sheet.h1 is not None
    assert sheet.h1.get_text().startswith("What halves")
    downloads = {link.get_text() for link in sheet.select("a.download")}
    assert {"samples.csv", "layers.csv", "claims.json", "config.json"} <= downloads
    for anchor in ("data", "settings", "code", "provenance"):
        assert sheet.find(id=f"halving-{anchor}") is not None
    assert sheet.find(id="halving-factor-one") is not None
    assert "All of it." in sheet.get_text()


def test_every_value_stands_in_the_table_with_its_half_width_and_draws(project: Project) -> None:
    page = project.build("```{value-table} halving\n```")
    rows = [[cell.get_text() for cell in row("td")] for row in page.html("tr")[1:]]
    # The draws have the standard deviation 0.01: 9.925 * 0.01 / √3. For two in three, Wilson has
    # the probabilities from 0.14 to 0.96.
    assert rows == [
        ["factor.one", "0.500 ± 0.057", "3"],
        ["percentile.factor.one", "0.67 ± 0.52", "3"],
    ]


def test_a_run_of_the_readers_own_is_marked_and_counts_for_nothing(project: Project) -> None:
    (project.root / "outputs/reference").rename(project.root / "outputs/latest")
    page = project.build("```{verdict-counts}\n```\n\n```{claim-table}\n```")
    sheet = (project.root / "html/experiments/halving.html").read_text()
    assert page.warnings == ""
    assert "reproduced" not in page.html.get_text()
    assert "he-halves" not in page.html.get_text()
    assert "No reference is committed" in sheet
    claim = (project.root / "html/c/he-halves/index.html").read_text()
    assert "Do not cite it." in claim


def test_a_run_that_outlives_its_experiment_is_left_out(project: Project) -> None:
    (project.root / "study/experiments/toys/halving/method.py").unlink()
    project.build("Text.")
    assert not (project.root / "docs/experiments/halving.md").exists()


def test_a_sheet_that_stays_the_same_is_not_written_again(project: Project) -> None:
    project.build("Text.")
    sheet = project.root / "docs/experiments/halving.md"
    before = sheet.stat().st_ino
    project.build("Text.")
    assert sheet.stat().st_ino == before


def test_the_sheet_of_an_experiment_without_results_goes_away(project: Project) -> None:
    project.build("Text.")
    (project.root / "outputs/reference").rename(project.root / "outputs/elsewhere")
    project.build("Text.")
    assert not (project.root / "docs/experiments/halving.md").exists()
