"""Settings, one draw, and what is read of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import log10
from typing import Annotated, Literal, NamedTuple, TypeAlias

import torch
from annotated_types import MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.experiments.notes.first_losses import entropy
from study.lab.classification import Pixels, Splits, Task, splits_by_pixels
from study.lab.inits import over_fan_in
from study.lab.mnist import CLASSES, Mnist, Split
from study.lab.networks import ACTIVATIONS, dense, linear_layers
from study.lab.training import OPTIMISERS, Schedule, error_rate
from study.record.checks import (
    check_batch,
    check_begins_before_training,
    check_evaluate_at,
    check_known,
    check_names,
)
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
    Whole,
    Width,
)
from study.theory.quotients import quotient

Start = Literal["zeros", "constant", "biases", "random"]
Precision = Literal["single", "double"]
Optimiser: TypeAlias = Literal["descent", "adam"]

Inputs: TypeAlias = Mapping[tuple[Pixels, Precision], Splits]
"""The images by the scale of their pixels and by their precision, float32 or float64."""

Metrics: TypeAlias = Mapping[int, Mapping[str, float]]
"""What :func:`evaluation` measures of one network, by the number of updates and by name."""

LEAST = 1e-12
"""A difference of two units that stands for a smaller one, which depends on the processor."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One network: its activation, how its parameters start, and how fast each optimiser learns.

    ``weight_variance`` is that of random weights, times fan_in; ``none`` is no hidden layer;
    ``single`` is float32, ``double`` float64.
    """

    activation: Literal["relu", "tanh", "sigmoid", "none"]
    start: Start
    weight_variance: Variance
    learning_rates: dict[Optimiser, LearningRate]
    precision: Precision


@dataclass(frozen=True, config=STRICT)
class Course:
    """A way to train: by which optimiser, on what pixels, at how many times an arm's own rate."""

    optimiser: Optimiser
    pixels: Pixels
    times_rate: Positive


PLAIN = Course(optimiser="descent", pixels="standardised", times_rate=1.0)
"""How every arm is trained; what is read of it has keys without an ending."""


