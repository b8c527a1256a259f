"""From settings to files: config -> result -> verdicts -> figures."""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from study import catalogue
from study.configuring import DataSettings, StudySettings
from study.errors import StudyError
from study.lab import checkpoints, mnist
from study.record import provenance
from study.record.claims import Claim, Untested, Verdict, judge
from study.record.estimates import Estimate
from study.record.experiment import Experiment
from study.record.plotting import draw_figures
from study.record.results import (
    Run,
    estimate_to_json,
    read_if_there,
    read_run,
    write_json,
    write_run,
)

PLAIN = [(DataSettings(name, 256.0), "cpu") for name in ("auto", "mnist")]
"""Data and device of a run that stands for its experiment."""


@dataclass(frozen=True)
class Job:
    """One experiment with its settings, ready to run.

    Attributes:
        name: the experiment's name.
        config: its checked settings.
        study: everything else that is set.
        folder: where the run is to lie.
        brief: its settings with a brief training, whose first draws are stored as well, so that
            another machine can make them again; None if the draws themselves are brief.
    """

    name: str
    config: Any
    study: StudySettings
    folder: Path
    brief: Any = None


REPLAYED = (0, 1)
"""The draws that are made briefly."""


def perform(
    job: Job,
    tell: Callable[[str], None],
    progress: Callable[[range, str], Iterable[int]],
) -> Run:
    """Run an experiment unless that is done already, judge it and draw it.

    Args:
        job: what to run.
        tell: shows a line to the reader.
        progress: wraps the draws and shows how far they are; it is given the name as well.

    Returns:
        The finished run.

    Raises:
        StudyError: if the data or the device cannot be had.
    """
    experiment = catalogue.load(job.name)
    _check_writable(job)
    device = _device(job.study.device)
    torch.set_num_threads(1)  # work is spread over cores in whole pieces, see lab/parallel.py
    found = mnist.find(job.study.data.name)
    tell(f"{job.name}: data {found.name}, {found.where}")
    settings = _settings(job)
    data = {"name": found.name, "checksum": found.checksum}
    fingerprint = provenance.fingerprint(catalogue.module(job.name), settings, data)
    if not job.study.force and _finished(job.folder, fingerprint):
        tell(f"{job.name}: already finished with these settings, not run again (force=true would)")
    else:
        start = time.perf_counter()
        data_set = mnist.load(found, job.study.data.pixel_scale, device)
        draws = progress(range(job.config.draws), job.name)
        unfinished = job.folder.parent / ".unfinished" / f"{job.name}-{fingerprint[:16]}"
        with checkpoints.kept_in(unfinished):
            result = experiment.run(job.config, data_set, draws)
        replay = None if job.brief is None else experiment.run(job.brief, data_set, REPLAYED)
        made = provenance.describe(
            device=job.study.device,
            seconds=time.perf_counter() - start,
        )
        made |= {"data": data, "fingerprint": fingerprint}
        write_run(job.folder, settings, result, made, replay)
        checkpoints.discard(unfinished)
    return conclude(experiment, job.folder)


def conclude(experiment: Experiment, folder: Path) -> Run:
    """Judge a finished run and draw its figures, from its files alone.

    Args:
        experiment: the experiment that made it.
        folder: where it lies.

    Returns:
        The run.
    """
    run = read_run(folder)
    judged = judgements(experiment.claims, run.values, run.data, experiment.untested)
    write_json(folder / "claims.json", judged)
    draw_figures(experiment.figures, run)
    return run


def judgements(
    claims: Iterable[Claim],
    values: Mapping[str, Estimate],
    data: str,
    untested: Iterable[Untested] = (),
) -> list[dict[str, Any]]:
    """Return the claims with their estimates and verdicts, as JSON holds them.

    Args:
        claims: the claims of one experiment.
        values: the estimates of one run of it.
        data: the name of that run's data set.
        untested: its statements that no measurement decides; they have no quantity.
    """
    rows = []
    for claim in claims:
        value = values.get(claim.quantity)
        rows.append(
            asdict(claim)
            | {
                "value": None if value is None else estimate_to_json(value),
                "verdict": judge(claim, values, data),
            }
        )
    nothing = {"quantity": None, "value": None, "verdict": Verdict.NOT_TESTED}
    return rows + [asdict(statement) | nothing for statement in untested]


def folder_for(name: str, config: object, plain: object, study: StudySettings, root: Path) -> Path:
    """Return where a run lies, so that no sweep overwrites its own results.

    Args:
        name: the experiment's name.
        config: its settings.
        plain: what they are when the command line changes none of them.
        study: everything else that is set.
        root: what a relative folder of all runs is relative to.

    Returns:
        ``output/name`` for the plain settings, else ``output/name-variants/<hash of settings>``.
        Both sizes are plain, and so are the two ways to ask for MNIST.
    """
    output = root / study.output
    if config == plain and (study.data, study.device) in PLAIN:
        return output / name
    key = repr((config, study.scale, study.data, study.device))
    return output / f"{name}-variants" / sha256(key.encode()).hexdigest()[:8]


def _settings(job: Job) -> dict[str, Any]:
    return {
        "experiment": {"name": job.name, **asdict(job.config)},
        "scale": job.study.scale,
        "data": asdict(job.study.data),
        "device": job.study.device,
    }


def _finished(folder: Path, fingerprint: str) -> bool:
    run = read_if_there(folder)
    return run is not None and bool(run.provenance["fingerprint"] == fingerprint)


def _check_writable(job: Job) -> None:
    """Refuse, before anything is computed, a folder that cannot hold the run."""
    try:
        job.folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(f"output={job.study.output}: {error.strerror}") from None
    if not os.access(job.folder.parent, os.W_OK):  # pragma: no cover - root may write anywhere
        raise StudyError(f"output={job.study.output}: the folder cannot be written to")


def _device(name: str) -> torch.device:
    if name == "cuda" and not torch.cuda.is_available():
        raise StudyError("device=cuda: torch sees no CUDA device; choose from cpu")
    return torch.device(name)
