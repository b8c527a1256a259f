"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from functools import partial
from itertools import product
from math import log2
from statistics import geometric_mean
from typing import Annotated, TypeAlias

from annotated_types import Ge, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.classification import Splits, Task, splits
from study.lab.inits import Distribution, over_fan_in
from study.lab.mnist import Mnist
from study.lab.networks import classifier
from study.lab.rate_search import Search, search
from study.lab.training import History, Schedule, error_rate, sgd
from study.record.checks import check_batch, check_distinct, check_names
from study.record.draws import Draw, Draws, Row, means, samples
from study.record.results import Table, mean_row
from study.record.settings import (
    STRICT,
    Count,
    Fraction,
    LearningRate,
    Named,
    NonEmpty,
    Settings,
    Variance,
)

RIGHT_SIZES = ("he", "he_uniform")
"""The arms of the paper whose signal neither grows nor shrinks from layer to layer."""
WRONG_SIZES = ("truncated", "doubled", "halved")
"""Those whose signal does."""

Job: TypeAlias = tuple[str, int]
"""Which network: the arm and the depth."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """Weights of a distribution, of variance weight_variance over fan_in before it is truncated."""

    distribution: Distribution
    weight_variance: Variance


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the data, how deep the networks are, and how they are trained.

    A training is over when it has made ``updates`` updates, or sooner if its error on the
    validation images, asked for every ``asked`` updates, is down at ``target_error``.
    """

    images: Count
    validation: Count
    batch: Count
    updates: Count
    asked: Count
    target_error: Fraction
    learning_rates: NonEmpty[LearningRate]
    depths: Annotated[tuple[Annotated[int, Ge(2), Le(1000)], ...], MinLen(2)]
    arms: Named[Arm]

    def __post_init__(self) -> None:
        """Refuse trainings that cannot be made or are named twice, and missing arms."""
        check_batch(self.batch, self.images)
        check_distinct("learning_rates", self.learning_rates)
        check_distinct("depths", self.depths)
        check_names("arms", self.arms, (*RIGHT_SIZES, *WRONG_SIZES, "corrected"))


def prepare(config: Config, mnist: Mnist) -> Splits:
    """Take the first images of the training and the validation split.

    Args:
        config: the settings.
        mnist: the data.

    Raises:
        StudyError: if there are not so many.
    """
    return splits(mnist, training=config.images, validation=config.validation)


def measure(config: Config, inputs: Splits, draw: int) -> Draw:
    """Train every network with every learning rate until it has started.

    Args:
        config: the settings.
        inputs: the images and their labels.
        draw: index of the draw.

    Returns:
        The updates of each arm in the shallowest and the deepest networks and their ratios; in
        ``updates`` those of all depths, and in ``rates`` those of each learning rate.
    """
    trainings = search(
        product(config.arms, config.depths),
        lambda _: config.learning_rates,
        partial(train_job, config, inputs, draw),
        score=partial(updates_needed, config),
    )
    updates = {job: updates_needed(config, trainings.best(job)) for job in trainings.outcomes}
    return Draw(quantities(config, updates), rows(config, trainings, updates))


# Training ----------------------------------------------------------------------------------------


def train_job(config: Config, inputs: Splits, draw: int, job: Job, rate: float) -> History:
    """Train one network until it has started or its updates are spent.

    Args:
        config: the settings.
        inputs: the images and their labels.
        draw: index of the draw.
        job: its arm and depth.
        rate: the learning rate.

    Returns:
        The losses, and the error on the validation images each time it was asked for.
    """
    arm, depth = job
    errors = [1.0]

    def evaluate(network: nn.Module) -> dict[str, float]:
        errors.append(error_rate(network, inputs.validation.images, inputs.validation.labels))
        return {"error": errors[-1]}

    return Task(inputs.training, config.seed, draw).fit(
        lambda: make_network(config.arms[arm], depth, config.seed, draw, inputs.training.images),
        Schedule(config.batch, config.updates, tuple(range(0, config.updates + 1, config.asked))),
        sgd(rate),
        evaluate=evaluate,
        # What a network tells right before it is trained is luck.
        stop_when=lambda losses: len(losses) >= config.asked and errors[-1] <= config.target_error,
        name=f"{arm}-{depth}-{rate}",
    )


