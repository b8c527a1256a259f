import re
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.batch_normalisation.batch_normalisation_training import (
    figures,
    method,
)
from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.training import minibatches
from study.record.results import read_run, write_run
from tests.configs import small_config

NAME = "batch_normalisation_training"


PREDICTIONS = {
    "s003-bn-replaces-init": 1,
    "bn-first-loss-ignores-scale": 1,
    "bn-effective-learning-rate": 1,
    "bn-weights-only-grow": 1,
    "s003-bn-before-or-after": 0,
}


small = partial(
    small_config, NAME, draws=2, images=200, validation=50, width=8, batch=20, updates=10
)


def arm(placement: str = "before", scale: float = 1.0, rate: float = 1.0) -> method.Arm:
    settings = {"placement": placement, "scale": scale, "rate": rate}
    return configuring.checked(method.Arm, settings)


@pytest.fixture(scope="module")
def images(embedded: Mnist) -> Split:
    part = embedded.train.first(200)
    return Split(embedded.standardised(part.images).double(), part.labels)


@pytest.mark.parametrize(
    ("placement", "kinds"),
    [
        ("before", [nn.BatchNorm1d, nn.ReLU]),
        ("after", [nn.ReLU, nn.BatchNorm1d]),
        ("none", [nn.ReLU]),
    ],
)
def test_the_normalisation_stands_where_the_arm_says(
    images: Split, placement: str, kinds: list[type]
) -> None:
    network = method.make_network(small(), arm(placement), images.images, seed=1, draw=0)
    blocks = [part for part in network if isinstance(part, nn.Sequential)]
    assert len(blocks) == small().hidden_layers
    assert [[type(part) for part in parts] for parts in blocks] == [kinds] * len(blocks)


def test_the_scale_multiplies_the_hidden_weights_only(images: Split) -> None:
    usual_network, large_network = (
        method.make_network(small(), arm(scale=scale), images.images, seed=1, draw=0)
        for scale in (1.0, 10.0)
    )
    for usual, large in zip(
        method.hidden_weights(usual_network), method.hidden_weights(large_network), strict=True
    ):
        torch.testing.assert_close(large, 10 * usual, rtol=1e-6, atol=0)
    last, counterpart = (
        [*network.parameters()][-2] for network in (usual_network, large_network)
    )  # its weights
    assert torch.equal(last, counterpart)


@pytest.mark.parametrize("placement", ["before", "after"])
def test_the_scale_is_an_inverse_square_of_the_learning_rate(images: Split, placement: str) -> None:
    config = small(
        epsilon=1e-14,
        arms={"one": {"placement": placement, "scale": 1.0, "rate": 1.0}},
        courses={},
    )

    def losses(scale: float, rate: float) -> list[float]:
        kind = arm(placement, scale, rate)
        network = method.make_network(config, kind, images.images, seed=1, draw=0)
        batches = torch.arange(200).reshape(-1, 20)
        return method.descend(config, kind, network, images, batches)[0]

    # The bias before a ReLU scales with the weights, and so does its learning rate, only if it
    # has the normalisation right behind it; after the ReLU one step is all that is the same.
    steps = slice(None) if placement == "before" else slice(1)
    assert losses(10.0, 100.0)[steps] == pytest.approx(losses(1.0, 1.0)[steps], rel=1e-5)


