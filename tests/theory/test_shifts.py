"""Constant biases and shifts, against quadratures, iterations and random networks."""

import math
from math import inf, pi, sqrt

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from study.errors import StudyError
from study.theory import mean_field, moments, phases
from study.theory.activations import NAMES, activation, leaky
from study.theory.expectations import FEWER, expectations
from study.theory.shifts import (
    Settling,
    biased,
    biased_relu_second_moment,
    lowered,
    shifted_relu_settling,
)

RELU = activation("relu")


@given(bias=st.floats(-2, 2), q=st.floats(0.05, 20), slope=st.floats(-1, 1))
@settings(max_examples=40, deadline=None)
def test_the_closed_form_of_a_biased_relu_is_its_integral(
    bias: float, q: float, slope: float
) -> None:
    s = sqrt(q)

    def integrand(u: float) -> float:
        z = bias + s * u
        return (z if z > 0 else slope * z) ** 2 * math.exp(-u * u / 2) / sqrt(2 * pi)

    ends = (-12.0, min(max(-bias / s, -12.0), 12.0), 12.0)
    parts = [quad(integrand, ends[i], ends[i + 1], epsabs=1e-13)[0] for i in (0, 1)]
    closed = biased_relu_second_moment(q, bias, slope)
    assert closed == pytest.approx(sum(parts), rel=1e-9)
    table = moments.second_moment(biased(leaky(slope), bias), q)
    assert table == pytest.approx(closed, rel=1e-9)


@pytest.mark.parametrize("bias", [-2.5, 0.01, 1.0])
@pytest.mark.parametrize("name", [name for name in NAMES if name != "linear"])
def test_a_biased_activation_is_integrated_as_any_other(name: str, bias: float) -> None:
    one = activation(name)
    for q in (0.04, 1.0, 25.0):
        ours = moments.moments(biased(one, bias), q)
        checked = expectations(one.function, q, bias, samples=FEWER)
        assert ours.mean == pytest.approx(checked.mean.value, rel=1e-8, abs=1e-10)
        assert ours.second_moment == pytest.approx(checked.second_moment.value, rel=1e-8, abs=1e-10)
        steep = checked.derivative_second_moment.value
        assert ours.derivative_second_moment == pytest.approx(steep, rel=1e-8, abs=1e-10)


def test_a_network_with_a_constant_bias_follows_the_map() -> None:
    # The preactivation is b + Wh; the map is of the variance of Wh, of which q is the mean square.
    bias, c, width = 0.5, 1.2, 1000
    one = biased(RELU, bias)
    generator = torch.Generator().manual_seed(0)
    h = torch.randn(1, width, generator=generator)
    h /= h.square().mean().sqrt()
    law = c
    for _ in range(4):
        weight = torch.randn(width, width, generator=generator) * sqrt(c / width)
        product = h @ weight.T
        assert product.square().mean().item() == pytest.approx(law, rel=0.15)
        h, law = torch.relu(product + bias), mean_field.length_map(one, law, c, 0.0)


def test_without_a_bias_or_a_shift_nothing_changes() -> None:
    assert biased(RELU, 0.0) is RELU
    assert lowered(RELU, 0.0) is RELU
    assert biased_relu_second_moment(3.0, 0.0) == 1.5


# Shifted activations -----------------------------------------------------------------------------


@given(c=st.floats(0.05, 2.9), shift=st.floats(-2, 2), slope=st.sampled_from([0.0, 0.25, -0.5]))
@settings(max_examples=60, deadline=None)
def test_where_a_shifted_relu_settles_is_where_its_map_leads(
    c: float, shift: float, slope: float
) -> None:
    if abs(shift) < 0.05 or abs(c * (1 + slope**2) / 2 - 1) < 0.02:
        return
    found = shifted_relu_settling(c, shift, slope)
    one = lowered(leaky(slope), shift)
    if found.length is None:
        assert mean_field.length_fixed_point(one, c, 0.0, 10 * shift**2) == inf
        return
    assert mean_field.length_map(one, found.length, c, 0.0) == pytest.approx(found.length)
    if found.below > 1.2 * found.length:
        start = min(1.1 * found.length, (found.length + found.below) / 2)
        reached = mean_field.length_fixed_point(one, c, 0.0, start)
        assert reached == pytest.approx(found.length, rel=1e-6)
    slope_there = c * moments.second_moment_slope(one, found.length)
    assert found.slope == pytest.approx(slope_there, rel=1e-6, abs=1e-8)
    assert abs(slope_there) < 1


@pytest.mark.parametrize("shift", [0.5, 2.0])
def test_two_over_fan_in_settles_at_a_share_of_pi(shift: float) -> None:
    found = shifted_relu_settling(2.0, shift)
    assert found.length == pytest.approx(pi * shift**2 / 2)
    assert found.slope == pytest.approx(1 - 2 / pi)
    assert found.below == inf


def test_it_ends_where_the_variance_is_kept() -> None:
    greatest = 2 / (1 - 1 / pi)  # about 2.934, the square of the gain about the mean
    inside, outside = (shifted_relu_settling(k * greatest, 0.5) for k in (0.98, 1.001))
    assert inside.length is not None
    assert inside.length < inside.below < inf
    assert outside == Settling(None, 0.0, None)
    above = lowered(RELU, 0.5)
    c = 0.98 * greatest
    lengths = [mean_field.lengths(above, k * inside.below, c, 0.0, 400)[-1] for k in (0.6, 1.5)]
    assert lengths[0] == pytest.approx(inside.length, rel=1e-3)
    assert lengths[1] > 100 * inside.below


@pytest.mark.parametrize("c", [2.0, 2.5])
def test_a_shift_upwards_settles_below_two_only(c: float) -> None:
    assert shifted_relu_settling(c, -0.5).length is None
    assert shifted_relu_settling(1.9, -0.5).length is not None


def test_a_random_network_settles_there() -> None:
    found = shifted_relu_settling(2.5, 0.5)
    assert found.length is not None
    generator = torch.Generator().manual_seed(0)
    h = torch.relu(torch.randn(50, 800, generator=generator)) - 0.5
    for _ in range(30):
        z = h @ torch.randn(800, 800, generator=generator).T * sqrt(2.5 / 800)
        h = torch.relu(z) - 0.5
    assert z.square().mean().item() == pytest.approx(found.length, rel=0.1)


def test_of_other_activations_the_maps_tell_where_they_settle() -> None:
    shifted = lowered(activation("softplus"), 0.8)
    q = mean_field.length_fixed_point(shifted, 2.0, 0.0)
    assert mean_field.length_map(shifted, q, 2.0, 0.0) == pytest.approx(q)
    assert phases.stability(shifted, 2.0, 0.0) == "stable"
    assert np.isfinite(q)


@pytest.mark.parametrize(("c", "shift"), [(2.0, 0.0), (0.0, 0.5), (-1.0, 0.5)])
def test_no_shift_and_no_weight_are_refused(c: float, shift: float) -> None:
    with pytest.raises(StudyError, match="take no 0, and c above 0"):
        shifted_relu_settling(c, shift)
