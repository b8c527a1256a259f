from math import cos, exp, factorial, pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from study.theory import gaussian
from tests.theory.expectation import expectation

SLOPES = st.floats(-2, 2)
# Twice the quadrature's own claim of about 1e-12, with room for moments a few times larger than 1.
QUADRATURE = 1e-11


def leaky(z: float, slope: float) -> float:
    return z if z > 0 else slope * z


@pytest.mark.parametrize("half", range(5))
def test_expectation_of_an_even_power_is_the_double_factorial(half: int) -> None:
    double_factorial = factorial(2 * half) / (2**half * factorial(half))
    assert expectation(lambda z: z ** (2 * half)) == pytest.approx(double_factorial)


@pytest.mark.parametrize("power", [1, 3, 5])
def test_expectation_of_an_odd_power_is_zero(power: int) -> None:
    assert expectation(lambda z: z**power) == pytest.approx(0, abs=QUADRATURE)


@settings(max_examples=25)
@given(st.floats(-2, 2))
def test_expectation_of_exp_and_cos_is_the_transform_of_a_gaussian(t: float) -> None:
    assert expectation(lambda z: exp(t * z)) == pytest.approx(exp(t * t / 2))
    assert expectation(lambda z: cos(t * z)) == pytest.approx(exp(-t * t / 2))


def test_expectation_splits_the_integral_at_the_kink() -> None:
    assert expectation(abs) == pytest.approx(sqrt(2 / pi), abs=QUADRATURE)
    assert expectation(lambda z: float(z > 0)) == pytest.approx(0.5, abs=QUADRATURE)


def test_expectation_agrees_with_that_of_scipy() -> None:
    theirs = float(norm.expect(lambda z: np.tanh(z) ** 2))
    assert expectation(lambda z: float(np.tanh(z)) ** 2) == pytest.approx(theirs)


@settings(max_examples=25)
@given(SLOPES)
def test_moments_of_the_leaky_relu_agree_with_quadrature(slope: float) -> None:
    mean = expectation(lambda z: leaky(z, slope))
    second = expectation(lambda z: leaky(z, slope) ** 2)
    variance = expectation(lambda z: (leaky(z, slope) - mean) ** 2)
    assert gaussian.leaky_relu_mean(slope) == pytest.approx(mean, abs=QUADRATURE)
    assert gaussian.leaky_relu_second_moment(slope) == pytest.approx(second, abs=QUADRATURE)
    assert gaussian.leaky_relu_variance(slope) == pytest.approx(variance, abs=QUADRATURE)


@settings(max_examples=25)
@given(SLOPES)
def test_derivative_has_the_same_second_moment_as_the_value(slope: float) -> None:
    derivative = expectation(lambda z: 1.0 if z > 0 else slope**2)
    assert gaussian.leaky_relu_second_moment(slope) == pytest.approx(derivative, abs=QUADRATURE)


@pytest.mark.parametrize("slope", [0.0, 0.25, 1.0])
def test_moments_of_the_leaky_relu_agree_with_monte_carlo(slope: float) -> None:
    z = np.random.default_rng(1).standard_normal(1_000_000)
    values = np.where(z > 0, z, slope * z)
    for sampled, law in (
        (values, gaussian.leaky_relu_mean(slope)),
        (values**2, gaussian.leaky_relu_second_moment(slope)),
        ((values - values.mean()) ** 2, gaussian.leaky_relu_variance(slope)),
    ):
        # Five standard errors of the mean of a million samples.
        tolerance = 5 * sampled.std() / sqrt(len(sampled))
        assert sampled.mean() == pytest.approx(law, abs=tolerance)


@pytest.mark.parametrize("shape", ["uniform", "laplace", "logistic"])
def test_second_moment_needs_symmetry_only(shape: str) -> None:
    z = getattr(np.random.default_rng(2), shape)(size=1_000_000)
    z -= 0.5 if shape == "uniform" else 0.0  # numpy's is the one that is not centred
    share = np.where(z > 0, z, 0.25 * z) ** 2 / np.mean(z**2)
    tolerance = 5 * share.std() / sqrt(len(share))
    assert share.mean() == pytest.approx(gaussian.leaky_relu_second_moment(0.25), abs=tolerance)


def test_relu_and_identity_are_the_ends_of_the_family() -> None:
    assert gaussian.leaky_relu_mean(0.0) == pytest.approx(1 / sqrt(2 * pi))
    assert gaussian.leaky_relu_variance(0.0) == pytest.approx(1 / 2 - 1 / (2 * pi))
    assert gaussian.leaky_relu_mean(1.0) == 0
    assert gaussian.leaky_relu_variance(1.0) == gaussian.leaky_relu_second_moment(1.0) == 1
