"""The moments against closed forms, identities, and quadratures of other kinds."""

from itertools import pairwise
from math import asin, exp, pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import dblquad, quad
from scipy.special import ndtr

from study.errors import StudyError
from study.theory import moments as theory
from study.theory.activations import NAMES, Activation, activation, leaky
from study.theory.quadrature import line, pairs

CURVED = [name for name in NAMES if activation(name).slope is None]
DIGITS = 1e-11
LENGTHS = [0.01, 1.0, 2.7, 30.0]


def density(u: float) -> float:
    return exp(-u * u / 2) / sqrt(2 * pi)


def by_quad(one: Activation, q: float, power: int) -> float:
    """Integrate a power of an activation with the adaptive rule of QUADPACK."""
    s = sqrt(q)

    def integrand(u: float) -> float:
        return float(one.function(np.array(s * u))) ** power * density(u)

    ends = sorted({-9.0, *(kink / s for kink in (*one.kinks, -3, 0, 3) if abs(kink) < 9 * s), 9.0})
    parts = pairwise(ends)
    return sum(quad(integrand, *part, epsabs=1e-14, epsrel=1e-13, limit=200)[0] for part in parts)


@pytest.mark.parametrize("q", LENGTHS)
@pytest.mark.parametrize("name", CURVED)
def test_moments_agree_with_adaptive_quadrature(name: str, q: float) -> None:
    one = activation(name)
    found = theory.moments(one, q)
    first, second, fourth = (by_quad(one, q, power) for power in (1, 2, 4))
    assert found.mean == pytest.approx(first, rel=DIGITS, abs=1e-14)
    assert found.second_moment == pytest.approx(second, rel=DIGITS)
    assert theory.second_moment(one, q) == pytest.approx(second, rel=DIGITS)
    assert found.variance == pytest.approx(second - first**2, rel=DIGITS, abs=1e-13)
    assert theory.fourth_moment_ratio(one, q) == pytest.approx(fourth / second**2, rel=DIGITS)


def test_moments_agree_with_thirty_digits() -> None:
    mpmath = pytest.importorskip("mpmath")
    functions = {
        "tanh": mpmath.tanh,
        "softsign": lambda z: z / (1 + abs(z)),
        "mish": lambda z: z * mpmath.tanh(mpmath.log1p(mpmath.exp(z))),
        "silu": lambda z: z / (1 + mpmath.exp(-z)),
    }
    with mpmath.workdps(30):
        for name, function in functions.items():
            for q in (0.5, 2.0):
                expected = mpmath.quad(
                    lambda z, f=function, q=q: f(z) ** 2 * mpmath.npdf(z, 0, mpmath.sqrt(q)),
                    [-30, -10, -3, 0, 3, 10, 30],
                )
                found = theory.second_moment(activation(name), q)
                assert found == pytest.approx(float(expected), rel=1e-13)


@pytest.mark.parametrize("q", [*LENGTHS, 1e4])
@pytest.mark.parametrize("name", NAMES)
def test_integration_by_parts_gives_the_mean_of_the_derivative(name: str, q: float) -> None:
    one = activation(name)
    z, weights = line(one, q)
    stein = float(weights @ (z * one.function(z))) / q
    assert theory.moments(one, q).derivative_mean == pytest.approx(stein, rel=1e-10)


@pytest.mark.parametrize("q", LENGTHS)
@pytest.mark.parametrize("name", NAMES)
def test_the_slope_of_the_second_moment_is_a_difference_quotient(name: str, q: float) -> None:
    one, step = activation(name), 1e-4 * q
    quotient = (theory.second_moment(one, q + step) - theory.second_moment(one, q - step)) / (
        2 * step
    )
    assert theory.second_moment_slope(one, q) == pytest.approx(quotient, rel=1e-6)


@pytest.mark.parametrize("q", [1e-6, 0.3, 1.0, 50.0, 1e6])
def test_known_closed_forms(q: float) -> None:
    s = sqrt(q)
    tail, edge = float(ndtr(-1 / s)), density(1 / s)
    hardtanh = theory.moments(activation("hardtanh"), q)
    inside = 1 - 2 * tail
    assert hardtanh.second_moment == pytest.approx(
        q * (inside - 2 * edge / s) + 2 * tail, rel=1e-9 if q < 1e5 else 1e-6
    )
    assert hardtanh.derivative_second_moment == pytest.approx(inside, rel=DIGITS)
    gelu = theory.moments(activation("gelu"), q)
    assert gelu.mean == pytest.approx(q / sqrt(2 * pi * (1 + q)), rel=DIGITS)
    assert gelu.derivative_mean == pytest.approx(0.5, rel=DIGITS)
    arcsine = 2 / pi * asin(2 * q / (1 + 2 * q))
    assert theory.second_moment(activation("erf"), q) == pytest.approx(arcsine, rel=DIGITS)
    assert theory.moments(activation("sigmoid"), q).mean == pytest.approx(0.5, rel=DIGITS)