def make_network(arm: Arm, depth: int, seed: int, draw: int, images: Tensor) -> nn.Sequential:
    """Make a network, as wide as it is deep, as it is before training.

    Args:
        arm: the distribution and the variance of its weights.
        depth: the number of its linear layers, and of the units of each hidden one.
        seed: the experiment's seed.
        draw: index of the draw; all arms of a draw and a depth share their random numbers.
        images: of shape (images, pixels).

    Returns:
        Linear layers with ReLUs between them.
    """
    initialisation = over_fan_in(arm.weight_variance, arm.distribution)
    return classifier(images, [depth] * (depth - 1), initialisation, nn.ReLU, seed=seed, draw=draw)


# What is read of it ------------------------------------------------------------------------------


def updates_needed(config: Config, history: History) -> float:
    """Return after how many updates the error is first down at the target.

    Args:
        config: the settings.
        history: what is left of a training.

    Returns:
        The number of updates; all that were allowed, if it never is.
    """
    evaluations = (
        update
        for update, metrics in sorted(history.metrics.items())
        if update > 0 and metrics["error"] <= config.target_error
    )
    return float(next(evaluations, config.updates))


def quantities(config: Config, updates: Mapping[Job, float]) -> dict[str, float]:
    """Compare the arms of a draw.

    Args:
        config: the settings.
        updates: the updates of each network, at the learning rate that needs fewest.

    Returns:
        The updates of each arm in the shallowest and in the deepest networks; and, in the deepest,
        the logarithm to base two of a ratio: of the quickest arm of a wrong size to the geometric
        mean of the right ones, and of truncated weights to corrected ones.
    """
    shallowest, deepest = min(config.depths), max(config.depths)
    values = {
        f"updates.{arm}_{name}": updates[arm, depth]
        for arm in config.arms
        for name, depth in (("shallowest", shallowest), ("deepest", deepest))
    }
    right_sizes, wrong_sizes = (
        [values[f"updates.{arm}_deepest"] for arm in arms] for arms in (RIGHT_SIZES, WRONG_SIZES)
    )
    correction = values["updates.truncated_deepest"] / values["updates.corrected_deepest"]
    ratios = {
        "log2_updates.wrong_over_right": log2(min(wrong_sizes) / geometric_mean(right_sizes)),
        "log2_updates.truncated_over_corrected": log2(correction),
    }
    # Where updates are cut off their order still counts, and so the median.
    return values | ratios | {f"median.{key}": ratio for key, ratio in ratios.items()}


def rows(
    config: Config, trainings: Search[Job, History], updates: Mapping[Job, float]
) -> dict[str, list[Row]]:
    """Return the updates of a draw, of each learning rate and of the one that needs fewest.

    Args:
        config: the settings.
        trainings: what is left of the trainings of each network.
        updates: the updates of each network, at the learning rate that needs fewest.
    """
    return {
        "updates": [
            {"arm": arm, "depth": depth, "sample": count} for (arm, depth), count in updates.items()
        ],
        "rates": [
            *trainings.rows(
                lambda job: {"arm": job[0], "depth": job[1]}, partial(updates_needed, config)
            )
        ],
    }


def tables(config: Config, draws: Draws) -> dict[str, Table]:
    """Average the updates over the draws, and count the draws that did not start.

    Args:
        config: the settings.
        draws: the draws.
    """
    updates = [
        mean_row(
            counts, arm=arm, depth=depth, never=sum(count >= config.updates for count in counts)
        )
        for (arm, depth), counts in samples(draws, "updates").items()
    ]
    return {"updates": updates, "rates": means(draws, "rates")}
