"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

import torch
from annotated_types import Ge, Le, Lt
from pydantic.dataclasses import dataclass
from torch import nn
from torch.nn.functional import cross_entropy

from study.experiments.notes.pixels import (
    Affine,
    affine_preactivation,
    histogram,
    pixel_scale,
    standardiser,
)
from study.lab.inits import over_fan_in, random_generator
from study.lab.mnist import Mnist, Split
from study.lab.networks import classifier
from study.lab.training import Optimiser, Schedule, adam, fit, sgd
from study.record.checks import check_batch, check_names
from study.record.draws import Draw
from study.record.settings import STRICT, Count, LearningRate, Settings

OPTIMISERS = {"descent": sgd, "adam": adam}


@dataclass(frozen=True, config=STRICT)
class Way:
    """Whose statistics standardise images, and which share of their set is blank frames."""

    statistics: Literal["training", "set", "digit", "image", "none"]
    blank_share: Annotated[float, Ge(0), Lt(1)]


@dataclass(frozen=True, config=STRICT)
class Course:
    """Another way to train the network: by which optimiser, and how fast."""

    optimiser: Literal["descent", "adam"]
    learning_rate: LearningRate


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the network and its training, and the ways to bring images to it.

    It is trained by plain descent at ``learning_rate``, and anew in every course.
    """

    hidden: Annotated[int, Ge(1), Le(16_384)]
    images: Count
    updates: Count
    batch: Count
    learning_rate: LearningRate
    courses: dict[str, Course]
    trained_with: Way
    ways: dict[str, Way]

    def __post_init__(self) -> None:
        """Refuse images that fill no minibatch, and ways without one to compare the others with."""
        check_batch(self.batch, self.images)
        check_names("ways", self.ways, ("training",))


class Inputs(NamedTuple):
    """The images, of shape (images, pixels), with their labels, and the ways to a network.

    Attributes:
        training: the images that train, in float64, as the network sees them.
        validation: the images that are classified, as they are.
        ways: the layer that brings these to the network, by way.
        by_training: the layer that standardises by the training images.
    """

    training: Split
    validation: Split
    ways: Mapping[str, Affine]
    by_training: Affine


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the statistics of the images in each way, and bring those that train to the network.

    Args:
        config: the settings.
        mnist: the data.

    Raises:
        StudyError: if there are fewer images than are to train.
    """
    scale = pixel_scale(mnist.train.images)
    by_training = standardiser(*histogram(mnist.train.images, scale).moments(scale))
    first = mnist.train.first(config.images)
    trained_with = affine_of(config.trained_with, first, by_training)
    return Inputs(
        training=Split(trained_with(first.images), first.labels),
        validation=mnist.validation,
        ways={
            name: affine_of(way, mnist.validation, by_training) for name, way in config.ways.items()
        },
        by_training=by_training,
    )


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Train one network, and bring the validation images to it in each way; again in each course.

    Args:
        config: the settings.
        inputs: the images and the ways.
        draw: index of the draw.

    Returns:
        The error and the loss of each way, and what they are against those of the training
        statistics; of a course under keys that end in its name.
    """
    values = train_and_compare(config, inputs, sgd(config.learning_rate), draw, name="")
    for name, course in config.courses.items():
        optimiser = OPTIMISERS[course.optimiser](course.learning_rate)
        in_course = train_and_compare(config, inputs, optimiser, draw, name=name)
        values |= {f"{key}_{name}": number for key, number in in_course.items()}
    return Draw(values)


def affine_of(way: Way, split: Split, by_training: Affine) -> Affine:
    """Return the layer that brings images to a network in one way.

    Args:
        way: whose statistics are used; blank frames lower the mean and the mean square of a set
            by their share.
        split: the images, which are also the set.
        by_training: the layer that standardises by the training images.

    Returns:
        The layer; its factor and shift are numbers or of shape (images, 1).
    """
    if way.statistics == "none":
        return Affine(1.0, 0.0)
    if way.statistics == "training":
        return by_training
    images = split.images.double().cpu()
    groups = {
        "set": torch.zeros(len(images), dtype=torch.long),
        "digit": split.labels.cpu(),
        "image": torch.arange(len(images)),
    }[way.statistics]
    mean, second_moment = (
        (1 - way.blank_share) * groups.bincount(weights=of_images) / groups.bincount()
        for of_images in (images.mean(dim=1), images.square().mean(dim=1))
    )
    deviation = (second_moment - mean.square()).sqrt()
    factor, shift = (1 / deviation)[groups, None], (-mean / deviation)[groups, None]
    return Affine(factor.to(split.images.device), shift.to(split.images.device))


def train_and_compare(
    config: Config, inputs: Inputs, optimiser: Optimiser, draw: int, *, name: str
) -> dict[str, float]:
    """Train a network with one hidden layer of ReLUs, and bring the validation images to it.

    Args:
        config: the settings.
        inputs: the images and the ways.
        optimiser: makes, for the network, what makes an update of its gradients.
        draw: index of the draw.
        name: of the course; empty for the training without one.

    Returns:
        What :func:`compare` says of the trained network.
    """
    batch_rng = random_generator(config.seed, draw, 0)
    history = fit(
        lambda: make_body(config, inputs.training, draw),
        cross_entropy,
        inputs.training,
        Schedule(config.batch, config.updates, evaluate_at=(config.updates,)),
        batch_rng,
        optimiser=optimiser,
        evaluate=lambda body: compare(body, inputs.validation, inputs.ways),
        name=f"{name}-{draw}",
    )
    return history.metrics[config.updates]


def make_body(config: Config, training: Split, draw: int) -> nn.Sequential:
    """Make a network with one hidden layer of ReLUs, as it is before training.

    Args:
        config: the settings.
        training: the images as the network sees them.
        draw: index of the draw.

    Returns:
        The network, in float64.
    """
    return classifier(
        training.images, [config.hidden], over_fan_in(2.0), nn.ReLU, seed=config.seed, draw=draw
    ).double()


def compare(body: nn.Module, split: Split, ways: Mapping[str, Affine]) -> dict[str, float]:
    """Classify images brought to one network in each way.

    Args:
        body: the network, whose first layer is linear.
        split: the images and their labels.
        ways: the layer that brings them to the network, by way.

    Returns:
        Error and loss of each way, and what they are against those of the training statistics.
    """
    first, *rest = body.children()
    weights, bias = (parameter.detach() for parameter in first.parameters())
    products = split.images.double() @ weights.T
    values: dict[str, float] = {}
    for name, layer in ways.items():
        with torch.no_grad():
            outputs = nn.Sequential(*rest)(affine_preactivation(layer, products, weights) + bias)
        wrong = outputs.argmax(dim=1) != split.labels
        values[f"loss.{name}"] = cross_entropy(outputs, split.labels).item()
        values[f"error.{name}"] = wrong.double().mean().item()
    for name in ways:
        loss, error = values[f"loss.{name}"], values[f"error.{name}"]
        values |= {
            f"loss_over_training.{name}": loss / values["loss.training"],
            f"error_above_training.{name}": error - values["error.training"],
            f"rate.loss_above_training.{name}": float(loss > values["loss.training"]),
            f"rate.loss_not_above_training.{name}": float(loss <= values["loss.training"]),
        }
    return values


def exact(_config: Config, inputs: Inputs) -> dict[str, float]:
    """Compare each way with standardising by the training images, whatever the network."""
    return stretches(inputs.ways, inputs.by_training)


def stretches(ways: Mapping[str, Affine], by_training: Affine) -> dict[str, float]:
    """Compare each way with standardising by the training images, as ``stretch * x + offset``.

    Returns:
        Mean and deviation of the stretch over the images, and the mean of the offset.
    """
    values: dict[str, float] = {}
    for name, layer in ways.items():
        stretch = torch.as_tensor(layer.factor / by_training.factor, dtype=torch.float64)
        offset = layer.shift - stretch * by_training.shift
        values |= {
            f"stretch.{name}": float(stretch.mean()),
            # Beyond 12 decimals it is the rounding of equal numbers.
            f"stretch_deviation.{name}": round(float(stretch.std(correction=0)), 12),
            f"offset.{name}": float(offset.mean()),
        }
    return values
