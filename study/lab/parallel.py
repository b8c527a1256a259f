"""Independent pieces of one computation, on one thread or on several, with the same numbers."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import torch

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

_THREADS: ContextVar[int] = ContextVar("threads that a computation may use", default=1)


def parallel_map(work: Callable[[Item], Outcome], items: Iterable[Item]) -> list[Outcome]:
    """Apply a function to items: one after another, unless :func:`threads` allows more at a time.

    A draw runs on one thread, and the draws of a study on as many processes as there are cores.
    Threads are for a single large computation, such as a benchmark. Torch and NumPy let go of the
    interpreter while they compute; each piece runs on one thread of its own, so its numbers do not
    depend on how many there are.

    Args:
        work: the function; it must not change anything that another piece reads.
        items: what it is applied to.

    Returns:
        The outcomes, in the order of the items.

    >>> parallel_map(abs, [-3, 2])
    [3, 2]
    """
    count = _THREADS.get()
    if count == 1:
        return [work(item) for item in items]
    # OpenMP counts its threads for each thread that calls it, so each has to be told that it is
    # alone; torch then tells new threads of this process the same.
    with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        return list(pool.map(work, items))


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let each :func:`parallel_map` of the block use several threads.

    Args:
        count: how many, one or more.
    """
    token = _THREADS.set(count)
    try:
        yield
    finally:
        _THREADS.reset(token)
