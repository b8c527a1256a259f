import re
from collections.abc import Mapping
from functools import partial
from itertools import product
from math import log2, nan
from typing import Any

import pytest
import torch
from scipy.stats import truncnorm
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.depth_size.start_of_training import method
from study.lab.mnist import Mnist
from study.lab.rate_search import search
from study.lab.training import History
from study.record.draws import Draw
from tests.configs import small_config

NAME = "start_of_training"
HE = {"distribution": "gaussian", "weight_variance": 2.0}


small = partial(small_config, NAME, "brief", draws=2)


def history(*errors: float) -> History:
    """Give a training whose error was asked for every ten updates, before the first one too."""
    return History([1.0], {10 * index: {"error": error} for index, error in enumerate(errors)})


def test_the_corrected_variance_is_that_of_a_normal_number_within_two_deviations() -> None:
    arms = configuring.plain_settings(NAME, "reference")["arms"]
    variance = arms["corrected"]["weight_variance"] * truncnorm(-2, 2).var()
    assert variance == pytest.approx(2.0, rel=1e-4)
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
    network = method.make_network(small().arms[arm], 40, 1, 0, embedded.train.images)
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    assert [layer.out_features for layer in linear] == [40] * 39 + [10]
    weights = torch.cat([layer.weight.flatten() for layer in linear[1:-1]])
    assert 40 * weights.var().item() == pytest.approx(variance, rel=0.05)


def test_updates_count_to_the_first_time_the_error_is_down() -> None:
    config = small(updates=40, target_error=0.8)
    assert method.updates_needed(config, history(0.9, 0.9, 0.8, 0.9, 0.1)) == 20
    assert method.updates_needed(config, history(0.9, 0.9, 0.85, 0.9, 0.81)) == 40
    assert method.updates_needed(config, history(0.9, 0.9, nan, nan, nan)) == 40
    # What a network tells right before it is trained is luck.
    assert method.updates_needed(config, history(0.7, 0.9, 0.9, 0.7)) == 30


def test_the_deepest_networks_are_compared() -> None:
    config = small(learning_rates=[0.1, 0.2], depths=[4, 8])
    deep_updates = {"he": 10, "he_uniform": 40, "truncated": 80, "corrected": 20, "doubled": 60}
    updates = {
        (arm, depth): float(deep_updates.get(arm, 100) if depth == 8 else 5)
        for arm in config.arms
        for depth in config.depths
    }
    values = method.quantities(config, updates)
    assert values["updates.he_shallowest"] == 5
    assert values["updates.he_uniform_deepest"] == 40
    assert values["log2_updates.wrong_over_right"] == pytest.approx(log2(60 / 20))
    assert values["log2_updates.truncated_over_corrected"] == 2
    assert values["median.log2_updates.truncated_over_corrected"] == 2


def test_a_training_stops_where_it_has_started(embedded: Mnist) -> None:
    config = small(images=500, updates=200, learning_rates=[0.05])
    parts = method.prepare(config, embedded)
    inputs = parts._replace(validation=parts.training)
    history = method.train_job(config, inputs, 0, ("he", 4), 0.05)
    assert len(history.losses) < config.updates
    assert method.updates_needed(config, history) == len(history.losses)
    assert history.metrics[len(history.losses)]["error"] <= config.target_error


def test_a_training_that_diverges_counts_as_one_that_never_starts(embedded: Mnist) -> None:
    result = catalogue.load(NAME).run(small(learning_rates=[1000.0]), embedded, [0])
    assert result.samples["updates.doubled_deepest"] == [60.0]
    counts = {(row["arm"], row["depth"]): row["never"] for row in result.tables["updates"]}
    assert counts["doubled", 8] == 1


def test_an_untrained_network_that_tells_enough_right_is_trained_all_the_same(
    embedded: Mnist,
) -> None:
    config = small(asked=20, target_error=0.99, learning_rates=[1e-9])
    inputs = method.prepare(config, embedded)
    history = method.train_job(config, inputs, 0, ("he", 4), 1e-9)
    assert history.metrics[0]["error"] <= config.target_error
    assert len(history.losses) == 20


def started(config: method.Config, updates: Mapping[tuple[int, float], int]) -> Draw:
    """Return a draw whose networks start after so many updates, by depth and learning rate."""

    def train(job: method.Job, rate: float) -> History:
        count = updates.get((job[1], rate), config.updates)
        return History([1.0], {count: {"error": 0.0}})

    trainings = search(
        product(config.arms, config.depths),
        lambda _: config.learning_rates,
        train,
        score=partial(method.updates_needed, config),
    )
    fewest_updates = {
        job: method.updates_needed(config, trainings.best(job)) for job in trainings.outcomes
    }
    return Draw({}, method.rows(config, trainings, fewest_updates))


def test_the_draws_that_never_start_are_counted() -> None:
    config = small(learning_rates=[0.1, 0.2], depths=[4, 8])
    updates = ({(4, 0.1): 10}, {(4, 0.1): 60, (8, 0.1): 30})
    draws = {draw: started(config, of_draw) for draw, of_draw in enumerate(updates)}
    tables = method.tables(config, draws)
    of_he = [row for row in tables["updates"] if row["arm"] == "he"]
    assert [(row["depth"], row["never"], row["mean"]) for row in of_he] == [(4, 1, 35), (8, 1, 45)]
    rates = [row["mean"] for row in tables["rates"] if row["arm"] == "he"]
    assert rates == [35, 60, 45, 60]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch": 51, "images": 50}, "batch=51, images=50: the images do not fill one minibatch"),
        ({"depths": [4, 8, 4]}, "depths=[4, 8, 4]: must all differ"),
        ({"learning_rates": [0.1, 0.1]}, "learning_rates=[0.1, 0.1]: must all differ"),
        (
            {"arms": {"he": HE, "mine": HE}},
            "arms=he, mine: he_uniform, truncated, doubled, halved, corrected must be among them",
        ),
    ],
)
def test_settings_that_do_not_go_together(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError, match=f"^{re.escape(f'experiment.{message}')}$"):
        small(**changes)


def test_there_are_only_so_many_images_to_validate_with(embedded: Mnist) -> None:
    with pytest.raises(StudyError, match=r"^experiment\.validation=501: there are only 500$"):
        method.prepare(small(validation=501), embedded)


PREDICTIONS = pytest.approx(
    {
        "hr-fig1b-start-training": None,
        "truncated-corrected-starts": None,
    },
    rel=1e-9,
)
