from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.theory import variance
from tests.theory.expectation import expectation

CONSTANTS = st.floats(0.01, 10)
SLOPES = st.floats(-2, 2)


@given(CONSTANTS, SLOPES)
def test_forward_factor_is_the_weight_variance_times_the_second_moment(
    weight_variance: float, slope: float
) -> None:
    by_quadrature = expectation(lambda z: (z if z > 0 else slope * z) ** 2)
    assert variance.forward_factor(weight_variance, slope) == pytest.approx(
        weight_variance * by_quadrature
    )


@given(SLOPES)
def test_the_rectifier_weights_of_he_keep_any_slope(slope: float) -> None:
    assert variance.forward_factor(2 / (1 + slope**2), slope) == pytest.approx(1)


def test_the_weights_of_glorot_keep_a_linear_layer_and_halve_a_relu() -> None:
    assert variance.forward_factor(1.0, 1.0) == 1
    assert variance.forward_factor(1.0, 0.0) == 0.5


@given(CONSTANTS, SLOPES)
def test_backward_factor_is_the_forward_factor_at_equal_width(
    weight_variance: float, slope: float
) -> None:
    forward = variance.forward_factor(weight_variance, slope)
    assert variance.backward_factor(weight_variance, slope, 1.0) == forward


@pytest.mark.parametrize(("fan_in", "fan_out"), [(30, 90), (90, 30)])
def test_backward_factor_agrees_with_monte_carlo(fan_in: int, fan_out: int) -> None:
    generator = np.random.default_rng(3)
    weight_variance, slope = 1.7, 0.25
    ratios = []
    for _ in range(2_000):
        weights = generator.standard_normal((fan_out, fan_in)) * sqrt(weight_variance / fan_in)
        gradient = generator.standard_normal(fan_out)  # on the preactivation above
        below = generator.standard_normal(fan_in)  # the preactivation that the gradient comes to
        on_below = (weights.T @ gradient) * np.where(below > 0, 1.0, slope)
        ratios.append(np.mean(on_below**2) / np.mean(gradient**2))
    law = variance.backward_factor(weight_variance, slope, fan_out / fan_in)
    tolerance = 5 * np.std(ratios) / sqrt(len(ratios))  # five standard errors
    assert np.mean(ratios) == pytest.approx(law, abs=tolerance)


def test_keeping_the_gradient_with_fan_in_weights_needs_equal_widths() -> None:
    assert variance.backward_factor(2.0, 0.0, fan_out_over_fan_in=2.0) == 2
    assert variance.backward_factor(2.0, 0.0, fan_out_over_fan_in=1.0) == 1


@given(st.integers(0, 20), st.integers(0, 20), st.floats(0.1, 3))
def test_layers_multiply(first: int, second: int, factor: float) -> None:
    one_by_one = variance.second_moment_after(first, factor) * variance.second_moment_after(
        second, factor
    )
    assert variance.second_moment_after(first + second, factor) == pytest.approx(one_by_one)


def test_no_layer_leaves_the_signal_as_it_is() -> None:
    assert variance.second_moment_after(0, 0.5) == 1
