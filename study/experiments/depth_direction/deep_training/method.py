"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from math import isfinite, nan
from statistics import fmean
from typing import Annotated, Literal, TypeAlias

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.lab.classification import CHANCE_LOSS, share_learnt, splits
from study.lab.inits import over_fan_in, random_generator
from study.lab.mnist import Mnist, Split
from study.lab.networks import ACTIVATIONS, classifier
from study.lab.rate_search import Search, search
from study.lab.training import minibatches, train
from study.record.checks import check_batch, check_distinct
from study.record.draws import Draw, Draws, Row, finite_means, means
from study.record.results import Table
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    Named,
    NonEmpty,
    Settings,
    Variance,
    Width,
)

LAST = 10
"""Updates whose losses are averaged."""
YARDSTICK = "orthogonal_tanh"
"""The arm that the others are compared with."""

Losses: TypeAlias = Sequence[float]
"""The loss of each update; from the first piece on that is not finite, NaN."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """An activation, and weights of variance weight_variance over fan_in.

    With ``rescaled`` each layer's weights are divided by the root mean square of its
    preactivations.
    """

    activation: Literal["relu", "tanh"]
    distribution: Literal["gaussian", "orthogonal"]
    weight_variance: Variance
    rescaled: bool


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: how deep the networks are, what they start from, and how they are trained."""

    depth: Annotated[int, Ge(2), Le(100_000)]
    width: Width
    images: Count
    batch: Count
    updates: Annotated[int, Ge(LAST)]
    learning_rates: NonEmpty[LearningRate]
    arms: Named[Arm]

    def __post_init__(self) -> None:
        """Refuse a minibatch that the images do not fill, and a learning rate given twice."""
        check_batch(self.batch, self.images)
        check_distinct("learning_rates", self.learning_rates)


def prepare(config: Config, mnist: Mnist) -> Split:
    """Take the first images of the training split, standardised, and their labels.

    Args:
        config: the settings.
        mnist: the data.
    """
    return splits(mnist, training=config.images).training


def measure(config: Config, inputs: Split, draw: int) -> Draw:
    """Train the network of each arm with each learning rate and keep its losses with the best.

    Args:
        config: the settings.
        inputs: the images and their labels.
        draw: index of the draw.

    Returns:
        Which share of the loss of a guess each arm has taken away at the end, and that over what
        the orthogonal arm has; how many learning rates made it diverge; the losses in the course
        of training, and what each learning rate did.
    """
    trainings = search(
        config.arms,
        lambda _: config.learning_rates,
        partial(train_arm, config, inputs, draw),
        score=lambda losses: -learnt(losses),
    )
    best = {arm: trainings.best(arm) for arm in config.arms}
    diverged_rates = {
        f"diverged_rates.{arm}": float(trainings.diverged(arm)) for arm in config.arms
    }
    return Draw(
        quantities(best) | diverged_rates,
        {"losses": loss_rows(best), "rates": rate_rows(trainings)},
    )


# Training ----------------------------------------------------------------------------------------


def train_arm(config: Config, examples: Split, draw: int, arm: str, rate: float) -> Losses:
    """Train one network.

    Args:
        config: the settings.
        examples: the images, of shape (images, pixels), and their labels.
        draw: index of the draw.
        arm: its name.
        rate: the learning rate.

    Returns:
        The losses.
    """
    network = make_network(config, config.arms[arm], draw, examples.images)
    batch_rng = random_generator(config.seed, draw, 0)
    batches = minibatches(len(examples.images), config.batch, config.updates, batch_rng)
    losses: list[float] = []
    while len(losses) < config.updates and not diverged(losses):
        losses += train(
            network,
            functional.cross_entropy,
            examples.images,
            examples.labels,
            islice(batches, LAST),
            learning_rate=rate,
        )
    return losses + [nan] * (config.updates - len(losses))


def make_network(config: Config, arm: Arm, draw: int, images: Tensor) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        arm: what it starts from.
        draw: index of the draw.
        images: the first minibatch of them sets the scale of a rescaled network.

    Returns:
        Linear layers with the activation between them.
    """
    network = classifier(
        images,
        [config.width] * (config.depth - 1),
        over_fan_in(arm.weight_variance, arm.distribution),
        ACTIVATIONS[arm.activation],
        seed=config.seed,
        draw=draw,
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


def quantities(best: Mapping[str, Losses]) -> dict[str, float]:
    """Return what each arm has learnt in one draw, and that over what the orthogonal arm has.

    Args:
        best: the losses of each arm with its best learning rate.

    Returns:
        The quantities, by key; NaN where an arm diverged with every learning rate.
    """
    shares = {arm: learnt(losses) for arm, losses in best.items()}
    return {f"learnt.{arm}": share for arm, share in shares.items()} | {
        f"learnt_over_orthogonal.{arm}": share / shares[YARDSTICK]
        for arm, share in shares.items()
        if YARDSTICK in shares and arm != YARDSTICK
    }


def diverged(losses: Losses) -> bool:
    """Tell whether a loss was not finite."""
    return not all(map(isfinite, losses))


def learnt(losses: Losses) -> float:
    """Return which share of the loss of a guess is gone in the last updates; NaN if it diverged.

    >>> learnt([CHANCE_LOSS] * 10), learnt([0.0] * 10), learnt([float("nan")] * 10)
    (0.0, 1.0, nan)
    """
    return nan if diverged(losses) else share_learnt(fmean(losses[-LAST:]), CHANCE_LOSS)


def loss_rows(best: Mapping[str, Losses]) -> list[Row]:
    """Average the losses of each arm over pieces of neighbouring updates.

    Args:
        best: the losses of each arm with its best learning rate.

    Returns:
        Rows of arm and last update of the piece.
    """
    return [
        {"arm": arm, "step": end, "sample": fmean(losses[end - LAST : end])}
        for arm, losses in best.items()
        for end in range(LAST, len(losses) + 1, LAST)
    ]


def rate_rows(trainings: Search[str, Losses]) -> list[Row]:
    """Return what each arm has learnt with each learning rate.

    Args:
        trainings: the losses by arm and learning rate.

    Returns:
        Rows of arm and learning rate; NaN where the training diverged.
    """
    return [*trainings.rows(lambda arm: {"arm": arm}, learnt)]


def exact(config: Config, _inputs: Split) -> dict[str, float]:
    """Return how many learning rates there are.

    Args:
        config: the settings.
        _inputs: the images and their labels.
    """
    return {"rates.all": float(len(config.learning_rates))}


def tables(_config: Config, draws: Draws) -> dict[str, Table]:
    """Average the losses over the draws, and sum up what each learning rate did.

    Args:
        _config: the settings.
        draws: the draws.

    Returns:
        The losses, without the pieces in which a draw diverged; if no piece is left, there is no
        such table. Of each learning rate, in how many draws it diverged, and what was learnt in the
        others; NaN if there are none.
    """
    rates: dict[str, Table] = {"rates": finite_means(draws, "rates")}
    losses = [row for row in means(draws, "losses") if isfinite(float(row["mean"]))]
    return rates | {"losses": losses} if losses else rates
