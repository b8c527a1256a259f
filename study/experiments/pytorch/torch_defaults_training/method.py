"""Settings, one draw, and what is read of it."""

from math import sqrt
from statistics import fmean
from typing import Annotated, Literal, TypeAlias

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.classification import CHANCE_LOSS, Splits, Task, splits
from study.lab.inits import over_fan_in, random_generator
from study.lab.mnist import Mnist
from study.lab.networks import classifier, linear_layers
from study.lab.training import Schedule, error_rate
from study.record.checks import check_batch
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Count, LearningRate, Named, Settings, Width

Start: TypeAlias = Literal["default", "he"]
PIECE = 10
"""Updates whose losses are averaged into one point of a curve."""


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


def prepare(config: Config, mnist: Mnist) -> Splits:
    """Take the first images of the training split, and all of the validation split.

    In float64, since hundreds of updates carry a rounding far.

    Args:
        config: the settings.
        mnist: the data.
    """
    return splits(mnist, training=config.images, validation=None).double()


def measure(config: Config, inputs: Splits, draw: int) -> Draw:
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
        name: train_network(config, network, inputs, draw)
        for name, network in config.networks.items()
    }
    values = {
        f"last_loss_over_chance.{name}": fmean(losses[-PIECE:]) / CHANCE_LOSS
        for name, (losses, _) in trainings.items()
    } | {f"error.{name}": error for name, (_, error) in trainings.items()}
    curves: list[Row] = [
        {"network": name, "step": PIECE * piece, "sample": loss}
        for name, (losses, _) in trainings.items()
        for piece, loss in enumerate(pieces(losses), start=1)
    ]
    return Draw(values, {"losses": curves})


def train_network(
    config: Config, network: Network, inputs: Splits, draw: int
) -> tuple[list[float], float]:
    """Train one network.

    Args:
        config: the settings.
        network: how deep it is, and what it starts from.
        inputs: the images and their labels.
        draw: index of the draw.

    Returns:
        The loss of each update, and the error rate on the validation images afterwards.
    """
    model = make_network(config, network, draw, inputs.training.images).double()
    task = Task(inputs.training, config.seed, draw)
    losses = task.descend(model, Schedule(config.batch, config.updates), config.learning_rate)
    return losses, error_rate(model, inputs.validation.images, inputs.validation.labels)


def make_network(config: Config, network: Network, draw: int, images: Tensor) -> nn.Sequential:
    """Make a network with the weights and biases that it starts from.

    Args:
        config: the settings.
        network: how deep it is, and what it starts from.
        draw: index of the draw.
        images: of shape (images, pixels).

    Returns:
        Linear layers with a ReLU between them.
    """
    hidden = [config.width] * (network.depth - 1)
    model = classifier(images, hidden, over_fan_in(2.0), nn.ReLU, seed=config.seed, draw=draw)
    if network.start == "he":
        return model
    for index, layer in enumerate(linear_layers(model), start=1):
        seed = int(random_generator(config.seed, draw, index).integers(2**32))
        generator = torch.Generator().manual_seed(seed)
        nn.init.kaiming_uniform_(layer.weight, a=config.slope, generator=generator)
        bound = 1 / sqrt(layer.in_features)
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return model


def pieces(losses: list[float]) -> list[float]:
    """Average the losses of neighbouring updates."""
    return [
        fmean(losses[start : start + PIECE])
        for start in range(0, len(losses) // PIECE * PIECE, PIECE)
    ]
