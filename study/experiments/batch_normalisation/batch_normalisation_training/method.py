"""What the initial scale of the weights does to training under batch normalisation.

Short training of fully connected ReLU networks on MNIST, in float64. All arms of one draw share
their random numbers and the order of the images, so that they are compared in pairs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass as record
from typing import TYPE_CHECKING, Annotated, Any, Literal

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.inits import random_generator, weight_std
from study.lab.mnist import Mnist, Split
from study.lab.networks import dense
from study.lab.parallel import side_by_side
from study.lab.training import error_rate, minibatches
from study.record.claims import Band, Claim, Fault, around
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, mean_row
from study.theory.sources import NORMALISATION_NOTE, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLASSES = 10


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of network: where it normalises, its weights' scale, their learning rate's scale."""

    placement: Literal["before", "after", "none"]
    scale: Annotated[float, Gt(0), Le(1000)]
    rate: Annotated[float, Gt(0), Le(1_000_000)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws of how large a network, how it is trained, and the arms."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(2)]
    validation: Annotated[int, Ge(1)]
    width: Annotated[int, Ge(2), Le(4096)]
    hidden_layers: Annotated[int, Ge(1), Le(1000)]
    batch: Annotated[int, Ge(2)]
    steps: Annotated[int, Ge(10), Le(100_000)]
    learning_rate: Annotated[float, Gt(0)]
    epsilon: Annotated[float, Gt(0)]
    arms: Annotated[dict[str, Arm], MinLen(1)]


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


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Train every arm, for each draw of the weights and of the order of the images.

    Args:
        config: the settings.
        mnist: the data; the first images of its training and of its validation split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims read; over all draws, the learning curve of each arm.
    """
    train, validation = (
        Split(mnist.standardised(part.images).double(), part.labels)
        for part in (mnist.train.first(config.images), mnist.validation.first(config.validation))
    )
    trained: dict[int, dict[str, Trained]] = {}
    for draw in draws:

        def one(arm: Arm, draw: int = draw) -> Trained:
            return trained_network(config, arm, train, validation, draw)

        arms = side_by_side(one, config.arms.values())
        trained[draw] = dict(zip(config.arms, arms, strict=True))
    return Result.of(
        {draw: quantities(arms) for draw, arms in trained.items()},
        tables={"losses": curves(list(trained.values()))},
    )


def trained_network(
    config: Config, arm: Arm, train: Split, validation: Split, draw: int
) -> Trained:
    """Draw one network and train it.

    Args:
        config: the settings.
        arm: what kind of network.
        train: the standardised images to train on.
        validation: the standardised images for the error.
        draw: index of the draw.

    Returns:
        What the training leaves.
    """
    network = draw_network(config, arm, draw, train.images)
    order = minibatches(
        len(train.images), config.batch, config.steps, random_generator(config.seed, draw, 0)
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
        weights over the sum of the squared steps.
    """
    found: dict[str, float] = {}
    for name, trained in arms.items():
        found |= {
            f"first_loss.{name}": trained.losses[0],
            f"last_loss.{name}": last_loss(trained),
            f"error.{name}": trained.error,
            f"growth_over_squared_steps.{name}": trained.growth / trained.steps_squared,
        }
        if name != "one" and "one" in arms:
            one = arms["one"]
            found |= {
                f"first_loss_over_one.{name}": trained.losses[0] / one.losses[0],
                f"last_loss_over_one.{name}": last_loss(trained) / last_loss(one),
                f"error_minus_one.{name}": trained.error - one.error,
            }
    return found


def last_loss(trained: Trained) -> float:
    """Return the mean loss over the last tenth of the steps."""
    count = max(1, len(trained.losses) // LAST_SHARE)
    return sum(trained.losses[-count:]) / count


def curves(per_draw: list[dict[str, Trained]]) -> list[Mapping[str, str | int | float]]:
    """Average the loss of each step over the draws.

    Args:
        per_draw: for each draw, what the training of each arm left.

    Returns:
        Rows of arm, step, mean and half width.
    """
    rows: list[Mapping[str, str | int | float]] = []
    for name in per_draw[0]:
        by_step = zip(*(arms[name].losses for arms in per_draw), strict=True)
        rows += [mean_row(losses, arm=name, step=step) for step, losses in enumerate(by_step)]
    return rows


# Claims ------------------------------------------------------------------------------------------

SCALE = "chapter Batch normalisation, section “The scale of the weights”"
NOTE = "section Batch normalization, "
SHORT = (
    "Short training of small fully connected networks at one learning rate; the note describes no "
    "network and no training."
)
NONE = "None: it is a statement of this study about these networks."

CLAIMS = (
    Claim(
        id="s003-bn-replaces-init",
        statement=(
            "With batch normalisation the weights need no normalising at initialisation: weights "
            "ten times too large train as well."
        ),
        source=NORMALISATION_NOTE.at(
            f"{NOTE}“you don't have to normalize your weights at initialization”"
        ),
        quantity="last_loss_over_one.ten",
        prediction=1.0,
        band=Band(1 / 1.25, 1.25),
        reason=(
            "A quarter either way: a difference of that size would not make one take care with "
            "the initialisation."
        ),
        departure=SHORT,
        remark=(
            "The loss after training over that of weights of the usual size, at equal learning "
            "rates. True of the forward pass (bn-first-loss-ignores-scale), not of training: the "
            "scale a of the weights divides the learning rate by a² (bn-effective-learning-rate). "
            "Weights of a tenth train better than the usual ones, not worse. "
            "Nor are the weights normalised in training; the preactivations are."
        ),
        fault=Fault(
            "Give the large weights the learning rate that makes up for their size.",
            {"arms.ten.rate": 100.0},
        ),
        derivation="derivation-scale-invariance",
    ),
    Claim(
        id="bn-first-loss-ignores-scale",
        statement="The loss before training does not depend on the scale of the hidden weights.",
        source=THIS_STUDY.at(SCALE),
        quantity="first_loss_over_one.tenth",
        prediction=1.0,
        band=around(1.0, 0.01),
        reason="One per cent: exact but for ε over the variance of the preactivations.",
        departure=NONE,
        remark="The loss with weights a tenth as large over that with the usual ones.",
        fault=Fault(
            "Leave the normalisation out of the network of small weights.",
            {"arms.tenth.placement": "none"},
        ),
        derivation="derivation-scale-invariance",
    ),
    Claim(
        id="bn-effective-learning-rate",
        statement=(
            "Weights ten times as large with a learning rate a hundred times as large train alike."
        ),
        source=THIS_STUDY.at(SCALE),
        quantity="last_loss_over_one.ten_matched",
        prediction=1.0,
        band=around(1.0, 0.01),
        reason="One per cent: exact but for ε over the variance, which training amplifies.",
        departure=NONE,
        remark=(
            "The learning rate is that of the hidden weights only. Weights of a tenth, with a "
            "hundredth of the learning rate, are the other arm, tenth_matched."
        ),
        fault=Fault(
            "Scale the learning rate as the weights, not as their square.",
            {"arms.ten_matched.rate": 10.0},
        ),
        derivation="derivation-scale-invariance",
    ),
    Claim(
        id="bn-weights-only-grow",
        statement=(
            "In each step of plain descent the squared norm of the hidden weights grows by the "
            "squared length of the step."
        ),
        source=THIS_STUDY.at(SCALE),
        quantity="growth_over_squared_steps.one",
        prediction=1.0,
        band=around(1.0, 0.02),
        reason=(
            "Two per cent: Pythagoras, exact but for ε over the variance, which gives the gradient "
            "a part along the weights."
        ),
        departure=NONE,
        remark=(
            "So a learning rate that is too large for the weights lengthens them until it is not; "
            "weights that are too long have no such way back."
        ),
        fault=Fault("Leave the normalisation out.", {"arms.one.placement": "none"}),
        derivation="derivation-scale-invariance",
    ),
    Claim(
        id="s003-bn-before-or-after",
        statement="Batch normalisation may stand before or after the activation.",
        source=NORMALISATION_NOTE.at(f"{NOTE}“before or after the activation functions”"),
        quantity="error_minus_one.after",
        prediction=0.0,
        band=around(0.0, 0.05),
        reason=(
            "Five points of the ninety that training can win: the statement fails if one place "
            "is clearly the wrong one, not if it makes some difference."
        ),
        departure=SHORT,
        remark=(
            "The error after training with the normalisation after the ReLU, less that with it "
            "before, in pairs. The note gives no direction. Before the ReLU is the place in the "
            "paper of Ioffe and Szegedy."
        ),
        fault=Fault(
            "Leave it out of the second network, and shrink that one's weights to a hundredth.",
            {"arms.after.placement": "none", "arms.after.scale": 0.01},
        ),
        derivation="derivation-after-the-activation",
    ),
)


# Figures -----------------------------------------------------------------------------------------

LINES: Mapping[str, tuple[str, str]] = {
    "tenth": ("weights × 1/10", "C0"),
    "one": ("weights × 1", "C1"),
    "ten": ("weights × 10", "C2"),
}
DOTS: Mapping[str, tuple[str, str]] = {
    "tenth_matched": ("× 1/10, rate × 1/100", "C0"),
    "ten_matched": ("× 10, rate × 100", "C2"),
}


def loss_by_weight_scale(run: Run) -> "Figure":
    """Loss by step for three weight scales: one start, three speeds, one curve at matched rates."""
    figure, axes = plt.subplots()
    for name, (label, colour) in LINES.items():
        steps, losses = _curve(run, name)
        axes.plot(steps, losses, color=colour, label=label)
    for at, (name, (label, colour)) in enumerate(DOTS.items()):
        steps, losses = _curve(run, name)
        every = max(2, len(steps) // 10)
        shown = slice(at * every // len(DOTS), None, every)  # so that no dot covers another
        axes.plot(steps[shown], losses[shown], "o", color=colour, label=label)
    axes.margins(y=0.3)  # room for the legend
    axes.set(xlabel="step", ylabel="loss of the minibatch")
    axes.set_ylim(bottom=0)
    axes.legend(ncols=2, loc="upper right")
    return figure


def _curve(run: Run, name: str) -> tuple[list[Any], list[Any]]:
    """Return steps and mean losses of an arm; both empty if it was not trained."""
    rows = [row for row in run.tables["losses"] if row["arm"] == name]
    return [row["step"] for row in rows], [row["mean"] for row in rows]


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(loss_by_weight_scale,),
)
