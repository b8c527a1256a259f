from math import log2, nan
from typing import Any

import pytest
import torch
from scipy.stats import truncnorm
from torch import nn

from study import configuring
from study.experiments.depth_size.start_of_training import claims, method
from study.lab.mnist import Mnist
from study.lab.training import Course

NAME = "start_of_training"


def small(**changes: Any) -> method.Config:  # noqa: ANN401 - of settings
    settings = configuring.plain_settings(NAME, "quick", "brief")
    return configuring.checked(method.Config, settings | {"draws": 2} | changes)


def course(*errors: float) -> Course:
    """Give a training whose error was asked for every ten updates, before the first one too."""
    return Course([1.0], {10 * at: {"error": error} for at, error in enumerate(errors)})


def test_the_corrected_variance_is_that_of_a_normal_number_within_two_deviations() -> None:
    arms = configuring.plain_settings(NAME, "reference")["arms"]
    corrected = arms["corrected"]["weight_variance"] * truncnorm(-2, 2).var()
    assert corrected == pytest.approx(2.0, rel=1e-4)
    assert arms["truncated"]["weight_variance"] == arms["he"]["weight_variance"] == 2.0
    assert arms["doubled"]["weight_variance"] == 2 * arms["he"]["weight_variance"]
    assert arms["halved"]["weight_variance"] == arms["he"]["weight_variance"] / 2


@pytest.mark.parametrize(
    ("arm", "variance"),
    [
        ("he", 2.0),
        ("he_uniform", 2.0),
        ("truncated", 2 * truncnorm(-2, 2).var()),
        ("corrected", 2.0),
        ("doubled", 4.0),
        ("halved", 1.0),
    ],
)
def test_a_network_is_as_wide_as_deep_and_has_its_variance(
    embedded: Mnist, arm: str, variance: float
) -> None:
    network = method.started(small().arms[arm], 40, 1, 0, embedded.train.images)
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    assert [layer.out_features for layer in linear] == [40] * 39 + [10]
    weights = torch.cat([layer.weight.flatten() for layer in linear[1:-1]])
    assert 40 * weights.var().item() == pytest.approx(variance, rel=0.05)


def test_updates_count_to_the_first_time_the_error_is_down() -> None:
    config = small(updates=40, target_error=0.8)
    assert method.updates_needed(config, course(0.9, 0.9, 0.8, 0.9, 0.1)) == 20
    assert method.updates_needed(config, course(0.9, 0.9, 0.85, 0.9, 0.81)) == 40
    assert method.updates_needed(config, course(0.9, 0.9, nan, nan, nan)) == 40
    # What a network tells right before it is trained is luck.
    assert method.updates_needed(config, course(0.7, 0.9, 0.9, 0.7)) == 30


def test_the_quickest_rate_counts_and_the_deepest_networks_are_compared() -> None:
    config = small(learning_rates=[0.1, 0.2], depths=[4, 8])
    deep = {"he": 10, "he_uniform": 40, "truncated": 80, "corrected": 20, "doubled": 60}
    found = {
        (arm, depth, rate): float((deep.get(arm, 100) if depth == 8 else 5) * (1 + (rate == 0.1)))
        for arm in config.arms
        for depth in config.depths
        for rate in config.learning_rates
    }
    told = method.quantities(config, found)
    assert told["updates.he_shallowest"] == 5
    assert told["updates.he_uniform_deepest"] == 40
    assert told["log2_updates.wrong_over_right"] == pytest.approx(log2(60 / 20))
    assert told["log2_updates.truncated_over_corrected"] == 2


def test_a_training_stops_where_it_has_started(embedded: Mnist) -> None:
    config = small(updates=200, learning_rates=[0.05])
    training = embedded.train.first(500)
    images = type(training)(embedded.standardised(training.images), training.labels)
    trained = method.train_one(config, ("he", 4, 0.05), 0, images, images)
    assert len(trained.losses) < config.updates
    assert method.updates_needed(config, trained) == len(trained.losses)
    assert trained.looks[len(trained.losses)]["error"] <= config.target_error


def test_a_training_that_diverges_counts_as_one_that_never_starts(embedded: Mnist) -> None:
    result = method.run(small(learning_rates=[1e30]), embedded, [0])
    assert result.samples["updates.doubled_deepest"] == [60.0]
    never = {(row["arm"], row["depth"]): row["never"] for row in result.tables["updates"]}
    assert never["doubled", 8] == 1


PREDICTIONS = {
    "hr-fig1b-start-training": log2(2),
    "truncated-corrected-starts": log2(2),
}


@pytest.mark.parametrize("claim", claims.CLAIMS, ids=lambda claim: claim.id)
def test_predictions(claim: Any) -> None:  # noqa: ANN401 - a claim
    assert claim.prediction == pytest.approx(PREDICTIONS[claim.id], rel=1e-9)


def test_every_prediction_is_checked() -> None:
    assert {claim.id for claim in claims.CLAIMS} == set(PREDICTIONS)
