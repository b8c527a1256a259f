import os
import signal
from concurrent.futures import BrokenExecutor

import psutil
import pytest

from study.engine import local


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


def test_the_death_of_a_process_is_told() -> None:
    with local.processes(1) as pool, pytest.raises(BrokenExecutor):
        pool.submit(os.kill, pool.submit(os.getpid).result(), signal.SIGKILL).result()
