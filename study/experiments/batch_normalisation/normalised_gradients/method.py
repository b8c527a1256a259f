"""Settings, one draw, and what is read of it."""

from collections.abc import Sequence
from math import log, sqrt
from typing import Annotated, NamedTuple

import torch
from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.experiments.batch_normalisation.normalising import (
    Norm,
    Optimiser,
    hidden_parameters,
    network,
    optimiser,
)
from study.lab.classification import splits
from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.training import minibatches
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
    Variance,
    Width,
)


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of network and of training; a power of the scale multiplies hidden weights' rate."""

    norm: Norm
    optimiser: Optimiser
    learning_rate: LearningRate
    rate_power: Annotated[int, Ge(0), Le(4)]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the networks, the scale of their hidden weights, and how they are trained."""

    images: Several
    width: Width
    hidden_layers: Annotated[int, Ge(1), Le(100)]
    scale: Annotated[float, Gt(1), Le(100)]
    last_variance: Variance
    batch: Several
    updates: Count
    epsilon: Positive
    adam_epsilon: Positive
    arms: Named[Arm]

    def __post_init__(self) -> None:
        """Refuse minibatches that the images do not fill."""
        check_batch(self.batch, self.images)


class Trained(NamedTuple):
    """What a training leaves.

    Attributes:
        losses: of each update, before it.
        gradient: the norm of the first gradient by the hidden weights and biases.
        step: the norm of their first change over that of what they were.
    """

    losses: list[float]
    gradient: float
    step: float


def prepare(config: Config, mnist: Mnist) -> Split:
    """Take the first images of the training split, in float64.

    Args:
        config: the settings.
        mnist: the data.
    """
    return splits(mnist, training=config.images).training.double()


def measure(config: Config, inputs: Split, draw: int) -> Draw:
    """Train each network from hidden weights of either scale.

    Args:
        config: the settings.
        inputs: the images and their labels.
        draw: index of the draw.

    Returns:
        What the claims read, and the losses of both trainings.
    """
    values: dict[str, float] = {}
    rows: list[Row] = []
    for name, arm in config.arms.items():
        usual, large = (train(config, arm, inputs, draw, scale) for scale in (1.0, config.scale))
        quantities = compare(usual, large, config.scale)
        values |= {f"{quantity}.{name}": number for quantity, number in quantities.items()}
        rows += [
            {"arm": name, "start": start, "update": update, "sample": loss}
            for start, result in (("usual", usual), ("large", large))
            for update, loss in enumerate(result.losses)
        ]
    return Draw(values, {"losses": rows})


def train(config: Config, arm: Arm, examples: Split, draw: int, scale: float) -> Trained:
    """Make one network and train it.

    Args:
        config: the settings.
        arm: what kind of network and of training.
        examples: the images and their labels.
        draw: index of the draw.
        scale: what all hidden weights are multiplied by.

    Returns:
        What the training leaves.
    """
    layers = network(
        examples.images,
        arm.norm,
        (config.width,) * config.hidden_layers,
        (2.0, config.last_variance),
        epsilon=config.epsilon,
        seed=config.seed,
        draw=draw,
    )
    rates = (arm.learning_rate * scale**arm.rate_power, arm.learning_rate)
    epsilons = (config.adam_epsilon / scale, config.adam_epsilon)
    rule = optimiser(layers, arm.optimiser, rates, epsilons)
    parameters = hidden_parameters(layers)
    with torch.no_grad():
        for parameter in parameters:
            parameter.mul_(scale)  # in float64, where the weights themselves were drawn in float32
    starts = [parameter.detach().clone() for parameter in parameters]
    losses: list[float] = []
    gradient = step = 0.0
    generator = random_generator(config.seed, draw, 0)
    for batch in minibatches(len(examples.labels), config.batch, config.updates, generator):
        losses.append(backward(layers, examples.images[batch], examples.labels[batch]))
        if len(losses) == 1:
            gradient = size([weight.grad for weight in parameters if weight.grad is not None])
        rule.step()
        if len(losses) == 1:
            pairs = zip(parameters, starts, strict=True)
            step = size([end.detach() - start for end, start in pairs]) / size(starts)
    return Trained(losses, gradient, step)


def backward(layers: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Leave the gradients of a minibatch in the parameters, and return its loss.

    Args:
        layers: the network.
        images: of shape (images, pixels).
        labels: their classes.
    """
    layers.zero_grad()
    loss = functional.cross_entropy(layers(images), labels)
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.item()


# What is read of it ------------------------------------------------------------------------------


def size(tensors: Sequence[Tensor]) -> float:
    """Return the norm of all numbers together.

    >>> size([torch.tensor([3.0]), torch.tensor([[0.0, 4.0]])])
    5.0
    """
    return sqrt(sum(tensor.square().sum().item() for tensor in tensors))


def compare(usual: Trained, large: Trained, scale: float) -> dict[str, float]:
    """Compare a training from weights of one scale with that from others.

    Args:
        usual: from the usual weights.
        large: from weights ``scale`` times as large.
        scale: how much larger.

    Returns:
        By name: the power of the scale by which the first gradient is larger, the same of the
        first step over the weights, and the largest difference of two losses of one update.

    >>> compare(Trained([2.0, 1.0], 8.0, 1.0), Trained([2.0, 1.5], 2.0, 0.25), 4.0)
    {'gradient_power': -1.0, 'step_power': -1.0, 'loss_difference': 0.5}
    """
    pairs = zip(usual.losses, large.losses, strict=True)
    return {
        "gradient_power": log(large.gradient / usual.gradient) / log(scale),
        "step_power": log(large.step / usual.step) / log(scale),
        "loss_difference": max(abs(usual_loss - large_loss) for usual_loss, large_loss in pairs),
    }
