"""Which engine makes the draws, as the settings say."""

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from study.configuring import DaskSettings, EngineSettings, LocalSettings
from study.engine import local
from study.errors import StudyError

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


def engine(settings: EngineSettings, folder: Path) -> Engine:
    """Return the engine that settings describe; nothing is started yet.

    Args:
        settings: the settings.
        folder: for what the jobs of a cluster say, and for their keys.

    Raises:
        StudyError: if it needs a package that is not installed.
    """
    if isinstance(settings, LocalSettings):
        count = settings.workers or local.cores()
        return Engine(lambda: local.processes(count), count)
    one = partial(local.processes, 1)
    try:
        if isinstance(settings, DaskSettings):
            from study.engine import dask  # noqa: PLC0415 - a laptop has none of it

            return Engine(one, 1, partial(dask.cluster, settings))
        from study.engine import slurm  # noqa: PLC0415

        workers = settings.maximum_jobs * settings.cores
        return Engine(one, workers, partial(slurm.cluster, settings, folder))
    except ModuleNotFoundError as error:
        raise StudyError(
            f"engine={settings.name}: needs the package {error.name}; nox -s cluster installs it"
        ) from None
