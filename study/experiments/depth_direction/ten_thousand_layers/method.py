"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from math import isfinite, log
from statistics import fmean
from typing import Annotated, Literal, NamedTuple, TypeAlias

import torch
from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
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
from study.lab.inits import Law, random_generator
from study.lab.mnist import Mnist, Split
from study.lab.training import History, Schedule, error_rate, fit, sgd
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

CLASSES = 10
GUESS = 1 - 1 / CLASSES
"""The error of a guess; a network whose outputs are not numbers counts as one."""
LAST = 10
"""Whole whose losses are averaged."""
EVERY = 8
"""Layers between two rows of the table of sizes."""
STEP = 1e-6
"""Learning rate of the first update of the branches, so small that its square is nothing."""
UNNORMALISED = ("orthogonal_tanh", "fixup")
"""The constructions that are said to learn without normalisation."""
NOTHING = 0.1
"""A network that takes no larger share of a guess's loss away has learnt nothing: the last losses
of one that learns nothing scatter by about a hundredth at reference size, by more at quick size."""
OVERFLOWING = ("plain_residual", "batch_normalised")
"""The arms whose sizes are drawn: the signal of the first, the gradients of the second."""

Job: TypeAlias = tuple[str, float]
"""Which training: the arm and the learning rate."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """What kind of network, how deep, what it starts from, and the learning rates it may choose.

    The hidden weights have the variance weight_variance over the fan; in a residual network the
    first layer of each branch is also divided by the number of blocks to ``branch_power``. With
    ``zeroed`` the last layer of each branch and that of the network start at zero.
    """

    kind: Literal["tanh", "normalised_relu", "residual"]
    law: Law
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
        check_names("arms", self.arms, (*UNNORMALISED, *OVERFLOWING))


class Inputs(NamedTuple):
    """The images to train on and those to validate with, standardised, and their labels."""

    training: Split
    unseen: Split


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training and of the validation split.

    Args:
        config: the settings.
        mnist: the data.

    Raises:
        StudyError: if there are not so many.
    """
    train = mnist.train.first(config.images)
    validation = mnist.validation.first(config.validation, "validation")
    return Inputs(*map(mnist.standardised_split, (train, validation)))


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
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
    trained = {
        (arm, rate): train_one(config, (arm, rate), draw, inputs)
        for arm, kind in config.arms.items()
        for rate in kind.learning_rates
    }
    best = {arm: best_of(config, arm, trained) for arm in config.arms}
    sizes = {arm: powers(config, config.arms[arm], draw, inputs.training) for arm in OVERFLOWING}
    finite = {
        "finite_blocks.plain_residual": float(len(sizes["plain_residual"]) - 1),
        "finite_layers.batch_normalised": float(len(sizes["batch_normalised"])),
    }
    return Draw(
        compared(best, config.updates) | finite | first_updates(config, draw, inputs.training),
        {"losses": loss_rows(best), "sizes": size_rows(sizes)},
    )


# Training ----------------------------------------------------------------------------------------


def train_one(config: Config, job: Job, draw: int, inputs: Inputs) -> History:
    """Train the network of an arm; return its losses and, after the last update, its error."""
    name, rate = job
    arm, (training, unseen) = config.arms[name], inputs

    def evaluate(network: nn.Module) -> dict[str, float]:
        return {"error": error_rate(network, arm.input_scale * unseen.images, unseen.labels)}

    with without_subnormals():
        return fit(
            lambda: started(config, arm, draw, training.images),
            functional.cross_entropy,
            Split(arm.input_scale * training.images, training.labels),
            # Looked at in the end only: a checkpoint holds every weight twice.
            Schedule(config.batch, config.updates, (config.updates,)),
            random_generator(config.seed, draw, 0),
            optimiser=sgd(rate, momentum=config.momentum),
            evaluate=evaluate,
            name=f"{name}-{rate}-{draw}",
        )


def started(config: Config, arm: Arm, draw: int, images: Tensor) -> Chain | Residual:
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
        arm.law,
        arm.weight_variance,
        seed=config.seed,
        draw=draw,
        device=images.device,
    )


def learnt(trained: History) -> float:
    """Return which share of a guess's loss is gone in the last updates; 0 if it diverged.

    >>> learnt(History([log(10)] * 9 + [0.0] * 10, {})), learnt(History([0.0, float("nan")], {}))
    (1.0, 0.0)
    """
    return 1 - fmean(trained.losses[-LAST:]) / log(CLASSES) if trained.finite else 0.0


def best_of(config: Config, arm: str, trained: Mapping[Job, History]) -> History:
    """Return the training of an arm with the rate that taught most, of those that stayed finite."""
    found = [trained[arm, rate] for rate in config.arms[arm].learning_rates]
    return max(found, key=lambda history: (history.finite, learnt(history)))


def compared(best: Mapping[str, History], updates: int) -> dict[str, float]:
    """Return what the arms of a draw have learnt.

    Args:
        best: what is left of the training of each, at its learning rate.
        updates: after how many the error was seen.

    Returns:
        The error and the share of the loss taken away of each arm, whether that is nothing, 1 or
        0, and the smaller error of the two constructions without normalisation.
    """
    seen = {arm: trained.metrics[updates]["error"] for arm, trained in best.items()}
    errors = {arm: error if isfinite(error) else GUESS for arm, error in seen.items()}
    shares = {arm: learnt(trained) for arm, trained in best.items()}
    return (
        {f"error.{arm}": error for arm, error in errors.items()}
        | {f"learnt.{arm}": share for arm, share in shares.items()}
        | {
            f"rate.nothing_learnt.{arm}": float(abs(share) <= NOTHING)
            for arm, share in shares.items()
        }
        | {"error.better_unnormalised": min(errors[arm] for arm in UNNORMALISED)}
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
    network = started(config, arm, draw, training.images)
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
    found: dict[str, float] = {}
    for name, power in (("scaled", setting.power_with), ("unscaled", setting.power_without)):
        few, many = (
            output_change(with_branches(config, blocks, power, draw, batch.images), batch, STEP)
            for blocks in (setting.few, setting.many)
        )
        found |= {f"output_change.{name}": many, f"output_change_many_over_few.{name}": many / few}
    return found


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
        {"arm": arm, "layers": each * at, "sample": sizes[arm][at]}
        for arm, each in (("plain_residual", 2), ("batch_normalised", 1))
        for at in range(0, len(sizes[arm]), EVERY // each)
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