class Training(NamedTuple):
    """One training of one arm; courses that come to the same share it."""

    arm: str
    optimiser: Optimiser
    pixels: Pixels
    learning_rate: float


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: how wide the hidden layer, on how many images, how long, the arms and the courses.

    Every arm is trained by plain descent on standardised images, at its own learning rate; and
    those ``in_courses`` in every course, too.
    """

    images: Count
    validation: Several
    hidden: Width
    batch: Count
    evaluate_at: Annotated[tuple[Whole, ...], MinLen(2)]
    arms: Named[Arm]
    in_courses: tuple[str, ...]
    courses: dict[str, Course]

    def __post_init__(self) -> None:
        """Refuse minibatches that the images do not fill, disorder, unknown arms and no rate."""
        check_batch(self.batch, self.images)
        check_evaluate_at(self.evaluate_at)
        check_begins_before_training(self.evaluate_at)
        check_known("in_courses", self.in_courses, self.arms)
        for name, arm in self.arms.items():
            check_names(f"arms.{name}.learning_rates", arm.learning_rates, OPTIMISERS)


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training and of the validation split.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The images standardised and with pixels from 0 to 1, each in either precision.
    """
    by_pixels = splits_by_pixels(mnist, training=config.images, validation=config.validation)
    precisions: dict[Precision, torch.dtype] = {"single": torch.float32, "double": torch.float64}
    return {
        (pixels, precision): Splits(
            *(Split(split.images.to(dtype), split.labels) for split in parts)
        )
        for pixels, parts in by_pixels.items()
        for precision, dtype in precisions.items()
    }


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Train one network from each start, and some of them again in every course.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw, which fixes what is random and the order of the images.

    Returns:
        What each network is like after training, of a course under keys that end in its name; and
        outside the courses its error on the way.
    """
    plain = trainings(config, PLAIN, config.arms)
    courses = {
        name: trainings(config, course, config.in_courses)
        for name, course in config.courses.items()
    }
    histories = {
        training: train(config, inputs, training, config.evaluate_at, draw) for training in plain
    }
    for course in courses.values():
        histories |= {
            training: train(config, inputs, training, config.evaluate_at[-1:], draw)
            for training in course
            if training not in histories
        }
    values = quantities({training.arm: histories[training] for training in plain})
    for name, course in courses.items():
        in_course = quantities({training.arm: histories[training] for training in course})
        values |= {f"{key}_{name}": number for key, number in in_course.items()}
    rows: list[Row] = [
        {"arm": training.arm, "update": update, "sample": metrics["error"]}
        for training in plain
        for update, metrics in histories[training].items()
    ]
    return Draw(values, {"errors": rows})


# Training ----------------------------------------------------------------------------------------


def trainings(config: Config, course: Course, arms: Iterable[str]) -> list[Training]:
    """List the trainings of some arms in one course.

    Args:
        config: the settings.
        course: how they are trained.
        arms: which.

    Returns:
        One for each arm.
    """
    return [
        Training(
            arm,
            course.optimiser,
            course.pixels,
            course.times_rate * config.arms[arm].learning_rates[course.optimiser],
        )
        for arm in arms
    ]


def train(
    config: Config, inputs: Inputs, training: Training, evaluate_at: Sequence[int], draw: int
) -> Metrics:
    """Train one network.

    Args:
        config: the settings.
        inputs: the images.
        training: which arm, and how.
        evaluate_at: after how many updates it is evaluated; the last ends the training.
        draw: index of the draw.

    Returns:
        What was measured of it.
    """
    arm = config.arms[training.arm]
    examples, held_out, _ = inputs[training.pixels, arm.precision]
    make = partial(network, config, arm, examples.images, draw)
    history = Task(examples, config.seed, draw).fit(
        make,
        Schedule(config.batch, evaluate_at[-1], tuple(evaluate_at)),
        OPTIMISERS[training.optimiser](training.learning_rate),
        evaluate=evaluation(make(), held_out),
        name="-".join(map(str, training)),
    )
    return history.metrics


def network(config: Config, arm: Arm, images: Tensor, draw: int) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        arm: which network.
        images: what it is for, of shape (images, pixels), in the precision that it is to have.
        draw: index of the draw.

    Returns:
        Its layers.
    """
    hidden = [] if arm.activation == "none" else [config.hidden]
    sizes = (images.shape[1], *hidden, CLASSES)
    # The biases' variance is 1 where they are all that is random, and 0 elsewhere.
    initialisation = replace(
        over_fan_in(arm.weight_variance), bias_variance=float(arm.start == "biases")
    )
    layers = dense(
        sizes,
        [initialisation] * (len(sizes) - 1),
        lambda _: ACTIVATIONS.get(arm.activation, nn.Identity)(),
        seed=config.seed,
        draw=draw,
        device=images.device,
    ).to(images.dtype)
    with torch.no_grad():
        for layer in linear_layers(layers):
            if arm.start == "constant":
                layer.weight.fill_(1 / layer.in_features)
            elif arm.start != "random":
                layer.weight.zero_()
    return layers


# What is measured --------------------------------------------------------------------------------


def evaluation(start: nn.Sequential, held_out: Split) -> Callable[[nn.Module], dict[str, float]]:
    """Return what measures a network beside the one that it was.

    Args:
        start: the network before training.
        held_out: images to judge by, with their labels.

    Returns:
        A function of the network: its error rate and its loss over the entropy of the labels. For
        a network with a hidden layer also what :func:`of_units` and :func:`directions` return, and
        by how much the gradients of two units differed before training.
    """
    hidden_layers = len(linear_layers(start)) - 1
    at_start = largest_difference(unit_gradients(start, held_out)) if hidden_layers else 0.0

    def evaluate(trained: nn.Module) -> dict[str, float]:
        with torch.no_grad():
            outputs = trained(held_out.images)
        loss = functional.cross_entropy(outputs, held_out.labels).item()
        metrics = {
            "error": error_rate(trained, held_out.images, held_out.labels),
            "loss_over_entropy": loss / least_loss(held_out.labels),
        }
        if not hidden_layers:
            return metrics
        below, activation, _ = trained.children()
        with torch.no_grad():
            hidden = activation(below(held_out.images))
        return (
            metrics
            | of_units(units(start), units(trained))
            | {"directions": directions(hidden), "gradient_difference": at_start}
        )

    return evaluate


def least_loss(labels: Tensor) -> float:
    """Return the least loss of outputs that are the same for all images: the entropy of the shares.

    Args:
        labels: the classes of the images, of shape (images,).
    """
    return entropy((torch.bincount(labels).double() / len(labels)).tolist())


