"""A Dask cluster whose workers are Slurm jobs.

The scheduler runs in this process. Keys are made for each run; only their owner can read them.
"""

import logging
import os
import shlex
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dask
from dask_jobqueue.slurm import SLURMCluster
from distributed import Client
from distributed.security import Security

from study.configuring import SlurmSettings
from study.engine.cluster import Cluster, connected
from study.errors import EngineLostError, StudyError

HERE = Path(__file__).parents[2]
LOOPBACK = "127.0.0.1:0"
"""Where scheduler and workers answer browsers, as they have nothing to tell the network."""
SCHEDULING = {
    # A worker that dies takes one draw with it, and none that waits for it.
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.deploy.lost-worker-timeout": "5s",
}


KEYS = ".keys-"
"""How the name of a folder with keys begins."""
ASK_SECONDS = 10.0
"""For so long Slurm is not asked again which jobs it has."""
LOST_JOBS = 5
"""So many jobs in a row may end before their worker answers; then there is more wrong than one."""


class Jobs(Cluster):
    """The workers of Slurm jobs; a job that ended before its worker answered is asked for again.

    dask-jobqueue itself notices only the loss of a worker that has answered once, and waits for
    ever for a job that was cancelled while it was pending.

    Args:
        client: connected to the scheduler.
        slurm: the cluster, which adapts.
        folder: where the jobs' output lies.
    """

    def __init__(self, client: Client, slurm: SLURMCluster, folder: Path) -> None:
        super().__init__(client, "engine=slurm")
        self.slurm = slurm
        self.folder = folder
        self._asked_slurm = time.monotonic()
        self._ended = 0

    @property
    def workers(self) -> int:
        """How many workers there are, as known a second ago.

        Raises:
            EngineLostError: if one job after the other ended before its worker answered.
        """
        count = super().workers
        if count:
            self._ended = 0
        if count < len(self.slurm.plan) and time.monotonic() - self._asked_slurm > ASK_SECONDS:
            self._ask_again()
            self._asked_slurm = time.monotonic()
        return count

    def _ask_again(self) -> None:
        """Drop the jobs that Slurm has no more, so that others are asked for in their place."""
        submitted = {name: job.job_id for name, job in self.slurm.workers.items() if job.job_id}
        try:
            alive = _answered(["squeue", "--noheader", "--format=%i", f"--user={os.getuid()}"])
        except StudyError:
            return  # Slurm is busy, or starts again
        job_ids = {name: job for name, job in submitted.items() if job not in alive.split()}
        self._ended += len(job_ids)
        if self._ended >= LOST_JOBS:
            raise EngineLostError(
                f"engine=slurm: {self._ended} jobs in a row ended before their worker answered; "
                f"see {self.folder / f'study-{max(job_ids.values(), key=int)}.err'}; what is made "
                "is kept, the same command goes on"
            )
        if job_ids:
            self.slurm.sync(self.slurm.scale_down, list(job_ids))


@contextmanager
def cluster(settings: SlurmSettings, folder: Path) -> Iterator[Cluster]:
    """Give workers that are asked of Slurm while there is work, and again if they are lost.

    Args:
        settings: what to ask for.
        folder: for the keys, and for what the jobs say.

    Raises:
        StudyError: if there is no Slurm here, or if it refuses such jobs.
    """
    if shutil.which("sbatch") is None:
        raise StudyError("engine=slurm: there is no sbatch here; is this a login node of Slurm?")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    folder.mkdir(parents=True, exist_ok=True)
    with dask.config.set(SCHEDULING), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a port that another scheduler has
        with (
            keys(folder) as security,
            SLURMCluster(**options(settings, folder), security=security) as slurm,
        ):
            _accepted(slurm.job_script())
            slurm.adapt(
                minimum_jobs=settings.minimum_jobs,
                maximum_jobs=settings.maximum_jobs,
                target_duration="0.1s",  # a worker for each draw that waits, however short it is
            )
            jobs = Jobs(Client(slurm, set_as_default=False), slurm, folder)
            with connected(jobs) as workers:
                yield workers


def options(settings: SlurmSettings, folder: Path) -> dict[str, Any]:
    """Return what :class:`dask_jobqueue.SLURMCluster` is called with.

    Args:
        settings: what to ask for.
        folder: for what the jobs say.
    """
    return {
        "queue": settings.queue,
        "account": settings.account,
        "cores": settings.cores,
        "processes": settings.cores,
        "memory": settings.memory,
        "walltime": settings.walltime,
        "job_extra_directives": list(settings.directives),
        "interface": settings.interface,
        "python": settings.python or sys.executable,
        "job_name": "study",
        "job_script_prologue": [f"cd {shlex.quote(settings.folder or str(HERE))}"],
        "worker_extra_args": ["--dashboard-address", LOOPBACK],
        "scheduler_options": {"dashboard_address": LOOPBACK},
        "log_directory": str(folder),
    }


@contextmanager
def keys(folder: Path) -> Iterator[Security]:
    """Make keys by which scheduler, workers and client know each other, for one run.

    Args:
        folder: where they are, in a folder that only its owner can read, until the block ends.
    """
    for leftover in folder.glob(f"{KEYS}*"):  # by a run that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    security = Security.temporary()
    with TemporaryDirectory(prefix=KEYS, dir=folder) as place:
        ca, cert, key = (str(Path(place, name)) for name in ("ca", "cert", "key"))
        for file, content in (
            (ca, security.tls_ca_file),
            (cert, security.tls_client_cert),
            (key, security.tls_client_key),
        ):
            Path(file).write_text(content, encoding="ascii")
        roles = ("scheduler", "worker", "client")
        files = {f"tls_{role}_cert": cert for role in roles}
        files |= {f"tls_{role}_key": key for role in roles}
        yield Security(tls_ca_file=ca, require_encryption=True, **files)


def _accepted(script: str) -> None:
    """Let Slurm take such a job, held so that it never starts, and give it back.

    ``sbatch --test-only`` would refuse a job as well where all nodes are busy or drained for now.
    """
    answer = _answered(["sbatch", "--hold", "--parsable"], script)
    _answered(["scancel", answer.partition(";")[0]])


def _answered(command: list[str], text: str = "") -> str:
    """Return what a command of Slurm says.

    Raises:
        StudyError: if it refuses; its last line says why.
    """
    process = subprocess.run(  # noqa: S603 - words of ours
        command, input=text, capture_output=True, text=True, check=False
    )
    if process.returncode:
        raise StudyError(f"engine=slurm: {process.stderr.strip().splitlines()[-1]}")
    return process.stdout.strip()
