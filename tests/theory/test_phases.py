from math import inf, isnan, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.errors import StudyError
from study.theory import mean_field, phases
from study.theory.activations import Activation, activation, leaky

TANH, RELU = activation("tanh"), activation("relu")


@settings(deadline=None, max_examples=30)
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


@pytest.mark.parametrize("name", ["erf", "sigmoid", "gelu", "softsign", "hardtanh"])
def test_other_activations_have_an_edge_too(name: str) -> None:
    one = activation(name)
    weight = phases.critical_weight_variance(one, 0.0 if name != "gelu" else 0.1)
    q = phases.critical_length(one, 0.0 if name != "gelu" else 0.1)
    assert mean_field.gradient_factor(one, q, weight) == pytest.approx(1)


def test_a_function_without_an_edge_is_refused() -> None:
    flat = Activation("flat", "", lambda z: 1 + 0.01 * np.tanh(z), lambda z: 1e-4 + 0 * z)
    with pytest.raises(StudyError, match="flat: no edge of chaos"):
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
