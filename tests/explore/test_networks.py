"""Networks of the page: what they draw is what torch computes, and keeps to the study's laws."""

import contextlib
import io
from math import inf, log, sqrt
from typing import Any

import numpy as np
import pytest
from scipy.stats import t as student

from study.theory import direction, finite_width
from study.theory.activations import activation
from tests.explore.engine import Engine, Settings, with_fault

PLACE = "image = torch.ones(784)"


def images(js: Engine, *digits: int) -> list[list[float]]:
    return [js("digits.standardised", js("digits.drawnDigit", digit)) for digit in digits]


def networks(js: Engine, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is recorded of every network of the settings."""
    inputs = [js("networks.embed", settings, image) for image in images(js, 1, 2)]
    return [js("networks.run", settings, number, inputs) for number in range(settings["networks"])]


def network(js: Engine, settings: dict[str, Any]) -> dict[str, Any]:
    """Return what is recorded of the first network."""
    return networks(js, settings | {"networks": 1})[0]


def inside(samples: list[float], expected: float) -> bool:
    """Tell whether the 99 % interval of the mean holds a number."""
    reach = student.ppf(0.995, len(samples) - 1) * np.std(samples, ddof=1) / sqrt(len(samples))
    return bool(abs(np.mean(samples) - expected) <= reach)


# Against torch ------------------------------------------------------------------------------------


def printed(js: Engine, settings: dict[str, Any]) -> list[float]:
    """Run the lines that the page offers, above the page's image; return what they print."""
    image = ", ".join(map(repr, images(js, int(settings["first"]))[0]))
    lines = js("settings.asTorch", settings)
    assert PLACE in lines
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        given = f"image = torch.tensor([{image}], dtype=torch.float64)"
        exec(lines.replace(PLACE, given), {})  # noqa: S102 - the page tells readers to do so
    return [float(line.split()[1]) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"activation": "linear", "distribution": "signs"},
        {"activation": "leaky_relu", "distribution": "uniform", "shape": "funnel"},
        {"activation": "tanh", "shape": "alternating", "fan": "average"},
        {"activation": "gelu", "shape": "alternating", "fan": "geometric"},
        {"activation": "selu", "shape": "head", "fan": "fan_out"},
        {"activation": "sigmoid", "variance": 0.5},
        {"residual": "root"},
        {"residual": "one", "variance": 1.5},
        {"distribution": "orthogonal"},
        {"distribution": "orthogonal", "shape": "alternating", "fan": "fan_out"},
        {"distribution": "orthogonal", "residual": "root", "activation": "tanh"},
    ],
)
def test_the_lines_for_torch_print_what_the_page_shows(
    js: Engine, settings: Settings, changes: dict[str, Any]
) -> None:
    chosen = settings(**{"depth": 8, "width": 33, "format": "float64", "seed": 5} | changes)
    assert network(js, chosen)["sizes"][1:] == pytest.approx(printed(js, chosen), abs=1e-10)


@pytest.mark.parametrize(("format_", "digits"), [("float32", 18), ("bfloat16", 6), ("float16", 9)])
def test_in_a_format_torch_and_the_page_differ_by_rounding_only(
    js: Engine, settings: Settings, format_: str, digits: int
) -> None:
    chosen = settings(depth=20, width=64, format=format_)
    found = network(js, chosen)["sizes"][1:]
    assert found == pytest.approx(printed(js, chosen), abs=2.0**-digits)


def test_every_sum_in_float32_is_rounded(js: Engine, settings: Settings) -> None:
    chosen = settings(depth=1, width=48, activation="linear")
    sequence = np.random.SeedSequence(chosen["seed"], spawn_key=(0, 1))
    words = np.random.SFC64(sequence).random_raw(48 * 24)
    high, low = words >> np.uint64(32), words & np.uint64(2**32 - 1)
    radius, angle = np.sqrt(-2 * np.log((high + 1) / 2**32)), 2 * np.pi * low / 2**32
    normal = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(48, 48)
    matrix = (sqrt(2 / 48) * normal).astype(np.float32)
    below, above = network(js, chosen)["activations"]
    for row, found in zip(matrix, above, strict=True):
        total = np.float32(0)
        for weight, value in zip(row, np.array(below, np.float32), strict=True):
            total += weight * value
        assert found == total


