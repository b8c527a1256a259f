"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import log, log2, sqrt
from statistics import fmean, linear_regression
from typing import Annotated, Literal, NamedTuple, TypeAlias, TypedDict

import torch
from annotated_types import Ge, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.classification import CHANCE_ERROR, Splits, Task, error_rates, share_learnt, splits
from study.lab.inits import over_fan_in
from study.lab.mnist import Mnist, Split
from study.lab.networks import classifier, linear_layers
from study.lab.rate_search import search
from study.lab.training import (
    History,
    Optimiser,
    Schedule,
    adam,
    reached,
    sgd,
    updates_needed,
)
from study.record.checks import (
    check_ascending,
    check_batch,
    check_distinct,
    check_evaluate_at,
    check_known,
    check_names,
    check_one_of,
)
from study.record.draws import Draw, Draws, Row, finite_means, means, samples
from study.record.estimates import rate as share_of
from study.record.results import Table, finite_row
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    Momentum,
    Named,
    NonEmpty,
    Positive,
    Seed,
    Settings,
    Several,
    Variance,
    Whole,
    Width,
)

GUESS_SHARE = 0.1
"""A network that has learnt no larger share of what separates a guess from no error may guess."""

RATE_PAIRS = {
    "best_rate": ("he_rates", "xavier_rates"),
    "best_rate_adam": ("he_rates_adam", "xavier_rates_adam"),
}
"""Ladders of the two starts, each at the learning rate that a search has chosen, by quantity."""
COMPARED_LADDERS = (
    "he",
    "xavier",
    "xavier_unbiased",
    *(name for pair in RATE_PAIRS.values() for name in pair),
)
"""Ladders that are compared with one another."""
NETWORKS_APART = 100_000
"""How far the indices of a draw's networks lie apart, more than there are draws in a run."""

Scale: TypeAlias = Literal["standardised", "unit"]
Inputs: TypeAlias = Mapping[Scale, Splits]
"""The images by the scale of their pixels."""
Counts: TypeAlias = Mapping[str, Mapping[int, float]]
"""The updates to the target, by ladder and depth."""


class Job(NamedTuple):
    """Which training: of which arm, with how many layers, how and on what, and which network.

    ``network`` counts those of one draw that differ in nothing but their random numbers.
    """

    arm: str
    depth: int
    learning_rate: float
    optimiser: Literal["momentum", "adam"] = "momentum"
    images: Scale = "standardised"
    network: int = 0


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
    images: Scale
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
        return Job(arm, self.depth, self.learning_rate, images=self.images)


@dataclass(frozen=True, config=STRICT)
class Ladder:
    """Networks of one arm and many depths that are trained until they have reached the target.

    Of several learning rates one is chosen by a search. Of each depth there are so many networks
    in a draw, of which the mean of the updates counts.
    """

    arm: str
    depths: Annotated[tuple[Annotated[int, Ge(2), Le(1000)], ...], MinLen(1)]
    optimiser: Literal["momentum", "adam"]
    learning_rates: NonEmpty[LearningRate]
    networks: Annotated[int, Ge(1), Le(100)]
    updates: Count
    growth_through: Several

    def __post_init__(self) -> None:
        """Refuse depths that are out of order, a rate twice, and a search over several depths."""
        check_ascending("depths", self.depths)
        check_distinct("learning_rates", self.learning_rates)
        if self.searched and len(self.depths) > 1:
            raise ValueError(
                f"learning_rates={[*self.learning_rates]}, depths={[*self.depths]}: "
                "a choice of rates needs one depth"
            )

    @property
    def searched(self) -> bool:
        """Whether there are learning rates to choose from."""
        return len(self.learning_rates) > 1

    def jobs(self, depth: int, learning_rate: float) -> list[Job]:
        """Return the trainings of one depth."""
        return [
            Job(self.arm, depth, learning_rate, self.optimiser, network=network)
            for network in range(self.networks)
        ]


@dataclass(frozen=True, config=STRICT)
class RateSearch:
    """How many draws, of a seed of their own, choose learning rates."""

    seed: Seed
    draws: Count


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
    search: RateSearch
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


