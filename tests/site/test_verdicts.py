import re
from pathlib import Path

from study.record.claims import Verdict
from study.site.verdicts import label

from .conftest import Project

PAGE = Path(__file__).parents[2] / "docs" / "verdicts.md"


def test_each_verdict_has_its_list() -> None:
    text = PAGE.read_text(encoding="utf-8")
    lists = re.findall(
        r"^\(([\w-]+)\)=\n## (.*)\n\n.*\n\n```\{verdict-claims\} (.*)", text, re.MULTILINE
    )
    assert lists == [(label(verdict), verdict.capitalize(), verdict) for verdict in Verdict]


def test_counts_lead_to_the_lists(project: Project) -> None:
    project.store("reference", [0.4, 0.5, 0.6], everything=True)
    page = project.build(
        "```{verdict-links}\n```\n\n(why-it-halves)=\n## Why\n\n"
        "(verdict-inconclusive)=\n## Inconclusive\n\n```{verdict-claims} inconclusive\n```\n\n"
        "(verdict-not-tested)=\n## Not tested\n\n```{verdict-claims} not tested\n```\n\n"
        "(verdict-reproduced)=\n## Reproduced\n\n```{verdict-claims} reproduced\n```\n"
    )
    assert page.warnings == ""
    counts = page.html.select_one(".verdict-links")
    assert counts
    assert counts.get_text() == "3 claims: 2 inconclusive · 1 not tested"
    assert [link["href"] for link in counts("a")] == [
        "#verdict-inconclusive",
        "#verdict-not-tested",
    ]
    items = [item.get_text(" ", strip=True) for item in page.html.select("section section li")]
    assert items[0] == "A | B halves. He et al. (2015)"
    assert "None at present." in page.html.get_text()


def test_an_unknown_verdict_is_an_error_with_the_choices(project: Project) -> None:
    warnings = project.build("```{verdict-claims} proved\n```").warnings
    assert "docs/index.md:3: ERROR" in warnings
    assert "verdict: proved is none; choose from reproduced, checked" in warnings
