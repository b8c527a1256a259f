from itertools import pairwise
from math import exp, inf, log, sqrt

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import digamma, polygamma

from study.errors import StudyError
from study.theory import finite_width
from study.theory.activations import Array
from study.theory.finite_width import LogNorm, log_norm


def sampled(width: int, slope: float, draws: int) -> Array:
    z = np.random.default_rng(width).standard_normal((draws, width))
    squares = np.where(z > 0, z, slope * z) ** 2
    ratios = squares.mean(axis=1) * 2 / (1 + slope**2)
    return np.asarray(np.log(ratios[ratios > 0]))


@pytest.mark.parametrize("width", [2, 6, 40, 100])
@pytest.mark.parametrize("slope", [0.0, 0.2, 1.0])
def test_the_law_is_that_of_random_numbers(width: int, slope: float) -> None:
    logs, law = sampled(width, slope, 50_000), log_norm(width, slope)
    error = logs.std() / sqrt(len(logs))
    assert logs.mean() == pytest.approx(law.drift, abs=4 * error)
    assert logs.var() == pytest.approx(law.variance, rel=0.05)


@pytest.mark.parametrize("width", [50, 100, 300, 1000])
def test_two_ways_to_the_law_of_relu_agree(width: int) -> None:
    # A sum over the number of active units, and an integral over the Laplace transform; a slope of
    # 1e-9 leaves the dead layers out of account, of which there are none at these widths.
    exact, integral = log_norm(width), log_norm(width, 1e-9)
    assert exact.drift == pytest.approx(integral.drift, rel=1e-7, abs=1e-11)
    assert exact.variance == pytest.approx(integral.variance, rel=1e-6, abs=1e-11)


def test_ten_digits_of_the_drift() -> None:
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(30):
        share = [mpmath.binomial(100, k) / (mpmath.mpf(2) ** 100 - 1) for k in range(1, 101)]
        levels = [mpmath.digamma(mpmath.mpf(k) / 2) + mpmath.log(0.04) for k in range(1, 101)]
        drift = sum(p * level for p, level in zip(share, levels, strict=True))
    assert finite_width.log_norm_drift(100) == pytest.approx(float(drift), rel=1e-11)


@pytest.mark.parametrize("width", [1, 2, 3, 50, 1000])
def test_the_identity_is_a_chi_square(width: int) -> None:
    law = log_norm(width, 1.0)
    assert law.drift == pytest.approx(digamma(width / 2) + log(2 / width), rel=1e-9, abs=1e-13)
    assert law.variance == pytest.approx(float(polygamma(1, width / 2)), rel=1e-8)


@pytest.mark.parametrize("slope", [0.01, 0.25, 0.5])
def test_the_integrals_agree_with_adaptive_quadrature(slope: float) -> None:
    width = 20

    def transform(t: float) -> float:
        scale = 2 * t / ((1 + slope**2) * width)
        root, other = (1 + 2 * scale) ** -0.5, (1 + 2 * scale * slope**2) ** -0.5
        return float(((root + other) / 2) ** width)

    def integrand(t: float) -> float:
        return (exp(-t) - transform(t)) / t

    ends = [0.0, 1.0, 10.0, 1e3, 1e6, 1e9]
    parts = pairwise(ends)
    drift = sum(quad(integrand, *part, epsabs=1e-13, limit=200)[0] for part in parts)
    assert log_norm(width, slope).drift == pytest.approx(drift, rel=1e-9)


@given(st.sampled_from([0.0, 0.1, 0.5, 1.0]), st.integers(200, 2000))
def test_wide_layers_approach_the_leading_terms(slope: float, width: int) -> None:
    law, leading = log_norm(width, slope), finite_width.asymptotic_log_norm(width, slope)
    assert law.drift == pytest.approx(leading.drift, rel=10 / width)
    assert law.variance == pytest.approx(leading.variance, rel=10 / width)


def test_the_leading_terms_of_relu_and_of_the_identity() -> None:
    assert finite_width.asymptotic_log_norm(10) == LogNorm(-0.25, 0.5)
    assert finite_width.asymptotic_log_norm(10, 1.0) == LogNorm(-0.1, 0.2)


def test_layers_add_up() -> None:
    one, other = log_norm(30), log_norm(70)
    both = finite_width.network_log_norm([30, 70, 30])
    assert both.drift == pytest.approx(2 * one.drift + other.drift)
    assert both.variance == pytest.approx(2 * one.variance + other.variance)
    assert one.after(3).variance == pytest.approx(3 * finite_width.log_norm_variance(30))
    assert finite_width.sum_of_reciprocals([50] * 25) == pytest.approx(0.5)


