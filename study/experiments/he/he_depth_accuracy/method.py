"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from functools import partial
from math import inf, isfinite, log, nan
from statistics import fmean
from typing import Annotated, Literal, NamedTuple, TypeAlias, TypedDict

from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import nn

from study.lab.classification import Splits, Task, error_percentages, splits
from study.lab.inits import over_fan_in
from study.lab.mnist import Mnist, Split
from study.lab.networks import classifier
from study.lab.rate_search import search
from study.lab.training import History, Schedule, last_evaluations, sgd
from study.record.checks import (
    check_batch,
    check_distinct,
    check_evaluate_at,
    check_known,
    check_names,
)
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    Momentum,
    NonEmpty,
    Seed,
    Settings,
    Several,
    Variance,
    Whole,
    Width,
)
from study.theory.quotients import quotient

COMPARED_ARMS = (
    "three",
    "fourteen",
    "thirty",
    "fourteen_xavier",
    "fourteen_xavier_same_rate",
    "fourteen_slow",
    "fourteen_pixels",
    "fourteen_xavier_pixels",
)
"""Arms whose errors are compared."""

Job: TypeAlias = tuple[int, float, str, float]
"""Which training: layers, variance of the weights, images and learning rate."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """A number of layers, weights of variance weight_variance over fan_in, and images.

    It is trained at the learning rate that is chosen for the arm ``rate_of`` from its
    ``learning_rates``; ``pixels`` are images between 0 and 1.
    """

    depth: Annotated[int, Ge(2), Le(1000)]
    weight_variance: Variance
    images: Literal["standardised", "pixels"]
    rate_of: str
    learning_rates: tuple[LearningRate, ...]


@dataclass(frozen=True, config=STRICT)
class SearchDraws:
    """The draws in which learning rates are chosen: a seed of their own, and how many."""

    seed: Seed
    draws: Count


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
    search: SearchDraws
    arms: dict[str, Arm]

    def __post_init__(self) -> None:
        """Refuse evaluations that no training passes, missing arms, and arms without a rate."""
        check_batch(self.batch, self.images)
        check_evaluate_at(self.evaluate_at, self.updates)
        check_names("arms", self.arms, COMPARED_ARMS)
        for name, arm in self.arms.items():
            check_distinct(f"arms.{name}.learning_rates", arm.learning_rates)
            check_known(f"arms.{name}.rate_of", [arm.rate_of], self.arms)
            if not self.arms[arm.rate_of].learning_rates:
                raise ValueError(
                    f"arms.{name}.rate_of={arm.rate_of}: choose from {', '.join(self.searched)}"
                )

    @property
    def searched(self) -> list[str]:
        """The arms that have learning rates to choose from."""
        return [name for name, arm in self.arms.items() if arm.learning_rates]


class Inputs(NamedTuple):
    """The images, standardised and between 0 and 1."""

    standardised: Splits
    pixels: Splits


class Choice(TypedDict):
    """What is decided before the draws.

    ``validation_errors`` has what the trainings of the search ended with, in per cent and averaged
    over its draws, by arm and by learning rate, infinite where one diverged; ``learning_rates`` the
    rate of each arm.
    """

    validation_errors: dict[str, dict[str, float]]
    learning_rates: dict[str, float]


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of each split.

    Args:
        config: the settings.
        mnist: the data.
    """
    counts = {"images": config.images, "validation": config.validation, "test": config.test}
    raw = zip(mnist.splits, counts.items(), strict=True)
    return Inputs(
        splits(mnist, training=config.images, validation=config.validation, test=config.test),
        Splits(*(split.first(count, field) for split, (field, count) in raw)),
    )


def choose(config: Config, inputs: Inputs) -> Choice:
    """Choose learning rates: those with the smallest validation error in draws of their own.

    Args:
        config: the settings.
        inputs: the images.

    Returns:
        The rates, and the errors that they were chosen by; an arm that has one rate to choose from
        is not trained.
    """
    with_a_choice = [name for name in config.searched if len(config.arms[name].learning_rates) > 1]
    trials = search(
        with_a_choice,
        lambda name: config.arms[name].learning_rates,
        partial(trial, config, inputs),
        score=float,
    )
    rates = {name: config.arms[name].learning_rates[0] for name in config.searched}
    rates |= {name: trials.rate(name) for name in with_a_choice}
    return Choice(
        validation_errors={
            name: {str(rate): error for rate, error in by_rate.items()}
            for name, by_rate in trials.outcomes.items()
        },
        learning_rates={name: rates[arm.rate_of] for name, arm in config.arms.items()},
    )


def trial(config: Config, inputs: Inputs, name: str, rate: float) -> float:
    """Train one arm at one learning rate in the draws of the search.

    Args:
        config: the settings.
        inputs: the images.
        name: of the arm.
        rate: its learning rate.

    Returns:
        The mean validation error in the end, in per cent; infinite if a training diverged.
    """
    arm = config.arms[name]
    end = tuple(last_evaluations(config.evaluate_at, config.tail))
    histories = [
        train(
            config,
            Task(images_of(inputs, arm).training, config.search.seed, draw),
            (arm.depth, arm.weight_variance, arm.images, rate),
            end,
            {"validation": images_of(inputs, arm).validation},
        )
        for draw in range(config.search.draws)
    ]
    errors = [final_error(config, history, "validation") for history in histories]
    return fmean(errors) if all(map(isfinite, errors)) else inf


