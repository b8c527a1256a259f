import json
from math import exp, log, sqrt

import pytest

from study.record.results import write_json
from study.theory.finite_width import log_norm
from study.theory.named import NAMES

from .conftest import Project

ADVICE = (
    "```{{advice}}\n:{option}: {claims}\n:where: in dense layers of one width, by Adam.\n"
    "Do *this*.\n```"
)


def test_advice_is_a_sentence_and_the_claims_it_rests_on(project: Project) -> None:
    page = project.build(ADVICE.format(option="rests-on", claims="he-halves"))
    box = page.html.select_one(".advice")
    assert page.warnings == ""
    assert box is not None
    assert box.get_text(" ", strip=True) == (
        "Do this . Where: in dense layers of one width, by Adam. Rests on: he-halves reproduced"
    )
    assert [link["href"] for link in box("a")] == ["c/he-halves/index.html"]


@pytest.mark.parametrize(
    ("option", "claims", "complaint"),
    [
        ("against", "he-halves", "he-halves is reproduced: under :against:"),
        ("rests-on", "he-halves he-words", "he-words is not tested: under :rests-on:"),
        ("rests-on", "he-doubles", "he-doubles: no such claim; choose from"),
        ("rests-on: he-halves\n:open", "he-halves", "he-halves is reproduced: under :open:"),
        ("rests-on: he-halves\n:beside", "he-halves", "he-halves is reproduced: under :beside:"),
    ],
)
def test_advice_that_has_lost_its_ground_is_an_error(
    project: Project, option: str, claims: str, complaint: str
) -> None:
    project.store("reference", [0.49, 0.50, 0.51], everything=True)
    page = project.build(ADVICE.format(option=option, claims=claims))
    assert "docs/index.md:3: ERROR" in page.warnings
    assert complaint in page.warnings


def test_evidence_that_settles_nothing_is_shown(project: Project) -> None:
    # Of three draws two lie below the printed number: by far too few to know its percentile.
    project.store("reference", [0.49, 0.50, 0.51], everything=True)
    claims = "he-halves\n:open: he-prints"
    label = "(why-it-halves)=\n## Why\n\n"  # the one that he-prints is derived at
    page = project.build(label + ADVICE.format(option="rests-on", claims=claims))
    box = page.html.select_one(".advice")
    assert page.warnings == ""
    assert box is not None
    assert box.get_text(" ", strip=True) == (
        "Do this . Where: in dense layers of one width, by Adam. "
        "Rests on: he-halves reproduced Left open: he-prints inconclusive"
    )


def test_evidence_that_depends_on_what_is_left_open_says_on_what(project: Project) -> None:
    project.store("reference", [0.49, 0.50, 0.51], everything=True)
    path = project.root / "outputs" / "reference" / "toys" / "halving" / "claims.json"
    rows = json.loads(path.read_text(encoding="utf-8"))
    (row,) = (row for row in rows if row["id"] == "he-prints")
    readings = [{"choice": "two threads", "quantity": "factor.one"}]
    row |= {"verdict": "depends", "choice": "One thread.", "readings": readings}
    write_json(path, rows)
    claims = "he-halves\n:open: he-prints"
    label = "(why-it-halves)=\n## Why\n\n"
    page = project.build(label + ADVICE.format(option="rests-on", claims=claims))
    box = page.html.select_one(".advice")
    assert page.warnings == ""
    assert box is not None
    assert box.get_text(" ", strip=True).endswith(
        "Left open: he-prints depends on: One thread; two threads"
    )


@pytest.mark.parametrize("source", ["", ":open: he-prints\n"])
def test_advice_without_ground_is_an_error(project: Project, source: str) -> None:
    project.store("reference", [0.49, 0.50, 0.51], everything=True)
    page = project.build(f"```{{advice}}\n{source}Do this.\n```")
    assert "name at least one claim under :rests-on: or :against:" in page.warnings


