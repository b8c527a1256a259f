"""What a thousand layers can learn: with the size of the signal kept, and with its direction kept.

ReLU networks with He's weights, as they are and with each layer scaled so that its signal has
exactly the size it should; tanh networks of unit gain with Gaussian and with orthogonal weights.
"""

from collections.abc import Iterable, Mapping
from itertools import islice, pairwise
from math import isfinite, log, nan, sqrt
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Literal

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.lab.inits import random_generator
from study.lab.mnist import Mnist
from study.lab.networks import dense
from study.lab.parallel import side_by_side
from study.lab.training import minibatches, train
from study.record.claims import Band, Claim, Fault
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, finite_row, mean_row
from study.theory.sources import FROM_SCRATCH_NOTE, PENNINGTON_2017, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIGITS = 10
LAST = 10
"""Steps whose losses are averaged."""
YARDSTICK = "orthogonal_tanh"
"""The arm that the others are compared with."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """An activation, and weights of variance weight_variance over the fan.

    The fan is fan_in for Gaussian weights and the larger one for orthogonal ones. With
    ``rescaled`` each layer's weights are divided by the root mean square of its preactivations.
    """

    activation: Literal["relu", "tanh"]
    law: Literal["gaussian", "orthogonal"]
    weight_variance: Annotated[float, Gt(0), Le(1000)]
    rescaled: bool


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how deep the networks are, what they start from, and how they are trained."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    depth: Annotated[int, Ge(2), Le(100_000)]
    width: Annotated[int, Ge(2), Le(16_384)]
    images: Annotated[int, Ge(1)]
    batch: Annotated[int, Ge(1)]
    steps: Annotated[int, Ge(LAST)]
    learning_rates: Annotated[tuple[Annotated[float, Gt(0), Le(100)], ...], MinLen(1)]
    arms: Annotated[dict[str, Arm], MinLen(1)]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Train each network with each learning rate and keep its losses with the best.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, which share of the loss of a guess each arm has taken away at the end, and that
        over what the orthogonal arm has; over all draws, the losses in the course of training.
    """
    split = mnist.train.first(config.images)
    images = mnist.standardised(split.images)
    jobs = [(arm, rate) for arm in config.arms for rate in config.learning_rates]
    made, curves, outcomes = {}, [], []
    for draw in draws:

        def one(job: tuple[str, float], draw: int = draw) -> list[float]:
            return losses(config, *job, draw, images, split.labels)

        outcomes.append(dict(zip(jobs, side_by_side(one, jobs), strict=True)))
        by_arm = {
            arm: [outcomes[-1][arm, rate] for rate in config.learning_rates] for arm in config.arms
        }
        best = {arm: best_of(found) for arm, found in by_arm.items()}
        curves.append(best)
        made[draw] = quantities(best) | {
            f"diverged_rates.{arm}": float(sum(map(diverged, found)))
            for arm, found in by_arm.items()
        }
    tables = {"losses": rows(curves), "rates": rates(outcomes)}
    return Result.of(made, tables, exact={"rates.all": float(len(config.learning_rates))})


def quantities(best: Mapping[str, list[float]]) -> dict[str, float]:
    """Return what each arm has learnt in one draw, and that over what the orthogonal arm has.

    Args:
        best: the losses of each arm with its best learning rate.

    Returns:
        The quantities, by key; NaN where an arm diverged with every learning rate.
    """
    found = {f"learnt.{arm}": learnt(losses) for arm, losses in best.items()}
    return found | {
        f"learnt_over_orthogonal.{arm}": learnt(losses) / learnt(best[YARDSTICK])
        for arm, losses in best.items()
        if arm != YARDSTICK
    }


def losses(  # noqa: PLR0913, PLR0917 - the parts of a training run
    config: Config, arm: str, rate: float, draw: int, images: Tensor, labels: Tensor
) -> list[float]:
    """Train one network.

    Args:
        config: the settings.
        arm: its name.
        rate: the learning rate.
        draw: index of the draw.
        images: of shape (images, pixels).
        labels: of shape (images,).

    Returns:
        The loss of each step; from the first piece of steps on that is not finite, NaN.
    """
    network = started(config, config.arms[arm], draw, images)
    generator = random_generator(config.seed, draw, 0)
    batches = minibatches(len(images), config.batch, config.steps, generator)
    found: list[float] = []
    while len(found) < config.steps and not diverged(found):
        piece = islice(batches, LAST)
        found += train(network, functional.cross_entropy, images, labels, piece, learning_rate=rate)
    return found + [nan] * (config.steps - len(found))


