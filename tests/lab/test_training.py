from collections.abc import Callable, Sequence
from math import isnan, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from study.errors import StudyError
from study.lab.checkpoints import kept_in
from study.lab.mnist import Split
from study.lab.training import (
    History,
    Optimiser,
    Schedule,
    adam,
    error_rate,
    fit,
    minibatches,
    reached,
    sgd,
    train,
    updates_needed,
    updates_to,
)


def batches(examples: int, size: int, updates: int, seed: int = 0) -> list[Tensor]:
    return list(minibatches(examples, size, updates, np.random.default_rng(seed)))


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 30))
def test_an_epoch_shows_each_example_once_but_for_a_rest(
    examples: int, size: int, updates: int
) -> None:
    assume(size <= examples)
    made = batches(examples, size, updates)
    assert [len(batch) for batch in made] == [size] * updates
    per_epoch = examples // size
    for first in range(0, updates, per_epoch):
        shown = [i for batch in made[first : first + per_epoch] for i in batch.tolist()]
        assert len(set(shown)) == len(shown)
        assert set(shown) <= set(range(examples))


def test_each_epoch_has_an_order_of_its_own() -> None:
    (first,), (second,) = batches(50, 50, 1, seed=1), batches(50, 50, 1, seed=2)
    assert not torch.equal(first, second)
    assert not torch.equal(*batches(50, 50, 2))


def test_examples_that_fill_no_minibatch_are_refused() -> None:
    with pytest.raises(ValueError, match="a minibatch of 5 from 4 examples"):
        batches(4, 5, 1)


def linear() -> nn.Linear:
    made = nn.Linear(3, 2)
    with torch.no_grad():
        made.weight.copy_(torch.arange(6.0).view(2, 3) / 10)
        made.bias.zero_()
    return made


@pytest.mark.parametrize("loss", [functional.cross_entropy, functional.multi_margin_loss])
def test_training_is_that_of_torchs_optimiser(loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    inputs = torch.linspace(-1, 1, 24).view(8, 3)
    targets = torch.tensor([0, 1] * 4)
    updates = batches(8, 2, 12)
    ours, theirs = linear(), linear()
    losses = train(ours, loss, inputs, targets, updates, learning_rate=0.3)
    optimiser = torch.optim.SGD(theirs.parameters(), lr=0.3)
    expected = []
    for batch in updates:
        optimiser.zero_grad()
        value = loss(theirs(inputs[batch]), targets[batch])
        value.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        expected.append(value.item())
    assert losses == pytest.approx(expected, rel=1e-5)  # the order of two products may differ
    for one, two in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, two)


def test_a_loss_that_is_not_a_number_is_recorded() -> None:
    inputs, targets = torch.full((4, 3), 1e30), torch.tensor([0, 1, 0, 1])
    losses = train(
        linear(), functional.cross_entropy, inputs, targets, batches(4, 2, 8), learning_rate=1e30
    )
    assert len(losses) == 8
    assert isnan(losses[-1])


def test_the_error_rate_counts_what_is_wrong_or_no_number() -> None:
    outputs = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, torch.nan]])
    labels = torch.tensor([0, 0, 0, 0])
    assert error_rate(nn.Identity(), outputs, labels) == pytest.approx(0.5)


# Long trainings ----------------------------------------------------------------------------------

EXAMPLES = Split(torch.linspace(-1, 1, 60).view(20, 3), torch.tensor([0, 1] * 10))
SCHEDULE = Schedule(batch_size=3, updates=40, evaluate_at=(0, 7, 20, 40))


def weight(network: nn.Module) -> dict[str, float]:
    return {"weight": next(network.parameters()).sum().item()}