class Choice(TypedDict):
    """What is decided before the draws.

    ``updates`` has, for each ladder with a choice, the updates of each training of the search by
    learning rate; ``learning_rates`` the rate of each ladder.
    """

    updates: dict[str, dict[str, list[float]]]
    learning_rates: dict[str, float]


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training and of the validation split.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The images standardised, and with pixels from 0 to 1.
    """
    standardised = splits(mnist, training=config.images, validation=config.validation)
    brightest = mnist.train.images.max()

    def unit(split: Split, count: int) -> Split:
        pixels = split.first(count)
        return Split(pixels.images / brightest, pixels.labels)

    pixels = standardised._replace(
        training=unit(mnist.train, config.images),
        validation=unit(mnist.validation, config.validation),
    )
    return {"standardised": standardised, "unit": pixels}


def choose(config: Config, inputs: Inputs) -> Choice:
    """Choose the learning rates with the fewest updates, by trainings that no draw has.

    Args:
        config: the settings.
        inputs: the images.

    Returns:
        The rates, and the updates of all trainings of the search.
    """

    def trained(name: str, rate: float) -> list[float]:
        ladder = config.ladders[name]
        (depth,) = ladder.depths
        job, schedule = ladder.jobs(depth, rate)[0], Schedule(config.batch, ladder.updates)
        histories = (
            train_job(config, inputs[job.images], config.search.seed, draw, job, schedule)
            for draw in range(config.search.draws)
        )
        return [needed(config, ladder, history) for history in histories]

    rate_search = search(
        [name for name, ladder in config.ladders.items() if ladder.searched],
        lambda name: config.ladders[name].learning_rates,
        trained,
        score=fmean,
    )
    return Choice(
        updates={
            name: {str(rate): updates for rate, updates in by_rate.items()}
            for name, by_rate in rate_search.outcomes.items()
        },
        learning_rates={
            name: rate_search.rate(name) if ladder.searched else ladder.learning_rates[0]
            for name, ladder in config.ladders.items()
        },
    )


def measure(config: Config, inputs: Inputs, draw: int, choice: Choice) -> Draw:
    """Train every network, from the same random numbers.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.
        choice: the learning rates.

    Returns:
        What the claims read; the errors by update, and the updates by depth.
    """
    rates = choice["learning_rates"]
    histories = {
        job: train_job(config, inputs[job.images], config.seed, draw, job, schedule)
        for job, schedule in jobs(config, rates).items()
    }
    updates = {name: counted(config, name, rates[name], histories) for name in config.ladders}
    return Draw(
        in_updates(config, updates) | learnt(config, histories),
        {"errors": error_rows(config, histories), "updates": update_rows(updates, rates)},
    )


def exact(config: Config, _inputs: Inputs, choice: Choice) -> dict[str, float]:
    """Return the learning rates chosen, and whether one is the least or the greatest of its grid.

    Args:
        config: the settings.
        _inputs: the images.
        choice: what the search found.
    """
    values: dict[str, float] = {}
    for name, ladder in config.ladders.items():
        if ladder.searched:
            rate, grid = choice["learning_rates"][name], ladder.learning_rates
            values[f"learning_rate.{name}"] = rate
            values[f"at_an_edge.{name}"] = float(rate in {min(grid), max(grid)})
    return values


# Training ----------------------------------------------------------------------------------------


def jobs(config: Config, learning_rates: Mapping[str, float]) -> dict[Job, Schedule]:
    """List the trainings, each once, with how long each is trained.

    One that is followed to its end counts in a ladder too; the others end at the target, or after
    the updates of the ladder that has most.
    """
    schedules = {
        job: Schedule(config.batch, ladder.updates)
        for name, ladder in sorted(config.ladders.items(), key=lambda item: item[1].updates)
        for depth in ladder.depths
        for job in ladder.jobs(depth, learning_rates[name])
    }
    for course in config.courses.values():
        for arm in course.arms:
            schedules[course.job(arm)] = Schedule(config.batch, course.updates, course.evaluate_at)
    return schedules


def train_job(  # noqa: PLR0913, PLR0917 - two numbers name the draw
    config: Config, images: Splits, seed: int, draw: int, job: Job, schedule: Schedule
) -> History:
    """Train one network, up to the target unless its error is evaluated on the way.

    Args:
        config: the settings.
        images: at the scale of this training.
        seed: of the draws, or of the search.
        draw: index of the draw.
        job: which network, and how it is trained.
        schedule: for how long.
    """
    task = Task(images.training, seed, draw + NETWORKS_APART * job.network)
    return task.fit(
        lambda: make_network(config, config.arms[job.arm], job.depth, task),
        schedule,
        optimiser(config, job),
        evaluate=error_rates(error=images.validation),
        stop_when=None if schedule.evaluate_at else reached(config.target_loss, config.window),
        name="-".join(map(str, (seed, *job))),
    )


def optimiser(config: Config, job: Job) -> Optimiser:
    """Return what makes the updates of a training."""
    if job.optimiser == "adam":
        return adam(job.learning_rate)
    return sgd(job.learning_rate, momentum=config.momentum)


def make_network(config: Config, arm: Arm, depth: int, task: Task) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        arm: what it starts from.
        depth: its layers.
        task: the draw, whose networks share their random numbers, and the images, of which the
            first minibatch sets the scale of layers of unit variance.

    Returns:
        Linear layers with ReLUs between them.
    """
    images, hidden = task.training.images, [config.width] * (depth - 1)
    initialisation = over_fan_in(arm.weight_variance)
    network = classifier(images, hidden, initialisation, nn.ReLU, seed=task.seed, draw=task.draw)
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


