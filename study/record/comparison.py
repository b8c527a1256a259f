"""A run beside the committed reference, claim by claim."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study.errors import StudyError
from study.record.claims import Outcome, Verdict, band_from_json
from study.record.estimates import Estimate, agree, shortened
from study.record.origins import without_sampling
from study.record.results import Run, copy_run

REFERENCE_DATA = "mnist"
OPPOSITE = {Outcome.AGREES, Outcome.DISAGREES}


@dataclass(frozen=True)
class Comparison:
    """One claim in a run and in the reference.

    ``reference`` and ``reference_verdict`` are None if the reference does not hold the claim.
    ``same_setting`` tells whether both measured the same thing: the same settings of the
    experiment, on the same data.
    """

    claim: str
    predicted: str
    value: Estimate | None
    verdict: Verdict
    reference: Estimate | None
    reference_verdict: Verdict | None
    same_setting: bool

    @property
    def agreement(self) -> str:
        """Return ``yes``, ``no``, ``undecided`` or, with nothing to compare, an empty string.

        Two runs agree if their verdicts are the same and, for the same setting, their means lie
        within their joint interval; in another setting the number may well be another. They do
        not agree if the means differ by more or if one run reproduces what the other contradicts.
        A verdict that only one of them could reach leaves it undecided.
        """
        if self.reference_verdict is None:
            return ""
        if self.value is None or self.reference is None:
            return "undecided"
        if self.same_setting and not agree(self.value, self.reference):
            return "no"
        if self.verdict == self.reference_verdict:
            return "yes"
        outcomes = {self.verdict.outcome, self.reference_verdict.outcome}
        return "no" if outcomes == OPPOSITE else "undecided"


def compare(run: Run, reference: Run | None) -> list[Comparison]:
    """Set a run beside a reference.

    Args:
        run: a finished and judged run.
        reference: the committed run of the same experiment, if there is one.

    Returns:
        A row for each claim of the run that has a quantity, in its order.
    """
    reference_rows = {item["id"]: item for item in reference.judgements} if reference else {}
    same_setting = reference is not None and not differences(run, reference)
    rows = []
    for item in run.judgements:
        if item["quantity"] is None:
            continue
        counterpart = reference_rows.get(item["id"])
        rows.append(
            Comparison(
                claim=item["id"],
                predicted=predicted(item),
                value=run.values.get(item["quantity"]),
                verdict=Verdict(item["verdict"]),
                reference=reference.values.get(counterpart["quantity"])
                if reference and counterpart
                else None,
                reference_verdict=Verdict(counterpart["verdict"]) if counterpart else None,
                same_setting=same_setting,
            )
        )
    return rows


def predicted(claim: Mapping[str, Any]) -> str:
    """Say what a claim, as JSON holds it, gives for its quantity: a number, or a bound."""
    if claim["prediction"] is None:
        return str(band_from_json(claim["band"]))
    return shortened(claim["prediction"])


def promote(run: Run, target: Path) -> None:
    """Make a run the reference.

    Args:
        run: a finished run.
        target: the folder of the reference.

    Raises:
        StudyError: if the run is not at reference size, not on the full MNIST, or was made from
            a tree with uncommitted changes.
    """
    scale, name = run.settings["scale"], run.folder.name
    if scale != "reference":
        raise StudyError(f"promote {name}: the run's scale is {scale}, not reference")
    if run.data != REFERENCE_DATA:
        raise StudyError(f"promote {name}: the run's data is {run.data}, not {REFERENCE_DATA}")
    if run.provenance["dirty"]:
        raise StudyError(f"promote {name}: the run was made from a tree with uncommitted changes")
    copy_run(run.folder, target)


def differences(run: Run, reference: Run) -> list[str]:
    """Name what keeps two runs from having measured the same thing.

    Args:
        run: a finished run.
        reference: the committed run of the same experiment.

    Returns:
        The settings of the experiment that differ, other than its seed and its number of draws,
        and the data if it does.
    """
    settings, reference_settings = (
        without_sampling(record.settings["experiment"]) for record in (run, reference)
    )
    other_settings = differing(settings, reference_settings)
    return other_settings + (
        [] if run.data == reference.data else [f"data: {run.data}, not {reference.data}"]
    )


def differing(settings: object, reference: object, path: str = "") -> list[str]:
    """Name the settings in which two runs differ.

    >>> differing({"a": {"b": 1}, "c": 2}, {"a": {"b": 3}, "c": 2})
    ['a.b: 1, not 3']
    """
    if isinstance(settings, dict) and isinstance(reference, dict):
        names: list[str] = []
        for key in sorted({*settings, *reference}):
            inner = f"{path}.{key}" if path else key
            names += differing(settings.get(key), reference.get(key), inner)
        return names
    return [] if settings == reference else [f"{path}: {settings}, not {reference}"]
