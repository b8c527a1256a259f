from math import cosh, sqrt, tanh

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from study.theory import length_map

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(120)
WEIGHTS = WEIGHTS / WEIGHTS.sum()

gains = st.floats(1.02, 3.0)


def by_hermite(values: NDArray[np.float64]) -> float:
    return float(WEIGHTS @ values)


@pytest.mark.parametrize("q", [0.01, 0.5, 1.0, 1.1785])
def test_the_moments_agree_with_another_quadrature(q: float) -> None:
    z = sqrt(q) * NODES
    assert length_map.activation_second_moment(q) == pytest.approx(
        by_hermite(np.tanh(z) ** 2), rel=1e-6
    )
    assert length_map.derivative_second_moment(q) == pytest.approx(
        by_hermite(np.cosh(z) ** -4), rel=1e-5
    )


def test_the_derivative_of_a_huge_preactivation_does_not_overflow() -> None:
    assert 0 < length_map.derivative_second_moment(1e6) < 1e-2


def test_the_saturated_share_is_that_of_random_numbers() -> None:
    z = np.random.default_rng(0).standard_normal(100_000) * 5 / 3
    share = float(np.mean(np.abs(np.tanh(z)) > 0.97))
    assert length_map.saturated_share(25 / 9, 0.97) == pytest.approx(share, abs=0.005)


def test_the_recursion_begins_with_the_squared_gain() -> None:
    first, second = length_map.preactivation_variances(1.5, 2)
    assert first == 1.5**2
    assert second == 1.5**2 * length_map.activation_second_moment(first)


@given(gains)
def test_a_fixed_point_is_left_as_it_is(gain: float) -> None:
    q = length_map.fixed_point(gain)
    assert q > 0
    assert gain**2 * length_map.activation_second_moment(q) == pytest.approx(q, rel=1e-6)


@pytest.mark.parametrize("gain", [0.5, 1.0])
def test_without_amplification_only_nothing_is_left_as_it_is(gain: float) -> None:
    assert length_map.fixed_point(gain) == 0


@given(gains)
def test_where_the_signal_is_kept_the_gradient_grows(gain: float) -> None:
    assert length_map.gradient_factor(gain, length_map.fixed_point(gain)) > 1


def test_the_numbers_quoted_for_the_gain_five_thirds() -> None:
    q = length_map.fixed_point(5 / 3)
    assert sqrt(q) == pytest.approx(1.086, abs=5e-4)
    assert sqrt(length_map.activation_second_moment(q)) == pytest.approx(0.651, abs=5e-4)
    assert length_map.gradient_factor(5 / 3, q) == pytest.approx(1.21, abs=5e-3)
    assert 1 / sqrt(length_map.activation_second_moment(1.0)) == pytest.approx(1.593, abs=5e-4)
    assert length_map.gradient_factor(5 / 3, q) ** 50 == pytest.approx(1e4, rel=0.5)
    assert cosh(1.0) ** -2 == pytest.approx(1 - tanh(1.0) ** 2)
