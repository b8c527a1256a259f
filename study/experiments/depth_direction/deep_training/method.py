"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from functools import partial
from math import isfinite
from statistics import fmean
from typing import Annotated, Literal, TypeAlias, TypedDict

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.experiments.depth_direction.stacked import stacked
from study.lab.classification import (
    CHANCE_LOSS,
    Pixels,
    Task,
    share_learnt,
    splits_by_pixels,
)
from study.lab.inits import over_fan_in
from study.lab.mnist import Mnist, Split
from study.lab.networks import ACTIVATIONS, classifier
from study.lab.rate_search import Search, search
from study.lab.training import OPTIMISERS, Schedule
from study.record.checks import check_batch, check_distinct
from study.record.draws import Draw, Draws, Row, finite_means, means
from study.record.results import Table, finite_row
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    Named,
    NonEmpty,
    Seed,
    Settings,
    Variance,
    Width,
)

LAST = 10
"""Updates whose losses are averaged."""

Losses: TypeAlias = list[float]
"""The loss of each update; from the first on that is not finite, NaN."""
Inputs: TypeAlias = Mapping[Pixels, Split]
"""The images in float32 and their labels, by the scale of the pixels."""
Tasks: TypeAlias = Mapping[Pixels, Task]
"""A draw's images to train on, by the scale of the pixels."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """An activation, weights of variance weight_variance over fan_in, and a training.

    Pixels are standardised, or lie between 0 and 1 as a ``unit``. With ``rescaled`` each layer's
    weights are divided by the root mean square of its preactivations. The learning rate is chosen
    from ``learning_rates``: by the ``search``, before the draws, or by the ``draw`` itself, as the
    best of those that do not diverge there.
    """

    activation: Literal["relu", "tanh"]
    distribution: Literal["gaussian", "orthogonal"]
    weight_variance: Variance
    rescaled: bool
    optimiser: Literal["descent", "adam"]
    pixels: Pixels
    chosen_by: Literal["search", "draw"]
    learning_rates: NonEmpty[LearningRate]


@dataclass(frozen=True, config=STRICT)
class RateSearch:
    """How many draws, of a seed of their own, choose the learning rates."""

    seed: Seed
    draws: Count


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: how deep the networks are, what they start from, and how they are trained."""

    depth: Annotated[int, Ge(3), Le(100_000)]
    width: Width
    images: Count
    batch: Count
    updates: Annotated[int, Ge(LAST)]
    search: RateSearch
    arms: Named[Arm]

    def __post_init__(self) -> None:
        """Refuse a minibatch that the images do not fill, and a learning rate given twice."""
        check_batch(self.batch, self.images)
        for name, arm in self.arms.items():
            check_distinct(f"arms.{name}.learning_rates", arm.learning_rates)

    def chosen_by(self, chooser: str) -> list[str]:
        """Return the arms whose learning rate the search chooses, or the draw."""
        return [name for name, arm in self.arms.items() if arm.chosen_by == chooser]


