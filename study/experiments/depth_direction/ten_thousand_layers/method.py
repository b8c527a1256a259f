"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import isfinite, nan
from statistics import fmean
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional

from study.experiments.depth_direction.residual import (
    Chain,
    Residual,
    chain,
    normalised_relu,
    output_change,
    residual,
    sizes_while_finite,
    without_subnormals,
)
from study.lab.classification import (
    CHANCE_ERROR,
    CHANCE_LOSS,
    Splits,
    Task,
    error_rates,
    share_learnt,
    splits,
)
from study.lab.inits import Distribution, over_fan_in
from study.lab.mnist import CLASSES, Mnist, Split
from study.lab.rate_search import search
from study.lab.training import History, Schedule, sgd
from study.record.checks import check_batch, check_distinct, check_names
from study.record.draws import Draw, Draws, Row, means, samples
from study.record.results import Table, mean_row
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    Momentum,
    Named,
    NonEmpty,
    Settings,
    Several,
    Variance,
    Width,
)

LAST = 10
"""Updates whose losses are averaged."""
ROW_SPACING = 8
"""Layers between two rows of the table of sizes."""
STEP = 1e-6
"""Learning rate of the first update of the branches, so small that its square is nothing."""
UNNORMALISED_ARMS = ("orthogonal_tanh", "fixup")
"""The constructions that are said to learn without normalisation."""
GUESS_SHARE = 0.1
"""A network that takes no larger share of a guess's loss away has learnt nothing: the last losses
of one that learns nothing scatter by about a hundredth at reference size, by more at quick size."""
OVERFLOWING_ARMS = ("plain_residual", "batch_normalised")
"""The arms whose sizes are drawn: the signal of the first, the gradients of the second."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """What kind of network, how deep, what it starts from, and the learning rates it may choose.

    The hidden weights have the variance weight_variance over fan_in; in a residual network the
    first layer of each branch is also divided by the number of blocks to ``branch_power``. With
    ``zeroed`` the last layer of each branch and that of the network start at zero.
    """

    kind: Literal["tanh", "normalised_relu", "residual"]
    distribution: Distribution
    weight_variance: Variance
    layers: Annotated[int, Ge(4), Le(100_000)]
    input_scale: Annotated[float, Gt(0), Le(1000)]
    branch_power: Annotated[float, Ge(0), Le(2)]
    zeroed: bool
    learning_rates: NonEmpty[LearningRate]

    def __post_init__(self) -> None:
        """Refuse a learning rate given twice."""
        check_distinct("learning_rates", self.learning_rates)

    @property
    def blocks(self) -> int:
        """How many blocks of two layers fit between the first and the last layer."""
        return (self.layers - 2) // 2


@dataclass(frozen=True, config=STRICT)
class FirstUpdate:
    """Residual networks of two depths; their branches are divided by the blocks to two powers."""

    few: Annotated[int, Ge(1), Le(100_000)]
    many: Annotated[int, Ge(1), Le(100_000)]
    power_with: Annotated[float, Ge(0), Le(2)]
    power_without: Annotated[float, Ge(0), Le(2)]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the data, how the networks are trained, and what they are."""

    images: Count
    validation: Several
    width: Width
    batch: Several
    updates: Count
    momentum: Momentum
    arms: Named[Arm]
    first_update: FirstUpdate

    def __post_init__(self) -> None:
        """Refuse a minibatch that the images do not fill, and to do without an arm that is read."""
        check_batch(self.batch, self.images)
        check_names("arms", self.arms, (*UNNORMALISED_ARMS, *OVERFLOWING_ARMS))


def prepare(config: Config, mnist: Mnist) -> Splits:
    """Take the first images of the training and of the validation split.

    Args:
        config: the settings.
        mnist: the data.

    Raises:
        StudyError: if there are not so many.
    """
    return splits(mnist, training=config.images, validation=config.validation)