def test_descent_is_that_of_torch(images: Split) -> None:
    config, kind = small(), arm()
    batches = torch.arange(60).reshape(-1, 20)
    network, reference = (
        method.make_network(config, kind, images.images, seed=1, draw=0) for _ in range(2)
    )
    losses, _ = method.descend(config, kind, network, images, batches)
    optimiser = torch.optim.SGD(reference.parameters(), lr=config.learning_rate)
    for batch, loss in zip(batches, losses, strict=True):
        value = nn.functional.cross_entropy(reference(images.images[batch]), images.labels[batch])
        assert value.item() == pytest.approx(loss)
        optimiser.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    for parameter, counterpart in zip(network.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(parameter, counterpart)


def test_the_biases_before_a_normalisation_stay_where_they_were(images: Split) -> None:
    config, kind = small(), arm()
    network = method.make_network(config, kind, images.images, seed=1, draw=0)
    method.descend(config, kind, network, images, torch.arange(200).reshape(-1, 20))
    *hidden_biases, last_bias = (layer.bias for layer in network if isinstance(layer, nn.Linear))
    assert max(bias.abs().max().item() for bias in hidden_biases) < 1e-12
    assert last_bias.abs().max().item() > 1e-3


def test_quantities_compare_with_the_usual_weights() -> None:
    usual = method.Trained([4.0] * 10 + [2.0] * 10, error=0.2, growth=3.0, steps_squared=2.0)
    large = method.Trained([8.0] * 10 + [3.0] * 10, error=0.5, growth=1.0, steps_squared=2.0)
    values = method.quantities({"one": usual, "ten": large})
    assert values == pytest.approx(
        {
            "first_loss.one": 4,
            "last_loss.one": 2,
            "error.one": 0.2,
            "growth_over_squared_steps.one": 1.5,
            "first_loss.ten": 8,
            "last_loss.ten": 3,
            "error.ten": 0.5,
            "growth_over_squared_steps.ten": 0.5,
            "first_loss_over_one.ten": 2,
            "last_loss_over_one.ten": 1.5,
            "error_minus_one.ten": 0.3,
        }
    )


def test_courses_compare_within_themselves() -> None:
    usual = method.Trained([4.0] * 10 + [2.0] * 10, error=0.2)
    large = method.Trained([8.0] * 10 + [3.0] * 10, error=0.5)
    trainings = {method.Training("one", "adam"): usual, method.Training("ten", "adam"): large}
    assert method.course_quantities(trainings) == pytest.approx(
        {
            "last_loss.one_adam": 2,
            "error.one_adam": 0.2,
            "last_loss.ten_adam": 3,
            "error.ten_adam": 0.5,
            "last_loss_over_one.ten_adam": 1.5,
            "error_minus_one.ten_adam": 0.3,
        }
    )


@pytest.mark.parametrize("optimiser", ["descent", "adam"])
def test_a_course_trains_with_its_optimiser(embedded: Mnist, images: Split, optimiser: str) -> None:
    course = {"optimiser": optimiser, "pixels": "standardised", "learning_rates": {"one": [0.05]}}
    config = small(courses={"mine": course})
    inputs = method.prepare(config, embedded)
    training = method.Training("one", "mine")
    losses = method.train_in_course(config, inputs, training, 0.05, seed=1, draw=0).losses
    network = method.make_network(config, arm(), images.images, seed=1, draw=0)
    batches = minibatches(200, config.batch, config.updates, random_generator(1, 0, 0))
    descent, _ = method.descend(config, arm(), network, images, batches)
    same = [a == pytest.approx(b, rel=1e-6) for a, b in zip(losses, descent, strict=True)]
    assert all(same) if optimiser == "descent" else same == [True] + [False] * 9


def test_the_rates_of_the_courses_are_chosen_by_the_last_loss(embedded: Mnist) -> None:
    course = {
        "optimiser": "descent",
        "pixels": "unit",
        "learning_rates": {"one": [0.0001, 0.2], "ten": [0.1]},
    }
    config = small(courses={"mine": course}, **{"search.draws": 1})
    choice = method.choose(config, method.prepare(config, embedded))
    assert choice["learning_rates"] == {"one_mine": 0.2, "ten_mine": 0.1}
    assert method.exact(config, {}, choice)["learning_rate.one_mine"] == 0.2
    rates = method.tables(config, {}, choice)["rates"]
    assert [row["learning_rate"] for row in rates] == [0.0001, 0.2]


def test_a_quotient_by_0_is_not_a_number() -> None:
    result = method.Trained([0.0] * 10, error=0.0, growth=0.0, steps_squared=0.0)
    values = method.quantities({"one": result, "ten": result})
    assert {key for key, number in values.items() if isnan(number)} == {
        "growth_over_squared_steps.one",
        "growth_over_squared_steps.ten",
        "first_loss_over_one.ten",
        "last_loss_over_one.ten",
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"batch": 201},
            "experiment.batch=201, images=200: the images do not fill one minibatch",
        ),
        (
            {"arms": {"mine": {"placement": "before", "scale": 2.0, "rate": 1.0}}},
            "experiment.courses.unit.learning_rates=one, ten, after: choose from mine",
        ),
        (
            {"learning_rate": 1e300},
            "experiment.learning_rate=1e+300: input should be less than or equal to 1000",
        ),
    ],
)
def test_trainings_that_cannot_be_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError, match=f"^{re.escape(message)}$"):
        small(**changes)


def test_more_validation_images_than_there_are_are_refused(embedded: Mnist) -> None:
    with pytest.raises(StudyError, match=r"^experiment.validation=501: there are only 500$"):
        method.prepare(small(validation=501), embedded)


def test_an_arm_of_ones_own_is_trained_and_drawn(embedded: Mnist, tmp_path: Path) -> None:
    arms = {"mine": {"placement": "before", "scale": 2.0, "rate": 1.0}}
    result = catalogue.load(NAME).run(small(arms=arms, courses={}), embedded, [0, 1])
    assert "last_loss.mine" in result.samples
    write_run(tmp_path / "run", {}, result, {})
    plt.close(figures.loss_by_weight_scale(read_run(tmp_path / "run")))
