from dataclasses import asdict
from functools import partial
from itertools import pairwise
from math import log, log10, pi, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.variance.variance_through_depth import figures, method
from study.lab.inits import RandomLayers
from study.lab.mnist import Mnist
from study.record.results import read_run, write_run
from study.theory import activations as theory
from study.theory import gaussian, mean_field
from study.theory.moments import moments
from tests.configs import small_config

NAME = "variance_through_depth"
DEPTH, WIDTH, IMAGES = 8, 16, 5


PREDICTIONS = pytest.approx(
    {
        "edge-of-chaos-relu": 2,
        "variance-halves-layer-to-layer": 1 / 2,
        "prelu-uncorrected-grows": 17 / 16,
        "prelu-corrected-keeps": 1,
        "shift-fixed-point": pi / 8,
        "shift-fixed-point-mean": -1 / 4,
        "selu-linear-gain-fixed-point": 1,
        "selu-linear-gain-fixed-point-mean": 0,
        "gelu-shrinks-under-he": 1 / 2,
        "silu-shrinks-under-he": 1 / 2,
        "sigmoid-settles": 0.264687,
        "softsign-fades": 1.595769,
    },
    rel=1e-5,
)


small = partial(small_config, NAME, draws=2, depth=DEPTH, width=WIDTH, images=IMAGES)


def arm(activation: str, weight_variance: float, *, slope: float = 0.0, shift: float = 0.0) -> Any:  # noqa: ANN401 - settings
    return {
        "activation": activation,
        "weight_variance": weight_variance,
        "slope": slope,
        "shift": shift,
    }


