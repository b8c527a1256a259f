"""Which engine makes the draws, as the settings say."""

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from study import configuring
from study.configuring import DaskSettings, LocalSettings, SlurmSettings, StudySettings
from study.engine import local
from study.errors import StudyError
from study.interrupts import handlers_kept

if TYPE_CHECKING:
    from study.engine.cluster import Cluster


@dataclass(frozen=True)
class Engine:
    """Where a study runs.

    Attributes:
        processes: starts processes of this machine; they conclude each run, since its files lie
            here, and make the draws if there is no cluster.
        workers: how many processes make draws, or are asked for.
        cluster: reaches the workers of a cluster, which make the draws; None if there is none.
    """

    processes: Callable[[], AbstractContextManager[Executor]]
    workers: int
    cluster: "Callable[[], AbstractContextManager[Cluster]] | None" = None


def engine(study: StudySettings, folder: Path) -> Engine:
    """Return the engine that settings describe; nothing is started yet.

    Args:
        study: the settings.
        folder: for what the jobs of a cluster say, and for their keys.

    Raises:
        StudyError: if it needs a package that is not installed, or devices that are not there.
    """
    settings = study.engine
    if isinstance(settings, LocalSettings):
        if configuring.device(study.device).type == "cuda":
            return _on_devices(settings, local.devices())
        count = settings.workers or local.cores()
        return Engine(lambda: local.processes(count), count)
    if isinstance(settings, SlurmSettings) and study.device == "cuda" and settings.cores > 1:
        raise StudyError(
            f"engine.cores={settings.cores}, device=cuda: must be 1, since each core of a job has "
            "a worker, and all of them would share its device"
        )
    process = partial(local.processes, 1)
    try:
        if isinstance(settings, DaskSettings):
            from study.engine import dask  # noqa: PLC0415 - a laptop has none of it

            return Engine(process, 1, partial(dask.cluster, settings))
        with handlers_kept():  # dask-jobqueue would end the process at an interrupt, without a word
            from study.engine import slurm  # noqa: PLC0415

        workers = settings.maximum_jobs * settings.cores
        return Engine(process, workers, partial(slurm.cluster, settings, folder))
    except ModuleNotFoundError as error:
        raise StudyError(
            f"engine={settings.name}: needs the package {error.name}; nox -s cluster installs it"
        ) from None


def _on_devices(settings: LocalSettings, devices: list[str]) -> Engine:
    """Return an engine with one process for each device, since two would share its memory."""
    count = settings.workers or len(devices)
    if count > len(devices):
        raise StudyError(
            f"engine.workers={count}, device=cuda: there is one worker for each device, and of "
            f"devices there are {len(devices)}"
        )
    return Engine(partial(local.processes, count, devices), count)