@pytest.mark.parametrize(
    ("box", "complaint"),
    [
        ("Do this.", "say under :where: where this holds"),
        (":where: on wide maps.\nDo this.", "he-halves departs in the kind of layer"),
        (":where: in dense layers.\nDo this.", "he-halves did not vary the optimiser"),
        (":where: 77 dense layers.\nDo this.", "77 under :where: is in none of the claims"),
    ],
)
def test_advice_that_hides_where_its_claim_departs_is_an_error(
    project: Project, box: str, complaint: str
) -> None:
    page = project.build(f"```{{advice}}\n:rests-on: he-halves\n{box}\n```")
    assert "docs/index.md:3: ERROR" in page.warnings
    assert complaint in page.warnings


def test_advice_may_name_in_its_sentence_where_its_claim_departs(project: Project) -> None:
    box = ":where: before training.\nDo this in dense {term}`layers`."
    page = project.build(f"```{{advice}}\n:rests-on: he-halves\n{box}\n```")
    assert "departs" not in page.warnings


def test_a_verdict_on_the_same_matter_may_not_be_left_out(project: Project) -> None:
    project.store("reference", [0.49, 0.50, 0.51], everything=True)
    path = project.root / "outputs" / "reference" / "toys" / "halving" / "claims.json"
    rows = json.loads(path.read_text(encoding="utf-8"))
    for row in rows:  # he-prints, which is inconclusive, is derived at the same place
        row["derivation"] = "why-it-halves"
    write_json(path, rows)
    label = "(why-it-halves)=\n## Why\n\n"
    page = project.build(label + ADVICE.format(option="rests-on", claims="he-halves"))
    assert "he-prints is inconclusive and derived where he-halves is: list it, too" in page.warnings
    claims = "he-halves\n:beside: he-prints"
    page = project.build(label + ADVICE.format(option="rests-on", claims=claims))
    box = page.html.select_one(".advice")
    assert page.warnings == ""
    assert box is not None
    assert box.get_text(" ", strip=True).endswith("On the same matter: he-prints inconclusive")


def test_the_gains_are_those_of_closed_forms(project: Project) -> None:
    page = project.build("```{gains-table}\n```")
    rows = [
        [cell.get_text(" ", strip=True) for cell in row(["th", "td"])] for row in page.html("tr")
    ]
    gains = {row[0].split()[0]: row[1:] for row in rows[1:]}
    assert page.warnings == ""
    assert list(gains) == list(NAMES)
    root = f"{sqrt(2):.4f}"
    # About the mean a ReLU of a unit Gaussian has the variance 1/2 - 1/(2 pi).
    assert gains["relu"] == [root, root, root, "1.7129", root, "1.0000", "neutral"]
    assert gains["linear"] == [*["1.0000"] * 6, "neutral"]
    assert gains["gelu"][4] == "refuses"
    assert gains["sigmoid"][2] == "4.0000"
    assert gains["tanh"][-1] == "stable"
    assert gains["silu"][-1] == "unstable"
    assert gains["bilinear"][:2] == ["1.0000", f"{sqrt(0.5):.4f}"]
    assert gains["squared_relu"][0] == f"{sqrt(2 / 3):.4f}"


def test_the_widths_are_those_of_the_law(project: Project) -> None:
    page = project.build("```{width-table}\n```")
    rows = [
        [cell.get_text(" ", strip=True) for cell in row(["th", "td"])] for row in page.html("tr")
    ]
    (row,) = (row for row in rows if row[0] == "128")
    layers = int(row[3].replace(",", ""))
    # The norm is the root of the mean square, so its logarithm drifts half as fast.
    assert exp(layers * log_norm(128).drift / 2) == pytest.approx(1e-3, rel=0.01)
    assert row[1] == f"2^{1000 * log_norm(128).drift / 2 / log(2):.1f}"


def test_the_edge_is_a_row_for_each_unstable_activation(project: Project) -> None:
    page = project.build("```{edge-table}\n```")
    rows = [
        [cell.get_text(" ", strip=True) for cell in row(["th", "td"])] for row in page.html("tr")
    ]
    assert page.warnings == ""
    edge = {row[0]: row[1:] for row in rows[1:]}
    assert edge["gelu"][:3] == ["3.56", "1.9831", "0.1729"]
    assert edge["silu"][:3] == ["14.3", "1.9880", "0.5551"]
    assert edge["squared_relu"] == ["none", "–", "–", "none", "–", "–", "–"]
    assert "tanh" not in edge
