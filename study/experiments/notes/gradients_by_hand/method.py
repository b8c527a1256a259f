"""Settings, one draw, and what is read of it."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from math import nan
from statistics import fmean
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.by_hand import functions, in_torch, modules, two_layers
from study.lab.by_hand.comparing import (
    UpdateComparison,
    by_autograd,
    difference,
    finite_difference,
    largest_difference,
    train_both,
)
from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.mnist import Mnist
from study.lab.training import minibatches
from study.record.checks import check_batch, check_names
from study.record.draws import Draw, Draws, Row
from study.record.results import Cell, Table
from study.record.settings import STRICT, Count, LearningRate, Positive, Settings, Several

Loss: TypeAlias = Literal["mse", "cross_entropy"]
Numbers: TypeAlias = dict[str, float]

LOSSES: Mapping[Loss, two_layers.LossStages] = {
    "mse": two_layers.MEAN_SQUARED_ERROR,
    "cross_entropy": two_layers.CROSS_ENTROPY,
}


@dataclass(frozen=True, config=STRICT)
class FiniteDifferences:
    """The step of the central differences, and for how many entries of each parameter."""

    step: Positive
    entries: Count


@dataclass(frozen=True, config=STRICT)
class Training:
    """A short training run by stochastic gradient descent."""

    updates: Count
    batch: Count
    learning_rates: dict[Loss, LearningRate]

    def __post_init__(self) -> None:
        """Refuse a loss without a learning rate."""
        check_names("learning_rates", self.learning_rates, LOSSES)


@dataclass(frozen=True, config=STRICT)
class Planted:
    """Mistakes in the passes by hand, for negative controls.

    ``loss_factor`` and ``weight_factor`` multiply the gradient of a loss and those of the weights;
    above ``opens_above`` the derivative of the ReLU is 1; ``stale`` runs other images through the
    chain between its forward and its backward pass.
    """

    loss_factor: float
    weight_factor: float
    opens_above: float
    stale: bool


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the network, its training and the finite differences."""

    images: Several
    hidden: Count
    kink: float
    finite_differences: FiniteDifferences
    training: Training
    planted: Planted

    def __post_init__(self) -> None:
        """Refuse minibatches that the images do not fill."""
        check_batch(self.training.batch, self.images, "training.batch")


PRECISIONS = {"float32": torch.float32, "float64": torch.float64}

# Generators 1 and 2 are those of the weights, 0 that of the order of the data.
ENTRIES = 3


@dataclasses.dataclass(frozen=True)
class Problem:
    """One network of one draw, with one loss and in one precision.

    Attributes:
        name: of the loss and of the precision, as in the keys of values.
        loss: name of the loss.
        inputs: the images, of shape (images, pixels).
        targets: their labels, as numbers for the mean squared error.
        parameters: of the network.
    """

    name: str
    loss: Loss
    inputs: Tensor
    targets: Tensor
    parameters: two_layers.Parameters

    def model(self, weight_factor: float = 1.0) -> modules.Model:
        """Return the chain with copies of the parameters and a factor on the weights' gradients."""
        copies = two_layers.Parameters(*(tensor.clone() for tensor in self.parameters))
        model = two_layers.chain(copies, LOSSES[self.loss].module())
        for index in (0, 2):
            w, b = model.modules[index].parameters.values()
            model.modules[index] = ScaledGradient(w, b, weight_factor)
        return model


class ScaledGradient(modules.Linear):
    """A linear layer that multiplies the gradient of its weights by a factor, 1 if it is right."""

    def __init__(self, w: Tensor, b: Tensor, factor: float) -> None:
        super().__init__(w, b)
        self.factor = factor

    def differentiate(
        self, gradient: Tensor, x: Tensor, w: Tensor, b: Tensor
    ) -> tuple[Tensor, ...]:
        """Return the gradients with respect to the input, the weights and the biases."""
        dx, dw, db = super().differentiate(gradient, x, w, b)
        return dx, self.factor * dw, db


