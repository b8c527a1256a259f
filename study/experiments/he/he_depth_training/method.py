"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import log, log2, sqrt
from statistics import fmean, linear_regression
from typing import Annotated, TypeAlias

import torch
from annotated_types import Ge, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.classification import CHANCE_ERROR, Splits, Task, error_rates, share_learnt, splits
from study.lab.inits import over_fan_in
from study.lab.mnist import Mnist
from study.lab.networks import classifier, linear_layers
from study.lab.training import History, Schedule, reached, sgd, updates_needed
from study.record.checks import (
    check_ascending,
    check_batch,
    check_distinct,
    check_evaluate_at,
    check_known,
    check_names,
    check_one_of,
)
from study.record.draws import Draw, Draws, Row, means, samples
from study.record.estimates import rate as share_of
from study.record.results import Table
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    Momentum,
    Named,
    NonEmpty,
    Positive,
    Settings,
    Several,
    Variance,
    Whole,
    Width,
)

GUESS_SHARE = 0.1
"""A network that has learnt no larger share of what separates a guess from no error may guess."""

Job: TypeAlias = tuple[str, int, float]
"""Which training: the arm, the depth and the learning rate."""
COMPARED_LADDERS = ("he", "xavier", "xavier_unbiased", "he_rates", "xavier_rates")
"""Ladders that are compared with one another."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """Weights of variance weight_variance over fan_in, and whether the biases are trained.

    With ``unit_variance`` each layer is divided by the deviation of its preactivations.
    """

    weight_variance: Variance
    biases: bool
    unit_variance: bool


@dataclass(frozen=True, config=STRICT)
class Course:
    """Networks of one depth that are trained for a number of updates and evaluated on the way."""

    depth: Annotated[int, Ge(2), Le(1000)]
    arms: NonEmpty[str]
    learning_rate: LearningRate
    updates: Count
    evaluate_at: NonEmpty[Whole]
    early: Whole

    def __post_init__(self) -> None:
        """Refuse an arm twice, evaluations that no training passes, and an early one of none."""
        check_distinct("arms", self.arms)
        check_evaluate_at(self.evaluate_at, self.updates)
        check_one_of("early", self.early, "evaluate_at", self.evaluate_at)

    def job(self, arm: str) -> Job:
        """Return which training is that of an arm."""
        return arm, self.depth, self.learning_rate


@dataclass(frozen=True, config=STRICT)
class Ladder:
    """Networks of one arm and many depths that are trained until they have reached the target."""

    arm: str
    depths: Annotated[tuple[Annotated[int, Ge(2), Le(1000)], ...], MinLen(1)]
    learning_rates: NonEmpty[LearningRate]
    updates: Count
    growth_through: Several

    def __post_init__(self) -> None:
        """Refuse depths that are out of order, and a learning rate twice."""
        check_ascending("depths", self.depths)
        check_distinct("learning_rates", self.learning_rates)


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the data, how networks are trained, what they start from and how deep they are."""

    images: Several
    validation: Count
    width: Width
    batch: Count
    momentum: Momentum
    target_loss: Positive
    window: Count
    budget: Count
    arms: dict[str, Arm]
    courses: Named[Course]
    ladders: dict[str, Ladder]

    def __post_init__(self) -> None:
        """Refuse arms that are not there, ladders without a counterpart, and a training twice."""
        check_batch(self.batch, self.images)
        check_arms(self)
        check_ladders(self.ladders)
        check_courses(self.courses)


def check_arms(config: Config) -> None:
    """Refuse courses and ladders of an arm that is not there."""
    named_arms = {f"courses.{name}.arms": course.arms for name, course in config.courses.items()}
    named_arms |= {f"ladders.{name}.arm": (ladder.arm,) for name, ladder in config.ladders.items()}
    for field, arms in named_arms.items():
        check_known(field, arms, config.arms)


def check_ladders(ladders: Mapping[str, Ladder]) -> None:
    """Refuse ladders of which one has nothing to be compared with."""
    check_names("ladders", ladders, COMPARED_LADDERS)
    plain_depths, biased_depths = ladders["xavier_unbiased"].depths, ladders["xavier"].depths
    if plain_depths[-1] not in biased_depths:
        raise ValueError(
            f"ladders.xavier_unbiased.depths={[*plain_depths]}, "
            f"ladders.xavier.depths={[*biased_depths]}: {plain_depths[-1]} must be in both"
        )


def check_courses(courses: Mapping[str, Course]) -> None:
    """Refuse one training in two courses that follow it differently."""
    first_of: dict[Job, tuple[str, Course]] = {}
    for name, course in courses.items():
        for arm in course.arms:
            other_name, other_course = first_of.setdefault(course.job(arm), (name, course))
            for field, other_value, value in (
                ("updates", other_course.updates, course.updates),
                ("evaluate_at", [*other_course.evaluate_at], [*course.evaluate_at]),
            ):
                if value != other_value:
                    raise ValueError(
                        f"courses.{other_name}.{field}={other_value}, "
                        f"courses.{name}.{field}={value}: must be the same, as both "
                        f"train {arm} of {course.depth} layers at one rate"
                    )


