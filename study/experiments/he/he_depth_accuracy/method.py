"""Settings, one draw, and what is read of it."""

from functools import partial
from math import log, nan
from statistics import fmean
from typing import Annotated

from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.classification import Splits, Task, error_percentages, splits
from study.lab.inits import over_fan_in
from study.lab.mnist import Mnist
from study.lab.networks import classifier
from study.lab.rate_search import Search, search
from study.lab.training import History, Schedule, last_evaluations, sgd
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

COMPARED_ARMS = ("three", "fourteen", "thirty", "fourteen_xavier")
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
        check_names("arms", self.arms, COMPARED_ARMS)


def prepare(config: Config, mnist: Mnist) -> Splits:
    """Take the first images of each split.

    Args:
        config: the settings.
        mnist: the data.
    """
    return splits(mnist, training=config.images, validation=config.validation, test=config.test)


def measure(config: Config, inputs: Splits, draw: int) -> Draw:
    """Train every network with every learning rate, to the last update.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        The test errors in percent and their differences; the validation error by update at the
        rate chosen, and the test error by learning rate.
    """
    trainings = search(
        config.arms,
        lambda _: config.learning_rates,
        partial(train_arm, config, inputs, draw),
        score=partial(final_error, config, split="validation"),
    )
    return Draw(
        quantities(config, trainings),
        {"errors": error_rows(config, trainings), "rates": rate_rows(config, trainings)},
    )


# Training ----------------------------------------------------------------------------------------


def train_arm(config: Config, inputs: Splits, draw: int, arm: str, rate: float) -> History:
    """Train one network.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.
        arm: its name.
        rate: the learning rate.

    Returns:
        The losses, and at each evaluation the errors in percent.
    """
    return Task(inputs.training, config.seed, draw).fit(
        lambda: make_network(config, config.arms[arm], draw, inputs.training.images),
        Schedule(config.batch, config.updates, config.evaluate_at),
        sgd(rate, momentum=config.momentum),
        evaluate=error_percentages(validation=inputs.validation, test=inputs.test),
        name=f"{arm}-{rate}",
    )


def make_network(config: Config, arm: Arm, draw: int, images: Tensor) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        arm: what it starts from.
        draw: index of the draw; networks of one draw share their random numbers.
        images: of shape (images, pixels).

    Returns:
        Linear layers with ReLUs between them.
    """
    hidden, initialisation = [config.width] * (arm.depth - 1), over_fan_in(arm.weight_variance)
    return classifier(images, hidden, initialisation, nn.ReLU, seed=config.seed, draw=draw)


# What is read of it ------------------------------------------------------------------------------


def final_error(config: Config, history: History, split: str) -> float:
    """Return an error in the end, in percent; NaN if the training diverged.

    At a constant learning rate the error goes up and down from one update to the next, so it is a
    mean over the evaluations of the last updates.

    Args:
        config: the settings.
        history: of a training.
        split: ``validation``, by which rates are chosen, or ``test``.
    """
    end = last_evaluations(config.evaluate_at, config.tail)
    return fmean(history.metrics[update][split] for update in end)


def quantities(config: Config, trainings: Search[str, History]) -> dict[str, float]:
    """Compare the arms of a draw, each at its own learning rate.

    Args:
        config: the settings.
        trainings: the trainings of each arm.

    Returns:
        The test error of each arm in percent, the rate chosen, some differences, and a ratio with
        its logarithm; NaN if there is no error to divide by, or none to take the logarithm of.
    """
    errors = {arm: final_error(config, trainings.best(arm), "test") for arm in config.arms}
    he, xavier = errors["fourteen"], errors["fourteen_xavier"]
    ratio = quotient(xavier, he)
    return (
        {f"test_error.{arm}": error for arm, error in errors.items()}
        | {f"learning_rate.{arm}": trainings.rate(arm) for arm in config.arms}
        | {
            "test_error_more.xavier_than_he": xavier - he,
            "test_error_ratio.xavier_over_he": ratio,
            "log_test_error_ratio.xavier_over_he": log(ratio) if ratio > 0 else nan,
            "test_error_more.thirty_than_fourteen": errors["thirty"] - he,
            "test_error_more.fourteen_than_three": he - errors["three"],
        }
    )


def error_rows(config: Config, trainings: Search[str, History]) -> list[Row]:
    """Return the validation errors at the rates chosen: rows of arm and update."""
    return [
        {"arm": arm, "update": update, "sample": trainings.best(arm).metrics[update]["validation"]}
        for arm in config.arms
        for update in config.evaluate_at
    ]


def rate_rows(config: Config, trainings: Search[str, History]) -> list[Row]:
    """Return the test errors in the end: rows of arm and learning rate."""
    error = partial(final_error, config, split="test")
    return [*trainings.rows(lambda arm: {"arm": arm}, error)]


def tables(_config: Config, draws: Draws) -> dict[str, Table]:
    """Average the errors over the draws, at a learning rate over those that did not diverge.

    Args:
        _config: the settings.
        draws: the draws.
    """
    return {"errors": means(draws, "errors"), "rates": finite_means(draws, "rates")}
