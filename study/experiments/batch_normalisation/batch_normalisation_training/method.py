"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass as record
from math import nan
from statistics import fmean
from typing import Annotated, Literal, NamedTuple, TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.classification import Pixels, Splits, Task, splits_by_pixels
from study.lab.inits import over_fan_in, random_generator
from study.lab.mnist import CLASSES, Mnist, Split
from study.lab.networks import dense, linear_layers
from study.lab.rate_search import Choice, choose_rates, chosen_rates, searched
from study.lab.training import Schedule, adam, error_rate, minibatches, sgd
from study.record.checks import check_batch, check_known, check_names
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table, finite_row
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    Named,
    NonEmpty,
    Positive,
    Seed,
    Settings,
    Several,
    Width,
)
from study.theory.quotients import quotient

OPTIMISERS = {"descent": sgd, "adam": adam}

Inputs: TypeAlias = Mapping[Pixels, Splits]
"""The images by the scale of their pixels."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of network: where it normalises, its weights' scale, their learning rate's scale."""

    placement: Literal["before", "after", "none"]
    scale: Annotated[float, Gt(0), Le(1000)]
    rate: Annotated[float, Gt(0), Le(1_000_000)]


@dataclass(frozen=True, config=STRICT)
class Course:
    """Another way to train some arms, with one learning rate for all parameters.

    ``learning_rates`` has those that each arm chooses from.
    """

    optimiser: Literal["descent", "adam"]
    pixels: Pixels
    learning_rates: Named[NonEmpty[LearningRate]]


@dataclass(frozen=True, config=STRICT)
class Search:
    """How many draws, of a seed of their own, choose the learning rates of the courses."""

    seed: Seed
    draws: Count


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: how many draws of how large a network, how it is trained, and the arms.

    Every arm is trained by plain descent on standardised images at one learning rate, but for its
    ``rate``; and the arms that a course names are trained in that way, too.
    """

    images: Several
    validation: Count
    width: Width
    hidden_layers: Annotated[int, Ge(1), Le(1000)]
    batch: Several
    updates: Annotated[int, Ge(10), Le(100_000)]
    learning_rate: LearningRate
    epsilon: Positive
    arms: Named[Arm]
    search: Search
    courses: dict[str, Course]

    def __post_init__(self) -> None:
        """Refuse minibatches that the images do not fill, and courses of arms that are not."""
        check_batch(self.batch, self.images)
        for name, course in self.courses.items():
            field = f"courses.{name}.learning_rates"
            check_known(field, course.learning_rates, self.arms)
            check_names(field, course.learning_rates, ("one",))


class Training(NamedTuple):
    """A training in a course: the names of the arm and of the course."""

    arm: str
    course: str

    @property
    def key(self) -> str:
        """What it is called in the key of a quantity."""
        return f"{self.arm}_{self.course}"


@record(frozen=True)
class Trained:
    """What a training leaves.

    Attributes:
        losses: the loss of each minibatch, before the update by it.
        error: on the validation images, in inference mode.
        growth: by how much the squared norm of the hidden weights grew; NaN in a course.
        steps_squared: the sum over the updates of the squared length of what these weights move;
            NaN in a course.
    """

    losses: list[float]
    error: float
    growth: float = nan
    steps_squared: float = nan


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training and of the validation split, in float64.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The images standardised and with pixels from 0 to 1.

    Raises:
        StudyError: if there are not so many.
    """
    return splits_by_pixels(mnist, training=config.images, validation=config.validation)


def grids(config: Config) -> dict[Training, tuple[float, ...]]:
    """Return the learning rates that each arm of each course chooses from."""
    return {
        Training(arm, name): rates
        for name, course in config.courses.items()
        for arm, rates in course.learning_rates.items()
    }


def choose(config: Config, inputs: Inputs) -> Choice:
    """Choose the learning rates of the courses, by trainings with weights that no draw has.

    Args:
        config: the settings.
        inputs: the images.

    Returns:
        The rates with the smallest loss at the end.
    """

    def trial(training: Training, rate: float, draw: int) -> float:
        return last_loss(
            train_in_course(config, inputs, training, rate, seed=config.search.seed, draw=draw)
        )

    return choose_rates(grids(config), trial, config.search.draws)


def measure(config: Config, inputs: Inputs, draw: int, choice: Choice) -> Draw:
    """Train every arm from the same weights, with the images in the same order.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.
        choice: the learning rates of the courses.

    Returns:
        What the claims read, and the learning curve of each arm.
    """
    arms = {
        name: train_arm(config, arm, inputs["standardised"], draw)
        for name, arm in config.arms.items()
    }
    in_courses = {
        training: train_in_course(
            config,
            inputs,
            training,
            choice["learning_rates"][training.key],
            seed=config.seed,
            draw=draw,
        )
        for training in grids(config)
    }
    return Draw(quantities(arms) | course_quantities(in_courses), {"losses": curves(arms)})