def measure(config: Config, inputs: Inputs, draw: int, choice: Choice) -> Draw:
    """Train every network at its learning rate, to the last update.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.
        choice: the learning rates.

    Returns:
        The test errors in percent and their differences; the validation error by update.
    """
    jobs = {
        name: (arm.depth, arm.weight_variance, arm.images, choice["learning_rates"][name])
        for name, arm in config.arms.items()
    }
    by_job = {job: train_job(config, inputs, draw, job) for job in dict.fromkeys(jobs.values())}
    histories = {name: by_job[job] for name, job in jobs.items()}
    return Draw(quantities(config, histories), {"errors": error_rows(config, histories)})


# Training ----------------------------------------------------------------------------------------


def images_of(inputs: Inputs, arm: Arm) -> Splits:
    """Return the images that an arm is trained on and judged by."""
    return inputs.pixels if arm.images == "pixels" else inputs.standardised


def train_job(config: Config, inputs: Inputs, draw: int, job: Job) -> History:
    """Train one network of a draw, with both errors in percent at each evaluation."""
    images = inputs.pixels if job[2] == "pixels" else inputs.standardised
    held_out = {"validation": images.validation, "test": images.test}
    task = Task(images.training, config.seed, draw)
    return train(config, task, job, config.evaluate_at, held_out)


def train(
    config: Config,
    task: Task,
    job: Job,
    evaluate_at: tuple[int, ...],
    held_out: Mapping[str, Split],
) -> History:
    """Train one network.

    Args:
        config: the settings.
        task: the draw, and the images to train on.
        job: which network, and at which learning rate.
        evaluate_at: after how many updates.
        held_out: the images for the errors, by name.

    Returns:
        The losses, and at each evaluation the errors in percent.
    """
    depth, weight_variance, images, rate = job
    return task.fit(
        lambda: make_network(config, depth, weight_variance, task),
        Schedule(config.batch, config.updates, evaluate_at),
        sgd(rate, momentum=config.momentum),
        evaluate=error_percentages(**held_out),
        name=f"{depth}-{weight_variance}-{images}-{rate}-{task.seed}",
    )


def make_network(config: Config, depth: int, weight_variance: float, task: Task) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        depth: its layers.
        weight_variance: of a weight, times its fan_in.
        task: the draw; networks of one draw share their random numbers.

    Returns:
        Linear layers with ReLUs between them.
    """
    hidden, initialisation = [config.width] * (depth - 1), over_fan_in(weight_variance)
    images = task.training.images
    return classifier(images, hidden, initialisation, nn.ReLU, seed=task.seed, draw=task.draw)


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


def quantities(config: Config, histories: Mapping[str, History]) -> dict[str, float]:
    """Compare the arms of a draw.

    Args:
        config: the settings.
        histories: the training of each arm.

    Returns:
        The test error of each arm in percent, some differences, and ratios with their logarithms;
        NaN if there is no error to divide by, or none to take the logarithm of.
    """
    errors = {arm: final_error(config, history, "test") for arm, history in histories.items()}
    values = {f"test_error.{arm}": error for arm, error in errors.items()}
    for xavier, he, key in (
        ("fourteen_xavier", "fourteen", "xavier_over_he"),
        ("fourteen_xavier_same_rate", "fourteen", "xavier_over_he_same_rate"),
        ("fourteen_xavier_pixels", "fourteen_pixels", "xavier_over_he_pixels"),
    ):
        ratio = quotient(errors[xavier], errors[he])
        values[f"test_error_ratio.{key}"] = ratio
        values[f"log_test_error_ratio.{key}"] = log(ratio) if ratio > 0 else nan
    return values | {
        "test_error_more.xavier_than_he": errors["fourteen_xavier"] - errors["fourteen"],
        "test_error_more.thirty_than_fourteen": errors["thirty"] - errors["fourteen"],
        "test_error_more.thirty_than_fourteen_slow": errors["thirty"] - errors["fourteen_slow"],
        "test_error_more.fourteen_than_three": errors["fourteen"] - errors["three"],
    }


def exact(config: Config, _inputs: Inputs, choice: Choice) -> dict[str, float]:
    """Return the learning rates chosen, and whether one is the least or the greatest of its grid.

    Args:
        config: the settings.
        _inputs: the images; they are not read.
        choice: the learning rates.
    """
    rates = choice["learning_rates"]
    return {f"learning_rate.{name}": rates[name] for name in config.arms} | {
        f"at_an_edge.{name}": float(rates[name] in {min(grid), max(grid)} and len(grid) > 1)
        for name in config.searched
        for grid in [config.arms[name].learning_rates]
    }


def error_rows(config: Config, histories: Mapping[str, History]) -> list[Row]:
    """Return the validation errors: rows of arm and update."""
    return [
        {"arm": arm, "update": update, "sample": history.metrics[update]["validation"]}
        for arm, history in histories.items()
        for update in config.evaluate_at
    ]


def tables(_config: Config, draws: Draws, choice: Choice) -> dict[str, Table]:
    """Average the errors over the draws, and write down the search, 100 for a divergence.

    Args:
        _config: the settings.
        draws: the draws.
        choice: what the search found.
    """
    rates: list[Row] = [
        {
            "arm": arm,
            "learning_rate": float(rate),
            "validation_error": error if isfinite(error) else 100.0,
        }
        for arm, by_rate in choice["validation_errors"].items()
        for rate, error in by_rate.items()
    ]
    return {"errors": means(draws, "errors"), "rates": rates}