@settings(max_examples=50)
@given(q=st.floats(1e-3, 1e3), gap=st.floats(1e-3, 2))
def test_two_error_functions_have_the_mean_product_of_an_arcsine(q: float, gap: float) -> None:
    same, other = 2 * q / (1 + 2 * q), 2 * q * (1 - gap) / (1 + 2 * q)
    found = theory.half_square_difference(activation("erf"), q, gap)
    assert found == pytest.approx(2 / pi * (asin(same) - asin(other)), rel=1e-9)


@settings(max_examples=100)
@given(slope=st.floats(-1, 1), gap=st.floats(1e-6, 2))
def test_the_leaky_closed_form_is_that_of_the_quadrature(slope: float, gap: float) -> None:
    closed = leaky(slope)
    one = Activation("copy", "", closed.function, closed.derivative, kinks=(0.0,))
    assert theory.half_square_difference(closed, 2.0, gap) == pytest.approx(
        theory.half_square_difference(one, 2.0, gap), rel=1e-10
    )
    assert theory.derivative_product_mean(closed, 2.0, gap) == pytest.approx(
        theory.derivative_product_mean(one, 2.0, gap), rel=1e-10, abs=1e-12
    )
    moments, copied = theory.moments(closed, 2.0), theory.moments(one, 2.0)
    for field, value in vars(moments).items():
        assert value == pytest.approx(vars(copied)[field], rel=1e-12, abs=1e-13)


def test_the_mean_product_of_two_independent_is_the_square_of_the_mean() -> None:
    for name in NAMES:
        one = activation(name)
        found = theory.moments(one, 1.7)
        assert theory.product_mean(one, 1.7, 1.0) == pytest.approx(found.mean**2, abs=1e-13)
        assert theory.derivative_product_mean(one, 1.7, 1.0) == pytest.approx(
            found.derivative_mean**2, rel=1e-12
        )


@pytest.mark.parametrize("gap", [1e-12, 1e-6, 0.02, 0.4, 1.7])
@pytest.mark.parametrize("name", NAMES)
def test_the_difference_is_the_integral_of_prices_theorem(name: str, gap: float) -> None:
    one, q = activation(name), 1.3
    # In the angle, in which the mean product of the derivatives has no root at gap 0.
    nodes, weights = np.polynomial.legendre.leggauss(60)
    angles = theory.angle(gap) * (nodes + 1) / 2
    slopes = [theory.derivative_product_mean(one, q, 2 * np.sin(a / 2) ** 2) for a in angles]
    integral = q * theory.angle(gap) / 2 * float(weights @ (slopes * np.sin(angles)))
    assert theory.half_square_difference(one, q, gap) == pytest.approx(integral, rel=2e-10)


@pytest.mark.parametrize("name", ["tanh", "softsign", "selu", "hardswish"])
def test_the_difference_agrees_with_adaptive_quadrature_in_two_dimensions(name: str) -> None:
    one, q, gap = activation(name), 1.3, 0.4
    s, along, across = sqrt(q), sqrt(1 - gap / 2), sqrt(gap / 2)

    def integrand(u: float, v: float) -> float:
        high, low = s * (along * u + across * v), s * (along * u - across * v)
        values = one.function(np.array([high, low]))
        return float((values[0] - values[1]) ** 2) * density(u) * density(v)

    found = dblquad(integrand, 0, 8, -8, 8, epsabs=1e-9, epsrel=1e-9)[0]
    assert theory.half_square_difference(one, q, gap) == pytest.approx(found, abs=1e-8)


@pytest.mark.parametrize("q", [1e-3, 1.0, 12.0, 1e3])
@pytest.mark.parametrize("gap", [1e-10, 1e-3, 0.5, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("name", ["tanh", "elu", "hardtanh", "relu6"])
def test_nodes_of_pairs_have_the_variances_and_the_correlation(
    name: str, gap: float, q: float
) -> None:
    middle, half, weights = pairs(activation(name), q, gap)
    high, low = middle + half, middle - half
    assert (weights + 0 * high).sum() == pytest.approx(1, rel=1e-12)
    assert (weights * (high**2 + low**2)).sum() == pytest.approx(2 * q, rel=1e-12)
    assert (weights * high * low).sum() == pytest.approx(q * (1 - gap), rel=1e-11, abs=1e-11 * q)


def test_a_gap_of_nothing_gives_nothing() -> None:
    tanh = activation("tanh")
    assert theory.half_square_difference(tanh, 1.0, 0.0) == 0
    assert theory.derivative_product_mean(tanh, 1.0, 0.0) == theory.derivative_second_moment(
        tanh, 1.0
    )


def test_the_saturated_share_is_that_of_random_numbers() -> None:
    z = np.random.default_rng(0).standard_normal(100_000) * 5 / 3
    share = float(np.mean(np.abs(np.tanh(z)) > 0.97))
    assert theory.saturated_share(25 / 9, 0.97) == pytest.approx(share, abs=0.005)


@pytest.mark.parametrize("name", ["tanh", "relu", "hardtanh"])
def test_a_variance_below_0_is_refused(name: str) -> None:
    for function in (theory.moments, theory.second_moment):
        with pytest.raises(StudyError, match="q: -1 is not the variance of a preactivation"):
            function(activation(name), -1.0)
    with pytest.raises(StudyError, match="q: -1 is not the variance of a preactivation"):
        theory.half_square_difference(activation(name), -1.0, 0.5)
