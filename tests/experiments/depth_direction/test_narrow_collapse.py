from functools import partial
from math import exp, log, pi, sqrt

import numpy as np
import pytest
import torch

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.depth_direction.narrow_collapse import claims, figures, method
from study.lab.inits import random_generator, standard_normal
from study.lab.mnist import Mnist
from study.theory.direction import log_sine_drift
from tests.configs import small_config

NAME = "narrow_collapse"


PREDICTIONS = pytest.approx(
    {
        "linear-finite-width-collapse": -1.048899,
        "correlation-collapse-finite-width": -2.299167,
    },
    rel=1e-5,
)


small = partial(small_config, NAME, draws=2, depth=12, settled=4, width=16, networks=5)


def test_settings_that_clash_are_refused_in_one_line() -> None:
    with pytest.raises(StudyError) as error:
        small(settled=12)
    assert str(error.value) == (
        "experiment.settled=12, depth=12: must be below the depth, or no layers are late"
    )


@pytest.mark.parametrize("kind", ["linear", "relu"])
def test_the_sines_are_those_of_two_signals_sent_through_one_by_one(
    kind: method.ActivationName,
) -> None:
    config = small()
    log_sines = method.log_sines(config, kind, draw=1)
    cosine = 1 - config.gap
    for network in range(config.networks):
        pair = torch.tensor([[1.0, 0.0], [cosine, (1 - cosine**2) ** 0.5]], dtype=torch.float64)
        for layer in range(1, config.depth + 1):
            shape = (config.networks, config.width, pair.shape[1])
            generator = random_generator(config.seed, 1, layer)
            weights = standard_normal(shape, generator, torch.device("cpu"))[network].double()
            pair = torch.nn.functional.leaky_relu(pair @ weights.T, method.SLOPES[kind])
            pair /= pair.norm(dim=1, keepdim=True)
            sine = 1 - float(pair[0] @ pair[1]) ** 2
            assert float(log_sines[layer - 1, network].exp()) == pytest.approx(sine, rel=1e-6)


def test_no_digits_are_lost_however_small_the_angle_becomes() -> None:
    config = small(depth=600, settled=300, networks=2)
    for kind in config.arms.values():
        sines = method.log_sines(config, kind, draw=0)
        assert bool(sines.isfinite().all())
        assert float(sines[-1].mean()) < log(1e-12)


def test_a_difference_that_changes_sides_is_that_of_the_activations() -> None:
    first, change = torch.tensor([-1.0, -1.0, 2.0, 2.0]), torch.tensor([0.5, 3.0, 1.0, -3.0])
    activations, difference = method.activate(first, change, slope=0.1)
    second = torch.nn.functional.leaky_relu(first + change, 0.1)
    torch.testing.assert_close(activations + difference, second)


def test_quantities_are_those_they_are_named_after() -> None:
    config = small(gap=0.5, depth=3, settled=1, width=10)
    start = log(0.75)
    curve = torch.tensor([[start - 1, start - 3], [start - 4, start - 4], [start - 6, start - 6]])
    values = method.quantities(config, {"relu": curve.double()})
    assert values == pytest.approx(
        {
            "drift.relu": -20.0,
            "late_drift.relu": -20.0,
            "last_power_of_ten.relu": np.log10(0.75 * exp(-6) / 2),
        }
    )


def test_arms_share_their_random_numbers(embedded: Mnist) -> None:
    config = small(arms={"one": "relu", "two": "relu"})
    samples = catalogue.load(NAME).run(config, embedded, [0, 1]).samples
    assert samples["drift.one"] == samples["drift.two"]


def test_the_curve_tells_how_far_one_network_of_any_draw_is_from_the_mean(embedded: Mnist) -> None:
    config = small()
    rows = catalogue.load(NAME).run(config, embedded, [0, 1]).tables["layers"]
    sines = [method.log_sines(config, "relu", draw)[6] / log(10) for draw in (0, 1)]
    (row,) = [row for row in rows if (row["arm"], row["layer"]) == ("relu", 7)]
    assert row["mean"] == pytest.approx(float(torch.cat(sines).mean()))
    assert row["deviation"] == pytest.approx(float(torch.cat(sines).std()))


def test_the_typical_curve_is_the_law_without_an_activation() -> None:
    curve = figures.typical(32, 0.5, 1.0, layers=7)
    expected = (log(0.75) + 7 * log_sine_drift(32, 1.0)) / log(10)
    assert curve[-1] == pytest.approx(expected)


def narrow_gap(layers: int, width: int = 100) -> float:
    kappa = 2 * sqrt(2) / (3 * pi)
    scale = kappa * width / 2
    return float(((0.7**-0.5 + scale) * exp(layers / width) - scale) ** -2)


def test_the_closed_form_solves_its_differential_equation() -> None:
    for layer in (3, 100, 700):
        slope = log(narrow_gap(layer + 1) / narrow_gap(layer - 1)) / 2
        law = -2 / 100 - 2 * sqrt(2) / (3 * pi) * sqrt(narrow_gap(layer))
        assert slope == pytest.approx(law, rel=5e-3)
    assert narrow_gap(50, width=10**7) ** -0.5 == pytest.approx(
        0.7**-0.5 + 50 * sqrt(2) / (3 * pi), rel=1e-4
    )


def test_the_example_worked_by_hand() -> None:
    assert narrow_gap(0) ** -0.5 == pytest.approx(1.20, abs=0.005)
    assert 100 * sqrt(2) / (3 * pi) == pytest.approx(15.0, abs=0.05)
    gaps = {layer: narrow_gap(layer) for layer in (100, 500, 1000)}
    roots = {layer: gap**-0.5 for layer, gap in gaps.items()}
    assert roots == pytest.approx({100: 29.0, 500: 2389, 1000: 3.57e5}, rel=2e-3)
    assert gaps == pytest.approx({100: 1.2e-3, 500: 1.75e-7, 1000: 8e-12}, rel=0.03)
    wide_gap = 9 * pi**2 / 2 / 1000**2
    assert 6 < log(wide_gap / gaps[1000]) / log(10) < 7
    # Networks fall below it, by the exact drift, and by the scatter.
    assert log_sine_drift(100, 0.0) < -2 / 100


def test_too_few_active_units_are_rare() -> None:
    assert (1 + 32) / 2**32 < 1e-8


def test_the_predictions_are_for_the_width_of_the_settings() -> None:
    for scale in ("quick", "reference"):
        assert configuring.plain_settings(NAME, scale)["width"] == claims.WIDTH


def test_few_networks_have_a_layer_with_one_active_unit_or_none() -> None:
    settings = configuring.plain_settings(NAME, "reference")
    width, depth = settings["width"], settings["depth"]
    at_most_one = (width + 1) / 2**width
    assert at_most_one == pytest.approx(7.7e-9, abs=5e-11)
    assert 1 - (1 - at_most_one) ** depth == pytest.approx(1.8e-6, abs=5e-8)
    # The same formula where it can be counted.
    coins = np.random.default_rng(1).integers(0, 2, size=(20_000, 5, 8)).sum(axis=2)
    share = (coins.min(axis=1) <= 1).mean()
    assert share == pytest.approx(1 - (1 - 9 / 256) ** 5, abs=0.01)
