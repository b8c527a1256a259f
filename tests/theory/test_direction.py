from itertools import pairwise
from math import pi, sqrt

import numpy as np
import pytest

from study.errors import StudyError
from study.theory import direction
from study.theory.activations import activation
from study.theory.finite_width import log_norm_drift
from study.theory.mean_field import gap_map, gradient_factor, length_fixed_point
from study.theory.moments import angle
from study.theory.phases import critical_weight_variance

TANH, RELU = activation("tanh"), activation("relu")


@pytest.mark.parametrize("slope", [-1.0, 0.0, 0.25, 0.9])
def test_a_leaky_relu_does_its_share_of_what_a_relu_does(slope: float) -> None:
    leaky = activation("leaky_relu", slope=slope)
    for gap in (0.01, 0.5, 1.3):
        done = gap - gap_map(leaky, 1.0, gap)
        of_relu = gap - gap_map(RELU, 1.0, gap)
        assert done / of_relu == pytest.approx(direction.leaky_share(slope), rel=1e-9)


def test_one_over_the_angle_grows_as_the_expansion_says() -> None:
    theta = 0.01
    after = angle(gap_map(RELU, 1.0, 2 * np.sin(theta / 2) ** 2))
    expected = direction.inverse_angle_growth() + theta / (6 * pi**2)
    assert 1 / after - 1 / theta == pytest.approx(expected, rel=1e-4)


def test_the_collapse_of_relu_is_the_power_law_at_depth() -> None:
    gaps = direction.activation_gaps(RELU, 0.7, 2.0, 0.0, layers=3000)
    assert gaps[-1] * 2 * 3000**2 / (9 * pi**2) == pytest.approx(1, abs=0.02)
    assert gaps[99] == pytest.approx(3.5e-3, rel=0.03)
    assert gaps[999] == pytest.approx(4.3e-5, rel=0.02)


def test_the_logarithm_makes_the_law_good_from_the_first_layer() -> None:
    gaps = direction.activation_gaps(RELU, 0.7, 2.0, 0.0, layers=100)
    start = angle(0.7)
    for layer in (5, 20, 100):
        grown = layer / (3 * pi) + np.log1p(layer * start / (3 * pi)) / (2 * pi)
        assert 1 / angle(gaps[layer - 1]) == pytest.approx(1 / start + grown, rel=0.045)


def test_one_over_the_gap_grows_on_the_edge_of_chaos() -> None:
    bias = 0.05
    variance = critical_weight_variance(TANH, bias)
    growth = direction.inverse_gap_growth(TANH, variance, bias)
    gaps = direction.activation_gaps(TANH, 1e-3, variance, bias, layers=300)
    steps = [1 / after - 1 / before for before, after in pairwise(gaps[200:])]
    assert np.mean(steps) == pytest.approx(growth, rel=0.01)


def test_a_gap_off_the_edge_changes_by_the_gradient_factor() -> None:
    q = length_fixed_point(TANH, 1.0, 0.05)
    gaps = direction.activation_gaps(TANH, 0.7, 1.0, 0.05, layers=60)
    assert gaps[-1] / gaps[-2] == pytest.approx(gradient_factor(TANH, q, 1.0), rel=1e-6)


def test_tanh_of_gain_one_changes_the_cosine_less_and_less() -> None:
    gaps = direction.activation_gaps(TANH, 0.7, 1.0, 0.0, layers=400)
    assert gaps[29] / gaps[9] == pytest.approx(1.0035, abs=0.001)
    assert gaps[399] / gaps[29] == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize(("slope", "per_width"), [(1.0, 1.0), (0.0, 2.0)])
def test_the_drift_is_that_of_the_leading_term(slope: float, per_width: float) -> None:
    drift = direction.log_sine_drift(1000, slope)
    assert drift * 1000 == pytest.approx(-per_width, rel=0.01)
    variance = direction.log_sine_variance(1000, slope)
    assert variance * 1000 == pytest.approx(4 * per_width, rel=0.01)


@pytest.mark.parametrize("width", [3, 8, 16])
@pytest.mark.parametrize(("slope", "sine"), [(1.0, 0.9), (1.0, 1e-6), (0.0, 1e-6)])
def test_a_sine_changes_as_by_random_matrices(width: int, slope: float, sine: float) -> None:
    rng = np.random.default_rng(width)
    one, other = rng.standard_normal((2, 200_000, width))
    if slope == 0:
        passed = (one > 0) & ((one > 0).sum(axis=1) > 1)[:, None]  # both signals, by small angles
        one, other = passed * one, passed * other
        kept = passed.any(axis=1)
        one, other = one[kept], other[kept]
    # With cos and sin of the angle the second signal is cos one + sin other; the sine after is that
    # between one and this, whose part across one is sin times the part of other across one.
    along = (one * other).sum(axis=1) / (one**2).sum(axis=1)
    across = sine * (other - along[:, None] * one)
    after = sqrt(1 - sine**2) * one + sine * other
    change = np.log((across**2).sum(axis=1) / (after**2).sum(axis=1) / sine**2)
    error = change.std() / sqrt(len(change))
    assert change.mean() == pytest.approx(direction.log_sine_drift(width, slope), abs=4 * error)
    if sine > 0.1:
        return  # the law of the variance is one of small angles
    variance = direction.log_sine_variance(width, slope)
    fourth = ((change - change.mean()) ** 4).mean() - change.var() ** 2
    assert change.var() == pytest.approx(variance, abs=4 * sqrt(fourth / len(change)))


def test_laws_that_are_not_there_are_refused() -> None:
    for law in (direction.log_sine_drift, direction.log_sine_variance):
        with pytest.raises(StudyError, match=r"slope: 0\.5 is neither 0"):
            law(10, 0.5)
        with pytest.raises(StudyError, match="width: 1 is less than 2"):
            law(1, 0.0)
    with pytest.raises(StudyError, match="activation hardtanh: it has a kink"):
        direction.inverse_gap_growth(activation("hardtanh"), 1.5, 0.05)


def test_the_thousandth_layer_of_width_a_hundred_worked_by_hand() -> None:
    at_the_width = direction.activation_gaps(RELU, 1.0, 2.0, 0.0, layers=100)[-1]
    assert at_the_width == pytest.approx(4.4e-3, rel=0.25)  # the power law, 9 pi^2 / (2 l^2)
    drift = direction.log_sine_drift(100, 0.0)
    assert 100 * drift == pytest.approx(-2, rel=0.06)
    assert 4.4e-3 * np.exp(-2 * 900 / 100) == pytest.approx(7e-11, rel=0.05)
    # There both terms of the drift are about equal, that of wide layers and that of their width.
    gap = 9 * pi**2 / (2 * 100**2)
    assert gap_map(RELU, 1.0, gap) / gap - 1 == pytest.approx(drift, rel=0.06)


def test_the_second_exponent_lies_below_that_of_the_norm() -> None:
    # A sine falls as the second singular value over the first, so both are negative for ReLU.
    # A sine falls as the second singular value over the first, so both are negative for ReLU.
    for width in (20, 100, 1000):
        sine, norm = direction.log_sine_drift(width, 0.0), log_norm_drift(width)
        assert sine < 0 > norm
        assert sine / norm == pytest.approx(4 / 5, rel=5 / width)
