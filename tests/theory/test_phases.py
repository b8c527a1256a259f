from math import inf, isnan, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.errors import StudyError
from study.theory import mean_field, phases
from study.theory.activations import NAMES, Activation, activation, leaky
from study.theory.gains import second_moment_gain, unit_slope_gain

TANH, RELU = activation("tanh"), activation("relu")


@settings(max_examples=30)
@given(st.floats(0, 2))
def test_on_the_edge_the_gradient_is_kept(bias: float) -> None:
    weight = phases.critical_weight_variance(TANH, bias)
    q = mean_field.length_fixed_point(TANH, weight, bias)
    assert mean_field.gradient_factor(TANH, q, weight) == pytest.approx(1, abs=1e-9)
    assert weight == pytest.approx(1) if bias == 0 else weight > 1


def test_the_edge_lies_between_the_phases() -> None:
    weight = phases.critical_weight_variance(TANH, 0.05)
    assert phases.phase(TANH, 0.99 * weight, 0.05) == "ordered"
    assert phases.phase(TANH, weight, 0.05) == "critical"
    assert phases.phase(TANH, 1.01 * weight, 0.05) == "chaotic"
    assert phases.phase(TANH, 1.0, 0.0) == "critical"


@pytest.mark.parametrize("slope", [0.0, 0.25, 1.0])
def test_the_edge_of_a_leaky_relu_is_one_value(slope: float) -> None:
    one = leaky(slope)
    critical = 2 / (1 + slope**2)
    for bias in (0.0, 0.3):
        assert phases.critical_weight_variance(one, bias) == pytest.approx(critical)
        assert phases.phase(one, 0.999 * critical, bias) == "ordered"
        assert phases.phase(one, 1.001 * critical, bias) == "chaotic"
    assert phases.phase(one, critical, 0.0) == "critical"


@pytest.mark.parametrize("bias", [0.05, 0.3])
@pytest.mark.parametrize("name", NAMES)
def test_on_the_edge_lengths_settle_and_the_phase_is_critical(name: str, bias: float) -> None:
    one = activation(name)
    if one.slope is not None:
        return  # they settle nowhere, as their own test says
    try:
        q = phases.critical_length(one, bias)
    except StudyError:
        assert name in {"gelu", "gelu_tanh", "silu", "mish", "hardswish", "softplus"}
        return
    weight = phases.critical_weight_variance(one, bias)
    for start in (0.99 * q, q, 1.01 * q):
        assert mean_field.length_fixed_point(one, weight, bias, start) == pytest.approx(q, rel=1e-6)
    assert phases.phase(one, weight, bias, start=q) == "critical"
    assert phases.stability(one, weight, bias, start=q) == "stable"
    assert phases.phase(one, 0.99 * weight, bias, start=q) == "ordered"


@pytest.mark.parametrize("name", ["tanh", "erf", "softsign", "elu", "hardtanh", "relu6"])
def test_without_biases_the_edge_may_be_where_signals_die_out(name: str) -> None:
    one = activation(name)
    assert phases.critical_length(one, 0.0) == 0
    weight = phases.critical_weight_variance(one, 0.0)
    assert weight == pytest.approx(unit_slope_gain(one) ** 2)
    lengths = mean_field.lengths(one, 1.0, weight, 0.0, 500)
    assert lengths[-1] < lengths[0]
    assert phases.phase(one, weight, 0.0) == "critical"


@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "silu", "mish", "hardswish"])
def test_an_edge_from_which_lengths_are_led_away_is_refused(name: str) -> None:
    for bias in (0.0, 0.05):
        with pytest.raises(StudyError, match=f"{name}: no stable length on the edge of chaos"):
            phases.critical_weight_variance(activation(name), bias)


def test_what_the_gain_keeps_may_be_unstable() -> None:
    found = {
        name: phases.stability(activation(name), second_moment_gain(activation(name)) ** 2, 0.0)
        for name in NAMES
    }
    for name, stability in found.items():
        one, weight = activation(name), second_moment_gain(activation(name)) ** 2
        low, high = (mean_field.lengths(one, q, weight, 0.0, 30)[-1] for q in (0.99, 1.01))
        if stability == "neutral":
            assert (low, high) == pytest.approx((0.99, 1.01))
        else:
            assert (high - low < 0.02) == (stability == "stable")
    assert found["tanh"] == found["sigmoid"] == "stable"
    assert found["silu"] == "unstable"
    assert found["relu"] == found["leaky_relu"] == "neutral"
    assert phases.stability(RELU, 3.0, 0.0) == "unstable"


