"""Settings, one draw, and what is read of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from math import log10
from typing import Annotated, Literal

import torch
from annotated_types import MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.experiments.notes.first_losses import entropy
from study.lab.classification import Splits, Task, splits
from study.lab.inits import over_fan_in
from study.lab.mnist import CLASSES, Mnist, Split
from study.lab.networks import ACTIVATIONS, dense, linear_layers
from study.lab.training import Schedule, error_rate, sgd
from study.record.checks import check_batch, check_begins_before_training, check_evaluate_at
from study.record.draws import Draw, Row
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    Named,
    Settings,
    Several,
    Variance,
    Whole,
    Width,
)
from study.theory.quotients import quotient

Start = Literal["zeros", "constant", "biases", "random"]

LEAST = 1e-12
"""A difference of two units that stands for a smaller one, which depends on the processor."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One network: its activation, how its parameters start, and how fast it learns.

    ``weight_variance`` is that of random weights, times fan_in; ``none`` is no hidden layer;
    ``single`` is float32, ``double`` float64.
    """

    activation: Literal["relu", "tanh", "sigmoid", "none"]
    start: Start
    weight_variance: Variance
    learning_rate: LearningRate
    precision: Literal["single", "double"]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: how wide the hidden layer, on how many images, how long, and the arms."""

    images: Count
    validation: Several
    hidden: Width
    batch: Count
    evaluate_at: Annotated[tuple[Whole, ...], MinLen(2)]
    arms: Named[Arm]

    def __post_init__(self) -> None:
        """Refuse minibatches that the images do not fill, and evaluations out of order."""
        check_batch(self.batch, self.images)
        check_evaluate_at(self.evaluate_at)
        check_begins_before_training(self.evaluate_at)


def prepare(config: Config, mnist: Mnist) -> dict[str, Splits]:
    """Take the first images of the training and of the validation split, in either precision.

    Args:
        config: the settings.
        mnist: the data.
    """
    single = splits(mnist, training=config.images, validation=config.validation)
    return {"single": single, "double": single.double()}


def measure(config: Config, inputs: Mapping[str, Splits], draw: int) -> Draw:
    """Train one network from each start.

    Args:
        config: the settings.
        inputs: the images, by precision.
        draw: index of the draw, which fixes what is random and the order of the images.

    Returns:
        What each network is like after training, and its error on the way.
    """
    schedule = Schedule(config.batch, config.evaluate_at[-1], config.evaluate_at)
    values: dict[str, float] = {}
    rows: list[Row] = []
    for name, arm in config.arms.items():
        training, validation, _ = inputs[arm.precision]
        make = partial(network, config, arm, training.images, draw)
        history = Task(training, config.seed, draw).fit(
            make,
            schedule,
            sgd(arm.learning_rate),
            evaluate=evaluation(make(), validation),
            name=name,
        )
        last = history.metrics[schedule.updates]
        values |= {f"{quantity}.{name}": number for quantity, number in last.items()}
        rows += [
            {"arm": name, "update": update, "sample": metrics["error"]}
            for update, metrics in history.metrics.items()
        ]
    return Draw(values | comparisons(values), {"errors": rows})


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

    def evaluate(trained: nn.Module) -> dict[str, float]:
        with torch.no_grad():
            outputs = trained(held_out.images)
        loss = functional.cross_entropy(outputs, held_out.labels).item()
        metrics = {
            "error": error_rate(trained, held_out.images, held_out.labels),
            "loss_over_entropy": loss / least_loss(held_out.labels),
        }
        if len(linear_layers(trained)) == 1:
            return metrics
        below, activation, _ = trained.children()
        with torch.no_grad():
            hidden = activation(below(held_out.images))
        return (
            metrics
            | of_units(units(start), units(trained))
            | {
                "directions": directions(hidden),
                "gradient_difference": largest_difference(unit_gradients(start, held_out)),
            }
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
