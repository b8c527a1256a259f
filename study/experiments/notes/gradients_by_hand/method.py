"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass as plain_dataclass
from statistics import fmean
from typing import Annotated, Literal, TypeAlias

import torch
from annotated_types import Ge, Gt, Le, Lt
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.errors import StudyError
from study.lab.by_hand import functions, in_torch, modules, two_layers
from study.lab.by_hand.comparing import (
    Step,
    by_autograd,
    difference,
    finite_difference,
    largest,
    train_both,
)
from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.lab.training import minibatches
from study.record.experiment import STRICT
from study.record.results import Result

Loss: TypeAlias = Literal["mse", "cross_entropy"]
Numbers: TypeAlias = dict[str, float]
Rows: TypeAlias = list[Mapping[str, str | int | float]]


@dataclass(frozen=True, config=STRICT)
class FiniteDifferences:
    """How far an entry is moved either way, and how many entries of each parameter are."""

    step: Annotated[float, Gt(0)]
    entries: Annotated[int, Ge(1)]


@dataclass(frozen=True, config=STRICT)
class Training:
    """A short training run by stochastic gradient descent."""

    steps: Annotated[int, Ge(1)]
    batch: Annotated[int, Ge(1)]
    learning_rates: dict[Loss, Annotated[float, Gt(0)]]


@dataclass(frozen=True, config=STRICT)
class Planted:
    """Mistakes that can be planted into what is made by hand.

    ``loss_factor`` and ``weight_factor`` multiply the gradient of a loss and those of the weights;
    ``opens_above`` is where the gradient of the ReLU opens; ``stale`` shows the chain other images
    between its way up and its way down.
    """

    loss_factor: float
    weight_factor: float
    opens_above: float
    stale: bool


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws, the network, and what is done with it."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(2)]
    hidden: Annotated[int, Ge(1)]
    kink: float
    finite_differences: FiniteDifferences
    training: Training
    planted: Planted


LOSSES: Mapping[Loss, two_layers.LossStages] = {
    "mse": two_layers.MEAN_SQUARED_ERROR,
    "cross_entropy": two_layers.CROSS_ENTROPY,
}
PRECISIONS = {"float32": torch.float32, "float64": torch.float64}

# Generators 1 and 2 are those of the weights, 0 that of the order of the data.
ENTRIES = 3


@plain_dataclass(frozen=True)
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
        """Return the chain with parameters of its own and, perhaps, a planted fault."""
        copies = two_layers.Parameters(*(tensor.clone() for tensor in self.parameters))
        model = two_layers.chain(copies, LOSSES[self.loss].module())
        for at in (0, 2):
            w, b = model.modules[at].parameters.values()
            model.modules[at] = Faulty(w, b, weight_factor)
        return model