# Against the laws ---------------------------------------------------------------------------------


def logs(js: Engine, settings: dict[str, Any], key: str, layer: int) -> list[float]:
    """Return natural logarithms of the mean square of a layer in many networks."""
    return [2 * log(2) * one[key][layer] for one in networks(js, settings)]


@pytest.mark.parametrize(
    ("name", "slope", "c"), [("relu", 0.0, 2.0), ("linear", 1.0, 1.0), ("leaky_relu", 0.25, 1.9)]
)
def test_log_norms_have_the_drift_and_the_spread_of_their_width(
    js: Engine, settings: Settings, name: str, slope: float, c: float
) -> None:
    chosen = settings(activation=name, variance=c, depth=60, width=16, networks=100)
    found = logs(js, chosen, "sizes", -1)
    law = finite_width.log_norm(16, slope).after(60)
    expected = law.drift + 60 * log(c * (1 + slope**2) / 2)
    assert inside(found, expected)
    assert inside([(one - expected) ** 2 for one in found], law.variance)


ORTHOGONAL: dict[str, Any] = {"distribution": "orthogonal", "depth": 20, "networks": 60}


@pytest.mark.parametrize("slope", [0.0, 0.25])
@pytest.mark.parametrize("widths", [[16, 16], pytest.param([16, 256], marks=pytest.mark.full)])
def test_orthogonal_weights_add_the_chance_of_directions_only(
    js: Engine, settings: Settings, slope: float, widths: list[int]
) -> None:
    name = {0.0: "relu", 0.25: "leaky_relu"}[slope]
    shape = "equal" if len({*widths}) == 1 else "alternating"
    chosen = settings(**ORTHOGONAL, activation=name, width=max(widths), shape=shape)
    found = logs(js, chosen, "sizes", -1)
    # A layer leaves a vector its length, or that of its share among the larger of the two widths.
    length = finite_width.log_norm(max(widths), 1.0)
    laws = [finite_width.log_norm(width, slope) for width in widths]
    drift = 10 * sum(law.drift - length.drift for law in laws)
    assert inside(found, drift + log(2) * js("theory.meanSquares", chosen)[-1])
    expected = js("theory.fluctuations", chosen)["forward"][-1]
    assert expected["mean"] == pytest.approx(drift, rel=1e-10)
    variance = 10 * sum(law.variance - length.variance for law in laws)
    assert expected["variance"] == pytest.approx(variance, rel=1e-10)
    mean = float(np.mean(found))
    assert inside([(one - mean) ** 2 for one in found], variance)


def test_orthogonal_layers_without_activation_keep_lengths_and_angles(
    js: Engine, settings: Settings
) -> None:
    chosen = settings(
        distribution="orthogonal", activation="linear", variance=1, depth=30, format="float64"
    )
    found = network(js, chosen)
    assert found["sizes"] == pytest.approx([0.0] * 31, abs=1e-12)
    assert np.ptp(found["gradients"]) == pytest.approx(0, abs=1e-12)
    assert found["gaps"] == pytest.approx([found["gaps"][0]] * 31, rel=1e-9)
    law = js("theory.fluctuations", chosen)["forward"][-1]
    assert law == {"mean": 0, "variance": 0}
    shown = [
        js("pictures.PICTURES.density.has", {"theory": js("compute.theory", chosen | changes)})
        for changes in ({}, {"activation": "relu"}, {"distribution": "gaussian"})
    ]
    assert shown == [False, True, True]


def test_gradients_of_orthogonal_weights_have_the_law_of_signals(
    js: Engine, settings: Settings
) -> None:
    chosen = settings(**ORTHOGONAL, width=32)
    law = js("theory.fluctuations", chosen)["backward"][0]
    assert inside(logs(js, chosen, "gradients", 0), law["mean"])


def test_gradients_have_the_law_of_signals(js: Engine, settings: Settings) -> None:
    chosen = settings(depth=40, width=16, networks=150)
    law = js("theory.fluctuations", chosen)["backward"][0]
    found = logs(js, chosen, "gradients", 0)
    assert inside(found, law["mean"])
    assert inside([(one - law["mean"]) ** 2 for one in found], law["variance"])


