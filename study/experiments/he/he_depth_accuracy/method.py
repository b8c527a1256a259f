"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from itertools import pairwise
from math import sqrt
from statistics import fmean
from typing import Annotated, NamedTuple, TypeAlias

import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.networks import dense
from study.lab.training import History, Schedule, best_rate, error_rate, fit, last_evaluations, sgd
from study.record.checks import check_batch, check_distinct, check_evaluate_at, check_names
from study.record.draws import Draw, Draws, Row, finite_means, means
from study.record.results import Table
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    Momentum,
    NonEmpty,
    Settings,
    Several,
    Variance,
    Whole,
    Width,
)
from study.theory.quotients import quotient

CLASSES = 10

Job: TypeAlias = tuple[str, float]
"""Which training: the arm and the learning rate."""
COMPARED = ("three", "fourteen", "thirty", "fourteen_xavier")
"""Arms whose errors are compared."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """A number of layers, and weights of variance weight_variance over fan_in."""

    depth: Annotated[int, Ge(2), Le(1000)]
    weight_variance: Variance


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the data, how the networks are trained, and what they start from.

    The error in the end is the mean over the evaluations of the last ``tail`` updates.
    """

    images: Several
    validation: Count
    test: Count
    width: Width
    batch: Count
    momentum: Momentum
    updates: Count
    tail: Count
    evaluate_at: NonEmpty[Whole]
    learning_rates: NonEmpty[LearningRate]
    arms: dict[str, Arm]

    def __post_init__(self) -> None:
        """Refuse evaluations that no training passes, a rate twice, and missing arms."""
        check_batch(self.batch, self.images)
        check_evaluate_at(self.evaluate_at, self.updates)
        check_distinct("learning_rates", self.learning_rates)
        check_names("arms", self.arms, COMPARED)


class Inputs(NamedTuple):
    """Standardised images, (images, pixels), and labels: to train on, and for the errors."""

    training: Split
    validation: Split
    test: Split


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of each split.

    Args:
        config: the settings.
        mnist: the data.
    """
    parts = (
        mnist.train.first(config.images),
        mnist.validation.first(config.validation, "validation"),
        mnist.test.first(config.test, "test"),
    )
    return Inputs(*map(mnist.standardised_split, parts))


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Train every network with every learning rate, to the last update.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        The test errors in percent and their differences; the validation error by update at the
        rate chosen, and the test error by learning rate.
    """
    trained = {
        (arm, rate): train_one(config, (arm, rate), draw, inputs)
        for arm in config.arms
        for rate in config.learning_rates
    }
    return Draw(
        compared(config, trained),
        {"errors": by_update(config, trained), "rates": by_rate(config, trained)},
    )


# Training ----------------------------------------------------------------------------------------


def train_one(config: Config, job: Job, draw: int, inputs: Inputs) -> History:
    """Train one network.

    Args:
        config: the settings.
        job: its arm and learning rate.
        draw: index of the draw.
        inputs: the images.

    Returns:
        The losses, and at each update the errors in percent.
    """
    arm, rate = job
    unseen = {"validation": inputs.validation, "test": inputs.test}

    def evaluate(network: nn.Module) -> dict[str, float]:
        return {
            name: 100 * error_rate(network, split.images, split.labels)
            for name, split in unseen.items()
        }

    return fit(
        lambda: started(config, config.arms[arm], draw, inputs.training.images),
        F.cross_entropy,
        inputs.training,
        Schedule(config.batch, config.updates, config.evaluate_at),
        random_generator(config.seed, draw, 0),
        optimiser=sgd(rate, momentum=config.momentum),
        evaluate=evaluate,
        name=f"{arm}-{rate}-{draw}",
    )


def started(config: Config, arm: Arm, draw: int, images: Tensor) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        arm: what it starts from.
        draw: index of the draw; networks of one draw share their random numbers.
        images: of shape (images, pixels).

    Returns:
        Linear layers with ReLUs between them.
    """
    sizes = (images.shape[1], *[config.width] * (arm.depth - 1), CLASSES)
    stds = [sqrt(arm.weight_variance / fan_in) for fan_in, _ in pairwise(sizes)]
    return dense(
        sizes, stds, lambda _: nn.ReLU(), seed=config.seed, draw=draw, device=images.device
    )


# What is read of it ------------------------------------------------------------------------------


def chosen(config: Config, arm: str, trained: Mapping[Job, History]) -> float:
    """Choose the learning rate of an arm by the validation error in the end.

    Args:
        config: the settings.
        arm: its name.
        trained: what is left of each training of a draw.

    Returns:
        The rate with the smallest error among those whose losses stayed finite; if there is none,
        the first rate.
    """
    return best_rate(
        {rate: error(config, trained[arm, rate], "validation") for rate in config.learning_rates}
    )


def error(config: Config, trained: History, of: str) -> float:
    """Return an error in the end, in percent.

    At a constant learning rate the error goes up and down from one update to the next, so it is a
    mean over the evaluations of the last updates.
    """
    return fmean(
        trained.metrics[update][of] for update in last_evaluations(config.evaluate_at, config.tail)
    )


def compared(config: Config, trained: Mapping[Job, History]) -> dict[str, float]:
    """Compare the arms of a draw, each at its own learning rate.

    Args:
        config: the settings.
        trained: what is left of each training.

    Returns:
        The test error of each arm in percent, the rate chosen, some differences, and a ratio; NaN
        if there is no error to divide by.
    """
    rates = {arm: chosen(config, arm, trained) for arm in config.arms}
    errors = {arm: error(config, trained[arm, rate], "test") for arm, rate in rates.items()}
    he, xavier = errors["fourteen"], errors["fourteen_xavier"]
    return (
        {f"test_error.{arm}": found for arm, found in errors.items()}
        | {f"learning_rate.{arm}": rate for arm, rate in rates.items()}
        | {
            "test_error_more.xavier_than_he": xavier - he,
            "test_error_ratio.xavier_over_he": quotient(xavier, he),
            "test_error_more.thirty_than_fourteen": errors["thirty"] - he,
            "test_error_more.fourteen_than_three": he - errors["three"],
        }
    )


def by_update(config: Config, trained: Mapping[Job, History]) -> list[Row]:
    """Return the validation errors at the rates chosen: rows of arm and update."""
    rates = {arm: chosen(config, arm, trained) for arm in config.arms}
    return [
        {"arm": arm, "update": update, "sample": trained[arm, rate].metrics[update]["validation"]}
        for arm, rate in rates.items()
        for update in config.evaluate_at
    ]


def by_rate(config: Config, trained: Mapping[Job, History]) -> list[Row]:
    """Return the test errors in the end: rows of arm and learning rate."""
    return [
        {"arm": arm, "learning_rate": rate, "sample": error(config, history, "test")}
        for (arm, rate), history in trained.items()
    ]


def tables(_config: Config, draws: Draws) -> dict[str, Table]:
    """Average the errors over the draws, at a learning rate over those that did not diverge.

    Args:
        _config: the settings.
        draws: the draws.
    """
    return {"errors": means(draws, "errors"), "rates": finite_means(draws, "rates")}
