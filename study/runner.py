"""From jobs to finished runs, by any executor of :mod:`concurrent.futures`.

What is made already is not made again; what comes back is kept at once. A job is concluded, that is
pooled, judged and drawn, as soon as its last draw is in.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, wait
from contextlib import AbstractContextManager, ExitStack
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

from study import catalogue
from study.configuring import DataSettings, StudySettings
from study.engine.tasks import Data
from study.queue import Costs, Finished, Job, Queue, Watch

PLAIN = [(DataSettings(name, 256.0), "cpu") for name in ("auto", "mnist")]
"""Data and device of a run that stands for its experiment."""

Start: TypeAlias = Callable[[], AbstractContextManager[Executor]]


def perform(  # noqa: PLR0913, PLR0917 - what a study is run with
    jobs: Iterable[Job],
    data: Data,
    start: Start,
    workers: int,
    costs: Costs,
    watch: Watch = lambda _: None,
) -> Iterator[Finished]:
    """Make what the jobs lack, and conclude each as soon as its draws are in.

    Args:
        jobs: the jobs, those first whose results are wanted first.
        data: which data, and where the processes find it.
        start: starts the executor; called again if its processes have died.
        workers: how many processes it has.
        costs: what draws take, as far as that is known.
        watch: is told how far the jobs are, several times a second.

    Yields:
        Each job when it is finished, or refused.

    Raises:
        Exception: once all jobs have come to their end, what an experiment raised by mistake.
    """
    queue = Queue(jobs, data, costs, workers)
    yield from queue.there()
    with ExitStack() as stack:
        executor: Executor | None = None
        try:
            while queue.open:
                try:
                    if executor is None:
                        executor = stack.enter_context(start())
                    queue.send(executor)
                    done, _ = wait(queue.running, timeout=0.2, return_when=FIRST_COMPLETED)
                    for future in done:
                        for finished in queue.take(future):
                            watch(queue.progress())
                            yield finished
                except BrokenExecutor:
                    yield from queue.broken()
                    stack.close()
                    executor = None
                watch(queue.progress())
        finally:
            queue.salvage()
    if queue.mistakes:  # the other experiments have come to their end
        raise queue.mistakes[0]


def folder_for(name: str, config: object, plain: object, study: StudySettings, root: Path) -> Path:
    """Return where a run lies, so that no sweep overwrites its own results.

    Args:
        name: the experiment's name.
        config: its settings.
        plain: what they are when the command line changes none of them.
        study: everything else that is set.
        root: what a relative folder of all runs is relative to.

    Returns:
        ``output/group/name`` for the plain settings, else
        ``output/group/name-variants/<hash of settings>``. Both sizes are plain, and so are the two
        ways to ask for MNIST.
    """
    place = root / study.output / catalogue.place(name)
    if config == plain and (study.data, study.device) in PLAIN:
        return place
    key = repr((config, study.scale, study.data, study.device))
    return place.with_name(f"{name}-variants") / sha256(key.encode()).hexdigest()[:8]
