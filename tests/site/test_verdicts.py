import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl

from study.record.claims import Verdict
from study.site.library import load
from study.site.verdicts import label

from .conftest import Project

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "verdicts.md"
DECISIONS = ROOT / "docs" / "decisions.md"


def test_each_verdict_has_its_list() -> None:
    text = PAGE.read_text(encoding="utf-8")
    lists = re.findall(
        r"^\(([\w-]+)\)=\n## (.*)\n\n.*\n\n```\{verdict-claims\} (.*)", text, re.MULTILINE
    )
    assert lists == [(label(verdict), verdict.capitalize(), verdict) for verdict in Verdict]


def test_every_choice_of_claims_that_a_page_links_to_has_some() -> None:
    claims = [claim for run in load(ROOT).reference.values() for claim in run.judgements]
    there = {(claim["source"]["work"]["key"], claim["verdict"]) for claim in claims}
    choices = [
        dict(parse_qsl(choice))
        for path in sorted((ROOT / "docs").glob("*.md"))
        for choice in re.findall(r"\{study:claims\}`[^<`]*<([^>]*)>`", path.read_text("utf-8"))
    ]
    assert choices
    assert [x for x in choices if (x["source"], x["verdict"]) not in there] == []


def outdated(page: str, verdicts: Mapping[str, str]) -> list[str]:
    """Return the claims of rows that name a verdict which is theirs no longer, and not today's."""
    names = "|".join(sorted(verdicts.values(), key=len, reverse=True))
    found = []
    for row in re.findall(r"^\| \{claim\}.*$", page, re.MULTILINE):
        claims, _, became, _ = row.strip("| ").split(" | ")
        named = re.match(names, became)
        found += [
            claim
            for claim in re.findall(r"\{claim\}`([\w-]+)`", claims)
            if named and named[0] != verdicts[claim] and f"{{verdict}}`{claim}`" not in row
        ]
    return found


def test_a_decision_that_a_later_run_has_overtaken_says_what_holds_today() -> None:
    verdicts = {name: claim["verdict"] for name, (_, claim) in load(ROOT).claims.items()}
    assert outdated(DECISIONS.read_text(encoding="utf-8"), verdicts) == []


def test_a_decision_that_is_silent_about_a_later_run_is_noticed() -> None:
    row = "| {claim}`a`, {claim}`b` | - | depends, of the paper | It hangs on a rate."
    verdicts = {"a": "depends", "b": "not tested"}
    assert outdated(f"{row} |\n", verdicts) == ["b"]
    assert outdated(f"{row} Now {{verdict}}`b`. |\n", verdicts) == []


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
