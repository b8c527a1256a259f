"""What a run would take that is too long to be tried."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from study import rehearsal
from study.lab import classification, training
from study.lab.classification import Task
from study.lab.inits import random_generator
from study.lab.mnist import Mnist
from study.lab.training import History, Schedule, adam, sgd
from study.record.draws import Draw
from study.record.experiment import Method

MILLION = 1_000_000
UPDATE, DEEP_UPDATE, EVALUATION = 0.25, 2.0, 16.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let only updates and evaluations take time, each a known one."""
    now = [0.0]
    true_loop = training._loop

    def loop(network: nn.Module, *given: Any) -> list[float]:  # noqa: ANN401 - as it is there
        losses = true_loop(network, *given)
        now[0] += len(losses) * (DEEP_UPDATE if len(list(network)) > 1 else UPDATE)  # type: ignore[call-overload]
        return losses

    monkeypatch.setattr(training, "_loop", loop)
    monkeypatch.setattr(rehearsal, "process_time", lambda: now[0])
    return now


def network(depth: int) -> Callable[[], nn.Sequential]:
    widths = [784] + [10] * depth
    return lambda: nn.Sequential(*(nn.Linear(a, b) for a, b in pairwise(widths)))


def toy(
    clock: list[float],
    *,
    rates: Sequence[float] = (0.1, 0.2),
    stop_when: Callable[[Sequence[float]], bool] | None = None,
) -> Method:
    def train(inputs: Any, depth: int, rate: float, schedule: Schedule) -> History:  # noqa: ANN401
        def evaluate(_network: nn.Module) -> dict[str, float]:
            clock[0] += EVALUATION
            return {"error": 0.5}

        return Task(inputs, 3, 0).fit(
            network(depth),
            schedule,
            sgd(rate),
            evaluate=evaluate,
            stop_when=stop_when,
            name=f"{depth}-{rate}",
        )

    def choose(_config: object, inputs: object) -> list[float]:
        schedule = Schedule(10, 2 * MILLION, (0, MILLION))
        return [train(inputs, 1, rate, schedule).metrics[MILLION]["error"] for rate in rates]

    def measure(_config: object, inputs: object, _draw: int, _choice: object) -> Draw:
        history = train(inputs, 2, 0.1, Schedule(10, MILLION, (MILLION,)))
        assert len(history.losses) == MILLION
        return Draw({"loss": history.losses[-1]})

    return Method(
        config=SimpleNamespace,
        prepare=lambda _config, mnist: mnist.train,
        choose=choose,
        measure=measure,
    )


def test_a_training_takes_as_much_as_all_its_updates_and_evaluations(
    clock: list[float], embedded: Mnist
) -> None:
    costs = rehearsal.rehearse(toy(clock), None, embedded)
    assert costs == {
        "choice": pytest.approx(2 * (2 * MILLION * UPDATE + 2 * EVALUATION)),
        "draw": pytest.approx(MILLION * DEEP_UPDATE + EVALUATION),
    }


def test_a_rehearsal_itself_takes_some_updates_of_each_kind_of_network(
    clock: list[float], embedded: Mnist
) -> None:
    rehearsal.rehearse(toy(clock, rates=[0.1, 0.2, 0.4, 0.8]), None, embedded)
    made = rehearsal.WARM_UP + rehearsal.UPDATES
    assert clock == [pytest.approx(made * (UPDATE + DEEP_UPDATE) + 5 * EVALUATION)]


def test_a_training_that_may_stop_early_is_taken_for_whole(
    clock: list[float], embedded: Mnist
) -> None:
    costs = rehearsal.rehearse(toy(clock, stop_when=lambda _: True), None, embedded)
    assert costs["draw"] == pytest.approx(MILLION * DEEP_UPDATE + EVALUATION)


def test_afterwards_trainings_are_whole_again(clock: list[float], embedded: Mnist) -> None:
    method = toy(clock, rates=[])
    with pytest.raises(ZeroDivisionError):
        rehearsal.rehearse(Method(**{**vars(method), "measure": lambda *_: 1 / 0}), None, embedded)
    assert vars(classification)["fit"] is training.fit


@pytest.mark.parametrize(
    ("other", "kinds"),
    [
        ({}, 1),
        ({"depth": 3}, 2),
        ({"batch": 20}, 2),
        ({"optimiser": adam(0.1)}, 2),
        ({"optimiser": sgd(0.7)}, 1),
    ],
)
def test_networks_minibatches_and_optimisers_are_timed_apart(
    embedded: Mnist, other: dict[str, Any], kinds: int
) -> None:
    cut_short = rehearsal.CutShort()
    for changes in ({}, other):
        settings: dict[str, Any] = {"depth": 2, "batch": 10, "optimiser": sgd(0.1)} | changes
        history = cut_short(
            network(settings["depth"]),
            nn.functional.cross_entropy,
            embedded.train,
            Schedule(settings["batch"], 5000),
            random_generator(0, 0, 0),
            optimiser=settings["optimiser"],
            name="toy",
        )
        assert torch.tensor(history.losses).isfinite().all()
    assert len(cut_short.paces) == kinds
