"""How long an experiment would take that is too long to be tried: its trainings, cut short.

Each network is trained for some updates, of which each is taken to be as long as all others.
Nothing that is measured so is a result: a training that was cut short tells its time and no more.
"""

from collections.abc import Callable, Sequence
from time import process_time
from typing import Any, NamedTuple, TypeVar
from unittest.mock import patch

import numpy as np
from torch import nn

from study.engine.tasks import CHOICE, plain_arithmetic
from study.lab import classification, training
from study.lab.mnist import Mnist, Split
from study.lab.training import History, Loss, Optimiser, Schedule, no_metrics
from study.queue import DRAW
from study.record.experiment import Method

T = TypeVar("T")

WARM_UP = 3
"""Updates that are not timed, since the first ones fetch memory."""
UPDATES = 30
"""Updates that are timed, of each kind of network."""


class Pace(NamedTuple):
    """What an update of one kind of network takes, in seconds of a processor, and a loss of it."""

    seconds: float
    loss: float


class CutShort:
    """Stands in for :func:`study.lab.training.fit`, and adds up what that would take beyond it.

    Trainings are of one kind if their networks, their minibatches and the rule of their updates
    are: they are timed once.
    """

    def __init__(self) -> None:
        self.paces: dict[tuple[str, int, type], Pace] = {}
        self.left_out = 0.0

    def __call__(  # noqa: PLR0913 - the parts of a training run
        self,
        make_network: Callable[[], nn.Module],
        loss: Loss,
        examples: Split,
        schedule: Schedule,
        batch_rng: np.random.Generator,
        *,
        optimiser: Optimiser,
        evaluate: Callable[[nn.Module], dict[str, float]] = no_metrics,
        stop_when: Callable[[Sequence[float]], bool] | None = None,
        name: str,
    ) -> History:
        """Time a training of its kind, if none was timed, and return what looks like a history.

        All losses are that of the last update that was made of its kind, and all evaluations the
        first of its own. It is never stopped early.
        """
        del stop_when
        began = process_time()
        network = make_network()
        kind = str(network), schedule.batch_size, type(optimiser(network))
        if kind not in self.paces:

            def losses(updates: int) -> list[float]:
                short = Schedule(schedule.batch_size, updates)
                return training.fit(
                    lambda: network,
                    loss,
                    examples,
                    short,
                    batch_rng,
                    optimiser=optimiser,
                    name=name,
                ).losses

            losses(WARM_UP)
            last, seconds = _timed(lambda: losses(UPDATES)[-1])
            self.paces[kind] = Pace(seconds / UPDATES, last)
        pace = self.paces[kind]
        metrics, evaluation = _timed(lambda: evaluate(network))
        whole = pace.seconds * schedule.updates + evaluation * len(schedule.evaluate_at)
        self.left_out += whole - (process_time() - began)
        return History([pace.loss] * schedule.updates, dict.fromkeys(schedule.evaluate_at, metrics))


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    """Return what a call gives, and what it took of a processor, in seconds."""
    start = process_time()
    outcome = work()
    return outcome, process_time() - start


def rehearse(method: Method, config: object, data: Mnist) -> dict[str, float]:
    """Return what an experiment would take, in seconds of a processor, by the kind of work.

    Args:
        method: of the experiment.
        config: its settings.
        data: the images.

    Returns:
        What the choice before the draws takes, if there is one, and what a draw takes. Trainings
        that stop early take less.
    """
    cut_short = CutShort()

    def seconds(work: Callable[[], Any]) -> tuple[Any, float]:
        before = cut_short.left_out
        outcome, cost = _timed(work)
        return outcome, cost + cut_short.left_out - before

    inputs = method.prepare(config, data)
    # Where trainings begin; a way in of its own would be there for this alone.
    with plain_arithmetic(), patch.object(classification, "fit", cut_short):
        choice, before_draws = seconds(lambda: method.chosen(config, inputs))
        _, draw = seconds(lambda: method.measure(config, inputs, 0, *choice))
    return ({CHOICE: before_draws} if choice else {}) | {DRAW: draw}