def fitted(  # noqa: PLR0913 - what a test may change of it
    *,
    make_network: Callable[[], nn.Module] = linear,
    optimiser: Optimiser | None = None,
    schedule: Schedule = SCHEDULE,
    evaluate: Callable[[nn.Module], dict[str, float]] = weight,
    stop_when: Callable[[Sequence[float]], bool] | None = None,
    seed: int = 3,
) -> History:
    return fit(
        make_network,
        functional.cross_entropy,
        EXAMPLES,
        schedule,
        np.random.default_rng(seed),
        optimiser=optimiser or sgd(0.3, momentum=0.9),
        evaluate=evaluate,
        stop_when=stop_when,
        name="one / 0.3",
    )


def test_without_momentum_a_fit_is_a_training() -> None:
    network = linear()
    updates, examples = batches(20, 3, 40, seed=3), (EXAMPLES.images, EXAMPLES.labels)
    expected = train(network, functional.cross_entropy, *examples, updates, learning_rate=0.3)
    history = fitted(optimiser=sgd(0.3))
    assert history.losses == pytest.approx(expected, rel=1e-5)
    assert history.metrics[40] == pytest.approx(weight(network), rel=1e-5)
    assert history.metrics[0] == weight(linear())
    assert list(history.metrics) == [0, 7, 20, 40]
    assert history.finite


def test_momentum_and_decay_are_those_of_their_formula() -> None:
    history = fitted(optimiser=sgd(0.1, momentum=0.5, weight_decay=0.2))
    weights, bias = linear().weight.detach().clone(), torch.zeros(2)
    velocities = [torch.zeros(2, 3), torch.zeros(2)]
    for batch in batches(20, 3, 40, seed=3):
        x, y = EXAMPLES.images[batch], EXAMPLES.labels[batch]
        # The gradient of cross-entropy by hand: probabilities minus the one-hot labels.
        off = ((x @ weights.T + bias).softmax(dim=1) - functional.one_hot(y, 2)) / len(batch)
        for v, p, g in zip(velocities, (weights, bias), (off.T @ x, off.sum(0)), strict=True):
            v.mul_(0.5).add_(g + 0.2 * p)
            p.sub_(0.1 * v)
    assert history.metrics[40]["weight"] == pytest.approx(weights.sum().item(), rel=1e-4)


def test_adam_is_torchs() -> None:
    network = linear()
    rule = torch.optim.Adam(network.parameters(), lr=0.05)
    for batch in batches(20, 3, 40, seed=3):
        rule.zero_grad()
        value = functional.cross_entropy(network(EXAMPLES.images[batch]), EXAMPLES.labels[batch])
        torch.autograd.backward(value)
        rule.step()
    assert fitted(optimiser=adam(0.05)).metrics[40] == pytest.approx(weight(network), rel=1e-5)


def test_what_is_frozen_stays() -> None:
    def start() -> nn.Module:
        network = linear()
        network.weight.requires_grad_(False)  # noqa: FBT003 - torch takes it so
        return network

    metrics = fitted(make_network=start).metrics
    assert metrics[40] == metrics[0]


def test_a_divergence_is_recorded_as_not_a_number() -> None:
    history = fitted(optimiser=sgd(1e38))
    first = next(at for at, loss in enumerate(history.losses) if isnan(loss))
    assert 0 < first < 40
    assert len(history.losses) == 40
    assert all(map(isnan, history.losses[first:]))
    assert not history.finite
    assert list(history.metrics) == [0, 7, 20, 40]
    assert isnan(history.metrics[40]["weight"])
    assert not isnan(history.metrics[0]["weight"])


def test_a_training_stops_when_it_has_enough() -> None:
    history = fitted(stop_when=lambda losses: len(losses) >= 15)
    assert history.losses == fitted().losses[:20]
    assert list(history.metrics) == [0, 7, 20]


@pytest.mark.parametrize("evaluate_at", [(5, 5), (9, 3), (41,), (-1, 3)])
def test_evaluations_out_of_order_are_refused(evaluate_at: tuple[int, ...]) -> None:
    with pytest.raises(
        StudyError, match=r"evaluate_at=.*: must ascend, from 0 or more to 40 or less"
    ):
        Schedule(batch_size=3, updates=40, evaluate_at=evaluate_at)