def test_the_gradient_has_the_law_of_the_signal() -> None:
    generator, width, depth = np.random.default_rng(3), 20, 4
    ups, downs = [], []
    for _ in range(2000):
        weights = generator.standard_normal((depth, width, width)) * sqrt(2 / width)
        signal, gradient = generator.standard_normal((2, width))
        masks, start = [], log((signal**2).sum())
        for matrix in weights:
            before = matrix @ signal
            masks.append(before > 0)
            signal = np.maximum(before, 0)
        ups.append(log((signal**2).sum()) - start)
        for layer in reversed(range(depth)):
            gradient = masks[layer] * gradient
            if layer:
                gradient = weights[layer].T @ gradient
        downs.append(log(2 * (gradient**2).mean()))  # the last of the weights is not crossed
    law = log_norm(width).after(depth)
    for logs in (np.array(ups), np.array(downs)):
        assert logs.mean() == pytest.approx(law.drift, abs=4 * logs.std() / sqrt(2000))
        assert logs.var() == pytest.approx(law.variance, rel=0.15)


def test_narrow_layers_die() -> None:
    assert finite_width.dead_layer_probability(1) == 0.5
    found = [finite_width.dead_network_probability(width, 100) for width in (6, 8, 10)]
    assert found == pytest.approx([0.793, 0.324, 0.093], abs=5e-4)
    assert finite_width.dead_network_probability(100, 1000) == pytest.approx(1000 * 2.0**-100)


@pytest.mark.parametrize(
    ("name", "layer"), [("float32", 298), ("bfloat16", 266), ("float16", 48), ("float64", 2148)]
)
def test_a_format_dies_at_two_layers_for_each_halving(name: str, layer: int) -> None:
    assert finite_width.vanishing_layer(
        1.0, 0.0, finite_width.SMALLEST[name]
    ).layer == pytest.approx(layer)


def test_the_interval_is_where_two_deviations_reach_the_limit() -> None:
    found = finite_width.vanishing_layer(1.0, 0.0, -149, width=100, start=2.0)
    rate, spread = finite_width.log2_rms(1.0, 0.0, 100)
    assert found.early < found.layer < found.late < 310
    assert 2 + rate * found.layer == pytest.approx(-149)
    assert 2 + rate * found.early - 2 * spread * sqrt(found.early) == pytest.approx(-149)
    assert 2 + rate * found.late + 2 * spread * sqrt(found.late) == pytest.approx(-149)


def test_what_starts_beyond_the_limit_is_there_at_layer_0() -> None:
    there = finite_width.Crossing(0.0, 0.0, 0.0)
    assert finite_width.vanishing_layer(1.0, start=-200) == there
    assert finite_width.vanishing_layer(4.0, start=-200) == there
    assert finite_width.overflowing_layer(4.0, start=130, width=100) == there


def test_a_layer_has_units() -> None:
    with pytest.raises(StudyError, match="width: 0 is less than 1"):
        log_norm(0)


def test_overflow_is_the_mirror_image() -> None:
    assert finite_width.overflowing_layer(4.0).layer == 256
    assert finite_width.overflowing_layer(4.0, 0.0, 16).layer == pytest.approx(32)
    wide = finite_width.overflowing_layer(4.0, width=100)
    assert 256 < wide.layer < 280
    assert wide.early < wide.layer < wide.late
    assert finite_width.overflowing_layer(2.0).layer == inf
    assert finite_width.vanishing_layer(2.0).layer == inf
    assert finite_width.vanishing_layer(2.0, width=64).layer < 10_000


def test_smallest_and_largest_are_those_of_the_formats() -> None:
    for name, exponent in finite_width.SMALLEST.items():
        limits = torch.finfo(getattr(torch, name))
        assert limits.smallest_normal * limits.eps == 2.0**exponent
        assert limits.max == (2 - limits.eps) * 2.0 ** (finite_width.LARGEST[name] - 1)


def test_the_band_grows_with_the_root_of_the_depth() -> None:
    middle, low, high = finite_width.bands(-0.5, 4.0, np.array([1.0, 9.0]))
    assert middle.tolist() == [-0.5, -4.5]
    assert low.tolist() == [-4.5, -16.5]
    assert high.tolist() == [3.5, 7.5]