@pytest.mark.parametrize("fan", ["fan_in", "fan_out", "average", "geometric"])
def test_networks_swing_as_their_fans_say(js: Engine, settings: Settings, fan: str) -> None:
    chosen = settings(shape="alternating", fan=fan, depth=5, width=192, networks=100)
    law = js("theory.fluctuations", chosen)
    for key, way, at in (("sizes", "forward", 5), ("gradients", "backward", 0)):
        expected = js(f"theory.{'meanSquares' if key == 'sizes' else 'gradients'}", chosen)[at]
        assert inside(logs(js, chosen, key, at), expected * log(2) + law[way][at]["mean"])


@pytest.mark.parametrize(
    ("format_", "depth"), [("float32", 330), ("bfloat16", 300), ("float16", 80)]
)
def test_a_signal_ends_where_the_study_says(
    js: Engine, settings: Settings, format_: str, depth: int
) -> None:
    chosen = settings(variance=1, depth=depth, width=16, format=format_, networks=20)
    law = finite_width.vanishing_layer(
        1.0, smallest_exponent=finite_width.SMALLEST[format_], width=16
    )
    several = networks(js, chosen)
    ends = [js("networks.endingLayer", one["sizes"]) for one in several]
    assert sum(law.early <= end <= law.late for end in ends) >= 16
    halves = [end / one["squaresEnd"] for end, one in zip(ends, several, strict=True)]
    assert np.mean(halves) == pytest.approx(2, rel=0.15)


def test_a_signal_that_grows_is_infinite_at_the_end_of_the_format(
    js: Engine, settings: Settings
) -> None:
    found = network(js, settings(variance=4, depth=60, width=32, format="float16"))
    law = finite_width.overflowing_layer(4.0, largest_exponent=16, width=32)
    end = js("networks.endingLayer", found["sizes"])
    assert found["sizes"][end] == inf
    assert 0.5 * law.early <= end <= law.late


def test_two_inputs_come_together_as_in_wide_layers(js: Engine, settings: Settings) -> None:
    several = [one["gaps"] for one in networks(js, settings(depth=3, width=128, networks=40))]
    wide = direction.activation_gaps(activation("relu"), several[0][0], 2.0, 0.0, layers=3)
    assert np.mean(several, axis=0)[1:] == pytest.approx(wide, rel=0.15)


def test_residual_branches_keep_to_their_size(js: Engine, settings: Settings) -> None:
    chosen = settings(residual="root", depth=20, width=32, networks=60)
    squares = np.exp(logs(js, chosen, "sizes", -1)).tolist()
    assert inside(squares, (1 + 1 / 20) ** 20)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("const deviation = Math.sqrt(variance);", "const deviation = Math.sqrt(2 * variance);"),
        ("f: (z) => (z > 0 ? z : slope * z)", "f: (z) => z"),
        ("divisor: (fanIn) => fanIn }", "divisor: (fanIn, fanOut) => 2 * fanOut }"),
    ],
)
def test_what_is_drawn_wrongly_is_noticed(settings: Settings, old: str, new: str) -> None:
    faulty = with_fault(old, new)
    with pytest.raises(AssertionError):
        test_log_norms_have_the_drift_and_the_spread_of_their_width(
            faulty, settings, "relu", 0.0, 2.0
        )


def test_swapped_fans_are_noticed(js: Engine, settings: Settings) -> None:
    faulty = with_fault("divisor: (fanIn) => fanIn }", "divisor: (fanIn, fanOut) => fanOut }")
    chosen = settings(shape="alternating", depth=5, width=192, networks=100)
    expected = js("theory.meanSquares", chosen)[-1] * log(2)
    drift = js("theory.fluctuations", chosen)["forward"][-1]["mean"]
    assert not inside(logs(faulty, chosen, "sizes", -1), expected + drift)


def test_a_length_taken_from_the_narrower_layer_is_noticed(settings: Settings) -> None:
    faulty = with_fault(
        "logNorm(Math.max(fanIn, fanOut), 1)", "logNorm(Math.min(fanIn, fanOut), 1)"
    )
    with pytest.raises(AssertionError):
        test_orthogonal_weights_add_the_chance_of_directions_only(faulty, settings, 0.0, [16, 256])