def measure(config: Config, inputs: Splits, draw: int) -> Draw:
    """Train each network and keep what it has learnt; look at how large signals and gradients are.

    Args:
        config: the settings.
        inputs: the images and their labels.
        draw: index of the draw.

    Returns:
        The validation error and the loss taken away of each arm, the depth at which signals and
        gradients stop being numbers, and how far the first update moves an output; the losses by
        update and the sizes by layer.
    """
    trainings = search(
        config.arms,
        lambda arm: config.arms[arm].learning_rates,
        partial(train_arm, config, inputs, draw),
        score=unlearnt,
    )
    best = {arm: trainings.best(arm) for arm in config.arms}
    sizes = {
        arm: powers(config, config.arms[arm], draw, inputs.training) for arm in OVERFLOWING_ARMS
    }
    finite = {
        "finite_blocks.plain_residual": float(len(sizes["plain_residual"]) - 1),
        "finite_layers.batch_normalised": float(len(sizes["batch_normalised"])),
    }
    return Draw(
        compared(best, config.updates) | finite | first_updates(config, draw, inputs.training),
        {"losses": loss_rows(best), "sizes": size_rows(sizes)},
    )


# Training ----------------------------------------------------------------------------------------


def train_arm(config: Config, inputs: Splits, draw: int, name: str, rate: float) -> History:
    """Train the network of an arm; return its losses and, after the last update, its error."""
    arm = config.arms[name]
    training, validation = (
        Split(arm.input_scale * split.images, split.labels)
        for split in (inputs.training, inputs.validation)
    )
    with without_subnormals():
        return Task(training, config.seed, draw).fit(
            lambda: make_network(config, arm, draw, training.images),
            # Evaluated in the end only: a checkpoint holds every weight twice.
            Schedule(config.batch, config.updates, (config.updates,)),
            sgd(rate, momentum=config.momentum),
            evaluate=error_rates(error=validation),
            name=f"{name}-{rate}",
        )


def make_network(config: Config, arm: Arm, draw: int, images: Tensor) -> Chain | Residual:
    """Make a network as it is before training.

    Args:
        config: the settings.
        arm: what it is.
        draw: index of the draw.
        images: of shape (images, pixels).

    Returns:
        The network.
    """
    sizes = (images.shape[1], config.width, CLASSES)
    if arm.kind == "residual":
        return residual(
            sizes,
            arm.blocks,
            inner_variance=arm.weight_variance * arm.blocks ** (-2 * arm.branch_power),
            zero_outer=arm.zeroed,
            zero_last=arm.zeroed,
            seed=config.seed,
            draw=draw,
            device=images.device,
        )
    return chain(
        sizes,
        arm.layers,
        torch.tanh if arm.kind == "tanh" else normalised_relu,
        over_fan_in(arm.weight_variance, arm.distribution),
        seed=config.seed,
        draw=draw,
        device=images.device,
    )


def learnt(history: History) -> float:
    """Return which share of a guess's loss is gone in the last updates; 0 if it diverged.

    >>> learnt(History([CHANCE_LOSS] * 9 + [0.0] * 10, {})), learnt(History([0.0, nan], {}))
    (1.0, 0.0)
    """
    return share_learnt(fmean(history.losses[-LAST:]), CHANCE_LOSS) if history.finite else 0.0


def unlearnt(history: History) -> float:
    """Return what a choice of the learning rate makes small; NaN if the training diverged."""
    return -learnt(history) if history.finite else nan


def compared(best: Mapping[str, History], updates: int) -> dict[str, float]:
    """Return what the arms of a draw have learnt.

    Args:
        best: what is left of the training of each, at its learning rate.
        updates: after how many the error was measured.

    Returns:
        The error and the share of the loss taken away of each arm, whether that is nothing, 1 or
        0, and the smaller error of the two constructions without normalisation.
    """
    measured_errors = {arm: history.metrics[updates]["error"] for arm, history in best.items()}
    # A network whose outputs are not numbers counts as a guess.
    errors = {
        arm: error if isfinite(error) else CHANCE_ERROR for arm, error in measured_errors.items()
    }
    shares = {arm: learnt(history) for arm, history in best.items()}
    return (
        {f"error.{arm}": error for arm, error in errors.items()}
        | {f"learnt.{arm}": share for arm, share in shares.items()}
        | {
            f"rate.nothing_learnt.{arm}": float(abs(share) <= GUESS_SHARE)
            for arm, share in shares.items()
        }
        | {"error.better_unnormalised": min(errors[arm] for arm in UNNORMALISED_ARMS)}
    )