class Choice(TypedDict):
    """What is decided before the draws, by arm.

    ``learnt`` has what each training of the search has learnt, by learning rate and draw, NaN where
    it diverged; ``learning_rates`` the rate with the largest mean.
    """

    learnt: dict[str, dict[str, list[float]]]
    learning_rates: dict[str, float]


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split at both scales, and their labels.

    Args:
        config: the settings.
        mnist: the data.
    """
    by_pixels = splits_by_pixels(mnist, training=config.images, validation=0)
    return {
        pixels: Split(training.images.float(), training.labels)
        for pixels, (training, _, _) in by_pixels.items()
    }


def choose(config: Config, inputs: Inputs) -> Choice:
    """Choose learning rates by trainings that no draw has.

    Args:
        config: the settings.
        inputs: the images and their labels.

    Returns:
        The rates, and what all trainings of the search have learnt. A rate with which one of them
        diverged is not chosen.
    """
    draws = [tasks(inputs, config.search.seed, draw) for draw in range(config.search.draws)]
    trainings = search(
        config.chosen_by("search"),
        lambda arm: config.arms[arm].learning_rates,
        lambda arm, rate: [learnt(train_arm(config, draw, arm, rate)) for draw in draws],
        score=lambda shares: -fmean(shares),
    )
    return Choice(
        learnt={
            arm: {str(rate): shares for rate, shares in by_rate.items()}
            for arm, by_rate in trainings.outcomes.items()
        },
        learning_rates={arm: trainings.rate(arm) for arm in trainings.outcomes},
    )


def measure(config: Config, inputs: Inputs, draw: int, choice: Choice) -> Draw:
    """Train the network of each arm and keep its losses.

    Args:
        config: the settings.
        inputs: the images and their labels.
        draw: index of the draw.
        choice: the learning rates that the search has chosen.

    Returns:
        Which share of the loss of a guess each arm has taken away at the end, and its losses in the
        course of training. Of each arm whose rate the draw chooses, how many rates made it diverge,
        whether the best of the others lies at an edge of its grid, and what each of them did.
    """
    train_with = partial(train_arm, config, tasks(inputs, config.seed, draw))
    trainings = search(
        config.chosen_by("draw"),
        lambda arm: config.arms[arm].learning_rates,
        train_with,
        score=lambda losses: -learnt(losses),
    )
    losses = {
        arm: train_with(arm, choice["learning_rates"][arm])
        if arm in choice["learning_rates"]
        else trainings.best(arm)
        for arm in config.arms
    }
    return Draw(
        {f"learnt.{arm}": learnt(of_arm) for arm, of_arm in losses.items()}
        | of_the_rates(trainings),
        {"losses": loss_rows(losses), "rates": rate_rows(trainings)},
    )


def exact(config: Config, _inputs: Inputs, choice: Choice) -> dict[str, float]:
    """Return the learning rates of the search, and how many there are where the draw chooses.

    Args:
        config: the settings.
        _inputs: the images and their labels.
        choice: what the search found.

    Returns:
        Of each arm whose rate the search chooses, that rate, and 1 if it lies at an edge of its
        grid, else 0; of each other arm how many rates it has.
    """
    values: dict[str, float] = {}
    for arm, rate in choice["learning_rates"].items():
        grid = config.arms[arm].learning_rates
        values[f"learning_rate.{arm}"] = rate
        values[f"at_an_edge.{arm}"] = float(rate in {min(grid), max(grid)})
    return values | {
        f"rates.{arm}": float(len(config.arms[arm].learning_rates))
        for arm in config.chosen_by("draw")
    }


def tables(config: Config, draws: Draws, choice: Choice) -> dict[str, Table]:
    """Average the losses over the draws, and sum up what each learning rate did.

    Args:
        config: the settings.
        draws: the draws.
        choice: what the search found.

    Returns:
        The losses, without the pieces in which a draw diverged; if no piece is left, there is no
        such table. Of each learning rate, in how many draws it diverged, and what was learnt in the
        others, NaN if there are none; they are those of the search where it chooses.
    """
    searched: Table = [
        finite_row(choice["learnt"][arm][str(rate)], arm=arm, learning_rate=rate)
        for arm in config.chosen_by("search")
        for rate in config.arms[arm].learning_rates
    ]
    rates: dict[str, Table] = {"rates": [*searched, *finite_means(draws, "rates")]}
    losses = [row for row in means(draws, "losses") if isfinite(float(row["mean"]))]
    return rates | {"losses": losses} if losses else rates


# Training ----------------------------------------------------------------------------------------


def tasks(inputs: Inputs, seed: int, draw: int) -> Tasks:
    """Return the trainings of one draw, which see the same images in the same order.

    Args:
        inputs: the images and their labels.
        seed: the experiment's, or that of the search.
        draw: index of the draw.
    """
    return {pixels: Task(images, seed, draw) for pixels, images in inputs.items()}


def train_arm(config: Config, draw: Tasks, name: str, rate: float) -> Losses:
    """Train one network.

    Args:
        config: the settings.
        draw: its images to train on.
        name: of the arm.
        rate: the learning rate.

    Returns:
        The losses.
    """
    arm = config.arms[name]
    task = draw[arm.pixels]
    return task.fit(
        lambda: stacked(make_network(config, arm, task)),
        Schedule(config.batch, config.updates),
        OPTIMISERS[arm.optimiser](rate),
        name=f"{task.seed}-{name}-{rate}",
    ).losses


def make_network(config: Config, arm: Arm, task: Task) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        arm: what it starts from.
        task: the draw, and the images; the first minibatch of them sets the scale of a rescaled
            network.

    Returns:
        Linear layers with the activation between them.
    """
    images = task.training.images
    network = classifier(
        images,
        [config.width] * (config.depth - 1),
        over_fan_in(arm.weight_variance, arm.distribution),
        ACTIVATIONS[arm.activation],
        seed=task.seed,
        draw=task.draw,
    )
    if arm.rescaled:
        rescale_(network, images[: config.batch])
    return network


@torch.no_grad()
def rescale_(network: nn.Sequential, signal: Tensor) -> None:
    """Scale the weights of each layer so that its preactivations have second moment 1.

    Args:
        network: is changed in place.
        signal: the inputs for which this is to hold.
    """
    for layer in network:
        if isinstance(layer, nn.Linear):
            layer.weight.div_(layer(signal).square().mean().sqrt())
        signal = layer(signal)


# What is read of it ------------------------------------------------------------------------------


def learnt(losses: Losses) -> float:
    """Return which share of the loss of a guess is gone in the last updates; NaN if it diverged.

    >>> learnt([CHANCE_LOSS] * 10), learnt([0.0] * 10), learnt([float("nan")] * 10)
    (0.0, 1.0, nan)
    """
    return share_learnt(fmean(losses[-LAST:]), CHANCE_LOSS)


def of_the_rates(trainings: Search[str, Losses]) -> dict[str, float]:
    """Return how the learning rates of a draw did.

    Args:
        trainings: the losses by arm and learning rate.

    Returns:
        Of each arm, how many of its rates diverged, and 1 if the best of the others is the least or
        the greatest of all, else 0.
    """
    values: dict[str, float] = {}
    for arm in trainings.outcomes:
        values[f"diverged_rates.{arm}"] = float(trainings.diverged(arm))
        values[f"rate.at_an_edge.{arm}"] = float(trainings.at_an_edge(arm))
    return values


def loss_rows(losses: Mapping[str, Losses]) -> list[Row]:
    """Average the losses of each arm over pieces of neighbouring updates.

    Args:
        losses: of each arm.

    Returns:
        Rows of arm and last update of the piece.
    """
    return [
        {"arm": arm, "step": end, "sample": fmean(of_arm[end - LAST : end])}
        for arm, of_arm in losses.items()
        for end in range(LAST, len(of_arm) + 1, LAST)
    ]


def rate_rows(trainings: Search[str, Losses]) -> list[Row]:
    """Return what each arm has learnt with each learning rate.

    Args:
        trainings: the losses by arm and learning rate.

    Returns:
        Rows of arm and learning rate; NaN where the training diverged.
    """
    return [*trainings.rows(lambda arm: {"arm": arm}, learnt)]