def needed(config: Config, ladder: Ladder, history: History) -> float:
    """Count the updates to the target.

    Where it is not reached, be it that the training diverged, all updates of the ladder count.
    """
    losses = history.losses[: ladder.updates]
    return updates_needed(losses, config.target_loss, config.window, cap=ladder.updates)


def counted(
    config: Config, name: str, learning_rate: float, histories: Mapping[Job, History]
) -> dict[int, float]:
    """Count the updates to the target on a ladder, by depth."""
    ladder = config.ladders[name]
    return {
        depth: fmean(
            needed(config, ladder, histories[job]) for job in ladder.jobs(depth, learning_rate)
        )
        for depth in ladder.depths
    }


def in_updates(config: Config, updates: Counts) -> dict[str, float]:
    """Compare the updates of two starts, and those of one over the depths; give them by key."""
    values: dict[str, float] = {}
    for name, ladder in config.ladders.items():
        depths = [depth for depth in ladder.depths if depth <= ladder.growth_through]
        if len(depths) > 1:
            counts = [log(updates[name][depth]) for depth in depths]
            values[f"log_growth.{name}"] = linear_regression(depths, counts).slope
            logs = [log(depth) for depth in depths]
            values[f"log_log_growth.{name}"] = linear_regression(logs, counts).slope
            misfits = [misfit(x, counts) for x in (depths, logs)]
            values[f"log2_exponential_over_power_misfit.{name}"] = (
                log2(misfits[0] / misfits[1]) if min(misfits) > 0 else 0.0
            )
            values[f"updates.{name}_deepest"] = updates[name][ladder.depths[-1]]
        if [depth / ladder.depths[0] for depth in ladder.depths] == [1, 2, 4]:
            values[f"second_doubling_over_first.{name}"] = second_over_first(
                [*updates[name].values()]
            )
    for name, course in config.courses.items():
        compared_arms = {"he", "xavier"}
        if (
            compared_arms <= {*course.arms}
            and course.images == "standardised"
            and all(course.depth in updates[arm] for arm in compared_arms)
        ):
            he, xavier = updates["he"][course.depth], updates["xavier"][course.depth]
            values |= {f"updates.he_{name}": he, f"updates.xavier_{name}": xavier}
            values[f"log2_xavier_over_he.{name}"] = log2(xavier / he)
    deepest = config.ladders["xavier_unbiased"].depths[-1]
    values["log2_without_over_with_biases.xavier"] = log2(
        updates["xavier_unbiased"][deepest] / updates["xavier"][deepest]
    )
    for quantity, names in RATE_PAIRS.items():
        he, xavier = (updates[name][config.ladders[name].depths[0]] for name in names)
        values |= {
            f"updates.{name}": count for name, count in zip(names, (he, xavier), strict=True)
        }
        values[f"log2_xavier_over_he.{quantity}"] = log2(xavier / he)
    return values


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


def learnt(config: Config, histories: Mapping[Job, History]) -> dict[str, float]:
    """Return the shares learnt of what separates a guess from no error, early and last.

    And for each, whether the early one is that of a guess, 1 or 0.
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


def update_rows(updates: Counts, learning_rates: Mapping[str, float]) -> list[Row]:
    """Return the updates to the target: rows of ladder, depth and learning rate."""
    return [
        {
            "ladder": name,
            "depth": depth,
            "learning_rate": learning_rates[name],
            "sample": count,
        }
        for name, by_depth in updates.items()
        for depth, count in by_depth.items()
    ]


# Tables ------------------------------------------------------------------------------------------


def tables(config: Config, draws: Draws, choice: Choice) -> dict[str, Table]:
    """Average the errors, sum up the ladders, and write down the search.

    Args:
        config: the settings.
        draws: the draws.
        choice: what the search found.

    Returns:
        ``errors`` and ``updates``; ``rates``, the updates by ladder and learning rate, means over
        the draws of the search.
    """
    rates: Table = [
        finite_row(counts, ladder=name, learning_rate=float(rate))
        for name, by_rate in choice["updates"].items()
        for rate, counts in by_rate.items()
    ]
    return {
        "errors": finite_means(draws, "errors"),
        "updates": by_depth(config, draws),
        "rates": rates,
    }


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