@pytest.mark.parametrize(
    ("losses", "updates"),
    [
        ([3.0, 2.0, 1.0, 0.0], 4),  # the mean of the last two is at the target
        ([3.0, 0.0, 0.5, 5.0], 3),
        ([0.0, 0.0, 5.0, 5.0], 2),
        ([3.0, 3.0, 3.0], None),
        ([3.0, nan, nan], None),
        ([nan, 0.5, 0.5], 3),
        ([0.0], None),
    ],
)
def test_updates_are_counted_to_the_end_of_the_first_window_that_is_down(
    losses: list[float], updates: int | None
) -> None:
    assert updates_to(losses, 0.5, window=2) == updates
    needed = updates_needed(losses, 0.5, window=2, cap=7)
    assert isinstance(needed, float)
    assert needed == (updates or 7)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60), st.integers(1, 15))
def test_a_target_is_seen_to_be_reached_at_the_next_question(
    losses: list[float], window: int
) -> None:
    """Asked as a training asks, and shown only what it shows by then."""
    asked = range(10, len(losses) + 1, 10)
    answers = [done for done in asked if reached(2.0, window)(losses[:done])]
    first = updates_to(losses, 2.0, window)
    expected = None if first is None else -(-first // 10) * 10
    assert next(iter(answers), None) == (expected if expected in asked else None)


def test_a_target_is_looked_for_among_the_last_losses_only() -> None:
    seen: list[slice] = []

    class Watched(list[float]):
        def __getitem__(self, at: Any) -> Any:  # noqa: ANN401 - as of a list
            seen.append(at)
            return super().__getitem__(at)

    assert not reached(1.0, window=50)(Watched([0.0] * 100 + [2.0] * 59))
    assert len(seen) == 1
    assert range(159)[seen[0]] == range(100, 159)


def test_a_training_stops_at_the_question_after_its_target() -> None:
    whole = fitted().losses
    assert updates_to(whole, 0.5, window=1) == 13
    assert fitted(stop_when=reached(0.5, window=1)).losses == whole[:20]


# Checkpoints -------------------------------------------------------------------------------------


class CutError(Exception):
    pass


@pytest.mark.parametrize(
    "optimiser", [sgd(0.3, momentum=0.9), adam(0.05)], ids=["momentum", "adam"]
)
@pytest.mark.parametrize(
    ("at", "left"),
    [(0, 4), (7, 4), (20, 2), (40, 1)],  # before the first update nothing is worth keeping
)
def test_an_interrupted_training_goes_on_to_the_same_numbers(
    optimiser: Optimiser, at: int, left: int, tmp_path: Path
) -> None:
    seen = []

    def evaluate(network: nn.Module) -> dict[str, float]:
        seen.append(1)
        if len(seen) == SCHEDULE.evaluate_at.index(at) + 1:
            raise CutError
        return weight(network)

    expected = fitted(optimiser=optimiser)
    with kept_in(tmp_path):
        with pytest.raises(CutError):
            fitted(optimiser=optimiser, evaluate=evaluate)
        seen.clear()
        seen += [1] * 10
        assert fitted(optimiser=optimiser, evaluate=evaluate) == expected
        assert len(seen) == 10 + left


def test_a_finished_training_is_not_done_again(tmp_path: Path) -> None:
    def refused() -> nn.Module:
        raise AssertionError("made again")

    with kept_in(tmp_path):
        expected = fitted()
        assert fitted(make_network=refused) == expected
        assert [path.name for path in tmp_path.iterdir()] == ["one___0.3.pt"]
    with pytest.raises(AssertionError, match="made again"):
        fitted(make_network=refused)


@pytest.mark.parametrize("content", [b"", b"half a file", b"PK\x03\x04"])
def test_a_checkpoint_that_cannot_be_read_counts_as_absent(tmp_path: Path, content: bytes) -> None:
    with kept_in(tmp_path):
        expected = fitted()
        (kept,) = tmp_path.iterdir()
        kept.write_bytes(content)
        assert fitted() == expected
