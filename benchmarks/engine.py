"""What an engine costs: a task beside a plain call, and how the time falls with workers.

The cores are those of this machine; up to 64 workers are simulated by ones that sleep, in threads
of this process, so that what is seen is the cost of queue, scheduler and files. Run it with
``nox -s benchmarks``; what needs Dask is left out where it is not installed (``nox -s cluster``).
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest.mock import patch

import torch

from study import catalogue, configuring, queue, runner, steps
from study.configuring import DataSettings, LocalSettings, StudySettings
from study.engine import local
from study.engine.engines import Engine
from study.engine.tasks import Data, laid_out
from study.lab import mnist
from study.queue import Costs, Job, Progress
from study.record import provenance
from study.record.draws import Draw

NAME = "relu_second_moment"
CALLS = 500
DRAWS = 120
SLEEPS, SECONDS = 64, 0.2
"""How many draws sleep, and for how long each."""


def main() -> None:
    """Print times and ratios."""
    start = perf_counter()
    for _ in range(CALLS):
        abs(-3)
    print(f"a plain call: {(perf_counter() - start) / CALLS * 1e6:.2f} µs")
    with local.processes(2) as pool:
        task("local", pool)
    if find_spec("distributed"):
        with dask(2, processes=True) as cluster:
            task("dask", cluster)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        data = laid_out(mnist.find("mnist_5k"), 256.0, place / "data")
        work(place, data)
        sleepers(place, data)


def task(name: str, executor: Executor) -> None:
    """Print what a task takes that does nothing, one at a time and many at once."""
    executor.submit(abs, -3).result()
    start = perf_counter()
    for _ in range(CALLS):
        executor.submit(abs, -3).result()
    alone = (perf_counter() - start) / CALLS
    start = perf_counter()
    for future in [executor.submit(abs, -3) for _ in range(CALLS)]:
        future.result()
    together = CALLS / (perf_counter() - start)
    print(f"engine={name}: a task takes {alone * 1e3:.2f} ms; {together:.0f} tasks a second")


def work(place: Path, data: Data) -> None:
    """Print how the time of real draws falls from one process to two."""
    print(f"{NAME}, {DRAWS} draws of quick size, with the start of processes:")
    times = {}
    for count in (1, 2):
        engine = Engine(lambda count=count: local.processes(count), count)  # type: ignore[misc]
        times[count] = until_made(Study(place / f"work-{count}", data, DRAWS), engine)
        print(f"  {count:2d} workers {times[count]:6.2f} s, ideal {times[1] / count:6.2f} s")


def sleepers(place: Path, data: Data) -> None:
    """Print how the time of draws that sleep falls with workers."""
    found = mnist.find("mnist_5k")
    whole = mnist.load(found, 256.0, torch.device("cpu"))
    data = replace(data, folder="")  # as on a cluster
    method, config = catalogue.method(NAME), Study(place, data, SLEEPS, small=True).job.config
    drawn = method.measure(config, method.prepare(config, whole), 0)

    def measure(*_: object) -> Draw:
        time.sleep(SECONDS)
        return drawn

    sleeping = replace(method, prepare=lambda *_: None, measure=measure)
    engines: dict[str, Callable[[int], Engine]] = {
        "threads": lambda count: Engine(lambda: ThreadPoolExecutor(count), count)
    }
    if find_spec("distributed"):
        engines["dask"] = lambda count: Engine(
            lambda: ThreadPoolExecutor(1), count, lambda: dask(count, processes=False)
        )
    with (  # workers of one process would all prepare at once, on its few cores
        patch.object(catalogue, "method", lambda _: sleeping),
        patch.object(mnist, "find", lambda _: found),
        patch.object(mnist, "load", lambda *_: whole),
        patch.object(provenance, "code_digest", lambda *_: "0" * 64),
        patch.object(queue, "BUNDLE_SECONDS", 0.0),
        patch.object(steps, "draw_figures", lambda *_: None),
    ):
        for name, engine in engines.items():
            print(f"{SLEEPS} draws that sleep for {SECONDS} s, {name}:")
            for count in (1, 4, 16, 64):
                study = Study(place / f"{name}-{count}", data, SLEEPS, small=True)
                took, ideal = until_made(study, engine(count)), SLEEPS * SECONDS / count
                print(f"  {count:2d} workers {took:6.2f} s, ideal {ideal:6.2f} s")


@dataclass(frozen=True)
class Study:
    """Draws of a real experiment, of quick size or so small that they take no time."""

    folder: Path
    data: Data
    draws: int
    small: bool = False

    @property
    def job(self) -> Job:
        """The study as the runner takes it."""
        small = {"depth": 2, "width": 4, "images": 3} if self.small else {}
        settings = configuring.plain_settings(NAME, "quick") | small | {"draws": self.draws}
        config = configuring.checked(catalogue.method(NAME).config, settings)
        study = StudySettings(
            scale="quick",
            device="cpu",
            output=str(self.folder),
            force=False,
            data=DataSettings("mnist_5k", 256.0),
            engine=LocalSettings("local", None),
            first=(),
        )
        return Job(NAME, config, study, self.folder / NAME)


def until_made(study: Study, engine: Engine) -> float:
    """Return the seconds from the moment that the executor is there until the last draw is kept."""
    began: list[float] = []
    ended: list[float] = []

    def timed(start: Callable[[], AbstractContextManager[Any]]) -> Any:  # noqa: ANN401 - the same
        @contextmanager
        def entered() -> Iterator[Any]:
            with start() as executor:
                began.append(perf_counter())
                yield executor

        return entered

    def watch(progress: Progress) -> None:
        if progress.made == study.draws:
            ended.append(perf_counter())

    cluster = engine.cluster and timed(engine.cluster)
    engine = replace(engine, processes=timed(engine.processes), cluster=cluster)
    list(runner.perform([study.job], study.data, engine, Costs({}), watch))
    return ended[0] - began[0]


@contextmanager
def dask(count: int, *, processes: bool) -> Iterator[Any]:
    """Give workers of a Dask cluster of this machine, in processes or in threads."""
    from distributed import Client, LocalCluster  # noqa: PLC0415 - it may not be there

    from study.engine.cluster import connected  # noqa: PLC0415

    with (
        LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            processes=processes,
            memory_limit=None,  # of threads each would count the whole process
            dashboard_address="127.0.0.1:0",
        ) as cluster,
        connected(Client(cluster, set_as_default=False), "engine=dask") as workers,
    ):
        workers.client.wait_for_workers(count)
        yield workers


if __name__ == "__main__":
    main()