class Inputs(NamedTuple):
    """The images, standardised, of shape (images, pixels), and their labels, of shape (images,)."""

    images: Tensor
    labels: Tensor


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split.

    Args:
        config: the settings.
        mnist: the data.
    """
    first = mnist.train.first(config.images)
    return Inputs(mnist.standardised(first.images), first.labels)


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Compare gradients and training runs by hand with those of torch.

    Args:
        config: the settings.
        inputs: the images and their labels.
        draw: index of the draw.

    Returns:
        The relative differences, and the training runs.
    """
    problems = list(problems_for(config, inputs, draw))
    runs = {problem.name: compare_trainings(config, problem, draw) for problem in problems}
    values: Numbers = {}
    for problem in problems:
        values |= compare_gradients(config, problem, draw)
    for name, updates in runs.items():
        values |= training_quantities(name, updates)
    return Draw(values, {"training": training_rows(runs)})


def problems_for(config: Config, inputs: Inputs, draw: int) -> Iterator[Problem]:
    """Make the networks of one draw: two losses, each in two precisions, of the same numbers."""
    for precision, kind in PRECISIONS.items():
        for loss in LOSSES:
            yield Problem(
                f"{loss}_{precision}",
                loss,
                inputs.images.to(kind),
                inputs.labels.to(kind) if loss == "mse" else inputs.labels,
                draw_parameters(config, inputs.images, draw, loss, kind),
            )


def draw_parameters(
    config: Config, images: Tensor, draw: int, loss: Loss, kind: torch.dtype
) -> two_layers.Parameters:
    """Draw the weights: variance 2/fan_in below the ReLU and 1/fan_in above it; no biases yet."""
    fan_in, units = images.shape[1], config.hidden
    outputs = 1 if loss == "mse" else 10
    w1 = weight_std(fan_in, 2.0) * gaussian(config, draw, 1, (fan_in, units))
    w2 = weight_std(units, 1.0) * gaussian(config, draw, 2, (units, outputs))
    values = (w1, torch.zeros(units), w2, torch.zeros(outputs))
    return two_layers.Parameters(*(value.to(images.device, kind) for value in values))


def gaussian(config: Config, draw: int, layer: int, shape: Sequence[int]) -> Tensor:
    """Draw standard normal numbers in float32, from the beginning of the generator of a layer."""
    generator = random_generator(config.seed, draw, layer)
    return standard_normal(tuple(shape), generator, torch.device("cpu"))


# Gradients ---------------------------------------------------------------------------------------


def compare_gradients(config: Config, problem: Problem, draw: int) -> Numbers:
    """Compare the gradients of one network with autograd's, whole, layer by layer and by stage."""
    faults, loss = config.planted, LOSSES[problem.loss]
    data = problem.inputs, problem.targets
    autograd = by_autograd(*data, problem.parameters, in_torch.module_as_torch(loss.module()))
    _, gradients = two_layers.by_chain(*data, problem.model(faults.weight_factor))
    dloss = faults.loss_factor * loss.backward(autograd["outputs"], problem.targets)
    dh = functions.linear_backward(dloss, autograd["h"], autograd["w2"])[0]
    dz = functions.shifted_relu_backward(dh, autograd["z"] - faults.opens_above)
    numbers = {
        "gradient_difference": largest_difference(
            gradients, [autograd[name] for name in GRADIENTS]
        ),
        "loss_gradient_difference": difference(dloss, autograd["doutputs"]),
        "preactivation_gradient_difference": difference(dz, autograd["dz"]),
    } | stage_differences(problem, stale=faults.stale)
    if problem.inputs.dtype == torch.float64:  # in float32 the differences would be rounding
        # It is relative to the largest entry of each gradient, which is 0 if all units are dead.
        measurable = all(bool(gradient.any()) for gradient in gradients[1:])
        numbers["finite_difference"] = (
            finite_difference(
                problem.model(faults.weight_factor),
                *data,
                step=config.finite_differences.step,
                entries=config.finite_differences.entries,
                generator=random_generator(config.seed, draw, ENTRIES),
            )
            if measurable
            else nan
        )
    return {f"{quantity}.{problem.name}": number for quantity, number in numbers.items()}


GRADIENTS = ("dx", "dw1", "db1", "dw2", "db2")


