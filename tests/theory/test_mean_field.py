from math import inf, isnan, pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.errors import StudyError
from study.theory import mean_field
from study.theory.activations import NAMES, activation, leaky
from study.theory.gains import second_moment_gain
from study.theory.moments import moments
from study.theory.phases import critical_weight_variance

TANH, RELU = activation("tanh"), activation("relu")
gains = st.floats(1.02, 3.0)


def test_the_numbers_quoted_for_the_gain_five_thirds() -> None:
    q = mean_field.length_fixed_point(TANH, 25 / 9, 0.0)
    assert sqrt(q) == pytest.approx(1.08558, abs=5e-6)
    assert mean_field.gradient_factor(TANH, q, 25 / 9) == pytest.approx(1.20983, abs=5e-6)


def test_the_recursion_begins_with_the_length_given() -> None:
    first, second, third = mean_field.lengths(TANH, 2.25, 2.25, 0.1, 3)
    assert first == 2.25
    assert second == mean_field.length_map(TANH, first, 2.25, 0.1)
    assert third == mean_field.length_map(TANH, second, 2.25, 0.1)


def test_lengths_of_a_rectifier_are_a_geometric_series_from_the_first_layer_on() -> None:
    # q, then c q / 2 + b each time, written out.
    found = mean_field.lengths(RELU, 3.0, 1.0, 0.5, 4)
    assert found.tolist() == pytest.approx([3.0, 2.0, 1.5, 1.25], rel=1e-12)
    assert mean_field.lengths(RELU, 3.0, 1.0, 0.5, 1).tolist() == [3.0]
    assert len(mean_field.lengths(RELU, 3.0, 1.0, 0.5, 0)) == 0


def test_lengths_are_those_of_the_preactivations_of_wide_networks_layer_by_layer() -> None:
    generator = np.random.default_rng(7)
    width, weight, bias = 1500, 4.0, 0.3
    z = np.sqrt(1.7) * generator.standard_normal(width)
    measured = []
    for _ in range(4):
        measured.append(np.square(z).mean())
        matrix = generator.standard_normal((width, width)) * np.sqrt(weight / width)
        z = matrix @ np.tanh(z) + np.sqrt(bias) * generator.standard_normal(width)
    found = mean_field.lengths(TANH, 1.7, weight, bias, 4)
    assert found == pytest.approx(measured, rel=0.12)
    # A layer more or less would be further away than the draws scatter.
    assert abs(found[1] / found[0] - 1) > 0.3


def test_tanh_decays_as_a_power_on_the_edge() -> None:
    for layers, short_of in ((20, 0.1), (200, 0.03), (1000, 0.01)):
        length = mean_field.lengths(TANH, 1.0, 1.0, 0.0, layers)[-1]
        assert length * 2 * layers == pytest.approx(1, abs=short_of)


@given(gain=gains, bias=st.floats(0, 1))
def test_a_fixed_length_is_left_as_it_is(gain: float, bias: float) -> None:
    q = mean_field.length_fixed_point(TANH, gain**2, bias)
    assert q > 0
    assert mean_field.length_map(TANH, q, gain**2, bias) == pytest.approx(q, rel=1e-13)


@given(gains)
def test_where_tanh_keeps_the_signal_the_gradient_grows(gain: float) -> None:
    q = mean_field.length_fixed_point(TANH, gain**2, 0.0)
    assert mean_field.gradient_factor(TANH, q, gain**2) > 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("weight", "bias"), [(0.5, 0.0), (1.0, 0.0), (1.5, 0.1), (3.0, 0.2)])
def test_a_fixed_length_is_where_the_iteration_goes(name: str, weight: float, bias: float) -> None:
    one = activation(name)
    q = mean_field.length_fixed_point(one, weight, bias)
    iterated = mean_field.lengths(one, 1.0, weight, bias, 600)
    if q == inf:
        assert iterated[-1] > iterated[-2] > 50
    elif q == 0:
        assert iterated[-1] <= iterated[-2] < 0.1
    else:
        assert iterated[-1] == pytest.approx(q, rel=1e-5)


def test_the_start_decides_between_two_fixed_lengths() -> None:
    silu = activation("silu")
    assert mean_field.length_fixed_point(silu, 2.2, 0.0, start=0.5) == 0
    assert mean_field.length_fixed_point(silu, 2.2, 0.0, start=1e4) == inf


def test_a_critical_relu_keeps_every_length() -> None:
    assert mean_field.length_fixed_point(RELU, 2.0, 0.0, start=0.37) == 0.37
    assert mean_field.length_fixed_point(RELU, 2.0, 0.1) == inf
    assert mean_field.length_fixed_point(RELU, 1.0, 0.1) == pytest.approx(0.2)
    assert mean_field.length_fixed_point(RELU, 1.0, 0.0) == 0
    assert mean_field.length_fixed_point(RELU, 2.1, 0.0) == inf


