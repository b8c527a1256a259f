from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from math import atanh, isnan, nan, sqrt, tanh
from typing import Any

import pytest

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.glorot.glorot_training import claims, method
from study.experiments.glorot.hidden_layers import BINS, bin_middle
from study.lab import training
from study.lab.mnist import Mnist
from study.lab.rate_search import is_coarse
from study.record.claims import Verdict, judge
from study.record.estimates import estimate
from tests.configs import small_config

NAME = "glorot_training"

# The paper's figures have no numbers: but for "the same", all bands have one end.
PREDICTIONS = {"gb-fig9-normalised-keeps-variance": 1.0} | dict.fromkeys(
    (
        "gb-fig3-tanh-order-in-time",
        "tanh-saturates-upwards-at-a-large-rate",
        "gb-fig3-softsign-less",
        "gb-fig7-reverses-in-training",
        "gb-fig9-divergence-standard",
        "normalised-diverges-more-slowly",
        "gb-fig10-normalised-saturation",
        "normalised-saturates-more",
    )
)


small = partial(
    small_config,
    NAME,
    draws=1,
    images=200,
    validation=60,
    probed=40,
    width=12,
    updates=8,
    evaluate_at=[0, 2, 4, 8],
    early=2,
    learning_rates=[0.05, 0.1],
    search={"seed": 1, "updates": 2},
)


def everywhere(config: method.Config, of_arm: Any) -> dict[str, Any]:  # noqa: ANN401 - what metrics are
    """Give every arm of every setting the same metrics."""
    return {
        name + setting.ending: of_arm
        for setting in method.all_settings(config)
        for name in config.arms
    }


def test_tanh_has_half_of_its_slope_where_saturation_begins() -> None:
    z, step = atanh(sqrt(0.5)), 1e-6
    assert (tanh(z + step) - tanh(z - step)) / (2 * step) == pytest.approx(0.5)


def metrics(percentiles: Sequence[float], gradients: Sequence[float]) -> dict[str, float]:
    by_quantity = {"error": 5.0}
    for layer, (size, gradient) in enumerate(zip(percentiles, gradients, strict=True), start=1):
        by_quantity |= {
            f"percentile_{layer}": size,
            f"gradient_{layer}": gradient,
            f"weight_gradient_{layer}": 2 * gradient,
            f"saturated_{layer}": size / 10,
            **{f"share_{bin_}_{layer}": 1 / BINS for bin_ in range(BINS)},
        }
    return by_quantity


def test_quantities_are_read_off_the_metrics() -> None:
    config = small(depth=3, evaluate_at=[0, 2, 4, 8])
    level, steep = metrics([0.8, 0.7, 0.7], [1, 1, 1]), metrics([0.9, 0.5, 0.6], [4, 2, 1])
    history = everywhere(config, dict.fromkeys(config.evaluate_at, level))
    history["tanh"] = {0: level, 2: level, 4: level, 8: steep}
    values = method.quantities(config, history)
    assert values["smallest_drop.tanh"] == pytest.approx(-0.1)
    assert values["smallest_drop.tanh_fast"] == pytest.approx(0.0)
    assert values["lead.tanh"] == pytest.approx(0.3)
    assert values["spread_over_tanh.tanh_n"] == pytest.approx(0.1 / 0.4)
    assert values["level_over_tanh.softsign"] == pytest.approx(2.2 / 2.0)
    assert values["backward.tanh_early"] == 1
    assert values["backward.tanh_end"] == 4
    assert values["weights.tanh_late"] == pytest.approx(2)  # the geometric mean of 1 and 4
    assert values["weights_over_standard.tanh_n"] == pytest.approx(0.5)
    assert values["edge.tanh"] == pytest.approx(0.09 / 0.05)
    assert values["shoulder.softsign"] == pytest.approx(1)
    assert values["nearer_to_tanh_n.softsign"] == 0
    assert values["level_over_tanh.softsign_pixels_slow"] == 1
    assert values["median.reversed_after.tanh"] == 0


