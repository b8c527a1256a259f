"""What an engine costs: a task beside a plain call, tasks per second, and time against workers.

Engines are processes of this machine and, where the extra ``cluster`` is installed, a Dask cluster
on it. Run it with ``nox -s benchmarks``, or alone with ``python -P benchmarks/engine.py``; with
``quick`` at its end it takes fewer tasks.
"""

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, wait
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from statistics import median
from time import perf_counter

from study import catalogue, configuring
from study.engine import local, tasks
from study.engine.tasks import Data, Task
from study.lab import mnist
from study.record import provenance

NAME = "relu_second_moment"
QUICK = "quick" in sys.argv
SMALL = {"draws": 1, "depth": 3, "width": 16, "images": 5}
"""A draw that computes for about a millisecond, so that what is around it shows."""
TASKS = 40 if QUICK else 200
DRAWS = 8 if QUICK else 32
SLEEP = 0.25
"""Seconds that a simulated draw sleeps; it needs no core, so 64 of them fit on two."""
ROUNDS = 2
"""Simulated draws for each worker."""


def task(draw: int, **changes: int) -> Task:
    """Return a task of one draw of a real experiment, at quick size but for the changes."""
    settings = configuring.plain_settings(NAME, "quick") | changes
    found = mnist.find("mnist_5k")
    data = Data(found.name, found.checksum, 256.0, "")
    code = provenance.code_digest(catalogue.module(NAME))
    return Task(NAME, settings, data, "cpu", code, (draw,), "", "")


def seconds(work: Callable[[], object]) -> float:
    """Return the time that a call takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def finish(executor: Executor, call: Callable[..., object], arguments: list[object]) -> None:
    """Submit calls together, and wait for all of them."""
    done, _ = wait([executor.submit(call, argument) for argument in arguments])
    for future in done:
        future.result()


@contextmanager
def dask(workers: int, *, processes: bool) -> Iterator[Executor]:
    """Give a Dask cluster on loopback; without processes its workers are threads, and may sleep."""
    from distributed import Client, LocalCluster  # noqa: PLC0415 - of an extra

    from study.engine.cluster import Cluster, connected  # noqa: PLC0415

    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=processes,
            memory_limit=None,  # workers that are threads would each count the whole process
            host="127.0.0.1",
            dashboard_address=None,
            protocol="tcp",
        ) as there,
        connected(Cluster(Client(there, set_as_default=False), "benchmark")) as executor,
    ):
        yield executor


def engines() -> dict[str, Callable[[int], object]]:
    """Return what starts so many workers of each engine that is installed."""
    known: dict[str, Callable[[int], object]] = {"processes": local.processes}
    if find_spec("distributed"):
        known["dask"] = lambda workers: dask(workers, processes=True)
    return known


def cost_of_a_task() -> None:
    """Compare a task that goes to a worker and back with the call that it makes."""
    small = task(0, **SMALL)
    tasks.perform(small)  # prepares what draws share
    plain = median(seconds(lambda: tasks.perform(small)) for _ in range(TASKS))
    print(f"one small draw, as a plain call: {1e3 * plain:.2f} ms")
    for name, start in engines().items():
        with start(1) as executor:  # type: ignore[attr-defined]
            executor.submit(tasks.perform, small).result()
            one = median(
                seconds(lambda: executor.submit(tasks.perform, small).result())
                for _ in range(TASKS)
            )
            together = seconds(lambda: finish(executor, tasks.perform, [small] * TASKS))
        print(
            f"  {name}, one worker: {1e3 * one:.2f} ms from call to answer, {one / plain:.1f} times"
            f" the call; {TASKS / together:.0f} tasks a second where many wait"
        )


def real_draws() -> None:
    """Show how the time of real draws falls with workers that compute, beside the ideal."""
    todo: list[object] = [task(draw) for draw in range(DRAWS)]
    for name, start in engines().items():
        times = {}
        for workers in (1, 2):
            with start(workers) as executor:  # type: ignore[attr-defined]
                finish(executor, tasks.perform, todo[:2] * workers)  # all have prepared theirs
                times[workers] = seconds(lambda: finish(executor, tasks.perform, todo))
        print(
            f"{DRAWS} draws of {NAME}, {name}: one worker {times[1]:.2f} s, two {times[2]:.2f} s, "
            f"{times[2] / times[1]:.2f} of that (ideal 0.50)"
        )


def sleepers() -> None:
    """Show how far one scheduler reaches: simulated draws that sleep, on up to 64 workers."""
    if not find_spec("distributed"):
        return
    print(f"draws that sleep {SLEEP} s, {ROUNDS} for each worker, dask:")
    for workers in (1, 2, 4, 8, 16, 32, 64):
        with dask(workers, processes=False) as executor:
            finish(executor, time.sleep, [0.0] * workers)
            draws: list[object] = [SLEEP] * (ROUNDS * workers)
            taken = seconds(partial(finish, executor, time.sleep, draws))
        ideal = ROUNDS * SLEEP
        print(f"  {workers:2} workers: {taken:.2f} s, {taken / ideal:.2f} times the ideal")


if __name__ == "__main__":
    cost_of_a_task()
    real_draws()
    sleepers()
