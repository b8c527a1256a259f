"""The raw draws of a run in one file, and from that file the same run on another machine."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from study import catalogue, configuring, steps
from study.configuring import DataSettings, LocalSettings, StudySettings
from study.engine.tasks import Data
from study.errors import StudyError
from study.queue import Job, OpenJob
from study.record import archive
from study.record.results import Run, read_run, write_text
from study.steps import RawRun, Series

CONFIG, PROVENANCE = "config.json", "provenance.json"


def keep(name: str, folder: Path, target: Path) -> None:
    """Put the draws of a finished run into one file, with what it takes to pool them again.

    Args:
        name: of the experiment.
        folder: where its run lies.
        target: the file.

    Raises:
        StudyError: if there is no run, or if its draws are not kept.
    """
    run = read_run(folder)
    raw_run = _measured(name, folder, run.settings, run.provenance)
    files = {CONFIG: _json(run.settings), PROVENANCE: _json(run.provenance)}
    for place, series in _series(raw_run).items():
        if missing := [item for item in series.all if not series.store.holds(item)]:
            raise StudyError(
                f"{name}: {place}/{missing[0]} is not kept for the code of today and these "
                "settings; run it again"
            )
        for item in series.all:
            files[f"{place}/{item}.json"] = series.store.whole(item)
    archive.pack(target, files)


def pool(path: Path, runs: Path) -> tuple[str, Run]:
    """Make from archived draws the run that they made, with its verdicts and figures.

    Args:
        path: the file.
        runs: the folder of all runs.

    Returns:
        The name of the experiment, and its run.

    Raises:
        StudyError: if the file is damaged, or if the code here is not that of the draws.
    """
    files = archive.unpack(path)
    try:
        settings, run_provenance = json.loads(files[CONFIG]), json.loads(files[PROVENANCE])
        name = catalogue.known(settings["experiment"]["name"])
    except (KeyError, ValueError, TypeError):
        raise StudyError(f"{path}: no archive of draws") from None
    raw_run = _measured(name, runs / catalogue.place(name), settings, run_provenance)
    if raw_run.main.fingerprint != run_provenance["fingerprint"]:
        commit, versions = run_provenance["commit"][:12], run_provenance["versions"]
        raise StudyError(
            f"{path}: made by other code or settings than are here; check out commit {commit}, "
            f"with numpy {versions['numpy']} and torch {versions['torch']}"
        )
    for place, series in _series(raw_run).items():
        series.folder.mkdir(parents=True, exist_ok=True)
        for item in series.all:
            if f"{place}/{item}.json" not in files:
                raise StudyError(f"{path}: {place}/{item}.json: missing")
            write_text(series.folder / f"{item}.json", files[f"{place}/{item}.json"])
    steps.finish(raw_run)
    return name, read_run(raw_run.folder)


def _measured(
    name: str, folder: Path, settings: Mapping[str, Any], run_provenance: Mapping[str, Any]
) -> RawRun:
    """Describe a run as the settings that are stored with it do, made as it was made."""
    experiment = {key: value for key, value in settings["experiment"].items() if key != "name"}
    config = configuring.checked(catalogue.method(name).config, experiment)
    study = StudySettings(
        scale=settings["scale"],
        device=settings["device"],
        output=str(folder),
        force=False,
        data=configuring.checked(DataSettings, settings["data"], prefix="data."),
        engine=LocalSettings("local", None),
        first=(),
    )
    data = Data(
        run_provenance["data"]["name"],
        run_provenance["data"]["checksum"],
        study.data.pixel_scale,
        folder="",
    )
    job = Job.of(name, config, study, folder)
    return OpenJob.of(job, data, run_provenance, steps.shared_codes()).raw_run


def _series(raw_run: RawRun) -> dict[str, Series]:
    """Name the series of a run as an archive does."""
    return dict(zip(("draws", "replay"), raw_run.all, strict=False))


def _json(content: object) -> str:
    return json.dumps(content, indent=2, sort_keys=True) + "\n"
