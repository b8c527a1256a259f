"""Independent pieces of work, done side by side without changing any number."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from threading import Event
from typing import TypeAlias, TypeVar

import torch

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

Report: TypeAlias = Callable[[float], None]

_REPORT: ContextVar[Report | None] = ContextVar("told which share of the work is done")
_UNWANTED: ContextVar[Event | None] = ContextVar("set when a piece is no longer wanted")


class UnwantedError(Exception):
    """Raised in a piece of work that nobody waits for any more."""


def side_by_side(work: Callable[[Item], Outcome], items: Iterable[Item]) -> list[Outcome]:
    """Apply a function to items, as many at a time as there are cores.

    Torch and NumPy let go of the interpreter while they compute. Each piece runs on one thread,
    so its numbers do not depend on the number of cores, and a busy machine slows the work only by
    what it takes away; torch's own threads wait for one another after every operation. OpenMP
    counts its threads for each thread that calls it, so each has to be told that it is alone;
    torch then tells new threads of this process the same.

    Args:
        work: the function; it must not change anything that another piece reads.
        items: what it is applied to.

    Returns:
        The outcomes, in the order of the items.

    >>> side_by_side(abs, [-3, 2])
    [3, 2]
    """
    items, unwanted = list(items), Event()
    contexts = []
    share = _shares(len(items))
    for at in range(len(items)):  # each sees what whoever asked for it has set
        context = copy_context()
        context.run(_UNWANTED.set, unwanted)
        context.run(_REPORT.set, share(at))
        contexts.append(context)

    def one(at: int) -> Outcome:
        return contexts[at].run(work, items[at])

    with ThreadPoolExecutor(cores(), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        try:
            return list(pool.map(one, range(len(items))))
        except BaseException:
            unwanted.set()
            raise


def stop_if_unwanted() -> None:
    """End a long piece of work in good time, if another has failed or the reader interrupts.

    Raises:
        UnwantedError: if that is so.
    """
    unwanted = _UNWANTED.get(None)
    if unwanted is not None and unwanted.is_set():
        raise UnwantedError


@contextmanager
def reporting_to(report: Report) -> Iterator[None]:
    """Let long pieces of work in the block say how far they are.

    Args:
        report: told which share of the work in the block is done, as often as it grows.
    """
    token = _REPORT.set(report)
    try:
        yield
    finally:
        _REPORT.reset(token)


def tell(share: float) -> None:
    """Say which share of this piece of work is done, if anyone asked to be told."""
    report = _REPORT.get(None)
    if report is not None:
        report(share)


def _shares(pieces: int) -> Callable[[int], Report | None]:
    """Return what each piece is to report to, so that together they make up the whole."""
    report = _REPORT.get(None)
    done = [0.0] * pieces

    def of(at: int) -> Report | None:
        if report is None:
            return None

        def told(share: float) -> None:
            done[at] = share
            report(sum(done) / pieces)

        return told

    return of


def cores() -> int:
    """Return the number of cores that this process may use.

    >>> cores() >= 1
    True
    """
    allowed = getattr(os, "sched_getaffinity", None)  # not on macOS, not on Windows
    return len(allowed(0)) if allowed else os.cpu_count() or 1
