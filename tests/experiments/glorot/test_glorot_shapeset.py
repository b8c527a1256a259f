from dataclasses import asdict
from functools import partial
from math import inf, isnan, nan
from typing import Any

import pytest
import torch
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.glorot.glorot_shapeset import method
from study.experiments.glorot.hidden_layers import measure_layers
from study.lab import shapeset
from study.lab.mnist import Mnist, Split
from study.lab.rate_search import is_coarse
from tests.configs import small_config

NAME = "glorot_shapeset"

# Two laws of the linear regime; all else are comparisons.
PREDICTIONS = {
    "gb-shapeset-fig7-gradients-shrink": 1 / 9,
    "gb-shapeset-fig8-weight-gradients-equal": 1.0,
    "gb-shapeset-tanh-converges-more-slowly": None,
    "shapeset-normalised-saturates-more-evenly": None,
    "shapeset-normalised-saturates-more": None,
}

small = partial(
    small_config,
    NAME,
    "brief",
    draws=1,
    images=100,
    validation=50,
    test=60,
    probed=40,
    width=12,
    updates=8,
    evaluate_at=[0, 2, 4, 8],
    late=4,
)


def metrics(upper: list[float], gradients: list[float], error: float = 5.0) -> dict[str, float]:
    by_quantity = {"error": error}
    for layer, (size, gradient) in enumerate(zip(upper, gradients, strict=True), start=1):
        by_quantity |= {
            f"upper_{layer}": size,
            f"gradient_{layer}": gradient,
            f"weight_gradient_{layer}": gradient**2,
        }
    return by_quantity


def test_quantities_are_read_off_the_metrics() -> None:
    config = small(depth=3)
    level, steep = metrics([0.8, 0.7, 0.7], [1, 1, 1]), metrics([0.9, 0.5, 0.6], [4, 2, 1], 9.0)
    history = {arm: dict.fromkeys(config.evaluate_at, level) for arm in config.arms}
    history["tanh"] = {0: level, 2: steep, 4: level, 8: steep}
    values = method.quantities(config, history)
    assert values["smallest_drop.tanh"] == pytest.approx(-0.1)
    assert values["smallest_drop.softsign"] == pytest.approx(0.0)
    assert values["spread_over_tanh.tanh_n"] == pytest.approx(0.1 / 0.4)
    assert values["level_over_tanh.softsign"] == pytest.approx(2.2 / 2.0)
    assert values["upper.tanh_2"] == 0.5
    assert values["backward.tanh_end"] == 4
    assert values["weights.tanh_late"] == pytest.approx(4)  # the geometric mean of 1 and 16
    assert values["weights_over_standard.tanh_n"] == pytest.approx(1 / 4)
    assert values["mean_error.tanh"] == 7  # of 5 and 9, from the mark `late` on
    assert values["error_less.tanh_tanh_n"] == values["error_less.tanh_softsign"] == 2


def test_a_network_that_diverges_decides_nothing() -> None:
    config = small(depth=3)
    level = metrics([0.8, 0.7, 0.6], [1, 1, 1])
    history = {arm: dict.fromkeys(config.evaluate_at, level) for arm in config.arms}
    history["tanh"] = history["tanh"] | {8: dict.fromkeys(level, nan)}
    values = method.quantities(config, history)
    late = (
        "smallest_drop.tanh",
        "backward.tanh_end",
        "weights.tanh_late",
        "error_less.tanh_tanh_n",
    )
    assert all(isnan(values[key]) for key in late)


def test_the_percentile_is_that_of_the_activations_and_not_of_their_sizes() -> None:
    layer = nn.Linear(1, 2, bias=False)
    layer.weight.data.fill_(1.0)  # two units that are alike
    network = nn.Sequential(layer, nn.Tanh(), nn.Linear(2, 9))
    images = torch.atanh(torch.linspace(-0.99, 0.01, 101))[:, None]
    probe = Split(images, torch.zeros(101, dtype=torch.int64))
    upper = method.upper_percentiles(network, probe)
    assert upper == {"upper_1": pytest.approx(-0.01, abs=1e-3)}
    assert method.observed(probe, probe, network)["percentile_1"] > 0.9


def test_images_are_shapesets_between_black_and_white(embedded: Mnist) -> None:
    config = small(black=-3.0)
    inputs = method.prepare(config, embedded)
    pictures, labels = shapeset.images(config.seed, "test", 0, config.test)
    grey = (inputs.test.images + 3) / 4
    assert (255 * grey).round().tolist() == pictures.tolist()
    assert inputs.test.labels.tolist() == labels.tolist()
    assert [len(split.labels) for split in inputs] == [100, 50, 60]


