"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass as record
from typing import Annotated, Literal

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.classification import Splits, splits
from study.lab.inits import over_fan_in, random_generator
from study.lab.mnist import CLASSES, Mnist, Split
from study.lab.networks import dense, linear_layers
from study.lab.training import error_rate, minibatches
from study.record.checks import check_batch
from study.record.draws import Draw, Row
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    Named,
    Positive,
    Settings,
    Several,
    Width,
)
from study.theory.quotients import quotient


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of network: where it normalises, its weights' scale, their learning rate's scale."""

    placement: Literal["before", "after", "none"]
    scale: Annotated[float, Gt(0), Le(1000)]
    rate: Annotated[float, Gt(0), Le(1_000_000)]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: how many draws of how large a network, how it is trained, and the arms."""

    images: Several
    validation: Count
    width: Width
    hidden_layers: Annotated[int, Ge(1), Le(1000)]
    batch: Several
    updates: Annotated[int, Ge(10), Le(100_000)]
    learning_rate: LearningRate
    epsilon: Positive
    arms: Named[Arm]

    def __post_init__(self) -> None:
        """Refuse minibatches that the images do not fill."""
        check_batch(self.batch, self.images)


@record(frozen=True)
class Trained:
    """What a training leaves.

    Attributes:
        losses: the loss of each minibatch, before the update by it.
        error: on the validation images, in inference mode.
        growth: by how much the squared norm of the hidden weights grew.
        steps_squared: the sum over the updates of the squared length of what these weights move.
    """

    losses: list[float]
    error: float
    growth: float
    steps_squared: float


def prepare(config: Config, mnist: Mnist) -> Splits:
    """Take the first images of the training and of the validation split, in float64.

    Args:
        config: the settings.
        mnist: the data.

    Raises:
        StudyError: if there are not so many.
    """
    return splits(mnist, training=config.images, validation=config.validation).double()


def measure(config: Config, inputs: Splits, draw: int) -> Draw:
    """Train every arm from the same weights, with the images in the same order.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What the claims read, and the learning curve of each arm.
    """
    arms = {name: train_arm(config, arm, inputs, draw) for name, arm in config.arms.items()}
    return Draw(quantities(arms), {"losses": curves(arms)})


def train_arm(config: Config, arm: Arm, inputs: Splits, draw: int) -> Trained:
    """Make one network and train it.

    Args:
        config: the settings.
        arm: what kind of network.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What the training leaves.
    """
    training, validation = inputs.training, inputs.validation
    network = make_network(config, arm, draw, training.images)
    batch_rng = random_generator(config.seed, draw, 0)
    batches = minibatches(len(training.images), config.batch, config.updates, batch_rng)
    weights = hidden_weights(network)
    norm_at_start = squared_norm(weights)
    losses, steps_squared = descend(config, arm, network, training, batches)
    growth = squared_norm(weights) - norm_at_start
    network.eval()
    error = error_rate(network, validation.images, validation.labels)
    return Trained(losses, error, growth, steps_squared)


def make_network(config: Config, arm: Arm, draw: int, images: Tensor) -> nn.Sequential:
    """Make a network whose hidden weights have the arm's scale; the last layer's have none.

    Args:
        config: the settings.
        arm: what kind of network.
        draw: index of the draw.
        images: of shape (images, pixels).

    Returns:
        The network, in training mode and in float64.
    """

    def between(width: int) -> nn.Module:
        parts = {"relu": nn.ReLU(), "norm": nn.BatchNorm1d(width, eps=config.epsilon)}
        names = {"before": ("norm", "relu"), "after": ("relu", "norm"), "none": ("relu",)}
        return nn.Sequential(*(parts[name] for name in names[arm.placement]))

    return dense(
        (images.shape[1], *[config.width] * config.hidden_layers, CLASSES),
        [*[over_fan_in(2.0).scaled(arm.scale)] * config.hidden_layers, over_fan_in(1.0)],
        between,
        seed=config.seed,
        draw=draw,
        device=images.device,
    ).double()


def hidden_weights(network: nn.Sequential) -> list[Tensor]:
    """Return the weights of all linear layers but the last."""
    return [layer.weight for layer in linear_layers(network)[:-1]]


def squared_norm(tensors: Iterable[Tensor]) -> float:
    """Return the sum of the squares of all entries."""
    return float(sum(tensor.detach().square().sum() for tensor in tensors))


def descend(
    config: Config, arm: Arm, network: nn.Sequential, training: Split, batches: Iterable[Tensor]
) -> tuple[list[float], float]:
    """Train by plain stochastic gradient descent with a learning rate of their own for weights.

    Args:
        config: the settings.
        arm: its rate scales the learning rate of the hidden weights.
        network: what is trained, in place.
        training: the images and labels.
        batches: the indices of each minibatch.

    Returns:
        The loss of each update, before it, and the sum of the squared lengths of what updates move
        the hidden weights by.
    """
    weights = hidden_weights(network)
    identities = {id(weight) for weight in weights}
    remaining_parameters = [
        parameter for parameter in network.parameters() if id(parameter) not in identities
    ]
    losses, steps_squared, rate = [], 0.0, config.learning_rate * arm.rate
    for batch in batches:
        loss = F.cross_entropy(network(training.images[batch]), training.labels[batch])
        gradients = torch.autograd.grad(loss, [*weights, *remaining_parameters])
        with torch.no_grad():
            for index, (parameter, gradient) in enumerate(
                zip([*weights, *remaining_parameters], gradients, strict=True)
            ):
                own_rate = rate if index < len(weights) else config.learning_rate
                parameter.sub_(gradient, alpha=own_rate)
        steps_squared += rate**2 * squared_norm(gradients[: len(weights)])
        losses.append(loss.item())
    return losses, steps_squared


LAST_SHARE = 10
"""The last loss is the mean over the last tenth of the updates."""


def quantities(arms: Mapping[str, Trained]) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        arms: what the training of each arm left.

    Returns:
        The first and the last loss and the error of each arm; the losses over those of the arm
        ``one``, and the error less that of ``one``; and the growth of the squared norm of the
        weights over the sum of the squared steps. A quotient by 0 is not a number.
    """
    values: dict[str, float] = {}
    for name, result in arms.items():
        values |= {
            f"first_loss.{name}": result.losses[0],
            f"last_loss.{name}": last_loss(result),
            f"error.{name}": result.error,
            f"growth_over_squared_steps.{name}": quotient(result.growth, result.steps_squared),
        }
        if name != "one" and "one" in arms:
            reference = arms["one"]
            values |= {
                f"first_loss_over_one.{name}": quotient(result.losses[0], reference.losses[0]),
                f"last_loss_over_one.{name}": quotient(last_loss(result), last_loss(reference)),
                f"error_minus_one.{name}": result.error - reference.error,
            }
    return values


def last_loss(result: Trained) -> float:
    """Return the mean loss over the last tenth of the updates."""
    count = max(1, len(result.losses) // LAST_SHARE)
    return sum(result.losses[-count:]) / count


def curves(arms: Mapping[str, Trained]) -> list[Row]:
    """Return the loss of each step, one row each.

    Args:
        arms: what the training of each arm left.
    """
    return [
        {"arm": name, "step": step, "sample": loss}
        for name, result in arms.items()
        for step, loss in enumerate(result.losses)
    ]