@pytest.mark.parametrize(
    ("settings", "function"),
    [
        (arm("leaky_relu", 2.0, slope=0.25), lambda z: torch.where(z > 0, z, z / 4)),
        (arm("leaky_relu", 2.0, shift=0.5), lambda z: z.relu() - 0.5),
        (arm("selu", 1.0), torch.selu),
        (arm("sigmoid", 1.0), torch.sigmoid),
    ],
    ids=["leaky", "shifted", "selu", "sigmoid"],
)
def test_quantities_are_those_of_a_plain_loop(
    embedded: Mnist,
    settings: Any,  # noqa: ANN401 - settings
    function: Any,  # noqa: ANN401 - a function of torch
) -> None:
    samples = catalogue.load(NAME).run(small(arms={"x": settings}), embedded, [0]).samples
    layers = RandomLayers((784, *[WIDTH] * DEPTH), small().seed, 0)
    h = embedded.standardised(embedded.train.first(IMAGES).images).double()
    h /= h.square().mean(dim=1, keepdim=True).sqrt()
    sizes, variances, means = [], [], []
    for layer in range(1, DEPTH + 1):
        weights = layers.weights(layer).double()
        z = h @ weights.T * sqrt(settings["weight_variance"] / weights.shape[1])
        h = function(z)
        sizes.append(z.square().mean().item())
        variances.append(h.var(dim=1, correction=0).mean().item())
        means.append(h.mean().item())
    ratios = [upper / lower for lower, upper in pairwise(sizes)]
    of_variance = [upper / lower for lower, upper in pairwise(variances)]
    half = DEPTH // 2
    for quantity, number in {
        "forward_factor": sum(ratios) / len(ratios),
        "last_factor": sum(ratios[-DEPTH // 4 :]) / (DEPTH // 4),
        "variance_factor": sum(of_variance) / len(of_variance),
        "settled_second_moment": sum(sizes[half:]) / half,
        "settled_mean": sum(means[half:]) / half,
        "inverse_deviation_gain": (sizes[-1] ** -0.5 - sizes[-half - 1] ** -0.5) / half,
    }.items():
        assert samples[f"{quantity}.x"] == pytest.approx([number], rel=2e-4, abs=1e-6), quantity


def test_the_factors_of_two_weight_variances_are_one_measurement(embedded: Mnist) -> None:
    arms = {"below": arm("leaky_relu", 1.6), "above": arm("leaky_relu", 2.4)}
    samples = catalogue.load(NAME).run(small(arms=arms), embedded, [0]).samples
    (low,), (high,) = samples["forward_factor.below"], samples["forward_factor.above"]
    assert high / low == pytest.approx(2.4 / 1.6, rel=1e-5)
    # A line through the origin is 1 where c is the inverse of its slope.
    assert samples["critical_weight_variance.relu"] == pytest.approx([1.6 / low], rel=1e-5)


def test_the_curves_are_one_row_per_arm_quantity_and_layer(embedded: Mnist) -> None:
    arms = {"one": arm("leaky_relu", 1.0), "selu": arm("selu", 1.0)}
    rows = catalogue.load(NAME).run(small(arms=arms), embedded, [0, 1]).tables["layers"]
    assert len(rows) == (len(figures.SIZES) + 1) * DEPTH
    assert len({(row["arm"], row["quantity"], row["layer"]) for row in rows}) == len(rows)


def test_the_three_sizes_of_a_layer_are_in_their_order(embedded: Mnist) -> None:
    config = small(arms={"one": arm("leaky_relu", 1.0)}, width=512)
    rows = catalogue.load(NAME).run(config, embedded, [0, 1]).tables["layers"]
    sizes = {row["quantity"]: float(row["mean"]) for row in rows if row["layer"] == 3}
    z, h, spread = (2 ** sizes[name] for name in figures.SIZES)
    assert h / z == pytest.approx(1 / 2, rel=0.1)
    assert spread / z == pytest.approx(1 / 2 - 1 / (2 * pi), rel=0.1)


def test_figures_leave_out_an_arm_that_was_not_measured(embedded: Mnist, tmp_path: Path) -> None:
    config = small(arms={"one": arm("leaky_relu", 1.0), "selu": arm("selu", 1.0)})
    result = catalogue.load(NAME).run(config, embedded, range(2))
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    run = read_run(tmp_path / "run")
    for figure in figures.FIGURES:
        if figure is figures.what_fades:
            continue  # it has nothing to show
        picture = figure(run)
        plt.close(picture)
        assert picture.axes[0].lines


@pytest.mark.filterwarnings("ignore")  # of matplotlib, where nothing finite is left
def test_figures_are_drawn_of_signals_that_leave_the_floats(
    embedded: Mnist, tmp_path: Path
) -> None:
    arms = {"gelu": arm("gelu", 1e-11), "selu": arm("selu", 1000.0), "mine": arm("tanh", 1.0)}
    config = small(arms=arms, depth=40, width=2)
    result = catalogue.load(NAME).run(config, embedded, range(2))
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    for figure in figures.FIGURES:
        plt.close(figure(read_run(tmp_path / "run")))


@pytest.mark.parametrize(
    ("arms", "message"),
    [
        (
            {"mine": arm("foo", 1.0)},
            (
                "experiment.arms.mine.activation=foo: choose from linear, relu, tanh, sigmoid, "
                "softsign, elu, selu, gelu, gelu_tanh, silu, mish, softplus, hardtanh, "
                "hardsigmoid, hardswish, relu6, leaky_relu"
            ),
        ),
        (
            {"below": arm("relu", 1.5), "above": arm("leaky_relu", 1.5, slope=0.5)},
            (
                "experiment.arms.below.weight_variance=1.5, arms.above.weight_variance=1.5: "
                "must differ, since the critical one is read off a line through both"
            ),
        ),
    ],
)
def test_settings_that_do_not_go_together_are_refused(arms: Any, message: str) -> None:  # noqa: ANN401 - settings
    with pytest.raises(StudyError) as refusal:
        small(arms=arms)
    assert str(refusal.value) == message


# The chapter's mathematics -----------------------------------------------------------------------


def shifted_map(q: float, shift: float = 0.5) -> float:
    settings = method.Arm("leaky_relu", 2.0, 0.0, shift)
    return mean_field.length_map(figures.law_activation(settings), q, 2.0, 0.0)


def slope_of_map(activation: theory.Activation, q: float, weight_variance: float) -> float:
    """Return the slope of a length map, by a central difference."""
    step = 1e-4 * q
    high, low = (
        mean_field.length_map(activation, moment, weight_variance, 0.0)
        for moment in (q + step, q - step)
    )
    return (high - low) / (2 * step)


def test_the_example_at_layer_100() -> None:
    relu = theory.activation("relu")
    for c, exponent, number in ((1.6, -9.39, 4.1e-10), (2.4, None, 1.7e8), (2.0, None, 2.0)):
        last = mean_field.lengths(relu, c, c, 0.0, 100)[-1]
        assert last == pytest.approx(c * (c / 2) ** 99)
        assert last == pytest.approx(number, rel=0.03)
        if exponent:
            assert log10(last) == pytest.approx(exponent, abs=5e-3)
    assert log10(1.6) == pytest.approx(0.204, abs=5e-4)
    assert log10(0.8) == pytest.approx(-0.0969, abs=5e-5)


def test_the_table_of_slopes() -> None:
    for slope, total in ((0.01, 1.01), (0.1, 2.7), (0.25, 429)):
        assert (1 + slope**2) ** 100 == pytest.approx(total, rel=2e-3)
    settings = configuring.plain_settings(NAME, "reference")
    assert settings["arms"]["slope_corrected"]["weight_variance"] == pytest.approx(32 / 17)


def test_the_map_of_the_shift() -> None:
    for q in (0.05, 0.4, 2.0):
        assert shifted_map(q) == pytest.approx(q - sqrt(2 * q / pi) + 1 / 2)
    assert shifted_map(pi / 8) == pytest.approx(pi / 8)
    assert gaussian.leaky_relu_mean(0.0) * sqrt(pi / 8) - 1 / 2 == pytest.approx(-1 / 4)
    least_share = 1 / (2 * pi)
    assert shifted_map(least_share) == pytest.approx(1 / 2 - 1 / (2 * pi))
    assert (
        min(shifted_map(q / 100) for q in range(1, 400)) >= shifted_map(least_share) > least_share
    )


@pytest.mark.parametrize("shift", [0.1, 0.5, 3.0])
def test_the_fixed_point_of_any_shift(shift: float) -> None:
    q = pi * shift**2 / 2
    assert shifted_map(q, shift) == pytest.approx(q)
    assert sqrt(q / (2 * pi)) - shift == pytest.approx(-shift / 2)
    step = 1e-5 * q
    slope = (shifted_map(q + step, shift) - shifted_map(q - step, shift)) / (2 * step)
    assert slope == pytest.approx(1 - 2 / pi, rel=1e-4)


def test_the_shift_of_four_numbers() -> None:
    z = torch.tensor([-2.0, -1.0, 1.0, 2.0])
    relu, shifted_relu = z.relu(), z.relu() - 0.5
    assert shifted_relu.tolist() == [-1 / 2, -1 / 2, 1 / 2, 3 / 2]
    assert (shifted_relu.mean().item(), shifted_relu.square().mean().item()) == (1 / 4, 3 / 4)
    nexts = [2 * h.square().mean().item() for h in (shifted_relu, relu)]
    assert nexts == [3 / 2, 5 / 2]


def test_the_sigmoid_forgets_its_input_at_once() -> None:
    sigmoid = theory.activation("sigmoid")
    for q in (1e-3, 0.2647, 4.0):
        assert 0 < slope_of_map(sigmoid, q, 1.0) < 1 / 16
    fixed_point = mean_field.length_fixed_point(sigmoid, 1.0, 0.0)
    assert moments(sigmoid, fixed_point).mean == pytest.approx(1 / 2)


def test_selu_has_a_stable_fixed_point() -> None:
    selu = theory.activation("selu")
    of_selu = moments(selu, 1.0)
    assert (of_selu.mean, of_selu.second_moment) == pytest.approx((0, 1), abs=1e-9)
    assert slope_of_map(selu, 1.0, 1.0) == pytest.approx(0.783, abs=5e-4)


@pytest.mark.parametrize(
    ("name", "gain"), [("softsign", 2 * sqrt(2 / pi)), ("elu", sqrt(2 / pi) / 2)]
)
def test_the_inverse_deviation_grows_by_a_constant(name: str, gain: float) -> None:
    inverse = mean_field.lengths(theory.activation(name), 1.0, 1.0, 0.0, 2000) ** -0.5
    assert (inverse[-1] - inverse[999]) / 1000 == pytest.approx(gain, rel=5e-3)


@pytest.mark.parametrize("name", ["gelu", "silu"])
def test_a_smooth_rectifier_shrinks_at_every_size_and_halves_when_small(name: str) -> None:
    function = theory.activation(name)
    sizes = [10.0**power for power in range(-8, 5)]
    factors = [mean_field.length_map(function, q, 2.0, 0.0) / q for q in sizes]
    assert factors[0] == pytest.approx(1 / 2, abs=1e-6)
    assert factors[-1] == pytest.approx(1, abs=0.01)
    assert all(low < high < 1 for low, high in pairwise(factors))


def test_the_fixed_point_of_gelu_is_unstable() -> None:
    gelu = theory.activation("gelu")
    c = 1 / moments(gelu, 1.0).second_moment
    assert c == pytest.approx(2.35, abs=5e-3)
    assert mean_field.length_map(gelu, 1.0, c, 0.0) == pytest.approx(1)
    assert slope_of_map(gelu, 1.0, c) == pytest.approx(1.144, abs=5e-4)
    from_above, from_below = (mean_field.lengths(gelu, q, c, 0.0, 60)[-1] for q in (1.01, 0.99))
    assert log(from_above) > 1
    assert log(from_below) < -1


def pooled_variances(shift: float, draws: int) -> Any:  # noqa: ANN401 - an array
    """Return the variance of all activations by layer, over some draws, in plain NumPy."""
    rng, width = np.random.default_rng(41_715), 512
    covariances = np.zeros(30)
    for _ in range(draws):
        common, differences = rng.standard_normal((1, width)), rng.standard_normal((64, width))
        h = (
            common + differences
        ) / 2**0.5  # inputs of mean square 1, with a cosine of about one half
        for layer in range(30):
            weights = rng.standard_normal((width, width)) * (2 / width) ** 0.5
            h = np.maximum(h @ weights, 0) - shift
            covariances[layer] += h.var() / draws
    return covariances


def test_with_the_shift_the_pooled_deviation_falls_to_its_fixed_point() -> None:
    law, q = [], 2.0
    for _ in range(30):
        law.append(sqrt((1 / 2 - 1 / (2 * pi)) * q))
        q = q - sqrt(2 * q / pi) + 1 / 2
    assert law[:3] == pytest.approx([0.826, 0.684, 0.565], abs=5e-4)
    assert sqrt((1 / 2 - 1 / (2 * pi)) * pi / 8) == pytest.approx(0.366, abs=5e-4)
    assert law[-1] == pytest.approx(0.366, abs=5e-4)
    deviations = np.sqrt(pooled_variances(0.5, draws=6))
    assert deviations[:3] == pytest.approx(law[:3], rel=0.05)
    assert deviations[10:] == pytest.approx(0.366, rel=0.08)
    assert deviations[10:].mean() == pytest.approx(0.366, rel=0.02)


def test_without_the_shift_the_pooled_deviation_does_not_fall() -> None:
    variances = pooled_variances(0.0, draws=12)
    assert sqrt(variances[0]) == pytest.approx(0.826, rel=0.05)
    assert variances[10:].mean() > 0.9 * variances[0]