def stage_differences(problem: Problem, *, stale: bool) -> Numbers:
    """Compare the gradients of stages 2 to 5 with those of stage 1.

    Returns:
        The largest difference, and whether stages 2 to 4 are bitwise equal to stage 1.
    """
    data, loss = (problem.inputs, problem.targets), LOSSES[problem.loss]
    _, first = two_layers.by_functions(*data, problem.parameters, loss.function, loss.backward)
    _, second = two_layers.by_layers(*data, problem.parameters, loss.layer())
    model = problem.model()
    model(*data)
    if stale:
        model.outputs(problem.inputs.flip(0))
    fourth = (model.backward(), *model.gradients())
    fifth = in_torch.gradients_by_autograd(*data, model)
    by_hand = [*zip(first, second, strict=True), *zip(first, fourth, strict=True)]
    return {
        "stage_difference": max(
            largest_difference(stage, first) for stage in (second, fourth, fifth)
        ),
        "rate.same_bits": float(all(torch.equal(a, b) for a, b in by_hand)),
    }


# Training ----------------------------------------------------------------------------------------


def compare_trainings(config: Config, problem: Problem, draw: int) -> list[UpdateComparison]:
    """Train one network by hand and in torch; all networks of a draw have the same minibatches."""
    training = config.training
    batch_rng = random_generator(config.seed, draw, 0)
    return train_both(
        problem.model(config.planted.weight_factor),
        problem.inputs,
        problem.targets,
        minibatches(config.images, training.batch, training.updates, batch_rng),
        training.learning_rates[problem.loss],
    )


def training_quantities(name: str, updates: Sequence[UpdateComparison]) -> Numbers:
    """Return the largest differences over all updates of the training of a problem."""
    return {
        f"training_loss_difference.{name}": largest_number(
            [update.loss_difference for update in updates]
        ),
        f"training_parameter_difference.{name}": largest_number(
            [update.parameter_difference for update in updates]
        ),
    }


def largest_number(differences: Sequence[float]) -> float:
    """Return the largest of some numbers; NaN if any of them is NaN.

    >>> largest_number([0.5, float("nan")]), largest_number([0.5, 0.25])
    (nan, 0.5)
    """
    return float(np.max(differences))


def training_rows(runs: Mapping[str, Sequence[UpdateComparison]]) -> list[Row]:
    """Return a row for each update of each training run.

    Args:
        runs: the updates, by the name of the problem.
    """
    return [
        {"arm": arm, "step": index, **dataclasses.asdict(update)}
        for arm, updates in runs.items()
        for index, update in enumerate(updates, start=1)
    ]


# Exact numbers and tables ----------------------------------------------------------------------


def exact(config: Config, _inputs: Inputs) -> Numbers:
    """Return the derivative of the shifted ReLU at its kink.

    Args:
        config: the settings.
    """
    return derivatives_at(config.kink)


def derivatives_at(kink: float) -> Numbers:
    """Return what three implementations of the shifted ReLU give for its derivative at a point."""
    z = torch.tensor([kink], requires_grad=True)
    by_hand = functions.shifted_relu_backward(torch.ones(1), z.detach())
    (by_relu,) = torch.autograd.grad(torch.relu(z) - 0.5, z)
    (by_clamp,) = torch.autograd.grad(z.clamp_min(0.0) - 0.5, z)
    derivatives = {"by_hand": by_hand, "torch_relu": by_relu, "clamp_min": by_clamp}
    return {f"derivative_at_zero.{name}": value.item() for name, value in derivatives.items()}


def tables(_config: Config, draws: Draws) -> dict[str, Table]:
    """Pool the training runs of all draws: the means of the losses, the largest differences.

    Args:
        draws: the draws.
    """
    by_update: dict[tuple[Cell, Cell], list[Row]] = {}
    for draw in draws.values():
        for row in draw.tables["training"]:
            by_update.setdefault((row["arm"], row["step"]), []).append(row)
    return {"training": [pool_rows(rows) for rows in by_update.values()]}


def pool_rows(rows: Sequence[Row]) -> Row:
    """Return mean losses and largest differences of one update over all draws."""

    def numbers(column: str) -> list[float]:
        return [float(row[column]) for row in rows]

    return {
        "arm": rows[0]["arm"],
        "step": rows[0]["step"],
        "loss_by_hand": fmean(numbers("loss_by_hand")),
        "loss_in_torch": fmean(numbers("loss_in_torch")),
        "loss_difference": largest_number(numbers("loss_difference")),
        "parameter_difference": largest_number(numbers("parameter_difference")),
    }
