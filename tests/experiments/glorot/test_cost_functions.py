from math import nan, sqrt
from typing import Any

import pytest
import torch
from torch.nn import functional

from study import configuring
from study.experiments.glorot.cost_functions import claims, method
from study.lab.mnist import Mnist
from study.lab.training import Course

NAME = "cost_functions"

PREDICTIONS = {
    "gb-cost-ce-better": 1.5,
    "squared-error-is-a-fifth": 2 / 10,
    "squared-error-stays-wrong": 1.5,
}


def small(**changes: Any) -> method.Config:  # noqa: ANN401 - of settings
    settings = configuring.plain_settings(NAME, "quick") | {
        "images": 500,
        "validation": 100,
        "test": 100,
        "width": 16,
        "marks": [0, 10, 20],
        "early": 10,
        "learning_rates": [0.1, 0.3],
    }
    return configuring.checked(method.Config, settings | changes)


def gradient(cost: method.Cost, logits: torch.Tensor, label: int) -> torch.Tensor:
    leaf = logits.clone().requires_grad_()
    loss = method.COSTS[cost](leaf[None], torch.tensor([label]))
    (found,) = torch.autograd.grad(loss, leaf)
    return found


def test_every_prediction_is_known() -> None:
    assert {claim.id: claim.prediction for claim in claims.CLAIMS} == PREDICTIONS


def test_squared_error_is_that_of_torch() -> None:
    logits, labels = torch.randn(5, 10, generator=torch.Generator().manual_seed(1)), torch.arange(5)
    target = functional.one_hot(labels, 10).float()
    expected = 10 * functional.mse_loss(logits.softmax(1), target)
    torch.testing.assert_close(method.squared(logits, labels), expected)


def test_the_gradient_has_the_derivative_of_the_softmax_as_a_factor() -> None:
    logits = torch.tensor([0.3, -1.0, 2.0, 0.0], dtype=torch.float64)
    p = logits.softmax(0)
    miss = p - torch.tensor([0.0, 1.0, 0.0, 0.0])
    torch.testing.assert_close(gradient("cross_entropy", logits, 1), miss)
    torch.testing.assert_close(gradient("squared", logits, 1), 2 * p * (miss - (p * miss).sum()))


def test_a_guess_has_a_fifth_of_the_gradient() -> None:
    logits = torch.zeros(10, dtype=torch.float64)
    fifth = gradient("cross_entropy", logits, 3) / 5
    torch.testing.assert_close(gradient("squared", logits, 3), fifth)


def test_the_example_of_the_chapter() -> None:
    """Two classes, the wrong one with the probability 0.99."""
    logits = torch.tensor([0.99, 0.01], dtype=torch.float64).log()
    assert gradient("cross_entropy", logits, 1).tolist() == pytest.approx([0.99, -0.99])
    assert gradient("squared", logits, 1).tolist() == pytest.approx([0.019602 * 2, -0.019602 * 2])
    assert pytest.approx(0.039204) == 4 * 0.99 * 0.01 * 0.99


def test_the_best_rate_has_the_least_validation_error_of_the_finite_ones() -> None:
    config = small()

    def course(error: float, *, finite: bool = True) -> Course:
        looks = {mark: {"validation": error, "test": 2 * error} for mark in config.marks}
        return Course([1.0 if finite else nan], looks)

    found: dict[method.Job, Course] = {
        ("small", "squared", 0.1): course(0.3),
        ("small", "squared", 0.3): course(0.2),
        ("large", "squared", 0.1): course(0.3),
        ("large", "squared", 0.3): course(0.2, finite=False),
        ("small", "cross_entropy", 0.1): course(0.1),
        ("small", "cross_entropy", 0.3): course(0.4),
        ("large", "cross_entropy", 0.1): course(0.1),
        ("large", "cross_entropy", 0.3): course(0.4),
    }
    made = method.quantities(config, found)
    assert made["end_error_ratio.small"] == pytest.approx(2)
    assert made["end_error_ratio.large"] == pytest.approx(3)
    assert made["rate.chosen_at_an_edge.small_first"] == 1.0
    wider = {(scale, cost, rate): course(1.0) for scale, cost, _ in found for rate in (0.01, 1.0)}
    made = method.quantities(small(learning_rates=[0.01, 0.1, 0.3, 1.0]), found | wider)
    assert made["rate.chosen_at_an_edge.small_second"] == 0.0
    assert made["end_error_ratio.small"] == pytest.approx(2)


def test_last_weights_are_scaled(embedded: Mnist) -> None:
    small_start, large_start = (
        method.started(small(width=100), scale, 0, embedded.train) for scale in (1.0, 30.0)
    )
    for at, factor in ((0, 1.0), (2, 1.0), (4, 30.0)):
        first, second = small_start[at].weight, large_start[at].weight
        assert isinstance(first, torch.Tensor)
        assert isinstance(second, torch.Tensor)
        torch.testing.assert_close(second, factor * first)
        assert first.std().item() == pytest.approx(1 / sqrt(3 * first.shape[1]), rel=0.1)


def test_equal_costs_are_equal(embedded: Mnist) -> None:
    result = method.run(small(second="cross_entropy"), embedded, [0])
    assert result.samples["end_error_ratio.small"] == [1.0]
    assert result.samples["early_error_ratio.large"] == [1.0]
    assert result.samples["gradient_ratio.small"] == [1.0]
    assert {row["cost"] for row in result.tables["errors"]} == {"cross_entropy"}