class Faulty(modules.Linear):
    """A linear layer that multiplies the gradient of its weights; by 1 it is the true one."""

    def __init__(self, w: Tensor, b: Tensor, factor: float) -> None:
        super().__init__(w, b)
        self.factor = factor

    def differentiate(
        self, gradient: Tensor, x: Tensor, w: Tensor, b: Tensor
    ) -> tuple[Tensor, ...]:
        """Return the gradients with respect to the input, the weights and the biases."""
        dx, dw, db = super().differentiate(gradient, x, w, b)
        return dx, self.factor * dw, db


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Compare gradients and training runs by hand with those of torch, for each draw.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the relative differences; beside them what no draw touches, and the training runs.
    """
    chosen = mnist.train.first(config.images)
    inputs = mnist.standardised(chosen.images)
    samples: dict[int, Numbers] = {}
    trained: list[dict[str, list[Step]]] = []
    for draw in draws:
        problems = list(problems_of(config, inputs, chosen.labels, draw))
        tasks = [(config, problem, draw) for problem in problems]
        runs = side_by_side(trained_both, tasks)
        found = side_by_side(compared, tasks)
        found += [*map(training_quantities, problems, runs)]
        samples[draw] = {key: number for numbers in found for key, number in numbers.items()}
        trained.append({problem.name: steps for problem, steps in zip(problems, runs, strict=True)})
    return Result.of(
        samples,
        tables={"training": training_curves(trained)},
        exact=derivatives_at(config.kink),
    )


def problems_of(config: Config, inputs: Tensor, labels: Tensor, draw: int) -> Iterator[Problem]:
    """Make the networks of one draw: two losses, each in two precisions, of the same numbers."""
    for precision, kind in PRECISIONS.items():
        for loss in LOSSES:
            yield Problem(
                f"{loss}_{precision}",
                loss,
                inputs.to(kind),
                labels.to(kind) if loss == "mse" else labels,
                draw_parameters(config, inputs, draw, loss, kind),
            )


def draw_parameters(
    config: Config, inputs: Tensor, draw: int, loss: Loss, kind: torch.dtype
) -> two_layers.Parameters:
    """Draw the weights: variance 2/fan_in below the ReLU and 1/fan_in above it; no biases yet."""
    fan_in, hidden = inputs.shape[1], config.hidden
    outputs = 1 if loss == "mse" else 10
    w1 = weight_std(fan_in, 2.0) * gaussian(config, draw, 1, (fan_in, hidden))
    w2 = weight_std(hidden, 1.0) * gaussian(config, draw, 2, (hidden, outputs))
    values = (w1, torch.zeros(hidden), w2, torch.zeros(outputs))
    return two_layers.Parameters(*(value.to(inputs.device, kind) for value in values))


def gaussian(config: Config, draw: int, layer: int, shape: Sequence[int]) -> Tensor:
    """Draw standard normal numbers in float32, from the beginning of the generator of a layer."""
    generator = random_generator(config.seed, draw, layer)
    return standard_normal(tuple(shape), generator, torch.device("cpu"))


# Gradients ---------------------------------------------------------------------------------------

Task: TypeAlias = tuple[Config, Problem, int]


def compared(task: Task) -> Numbers:
    """Compare the gradients of one network with autograd's, whole, layer by layer and by stage."""
    config, problem, draw = task
    planted, loss = config.planted, LOSSES[problem.loss]
    data = problem.inputs, problem.targets
    known = by_autograd(*data, problem.parameters, in_torch.module_as_torch(loss.module()))
    _, whole = two_layers.by_chain(*data, problem.model(planted.weight_factor))
    dloss = planted.loss_factor * loss.backward(known["outputs"], problem.targets)
    dh = functions.linear_backward(dloss, known["h"], known["w2"])[0]
    dz = functions.shifted_relu_backward(dh, known["z"] - planted.opens_above)
    numbers = {
        "gradient_difference": largest(whole, [known[name] for name in GRADIENTS]),
        "loss_gradient_difference": difference(dloss, known["doutputs"]),
        "preactivation_gradient_difference": difference(dz, known["dz"]),
    } | stage_differences(problem, stale=planted.stale)
    if problem.inputs.dtype == torch.float64:  # in float32 the differences would be rounding
        numbers["finite_difference"] = finite_difference(
            problem.model(planted.weight_factor),
            *data,
            step=config.finite_differences.step,
            entries=config.finite_differences.entries,
            generator=random_generator(config.seed, draw, ENTRIES),
        )
    return {f"{quantity}.{problem.name}": number for quantity, number in numbers.items()}


GRADIENTS = ("dx", "dw1", "db1", "dw2", "db2")


def stage_differences(problem: Problem, *, stale: bool) -> Numbers:
    """Compare the gradients of stages 2 to 5 with those of stage 1.

    Returns:
        The largest difference, and whether stages 2 to 4 give the very same bits as stage 1.
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
        "stage_difference": max(largest(other, first) for other in (second, fourth, fifth)),
        "rate.same_bits": float(all(torch.equal(one, other) for one, other in by_hand)),
    }


def derivatives_at(kink: float) -> Numbers:
    """Read the derivative of the shifted ReLU where it has none, in three ways of writing it."""
    z = torch.tensor([kink], requires_grad=True)
    by_hand = functions.shifted_relu_backward(torch.ones(1), z.detach())
    (by_relu,) = torch.autograd.grad(torch.relu(z) - 0.5, z)
    (by_clamp,) = torch.autograd.grad(z.clamp_min(0.0) - 0.5, z)
    ways = {"by_hand": by_hand, "torch_relu": by_relu, "clamp_min": by_clamp}
    return {f"derivative_at_zero.{way}": value.item() for way, value in ways.items()}


# Training ----------------------------------------------------------------------------------------


def trained_both(task: Task) -> list[Step]:
    """Train one network by hand and in torch; all networks of a draw see the same minibatches."""
    config, problem, draw = task
    training = config.training
    if training.batch > config.images:
        raise StudyError(f"experiment.training.batch={training.batch}: more than there are images")
    order = random_generator(config.seed, draw, 0)
    return train_both(
        problem.model(config.planted.weight_factor),
        problem.inputs,
        problem.targets,
        minibatches(config.images, training.batch, training.steps, order),
        training.learning_rates[problem.loss],
    )


def training_quantities(problem: Problem, steps: Sequence[Step]) -> Numbers:
    """Return the largest differences over all steps."""
    return {
        f"training_loss_difference.{problem.name}": max(step.loss_difference for step in steps),
        f"training_parameter_difference.{problem.name}": max(
            step.parameter_difference for step in steps
        ),
    }


def training_curves(runs: Sequence[Mapping[str, Sequence[Step]]]) -> Rows:
    """Join the training runs of all draws: the means of the losses, the largest differences."""
    return [
        {
            "arm": arm,
            "step": at,
            "loss_by_hand": fmean(step.loss_by_hand for step in steps),
            "loss_in_torch": fmean(step.loss_in_torch for step in steps),
            "loss_difference": max(step.loss_difference for step in steps),
            "parameter_difference": max(step.parameter_difference for step in steps),
        }
        for arm in runs[0]
        for at, steps in enumerate(zip(*(run[arm] for run in runs), strict=True), start=1)
    ]