def test_the_rate_with_the_smallest_validation_error_is_chosen(
    embedded: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small(rates=3, slowest=0.1)
    errors = {0.1: 50.0, 0.2: 40.0, 0.4: 45.0}

    class History:
        def __init__(self, rate: float) -> None:
            self.finite = rate < 0.4
            self.metrics = {1: {"validation": errors[rate]}}

    monkeypatch.setattr(method, "train", lambda _c, _t, _arm, rate, *_: History(rate))
    choice = method.choose(config, method.prepare(config, embedded))
    assert choice["learning_rates"] == dict.fromkeys(config.arms, 0.2)
    assert choice["validation_errors"]["tanh"] == {"0.1": 50.0, "0.2": 40.0, "0.4": inf}
    found = method.tables(config, {}, choice)["search"]
    assert [row["validation_error"] for row in found][:3] == [50.0, 40.0, 100.0]


def test_a_search_has_weights_that_no_draw_has() -> None:
    for scale in ("reference", "quick", "paper"):
        settings = configuring.plain_settings(NAME, scale)
        seeds = {settings["seed"], settings["search"]["seed"], settings["starts"]["seed"]}
        assert len(seeds) == 3


def test_the_grid_is_fine() -> None:
    for scale in ("reference", "paper"):
        settings = configuring.plain_settings(NAME, scale)
        rates = configuring.checked(catalogue.load(NAME).config, settings).learning_rates
        assert len(rates) == settings["rates"]
        assert not is_coarse(rates)


def test_no_image_comes_twice_in_a_training_of_the_reference() -> None:
    for scale in ("reference", "quick"):
        settings = configuring.plain_settings(NAME, scale)
        assert settings["batch"] * settings["updates"] == settings["images"]


def test_all_arms_start_from_the_same_random_numbers(embedded: Mnist) -> None:
    result = catalogue.load(NAME).run(small(), embedded, [0])
    at_start = {
        (row["arm"], row["layer"]): float(row["mean"])
        for row in result.tables["layers"]
        if row["updates"] == 0 and row["quantity"] == "deviation"
    }
    assert at_start["tanh_n", 1] > at_start["tanh", 1] > at_start["softsign", 1]
    swapped = small(
        **{"arms.tanh.initialisation": "normalised", "arms.tanh_n.initialisation": "standard"}
    )
    other = catalogue.load(NAME).run(swapped, embedded, [0])
    for key in ("backward", "weights"):
        assert other.samples[f"{key}.tanh_start"] == result.samples[f"{key}.tanh_n_start"]


def test_the_ratio_before_training_is_a_geometric_mean_of_networks(embedded: Mnist) -> None:
    config = small(**{"starts.networks": 3})
    inputs = method.prepare(config, embedded)
    probe = inputs.test.first(config.probed)
    product = 1.0
    for number in (6, 7, 8):  # those of draw 2
        network = method.network(config, "tanh", probe, config.starts.seed, number)
        seen = measure_layers(network, probe)
        product *= seen["gradient_1"] / seen["gradient_5"]
    ratios = method.at_the_start(config, inputs, 2, "tanh")
    assert ratios["backward.tanh_start"] == pytest.approx(product ** (1 / 3))


def test_an_arm_of_the_readers_own_is_in_the_tables(embedded: Mnist) -> None:
    arms = {name: asdict(arm) for name, arm in small().arms.items()}
    config = small(arms=arms | {"mine": arms["tanh_n"]})
    result = catalogue.load(NAME).run(config, embedded, [0])
    assert {row["arm"] for row in result.tables["layers"]} == {*arms, "mine"}
    assert "error.mine" in result.samples


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"evaluate_at": [0, 4, 9]},
            "evaluate_at=[0, 4, 9], updates=8: none may be after the last",
        ),
        (
            {"evaluate_at": [2, 4, 8]},
            "evaluate_at=[2, 4, 8]: the first must be 0, before training",
        ),
        ({"late": 3}, "late=3, evaluate_at=[0, 2, 4, 8]: late must be one of evaluate_at"),
        ({"batch": 300}, "batch=300, images=100: the images do not fill one minibatch"),
        ({"probed": 61}, "probed=61, test=60: probed must be no more than test"),
        ({"arms": {}}, "arms=: tanh, tanh_n, softsign must be among them"),
        ({"data_set": "mnist"}, "data_set=mnist: input should be 'shapeset'"),
    ],
)
def test_what_cannot_be_measured_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as refusal:
        small(**changes)
    assert str(refusal.value) == f"experiment.{message}"
