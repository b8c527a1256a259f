"""Gradients by hand against autograd, from one function per layer to modules and torch.nn.

The notes' network of one hidden layer on standardised MNIST images. What is compared is computed
from the same weights, so the differences are rounding, or a mistake.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass as plain_dataclass
from math import sqrt
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import torch
from annotated_types import Ge, Gt, Le, Lt
from matplotlib import pyplot as plt
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
from study.record.claims import Band, Claim, Fault, Untested, around
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run
from study.theory.sources import FROM_SCRATCH_COPY, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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


# Claims ------------------------------------------------------------------------------------------

ROUND_OFF = {"float32": 2.0**-24, "float64": 2.0**-53}
"""The largest relative error of one rounding."""
IMAGES, STEPS = 2_000, 100


def roundings(count: float, precision: str) -> Band:
    """Return the band of relative differences that so many equal roundings explain."""
    return around(0.0, count * ROUND_OFF[precision])


SUM = (
    "√2000 roundings: a sum over 2,000 images that is made in another order strays like a random "
    "walk of that many steps. Any mistake in a formula is larger by many powers of ten."
)
MEASURED = THIS_STUDY.at("chapter From functions to modules, section “What was measured”")
ANNOUNCED = "announced by the copy of the from-scratch note, section 4"
OURS = "None: the statement is about this network."
WRONG_WEIGHTS = Fault(
    "Multiply the gradients of the weights by 1.01.", {"planted.weight_factor": 1.01}
)

CLAIMS = (
    Claim(
        id="s001-promise-backward-linear",
        statement=(
            "Going back through a linear layer, ∂x = ∂z wᵀ, ∂w = xᵀ ∂z, and ∂b sums ∂z over images."
        ),
        source=THIS_STUDY.at(f"chapter The backward pass, section “The linear layer”; {ANNOUNCED}"),
        quantity="gradient_difference.mse_float64",
        prediction=0.0,
        band=roundings(sqrt(IMAGES), "float64"),
        reason=SUM,
        departure=OURS,
        remark=(
            "The largest relative difference from autograd of the five gradients of the notes' "
            "network, with respect to the images and to both layers' weights and biases."
        ),
        fault=WRONG_WEIGHTS,
        derivation="derivation-linear-backward",
    ),
    Claim(
        id="gradients-by-hand-float32",
        statement="In float32, too, the gradients by hand are those of autograd up to rounding.",
        source=MEASURED,
        quantity="gradient_difference.mse_float32",
        prediction=0.0,
        band=roundings(sqrt(IMAGES), "float32"),
        reason=SUM,
        departure=OURS,
        remark="The precision in which networks are trained here and in the notes.",
        fault=WRONG_WEIGHTS,
        derivation="derivation-linear-backward",
    ),
    Claim(
        id="gradients-by-hand-cross-entropy",
        statement="With ten outputs and the cross-entropy the gradients by hand are autograd's.",
        source=MEASURED,
        quantity="gradient_difference.cross_entropy_float64",
        prediction=0.0,
        band=roundings(sqrt(IMAGES), "float64"),
        reason=SUM,
        departure=OURS,
        remark="The network that the notes name as their aim and never show.",
        fault=WRONG_WEIGHTS,
        derivation="derivation-cross-entropy-backward",
    ),
    Claim(
        id="gradients-by-hand-finite-differences",
        statement="Central differences of the loss, which know no derivative, agree as well.",
        source=MEASURED,
        quantity="finite_difference.mse_float64",
        prediction=0.0,
        band=around(0.0, 1e-3),
        reason=(
            "Two of 2,000 images: the loss is a quadratic of each entry, for which central "
            "differences are exact, unless the step takes an image across the kink of a unit. "
            "Rounding adds 1e-8."
        ),
        departure=OURS,
        remark="In units of the largest entry of each gradient; twenty entries of each draw.",
        fault=Fault("Double the gradients of the weights.", {"planted.weight_factor": 2.0}),
        derivation="derivation-linear-backward",
    ),
    Claim(
        id="s001-promise-backward-relu",
        statement="Going back through the ReLU, the gradient passes where z > 0; −0.5 has no part.",
        source=THIS_STUDY.at(f"chapter The backward pass, section “The ReLU”; {ANNOUNCED}"),
        quantity="preactivation_gradient_difference.mse_float64",
        prediction=0.0,
        band=roundings(sqrt(IMAGES), "float64"),
        reason="As for the linear layer, whose gradients are sums of these over the images.",
        departure=OURS,
        remark=(
            "True where there is a derivative. At exactly 0 the notes' own clamp_min has the "
            "gradient 1 (relu-derivative-at-zero-clamp-min), which here would show as a difference."
        ),
        fault=Fault(
            "Let the shift move the place where the gradient opens.", {"planted.opens_above": 0.5}
        ),
        derivation="derivation-relu-backward",
    ),
    *(
        Claim(
            id=f"relu-derivative-at-zero-{id_}",
            statement=f"At exactly 0 the derivative of the ReLU {words} is {value:.0f}.",
            source=MEASURED,
            quantity=f"derivative_at_zero.{arm}",
            prediction=value,
            band=around(value, 0.25),
            reason="A quarter, since the subgradients that programs choose are 0, 1/2 and 1.",
            departure="None: one number, put in.",
            remark="Any number from 0 to 1 is a subgradient; programs differ in which they take.",
            fault=Fault(f"Read it at {aside:+.0f} instead.", {"kink": aside}),
            derivation="derivation-relu-backward",
        )
        for id_, arm, words, value, aside in (
            ("by-hand", "by_hand", "by hand, with z > 0,", 0.0, 1.0),
            ("torch-relu", "torch_relu", "by torch.relu", 0.0, 1.0),
            ("clamp-min", "clamp_min", "by clamp_min(0), as in the notes,", 1.0, -1.0),
        )
    ),
    Claim(
        id="s001-promise-backward-loss",
        statement="The gradient of the mean squared error is 2 (outputs − targets) / n.",
        source=THIS_STUDY.at(f"chapter The loss, section “The mean squared error”; {ANNOUNCED}"),
        quantity="loss_gradient_difference.mse_float64",
        prediction=0.0,
        band=roundings(6, "float64"),
        reason="Six roundings: three operations by hand and three by autograd.",
        departure=OURS,
        remark="Against autograd through torch's own loss.",
        fault=Fault("Forget the 2 of the square.", {"planted.loss_factor": 0.5}),
        derivation="derivation-mse-backward",
    ),
    Claim(
        id="cross-entropy-gradient-by-hand",
        statement="The gradient of the cross-entropy is (softmax − one-hot label) / n.",
        source=MEASURED,
        quantity="loss_gradient_difference.cross_entropy_float64",
        prediction=0.0,
        band=roundings(40, "float64"),
        reason=(
            "Forty roundings: on either side a sum of ten, and about ten more for a difference, "
            "two exponentials, a logarithm and a quotient."
        ),
        departure=OURS,
        remark="The loss to which the notes want to change later.",
        fault=Fault("Halve the gradient of the loss.", {"planted.loss_factor": 0.5}),
        derivation="derivation-cross-entropy-backward",
    ),
    Claim(
        id="s001-promise-refactor",
        statement="Refactoring functions into layers and layers into modules changes no gradient.",
        source=THIS_STUDY.at(
            f"chapter From functions to modules, section “Stage 4: a chain”; {ANNOUNCED}"
        ),
        quantity="stage_difference.mse_float64",
        prediction=0.0,
        band=roundings(sqrt(IMAGES), "float64"),
        reason=SUM,
        departure=OURS,
        remark=(
            "Stages 2 to 5 against stage 1. Stages 2 to 4 do the same operations in the same order "
            "and give the same bits; torch.nn in stage 5 rounds otherwise."
        ),
        fault=Fault(
            "Show the chain other images before it goes down, so that it remembers those.",
            {"planted.stale": True},
        ),
        derivation="from-functions-to-modules",
    ),
    *(
        Claim(
            id=f"training-by-hand-{precision}",
            statement=f"Trained by hand in {precision}, the network stays that of torch.nn.",
            source=MEASURED,
            quantity=f"training_parameter_difference.mse_{precision}",
            prediction=0.0,
            band=roundings(STEPS, precision),
            reason=(
                "One hundred roundings, one for each step: at these learning rates a step does not "
                "enlarge what is already there."
            ),
            departure=OURS,
            remark="The largest relative difference of a parameter at any of the steps.",
            fault=WRONG_WEIGHTS,
            derivation="from-functions-to-modules",
        )
        for precision in PRECISIONS
    ),
)

UNTESTED = (
    Untested(
        id="s001-section-promises",
        statement=(
            "The note has four sections: what “from foundations” means, what is inside an operator "
            "of PyTorch, the forward and backward pass, and backward, chain rule and refactoring."
        ),
        source=FROM_SCRATCH_COPY.at("“This note is divided into 4 section”"),
        reason="A table of contents; whether its sections are there is read, not measured.",
        remark=(
            "The note ends after the forward pass: of the third section one half is there, of the "
            "others nothing. Here, chapter From functions to modules has the inside of the "
            "operator and the refactoring, chapters The loss and The backward pass the rest of "
            "three and four. The first section is about a course and has no place here."
        ),
        derivation="from-functions-to-modules",
    ),
)


# Figures -----------------------------------------------------------------------------------------


def losses_by_step(run: Run) -> "Figure":
    """Loss by training step: points by hand on lines of torch.nn, for both losses."""
    figure, axes = plt.subplots()
    for loss, label in (("mse", "mean squared error"), ("cross_entropy", "cross-entropy")):
        rows = [row for row in run.tables["training"] if row["arm"] == f"{loss}_float64"]
        steps = [row["step"] for row in rows]
        (line,) = axes.plot(steps, [row["loss_in_torch"] for row in rows], label=label)
        axes.plot(
            steps[::5], [row["loss_by_hand"] for row in rows][::5], "o", color=line.get_color()
        )
    axes.set_yscale("log")
    axes.set(xlabel="step", ylabel="loss, mean over draws")
    axes.legend()
    return figure


def difference_by_step(run: Run) -> "Figure":
    """Relative difference of the parameters by step: some roundings, in float32 and in float64."""
    figure, axes = plt.subplots()
    labels = {"mse": "mean squared error", "cross_entropy": "cross-entropy"}
    for precision, round_off in ROUND_OFF.items():
        for loss, label in labels.items():
            rows = [row for row in run.tables["training"] if row["arm"] == f"{loss}_{precision}"]
            apart = [row["parameter_difference"] for row in rows]
            axes.plot([row["step"] for row in rows], apart, label=f"{label}, {precision}")
        axes.axhline(round_off, color="gray", linestyle="--")
        axes.annotate("one rounding", (1, round_off), (0, -11), textcoords="offset points")
    axes.set_yscale("log", nonpositive="mask")  # after a first step there may be no difference
    axes.set(xlabel="step", ylabel="largest relative difference", ylim=(1e-17, 1e-3))
    axes.legend(loc="center right")
    return figure


def differences_by_gradient(run: Run) -> "Figure":
    """Relative difference from autograd by gradient: about one rounding in either precision."""
    figure, axes = plt.subplots()
    quantities = {
        "outputs": "loss_gradient_difference",
        "preactivations": "preactivation_gradient_difference",
        "input and parameters": "gradient_difference",
    }
    for at, (precision, round_off) in enumerate(ROUND_OFF.items()):
        for loss, marker, shift in (("mse", "o", -0.1), ("cross_entropy", "s", 0.1)):
            means = [run.values[f"{name}.{loss}_{precision}"].mean for name in quantities.values()]
            places = [place + shift for place in range(len(means))]
            text = {"mse": "mean squared error", "cross_entropy": "cross-entropy"}[loss]
            axes.plot(places, means, marker, color=f"C{at}", label=f"{text}, {precision}")
        axes.axhline(round_off, color=f"C{at}", linestyle="--")
    axes.set_yscale("log")
    axes.set_xticks(range(len(quantities)), list(quantities))
    axes.set(xlabel="gradient with respect to", ylabel="relative difference", ylim=(1e-17, 1e-3))
    axes.legend(loc="center right")
    return figure


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(differences_by_gradient, losses_by_step, difference_by_step),
    untested=UNTESTED,
)
