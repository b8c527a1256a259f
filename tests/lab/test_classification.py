from math import log
from typing import Any

import pytest
import torch
from torch import nn

from study.errors import StudyError
from study.lab.classification import (
    CHANCE_ERROR,
    CHANCE_LOSS,
    Task,
    error_percentages,
    error_rates,
    share_learnt,
    splits,
    splits_by_pixels,
)
from study.lab.inits import over_fan_in, random_generator
from study.lab.mnist import Mnist, Split
from study.lab.networks import classifier
from study.lab.training import Schedule, fit, sgd


def test_a_guess_has_the_loss_and_the_error_of_ten_equal_chances() -> None:
    outputs, labels = torch.zeros(10, 10), torch.arange(10)
    assert nn.functional.cross_entropy(outputs, labels).item() == pytest.approx(CHANCE_LOSS)
    assert error_rates(error=Split(outputs, labels))(nn.Identity())["error"] == CHANCE_ERROR


def test_a_guess_has_learnt_nothing_and_a_perfect_classifier_all() -> None:
    assert share_learnt(CHANCE_LOSS, CHANCE_LOSS) == 0
    assert share_learnt(0.0, CHANCE_ERROR) == 1
    assert share_learnt(2 * log(10), CHANCE_LOSS) == pytest.approx(-1)


def test_splits_are_the_first_images_standardised_by_the_training_images(embedded: Mnist) -> None:
    parts = splits(embedded, training=7, validation=5, test=None)
    assert [len(part.labels) for part in parts] == [7, 5, len(embedded.test.labels)]
    expected = embedded.standardised(embedded.validation.images[:5])
    assert torch.equal(parts.validation.images, expected)
    assert torch.equal(parts.training.labels, embedded.train.labels[:7])
    assert parts.double().validation.images.dtype == torch.float64


def test_splits_by_pixels_differ_in_scale_alone(embedded: Mnist) -> None:
    by_pixels = splits_by_pixels(embedded, training=60, validation=20)
    unit, standardised = by_pixels["unit"], by_pixels["standardised"]
    assert unit.training.images.min().item() == 0
    assert unit.training.images.max().item() == 1
    torch.testing.assert_close(
        embedded.standardised(unit.training.images * embedded.train.images.max()),
        standardised.training.images,
        rtol=1e-5,
        atol=1e-5,
    )
    assert torch.equal(unit.validation.labels, standardised.validation.labels)


def test_a_split_that_nobody_asked_for_is_empty(embedded: Mnist) -> None:
    parts = splits(embedded)
    assert len(parts.training.labels) == len(embedded.train.labels)
    assert len(parts.validation.labels) == len(parts.test.labels) == 0


@pytest.mark.parametrize(
    ("field", "setting"),
    [("training", "images"), ("validation", "validation"), ("test", "test")],
)
def test_more_images_than_there_are_are_refused_by_the_name_of_the_setting(
    embedded: Mnist, field: str, setting: str
) -> None:
    asked: Any = {field: 9999}
    with pytest.raises(StudyError, match=rf"^experiment\.{setting}=9999: there are only \d+$"):
        splits(embedded, **asked)


def test_errors_are_named_after_their_splits() -> None:
    labels = torch.tensor([0, 0, 1, 1])
    outputs = torch.eye(2)[torch.tensor([0, 1, 1, 1])]
    one, other = Split(outputs, labels), Split(outputs[:2], labels[:2])
    assert error_rates(validation=one, test=other)(nn.Identity()) == {
        "validation": 0.25,
        "test": 0.5,
    }
    assert error_percentages(test=other)(nn.Identity()) == {"test": 50.0}


def make_network(split: Split) -> nn.Module:
    return classifier(split.images, [8], over_fan_in(2.0), nn.ReLU, seed=3, draw=1)


def test_a_task_trains_with_the_order_of_its_draw(embedded: Mnist) -> None:
    training = splits(embedded, training=60).training
    history = Task(training, seed=3, draw=1).fit(
        lambda: make_network(training), Schedule(10, 12), sgd(0.1), name="one"
    )
    expected = fit(
        lambda: make_network(training),
        nn.functional.cross_entropy,
        training,
        Schedule(10, 12),
        random_generator(3, 1, 0),
        optimiser=sgd(0.1),
        name="one",
    )
    assert history == expected
    other = Task(training, seed=3, draw=2).fit(
        lambda: make_network(training), Schedule(10, 12), sgd(0.1), name="one"
    )
    assert other.losses != history.losses


def test_plain_descent_is_a_fit_without_evaluations(embedded: Mnist) -> None:
    training = splits(embedded, training=60).training
    task, network = Task(training, seed=3, draw=1), make_network(training)
    losses = task.descend(network, Schedule(10, 12), learning_rate=0.1)
    history = task.fit(lambda: make_network(training), Schedule(10, 12), sgd(0.1), name="one")
    assert losses == pytest.approx(history.losses, rel=1e-5)
    with torch.no_grad():
        moved = next(network.parameters()) - next(make_network(training).parameters())
    assert moved.abs().max() > 0


def test_a_task_may_have_a_loss_of_its_own(embedded: Mnist) -> None:
    training = splits(embedded, training=60).training
    doubled = Task(
        training,
        3,
        1,
        loss=lambda outputs, labels: 2 * nn.functional.cross_entropy(outputs, labels),
    )
    (loss,) = doubled.descend(make_network(training), Schedule(10, 1), 0.1)
    (half,) = Task(training, 3, 1).descend(make_network(training), Schedule(10, 1), 0.1)
    assert loss == pytest.approx(2 * half)
