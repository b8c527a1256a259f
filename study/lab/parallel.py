"""A map over independent items on one or several threads, with equal results."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import torch

Item = TypeVar("Item")
Value = TypeVar("Value")

_THREADS: ContextVar[int] = ContextVar("threads that a computation may use", default=1)


def parallel_map(function: Callable[[Item], Value], items: Iterable[Item]) -> list[Value]:
    """Apply a function to each item, sequentially or on as many threads as :func:`threads` allows.

    A draw runs on one thread, and the draws of a study on as many processes as there are cores.
    Threads are for a single large computation, such as a benchmark. Torch and NumPy release the
    interpreter's lock while they compute. Each item is computed on a single thread, so the results
    do not depend on the number of threads.

    Args:
        function: must not change anything that it reads for another item.
        items: the arguments of the function.

    Returns:
        The values, in the order of the items.

    >>> parallel_map(abs, [-3, 2])
    [3, 2]
    """
    count = _THREADS.get()
    if count == 1:
        return [function(item) for item in items]
    # OpenMP has a number of threads for each thread that calls it, so it is set in each of them.
    # Torch then uses the same number in new threads of this process.
    with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        return list(pool.map(function, items))


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Context in which each :func:`parallel_map` uses several threads.

    Args:
        count: the number of threads, one or more.
    """
    token = _THREADS.set(count)
    try:
        yield
    finally:
        _THREADS.reset(token)
