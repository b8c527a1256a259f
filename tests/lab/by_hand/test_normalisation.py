from collections.abc import Callable, Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from study.lab.by_hand import modules, normalisation

Normal = Callable[..., Tensor]
Gradients = Callable[[Callable[..., Tensor], Sequence[Tensor], Tensor], list[Tensor]]
Check = Callable[[Sequence[Tensor], Sequence[Tensor]], None]

EPSILON = 1e-5


def by_hand(x: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
    return normalisation.batch_normalisation(x, gain, shift, EPSILON)


def batch_norm(x: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
    return nn.functional.batch_norm(x, None, None, gain, shift, training=True, eps=EPSILON)


@settings(max_examples=30)
@given(n=st.integers(3, 6), units=st.integers(1, 4))
def test_batch_normalisation_and_its_gradients_are_torchs(
    normal: Normal, autograd: Gradients, same: Check, n: int, units: int
) -> None:
    inputs = [normal(n, units), normal(units, seed=1), normal(units, seed=2)]
    cotangent = normal(n, units, seed=3)
    same([by_hand(*inputs)], [batch_norm(*inputs)])
    x, gain, _ = inputs
    found = normalisation.batch_normalisation_backward(cotangent, x, gain, EPSILON)
    same(found, autograd(batch_norm, inputs, cotangent))


def test_batch_normalisation_has_the_gradients_of_finite_differences(
    normal: Normal, differences: Gradients, near: Check
) -> None:
    inputs = [normal(5, 2), normal(2, seed=1), normal(2, seed=2)]
    cotangent = normal(5, 2, seed=3)
    x, gain, _ = inputs
    found = normalisation.batch_normalisation_backward(cotangent, x, gain, EPSILON)
    near(found, differences(by_hand, inputs, cotangent))


def test_no_gradient_is_left_along_a_shift_or_a_stretch_of_a_column(normal: Normal) -> None:
    # Batch normalisation undoes both, but for epsilon, so the loss cannot depend on them.
    x, gain = normal(50, 3), normal(3, seed=1)
    found, _, _ = normalisation.batch_normalisation_backward(normal(50, 3, seed=2), x, gain, 0.0)
    # Fifty roundings of numbers below 10.
    assert found.sum(dim=0).abs().max() < 500 * 2**-52
    assert (found * (x - x.mean(dim=0))).sum(dim=0).abs().max() < 500 * 2**-52


def test_inference_and_its_gradients_are_torchs(
    normal: Normal, autograd: Gradients, same: Check
) -> None:
    inputs = [normal(1, 3), normal(3, seed=1), normal(3, seed=2)]  # a batch of one will do
    mean, variance = normal(3, seed=3), normal(3, seed=4).square()
    cotangent = normal(1, 3, seed=5)

    def torchs(x: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
        return nn.functional.batch_norm(x, mean, variance, gain, shift, eps=EPSILON)

    found = normalisation.inference(*inputs, mean=mean, variance=variance, epsilon=EPSILON)
    same([found], [torchs(*inputs)])
    backward = normalisation.inference_backward(
        cotangent, *inputs[:2], mean=mean, variance=variance, epsilon=EPSILON
    )
    same(backward, autograd(torchs, inputs, cotangent))


def test_running_statistics_are_torchs_with_the_unbiased_variance(
    normal: Normal, same: Check
) -> None:
    twin = nn.BatchNorm1d(3, momentum=0.3, dtype=torch.float64)
    mean, variance = torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    for seed in range(4):
        x = normal(seed + 2, 3, seed=seed)
        twin(x)
        mean, variance = normalisation.running_statistics(mean, variance, x, 0.3)
    assert isinstance(twin.running_mean, Tensor)
    assert isinstance(twin.running_var, Tensor)
    same([mean, variance], [twin.running_mean, twin.running_var])


def test_the_momentum_is_the_weight_of_the_new_value() -> None:
    found = normalisation.running_average(torch.tensor([2.0]), torch.tensor([4.0]), 0.25)
    assert found.tolist() == [2.5]


def test_a_batch_of_one_is_refused_as_in_torch(normal: Normal) -> None:
    x, ones = normal(1, 3), torch.ones(3, dtype=torch.float64)
    for call in (
        lambda: batch_norm(x, ones, ones),
        lambda: normalisation.batch_normalisation(x, ones, ones, EPSILON),
        lambda: normalisation.batch_normalisation_backward(x, x, ones, EPSILON),
        lambda: normalisation.running_statistics(ones, ones, x, 0.1),
    ):
        with pytest.raises(ValueError, match=r"(one row|more than 1 value)"):
            call()


def test_a_batch_of_none_gives_none(normal: Normal) -> None:
    x, ones = normal(0, 3), torch.ones(3, dtype=torch.float64)
    assert normalisation.batch_normalisation(x, ones, ones, EPSILON).shape == (0, 3)
    dx, dgain, dshift = normalisation.batch_normalisation_backward(x, x, ones, EPSILON)
    assert dx.shape == (0, 3)
    assert dgain.tolist() == dshift.tolist() == [0, 0, 0]


def test_a_batch_of_none_leaves_the_running_statistics_as_they_are_as_in_torch(
    normal: Normal, same: Check
) -> None:
    twin = nn.BatchNorm1d(3, momentum=0.3, dtype=torch.float64)
    module = modules.BatchNormalisation(
        torch.ones(3, dtype=torch.float64),
        torch.zeros(3, dtype=torch.float64),
        epsilon=EPSILON,
        momentum=0.3,
    )
    for x in (normal(5, 3), normal(0, 3), normal(4, 3, seed=1), normal(0, 3)):
        twin(x)
        module(x)
    assert isinstance(twin.running_mean, Tensor)
    assert isinstance(twin.running_var, Tensor)
    same([module.mean, module.variance], [twin.running_mean, twin.running_var])


def test_two_rows_by_hand() -> None:
    x = torch.tensor([[1.0], [3.0]], dtype=torch.float64)
    one = torch.ones(1, dtype=torch.float64)
    mean, variance = normalisation.batch_statistics(x)
    assert (mean.item(), variance.item()) == (2, 1)
    assert normalisation.batch_normalisation(x, 2 * one, one, 0.0).tolist() == [[-1], [3]]
    gradient = torch.tensor([[3.0], [1.0]], dtype=torch.float64)
    dx, dgain, dshift = normalisation.batch_normalisation_backward(gradient, x, 2 * one, 0.0)
    assert dx.tolist() == [[0], [0]]
    assert (dgain.item(), dshift.item()) == (-2, 4)