def test_layers_are_in_order_if_none_saturates_before_the_one_below() -> None:
    config = small(depth=3)
    low, first, both = (
        metrics(percentiles, [1, 1, 1])
        for percentiles in ([0.1, 0.1, 0.1], [0.9, 0.3, 0.2], [0.9, 0.2, 0.9])
    )
    history = everywhere(config, {0: low, 2: first, 4: first, 8: both})
    history["tanh_slow"] = {0: low, 2: first, 4: metrics([0.9, 0.8, 0.2], [1, 1, 1]), 8: both}
    history["tanh_fast"] = {0: low, 2: first, 4: first, 8: first}
    values = method.quantities(config, history)
    assert values["rate.in_order.tanh"] == 0  # the third does, the second never does
    assert values["rate.in_order.tanh_slow"] == 1  # one after another
    assert isnan(values["rate.in_order.tanh_fast"])  # only the first does


def test_a_turn_is_found_between_two_evaluations() -> None:
    config = small(depth=3)
    falling, even, rising = (
        metrics([0.8, 0.7, 0.6], gradients) for gradients in ([1, 2, 4], [1, 1, 1], [2, 1, 1])
    )
    history = everywhere(config, {0: falling, 2: falling, 4: rising, 8: rising})
    history["tanh_pixels"] = dict.fromkeys(config.evaluate_at, falling)
    history["tanh_fast"] = {0: falling, 2: even, 4: rising, 8: rising}
    values = method.quantities(config, history)
    # from 1/4 to 2 within two updates, a line that is at 1 after three sevenths of them
    assert values["median.reversed_after.tanh"] == pytest.approx(2 + 2 * 3 / 7)
    assert values["median.reversed_after.tanh_pixels"] == 8
    assert values["median.reversed_after.tanh_fast"] == 2


def test_a_network_that_diverges_decides_nothing() -> None:
    config = small(depth=5)
    level = metrics([0.8, 0.7, 0.6, 0.5, 0.4], [1] * 5)
    lost = dict.fromkeys(config.evaluate_at, level) | {8: dict.fromkeys(level, nan)}
    numbers = method.quantities(config, everywhere(config, lost))
    values = {key: estimate([number, number]) for key, number in numbers.items()}
    late = [claim for claim in claims.CLAIMS if "in_order" not in claim.quantity]
    assert len(late) > 2
    for claim in late:
        assert judge(claim, values, "mnist") is Verdict.INCONCLUSIVE


def test_all_arms_start_from_the_same_random_numbers(embedded: Mnist) -> None:
    result = catalogue.load(NAME).run(small(), embedded, [0])
    at_start = {
        (row["arm"], row["layer"]): row["mean"]
        for row in result.tables["layers"]
        if row["updates"] == 0 and row["quantity"] == "percentile"
    }
    assert at_start["tanh", 1] == at_start["tanh_fast", 1]
    assert float(at_start["tanh_n", 1]) > float(at_start["tanh", 1])
    assert float(at_start["tanh", 1]) > float(at_start["tanh_pixels", 1])
    assert {row["activation"] for row in result.tables["histograms"]} == {
        bin_middle(bin_) for bin_ in range(BINS)
    }