@pytest.mark.parametrize("name", NAMES)
def test_the_gain_that_keeps_the_signal_keeps_the_length_one(name: str) -> None:
    one = activation(name)
    weight = second_moment_gain(one) ** 2
    assert mean_field.length_fixed_point(one, weight, 0.0) == 1
    assert mean_field.length_map(one, 1.0, weight, 0.0) == pytest.approx(1, rel=1e-14)


@settings(max_examples=50)
@given(weight=st.floats(0.2, 9), bias=st.floats(1e-3, 1))
def test_a_fixed_length_leads_to_itself(weight: float, bias: float) -> None:
    q = mean_field.length_fixed_point(TANH, weight, bias)
    assert mean_field.length_fixed_point(TANH, weight, bias, start=q) == pytest.approx(q)
    for start in (1e-15, 0.9 * q, 1e15):
        found = mean_field.length_fixed_point(TANH, weight, bias, start=start)
        assert found == pytest.approx(q, rel=1e-9)


def test_the_smallest_lengths_are_found_as_the_largest() -> None:
    assert mean_field.length_fixed_point(TANH, 0.5, 1e-13) == pytest.approx(2e-13)
    assert mean_field.length_fixed_point(TANH, 2.0, 0.0, start=1e-14) == pytest.approx(
        mean_field.length_fixed_point(TANH, 2.0, 0.0)
    )


@pytest.mark.parametrize("start", [0.0, -1.0, inf])
def test_a_start_that_is_no_length_is_refused(start: float) -> None:
    with pytest.raises(StudyError, match=r"start: .* is not a length above 0"):
        mean_field.length_fixed_point(TANH, 1.0, 0.0, start=start)


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("gelu", 6.0),
        pytest.param("silu", 4.5, marks=pytest.mark.full),
        pytest.param("softplus", 9.0, marks=pytest.mark.full),
    ],
)
def test_lengths_may_grow_for_ever(name: str, weight: float) -> None:
    found = mean_field.lengths(activation(name), 1.0, weight, 0.0, 3000)
    assert found[-1] == inf
    assert (np.diff(found[found < 1e300]) > 0).all()
    relu = mean_field.gaps(RELU, 1.0, 0.5, 2.0, 0.0, 160)
    gaps = mean_field.gaps(activation(name), 1.0, 0.5, weight, 0.0, 160)
    # Far out all three are ReLU, under which one over the angle grows evenly.
    growth, of_relu = (np.diff(found[[110, -1]] ** -0.5) for found in (gaps, relu))
    assert growth == pytest.approx(of_relu, rel=0.01)


def test_an_infinite_length_is_followed_by_the_limit() -> None:
    assert mean_field.length_map(TANH, inf, 2.0, 0.5) == 2.5
    assert mean_field.length_map(RELU, inf, 2.0, 0.5) == inf
    assert mean_field.length_map(activation("gelu_tanh"), inf, 2.0, 0.5) == inf


@pytest.mark.parametrize("weight", [0.5, 1.0, 3.0])
def test_relu_changes_angles_whatever_becomes_of_the_length(weight: float) -> None:
    critical = mean_field.gaps(RELU, 1.0, 0.5, 2.0, 0.0, 1300)
    assert mean_field.gaps(RELU, 1.0, 0.5, weight, 0.0, 1300) == pytest.approx(critical)
    assert mean_field.gap_map(RELU, 0.0, 0.5) == pytest.approx(critical[1])


SLOW = [pytest.param(name, marks=pytest.mark.full) for name in ("elu", "hardtanh")]


@pytest.mark.parametrize("name", ["tanh", "softsign", "gelu", *SLOW])
def test_a_signal_that_dies_out_on_a_straight_line_keeps_its_angle(name: str) -> None:
    one = activation(name)
    gaps = mean_field.gaps(one, 1.0, 0.5, 0.25, 0.0, 1500)
    assert gaps[-1] == pytest.approx(gaps[-1000], rel=1e-9)
    assert 0.3 < gaps[-1] < 0.7
    assert isnan(mean_field.correlation_fixed_point(one, 0.25, 0.0))
    other = mean_field.gaps(one, 1.0, 0.2, 0.25, 0.0, 1500)
    assert other[-1] < 0.8 * gaps[-1]  # to each start an end of its own


@pytest.mark.parametrize("name", ["relu", "relu6", "selu"])
def test_a_signal_that_dies_out_at_a_kink_goes_on_losing_its_angle(name: str) -> None:
    one = activation(name)
    gaps = mean_field.gaps(one, 1.0, 0.5, 0.3, 0.0, 1500)
    assert gaps[-1] / gaps[749] == pytest.approx(1 / 4, rel=0.25)
    assert mean_field.correlation_fixed_point(one, 0.3, 0.0) == 1


def test_a_layer_of_zeros_has_no_angle() -> None:
    with pytest.raises(StudyError, match="relu: no angle"):
        mean_field.gap_map(RELU, 1.0, 0.5, 0.0, 0.0)


def test_rounding_beside_a_correlation_of_one_does_no_harm() -> None:
    assert mean_field.correlation_map(TANH, 1.0, 1 + 2e-16) == 1
    assert mean_field.correlation_map(TANH, 1.0, -1 - 3e-16) == pytest.approx(-1)
    for gap in (-0.1, 2.1, float("nan")):
        with pytest.raises(StudyError, match=r"gap: .* is not between 0 and 2"):
            mean_field.gap_map(TANH, 1.0, gap)


