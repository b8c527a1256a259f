"""A Dask cluster as a person starts it: a scheduler and workers, each a process of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest

from study import catalogue, configuring
from study.configuring import DaskSettings
from study.engine import tasks
from study.engine.engines import Engine, engine
from study.engine.tasks import Task
from study.errors import EngineLostError, StudyError
from study.queue import Progress
from study.record import provenance
from tests.engine.conftest import NAME, Small, command_of, study_settings

if find_spec("distributed") is None:
    pytest.skip("distributed is not installed; nox -s cluster", allow_module_level=True)

from distributed.security import Security

from study.engine.cluster import on_worker

PROJECT = Path(catalogue.__file__).parents[1]
QUIET = ("--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0")


@dataclass
class Cluster:
    """A scheduler and the process that keeps its workers."""

    scheduler: subprocess.Popen[str]
    address: str
    keeper: subprocess.Popen[str]
    files: dict[str, str]

    @property
    def engine(self) -> Engine:
        return at(self.address, **self.files)

    def workers(self) -> list[psutil.Process]:
        """Return the processes that make draws; the keeper starts another when one dies."""
        children = psutil.Process(self.keeper.pid).children()
        return [child for child in children if "spawn_main" in command_of(child)]


def at(address: str, **files: str) -> Engine:
    """Return the engine of a scheduler; runs are concluded in a thread, which starts at once."""
    settings = DaskSettings("dask", address, **{"ca": None, "cert": None, "key": None, **files})
    return replace(
        engine(study_settings(settings), Path()), processes=lambda: ThreadPoolExecutor(1)
    )


@contextmanager
def executor(of: Engine) -> Iterator[Any]:
    assert of.cluster is not None
    with of.cluster() as made:
        yield made


def started(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *words],
        cwd=PROJECT,
        env=os.environ | {"STUDY_DATA_DIR": ""},
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def cluster(files: dict[str, str] | None = None, *, nthreads: int = 1) -> Iterator[Cluster]:
    """Start a scheduler and two workers, and wait until they are there."""
    files = files or {}
    options = {"ca": "--tls-ca-file", "cert": "--tls-cert", "key": "--tls-key"}
    secure = [word for name, file in files.items() for word in (options[name], file)]
    words = [*QUIET, *secure, *(["--protocol", "tls"] if secure else [])]
    scheduler = started("scheduler", "--port", "0", "--no-show", *words)
    assert scheduler.stderr is not None
    lines = iter(scheduler.stderr.readline, "")
    address = next(
        found[1] for line in lines if (found := re.search(r"Scheduler at:\s*(\S+)", line))
    )
    threads = ("--nthreads", str(nthreads), "--nworkers", "2")
    keeper = started("worker", address, *threads, *words)
    try:
        with executor(at(address, **files)) as workers:
            workers.client.wait_for_workers(2)
        yield Cluster(scheduler, address, keeper, files)
    finally:
        children = psutil.Process(keeper.pid).children(recursive=True)
        for process in (keeper, scheduler):
            process.kill()
            process.communicate()
        for child in children:
            if child.is_running():
                child.kill()


@pytest.fixture(scope="module")
def running() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture
def task(small: Small) -> Task:
    settings = configuring.plain_settings(NAME, "quick")
    code = provenance.code_digest(catalogue.module(NAME))
    return Task(NAME, settings, small.data, "cpu", code, (0,), "", "")


def test_workers_that_are_killed_again_and_again_cost_their_draws_alone(
    running: Cluster, small: Small
) -> None:
    killed: set[int] = set()
    seen: list[Progress] = []

    def kill(progress: Progress) -> None:
        seen.append(progress)
        if progress.draws > len(killed) < 5 and (workers := running.workers()):
            workers[0].kill()
            killed.add(workers[0].pid)

    done = small.perform("killed", running.engine, kill)
    assert done.reason == ""
    assert len(killed) == 5
    assert small.numbers("killed") == small.numbers("here")
    assert max(progress.workers for progress in seen) == 2


def test_a_worker_with_other_code_or_data_refuses_and_says_which(
    running: Cluster, task: Task
) -> None:
    other = replace(task, code="0"), replace(task, data=replace(task.data, checksum="0"))
    with executor(running.engine) as workers:
        made = [workers.submit(tasks.perform, one) for one in other]
        refused = [str(one.exception()) for one in made]
    assert re.match(rf"worker tcp://\S+: {NAME}: its code is not that with which", refused[0])
    assert re.match(r"worker tcp://\S+: data mnist_5k .* is not that with which", refused[1])


def test_a_call_that_a_worker_cannot_read_is_of_other_code(running: Cluster) -> None:
    with executor(running.engine) as workers:
        error = workers.client.submit(on_worker, b"cnone\nx\n.").exception()
    assert isinstance(error, StudyError)
    assert str(error).endswith("its code is not that of the study (No module named 'none')")


def test_a_scheduler_that_is_not_there_is_one_line() -> None:
    told = "^engine.address=tcp://127.0.0.1:9: no scheduler answers there; is it running[?]$"
    with pytest.raises(StudyError, match=told), executor(at("tcp://127.0.0.1:9")):
        pass


@pytest.mark.full
def test_a_scheduler_that_goes_away_is_one_line_and_its_draws_are_kept(small: Small) -> None:
    with cluster() as first:

        def end(progress: Progress) -> None:
            if progress.draws == 3:
                first.scheduler.kill()

        with pytest.raises(EngineLostError, match="gone; what is made is kept, the same command"):
            small.perform("gone", first.engine, end)
    kept = small.kept("gone")
    assert 3 <= kept < small.draws
    made: list[int] = []
    with cluster() as second:
        done = small.perform("gone", second.engine, lambda progress: made.append(progress.draws))
    assert done.reason == ""
    assert made[-1] == small.draws - kept
    assert small.numbers("gone") == small.numbers("here")


@pytest.mark.full
def test_a_worker_with_several_threads_refuses(small: Small) -> None:
    with cluster(nthreads=2) as made:
        done = small.perform("threads", made.engine)
    assert done.reason.endswith("has several threads; start it with --nthreads 1")


@pytest.mark.full
def test_an_interrupt_takes_what_runs_from_the_workers(running: Cluster, tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from study import command_line, interrupts, queue
command_line.ROOT = Path({str(tmp_path)!r})
send = queue.Queue.send
def tell(self, *given):
    send(self, *given)
    if self.running and self.workers:
        print("ready", flush=True)
queue.Queue.send = tell
sys.argv = [
    "study", "experiment={NAME}", "data=mnist_5k", "engine=dask",
    "engine.address={running.address}", "experiment.depth=1000", "experiment.width=4000",
    "experiment.images=4000",
]
sys.exit(interrupts.guarded("study.command_line"))
"""
    before = {one.pid for one in running.workers()}
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with executor(running.engine) as workers:
        while not any(workers.client.processing().values()):
            assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert process.returncode == 130
    assert told == "error: interrupted; what is made is kept, the same command goes on\n"
    with executor(running.engine) as workers:
        workers.client.wait_for_workers(2)
    assert before.isdisjoint(one.pid for one in running.workers())


@pytest.mark.full
def test_beyond_this_machine_keys_tell_who_is_who(small: Small, tmp_path: Path) -> None:
    keys = Security.temporary()
    files = {"ca": keys.tls_ca_file, "cert": keys.tls_client_cert, "key": keys.tls_client_key}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with cluster({name: str(tmp_path / name) for name in files}) as made:
        assert small.perform("tls", made.engine).reason == ""
        plain = at(made.address.replace("tls:", "tcp:"))
        with pytest.raises(StudyError, match="no scheduler answers there"), executor(plain):
            pass
    assert small.numbers("tls") == small.numbers("here")