def test_a_function_without_an_edge_is_refused() -> None:
    flat = Activation("flat", "", lambda z: 1 + 0.01 * np.tanh(z), lambda z: 1e-4 + 0 * z)
    with pytest.raises(StudyError, match="flat: no stable length on the edge of chaos"):
        phases.critical_length(flat, 0.0)


@pytest.mark.parametrize(("weight", "bias"), [(0.8, 0.1), (1.3, 0.05), (2.5, 0.05), (2.5, 0.0)])
def test_the_depth_scales_are_those_of_the_iteration(weight: float, bias: float) -> None:
    q = mean_field.length_fixed_point(TANH, weight, bias)
    settled = 1 - mean_field.correlation_fixed_point(TANH, weight, bias)
    gaps = mean_field.gaps(TANH, q, settled + 1e-4, weight, bias, 10)
    distances = gaps - settled
    found = phases.correlation_depth_scale(TANH, weight, bias)
    assert -1 / log(distances[9] / distances[8]) == pytest.approx(found, rel=1e-2)

    lengths = mean_field.lengths(TANH, 1.2 * q, weight, bias, 14)
    away = np.abs(lengths - q)
    scale = phases.length_depth_scale(TANH, weight, bias)
    assert -1 / log(away[13] / away[12]) == pytest.approx(scale, rel=2e-2)


def test_scales_end_at_the_edge() -> None:
    weight = phases.critical_weight_variance(TANH, 0.05)
    assert phases.correlation_depth_scale(TANH, weight, 0.05) == inf
    assert phases.correlation_depth_scale(TANH, 0.9 * weight, 0.05) < 100
    assert phases.correlation_depth_scale(RELU, 2.0, 0.0) == inf
    assert phases.length_depth_scale(RELU, 1.0, 0.1) == pytest.approx(1 / log(2))
    assert phases.correlation_depth_scale(RELU, 1.0, 0.1) == pytest.approx(1 / log(2))
    assert isnan(phases.length_slope(RELU, 3.0, 0.1))
    assert isnan(phases.correlation_slope(RELU, 3.0, 0.1))
    assert phases.length_depth_scale(TANH, 0.5, 0.0) == pytest.approx(1 / log(2), rel=1e-6)


@pytest.mark.parametrize("name", ["tanh", "relu", "linear", "selu"])
def test_angles_do_not_settle_in_a_few_layers_where_the_signal_dies_out(name: str) -> None:
    one = activation(name)
    assert phases.correlation_slope(one, 0.4, 0.0) == 1
    assert phases.correlation_depth_scale(one, 0.4, 0.0) == inf
    gaps = mean_field.gaps(one, 1.0, 0.5, 0.4, 0.0, 400)
    assert gaps[399] / gaps[398] == pytest.approx(1, abs=0.01)


def test_a_common_bias_brings_signals_together_on_a_straight_line() -> None:
    assert phases.correlation_slope(leaky(1.0), 0.5, 0.1) == 0.5
    gaps = mean_field.gaps(leaky(1.0), 0.2, 0.5, 0.5, 0.1, 10)
    assert gaps[9] / gaps[8] == pytest.approx(0.5)


def test_the_log_of_a_layer_varies_as_random_numbers_do() -> None:
    z = np.random.default_rng(0).standard_normal((20_000, 200))
    logs = np.log((np.tanh(z) ** 2).mean(axis=1))
    assert phases.layer_variance(TANH, 1.0, 200) == pytest.approx(logs.var(), rel=0.05)
    assert phases.layer_variance(RELU, 1.0, 100) == pytest.approx(0.05)


def test_a_settled_length_varies_as_one_carried_on() -> None:
    weight = 25 / 9
    q = mean_field.length_fixed_point(TANH, weight, 0.0)
    carried = phases.length_slope(TANH, weight, 0.0)
    law = phases.settled_length_variance(TANH, q, weight, 400)
    assert law == pytest.approx(phases.layer_variance(TANH, q, 400) / (1 - carried**2))
    generator = np.random.default_rng(1)
    lengths = np.full(4000, q)
    for _ in range(25):
        z = generator.standard_normal((4000, 400)) * np.sqrt(lengths)[:, None]
        lengths = weight * (np.tanh(z) ** 2).mean(axis=1)
    assert np.log(lengths).var() == pytest.approx(law, rel=0.15)
    assert phases.settled_length_variance(RELU, 1.0, 2.0, 100) == inf
