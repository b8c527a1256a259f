"""From jobs to finished runs, by any executor of :mod:`concurrent.futures`.

What is made already is not made again; what comes back is kept at once. A job is concluded, that is
pooled, judged and drawn, as soon as its last draw is in.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, wait
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

from study import catalogue
from study.configuring import DataSettings, StudySettings
from study.engine.engines import Engine
from study.engine.tasks import Data
from study.queue import Costs, Finished, Job, Queue, Watch

PLAIN = [(DataSettings(name, 256.0), "cpu") for name in ("auto", "mnist")]
"""Data and device of a run that stands for its experiment."""


def perform(
    jobs: Iterable[Job],
    data: Data,
    engine: Engine,
    costs: Costs,
    watch: Watch = lambda _: None,
) -> Iterator[Finished]:
    """Make what the jobs lack, and conclude each as soon as its draws are in.

    Args:
        jobs: the jobs, those first whose results are wanted first.
        data: which data, and where the processes find it.
        engine: where draws are made; its processes are started again if they have died.
        costs: what draws take, as far as that is known.
        watch: is told how far the jobs are, several times a second.

    Yields:
        Each job when it is finished, or refused.

    Raises:
        EngineLostError: if a cluster is gone.
        Exception: once all jobs have come to their end, what an experiment raised by mistake.
    """
    queue = Queue(jobs, data, costs, engine.workers, remote=engine.cluster is not None)
    yield from queue.there()
    with ExitStack() as far, ExitStack() as near:
        cluster = far.enter_context(engine.cluster()) if engine.cluster and queue.open else None
        processes: Executor | None = None
        try:
            while queue.open:
                if cluster is not None:
                    queue.workers = cluster.workers
                try:
                    if processes is None:
                        processes = near.enter_context(engine.processes())
                    queue.send(cluster or processes, processes)
                    futures, _ = wait(queue.running, timeout=0.2, return_when=FIRST_COMPLETED)
                    for future in futures:
                        for job in queue.take(future):
                            watch(queue.progress())
                            yield job
                except BrokenExecutor:
                    yield from queue.broken()
                    near.close()
                    processes = None
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