# Sizes -------------------------------------------------------------------------------------------


def powers(config: Config, arm: Arm, draw: int, training: Split) -> list[float]:
    """Measure how large things become in a network on one minibatch, up to the end of float32.

    Args:
        config: the settings.
        arm: what the network is.
        draw: index of the draw.
        training: the first images are the minibatch.

    Returns:
        Logarithms to base 2 of root mean squares, while all numbers are finite: in a residual
        network of the signal before and behind each block, from the bottom; else of the gradient
        with respect to the hidden weights of each layer, from the top.
    """
    batch = training.first(config.batch)
    network = make_network(config, arm, draw, training.images)
    images = arm.input_scale * batch.images
    if isinstance(network, Residual):
        return sizes_while_finite(network.signals(images))
    loss = functional.cross_entropy(network(images), batch.labels)
    (gradients,) = torch.autograd.grad(loss, [network.hidden])
    return sizes_while_finite(gradients.flip(0))


def first_updates(config: Config, draw: int, training: Split) -> dict[str, float]:
    """Measure how far a first update of the branches moves the outputs, by the number of blocks.

    Args:
        config: the settings.
        draw: index of the draw.
        training: the first images are the minibatch.

    Returns:
        The change over the learning rate with many blocks, and that over the same with few
        blocks; with branches scaled and not.
    """
    setting, batch = config.first_update, training.first(config.batch)
    batch = batch.double()
    changes: dict[str, float] = {}
    for name, power in (("scaled", setting.power_with), ("unscaled", setting.power_without)):
        change_of_few, change_of_many = (
            output_change(with_branches(config, blocks, power, draw, batch.images), batch, STEP)
            for blocks in (setting.few, setting.many)
        )
        changes |= {
            f"output_change.{name}": change_of_many,
            f"output_change_many_over_few.{name}": change_of_many / change_of_few,
        }
    return changes


def with_branches(config: Config, blocks: int, power: float, draw: int, images: Tensor) -> Residual:
    """Make a residual network in float64 with branches that end in zeros, and a random classifier.

    A classifier of zeros would let no gradient through to the branches.

    Args:
        config: the settings.
        blocks: how many.
        power: the branches are divided by the blocks to this power.
        draw: index of the draw.
        images: of shape (images, pixels).

    Returns:
        The network.
    """
    return residual(
        (images.shape[1], config.width, CLASSES),
        blocks,
        inner_variance=2 * blocks ** (-2 * power),
        zero_outer=True,
        zero_last=False,
        seed=config.seed,
        draw=draw,
        device=images.device,
    ).double()


# Tables ------------------------------------------------------------------------------------------


def loss_rows(best: Mapping[str, History]) -> list[Row]:
    """Average the losses of each arm over pieces of neighbouring updates.

    Args:
        best: what is left of the training of each, at its learning rate.

    Returns:
        Rows of arm and last update of the piece, the first update for itself.
    """
    return [
        {"arm": arm, "update": end, "sample": fmean(history.losses[max(0, end - LAST) : end])}
        for arm, history in best.items()
        for end in (1, *range(LAST, len(history.losses) + 1, LAST))
    ]


def size_rows(sizes: Mapping[str, Sequence[float]]) -> list[Row]:
    """Return the sizes of some layers, as far as they are finite: rows of arm and layers passed.

    Args:
        sizes: of each arm, by block in a residual network, else by layer.
    """
    return [
        {"arm": arm, "layers": spacing * index, "sample": sizes[arm][index]}
        for arm, spacing in (("plain_residual", 2), ("batch_normalised", 1))
        for index in range(0, len(sizes[arm]), ROW_SPACING // spacing)
    ]


def tables(_config: Config, draws: Draws) -> dict[str, Table]:
    """Average the losses and the sizes over the draws.

    Args:
        _config: the settings.
        draws: the draws.

    Returns:
        The losses, without the pieces in which a draw diverged; the sizes, as far as those of all
        draws are finite.
    """
    return {
        "losses": [row for row in means(draws, "losses") if isfinite(float(row["mean"]))],
        "sizes": [
            mean_row(sizes, arm=arm, layers=layers)
            for (arm, layers), sizes in samples(draws, "sizes").items()
            if len(sizes) == len(draws)
        ],
    }
