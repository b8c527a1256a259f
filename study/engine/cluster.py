"""The workers of a Dask cluster, behind the interface of concurrent.futures.

Scheduler and workers run in a clone of the project of their own; no disk is shared. A call travels
as bytes, so that the scheduler, which reads what it passes on, need not load what they name.
"""

import pickle
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from distributed import Client, KilledWorker, get_worker

from study.errors import EngineLostError, StudyError, WorkerDiedError

FRESH_SECONDS = 1.0
"""For so long the number of workers is not asked for again."""
STOP_SECONDS = 1.0
"""So long an end waits for workers to drop what they are making."""


class Cluster(Executor):
    """An executor whose calls are made by the workers of a Dask cluster.

    Args:
        client: connected to the scheduler.
        field: the setting that names the cluster, for errors.
    """

    def __init__(self, client: Client, field: str) -> None:
        self.client = client
        self.field = field
        self._calls = client.get_executor(pure=False)
        self._asked = -FRESH_SECONDS
        self._workers = 0

    @property
    def workers(self) -> int:
        """How many workers there are, as known a second ago."""
        clock = time.monotonic()
        if clock - self._asked > FRESH_SECONDS and self.client.status == "running":
            self._asked = clock
            self._workers = self.client.scheduler_info(n_workers=0)["n_workers"]
        return self._workers

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401
        """Submit a call; see :class:`concurrent.futures.Executor`.

        Raises:
            EngineLostError: if the scheduler is gone.
        """
        if self.client.status != "running":
            raise self._lost()
        answer: Future[Any] = Future()
        answer.set_running_or_notify_cancel()
        call = self._calls.submit(on_worker, pickle.dumps(partial(fn, *args, **kwargs)))
        call.add_done_callback(partial(self._tell, answer))
        return answer

    def stop(self) -> None:
        """Let workers drop what they are making; a worker that makes it has to start anew."""
        if self.client.status != "running":
            return
        busy = [address for address, calls in self.client.processing().items() if calls]
        with suppress(Exception):  # it ends when it is made, then, and is dropped
            self.client.restart_workers(busy, timeout=STOP_SECONDS, raise_for_error=False)

    def _tell(self, answer: Future[Any], call: Future[Any]) -> None:
        """Pass on what became of a call."""
        error = self._lost() if call.cancelled() else call.exception()
        if isinstance(error, KilledWorker):
            error = WorkerDiedError(str(error))
        elif isinstance(error, ImportError):
            error = StudyError(f"{self.field}: {error}; start scheduler and workers in a clone")
        if error is None:
            answer.set_result(call.result())
        else:
            answer.set_exception(error)

    def _lost(self) -> EngineLostError:
        return EngineLostError(
            f"{self.field}: the scheduler is gone; what is made is kept, the same command goes on"
        )


def on_worker(call: bytes) -> Any:  # noqa: ANN401 - of any call
    """Make a call in a worker, and name the worker in what it refuses.

    Args:
        call: as :mod:`pickle` holds it.

    Raises:
        StudyError: if the worker cannot make it, or refuses to.
    """
    worker = get_worker()
    subject = f"worker {worker.address}"
    if worker.state.nthreads != 1:
        raise StudyError(f"{subject}: has several threads; start it with --nthreads 1")
    try:
        function = pickle.loads(call)  # noqa: S301 - of the scheduler, whom a worker obeys anyway
    except (AttributeError, ImportError, TypeError) as error:
        raise StudyError(f"{subject}: its code is not that of the study ({error})") from None
    try:
        return function()
    except StudyError as error:
        raise StudyError(f"{subject}: {error}") from None


@contextmanager
def connected(cluster: Cluster) -> Iterator[Cluster]:
    """Give an executor; where the block ends early, so do its calls.

    Args:
        cluster: the executor; its client is closed when the block ends.
    """
    try:
        yield cluster
    except BaseException:
        cluster.stop()
        raise
    finally:
        cluster.client.close(timeout=STOP_SECONDS)
