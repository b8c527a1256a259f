"""The cores of this machine, one process each, behind the interface of concurrent.futures."""

import ctypes
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import psutil
from loky import ProcessPoolExecutor
from loky.backend.context import get_context

PR_SET_PDEATHSIG = 1
"""Linux's name for the signal that a process gets when its parent ends."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
"""What the libraries that compute read when they are imported."""

DEVICES = "CUDA_VISIBLE_DEVICES"
"""Where CUDA reads which devices a process may use."""
NO_RESTART = {"LOKY_MAX_MEMORY_LEAK_SIZE": "1e18"}
"""No process is replaced for the memory that it holds, in which data that all share counts too."""


class Processes(ProcessPoolExecutor):  # type: ignore[misc]  # loky has no types
    """A pool of processes that an interrupt from the keyboard does not reach.

    The parent is interrupted alone, and ends them; they end themselves where it is gone.
    """

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401
        """Submit a call; see :class:`concurrent.futures.Executor`."""
        with _interrupts_held_back():  # a new process inherits this
            return super().submit(fn, *args, **kwargs)  # type: ignore[no-any-return]


@contextmanager
def processes(count: int, devices: Sequence[str] = ()) -> Iterator[Processes]:
    """Give a pool of processes, each with one thread; they are gone when the block ends.

    Args:
        count: how many.
        devices: CUDA's names of devices; if there are any, each process sees one of them and no
            other, and there are no more processes than devices.
    """
    places = get_context().SimpleQueue()
    for device in devices:
        places.put(device)
    warnings.filterwarnings("ignore", "A worker (stopped|was restarted)", UserWarning)
    pool = Processes(
        count,
        env=ONE_THREAD | NO_RESTART,
        initializer=_begin,
        initargs=(os.getpid(), places if devices else None),
    )
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, kill_workers=True)


def cores() -> int:
    """Return the number of cores that this process may use.

    >>> cores() >= 1
    True
    """
    allowed = getattr(os, "sched_getaffinity", None)  # not on macOS, not on Windows
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def devices() -> list[str]:
    """Return CUDA's names of the devices that this process may use, in its order."""
    import torch  # noqa: PLC0415 - few processes here need it

    count = torch.cuda.device_count()
    named = os.environ.get(DEVICES)
    return named.split(",")[:count] if named else [str(at) for at in range(count)]


def _begin(parent: int, places: Any = None) -> None:  # noqa: ANN401 - loky has no types
    """Prepare a new process: it ignores interrupts, and does not outlive its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":  # at once
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if places is not None:  # before torch asks CUDA for its devices
        os.environ[DEVICES] = places.get()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:  # pragma: no cover - in the processes
    """End this process within a second of its parent."""
    pause = threading.Event()
    while os.getppid() == parent and psutil.pid_exists(parent):  # Windows knows the latter alone
        pause.wait(1)
    os._exit(1)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    mask = getattr(signal, "pthread_sigmask", None)  # not on Windows
    if mask is None:  # pragma: no cover
        yield
        return
    before = mask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        mask(signal.SIG_SETMASK, before)
