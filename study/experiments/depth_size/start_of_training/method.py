"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, product
from math import log2, sqrt
from statistics import geometric_mean
from typing import Annotated, TypeAlias

import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.inits import Law, random_generator
from study.lab.mnist import Mnist, Split
from study.lab.networks import dense
from study.lab.parallel import side_by_side
from study.lab.training import Course, Recipe, error_rate, fit, sgd
from study.record.experiment import STRICT
from study.record.results import Result, mean_row

CLASSES = 10
RIGHT_SIZES = ("he", "he_uniform")
"""The arms of the paper whose signal neither grows nor shrinks from layer to layer."""
WRONG_SIZES = ("truncated", "doubled", "halved")
"""Those whose signal does."""

Job: TypeAlias = tuple[str, int, float]
"""Which training: the arm, the depth and the learning rate."""
Row: TypeAlias = Mapping[str, str | int | float]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """Weights of a law, whose variance is weight_variance over fan_in before it is truncated."""

    law: Law
    weight_variance: Annotated[float, Gt(0), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the data, how deep the networks are, and how they are trained.

    A training is over when it has made ``updates`` updates, or sooner if its error on the
    validation images, asked for every ``asked`` updates, is down at ``target_error``.
    """

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(1)]
    validation: Annotated[int, Ge(1)]
    batch: Annotated[int, Ge(1)]
    updates: Annotated[int, Ge(1)]
    asked: Annotated[int, Ge(1)]
    target_error: Annotated[float, Gt(0), Lt(1)]
    learning_rates: Annotated[tuple[Annotated[float, Gt(0)], ...], MinLen(1)]
    depths: Annotated[tuple[Annotated[int, Ge(2), Le(1000)], ...], MinLen(2)]
    arms: Annotated[dict[str, Arm], MinLen(1)]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Train every network of every draw with every learning rate until it has started.

    Args:
        config: the settings.
        mnist: the data; the first images of its training and validation splits are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the updates of each arm in the shallowest and the deepest networks and their
        ratios; over all draws, those of all depths, and what each learning rate gave.
    """
    training, validation = (
        Split(mnist.standardised(part.images), part.labels)
        for part in (mnist.train.first(config.images), mnist.validation.first(config.validation))
    )
    jobs = list(product(config.arms, config.depths, config.learning_rates))
    samples, per_draw = {}, []
    for draw in draws:

        def one(job: Job, draw: int = draw) -> float:
            return updates_needed(config, train_one(config, job, draw, training, validation))

        per_draw.append(dict(zip(jobs, side_by_side(one, jobs), strict=True)))
        samples[draw] = quantities(config, per_draw[-1])
    return Result.of(
        samples, {"updates": by_depth(config, per_draw), "rates": by_rate(config, per_draw)}
    )


# Training ----------------------------------------------------------------------------------------


def train_one(config: Config, job: Job, draw: int, training: Split, validation: Split) -> Course:
    """Train one network until it has started or its updates are spent.

    Args:
        config: the settings.
        job: its arm, depth and learning rate.
        draw: index of the draw.
        training: the standardised images to train on.
        validation: the standardised images that tell whether it has started.

    Returns:
        The losses, and the error on the validation images each time it was asked for.
    """
    arm, depth, rate = job
    seen = [1.0]

    def look(network: nn.Module) -> dict[str, float]:
        seen.append(error_rate(network, validation.images, validation.labels))
        return {"error": seen[-1]}

    return fit(
        lambda: started(config.arms[arm], depth, config.seed, draw, training.images),
        F.cross_entropy,
        training,
        Recipe(config.batch, config.updates, tuple(range(0, config.updates + 1, config.asked))),
        random_generator(config.seed, draw, 0),
        optimiser=sgd(rate),
        look=look,
        until=lambda _: seen[-1] <= config.target_error,
        name=f"{arm}-{depth}-{rate}-{draw}",
    )


def started(arm: Arm, depth: int, seed: int, draw: int, images: Tensor) -> nn.Sequential:
    """Make a network, as wide as it is deep, as it is before training.

    Args:
        arm: the law and the size of its weights.
        depth: the number of its linear layers, and of the units of each hidden one.
        seed: the experiment's seed.
        draw: index of the draw; all arms of a draw and a depth share their random numbers.
        images: of shape (images, pixels).

    Returns:
        Linear layers with ReLUs between them.
    """
    sizes = (images.shape[1], *[depth] * (depth - 1), CLASSES)
    stds = [sqrt(arm.weight_variance / fan_in) for fan_in, _ in pairwise(sizes)]
    return dense(
        sizes,
        stds,
        lambda _: nn.ReLU(),
        seed=seed,
        draw=draw,
        device=images.device,
        law=arm.law,
    )


# What is read of it ------------------------------------------------------------------------------


def updates_needed(config: Config, trained: Course) -> float:
    """Return after how many updates the error is first down at the target.

    Args:
        config: the settings.
        trained: what is left of a training.

    Returns:
        The number of updates; all that were allowed, if it never is.
    """
    down = (
        mark
        for mark, seen in sorted(trained.looks.items())
        if mark > 0 and seen["error"] <= config.target_error
    )
    return float(next(down, config.updates))


def fewest(config: Config, found: Mapping[Job, float], arm: str, depth: int) -> float:
    """Return the updates of an arm at a depth, at the learning rate that needs fewest."""
    return min(found[arm, depth, rate] for rate in config.learning_rates)


def quantities(config: Config, found: Mapping[Job, float]) -> dict[str, float]:
    """Compare the arms of a draw.

    Args:
        config: the settings.
        found: the updates of each training.

    Returns:
        The updates of each arm in the shallowest and in the deepest networks; and, in the deepest,
        the logarithm to base two of a ratio: of the quickest arm of a wrong size to the geometric
        mean of the right ones, and of truncated weights to corrected ones.
    """
    shallowest, deepest = min(config.depths), max(config.depths)
    updates = {
        f"updates.{arm}_{name}": fewest(config, found, arm, depth)
        for arm in config.arms
        for name, depth in (("shallowest", shallowest), ("deepest", deepest))
    }
    right, wrong = (
        [updates[f"updates.{arm}_deepest"] for arm in arms] for arms in (RIGHT_SIZES, WRONG_SIZES)
    )
    correction = updates["updates.truncated_deepest"] / updates["updates.corrected_deepest"]
    return updates | {
        "log2_updates.wrong_over_right": log2(min(wrong) / geometric_mean(right)),
        "log2_updates.truncated_over_corrected": log2(correction),
    }


def by_depth(config: Config, per_draw: Sequence[Mapping[Job, float]]) -> list[Row]:
    """Average the updates over the draws.

    Args:
        config: the settings.
        per_draw: for each draw, the updates of each training.

    Returns:
        Rows of arm, depth, the number of draws that did not start, mean and half width.
    """
    rows: list[Row] = []
    for arm, depth in product(config.arms, config.depths):
        found = [fewest(config, one, arm, depth) for one in per_draw]
        never = sum(updates >= config.updates for updates in found)
        rows.append(mean_row(found, arm=arm, depth=depth, never=never))
    return rows


def by_rate(config: Config, per_draw: Sequence[Mapping[Job, float]]) -> list[Row]:
    """Average the updates of each learning rate over the draws, by arm and depth."""
    return [
        mean_row([one[job] for one in per_draw], arm=job[0], depth=job[1], learning_rate=job[2])
        for job in product(config.arms, config.depths, config.learning_rates)
    ]