def test_a_cosine_just_beyond_the_edge_is_found() -> None:
    for name in ("tanh", "hardtanh"):
        one = activation(name)
        edge = critical_weight_variance(one, 0.05)
        for beyond in (1e-7, 1e-4, 0.1):
            weight = edge * (1 + beyond)
            gap = 1 - mean_field.correlation_fixed_point(one, weight, 0.05)
            q = mean_field.length_fixed_point(one, weight, 0.05)
            assert gap > 0
            after = mean_field.gap_map(one, q, gap, weight, 0.05)
            assert after == pytest.approx(gap, abs=1e-13)


def arccosine(correlation: float) -> float:
    angle = np.arccos(correlation)
    return float((np.sin(angle) + (pi - angle) * correlation) / pi)


@given(st.floats(-1, 1))
def test_the_correlation_map_of_relu_is_the_arccosine_kernel(correlation: float) -> None:
    found = mean_field.correlation_map(RELU, 3.0, correlation)
    assert found == pytest.approx(arccosine(correlation), abs=1e-14)


def test_the_gap_of_relu_falls_as_the_square_of_the_depth() -> None:
    gaps = mean_field.gaps(RELU, 1.0, 0.7, 2.0, 0.0, 20_000)
    assert gaps[19_999] * 20_000**2 == pytest.approx(9 * pi**2 / 2, rel=5e-3)
    assert gaps[999] == pytest.approx(4.3e-5, rel=0.01)


@pytest.mark.parametrize("theta", [1e-8, 1e-4, 0.1, 0.4999, 0.5001, 1.5])
def test_the_smallest_gaps_of_relu_are_exact(theta: float) -> None:
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(60):
        gap = float(1 - mpmath.cos(theta))
        angle = mpmath.acos(1 - mpmath.mpf(gap))
        after = (mpmath.sin(angle) + (mpmath.pi - angle) * mpmath.cos(angle)) / mpmath.pi
        assert mean_field.gap_map(RELU, 1.0, gap) == pytest.approx(float(1 - after), rel=1e-14)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "linear"])
def test_the_gap_map_at_the_fixed_length_begins_with_the_gradient_factor(name: str) -> None:
    one, weight, bias = activation(name), 1.1, 0.3
    q = mean_field.length_fixed_point(one, weight, bias)
    slope = mean_field.gap_map(one, q, 1e-14, weight, bias) / 1e-14
    assert slope == pytest.approx(mean_field.gradient_factor(one, q, weight), rel=1e-6)


def test_gaps_and_correlations_are_one_map() -> None:
    for name in ("tanh", "softplus", "hardtanh"):
        one = activation(name)
        correlation = mean_field.correlation_map(one, 1.2, 0.3, 1.5, 0.2)
        gap = mean_field.gap_map(one, 1.2, 0.7, 1.5, 0.2)
        assert correlation == pytest.approx(1 - gap)
        second = mean_field.gaps(one, 1.2, 0.7, 1.5, 0.2, 3)[1]
        assert second == pytest.approx(gap)
        mean = moments(one, 1.2).mean
        independent = mean_field.correlation_map(one, 1.2, 0.0, 1.5, 0.2)
        length = mean_field.length_map(one, 1.2, 1.5, 0.2)
        assert independent * length == pytest.approx(1.5 * mean**2 + 0.2)


@pytest.mark.parametrize(
    ("name", "weight", "bias"),
    [("tanh", 2.5, 0.05), ("tanh", 1.0, 0.3), ("erf", 3.0, 0.2), ("sigmoid", 60.0, 0.1)],
)
def test_a_fixed_correlation_is_where_the_iteration_goes(
    name: str, weight: float, bias: float
) -> None:
    one = activation(name)
    q = mean_field.length_fixed_point(one, weight, bias)
    gap = mean_field.gaps(one, q, 0.5, weight, bias, 400)[-1]
    found = mean_field.correlation_fixed_point(one, weight, bias)
    assert found == pytest.approx(1 - gap, abs=1e-10)


def test_correlations_that_are_known_without_iterating() -> None:
    assert mean_field.correlation_fixed_point(TANH, 2.0, 0.0) == 0
    # There rounding lets a gap of 1 grow by more than 1e-13.
    assert mean_field.correlation_fixed_point(TANH, 1.452, 0.0) == 0
    assert mean_field.correlation_fixed_point(TANH, 1.478, 0.0) == 0
    assert mean_field.correlation_fixed_point(RELU, 2.0, 0.0) == 1
    assert isnan(mean_field.correlation_fixed_point(RELU, 2.2, 0.0))
    assert isnan(mean_field.correlation_fixed_point(leaky(1.0), 1.0, 0.0))
    assert mean_field.correlation_fixed_point(leaky(1.0), 0.5, 0.1) == 1
    assert isnan(mean_field.correlation_fixed_point(activation("softplus"), 2.2, 0.0))
