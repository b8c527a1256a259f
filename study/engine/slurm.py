"""A Dask cluster whose workers are Slurm jobs.

The scheduler runs in this process. Keys are made for each run; only their owner can read them.
"""

import logging
import shlex
import shutil
import subprocess
import sys
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
from study.errors import StudyError

HERE = Path(__file__).parents[2]
LOOPBACK = "127.0.0.1:0"
"""Where scheduler and workers answer browsers, as they have nothing to tell the network."""
SCHEDULING = {
    # A worker that dies takes one draw with it, and none that waits for it.
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.deploy.lost-worker-timeout": "5s",
}


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
            _refused(slurm.job_script())
            slurm.adapt(
                minimum_jobs=settings.minimum_jobs,
                maximum_jobs=settings.maximum_jobs,
                target_duration="0.1s",  # a worker for each draw that waits, however short it is
            )
            with connected(Client(slurm, set_as_default=False), "engine=slurm") as workers:
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
    made = Security.temporary()
    with TemporaryDirectory(prefix=".keys-", dir=folder) as place:
        ca, cert, key = (str(Path(place, name)) for name in ("ca", "cert", "key"))
        for file, content in (
            (ca, made.tls_ca_file),
            (cert, made.tls_client_cert),
            (key, made.tls_client_key),
        ):
            Path(file).write_text(content, encoding="ascii")
        roles = ("scheduler", "worker", "client")
        files = {f"tls_{role}_cert": cert for role in roles}
        files |= {f"tls_{role}_key": key for role in roles}
        yield Security(tls_ca_file=ca, require_encryption=True, **files)


def _refused(script: str) -> None:
    """Let Slurm check a job without starting it."""
    done = subprocess.run(
        ["sbatch", "--test-only"],  # noqa: S607 - that of the path
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StudyError(f"engine=slurm: {done.stderr.strip().splitlines()[-1]}")
