"""The raw draws of a run in one file, and from that file the same run on another machine."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from study import catalogue, configuring, steps
from study.configuring import DataSettings, LocalSettings, StudySettings
from study.engine.tasks import Data
from study.errors import StudyError
from study.queue import Job, Open
from study.record import archive
from study.record.results import Run, read_run, write_text
from study.steps import Measured, Series

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
    made = read_run(folder)
    measured = _measured(name, folder, made.settings, made.provenance)
    files = {CONFIG: _json(made.settings), PROVENANCE: _json(made.provenance)}
    for place, series in _series(measured).items():
        if missing := [one for one in series.all if not series.store.holds(one)]:
            raise StudyError(
                f"{name}: {place}/{missing[0]} is not kept for the code of today and these "
                "settings; run it again"
            )
        for one in series.all:
            files[f"{place}/{one}.json"] = series.store.whole(one)
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
        settings, made = json.loads(files[CONFIG]), json.loads(files[PROVENANCE])
        name = catalogue.known(settings["experiment"]["name"])
    except (KeyError, ValueError, TypeError):
        raise StudyError(f"{path}: no archive of draws") from None
    measured = _measured(name, runs / catalogue.place(name), settings, made)
    if measured.main.fingerprint != made["fingerprint"]:
        commit, versions = made["commit"][:12], made["versions"]
        raise StudyError(
            f"{path}: made by other code or settings than are here; check out commit {commit}, "
            f"with numpy {versions['numpy']} and torch {versions['torch']}"
        )
    for place, series in _series(measured).items():
        series.folder.mkdir(parents=True, exist_ok=True)
        for one in series.all:
            if f"{place}/{one}.json" not in files:
                raise StudyError(f"{path}: {place}/{one}.json: missing")
            write_text(series.folder / f"{one}.json", files[f"{place}/{one}.json"])
    steps.finish(measured)
    return name, read_run(measured.folder)


def _measured(
    name: str, folder: Path, settings: Mapping[str, Any], made: Mapping[str, Any]
) -> Measured:
    """Describe a run as the settings that are stored with it do, made as it was made."""
    own = {key: value for key, value in settings["experiment"].items() if key != "name"}
    config = configuring.checked(catalogue.method(name).config, own)
    study = StudySettings(
        scale=settings["scale"],
        device=settings["device"],
        output=str(folder),
        force=False,
        data=configuring.checked(DataSettings, settings["data"], prefix="data."),
        engine=LocalSettings("local", None),
        first=(),
    )
    data = Data(made["data"]["name"], made["data"]["checksum"], study.data.pixel_scale, folder="")
    job = Job.of(name, config, study, folder)
    return Open.of(job, data, made, steps.shared_codes()).measured


def _series(measured: Measured) -> dict[str, Series]:
    """Name the series of a run as an archive does."""
    return dict(zip(("draws", "replay"), measured.all, strict=False))


def _json(content: object) -> str:
    return json.dumps(content, indent=2, sort_keys=True) + "\n"
