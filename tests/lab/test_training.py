from collections.abc import Callable
from math import isnan

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from study.lab.training import error_rate, minibatches, train


def batches(examples: int, size: int, steps: int, seed: int = 0) -> list[Tensor]:
    return list(minibatches(examples, size, steps, np.random.default_rng(seed)))


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 30))
def test_an_epoch_shows_each_example_once_but_for_a_rest(
    examples: int, size: int, steps: int
) -> None:
    assume(size <= examples)
    made = batches(examples, size, steps)
    assert [len(batch) for batch in made] == [size] * steps
    per_epoch = examples // size
    for first in range(0, steps, per_epoch):
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
    steps = batches(8, 2, 12)
    ours, theirs = linear(), linear()
    losses = train(ours, loss, inputs, targets, steps, learning_rate=0.3)
    optimiser = torch.optim.SGD(theirs.parameters(), lr=0.3)
    expected = []
    for batch in steps:
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
