"""What the page computes of the theory is what the study's own modules compute."""

from itertools import pairwise, product
from math import log, sqrt
from typing import Any

import numpy as np
import pytest
from scipy.special import digamma, ndtr, polygamma

from study.theory import activations, direction, finite_width, mean_field, moments, variance
from study.theory.fans import end_to_end
from tests.explore.engine import Engine, Settings, reference, with_fault

NAMES = ["linear", "relu", "leaky_relu", "tanh", "sigmoid", "gelu", "selu"]
HOMOGENEOUS = {"linear": 1.0, "relu": 0.0, "leaky_relu": 0.25}


def near(expected: object) -> object:
    """Return what equals numbers to twelve digits, or to 1e-12 where they are smaller."""
    return pytest.approx(expected, rel=1e-12, abs=1e-12)


def activation(name: str) -> activations.Activation:
    return activations.activation(name, slope=0.25)


def in_js(name: str) -> dict[str, str]:
    return reference(f"activations.ACTIVATIONS.{name}")


def test_special_functions_are_those_of_scipy(js: Engine) -> None:
    for x in [-12.0, -3.6, -3.5, -1.0, 0.0, 1e-9, 0.5, 2.0, 3.53, 3.54, 8.0]:
        assert js("special.normalBelow", x) == pytest.approx(ndtr(x), rel=1e-12)
    for x in [0.5, 1.0, 3.5, 11.99, 12.0, 100.0, 1000.5]:
        assert js("special.digamma", x) == near(digamma(x))
        assert js("special.trigamma", x) == pytest.approx(polygamma(1, x), rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_activations_and_their_derivatives_are_the_study_s(js: Engine, name: str) -> None:
    places = np.linspace(-9, 9, 73)
    known = activation(name)
    found = [js(f"activations.ACTIVATIONS.{name}.f", z) for z in places.tolist()]
    assert found == near(known.function(places))
    found = [js(f"activations.ACTIVATIONS.{name}.df", z) for z in places.tolist()]
    assert found == near(known.derivative(places))


@pytest.mark.parametrize("name", NAMES)
def test_moments_are_the_study_s_on_a_grid(js: Engine, name: str) -> None:
    known = activation(name)
    for q in [1e-30, 0.01, 0.3, 1.0, 4.0, 30.0, 1e4]:
        found = js("moments.secondMoment", in_js(name), q)
        assert found == pytest.approx(moments.second_moment(known, q), rel=1e-12)
        found = js("moments.derivativeSecondMoment", in_js(name), q)
        assert found == pytest.approx(moments.derivative_second_moment(known, q), rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_the_correlation_map_is_the_study_s_on_a_grid(js: Engine, name: str) -> None:
    known = activation(name)
    for q, gap in product([0.01, 1.0, 25.0], [1e-9, 1e-3, 0.1, 1.0, 1.5, 2.0]):
        expected = mean_field.gap_map(known, q, gap)
        assert js("theory.gapMap", in_js(name), q, gap) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("slope", [0.0, 0.25, 1.0])
def test_the_law_of_a_finite_width_is_the_study_s(js: Engine, slope: float) -> None:
    for width in [1, 2, 3, 7, 16, 64, 256]:
        law, found = finite_width.log_norm(width, slope), js("theory.logNorm", width, slope)
        assert found["drift"] == near(law.drift)
        assert found["variance"] == near(law.variance)


@pytest.mark.parametrize("format_", ["float64", "float32", "bfloat16", "float16"])
def test_the_ends_of_formats_and_of_signals_are_the_study_s(js: Engine, format_: str) -> None:
    ends = js("formats.FORMATS")[format_]
    assert ends["smallest"] == finite_width.SMALLEST[format_]
    assert ends["largest"] == finite_width.LARGEST[format_]
    for c, width in product([0.3, 1.0, 1.9, 2.0, 4.0], [8, 100]):
        rate = js("theory.log2Rms", c, 0, width)
        found = js("theory.crossing", -rate["rate"], rate["spread"], -ends["smallest"])
        law = finite_width.vanishing_layer(c, smallest_exponent=ends["smallest"], width=width)
        expected = {"layer": law.layer, "early": law.early, "late": law.late}
        assert found == pytest.approx(expected, rel=1e-12)
        found = js("theory.crossing", rate["rate"], rate["spread"], ends["largest"])
        law = finite_width.overflowing_layer(c, largest_exponent=ends["largest"], width=width)
        expected = {"layer": law.layer, "early": law.early, "late": law.late}
        assert found == pytest.approx(expected, rel=1e-12)


def test_a_network_ends_at_the_layer_of_its_law(js: Engine, settings: Settings) -> None:
    law = finite_width.vanishing_layer(1.0, width=32)
    expected = {"layer": law.layer, "early": law.early, "late": law.late}
    assert js("theory.ending", settings(variance=1, width=32)) == pytest.approx(expected, rel=1e-12)
    grows = js("theory.ending", settings(variance=4, width=32, format="float16"))
    law = finite_width.overflowing_layer(4.0, largest_exponent=16, width=32)
    assert grows["layer"] == pytest.approx(law.layer, rel=1e-12)
    for changes in ({"activation": "tanh"}, {"shape": "funnel"}, {"residual": "root"}):
        assert js("theory.ending", settings(**changes)) is None


def sizes(js: Engine, settings: dict[str, Any]) -> list[float]:
    found: list[float] = js("theory.meanSquares", settings)
    return found


@pytest.mark.parametrize(("name", "c"), list(product(NAMES, [0.3, 1.0, 2.0, 2.4])))
def test_sizes_by_layer_are_those_of_the_length_map(
    js: Engine, settings: Settings, name: str, c: float
) -> None:
    found = sizes(js, settings(activation=name, variance=c, depth=30))
    lengths = mean_field.lengths(activation(name), c, c, 0.0, 30)
    expected = np.log2([moments.second_moment(activation(name), q) for q in lengths])
    assert found[1:] == near(expected)


def test_a_size_below_every_number_still_has_its_logarithm(js: Engine, settings: Settings) -> None:
    relu = sizes(js, settings(variance=0.1, depth=1000))
    assert relu[-1] == pytest.approx(1000 * np.log2(0.05), rel=1e-12)
    tanh = sizes(js, settings(variance=0.1, depth=1000, activation="tanh"))
    assert tanh[-1] - tanh[-2] == pytest.approx(np.log2(0.1), rel=1e-12)


def divisor(fan: str, fan_in: int, fan_out: int) -> float:
    average, geometric = (fan_in + fan_out) / 2, sqrt(fan_in * fan_out)
    both = {"fan_in": fan_in, "fan_out": fan_out, "average": average, "geometric": geometric}
    return both[fan]


@pytest.mark.parametrize("name", sorted(HOMOGENEOUS))
@pytest.mark.parametrize("fan", ["fan_in", "fan_out", "average", "geometric"])
def test_factors_of_every_fan_are_the_study_s(
    js: Engine, settings: Settings, name: str, fan: str
) -> None:
    chosen = settings(
        activation=name, variance=1.7, fan=fan, shape="alternating", depth=6, width=64
    )
    forward, backward = js("theory.meanSquares", chosen), js("theory.gradients", chosen)
    widths = [64, 4, 64, 4, 64, 4, 64]
    assert js("shapes.widths", chosen) == widths
    for at, (fan_in, fan_out) in enumerate(pairwise(widths)):
        c = 1.7 * fan_in / divisor(fan, fan_in, fan_out)
        factor = variance.forward_factor(c, HOMOGENEOUS[name])
        assert forward[at + 1] - forward[at] == near(np.log2(factor))
        factor = variance.backward_factor(c, HOMOGENEOUS[name], fan_out / fan_in)
        assert backward[at] - backward[at + 1] == near(np.log2(factor))


def test_fan_out_telescopes_as_in_the_study(js: Engine, settings: Settings) -> None:
    chosen = settings(variance=2, fan="fan_out", shape="funnel", depth=9, width=128)
    widths, found = js("shapes.widths", chosen), sizes(js, chosen)
    expected = end_to_end(list(pairwise(widths)))
    assert found[-1] - found[1] == near(np.log2(expected))


@pytest.mark.parametrize("name", NAMES)
def test_gaps_by_layer_are_the_study_s(js: Engine, settings: Settings, name: str) -> None:
    chosen = settings(activation=name, variance=1.9, depth=12)
    expected = direction.activation_gaps(activation(name), 0.7, 1.9, 0.0, layers=12)
    assert js("theory.gaps", chosen, 0.7)[1:] == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize(("name", "c"), [("gelu", 4.0), ("selu", 4.0)])
def test_a_huge_signal_sees_two_straight_lines(
    js: Engine, settings: Settings, name: str, c: float
) -> None:
    chosen = settings(activation=name, variance=c, depth=30)
    assert 2.0 ** sizes(js, chosen)[-1] > 1e6
    expected = direction.activation_gaps(activation(name), 0.7, c, 0.0, layers=30)
    assert js("theory.gaps", chosen, 0.7)[1:] == pytest.approx(expected, rel=5e-3)


def test_what_widths_add_is_the_sum_over_them(js: Engine, settings: Settings) -> None:
    chosen = settings(shape="alternating", depth=10, width=64)
    found = js("theory.fluctuations", chosen)
    law = finite_width.network_log_norm([4, 64] * 5)
    assert found["forward"][-1]["mean"] == near(law.drift)
    assert found["forward"][-1]["variance"] == near(law.variance)
    vector = float(digamma(64 / 2)) + log(2 / 64)
    assert found["backward"][0]["mean"] == near(law.drift + vector)


def test_residual_blocks_grow_by_one_and_the_square_of_their_scale(
    js: Engine, settings: Settings
) -> None:
    whole = sizes(js, settings(residual="one", depth=20))
    assert whole[-1] == near(20)
    root = sizes(js, settings(residual="root", depth=20))
    assert root[-1] == near(20 * np.log2(1 + 1 / 20))
    assert js("theory.gradients", settings(residual="root", depth=20))[0] == pytest.approx(root[-1])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("forward: variance * all[at],", "forward: 2 * variance * all[at],"),
        ("divisor: (fanIn) => fanIn }", "divisor: (fanIn, fanOut) => fanOut }"),
    ],
)
def test_a_doubled_variance_and_swapped_fans_are_noticed(
    settings: Settings, old: str, new: str
) -> None:
    with pytest.raises(AssertionError):
        test_factors_of_every_fan_are_the_study_s(with_fault(old, new), settings, "relu", "fan_in")
