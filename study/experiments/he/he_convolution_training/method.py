"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from math import log2, prod
from typing import Annotated, TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import nn

from study.lab.classification import CHANCE_ERROR, Splits, Task, error_rates, share_learnt, splits
from study.lab.inits import over_fan_in, random_generator, standard_normal
from study.lab.mnist import CLASSES, Mnist, Split
from study.lab.training import History, Schedule, sgd, updates_needed
from study.record.checks import check_batch, check_evaluate_at, check_names
from study.record.draws import Draw, Row
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

SIDE = 28
"""Pixels of an image, in width and in height."""
KERNEL = 3

GUESS_SHARE = 0.1
"""A network that has learnt no larger share of what separates a guess from no error has stalled: a
constant answer scatters by less."""

Job: TypeAlias = tuple[str, str]
"""Which training: the network and the arm."""
COMPARED_ARMS = ("he", "xavier")
"""Arms whose updates are compared."""


@dataclass(frozen=True, config=STRICT)
class Network:
    """Convolutions, for how many updates each arm is trained and when it is looked at."""

    convolutions: Annotated[int, Ge(1), Le(1000)]
    learning_rate: LearningRate
    updates: dict[str, Count]
    evaluate_at: NonEmpty[Whole]

    def __post_init__(self) -> None:
        """Refuse evaluations that are out of order; those after an arm's end are left out."""
        check_evaluate_at(self.evaluate_at)

    def evaluations(self, arm: str) -> tuple[int, ...]:
        """Return after how many updates an arm is evaluated: those before its end, and its end."""
        end = self.updates[arm]
        return (*(update for update in self.evaluate_at if update < end), end)


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the data, the layers, how they are trained, and from which weights."""

    images: Several
    validation: Count
    pool: Annotated[int, Ge(1), Le(14)]
    channels: Annotated[int, Ge(1), Le(1024)]
    units: Width
    batch: Count
    momentum: Momentum
    target_loss: Positive
    window: Count
    weight_variance: dict[str, Variance]
    networks: Named[Network]

    def __post_init__(self) -> None:
        """Refuse arms that are not compared, and arms without a number of updates."""
        check_batch(self.batch, self.images)
        check_names("weight_variance", self.weight_variance, COMPARED_ARMS)
        for name, network in self.networks.items():
            if {*network.updates} != {*self.weight_variance}:
                raise ValueError(
                    f"networks.{name}.updates={', '.join(network.updates)}, "
                    f"weight_variance={', '.join(self.weight_variance)}: must have the same arms"
                )


def prepare(config: Config, mnist: Mnist) -> Splits:
    """Take the first images of the training and of the validation split, and make them small.

    Args:
        config: the settings.
        mnist: the data.
    """
    parts = splits(mnist, training=config.images, validation=config.validation)
    return Splits(*(pooled(config, part) for part in parts))


def measure(config: Config, inputs: Splits, draw: int) -> Draw:
    """Train every network from every start.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        The updates to the target and what is learnt in the end; and the errors by update.
    """
    histories = {
        (name, arm): train_job(config, inputs, draw, (name, arm))
        for name in config.networks
        for arm in config.weight_variance
    }
    return Draw(quantities(config, histories), {"errors": error_rows(config, histories)})


def pooled(config: Config, split: Split) -> Split:
    """Average the pixels of each square of an image, as one channel.

    Args:
        config: the settings.
        split: images of shape (images, pixels).

    Returns:
        Images of shape (images, 1, side, side).
    """
    pictures = split.images.view(len(split.images), 1, SIDE, SIDE)
    return Split(F.avg_pool2d(pictures, config.pool), split.labels)


# Training ----------------------------------------------------------------------------------------


def train_job(config: Config, inputs: Splits, draw: int, job: Job) -> History:
    """Train one network.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.
        job: the network and the arm.

    Returns:
        The losses, and the validation error at each evaluation.
    """
    name, arm = job
    network = config.networks[name]
    weight_variance, device = config.weight_variance[arm], inputs.training.images.device
    return Task(inputs.training, config.seed, draw).fit(
        lambda: make_network(config, network.convolutions, weight_variance, draw, device=device),
        Schedule(config.batch, network.updates[arm], network.evaluations(arm)),
        sgd(network.learning_rate, momentum=config.momentum),
        evaluate=error_rates(error=inputs.validation),
        name=f"{name}-{arm}",
    )


def shapes(config: Config, convolutions: int) -> list[tuple[int, ...]]:
    """Return the shape of the weights of each layer.

    Args:
        config: the settings.
        convolutions: how many there are; three fully connected layers follow.

    Returns:
        Of a convolution (channels out, channels in, height, width), else (fan_out, fan_in).
    """
    side = SIDE // config.pool
    kernel = (KERNEL, KERNEL)
    return [
        (config.channels, 1, *kernel),
        *[(config.channels, config.channels, *kernel)] * (convolutions - 1),
        (config.units, config.channels * side * side),
        (config.units, config.units),
        (CLASSES, config.units),
    ]


def make_network(
    config: Config,
    convolutions: int,
    weight_variance: float,
    draw: int,
    *,
    device: torch.device,
) -> nn.Sequential:
    r"""Make a network as it is before training, with weights of a variance over their fan_in.

    .. math:: \sigma_w^2 = c / n, \qquad n = k^2 \cdot \text{channels in}

    Args:
        config: the settings.
        convolutions: how many there are.
        weight_variance: ``c``.
        draw: index of the draw; networks of one draw share their random numbers.
        device: where the parameters are to live.

    Returns:
        Layers with ReLUs between them and zero biases.

    **Source**: He et al. (2015), equation 10 and the text on Xavier.
    """
    layers: list[nn.Module] = []
    for index, shape in enumerate(shapes(config, convolutions), start=1):
        layer = blank(shape, device)
        generator = random_generator(config.seed, draw, index)
        std = over_fan_in(weight_variance).std(prod(shape[1:]), shape[0])
        with torch.no_grad():
            layer.weight.copy_(std * standard_normal(shape, generator, device))
        layers += [nn.Flatten()] if index == convolutions + 1 else []
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def blank(shape: tuple[int, ...], device: torch.device) -> nn.Conv2d | nn.Linear:
    """Make a layer with biases of zero and weights that are still to be set."""
    # On no device nothing is drawn; torch's own initialisation uses the global generator.
    layer: nn.Conv2d | nn.Linear
    if len(shape) > 2:
        layer = nn.Conv2d(shape[1], shape[0], KERNEL, padding=KERNEL // 2, device="meta")
    else:
        layer = nn.Linear(shape[1], shape[0], device="meta")
    layer = layer.to_empty(device=device)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


# What is read of it ------------------------------------------------------------------------------


def quantities(config: Config, histories: Mapping[Job, History]) -> dict[str, float]:
    """Read the updates to the target and what is learnt off the trainings of a draw.

    Args:
        config: the settings.
        histories: what is left of each training.

    Returns:
        By arm and network, the updates to the target, or all if it was not reached, the share
        learnt in the end of what separates a guess from no error, and whether that is next to
        nothing, 1 or 0; of each network the learnt share of the worse arm, and the base-2 logarithm
        of Xavier's updates over He's.
    """
    values: dict[str, float] = {}
    for name, network in config.networks.items():
        updates, learnt = {}, {}
        for arm in config.weight_variance:
            history = histories[name, arm]
            updates[arm] = updates_needed(
                history.losses, config.target_loss, config.window, cap=network.updates[arm]
            )
            learnt[arm] = share_learnt(history.metrics[network.updates[arm]]["error"], CHANCE_ERROR)
            values[f"updates.{arm}_{name}"] = updates[arm]
            values[f"learnt.{arm}_{name}"] = learnt[arm]
            values[f"rate.stalled.{arm}_{name}"] = float(learnt[arm] <= GUESS_SHARE)
        values[f"learnt_by_worse.{name}"] = min(learnt.values())
        values[f"log2_xavier_over_he.{name}"] = log2(updates["xavier"] / updates["he"])
    return values


def error_rows(config: Config, histories: Mapping[Job, History]) -> list[Row]:
    """Return the validation errors at the evaluations: rows of network, arm and update."""
    return [
        {
            "network": name,
            "arm": arm,
            "update": update,
            "sample": histories[name, arm].metrics[update]["error"],
        }
        for name, network in config.networks.items()
        for arm in config.weight_variance
        for update in network.evaluations(arm)
    ]
