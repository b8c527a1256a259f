"""The whole study in two files that any program can read: its claims, and all its numbers.

``claims.json`` follows ``claims.schema.json``, which lies beside this module and is published with
it. A field that goes or means something else raises the first number of ``SCHEMA``, one that is new
the second.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from types import SimpleNamespace
from typing import Any

from study.record import citation
from study.record.citation import Study
from study.record.claims import Verdict
from study.record.estimates import Estimate
from study.record.results import Run, images
from study.record.retired import RETIRED
from study.theory.sources import address

SCHEMA = "1.2"
"""The version of the form of ``claims.json``."""
SCHEMA_FILE = "claims.schema.json"
"""The file beside this module that holds it."""
COLUMNS = (
    "experiment",
    "key",
    "mean",
    "low",
    "high",
    "draws",
    "exact",
    "data",
    "commit",
    "claims",
)
"""Those of ``results.csv``."""


def claims(study: Study, runs: Iterable[Run]) -> dict[str, Any]:
    """Return all claims of some runs as one document.

    Args:
        study: how the study is cited.
        runs: judged runs.
    """
    return {
        "$schema": f"{study.site}claims.schema.json",
        "schema_version": SCHEMA,
        "study": {
            "title": study.title,
            "authors": list(study.authors),
            "version": study.version,
            "released": study.released,
            "license": study.licence,
            "site": study.site,
            "code": study.code,
        },
        "claims": [claim(study, run, judgement) for run in runs for judgement in run.judgements],
        "retired": [
            {
                "id": old.id,
                "address": study.page(old.id),
                "statement": old.statement,
                "experiment": old.experiment,
                "verdict": old.verdict,
                "successor": old.successor,
                "why": old.why,
            }
            for old in RETIRED
        ],
    }


def claim(study: Study, run: Run, judgement: Mapping[str, Any]) -> dict[str, Any]:
    """Return a claim as the document holds it.

    Args:
        study: how the study is cited.
        run: the run that judges it.
        judgement: the claim as judged.
    """
    work = judgement["source"]["work"]
    content = {
        "id": judgement["id"],
        "address": study.page(judgement["id"]),
        "statement": judgement["statement"],
        "verdict": judgement["verdict"],
        "outcome": Verdict(judgement["verdict"]).outcome,
        "exploratory": run.exploratory(judgement["id"]) if judgement["id"] in run.origins else None,
        "source": {
            "key": work["key"],
            "cited_as": work["cited_as"],
            "authors": work["authors"],
            "title": work["title"],
            "published": work["published"],
            "address": address(work["key"]) or None,
            "locator": judgement["source"]["locator"],
        },
        "remark": judgement["remark"],
        "citation": citation.text(citation.of_claim(study, run, judgement)),
        "experiment": run.folder.name,
        "data": images(run),
        "commit": run.commit,
    }
    if judgement["quantity"] is None:
        return content | {
            "not_tested": {"cause": judgement["cause"], "reason": judgement["reason"]}
        }
    return content | {
        "kind": judgement["kind"],
        "quantity": judgement["quantity"],
        "measured_as": judgement["measured_as"],
        "value": number(run.values.get(judgement["quantity"])),
        "prediction": judgement["prediction"],
        "distance": judgement["distance"],
        "accepted": judgement["band"],
        "reason": judgement["reason"],
        "departure": judgement["departure"],
        "constant_factors": judgement["constant_factors"],
        "depends_on": [
            {"choice": choice, "quantity": key, "value": number(run.values.get(key))}
            for choice, key in readings(judgement)
        ],
        "negative_control": judgement["control"],
        "corrected_by": judgement["corrected"],
    }


def readings(judgement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each choice that the source leaves open, and the key of what was measured under it."""
    if judgement["readings"]:
        yield judgement["choice"], judgement["quantity"]
    for reading in judgement["readings"]:
        yield reading["choice"], reading["quantity"]


def number(value: Estimate | None) -> dict[str, Any] | None:
    """Return an estimate with both ends of its interval; None if it was not measured.

    What is not finite, as where a training diverged, is None as well.
    """
    if value is None:
        return None
    return {
        "mean": value.mean if isfinite(value.mean) else None,
        "low": _short(value.low),
        "high": _short(value.high),
        "draws": value.draws,
        "exact": value.exact,
    }


def _short(end: float) -> float | None:
    """Return an end of an interval without the noise of a subtraction; None if it is not finite."""
    return float(f"{end:.9g}") if isfinite(end) else None


def results(runs: Iterable[Run]) -> str:
    """Return all numbers of some runs as CSV, each with the claims that it judges.

    Args:
        runs: judged runs.
    """
    lines: list[str] = []
    writer = csv.DictWriter(SimpleNamespace(write=lines.append), COLUMNS, lineterminator="\n")
    writer.writeheader()
    for run in runs:
        judging: dict[str, list[str]] = {}
        for judgement in run.judgements:
            keys = {judgement["quantity"], *(key for _, key in _tested_readings(judgement))}
            for key in keys - {None}:
                judging.setdefault(key, []).append(judgement["id"])
        for key, value in run.values.items():
            writer.writerow(
                {
                    "experiment": run.folder.name,
                    "key": key,
                    **(number(value) or {}),
                    "data": images(run),
                    "commit": run.commit,
                    "claims": " ".join(judging.get(key, ())),
                }
            )
    return "".join(lines)


def _tested_readings(judgement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return readings(judgement) if judgement["quantity"] else iter(())
