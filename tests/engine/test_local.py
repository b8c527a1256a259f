import os
import signal
from concurrent.futures import BrokenExecutor
from pathlib import Path

import psutil
import pytest

from study import catalogue, configuring
from study.engine import local
from study.engine.tasks import Data, Task, perform
from study.lab import mnist
from study.record import provenance


def identity() -> tuple[int, str | None, bool]:
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    return os.getpid(), os.environ.get("OMP_NUM_THREADS"), ignored


def test_there_is_a_core() -> None:
    assert 1 <= local.cores() <= (os.cpu_count() or 1)


def test_processes_have_one_thread_and_end_with_the_block() -> None:
    with local.processes(2) as pool:
        pid, threads, ignored = pool.submit(identity).result()
        assert pid != os.getpid()
        assert (threads, ignored) == ("1", True)
        # What a terminal sends to all processes at once does not reach them.
        os.kill(pid, signal.SIGINT)
        assert pool.submit(abs, -3).result() == 3
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_draws_of_other_processes_are_those_made_here(
    tmp_path: Path, embedded: mnist.Mnist
) -> None:
    name = "relu_second_moment"
    changes = {"draws": 2, "depth": 3, "width": 16, "images": 5}
    settings = configuring.plain_settings(name, "quick") | changes
    mnist.share(embedded, tmp_path)
    data = Data(embedded.name, embedded.checksum, 256.0, str(tmp_path))
    code = provenance.code_digest(catalogue.module(name))
    tasks = [Task(name, settings, data, "cpu", code, (draw,), "", "") for draw in range(2)]
    with local.processes(2) as pool:
        apart = list(pool.map(perform, tasks))
    together = [perform(task) for task in tasks]
    assert [one.content for (one,) in apart] == [one.content for (one,) in together]


def test_the_death_of_a_process_is_told() -> None:
    with local.processes(1) as pool, pytest.raises(BrokenExecutor):
        pool.submit(os.kill, pool.submit(os.getpid).result(), signal.SIGKILL).result()