def prepare(config: Config, mnist: Mnist) -> Splits:
    """Take the first images of the training and of the validation split.

    Args:
        config: the settings.
        mnist: the data.
    """
    return splits(mnist, training=config.images, validation=config.validation)


def measure(config: Config, inputs: Splits, draw: int) -> Draw:
    """Train every network, from the same random numbers.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What the claims read; the errors by update, and the updates by depth.
    """
    histories = {
        job: train_job(config, inputs, draw, job, schedule)
        for job, schedule in jobs(config).items()
    }
    updates = {name: counted(config, name, histories) for name in config.ladders}
    return Draw(
        in_updates(config, updates) | learnt(config, histories),
        {"errors": error_rows(config, histories), "updates": update_rows(updates)},
    )


# Training ----------------------------------------------------------------------------------------


def jobs(config: Config) -> dict[Job, Schedule]:
    """List the trainings, each once, with how long each is trained.

    One that is followed to its end counts in a ladder too; the others end at the target, or after
    the updates of the ladder that has most.
    """
    schedules = {
        (ladder.arm, depth, rate): Schedule(config.batch, ladder.updates)
        for ladder in sorted(config.ladders.values(), key=lambda ladder: ladder.updates)
        for depth in ladder.depths
        for rate in ladder.learning_rates
    }
    for course in config.courses.values():
        for arm in course.arms:
            schedules[course.job(arm)] = Schedule(config.batch, course.updates, course.evaluate_at)
    return schedules


def train_job(config: Config, inputs: Splits, draw: int, job: Job, schedule: Schedule) -> History:
    """Train one network, up to the target unless its error is evaluated on the way."""
    arm, depth, rate = job
    return Task(inputs.training, config.seed, draw).fit(
        lambda: make_network(config, config.arms[arm], depth, draw, inputs.training.images),
        schedule,
        sgd(rate, momentum=config.momentum),
        evaluate=error_rates(error=inputs.validation),
        stop_when=None if schedule.evaluate_at else reached(config.target_loss, config.window),
        name=f"{arm}-{depth}-{rate}",
    )


def make_network(config: Config, arm: Arm, depth: int, draw: int, images: Tensor) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        arm: what it starts from.
        depth: its layers.
        draw: index of the draw; networks of one draw share their random numbers.
        images: the first minibatch of them sets the scale of layers of unit variance.

    Returns:
        Linear layers with ReLUs between them.
    """
    hidden, initialisation = [config.width] * (depth - 1), over_fan_in(arm.weight_variance)
    network = classifier(images, hidden, initialisation, nn.ReLU, seed=config.seed, draw=draw)
    if arm.unit_variance:
        scale_(network, images[: config.batch])
    if not arm.biases:
        for layer in linear_layers(network):
            layer.bias.requires_grad = False
    return network


@torch.no_grad()
def scale_(network: nn.Sequential, signal: Tensor) -> None:
    """Divide each layer's weights, in place, by the deviation of its preactivations of a signal."""
    for layer in network:
        if isinstance(layer, nn.Linear):
            layer.weight.div_(layer(signal).std())
        signal = layer(signal)


# What is read of it ------------------------------------------------------------------------------


def counted(
    config: Config, name: str, histories: Mapping[Job, History]
) -> dict[tuple[int, float], float]:
    """Count the updates to the target on a ladder, by depth and learning rate.

    Where it is not reached, be it that the training diverged, all updates of the ladder count.
    """
    ladder = config.ladders[name]
    counts = {}
    for depth in ladder.depths:
        for rate in ladder.learning_rates:
            losses = histories[ladder.arm, depth, rate].losses[: ladder.updates]
            counts[depth, rate] = updates_needed(
                losses, config.target_loss, config.window, cap=ladder.updates
            )
    return counts


def in_updates(
    config: Config, updates: Mapping[str, Mapping[tuple[int, float], float]]
) -> dict[str, float]:
    """Compare the updates of two starts, and those of one over the depths; give them by key."""
    first = {
        name: {depth: fewest(updates[name], depth) for depth in ladder.depths}
        for name, ladder in config.ladders.items()
    }
    values: dict[str, float] = {}
    for name, ladder in config.ladders.items():
        depths = [depth for depth in ladder.depths if depth <= ladder.growth_through]
        if len(depths) > 1:
            counts = [log(first[name][depth]) for depth in depths]
            values[f"log_growth.{name}"] = linear_regression(depths, counts).slope
            logs = [log(depth) for depth in depths]
            values[f"log_log_growth.{name}"] = linear_regression(logs, counts).slope
            misfits = [misfit(x, counts) for x in (depths, logs)]
            values[f"log2_exponential_over_power_misfit.{name}"] = (
                log2(misfits[0] / misfits[1]) if min(misfits) > 0 else 0.0
            )
            values[f"updates.{name}_deepest"] = first[name][ladder.depths[-1]]
        if [depth / ladder.depths[0] for depth in ladder.depths] == [1, 2, 4]:
            values[f"second_doubling_over_first.{name}"] = second_over_first(
                [*first[name].values()]
            )
    for name, course in config.courses.items():
        compared_arms = {"he", "xavier"}
        if compared_arms <= {*course.arms} and all(
            course.depth in first[arm] for arm in compared_arms
        ):
            he, xavier = first["he"][course.depth], first["xavier"][course.depth]
            values |= {f"updates.he_{name}": he, f"updates.xavier_{name}": xavier}
            values[f"log2_xavier_over_he.{name}"] = log2(xavier / he)
    deepest = config.ladders["xavier_unbiased"].depths[-1]
    values["log2_without_over_with_biases.xavier"] = log2(
        first["xavier_unbiased"][deepest] / first["xavier"][deepest]
    )
    of_rates = [min(updates[f"{arm}_rates"].values()) for arm in ("xavier", "he")]
    return values | {"log2_xavier_over_he.best_rate": log2(of_rates[0] / of_rates[1])}


