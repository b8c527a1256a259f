"""Functions of all kinds: a number within its bound of an independent one, or a refusal."""

import math
from collections.abc import Callable
from itertools import pairwise
from math import exp, inf, isinf, pi, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import expit, ndtr

from study.errors import StudyError
from study.theory import moments
from study.theory.activations import NAMES, Array, activation
from study.theory.expectations import FEWER, Bounded, expectations, slopes_at

SOME = 2**17
"""Irregular places where nothing narrow is to be found."""


def by_quad(function: Callable[[float], float], places: tuple[float, ...] = ()) -> float:
    """Integrate over a standard Gaussian with QUADPACK, between places that are known."""
    ends = (-12.0, *places, 12.0)
    parts = (
        quad(
            lambda z: function(z) * exp(-z * z / 2) / sqrt(2 * pi),
            *part,
            limit=2000,
            epsabs=1e-13,
            epsrel=1e-12,
        )
        for part in pairwise(ends)
    )
    return float(sum(part[0] for part in parts))


def assert_within(bounded: Bounded, expected: float) -> None:
    """Hold a number to its own bound, and the bound to being of use."""
    assert abs(bounded.value - expected) <= bounded.error + 1e-12 * abs(expected)
    assert bounded.error <= 1e-5 * max(abs(expected), 1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_of_the_table_the_bounds_hold(name: str) -> None:
    one = activation(name)
    for q in (0.3, 9.0):
        ours, table = expectations(one.function, q, samples=FEWER), moments.moments(one, q)
        assert_within(ours.second_moment, table.second_moment)
        assert_within(ours.derivative_second_moment, table.derivative_second_moment)
        assert abs(ours.mean.value - table.mean) <= ours.mean.error
        slope = moments.second_moment_slope(one, q)
        assert ours.second_moment_slope.value == pytest.approx(slope, rel=1e-9, abs=1e-12)
        assert ours.jumps == ()


CLOSED: dict[str, tuple[Callable[[Array], Array], float, float]] = {
    # A kink away from 0: the slope is 1 for each z above it.
    "shifted": (
        lambda z: np.maximum(z - 0.3, 0),
        1.09 * ndtr(-0.3) - 0.3 * exp(-0.045) / sqrt(2 * pi),
        ndtr(-0.3),
    ),
    "fast sine": (lambda z: np.sin(25 * z), (1 - exp(-1250)) / 2, 312.5),
    "faster sine": (lambda z: np.sin(100 * z), 0.5, 5000.0),
    "sine": (np.sin, (1 - exp(-2)) / 2, (1 + exp(-2)) / 2),
    "squared ReLU": (lambda z: np.maximum(z, 0) ** 2, 1.5, 2.0),
    "growth": (lambda z: np.exp(z * z / 8), 1 / sqrt(0.5), 1 / 16 / 0.5**1.5),
    "exponential": (np.exp, exp(2), exp(2)),
    "cube": (lambda z: z**3, 15.0, 27.0),
    "constant": (lambda z: 7 + 0 * z, 49.0, 0.0),
    "nothing": (lambda z: 0 * z, 0.0, 0.0),
    "small": (lambda z: 1e-60 * z, 1e-120, 1e-120),
}


@pytest.mark.parametrize("name", CLOSED)
def test_closed_forms(name: str) -> None:
    function, square, steep = CLOSED[name]
    found = expectations(function, samples=SOME)
    assert abs(found.second_moment.value - square) <= found.second_moment.error
    assert abs(found.derivative_second_moment.value - steep) <= found.derivative_second_moment.error
    assert found.second_moment.error <= 1e-10 * (square or 1)
    assert found.derivative_second_moment.error <= 1e-9 * (max(steep, 1e-3 * square) or 1)


@given(place=st.floats(-3, 3), left=st.floats(-2, 2), right=st.floats(-2, 2))
@settings(max_examples=15, deadline=None)
def test_kinks_anywhere_are_found(place: float, left: float, right: float) -> None:
    def function(z: Array) -> Array:
        return np.where(z > place, right * (z - place), left * (z - place)) + 1

    found = expectations(function, samples=FEWER)
    share = ndtr(-place)
    assert_within(found.derivative_second_moment, right**2 * share + left**2 * (1 - share))
    if abs(left - right) > 0.1:
        assert found.kinks == pytest.approx((place,), abs=2e-3)
    assert found.jumps == ()


@pytest.mark.parametrize("edge", [0.0, 0.4713])
@pytest.mark.parametrize("distance", [1e-3, 1e-5, 1e-7, 1e-9])
def test_a_kink_does_not_hide_beside_the_edge_of_a_panel(edge: float, distance: float) -> None:
    def bent(z: Array) -> Array:
        return np.maximum(z - place, 0) + 1

    for place in (edge - distance, edge + distance):
        found = expectations(bent, samples=FEWER)
        assert_within(found.derivative_second_moment, float(ndtr(-place)))


@pytest.mark.parametrize("width", [1e-2, 1e-3, 1e-4])
def test_a_narrow_bump_is_found(width: float) -> None:
    def bump(z: float) -> float:
        return math.tanh(z) + exp(-(((z - 0.7) / width) ** 2))

    def slope(z: float) -> float:
        bumped = -2 * (z - 0.7) / width**2 * exp(-(((z - 0.7) / width) ** 2))
        return 1 / math.cosh(z) ** 2 + bumped

    found = expectations(lambda z: np.tanh(z) + np.exp(-(((z - 0.7) / width) ** 2)))
    about = (0.7 - 9 * width, 0.7, 0.7 + 9 * width)
    assert_within(found.second_moment, by_quad(lambda z: bump(z) ** 2, about))
    steep = by_quad(lambda z: slope(z) ** 2, about)
    assert found.derivative_second_moment.value == pytest.approx(steep, rel=1e-7)


@pytest.mark.parametrize("width", [1e-5, 1e-6])
def test_a_bump_too_narrow_to_be_sure_of_is_refused(width: float) -> None:
    with pytest.raises(StudyError, match=r"too fast|two integrals"):
        expectations(lambda z: np.tanh(z) + np.exp(-(((z - 0.7) / width) ** 2)))


def test_a_bump_between_all_places_is_refused_where_it_is_named() -> None:
    def function(z: Array) -> Array:
        return np.tanh(z) + 1e9 * np.exp(-(((z - 0.7) / 1e-9) ** 2))

    assert expectations(function).resolution > 1e-9  # which says that it may be missed
    with pytest.raises(StudyError, match=r"error|too fast|two integrals"):
        expectations(function, bends=(0.7,))


@pytest.mark.parametrize("place", [0.0, 1.0, -0.3, 0.4713])
def test_a_jump_has_a_square_and_no_slope(place: float) -> None:
    found = expectations(lambda z: np.where(z > place, 1.0, 0.0), samples=SOME)
    assert found.jumps == pytest.approx((place,), abs=1e-4)
    assert found.kinks == ()
    assert_within(found.second_moment, float(ndtr(-place)))
    assert isinf(found.derivative_second_moment.value)
    density = exp(-(place**2) / 2) / sqrt(2 * pi)
    assert found.second_moment_slope.value == pytest.approx(place * density / 2, abs=1e-9)


def test_many_jumps() -> None:
    found = expectations(np.floor)
    expected = sum(k * k * (ndtr(k + 1) - ndtr(k)) for k in range(-12, 12))
    assert abs(found.second_moment.value - expected) <= found.second_moment.error
    assert set(range(-4, 5)) <= set(found.jumps)


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "as fast as the density falls": (lambda z: np.exp(z * z / 4), "grows too fast"),
    "faster than that": (lambda z: np.exp(z * z / 2), "grows too fast"),
    "a mean square from far out": (lambda z: np.exp(3 * z), "beyond 9 standard deviations"),
    "no number at 0": (lambda z: np.sin(z) / z, "is nan at 0"),
    "no number at 1": (lambda z: np.where(z == 1, np.nan, z), "is nan at 1"),
    "no number below 0": (np.sqrt, "is nan at -8"),
    "a pole at 0": (lambda z: 1 / z, "is inf at 0"),
    "a pole elsewhere": (lambda z: 1 / (z - pi), "error|too fast"),
    "many poles": (np.tan, "error|too fast|grows"),
    "infinitely steep at 0": (lambda z: np.sqrt(np.abs(z)), "an error of"),
    "so steep that its square has no mean": (np.cbrt, "an error of"),
    "more and more turns": (lambda z: z * np.sin(1 / (z + (z == 0))), "changes too fast"),
    "too many turns": (lambda z: np.sin(1e6 * z), "changes too fast"),
    "steeper than places are dense": (lambda z: expit(1e8 * (z - 0.1)), "error|too fast"),
    "seven digits": (
        lambda z: np.tanh(z.astype(np.float32)),
        "returns float32; compute in float64",
    ),
    "seven digits in disguise": (
        lambda z: np.tanh(z.astype(np.float32)).astype(float),
        "changes too fast",
    ),
    "complex": (lambda z: np.sqrt(z + 0j), "returns complex128"),
    "scalars only": (math.tanh, "fails on an array of NumPy: TypeError"),
    "a condition": (lambda z: z if z > 0 else 0 * z, "fails on an array of NumPy: ValueError"),
    "a list": (lambda z: z.tolist(), "returns list for an array of shape"),
    "another shape": (lambda z: z[:-1], r"returns \(1025,\) for an array of shape \(1026,\)"),
    "values whose squares vanish": (lambda z: 1e-200 * z, r"values up to \S+; scale it"),
    "centred": (lambda z: z - z.mean(), "gives two answers"),
    "normalised": (lambda z: np.exp(z) / np.exp(z).sum(), "gives two answers"),
    "sorted": (np.sort, "gives two answers"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_trusted_is_refused(name: str) -> None:
    function, message = REFUSED[name]
    with pytest.raises(StudyError, match=message) as refusal:
        expectations(function, samples=SOME)
    assert "\n" not in str(refusal.value)


def test_chance_is_refused_even_where_it_is_rare() -> None:
    random = np.random.default_rng(0)
    with pytest.raises(StudyError, match="gives two answers"):
        expectations(lambda z: np.tanh(z) * (random.random(z.shape) > 1e-4))


@pytest.mark.parametrize(("q", "mean"), [(0.0, 0.0), (-1.0, 0.0), (inf, 0.0), (1.0, inf)])
def test_no_gaussian_is_refused(q: float, mean: float) -> None:
    with pytest.raises(StudyError, match="take a variance above 0 and a finite mean"):
        expectations(np.tanh, q, mean)


@given(mean=st.floats(-3, 3), q=st.floats(0.1, 9))
@settings(max_examples=10, deadline=None)
def test_a_mean_of_the_preactivation(mean: float, q: float) -> None:
    found, s = expectations(np.tanh, q, mean, samples=FEWER), sqrt(q)
    assert_within(
        found.second_moment, by_quad(lambda u: math.tanh(mean + s * u) ** 2, (-mean / s,))
    )
    steep = by_quad(lambda u: math.cosh(min(abs(mean + s * u), 300)) ** -4, (-mean / s,))
    assert_within(found.derivative_second_moment, steep)


def test_an_integer_and_a_change_in_place_are_understood() -> None:
    def in_place(z: Array) -> Array:
        z[z < 0] = 0
        return z

    assert expectations(in_place).second_moment.value == pytest.approx(0.5)
    assert expectations(lambda z: np.sign(z).astype(int)).second_moment.value == pytest.approx(1)


def test_slopes_on_either_side() -> None:
    assert slopes_at(lambda z: np.where(z > 0, z, 0.25 * z)) == (0.25, 1.0)
    assert slopes_at(np.tanh) == (1.0, 1.0)
    assert slopes_at(lambda z: np.abs(z - 0.001) + 1) == pytest.approx((-1.0, -1.0))
    assert slopes_at(lambda z: np.sqrt(np.abs(z))) == (None, None)
    assert slopes_at(lambda z: 1e-60 * z) == (1e-60, 1e-60)
    assert slopes_at(lambda z: 3 + 0 * z) == (0.0, 0.0)
    left, right = slopes_at(np.log)
    assert left is None
    assert right is None


def test_a_number_within_its_error_is_nothing() -> None:
    assert Bounded(1e-20, 1e-18).or_nothing() == 0
    assert Bounded(1.0, 1e-18).or_nothing() == 1
