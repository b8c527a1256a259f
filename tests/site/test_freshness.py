"""What a build reads and writes again, and what it leaves as it is."""

import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from study.record.results import write_json
from study.site import freshness

from .conftest import SVG, Project

SHOWN = "{value}`halving:factor.one`"
SHEET = "experiments/halving"
EVERYTHING = """
{value}`halving:factor.one` {claim}`he-halves` {verdict}`he-halves` {prediction}`he-halves`

```{verdict-counts}
```

```{claim-table}
```

```{result-figure} halving:level
A level line.
```

```{rerun-comparison}
```

```{gains-table}
```
"""


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_two_builds_from_nothing_give_the_same_bytes(project: Project) -> None:
    assert project.build(EVERYTHING).warnings == ""
    first = files(project.root / "html")
    shutil.rmtree(project.root / "html")
    shutil.rmtree(project.root / "doctrees")
    project.build(EVERYTHING)
    assert files(project.root / "html") == first


def test_a_build_after_which_nothing_changed_reads_nothing(project: Project) -> None:
    everything = project.build(SHOWN).read
    assert set(everything) == {"index", "cite", "experiments/index", SHEET}
    assert project.build(SHOWN).read == []


def test_another_sentence_lets_one_page_be_read(project: Project) -> None:
    project.build("A sentence.")
    assert project.build("Another sentence.").read == ["index"]


def test_another_result_lets_the_pages_be_read_that_show_it(project: Project) -> None:
    before = project.build(SHOWN)
    other = project.root / "html/cite.html"
    written = other.stat().st_mtime_ns
    project.store("reference", [0.59, 0.60, 0.61])
    after = project.build(SHOWN)
    assert set(after.read) == {"index", SHEET}
    assert other.stat().st_mtime_ns == written
    assert "0.500" in before.html.get_text()
    assert "0.600" in after.html.get_text()


def test_a_run_of_the_readers_own_lets_the_sheet_be_read_once_it_is_there(
    project: Project,
) -> None:
    project.build("Text.")
    project.store("latest", [0.49, 0.50, 0.51])
    assert project.build("Text.").read == [SHEET]
    assert "Your run of halving" in (project.root / "html/experiments/halving.html").read_text()


def test_another_figure_lets_the_sheet_be_read(project: Project) -> None:
    project.build("Text.")
    figures = project.root / "outputs/reference/toys/halving/figures"
    html = project.root / "html/experiments/halving.html"
    (figures / "level.txt").write_text("A steep line.\n")
    assert project.build("Text.").read == [SHEET]
    assert "A steep line." in html.read_text()
    (figures / "level.svg").write_text(SVG.replace("level", "slope"))
    assert project.build("Text.").read == [SHEET]
    assert ">slope</text>" in html.read_text()


def test_of_a_renamed_experiment_nothing_is_left_under_its_old_name(project: Project) -> None:
    project.build("```{claim-table}\n```")
    for folder in ("study/experiments", "outputs/reference"):
        place = project.root / folder / "toys"
        (place / "halving").rename(place / "splitting")
    settings = project.root / "conf/experiment/toys"
    (settings / "halving.yaml").rename(settings / "splitting.yaml")
    page = project.build("```{claim-table}\n```")
    html = project.root / "html/experiments"
    assert page.warnings == ""
    assert {path.name for path in html.iterdir()} == {"index.html", "splitting.html"}
    link = page.html.select_one("td a")
    assert link is not None
    assert link["href"] == "c/he-halves/index.html"


def test_what_shows_a_result_that_is_gone_is_an_error(project: Project) -> None:
    project.build(SHOWN)
    (project.root / "outputs/reference").rename(project.root / "outputs/elsewhere")
    assert "halving: no such experiment with results" in project.build(SHOWN).warnings


def test_a_build_that_warned_warns_again(project: Project) -> None:
    wrong = "{value}`halving:factor.two`"
    first = project.build(wrong).warnings
    assert "factor.two: no such value of halving" in first
    assert project.build(wrong).warnings == first
    assert project.build(SHOWN).warnings == ""


def test_another_title_is_written_wherever_it_is_shown(project: Project) -> None:
    (project.root / "docs/cite.md").write_text("# Cite\n\n{ref}`here`\n\n```{source-list}\n```\n")
    project.build("(here)=\n## One title")
    page = project.build("(here)=\n## Other title")
    assert page.read == ["index"]
    assert "Other title" in (project.root / "html/cite.html").read_text()


def test_the_search_knows_the_entries_of_pages_that_are_not_written_again(
    project: Project,
) -> None:
    entry = "```{index} pair: halves; wholes\n```"
    (project.root / "docs/cite.md").write_text(f"# Cite\n\n{entry}\n\n```{{source-list}}\n```\n")
    index = project.root / "html/searchindex.js"
    # In words that other pages have, too: of one that is gone Sphinx keeps an empty list.
    project.build("One sentence.")
    project.build("The sentence.")
    in_two_builds = index.read_text()
    shutil.rmtree(project.root / "html")
    shutil.rmtree(project.root / "doctrees")
    project.build("The sentence.")
    assert '"halves":[[' in in_two_builds
    assert in_two_builds == index.read_text()


def test_other_code_lets_every_page_be_read(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = project.build(SHOWN).read
    monkeypatch.setattr(freshness, "MAKERS", ("numpy",))
    assert project.build(SHOWN).read == everything


def test_the_version_of_the_code_changes_with_modules_and_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf, source = tmp_path / "docs/conf.py", tmp_path / "record.py"
    conf.parent.mkdir()
    conf.write_text("numfig = True\n")
    source.write_text("DIGITS = 6\n")
    module = ModuleType("study.record.made_up")
    module.__file__ = str(source)
    without = freshness.code_version(conf)
    monkeypatch.setitem(sys.modules, "study.record.made_up", module)
    first = freshness.code_version(conf)
    source.write_text("DIGITS = 7\n")
    second = freshness.code_version(conf)
    conf.write_text("numfig = False\n")
    third = freshness.code_version(conf)
    (tmp_path / "CITATION.cff").write_text("url: https://toys.example/\n")
    assert len({without, first, second, third, freshness.code_version(conf)}) == 5


def test_another_history_of_a_claim_is_shown(project: Project) -> None:
    page = project.root / "html/c/he-halves/index.html"
    project.build(SHOWN)
    assert "Accepted so far" not in page.read_text()
    steps = [{"date": f"2026-11-2{day}", "commit": "a" * 40, "band": f"≥ {day}"} for day in (1, 2)]
    write_json(project.root / "outputs/reference/bands.json", {"he-halves": steps})
    project.build(SHOWN)
    assert "<p>≥ 1, 2026-11-21</p>" in page.read_text()
