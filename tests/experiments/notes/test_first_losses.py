from math import log, pi, sqrt

import numpy as np
import pytest

from study.experiments.notes import first_losses


def test_equal_shares_have_the_entropy_of_a_guess() -> None:
    assert first_losses.entropy([0.1] * 10) == pytest.approx(log(10))
    assert first_losses.entropy([1.0, 0.0]) == 0
    assert first_losses.entropy([0.75, 0.25]) == pytest.approx(2 * log(2) - 0.75 * log(3))


@pytest.mark.parametrize("variance", [0.01, 1.0, 16.0])
def test_the_expected_loss_is_the_mean_of_many_logits(variance: float) -> None:
    logits = np.random.Generator(np.random.SFC64(3)).normal(size=(200_000, 10)) * sqrt(variance)
    losses = np.log(np.exp(logits).sum(axis=1))
    scatter = losses.std() / sqrt(len(losses))
    assert first_losses.expected_loss(variance, 10) == pytest.approx(losses.mean(), abs=4 * scatter)


def test_two_classes_have_an_integral_of_one_variable() -> None:
    # ln(e^a + e^b) is the mean of both and ln(2 cosh) of half their difference, N(0, v/2).
    points = np.linspace(-12, 12, 4001)
    density = np.exp(-(points**2) / 2) / sqrt(2 * pi)
    for variance in (0.3, 5.0, 100.0):
        half = points * sqrt(variance / 2)
        integral = np.trapezoid(density * np.logaddexp(half, -half), points)
        assert first_losses.expected_loss(variance, 2) == pytest.approx(integral, rel=1e-8)


def test_small_variances_have_the_orders_of_the_chapter() -> None:
    for classes in (2, 3, 10):
        assert first_losses.expected_loss(0.0, classes) == pytest.approx(log(classes))
        for variance in (0.01, 0.02):
            exact = first_losses.expected_loss(variance, classes)
            second = first_losses.second_order_loss(variance, classes)
            fourth = first_losses.fourth_order_loss(variance, classes)
            assert abs(exact - fourth) < variance**3  # the next order
            assert second - fourth == pytest.approx(
                variance**2 / 4 * (classes - 1) / classes**2, rel=1e-6
            )


def test_large_variances_have_the_mean_of_the_largest_of_ten() -> None:
    # 1.5388 is the mean of the largest of ten standard normal numbers.
    assert first_losses.expected_loss(1e4, 10) == pytest.approx(100 * 1.5388, rel=1e-3)