def misfit(x: Sequence[float], y: Sequence[float]) -> float:
    """Return the root mean square by which numbers miss the straight line that fits them best.

    >>> round(misfit([0.0, 1.0, 2.0], [0.0, 3.0, 0.0]), 9)
    1.414213562
    """
    line = linear_regression(x, y)
    residuals = [(b - line.intercept - line.slope * a) ** 2 for a, b in zip(x, y, strict=True)]
    return sqrt(fmean(residuals))


def second_over_first(updates: Sequence[float]) -> float:
    """Compare what two doublings of the depth do to the logarithm of the updates.

    Args:
        updates: at a depth, at twice that depth and at four times it.

    Returns:
        The growth of the logarithm in the second doubling over that in the first: 1 for a power of
        the depth, 2 for an exponential; 0 where the first doubling needs no more updates.

    >>> round(second_over_first([depth**2.1 for depth in (10, 20, 40)]), 9)
    1.0
    >>> round(second_over_first([1.1**depth for depth in (10, 20, 40)]), 9)
    2.0
    """
    first, second = (
        log(updates_after / updates_before) for updates_before, updates_after in pairwise(updates)
    )
    return second / first if first > 0 else 0.0


def fewest(updates: Mapping[tuple[int, float], float], depth: int) -> float:
    """Return the updates at the best learning rate.

    >>> fewest({(10, 0.1): 5.0, (10, 0.2): 3.0, (20, 0.1): 1.0}, 10)
    3.0
    """
    return min(count for (network_depth, _), count in updates.items() if network_depth == depth)


def learnt(config: Config, histories: Mapping[Job, History]) -> dict[str, float]:
    """Return the share that is learnt of what separates a guess from no error, early and last.

    And whether it is early that of a guess, 1 or 0.
    """
    values = {}
    for name, course in config.courses.items():
        last = []
        for arm in course.arms:
            metrics = histories[course.job(arm)].metrics
            last.append(share_learnt(metrics[course.evaluate_at[-1]]["error"], CHANCE_ERROR))
            values[f"learnt.{arm}_{name}"] = last[-1]
            early_share = share_learnt(metrics[course.early]["error"], CHANCE_ERROR)
            values[f"learnt_early.{arm}_{name}"] = early_share
            values[f"rate.nothing_learnt_early.{arm}_{name}"] = float(
                abs(early_share) <= GUESS_SHARE
            )
        values[f"learnt_by_worse.{name}"] = min(last)
    return values


def error_rows(config: Config, histories: Mapping[Job, History]) -> list[Row]:
    """Return the validation errors at the evaluations: rows of course, arm and update."""
    return [
        {
            "course": name,
            "arm": arm,
            "update": update,
            "sample": histories[course.job(arm)].metrics[update]["error"],
        }
        for name, course in config.courses.items()
        for arm in course.arms
        for update in course.evaluate_at
    ]


def update_rows(updates: Mapping[str, Mapping[tuple[int, float], float]]) -> list[Row]:
    """Return the updates to the target: rows of ladder, depth and learning rate."""
    return [
        {"ladder": name, "depth": depth, "learning_rate": rate, "sample": count}
        for name, ladder in updates.items()
        for (depth, rate), count in ladder.items()
    ]


# Tables ------------------------------------------------------------------------------------------


def tables(config: Config, draws: Draws) -> dict[str, Table]:
    """Average the errors, and sum up the ladders.

    Args:
        config: the settings.
        draws: the draws.
    """
    return {"errors": means(draws, "errors"), "updates": by_depth(config, draws)}


def by_depth(config: Config, draws: Draws) -> Table:
    """Sum up the ladders over the draws.

    Args:
        config: the settings.
        draws: the draws.

    Returns:
        Rows of ladder, depth, learning rate, the mean number of updates, how many draws had not
        reached the target at the last one, and the share that had within the budget, with Wilson's
        interval.
    """
    rows: list[Row] = []
    by_label = samples(draws, "updates").values()
    for row, counts in zip(means(draws, "updates"), by_label, strict=True):
        success = share_of([float(count <= config.budget) for count in counts])
        rows.append(
            row
            | {"censored": counts.count(config.ladders[str(row["ladder"])].updates)}
            | {"success": success.mean, "success_half_width": success.half_width}
        )
    return rows
