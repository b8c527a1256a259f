"""What a person on another machine reports of a rerun, and what became of the reports that came in.

A report is one JSON file: the machine, the libraries, and for each claim both verdicts and numbers.
Reports that came in lie in ``outputs/reference/reports``, one file each.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from study import __version__
from study.errors import StudyError
from study.record.comparison import Comparison, compare
from study.record.results import Run

FORM = "1.0"
"""The version of the form of a report."""
MACHINE = ("platform", "python", "cpu_capability", "cpu_count", "device")
"""What of a run's provenance describes the machine."""


@dataclass(frozen=True)
class Report:
    """One rerun of one or more experiments.

    Attributes:
        form: the version of this form.
        version: of the study.
        machine: platform, Python, processor and device.
        versions: those of the libraries.
        scale: of the runs, such as ``quick``.
        data: the name of the data set.
        commits: from which the runs were made.
        claims: for each claim its id, both verdicts, both numbers, and whether they agree.
    """

    form: str
    version: str
    machine: dict[str, Any]
    versions: dict[str, str]
    scale: str
    data: str
    commits: list[str]
    claims: list[dict[str, Any]]

    @property
    def agreement(self) -> Counter[str]:
        """How many claims agree with the reference, do not, or are undecided."""
        return Counter(claim["agrees"] for claim in self.claims)


def report(pairs: Iterable[tuple[Run, Run | None]]) -> Report:
    """Return the report of runs beside their references.

    Args:
        pairs: each run with its reference, if there is one.

    Raises:
        StudyError: if there is no run, or they differ in size or data.
    """
    pairs = list(pairs)
    if not pairs:
        raise StudyError("report: there is no run; nox -s study makes all of them")
    runs = [run for run, _ in pairs]
    settings = {(str(run.settings["scale"]), run.data) for run in runs}
    if len(settings) > 1:
        kinds = "; ".join(f"scale={scale} data={data}" for scale, data in sorted(settings))
        raise StudyError(f"report: the runs differ: {kinds}; name those of one kind")
    ((scale, data),) = settings
    provenance = runs[0].provenance
    return Report(
        form=FORM,
        version=__version__,
        machine={key: provenance[key] for key in MACHINE if key in provenance},
        versions=dict(provenance.get("versions", {})),
        scale=scale,
        data=data,
        commits=sorted({run.commit for run in runs}),
        claims=[_row(row) for run, reference in pairs for row in compare(run, reference)],
    )


def _row(row: Comparison) -> dict[str, Any]:
    numbers = {"value": row.value, "reference": row.reference}
    return {
        "id": row.claim,
        "verdict": row.verdict,
        "reference_verdict": row.reference_verdict,
        **{
            name: None if number is None else {"mean": number.mean, "half_width": number.half_width}
            for name, number in numbers.items()
        },
        "agrees": row.agreement or "no reference",
    }


def to_json(content: Report) -> str:
    """Return a report as a file holds it."""
    return json.dumps(asdict(content), ensure_ascii=False, indent=1) + "\n"


def from_json(text: str, name: str) -> Report:
    """Return the report that a file holds.

    Args:
        text: its content.
        name: of the file, for errors.

    Raises:
        StudyError: if it is no report of this form.
    """
    try:
        content = Report(**json.loads(text))
    except (TypeError, ValueError):
        raise StudyError(f"{name}: no report; python -m study report writes one") from None
    if content.form != FORM:
        raise StudyError(f"{name}: form={content.form}: this study reads {FORM}")
    return content