def started(config: Config, arm: Arm, draw: int, images: Tensor) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        arm: what it starts from.
        draw: index of the draw.
        images: the first minibatch of them sets the scale of a rescaled network.

    Returns:
        Linear layers with the activation between them.
    """
    sizes = (images.shape[1], *[config.width] * (config.depth - 1), DIGITS)
    stds = [
        sqrt(arm.weight_variance / (max(pair) if arm.law == "orthogonal" else pair[0]))
        for pair in pairwise(sizes)
    ]
    network = dense(
        sizes,
        stds,
        lambda _: nn.ReLU() if arm.activation == "relu" else nn.Tanh(),
        seed=config.seed,
        draw=draw,
        device=images.device,
        law=arm.law,
    )
    if arm.rescaled:
        rescale_(network, images[: config.batch])
    return network


@torch.no_grad()
def rescale_(network: nn.Sequential, signal: Tensor) -> None:
    """Scale the weights of each layer so that its preactivations have second moment 1.

    Args:
        network: is changed in place.
        signal: the inputs for which this is to hold.
    """
    for layer in network:
        if isinstance(layer, nn.Linear):
            layer.weight.div_(layer(signal).square().mean().sqrt())
        signal = layer(signal)


def diverged(found: list[float]) -> bool:
    """Tell whether a loss was not finite."""
    return not all(map(isfinite, found))


def learnt(found: list[float]) -> float:
    """Return which share of the loss of a guess is gone in the last steps; NaN if it diverged.

    >>> learnt([log(10)] * 10), learnt([0.0] * 10), learnt([float("nan")] * 10)
    (0.0, 1.0, nan)
    """
    return nan if diverged(found) else 1 - fmean(found[-LAST:]) / log(DIGITS)


def best_of(found: list[list[float]]) -> list[float]:
    """Return the losses with the learning rate that taught most, of those that did not diverge.

    A network that has diverged shows nothing of what it could have learnt, so it does not count as
    one that learnt nothing; where all have diverged, one of them is returned.

    Args:
        found: the losses with each learning rate.

    Returns:
        The losses with the best one.
    """
    finite = [losses for losses in found if not diverged(losses)]
    return max(finite, key=learnt) if finite else found[0]


def rates(
    outcomes: list[dict[tuple[str, float], list[float]]],
) -> list[Mapping[str, str | int | float]]:
    """Sum up over the draws what each learning rate did.

    Args:
        outcomes: for each draw, the losses by arm and learning rate.

    Returns:
        Rows of arm, learning rate, in how many draws it diverged, and what the others learnt, with
        the half width; NaN if there are none.
    """
    table: list[Mapping[str, str | int | float]] = []
    for arm, rate in outcomes[0]:
        shares = [learnt(losses[arm, rate]) for losses in outcomes]
        table.append(finite_row(shares, arm=arm, learning_rate=rate))
    return table


def rows(per_draw: list[dict[str, list[float]]]) -> list[Mapping[str, str | int | float]]:
    """Average the losses over the draws, in pieces of neighbouring steps.

    Args:
        per_draw: for each draw, the losses of each arm.

    Returns:
        Rows of arm, last step of the piece, mean and half width; a piece in which a draw diverged
        is left out.
    """
    found: list[Mapping[str, str | int | float]] = []
    for arm in per_draw[0]:
        for end in range(LAST, len(per_draw[0][arm]) + 1, LAST):
            means = [fmean(losses[arm][end - LAST : end]) for losses in per_draw]
            if all(map(isfinite, means)):
                found.append(mean_row(means, arm=arm, step=end))
    return found


HERE = "chapter Depth 1000, direction, section “What it means for training”"
SHALLOW = Fault("Take away all but eight layers.", {"depth": 8})
LABEL = "what-it-means-for-training"
DEPTH, WIDTH, STEPS = 1000, 64, 100
MEASURED = (
    f"{DEPTH} layers of width {WIDTH} on MNIST, {STEPS} steps of plain descent, the best of the "
    "learning rates; what comes later was not measured. At quick size 120 layers, 40 steps."
)

CLAIMS = (
    Claim(
        id="he-thousand-layers-train",
        statement=(
            "With a thousand layers the gradients vanish under Glorot's initialisation; with "
            "He's, a network of that depth learns."
        ),
        source=FROM_SCRATCH_NOTE.at(
            "sections 2.1.2, “If we got 1000 layers, vanishing gradients problem emerges”, and "
            "2.1.3, “to avoid vanishing gradient”"
        ),
        quantity="learnt_over_orthogonal.he_relu",
        prediction=1.0,
        band=Band(0.5, 1000.0),
        reason="At least half of what a network of equal depth learns that keeps directions apart.",
        departure=f"The note leaves it at the question; the second half is its answer. {MEASURED}",
        remark=(
            "The share of the loss of a guess that is gone, over the same share of the orthogonal "
            "tanh network. That the signal vanishes before is s004-thousand-layers-vanish, which "
            "is about size; this is about direction."
        ),
        fault=SHALLOW,
        derivation=LABEL,
    ),
    Claim(
        id="right-size-is-not-enough",
        statement=(
            f"In its first {STEPS} steps a ReLU network of {DEPTH} layers learns nothing even if "
            "each layer's signal is given exactly the right size."
        ),
        source=THIS_STUDY.at(HERE),
        quantity="learnt_over_orthogonal.he_relu_rescaled",
        prediction=0.0,
        band=Band(-0.25, 0.25),
        reason=(
            "A quarter of what the orthogonal network learns: the last losses of a network that "
            "learns nothing scatter by a hundredth or two about that of a guess."
        ),
        departure=MEASURED,
        remark=(
            "All images have become one direction, and one direction tells no digits apart. Only "
            "learning rates count whose losses stay finite; with none the value is not a number."
        ),
        fault=SHALLOW,
        derivation=LABEL,
    ),
    Claim(
        id="orthogonal-tanh-thousand",
        statement=(
            f"A tanh network of {DEPTH} layers with orthogonal weights of unit gain learns in its "
            f"first {STEPS} steps, without normalisation and without skip connections."
        ),
        source=PENNINGTON_2017.at("abstract, on orthogonal weights and sigmoidal networks"),
        quantity="learnt.orthogonal_tanh",
        prediction=0.05,
        band=Band(0.01, 1.0),
        reason=(
            "One per cent of the loss of a guess: several times the scatter of a network that "
            "learns nothing. How much more it is depends on the steps, which are few here."
        ),
        departure=f"The paper trains to the end and measures how fast. {MEASURED}",
        remark="The share of the loss of a guess that is gone in the last ten steps.",
        fault=Fault(
            "Give it Gaussian weights of the same variance.",
            {"arms.orthogonal_tanh.law": "gaussian"},
        ),
        derivation=LABEL,
    ),
    Claim(
        id="gaussian-tanh-thousand",
        statement="With Gaussian weights of the same variance it learns next to nothing in them.",
        source=THIS_STUDY.at(HERE),
        quantity="learnt_over_orthogonal.gaussian_tanh",
        prediction=0.0,
        band=Band(-0.25, 0.25),
        reason="As for the ReLU network.",
        departure=MEASURED,
        remark="Equal data, equal order, equal rates; only the law of the weights differs.",
        fault=Fault(
            "Give it orthogonal weights as well.", {"arms.gaussian_tanh.law": "orthogonal"}
        ),
        derivation=LABEL,
    ),
)


def loss_by_step(run: Run) -> "Figure":
    """Loss by step: the orthogonal network leaves the guess, the others stay."""
    table = run.tables["losses"]
    figure, axes = plt.subplots()
    for arm in dict.fromkeys(row["arm"] for row in table):
        own = [row for row in table if row["arm"] == arm]
        steps, means = ([float(row[name]) for row in own] for name in ("step", "mean"))
        half = [float(row["half_width"]) for row in own]
        (line,) = axes.plot(steps, means, marker=".", label=str(arm).replace("_", " "))
        low, high = ([m + sign * h for m, h in zip(means, half, strict=True)] for sign in (-1, 1))
        axes.fill_between(steps, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    axes.axhline(log(DIGITS), color="grey", linewidth=1, linestyle=":")
    axes.set(xlabel="step", ylabel="cross-entropy")
    axes.legend()
    return figure


EXPERIMENT = Experiment(config=Config, run=run, claims=CLAIMS, figures=(loss_by_step,))
