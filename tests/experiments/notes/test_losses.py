from inspect import getsource
from math import erf, sqrt

import numpy as np
import pytest
import torch
from torch import Tensor

from study.experiments.notes.losses import (
    broadcast_error,
    broadcast_gradient,
    broadcast_law,
    column_error,
    rounding_error_rate,
    squared_error,
)

# The worked example of the chapter The loss: three outputs, and three targets.
OUTPUTS, TARGETS = torch.tensor([[1.0], [2.0], [6.0]]), torch.tensor([0.0, 4.0, 5.0])


def numbers(n: int) -> tuple[Tensor, Tensor]:
    pair = np.random.Generator(np.random.SFC64(n)).normal(3, 2, size=(2, n))
    return torch.from_numpy(pair[0])[:, None], torch.from_numpy(pair[1])


def test_the_worked_example_of_the_chapter() -> None:
    assert squared_error(OUTPUTS, TARGETS).item() == pytest.approx((1 + 4 + 1) / 3)
    table = (OUTPUTS - TARGETS).square()
    assert table.tolist() == [[1, 9, 16], [4, 4, 9], [36, 4, 1]]
    assert broadcast_error(OUTPUTS, TARGETS).item() == pytest.approx(84 / 9)
    assert OUTPUTS.var(correction=0).item() == pytest.approx(14 / 3)
    assert TARGETS.var(correction=0).item() == pytest.approx(14 / 3)
    assert (OUTPUTS.mean().item(), TARGETS.mean().item()) == (3, 3)
    assert broadcast_gradient(OUTPUTS, TARGETS).flatten().tolist() == pytest.approx(
        [-4 / 3, -2 / 3, 2]
    )


@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_the_loss_without_squeeze_is_that_of_the_loops(n: int) -> None:
    outputs, targets = numbers(n)
    total = sum((float(o) - float(y)) ** 2 for o in outputs for y in targets)
    assert broadcast_error(outputs, targets).item() == pytest.approx(total / n**2)
    assert broadcast_law(outputs, targets).item() == pytest.approx(total / n**2)


@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_the_gradient_without_squeeze_is_that_of_torch(n: int) -> None:
    outputs, targets = numbers(n)
    outputs.requires_grad_()
    (expected,) = torch.autograd.grad(broadcast_error(outputs, targets), outputs)
    assert torch.allclose(broadcast_gradient(outputs.detach(), targets), expected)


def test_the_loss_without_squeeze_does_not_know_the_pairing() -> None:
    outputs, targets = numbers(50)
    permutation = targets.sort().values
    assert broadcast_error(outputs, permutation).item() == pytest.approx(
        broadcast_error(outputs, targets).item()
    )
    assert squared_error(outputs, permutation).item() != pytest.approx(
        squared_error(outputs, targets).item(), rel=0.01
    )


def test_of_one_image_both_losses_are_the_same() -> None:
    outputs, targets = numbers(1)
    assert torch.equal(broadcast_error(outputs, targets), squared_error(outputs, targets))


def test_a_column_of_targets_does_as_well_as_a_vector_of_outputs() -> None:
    outputs, targets = numbers(9)
    assert torch.equal(column_error(outputs, targets), squared_error(outputs, targets))


def test_the_right_loss_is_the_law_minus_twice_the_covariance() -> None:
    outputs, targets = numbers(30)
    covariance = np.cov(outputs.squeeze(-1), targets, bias=True)[0, 1]
    assert squared_error(outputs, targets).item() == pytest.approx(
        broadcast_law(outputs, targets).item() - 2 * covariance
    )


@pytest.mark.parametrize("deviation", [0.1, 0.5, 1.2, 3.0])
def test_the_rate_of_rounding_errors_is_that_of_the_normal_distribution(deviation: float) -> None:
    one_side = (1 - erf(0.5 / deviation / sqrt(2))) / 2
    inner, outer = 2 * one_side, one_side
    assert rounding_error_rate(deviation) == pytest.approx(0.8 * inner + 0.2 * outer)


def test_without_residuals_nothing_is_rounded_wrongly() -> None:
    assert rounding_error_rate(0.0) == 0


def test_to_err_on_one_image_in_a_hundred_residuals_must_deviate_by_a_fifth() -> None:
    assert rounding_error_rate(0.197) == pytest.approx(0.01, rel=0.02)
    share = 1 - 0.197**2 / 8.25
    assert share == pytest.approx(0.995, abs=0.0005)


def test_the_chapter_shows_the_first_and_the_last_line_of_the_right_loss() -> None:
    lines = getsource(squared_error).splitlines()
    assert len(lines) == 17  # the chapter includes lines 1 and 17
