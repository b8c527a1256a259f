"""The edge of chaos of rectifiers that bend smoothly, against quadrature and networks."""

from collections.abc import Callable
from functools import partial
from math import erfc, exp, log, pi, sqrt, tanh

import pytest
import torch
from scipy.integrate import quad
from torch import Tensor, nn
from torch.nn import functional

from study.errors import StudyError
from study.theory import gain_rows, mean_field, phases
from study.theory.activations import Activation, activation
from study.theory.edge import (
    EdgePoint,
    Sizes,
    edge_point,
    half_stable_point,
    sizes,
    steadiest_point,
)
from study.theory.named import Function, named

SETTLE = ["gelu", "gelu_tanh", "silu", "mish", "hardswish", "quick_gelu", "hard_gelu"]


def activation_named(name: str) -> Activation:
    one = named(name)
    assert isinstance(one, Activation)
    return one


def by_quad(function: Callable[[float], float], q: float) -> float:
    """Integrate over a Gaussian of variance q with QUADPACK."""
    integrand = lambda u: function(sqrt(q) * u) * exp(-u * u / 2) / sqrt(2 * pi)  # noqa: E731
    halves = (quad(integrand, *ends, epsabs=1e-13)[0] for ends in ((-12.0, 0.0), (0.0, 12.0)))
    return float(sum(halves))


def gelu(z: float) -> tuple[float, float, float]:
    share, density = erfc(-z / sqrt(2)) / 2, exp(-z * z / 2) / sqrt(2 * pi)
    return z * share, share + z * density, (2 - z * z) * density


def silu(z: float) -> tuple[float, float, float]:
    share = (1 + tanh(z / 2)) / 2
    slope = share * (1 - share)
    return z * share, share + z * slope, slope * (2 + z * (1 - 2 * share))


@pytest.mark.parametrize(
    ("name", "jet", "rounded"),
    [("gelu", gelu, (3.56, 1.983, 0.173)), ("silu", silu, (14.3, 1.988, 0.555))],
)
def test_the_half_stable_points_are_where_the_derivation_has_them(
    name: str, jet: Callable[[float], tuple[float, float, float]], rounded: tuple[float, ...]
) -> None:
    point = half_stable_point(partial(sizes, activation(name)))
    bend = by_quad(lambda z: jet(z)[0] * jet(z)[2], point.length)
    steep = by_quad(lambda z: jet(z)[1] ** 2, point.length)
    square = by_quad(lambda z: jet(z)[0] ** 2, point.length)
    assert bend == pytest.approx(0, abs=1e-9)  # E[f f''], of which the sign decides
    assert point.weight_variance == pytest.approx(1 / steep, rel=1e-9)
    assert point.bias_variance == pytest.approx(point.length - square / steep, rel=1e-8)
    chapter = f"{point.length:.3g} {point.weight_variance:.3f} {point.bias_variance:.3f}"
    assert tuple(map(float, chapter.split())) == rounded


def test_a_large_signal_of_gelu_has_the_bend_of_the_chapter() -> None:
    bend = by_quad(lambda z: gelu(z)[0] * gelu(z)[2], 1e4)
    assert bend * sqrt(2 * pi * 1e4) == pytest.approx(-1 / (4 * sqrt(pi)), rel=1e-3)


@pytest.mark.parametrize("name", SETTLE)
def test_the_points_are_fixed_and_keep_the_gradient(name: str) -> None:
    one = activation_named(name)
    half, steady = (find(partial(sizes, one)) for find in (half_stable_point, steadiest_point))
    assert half.slope == pytest.approx(1, abs=1e-9)
    assert 0 < steady.slope < 1
    assert steady.length > half.length
    for point in (half, steady):
        weight, bias = point.weight_variance, point.bias_variance
        length = mean_field.length_map(one, point.length, weight, bias)
        assert length == pytest.approx(point.length, rel=1e-9)
        assert mean_field.gradient_factor(one, length, weight) == pytest.approx(1, rel=1e-9)
    step = 0.01 * steady.length
    low, high = (
        mean_field.length_map(one, q, steady.weight_variance, steady.bias_variance)
        for q in (steady.length - step, steady.length + step)
    )
    assert (high - low) / (2 * step) == pytest.approx(steady.slope, abs=1e-4)
    # No other length is steadier, and this one is that of its biases.
    for factor in (0.5, 0.9, 1.1, 2.0):
        assert edge_point(partial(sizes, one), factor * steady.length).slope > steady.slope
    assert phases.critical_length(one, steady.bias_variance) == pytest.approx(steady.length)