def units(layers: nn.Module) -> Tensor:
    """Return all parameters of each hidden unit: its weights, its bias and what leads out of it.

    Args:
        layers: a network of one hidden layer.

    Returns:
        One row for each unit, of shape (hidden, pixels + 1 + classes); a copy.
    """
    weights, biases, last, _ = (parameter.detach() for parameter in layers.parameters())
    return torch.cat((weights, biases[:, None], last.T), dim=1)


def unit_gradients(layers: nn.Module, examples: Split) -> Tensor:
    """Return the gradient of the cross-entropy in the arrangement of :func:`units`.

    Args:
        layers: a network of one hidden layer.
        examples: images and their labels.
    """
    loss = functional.cross_entropy(layers(examples.images), examples.labels)
    weights, biases, last, _ = torch.autograd.grad(loss, [*layers.parameters()])
    return torch.cat((weights, biases[:, None], last.T), dim=1)


def largest_difference(rows: Tensor) -> float:
    """Return the largest difference of two units in one number of theirs.

    Args:
        rows: one for each unit.

    >>> largest_difference(torch.tensor([[1.0, 5.0], [2.0, 5.0]]))
    1.0
    """
    return (rows.amax(dim=0) - rows.amin(dim=0)).max().item()


def of_units(before: Tensor, after: Tensor) -> dict[str, float]:
    """Compare the hidden units of a network with one another, and with what they were.

    Args:
        before: their parameters at the start, as :func:`units` returns them.
        after: their parameters after training.

    Returns:
        By name: the decimal logarithm of the largest difference of two units in one parameter; the
        largest change of any parameter; the share of the units of which no parameter has changed
        at all; and that share among the units whose bias was not above 0 at the start.
    """
    unmoved = (before == after).all(dim=1)
    shut = before[:, -CLASSES - 1] <= 0
    return {
        "log10_unit_difference": log10(max(largest_difference(after), LEAST)),
        "change": (after - before).abs().max().item(),
        "unmoved": unmoved.double().mean().item(),
        "unmoved_of_shut": quotient(float((unmoved & shut).sum()), float(shut.sum())),
    }


def directions(hidden: Tensor) -> float:
    r"""Say in how many directions the hidden activations vary about their mean.

    .. math:: \frac{\sum_k s_k^2}{\max_k s_k^2}

    with the singular values :math:`s_k` of the activations less their mean over the images, whose
    squares are the eigenvalues of a matrix of units.

    Args:
        hidden: of each image and unit.

    Returns:
        1 if all units say the same, more if they differ, 0 if no image differs from another.

    >>> directions(torch.tensor([[1.0, 1.0], [-1.0, -1.0]]))
    1.0
    """
    centred = hidden - hidden.mean(dim=0)
    squares = torch.linalg.eigvalsh(centred.T @ centred)
    largest = squares.max().item()
    return squares.sum().item() / largest if largest else 0.0


def quantities(histories: Mapping[str, Metrics]) -> dict[str, float]:
    """Reduce the trainings of one course to the quantities that claims read.

    Args:
        histories: what was measured of each network, by arm.

    Returns:
        What was measured after the last update, as ``quantity.arm``; and :func:`comparisons`.
    """
    values = {
        f"{quantity}.{name}": number
        for name, history in histories.items()
        for quantity, number in history[max(history)].items()
    }
    return values | comparisons(values)


def comparisons(values: Mapping[str, float]) -> dict[str, float]:
    """Compare the errors of each activation with those from random weights.

    Args:
        values: what was measured of each arm, by key.

    Returns:
        For each arm ``start_activation`` its error over that of ``random_activation``, and for
        softmax regression, where that is near 1, the difference; as far as there are such arms.
    """
    prefix = "error."
    errors = {k.removeprefix(prefix): v for k, v in values.items() if k.startswith(prefix)}
    compared: dict[str, float] = {}
    for name, error in errors.items():
        start, _, activation = name.rpartition("_")
        random = errors.get(f"random_{activation}")
        if start in {"zeros", "constant", "biases"} and random is not None:
            compared[f"error_over_random.{name}"] = quotient(error, random)
            compared[f"error_less_random.{name}"] = error - random
    return compared