def test_each_arm_has_the_rate_that_its_search_chose(
    embedded: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small()
    rates: list[float] = []

    def noted(rate: float) -> training.Optimiser:
        rates.append(rate)
        return training.sgd(rate)

    monkeypatch.setattr(method, "sgd", noted)
    inputs = method.prepare(config, embedded)
    choice = method.choose(config, inputs)
    assert rates == [0.05, 0.1] * 6
    best = {
        key: min(errors, key=lambda rate: (errors[rate], float(rate)))
        for key, errors in choice["validation_errors"].items()
    }
    assert choice["learning_rates"] == {key: float(rate) for key, rate in best.items()}
    rates.clear()
    method.measure(config, inputs, 0, choice)
    chosen = [
        choice["learning_rates"][f"{arm}{scale}"]
        for scale in ("", "_pixels")
        for arm in ("tanh", "tanh_n", "softsign")
    ]
    expected = [
        factor * rate
        for own in (chosen[:3], chosen[3:])
        for factor in config.rate_factors.values()
        for rate in own
    ]
    assert rates == pytest.approx(expected)
    exact = method.exact(config, inputs, choice)
    assert exact["learning_rate.tanh_pixels"] == chosen[3]
    assert exact["at_an_edge.tanh"] == 1.0  # of two rates either is


@pytest.mark.parametrize("scale", ["reference", "paper"])
def test_the_grid_of_the_search_is_fine_and_the_readings_are_its_neighbours(scale: str) -> None:
    settings = configuring.plain_settings(NAME, scale)
    assert not is_coarse(settings["learning_rates"])
    assert settings["rate_factors"] == {"chosen": 1.0, "slow": 0.5, "fast": 2.0}
    assert settings["search"]["seed"] != settings["seed"]
    assert settings["search"]["updates"] == settings["updates"]


def test_every_way_that_a_claim_reads_is_measured() -> None:
    endings = [setting.ending for setting in method.all_settings(small())]
    assert [*claims.WAYS] == endings
    assert [*claims.LOWER] == [*method.LEVELS]


def test_a_network_whose_layers_are_all_at_the_ends_is_no_measure() -> None:
    config = small(depth=3)
    level = metrics([1.0, 1.0, 1.0], [0, 0, 0])
    values = method.quantities(config, everywhere(config, dict.fromkeys(config.evaluate_at, level)))
    assert isnan(values["spread_over_tanh.softsign"])
    assert isnan(values["backward.tanh_end"])
    assert isnan(values["weights.tanh_late"])


def test_an_arm_of_the_readers_own_is_in_the_tables(embedded: Mnist) -> None:
    arms = {name: asdict(arm) for name, arm in small().arms.items()}
    config = small(arms=arms | {"mine": arms["tanh_n"]})
    result = catalogue.load(NAME).run(config, embedded, [0])
    assert {"mine", "mine_pixels"} < {row["arm"] for row in result.tables["layers"]}
    assert "error.mine" in result.samples


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"evaluate_at": [0, 2, 9]},
            "evaluate_at=[0, 2, 9], updates=8: none may be after the last",
        ),
        (
            {"evaluate_at": [2, 4, 8]},
            "evaluate_at=[2, 4, 8]: the first must be 0, before training",
        ),
        ({"batch": 300}, "batch=300, images=200: the images do not fill one minibatch"),
        (
            {"probed": 61},
            "probed=61, validation=60: probed must be no more than validation",
        ),
        (
            {"probed": 8193, "validation": 8193, "width": 2048},
            "probed=8193, width=2048: a percentile is taken of at most 16777216 activations",
        ),
        ({"arms": {}}, "arms=: tanh, tanh_n, softsign must be among them"),
        ({"early": 8}, "early=8, evaluate_at=[2, 4]: early must be one of evaluate_at"),
        ({"rate_factors": {"chosen": 1.0}}, "rate_factors=chosen: slow, fast must be among them"),
    ],
)
def test_what_cannot_be_measured_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as refusal:
        small(**changes)
    assert str(refusal.value) == f"experiment.{message}"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": 4001}, "images=4001: there are only 4000"),
        ({"validation": 501}, "validation=501: there are only 500"),
    ],
)
def test_more_images_than_there_are_are_refused(
    changes: dict[str, Any], message: str, embedded: Mnist
) -> None:
    with pytest.raises(StudyError) as refusal:
        method.prepare(small(**changes), embedded)
    assert str(refusal.value) == f"experiment.{message}"
