"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping
from itertools import islice, pairwise
from math import isfinite, log, nan, sqrt
from statistics import fmean
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.lab.inits import random_generator
from study.lab.mnist import Mnist
from study.lab.networks import dense
from study.lab.parallel import side_by_side
from study.lab.training import minibatches, train
from study.record.experiment import STRICT
from study.record.results import Result, finite_row, mean_row

DIGITS = 10
LAST = 10
"""Steps whose losses are averaged."""
YARDSTICK = "orthogonal_tanh"
"""The arm that the others are compared with."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """An activation, and weights of variance weight_variance over the fan.

    The fan is fan_in for Gaussian weights and the larger one for orthogonal ones. With
    ``rescaled`` each layer's weights are divided by the root mean square of its preactivations.
    """

    activation: Literal["relu", "tanh"]
    law: Literal["gaussian", "orthogonal"]
    weight_variance: Annotated[float, Gt(0), Le(1000)]
    rescaled: bool


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how deep the networks are, what they start from, and how they are trained."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    depth: Annotated[int, Ge(2), Le(100_000)]
    width: Annotated[int, Ge(2), Le(16_384)]
    images: Annotated[int, Ge(1)]
    batch: Annotated[int, Ge(1)]
    steps: Annotated[int, Ge(LAST)]
    learning_rates: Annotated[tuple[Annotated[float, Gt(0), Le(100)], ...], MinLen(1)]
    arms: Annotated[dict[str, Arm], MinLen(1)]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Train each network with each learning rate and keep its losses with the best.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, which share of the loss of a guess each arm has taken away at the end, and that
        over what the orthogonal arm has; over all draws, the losses in the course of training.
    """
    split = mnist.train.first(config.images)
    images = mnist.standardised(split.images)
    jobs = [(arm, rate) for arm in config.arms for rate in config.learning_rates]
    made, curves, outcomes = {}, [], []
    for draw in draws:

        def one(job: tuple[str, float], draw: int = draw) -> list[float]:
            return losses(config, *job, draw, images, split.labels)

        outcomes.append(dict(zip(jobs, side_by_side(one, jobs), strict=True)))
        by_arm = {
            arm: [outcomes[-1][arm, rate] for rate in config.learning_rates] for arm in config.arms
        }
        best = {arm: best_of(found) for arm, found in by_arm.items()}
        curves.append(best)
        made[draw] = quantities(best) | {
            f"diverged_rates.{arm}": float(sum(map(diverged, found)))
            for arm, found in by_arm.items()
        }
    tables = {"losses": rows(curves), "rates": rates(outcomes)}
    return Result.of(made, tables, exact={"rates.all": float(len(config.learning_rates))})


def quantities(best: Mapping[str, list[float]]) -> dict[str, float]:
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
        if arm != YARDSTICK
    }


def losses(  # noqa: PLR0913, PLR0917 - the parts of a training run
    config: Config, arm: str, rate: float, draw: int, images: Tensor, labels: Tensor
) -> list[float]:
    """Train one network.

    Args:
        config: the settings.
        arm: its name.
        rate: the learning rate.
        draw: index of the draw.
        images: of shape (images, pixels).
        labels: of shape (images,).

    Returns:
        The loss of each step; from the first piece of steps on that is not finite, NaN.
    """
    network = started(config, config.arms[arm], draw, images)
    generator = random_generator(config.seed, draw, 0)
    batches = minibatches(len(images), config.batch, config.steps, generator)
    found: list[float] = []
    while len(found) < config.steps and not diverged(found):
        piece = islice(batches, LAST)
        found += train(network, functional.cross_entropy, images, labels, piece, learning_rate=rate)
    return found + [nan] * (config.steps - len(found))


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


def diverged(found: list[float]) -> bool:
    """Tell whether a loss was not finite."""
    return not all(map(isfinite, found))


def learnt(found: list[float]) -> float:
    """Return which share of the loss of a guess is gone in the last steps; NaN if it diverged.

    >>> learnt([log(10)] * 10), learnt([0.0] * 10), learnt([float("nan")] * 10)
    (0.0, 1.0, nan)
    """
    return nan if diverged(found) else 1 - fmean(found[-LAST:]) / log(DIGITS)


def best_of(found: list[list[float]]) -> list[float]:
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


def rates(
    outcomes: list[dict[tuple[str, float], list[float]]],
) -> list[Mapping[str, str | int | float]]:
    """Sum up over the draws what each learning rate did.

    Args:
        outcomes: for each draw, the losses by arm and learning rate.

    Returns:
        Rows of arm, learning rate, in how many draws it diverged, and what the others learnt, with
        the half width; NaN if there are none.
    """
    table: list[Mapping[str, str | int | float]] = []
    for arm, rate in outcomes[0]:
        shares = [learnt(losses[arm, rate]) for losses in outcomes]
        table.append(finite_row(shares, arm=arm, learning_rate=rate))
    return table


def rows(per_draw: list[dict[str, list[float]]]) -> list[Mapping[str, str | int | float]]:
    """Average the losses over the draws, in pieces of neighbouring steps.

    Args:
        per_draw: for each draw, the losses of each arm.

    Returns:
        Rows of arm, last step of the piece, mean and half width; a piece in which a draw diverged
        is left out.
    """
    found: list[Mapping[str, str | int | float]] = []
    for arm in per_draw[0]:
        for end in range(LAST, len(per_draw[0][arm]) + 1, LAST):
            means = [fmean(losses[arm][end - LAST : end]) for losses in per_draw]
            if all(map(isfinite, means)):
                found.append(mean_row(means, arm=arm, step=end))
    return found
