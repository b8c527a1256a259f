"""Settings, one draw, and what is read of it."""

from math import log, sqrt
from statistics import fmean
from typing import Annotated, Literal, NamedTuple, TypeAlias

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import nn
from torch.nn import functional

from study.lab.inits import random_generator, weight_std
from study.lab.mnist import Mnist, Split
from study.lab.networks import dense
from study.lab.training import error_rate, minibatches, train
from study.record.checks import check_batch
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Count, LearningRate, Named, Settings, Width

Start: TypeAlias = Literal["default", "he"]
DIGITS = 10
PIECE = 10
"""Steps whose losses are averaged into one point of a curve."""


@dataclass(frozen=True, config=STRICT)
class Network:
    """How many linear layers a network has, and what it starts from."""

    depth: Annotated[int, Ge(2), Le(100)]
    start: Start


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the networks, and how they are trained."""

    images: Count
    width: Width
    batch: Count
    updates: Annotated[int, Ge(PIECE)]
    learning_rate: LearningRate
    slope: Annotated[float, Ge(0), Le(10)]
    networks: Named[Network]

    def __post_init__(self) -> None:
        """Refuse a minibatch of more images than there are."""
        check_batch(self.batch, self.images)


class Inputs(NamedTuple):
    """Standardised images, of shape (images, pixels), and their labels.

    In float64, since hundreds of steps carry a rounding far.

    Attributes:
        seen: the images to train on.
        unseen: the images to validate with.
    """

    seen: Split
    unseen: Split


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split, and all of the validation split.

    Args:
        config: the settings.
        mnist: the data.
    """
    parts = mnist.train.first(config.images), mnist.validation
    return Inputs(*(mnist.standardised_split(part).double() for part in parts))


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Train each network and keep its losses.

    Args:
        config: the settings.
        inputs: the images and their labels.
        draw: index of the draw.

    Returns:
        The last losses and the errors on the validation images, and the losses in the course of
        training.
    """
    trainings = {
        name: trained(config, network, inputs, draw) for name, network in config.networks.items()
    }
    values = {
        f"last_loss_over_chance.{name}": fmean(losses[-PIECE:]) / log(DIGITS)
        for name, (losses, _) in trainings.items()
    } | {f"error.{name}": error for name, (_, error) in trainings.items()}
    curves: list[Row] = [
        {"network": name, "step": PIECE * at, "sample": loss}
        for name, (losses, _) in trainings.items()
        for at, loss in enumerate(pieces(losses), start=1)
    ]
    return Draw(values, {"losses": curves})


def trained(
    config: Config, network: Network, inputs: Inputs, draw: int
) -> tuple[list[float], float]:
    """Train one network.

    Args:
        config: the settings.
        network: how deep it is, and what it starts from.
        inputs: the images and their labels.
        draw: index of the draw.

    Returns:
        The loss of each step, and the error rate on the unseen images afterwards.
    """
    seen, unseen = inputs
    model = started(config, network, draw).double()
    losses = train(
        model,
        functional.cross_entropy,
        seen.images,
        seen.labels,
        minibatches(
            len(seen.images), config.batch, config.updates, random_generator(config.seed, draw, 0)
        ),
        learning_rate=config.learning_rate,
    )
    return losses, error_rate(model, unseen.images, unseen.labels)


def started(config: Config, network: Network, draw: int) -> nn.Sequential:
    """Make a network with the weights and biases that it starts from.

    Args:
        config: the settings.
        network: how deep it is, and what it starts from.
        draw: index of the draw.

    Returns:
        Linear layers with a ReLU between them.
    """
    sizes = [28 * 28, *[config.width] * (network.depth - 1), DIGITS]
    stds = [weight_std(fan_in, 2.0) for fan_in in sizes[:-1]]
    cpu = torch.device("cpu")
    model = dense(sizes, stds, lambda _: nn.ReLU(), seed=config.seed, draw=draw, device=cpu)
    if network.start == "he":
        return model
    linear = [layer for layer in model if isinstance(layer, nn.Linear)]
    for at, layer in enumerate(linear, start=1):
        seed = int(random_generator(config.seed, draw, at).integers(2**32))
        generator = torch.Generator().manual_seed(seed)
        nn.init.kaiming_uniform_(layer.weight, a=config.slope, generator=generator)
        bound = 1 / sqrt(layer.in_features)
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return model


def pieces(losses: list[float]) -> list[float]:
    """Average the losses of neighbouring steps."""
    return [fmean(losses[at : at + PIECE]) for at in range(0, len(losses) // PIECE * PIECE, PIECE)]