@pytest.mark.parametrize("name", SETTLE)
def test_at_the_half_stable_point_lengths_hardly_move(
    name: str,
) -> None:
    one = activation_named(name)
    point = half_stable_point(partial(sizes, one))
    for factor in (0.8, 1.25):
        q = factor * point.length
        after = mean_field.length_map(one, q, point.weight_variance, point.bias_variance)
        assert after == pytest.approx(q, rel=1e-3)


@pytest.mark.parametrize("name", ["relu", "softplus", "squared_relu", "leaky_relu"])
def test_others_have_no_such_point(name: str) -> None:
    measure = partial(sizes, activation_named(name))
    with pytest.raises(StudyError, match="no point at which lengths begin to settle"):
        half_stable_point(measure)
    with pytest.raises(StudyError, match="settle nowhere on the edge of chaos"):
        steadiest_point(measure)


def test_a_function_of_ones_own_has_the_same_points() -> None:
    one = activation("gelu")
    ours = steadiest_point(partial(sizes, Function("mine", "", one.function)))
    table = steadiest_point(partial(sizes, one))
    assert ours.length == pytest.approx(table.length, rel=0.02)  # a flat minimum
    assert ours.slope == pytest.approx(table.slope, abs=1e-6)


def test_a_point_beyond_all_use_is_refused() -> None:
    def measure(q: float) -> Sizes:  # of a signal that grows as the root of its length
        return Sizes(q**0.5, 0.5 * q**-0.5, 1.0)

    with pytest.raises(StudyError, match="faster and faster beyond 1000"):
        steadiest_point(measure)


def test_a_point_is_made_of_the_sizes() -> None:
    point = edge_point(lambda q: Sizes(q / 4, 0.25, 0.5), 3.0)
    assert point == EdgePoint(3.0, 2.0, 1.5, 0.5)


FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": functional.gelu,
    "silu": functional.silu,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_networks_settle_with_biases_and_run_away_with_the_gain_of_the_table(name: str) -> None:
    # Sixty layers of 200 units: the spread over draws of the logarithms of signal and gradient.
    function = FUNCTIONS[name]
    point = steadiest_point(partial(sizes, activation(name)))
    gain = gain_rows.gain_row(activation(name)).signal
    settled = spreads(function, point)
    unstable = spreads(function, EdgePoint(1.0, gain**2, 0.0, 2.0))
    assert settled[0] < 1
    assert settled[1] < 3
    assert min(unstable) > 6


def spreads(
    function: Callable[[Tensor], Tensor], point: EdgePoint, draws: int = 8
) -> tuple[float, float]:
    """Return how far, in powers of e, sizes behind the last layer lie from that of the first."""
    signals, gradients = [], []
    for draw in range(draws):
        generator = torch.Generator().manual_seed(draw)
        x = torch.randn(200, generator=generator)
        start = z = (x * sqrt(point.length / x.square().mean())).requires_grad_()
        for _ in range(60):
            weight = torch.randn(200, 200, generator=generator) * sqrt(point.weight_variance / 200)
            bias = torch.randn(200, generator=generator) * sqrt(point.bias_variance)
            z = weight @ function(z) + bias
        (gradient,) = torch.autograd.grad(z, start, torch.randn(200, generator=generator))
        signals.append(log(z.square().mean().item() / point.length))
        gradients.append(log(gradient.square().mean().item()))
    rms = [float(torch.tensor(logs).square().mean().sqrt()) for logs in (signals, gradients)]
    return rms[0], rms[1]


def test_the_calls_lead_to_the_point() -> None:
    point = steadiest_point(partial(sizes, activation("gelu")))
    weights, biases, first_weights = gain_rows.calls(point)
    torch.manual_seed(0)
    first, layer, fan_in = nn.Linear(300, 3000), nn.Linear(3000, 3000), 300
    names = {"nn": nn, "first": first, "layer": first, "fan_in": fan_in}
    exec(first_weights, names)  # noqa: S102 - these are the lines that are shown
    exec(biases, names)  # noqa: S102
    x = torch.randn(50, 300)
    z = first(x)
    assert z.square().mean().item() == pytest.approx(point.length, rel=0.05)
    names |= {"layer": layer, "fan_in": 3000}
    exec(weights, names)  # noqa: S102
    exec(biases, names)  # noqa: S102
    assert layer(functional.gelu(z)).square().mean().item() == pytest.approx(point.length, rel=0.06)


def test_the_advice_is_calls_or_to_normalise() -> None:
    lines = gain_rows.advice("mine", named("gelu"))
    assert lines[0] == (
        "mine is unstable: without normalisation, biases let its mean square settle at 13.8"
    )
    assert len(lines) == 4
    for name in ("squared_relu", "swiglu"):
        assert "nn.RMSNorm(fan_in)" in gain_rows.advice(name, named(name))[1]
