"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from itertools import islice, pairwise
from math import isfinite, log, nan, sqrt
from statistics import fmean
from typing import Annotated, Literal, TypeAlias

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.networks import dense
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

DIGITS = 10
LAST = 10
"""Steps whose losses are averaged."""
YARDSTICK = "orthogonal_tanh"
"""The arm that the others are compared with."""

Outcomes: TypeAlias = Mapping[str, Mapping[float, Sequence[float]]]
"""The losses of each arm with each learning rate."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """An activation, and weights of variance weight_variance over the fan.

    The fan is fan_in for Gaussian weights and the larger one for orthogonal ones. With
    ``rescaled`` each layer's weights are divided by the root mean square of its preactivations.
    """

    activation: Literal["relu", "tanh"]
    law: Literal["gaussian", "orthogonal"]
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
    return mnist.standardised_split(mnist.train.first(config.images))


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
    outcomes = {
        arm: {rate: losses(config, arm, rate, draw, inputs) for rate in config.learning_rates}
        for arm in config.arms
    }
    best = {arm: best_of(list(by_rate.values())) for arm, by_rate in outcomes.items()}
    diverging = {
        f"diverged_rates.{arm}": float(sum(map(diverged, by_rate.values())))
        for arm, by_rate in outcomes.items()
    }
    return Draw(quantities(best) | diverging, {"losses": history(best), "rates": rates(outcomes)})


# Training ----------------------------------------------------------------------------------------


def losses(config: Config, arm: str, rate: float, draw: int, examples: Split) -> list[float]:
    """Train one network.

    Args:
        config: the settings.
        arm: its name.
        rate: the learning rate.
        draw: index of the draw.
        examples: the images, of shape (images, pixels), and their labels.

    Returns:
        The loss of each step; from the first piece of steps on that is not finite, NaN.
    """
    network = started(config, config.arms[arm], draw, examples.images)
    generator = random_generator(config.seed, draw, 0)
    batches = minibatches(len(examples.images), config.batch, config.updates, generator)
    found: list[float] = []
    while len(found) < config.updates and not diverged(found):
        piece = islice(batches, LAST)
        found += train(
            network,
            functional.cross_entropy,
            examples.images,
            examples.labels,
            piece,
            learning_rate=rate,
        )
    return found + [nan] * (config.updates - len(found))


def started(config: Config, arm: Arm, draw: int, images: Tensor) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        arm: what it starts from.
        draw: index of the draw.
        images: the first minibatch of them sets the scale of a rescaled network.

    Returns:
        Linear layers with the activation between them.
    """
    sizes = (images.shape[1], *[config.width] * (config.depth - 1), DIGITS)
    stds = [
        sqrt(arm.weight_variance / (max(pair) if arm.law == "orthogonal" else pair[0]))
        for pair in pairwise(sizes)
    ]
    network = dense(
        sizes,
        stds,
        lambda _: nn.ReLU() if arm.activation == "relu" else nn.Tanh(),
        seed=config.seed,
        draw=draw,
        device=images.device,
        law=arm.law,
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


def quantities(best: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return what each arm has learnt in one draw, and that over what the orthogonal arm has.

    Args:
        best: the losses of each arm with its best learning rate.

    Returns:
        The quantities, by key; NaN where an arm diverged with every learning rate.
    """
    found = {f"learnt.{arm}": learnt(losses) for arm, losses in best.items()}
    return found | {
        f"learnt_over_orthogonal.{arm}": learnt(losses) / learnt(best[YARDSTICK])
        for arm, losses in best.items()
        if YARDSTICK in best and arm != YARDSTICK
    }


def diverged(found: Sequence[float]) -> bool:
    """Tell whether a loss was not finite."""
    return not all(map(isfinite, found))


def learnt(found: Sequence[float]) -> float:
    """Return which share of the loss of a guess is gone in the last steps; NaN if it diverged.

    >>> learnt([log(10)] * 10), learnt([0.0] * 10), learnt([float("nan")] * 10)
    (0.0, 1.0, nan)
    """
    return nan if diverged(found) else 1 - fmean(found[-LAST:]) / log(DIGITS)


def best_of(found: Sequence[Sequence[float]]) -> Sequence[float]:
    """Return the losses with the learning rate that taught most, of those that did not diverge.

    A network that has diverged shows nothing of what it could have learnt, so it does not count as
    one that learnt nothing; where all have diverged, one of them is returned.

    Args:
        found: the losses with each learning rate.

    Returns:
        The losses with the best one.
    """
    finite = [losses for losses in found if not diverged(losses)]
    return max(finite, key=learnt) if finite else found[0]


def history(best: Mapping[str, Sequence[float]]) -> list[Row]:
    """Average the losses of each arm over pieces of neighbouring steps.

    Args:
        best: the losses of each arm with its best learning rate.

    Returns:
        Rows of arm and last step of the piece.
    """
    return [
        {"arm": arm, "step": end, "sample": fmean(losses[end - LAST : end])}
        for arm, losses in best.items()
        for end in range(LAST, len(losses) + 1, LAST)
    ]


def rates(outcomes: Outcomes) -> list[Row]:
    """Return what each arm has learnt with each learning rate.

    Args:
        outcomes: the losses by arm and learning rate.

    Returns:
        Rows of arm and learning rate; NaN where the training diverged.
    """
    return [
        {"arm": arm, "learning_rate": rate, "sample": learnt(losses)}
        for arm, by_rate in outcomes.items()
        for rate, losses in by_rate.items()
    ]


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
    found: dict[str, Table] = {"rates": finite_means(draws, "rates")}
    losses = [row for row in means(draws, "losses") if isfinite(float(row["mean"]))]
    return found | {"losses": losses} if losses else found
