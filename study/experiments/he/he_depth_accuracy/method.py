"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import sqrt
from statistics import fmean
from typing import Annotated, TypeAlias

import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.networks import dense
from study.lab.parallel import side_by_side
from study.lab.training import Course, Recipe, best_rate, error_rate, fit, last_marks, sgd
from study.record.experiment import STRICT
from study.record.results import Result, finite_row, mean_row

CLASSES = 10

Job: TypeAlias = tuple[str, float]
"""Which training: the arm and the learning rate."""
Row: TypeAlias = Mapping[str, str | int | float]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """A number of layers, and weights of variance weight_variance over fan_in."""

    depth: Annotated[int, Ge(2), Le(1000)]
    weight_variance: Annotated[float, Gt(0), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the data, how the networks are trained, and what they start from.

    The error in the end is the mean over the marks of the last ``tail`` updates.
    """

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(2)]
    validation: Annotated[int, Ge(1)]
    test: Annotated[int, Ge(1)]
    width: Annotated[int, Ge(2), Le(4096)]
    batch: Annotated[int, Ge(1)]
    momentum: Annotated[float, Ge(0), Lt(1)]
    updates: Annotated[int, Ge(1)]
    tail: Annotated[int, Ge(1)]
    marks: Annotated[tuple[Annotated[int, Ge(0)], ...], MinLen(1)]
    learning_rates: Annotated[tuple[Annotated[float, Gt(0)], ...], MinLen(1)]
    arms: dict[str, Arm]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Train every network of every draw with every learning rate, to the last update.

    Args:
        config: the settings.
        mnist: the data; the first images of each of its splits are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the test errors in percent and their differences; over all draws, the validation
        error by update at the rate chosen, and the test error by learning rate.
    """
    training, validation, test = (
        Split(mnist.standardised(part.images), part.labels)
        for part in (
            mnist.train.first(config.images),
            mnist.validation.first(config.validation),
            mnist.test.first(config.test),
        )
    )
    jobs = [(arm, rate) for arm in config.arms for rate in config.learning_rates]
    samples, per_draw = {}, []
    for draw in draws:

        def one(job: Job, draw: int = draw) -> Course:
            return train_one(config, job, draw, training, {"validation": validation, "test": test})

        per_draw.append(dict(zip(jobs, side_by_side(one, jobs), strict=True)))
        samples[draw] = compared(config, per_draw[-1])
    return Result.of(
        samples, {"errors": by_update(config, per_draw), "rates": by_rate(config, per_draw)}
    )


# Training ----------------------------------------------------------------------------------------


def train_one(
    config: Config, job: Job, draw: int, training: Split, unseen: Mapping[str, Split]
) -> Course:
    """Train one network.

    Args:
        config: the settings.
        job: its arm and learning rate.
        draw: index of the draw.
        training: the standardised images to train on.
        unseen: the standardised images for each error, by its name.

    Returns:
        The losses, and at each mark the errors in percent.
    """
    arm, rate = job

    def look(network: nn.Module) -> dict[str, float]:
        return {
            name: 100 * error_rate(network, split.images, split.labels)
            for name, split in unseen.items()
        }

    return fit(
        lambda: started(config, config.arms[arm], draw, training.images),
        F.cross_entropy,
        training,
        Recipe(config.batch, config.updates, config.marks),
        random_generator(config.seed, draw, 0),
        optimiser=sgd(rate, momentum=config.momentum),
        look=look,
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


def chosen(config: Config, arm: str, trained: Mapping[Job, Course]) -> float:
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


def error(config: Config, trained: Course, of: str) -> float:
    """Return an error in the end, in percent.

    At a constant learning rate the error goes up and down from one update to the next, so it is a
    mean over the marks of the last updates.
    """
    return fmean(trained.looks[mark][of] for mark in last_marks(config.marks, config.tail))


def compared(config: Config, trained: Mapping[Job, Course]) -> dict[str, float]:
    """Compare the arms of a draw, each at its own learning rate.

    Args:
        config: the settings.
        trained: what is left of each training.

    Returns:
        The test error of each arm in percent, the rate chosen, a ratio and some differences.
    """
    rates = {arm: chosen(config, arm, trained) for arm in config.arms}
    errors = {arm: error(config, trained[arm, rate], "test") for arm, rate in rates.items()}
    return (
        {f"test_error.{arm}": found for arm, found in errors.items()}
        | {f"learning_rate.{arm}": rate for arm, rate in rates.items()}
        | {
            "test_error_more.xavier_than_he": errors["fourteen_xavier"] - errors["fourteen"],
            "test_error_ratio.xavier_over_he": errors["fourteen_xavier"] / errors["fourteen"],
            "test_error_more.thirty_than_fourteen": errors["thirty"] - errors["fourteen"],
            "test_error_more.fourteen_than_three": errors["fourteen"] - errors["three"],
        }
    )


def by_update(config: Config, per_draw: Sequence[Mapping[Job, Course]]) -> list[Row]:
    """Average the validation errors at the rates chosen: rows of arm, update and mean."""
    return [
        mean_row(
            [
                trained[arm, chosen(config, arm, trained)].looks[mark]["validation"]
                for trained in per_draw
            ],
            arm=arm,
            update=mark,
        )
        for arm in config.arms
        for mark in config.marks
    ]


def by_rate(config: Config, per_draw: Sequence[Mapping[Job, Course]]) -> list[Row]:
    """Average the test errors of each learning rate over the draws in which it did not diverge.

    Args:
        config: the settings.
        per_draw: for each draw, what is left of each training.

    Returns:
        Rows of arm, learning rate, in how many draws it diverged, and the mean error of the others.
    """
    found: list[Row] = []
    for arm, rate in per_draw[0]:
        errors = [error(config, trained[arm, rate], "test") for trained in per_draw]
        found.append(finite_row(errors, arm=arm, learning_rate=rate))
    return found
