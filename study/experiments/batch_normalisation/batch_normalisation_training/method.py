"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass as record
from typing import Annotated, Literal, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.inits import random_generator, weight_std
from study.lab.mnist import Mnist, Split
from study.lab.networks import dense
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

CLASSES = 10


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
        losses: the loss of each minibatch, before the step on it.
        error: on the validation images, in inference mode.
        growth: by how much the squared norm of the hidden weights grew.
        steps_squared: the sum over the steps of the squared length of the step of these weights.
    """

    losses: list[float]
    error: float
    growth: float
    steps_squared: float


class Inputs(NamedTuple):
    """The images to train on and those for the error, standardised, in float64; their labels."""

    train: Split
    validation: Split


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
    return Inputs(*(mnist.standardised_split(part).double() for part in (train, validation)))


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Train every arm from the same weights, with the images in the same order.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What the claims read, and the learning curve of each arm.
    """
    arms = {name: trained_network(config, arm, inputs, draw) for name, arm in config.arms.items()}
    return Draw(quantities(arms), {"losses": curves(arms)})


def trained_network(config: Config, arm: Arm, inputs: Inputs, draw: int) -> Trained:
    """Draw one network and train it.

    Args:
        config: the settings.
        arm: what kind of network.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What the training leaves.
    """
    train, validation = inputs
    network = draw_network(config, arm, draw, train.images)
    order = minibatches(
        len(train.images), config.batch, config.updates, random_generator(config.seed, draw, 0)
    )
    hidden = hidden_weights(network)
    before = squared_norm(hidden)
    losses, steps_squared = descend(config, arm, network, train, order)
    growth = squared_norm(hidden) - before
    network.eval()
    error = error_rate(network, validation.images, validation.labels)
    return Trained(losses, error, growth, steps_squared)


def draw_network(config: Config, arm: Arm, draw: int, inputs: Tensor) -> nn.Sequential:
    """Draw a network whose hidden weights have the arm's scale; the last layer's have none.

    Args:
        config: the settings.
        arm: what kind of network.
        draw: index of the draw.
        inputs: images, of shape (images, pixels).

    Returns:
        The network, in training mode and in float64.
    """
    sizes = [inputs.shape[1], *[config.width] * config.hidden_layers, CLASSES]
    stds = [arm.scale * weight_std(fan_in, 2.0) for fan_in in sizes[:-2]]

    def between(width: int) -> nn.Module:
        parts = {"relu": nn.ReLU(), "norm": nn.BatchNorm1d(width, eps=config.epsilon)}
        names = {"before": ("norm", "relu"), "after": ("relu", "norm"), "none": ("relu",)}
        return nn.Sequential(*(parts[name] for name in names[arm.placement]))

    last = weight_std(config.width, 1.0)
    network = dense(
        sizes, [*stds, last], between, seed=config.seed, draw=draw, device=inputs.device
    )
    return network.double()


def hidden_weights(network: nn.Sequential) -> list[Tensor]:
    """Return the weights of all linear layers but the last."""
    return [layer.weight for layer in network if isinstance(layer, nn.Linear)][:-1]


def squared_norm(tensors: Iterable[Tensor]) -> float:
    """Return the sum of the squares of all entries."""
    return float(sum(tensor.detach().square().sum() for tensor in tensors))


def descend(
    config: Config, arm: Arm, network: nn.Sequential, train: Split, batches: Iterable[Tensor]
) -> tuple[list[float], float]:
    """Train by plain stochastic gradient descent with a learning rate of their own for weights.

    Args:
        config: the settings.
        arm: its rate scales the learning rate of the hidden weights.
        network: what is trained, in place.
        train: the images and labels.
        batches: the indices of each minibatch.

    Returns:
        The loss of each step, before the step, and the sum of the squared lengths of the steps of
        the hidden weights.
    """
    hidden = hidden_weights(network)
    own = {id(weight) for weight in hidden}
    others = [parameter for parameter in network.parameters() if id(parameter) not in own]
    losses, steps_squared, rate = [], 0.0, config.learning_rate * arm.rate
    for batch in batches:
        loss = F.cross_entropy(network(train.images[batch]), train.labels[batch])
        gradients = torch.autograd.grad(loss, [*hidden, *others])
        with torch.no_grad():
            for at, (parameter, gradient) in enumerate(
                zip([*hidden, *others], gradients, strict=True)
            ):
                own_rate = rate if at < len(hidden) else config.learning_rate
                parameter.sub_(gradient, alpha=own_rate)
        steps_squared += rate**2 * squared_norm(gradients[: len(hidden)])
        losses.append(loss.item())
    return losses, steps_squared


LAST_SHARE = 10
"""The last loss is the mean over the last tenth of the steps."""


def quantities(arms: Mapping[str, Trained]) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        arms: what the training of each arm left.

    Returns:
        The first and the last loss and the error of each arm; the losses over those of the arm
        ``one``, and the error less that of ``one``; and the growth of the squared norm of the
        weights over the sum of the squared steps. A quotient by 0 is not a number.
    """
    found: dict[str, float] = {}
    for name, trained in arms.items():
        found |= {
            f"first_loss.{name}": trained.losses[0],
            f"last_loss.{name}": last_loss(trained),
            f"error.{name}": trained.error,
            f"growth_over_squared_steps.{name}": quotient(trained.growth, trained.steps_squared),
        }
        if name != "one" and "one" in arms:
            one = arms["one"]
            found |= {
                f"first_loss_over_one.{name}": quotient(trained.losses[0], one.losses[0]),
                f"last_loss_over_one.{name}": quotient(last_loss(trained), last_loss(one)),
                f"error_minus_one.{name}": trained.error - one.error,
            }
    return found


def last_loss(trained: Trained) -> float:
    """Return the mean loss over the last tenth of the steps."""
    count = max(1, len(trained.losses) // LAST_SHARE)
    return sum(trained.losses[-count:]) / count


def curves(arms: Mapping[str, Trained]) -> list[Row]:
    """Return the loss of each step, one row each.

    Args:
        arms: what the training of each arm left.
    """
    return [
        {"arm": name, "step": step, "sample": loss}
        for name, trained in arms.items()
        for step, loss in enumerate(trained.losses)
    ]
