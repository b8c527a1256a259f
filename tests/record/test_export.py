"""The whole study in two files."""

import csv
import io
import json
from copy import deepcopy
from math import inf, nan
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from study.record import citation, export
from study.record.estimates import Estimate
from study.record.results import Run, read_run
from study.site import exports

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    return [
        read_run(path.parent) for path in sorted(ROOT.glob("outputs/reference/*/*/claims.json"))
    ]


@pytest.fixture(scope="module")
def document(runs: list[Run]) -> dict[str, Any]:
    content = export.claims(citation.read_study(ROOT), runs)
    return dict(json.loads(json.dumps(content, allow_nan=False)))


def faults(document: dict[str, Any]) -> list[str]:
    """Return what the published schema objects to."""
    schema = json.loads(exports.schema())
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    return [error.json_path for error in validator.iter_errors(document)]


def test_the_claims_have_the_form_that_is_published(document: dict[str, Any]) -> None:
    assert len(document["claims"]) > 500
    assert faults(document) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("id", "He Halves"), ("verdict", "true"), ("kind", "guess"), ("address", None), ("new", 1)],
)
def test_another_form_is_refused(document: dict[str, Any], field: str, value: object) -> None:
    other = deepcopy({**document, "claims": document["claims"][:1]})
    other["claims"][0][field] = value
    assert faults(other) != []


def test_every_claim_and_every_number_of_it_is_there(
    document: dict[str, Any], runs: list[Run]
) -> None:
    claims = {claim["id"]: claim for claim in document["claims"]}
    judged = [(run, claim) for run in runs for claim in run.judgements]
    assert claims.keys() == {claim["id"] for _, claim in judged}
    for run, claim in judged:
        if claim["quantity"] in run.values:
            assert claims[claim["id"]]["value"]["mean"] == run.values[claim["quantity"]].mean


def test_the_numbers_are_those_of_the_runs(runs: list[Run]) -> None:
    rows = list(csv.DictReader(io.StringIO(export.results(runs))))
    assert len(rows) == sum(len(run.values) for run in runs)
    by_key = {(row["experiment"], row["key"]): row for row in rows}
    for run in runs:
        for claim in run.judgements:
            if claim["quantity"] in run.values:
                row = by_key[run.folder.name, claim["quantity"]]
                assert claim["id"] in row["claims"].split()
                assert float(row["low"]) <= float(row["high"])


def test_a_number_that_is_none_is_null() -> None:
    diverged = export.number(Estimate(nan, inf, 8))
    assert diverged == {"mean": None, "low": None, "high": None, "draws": 8, "exact": False}
    one_draw = export.number(Estimate(0.5, inf, 1))
    assert one_draw == {"mean": 0.5, "low": None, "high": None, "draws": 1, "exact": False}