def exact(config: Config, _inputs: Inputs, choice: Choice) -> dict[str, float]:
    """Return the learning rates that were chosen, and which of them lie at an edge of their grid.

    Args:
        config: the settings.
        _inputs: the images.
        choice: what the search found.
    """
    return chosen_rates(grids(config), choice)


def tables(config: Config, draws: Draws, choice: Choice) -> dict[str, Table]:
    """Average the learning curves, and write down the search.

    Args:
        config: the settings.
        draws: the draws.
        choice: what the search found.

    Returns:
        ``losses``, by arm and update; ``rates``, the loss at the end by arm, course and learning
        rate.
    """
    rows: Table = [
        finite_row(
            choice["scores"][training.key][str(rate)],
            arm=training.arm,
            course=training.course,
            learning_rate=rate,
        )
        for training in searched(grids(config))
        for rate in grids(config)[training]
    ]
    return {"losses": means(draws, "losses")} | ({"rates": rows} if rows else {})


# Training ----------------------------------------------------------------------------------------


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
    network = make_network(config, arm, training.images, seed=config.seed, draw=draw)
    batch_rng = random_generator(config.seed, draw, 0)
    batches = minibatches(len(training.images), config.batch, config.updates, batch_rng)
    weights = hidden_weights(network)
    norm_at_start = squared_norm(weights)
    losses, steps_squared = descend(config, arm, network, training, batches)
    growth = squared_norm(weights) - norm_at_start
    return Trained(losses, inference_error(network, validation), growth, steps_squared)


def train_in_course(  # noqa: PLR0913 - two numbers name the draw
    config: Config, inputs: Inputs, training: Training, rate: float, *, seed: int, draw: int
) -> Trained:
    """Make one network and train it as a course says.

    Args:
        config: the settings.
        inputs: the images.
        training: the arm and the course.
        rate: the learning rate of all parameters.
        seed: of the draws, or of the search.
        draw: index of the draw.

    Returns:
        The losses, NaN from where they diverged, and the error.
    """
    course, arm = config.courses[training.course], config.arms[training.arm]
    images, validation, _ = inputs[course.pixels]
    history = Task(images, seed, draw).fit(
        lambda: make_network(config, arm, images.images, seed=seed, draw=draw),
        Schedule(config.batch, config.updates, evaluate_at=(config.updates,)),
        OPTIMISERS[course.optimiser](rate),
        evaluate=lambda network: {"error": inference_error(network, validation)},
        name=f"{seed}-{training.key}-{rate}",
    )
    return Trained(history.losses, history.metrics[config.updates]["error"])


def inference_error(network: nn.Module, split: Split) -> float:
    """Return the error of a network in inference mode, in which it is left."""
    network.eval()
    return error_rate(network, split.images, split.labels)


def make_network(
    config: Config, arm: Arm, images: Tensor, *, seed: int, draw: int
) -> nn.Sequential:
    """Make a network whose hidden weights have the arm's scale; the last layer's have none.

    Args:
        config: the settings.
        arm: what kind of network.
        images: of shape (images, pixels).
        seed: of the draws, or of the search.
        draw: index of the draw.

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
        seed=seed,
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


# What is read of it ------------------------------------------------------------------------------


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
            values[f"first_loss_over_one.{name}"] = quotient(result.losses[0], reference.losses[0])
            values |= over_one(name, result, reference)
    return values


def course_quantities(trainings: Mapping[Training, Trained]) -> dict[str, float]:
    """Reduce the courses of one draw to the quantities that claims read.

    Args:
        trainings: what each left.

    Returns:
        The last loss and the error of each, and how they compare with those of the arm ``one`` in
        the same course.
    """
    values: dict[str, float] = {}
    for training, result in trainings.items():
        values[f"last_loss.{training.key}"] = last_loss(result)
        values[f"error.{training.key}"] = result.error
        if training.arm != "one":
            reference = trainings[training._replace(arm="one")]
            values |= over_one(training.key, result, reference)
    return values


def over_one(key: str, result: Trained, reference: Trained) -> dict[str, float]:
    """Return the last loss over that of the usual weights, and the error less theirs."""
    return {
        f"last_loss_over_one.{key}": quotient(last_loss(result), last_loss(reference)),
        f"error_minus_one.{key}": result.error - reference.error,
    }


def last_loss(result: Trained) -> float:
    """Return the mean loss over the last tenth of the updates."""
    return fmean(result.losses[-max(1, len(result.losses) // LAST_SHARE) :])


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
