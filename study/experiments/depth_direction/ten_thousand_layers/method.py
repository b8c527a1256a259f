"""What learns with ten thousand layers: plain, residual and batch-normalised networks on MNIST.

Two constructions without normalisation, each with a control without its weights, and a plain ReLU
network with nothing but normalisation. All networks of a draw see the same minibatches.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite, log, pi
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.lab.inits import Law, random_generator
from study.lab.mnist import Mnist, Split
from study.lab.parallel import side_by_side
from study.experiments.depth_direction.residual import (
    Chain,
    Residual,
    chain,
    normalised_relu,
    output_change,
    residual,
    sizes_while_finite,
    without_subnormals,
)
from study.lab.training import Course, Recipe, error_rate, fit, sgd
from study.record.claims import Band, Claim, Fault, Untested, around, within
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, mean_row
from study.theory.sources import FROM_SCRATCH_NOTE, THIS_STUDY, XIAO_2018, ZHANG_2019

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLASSES = 10
GUESS = 1 - 1 / CLASSES
"""The error of a guess; a network whose outputs are not numbers counts as one."""
LAST = 10
"""Updates whose losses are averaged."""
EVERY = 8
"""Layers between two rows of the table of sizes."""
STEP = 1e-6
"""Learning rate of the first update of the branches, so small that its square is nothing."""
LARGEST = 128
"""Float32 ends at this power of two."""
UNNORMALISED = ("orthogonal_tanh", "fixup")
"""The constructions that are said to learn without normalisation."""
NOTHING = 0.1
"""A network that takes no larger share of a guess's loss away has learnt nothing: the last losses
of one that learns nothing scatter by about a hundredth at reference size, by more at quick size."""
OVERFLOWING = ("plain_residual", "batch_normalised")
"""The arms whose sizes are drawn: the signal of the first, the gradients of the second."""

Job: TypeAlias = tuple[str, float]
"""Which training: the arm and the learning rate."""
Row: TypeAlias = Mapping[str, str | int | float]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """What kind of network, how deep, what it starts from, and the learning rates it may choose.

    The hidden weights have the variance weight_variance over the fan; in a residual network the
    first layer of each branch is also divided by the number of blocks to ``branch_power``. With
    ``zeroed`` the last layer of each branch and that of the network start at zero.
    """

    kind: Literal["tanh", "normalised_relu", "residual"]
    law: Law
    weight_variance: Annotated[float, Gt(0), Le(1000)]
    layers: Annotated[int, Ge(4), Le(100_000)]
    input_scale: Annotated[float, Gt(0), Le(1000)]
    branch_power: Annotated[float, Ge(0), Le(2)]
    zeroed: bool
    learning_rates: Annotated[tuple[Annotated[float, Gt(0), Le(100)], ...], MinLen(1)]

    @property
    def blocks(self) -> int:
        """How many blocks of two layers fit between the first and the last layer."""
        return (self.layers - 2) // 2


@dataclass(frozen=True, config=STRICT)
class FirstUpdate:
    """Residual networks of two depths; their branches are divided by the blocks to two powers."""

    few: Annotated[int, Ge(1), Le(100_000)]
    many: Annotated[int, Ge(1), Le(100_000)]
    power_with: Annotated[float, Ge(0), Le(2)]
    power_without: Annotated[float, Ge(0), Le(2)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the data, how the networks are trained, and what they are."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(1)]
    validation: Annotated[int, Ge(1)]
    width: Annotated[int, Ge(2), Le(4096)]
    batch: Annotated[int, Ge(2)]
    updates: Annotated[int, Ge(1)]
    momentum: Annotated[float, Ge(0), Lt(1)]
    arms: Annotated[dict[str, Arm], MinLen(1)]
    first_update: FirstUpdate


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Train each network and keep what it has learnt; look at how large signals and gradients are.

    Args:
        config: the settings.
        mnist: the data; the first images of its training and validation splits are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the validation error and the loss taken away of each arm, the depth at which
        signals and gradients stop being numbers, and how far the first update moves an output;
        over all draws, the losses by update and the sizes by layer.
    """
    training, unseen = (
        Split(mnist.standardised(part.images), part.labels)
        for part in (mnist.train.first(config.images), mnist.validation.first(config.validation))
    )
    jobs = [(arm, rate) for arm, kind in config.arms.items() for rate in kind.learning_rates]
    made, curves, sizes = {}, [], []
    for draw in draws:

        def one(job: Job, draw: int = draw) -> Course:
            return train_one(config, job, draw, training, unseen)

        def look(arm: str, draw: int = draw) -> list[float]:
            return powers(config, config.arms[arm], draw, training)

        trained = dict(zip(jobs, side_by_side(one, jobs), strict=True))
        best = {arm: best_of(config, arm, trained) for arm in config.arms}
        sizes.append(dict(zip(OVERFLOWING, side_by_side(look, OVERFLOWING), strict=True)))
        curves.append(best)
        made[draw] = (
            compared(best, config.updates)
            | {
                "finite_blocks.plain_residual": float(len(sizes[-1]["plain_residual"]) - 1),
                "finite_layers.batch_normalised": float(len(sizes[-1]["batch_normalised"])),
            }
            | first_updates(config, draw, training)
        )
    return Result.of(made, {"losses": loss_rows(curves), "sizes": size_rows(sizes)})


# Training ----------------------------------------------------------------------------------------


def train_one(config: Config, job: Job, draw: int, training: Split, unseen: Split) -> Course:
    """Train the network of an arm; return its losses and, after the last update, its error."""
    name, rate = job
    arm = config.arms[name]

    def look(network: nn.Module) -> dict[str, float]:
        return {"error": error_rate(network, arm.input_scale * unseen.images, unseen.labels)}

    with without_subnormals():
        return fit(
            lambda: started(config, arm, draw, training.images),
            functional.cross_entropy,
            Split(arm.input_scale * training.images, training.labels),
            # Looked at in the end only: a checkpoint holds every weight twice.
            Recipe(config.batch, config.updates, (config.updates,)),
            random_generator(config.seed, draw, 0),
            optimiser=sgd(rate, momentum=config.momentum),
            look=look,
            name=f"{name}-{rate}-{draw}",
        )


def started(config: Config, arm: Arm, draw: int, images: Tensor) -> Chain | Residual:
    """Make a network as it is before training.

    Args:
        config: the settings.
        arm: what it is.
        draw: index of the draw.
        images: of shape (images, pixels).

    Returns:
        The network.
    """
    sizes = (images.shape[1], config.width, CLASSES)
    if arm.kind == "residual":
        return residual(
            sizes,
            arm.blocks,
            inner_variance=arm.weight_variance * arm.blocks ** (-2 * arm.branch_power),
            zero_outer=arm.zeroed,
            zero_last=arm.zeroed,
            seed=config.seed,
            draw=draw,
            device=images.device,
        )
    return chain(
        sizes,
        arm.layers,
        torch.tanh if arm.kind == "tanh" else normalised_relu,
        arm.law,
        arm.weight_variance,
        seed=config.seed,
        draw=draw,
        device=images.device,
    )


def learnt(trained: Course) -> float:
    """Return which share of a guess's loss is gone in the last updates; 0 if it diverged.

    >>> learnt(Course([log(10)] * 9 + [0.0] * 10, {})), learnt(Course([0.0, float("nan")], {}))
    (1.0, 0.0)
    """
    return 1 - fmean(trained.losses[-LAST:]) / log(CLASSES) if trained.finite else 0.0


def best_of(config: Config, arm: str, trained: Mapping[Job, Course]) -> Course:
    """Return the training of an arm with the rate that taught most, of those that stayed finite."""
    found = [trained[arm, rate] for rate in config.arms[arm].learning_rates]
    return max(found, key=lambda course: (course.finite, learnt(course)))


def compared(best: Mapping[str, Course], updates: int) -> dict[str, float]:
    """Return what the arms of a draw have learnt.

    Args:
        best: what is left of the training of each, at its learning rate.
        updates: after how many the error was seen.

    Returns:
        The error and the share of the loss taken away of each arm, whether that is nothing, 1 or
        0, and the smaller error of the two constructions without normalisation.
    """
    seen = {arm: trained.looks[updates]["error"] for arm, trained in best.items()}
    errors = {arm: error if isfinite(error) else GUESS for arm, error in seen.items()}
    shares = {arm: learnt(trained) for arm, trained in best.items()}
    return (
        {f"error.{arm}": error for arm, error in errors.items()}
        | {f"learnt.{arm}": share for arm, share in shares.items()}
        | {
            f"rate.nothing_learnt.{arm}": float(abs(share) <= NOTHING)
            for arm, share in shares.items()
        }
        | {"error.better_unnormalised": min(errors[arm] for arm in UNNORMALISED)}
    )


# Sizes -------------------------------------------------------------------------------------------


def powers(config: Config, arm: Arm, draw: int, training: Split) -> list[float]:
    """Measure how large things become in a network on one minibatch, up to the end of float32.

    Args:
        config: the settings.
        arm: what the network is.
        draw: index of the draw.
        training: the first images are the minibatch.

    Returns:
        Logarithms to base 2 of root mean squares, while all numbers are finite: in a residual
        network of the signal before and behind each block, from the bottom; else of the gradient
        with respect to the hidden weights of each layer, from the top.
    """
    batch = training.first(config.batch)
    network = started(config, arm, draw, training.images)
    images = arm.input_scale * batch.images
    if isinstance(network, Residual):
        return sizes_while_finite(network.signals(images))
    loss = functional.cross_entropy(network(images), batch.labels)
    (gradients,) = torch.autograd.grad(loss, [network.hidden])
    return sizes_while_finite(gradients.flip(0))


def first_updates(config: Config, draw: int, training: Split) -> dict[str, float]:
    """Measure how far a first update of the branches moves the outputs, by the number of blocks.

    Args:
        config: the settings.
        draw: index of the draw.
        training: the first images are the minibatch.

    Returns:
        The change over the learning rate with many blocks, and that over the same with few
        blocks; with branches scaled and not.
    """
    setting, batch = config.first_update, training.first(config.batch)
    batch = Split(batch.images.double(), batch.labels)
    found: dict[str, float] = {}
    for name, power in (("scaled", setting.power_with), ("unscaled", setting.power_without)):
        few, many = (
            output_change(with_branches(config, blocks, power, draw, batch.images), batch, STEP)
            for blocks in (setting.few, setting.many)
        )
        found |= {f"output_change.{name}": many, f"output_change_many_over_few.{name}": many / few}
    return found


def with_branches(config: Config, blocks: int, power: float, draw: int, images: Tensor) -> Residual:
    """Make a residual network in float64 with branches that end in zeros, and a random classifier.

    A classifier of zeros would let no gradient through to the branches.

    Args:
        config: the settings.
        blocks: how many.
        power: the branches are divided by the blocks to this power.
        draw: index of the draw.
        images: of shape (images, pixels).

    Returns:
        The network.
    """
    return residual(
        (images.shape[1], config.width, CLASSES),
        blocks,
        inner_variance=2 * blocks ** (-2 * power),
        zero_outer=True,
        zero_last=False,
        seed=config.seed,
        draw=draw,
        device=images.device,
    ).double()


# Tables ------------------------------------------------------------------------------------------


def loss_rows(per_draw: Sequence[Mapping[str, Course]]) -> list[Row]:
    """Average the losses over the draws, in pieces of neighbouring updates.

    Args:
        per_draw: for each draw, what is left of the training of each arm.

    Returns:
        Rows of arm, last update of the piece, mean and half width, the first update for itself;
        a piece in which a draw diverged is left out.
    """
    found: list[Row] = []
    for arm in per_draw[0]:
        for end in (1, *range(LAST, len(per_draw[0][arm].losses) + 1, LAST)):
            piece = slice(max(0, end - LAST), end)
            means = [fmean(best[arm].losses[piece]) for best in per_draw]
            if all(map(isfinite, means)):
                found.append(mean_row(means, arm=arm, update=end))
    return found


def size_rows(per_draw: Sequence[Mapping[str, list[float]]]) -> list[Row]:
    """Average the sizes over the draws: rows of arm, layers passed, mean and half width."""
    found: list[Row] = []
    for arm, each in (("plain_residual", 2), ("batch_normalised", 1)):
        deepest = min(len(sizes[arm]) for sizes in per_draw)
        for at in range(0, deepest, EVERY // each):
            samples = [sizes[arm][at] for sizes in per_draw]
            found.append(mean_row(samples, arm=arm, layers=each * at))
    return found


# Claims ------------------------------------------------------------------------------------------

CHAPTER = "chapter Ten thousand layers"
ORTHOGONAL, FIXUP = "why-orthogonal", "derivation-fixup"
OVERFLOW, NORMALISED = "derivation-residual-overflow", "derivation-normalised-backwards"
FACTOR = pi / (pi - 1)
TRAINS = Band(0.0, 0.5)
TRAINS_REASON = (
    "Less than every second image wrong was called learning before the run, where a guess errs in "
    "nine of ten: the training is a part of one epoch."
)
FAILS = around(0.0, NOTHING)
FAILS_REASON = (
    "A tenth of the loss of a guess: the last losses of a network that learns nothing scatter by "
    "about a hundredth at reference size, and by more at quick size."
)
SETTING = (
    "Fully connected, width 64, fifty updates of stochastic gradient descent with momentum on "
    "MNIST. At quick size some hundred layers."
)
FAULT = Fault(
    "Swap the laws of the tanh networks, scale the branches that are not and the other way round, "
    "and leave five layers of the normalised network.",
    {
        "arms.orthogonal_tanh.law": "gaussian",
        "arms.gaussian_tanh.law": "orthogonal",
        "arms.fixup.branch_power": 0.0,
        "arms.fixup.zeroed": False,
        "arms.plain_residual.branch_power": 0.5,
        "arms.batch_normalised.layers": 5,
        "first_update.power_with": 0.0,
        "first_update.power_without": 0.5,
    },
)

CLAIMS = (
    Claim(
        id="vanilla-ten-thousand",
        statement=(
            "A plain network of ten thousand layers, without normalisation and without skip "
            "connections, can be trained by choosing its initialisation."
        ),
        source=XIAO_2018.at("abstract, “ten thousand layers or more”"),
        quantity="error.orthogonal_tanh",
        prediction=0.3,
        band=TRAINS,
        reason=f"{TRAINS_REASON} The prediction is a trial run's with another seed.",
        departure=f"The paper's networks are convolutional and train to the end. {SETTING}",
        remark="tanh, orthogonal weights a hundredth above unit gain, a small input.",
        fault=FAULT,
        derivation="derivation-small-length",
    ),
    Claim(
        id="vanilla-ten-thousand-gaussian-fails",
        statement="With Gaussian weights of the same variance the same network does not train.",
        source=XIAO_2018.at("abstract, on orthogonal kernels that keep the norm"),
        quantity="learnt.gaussian_tanh",
        prediction=0.0,
        band=FAILS,
        reason=FAILS_REASON,
        departure=(
            "The paper argues that orthogonality is what such a depth needs; that the Gaussian "
            f"network fails within these updates is our reading. {SETTING}"
        ),
        remark=(
            "The share of the loss of a guess that is gone in the last ten updates. Only the law "
            "of the weights differs; images, order and choice of learning rates are the same."
        ),
        fault=FAULT,
        derivation=ORTHOGONAL,
    ),
    Claim(
        id="fixup-ten-thousand",
        statement="A residual network of ten thousand layers trains without normalisation.",
        source=ZHANG_2019.at("abstract, “even for networks with 10,000 layers”"),
        quantity="error.fixup",
        prediction=0.2,
        band=TRAINS,
        reason=f"{TRAINS_REASON} The prediction is a trial run's with another seed.",
        departure=f"The paper has convolutions; here a bias per unit and no multiplier. {SETTING}",
        remark="Blocks x + V relu(W x + a), with V and the classifier zero at the start.",
        fault=FAULT,
        derivation=FIXUP,
    ),
    Claim(
        id="fixup-rules",
        statement=(
            "With the first of two layers in each of B branches divided by √B, a first update "
            "moves the outputs by as much whatever B is."
        ),
        source=ZHANG_2019.at("section 3, rule 2, the factor L^(−1/(2m−2)), for m = 2"),
        quantity="output_change_many_over_few.scaled",
        prediction=1.0,
        band=within(1.0, 0.25),
        reason=(
            "A quarter: the few blocks have some thousand units in all, so their mean strays by "
            "some hundredths in a draw, and the prediction holds in expectation."
        ),
        departure=(
            "The update of the branches' last layers alone, at a classifier that is not zero, as "
            "a zero one lets no gradient through; ten times as many blocks against the few."
        ),
        remark="The first of the three rules, zeros, is in place; the third, scalars, is left out.",
        fault=FAULT,
        derivation=FIXUP,
    ),
    Claim(
        id="fixup-without-the-factor",
        statement="Without the factor a first update grows in proportion to the blocks.",
        source=THIS_STUDY.at(f"{CHAPTER}, section “Fixup: an update of fixed size”"),
        quantity="output_change_many_over_few.unscaled",
        prediction=10.0,
        band=within(10.0, 0.25),
        reason="As for fixup-rules.",
        departure="As for fixup-rules.",
        remark="Ten times as many blocks move the outputs ten times as far.",
        fault=FAULT,
        derivation=FIXUP,
    ),
    Claim(
        id="plain-residual-ten-thousand",
        statement="With a standard initialisation the signal of the same network overflows.",
        source=ZHANG_2019.at("section 2, on residual networks with standard initialisations"),
        quantity="finite_blocks.plain_residual",
        prediction=2.0 * LARGEST,
        band=within(2.0 * LARGEST, 0.2),
        reason=(
            "A fifth: the largest of some thousand numbers is two powers of two above the root "
            "mean square and overflows four blocks earlier, and the typical growth of a layer of "
            "finite width is some hundredths below its mean."
        ),
        departure="The paper has the growth of the variance; the end is that of float32.",
        remark="How many blocks the first forward pass gets through with all values finite.",
        fault=FAULT,
        derivation=OVERFLOW,
    ),
    Claim(
        id="normalisation-alone-fails",
        statement="Batch normalisation alone does not train ten thousand plain ReLU layers.",
        source=THIS_STUDY.at(f"{CHAPTER}, section “Batch normalisation, backwards”"),
        quantity="rate.nothing_learnt.batch_normalised",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=(
            "More than half of the draws, with the whole interval, which reaches below 1 even "
            "where all draws agree. In an earlier run, whose mean share was judged, 0 with no "
            "spread, all four did."
        ),
        departure=SETTING,
        remark=(
            "How often the share of the loss of a guess that is gone is at most a tenth. At any "
            "learning rate the first update leaves weights that are no numbers; that counts as "
            "nothing learnt, so a mean of these shares has no spread."
        ),
        fault=FAULT,
        derivation=NORMALISED,
    ),
    Claim(
        id="normalised-gradient-overflows",
        statement=(
            "Counted from the top, the gradients of a batch-normalised plain ReLU network are "
            "numbers of float32 in some four to five hundred layers."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “Batch normalisation, backwards”"),
        quantity="finite_layers.batch_normalised",
        prediction=2 * LARGEST * log(2) / log(FACTOR),
        band=within(2 * LARGEST * log(2) / log(FACTOR), 0.15),
        reason=(
            "Three in twenty: the law π/(π − 1) is for a large batch and a large width, and "
            "gradients start some powers of two below 1, each of which is four layers more."
        ),
        departure="None: the law is ours, for He's weights and any other variance.",
        remark="The first layer below has an infinite entry, and no update can be made.",
        fault=FAULT,
        derivation=NORMALISED,
    ),
)

UNTESTED = (
    Untested(
        id="normalisation-necessary",
        statement="Normalisation is what makes ten thousand layers trainable.",
        source=FROM_SCRATCH_NOTE.at("bullet “training 10,000 layer network”"),
        reason=(
            "Withdrawn: the note does not say so. The bullet names a paper that trains 10,000 "
            "layers without normalisation layers."
        ),
        remark=(
            "It was contradicted, the smaller error of the two constructions without normalisation "
            "being 0.2095 ± 0.0575 in four draws. What the note says of the paper is judged by "
            "fixup-ten-thousand, and without skip connections by vanilla-ten-thousand."
        ),
        derivation="what-was-measured-ten-thousand",
    ),
)


# Figures -----------------------------------------------------------------------------------------


def loss_by_update(run: Run) -> "Figure":
    """Loss by update: two networks without normalisation leave the guess, the controls do not."""
    table = run.tables["losses"]
    figure, axes = plt.subplots()
    labels = {
        "orthogonal_tanh": "tanh, orthogonal",
        "gaussian_tanh": "tanh, Gaussian",
        "fixup": "residual, Fixup",
        "batch_normalised": "ReLU, batch-normalised",
    }
    for arm, label in labels.items():
        own = [row for row in table if row["arm"] == arm]
        at, means, half = (
            [float(row[key]) for row in own] for key in ("update", "mean", "half_width")
        )
        axes.errorbar(at, means, yerr=half, marker="o", markersize=3, capsize=3, label=label)
    axes.axhline(log(CLASSES), color="grey", linewidth=1, linestyle=":")
    axes.set(xlabel="update", ylabel="cross-entropy", ylim=(0, 3.5))
    axes.legend()
    return figure


def powers_by_depth(run: Run) -> "Figure":
    """Powers of two by layers passed: a signal on its way up, a gradient on its way down."""
    figure, axes = plt.subplots()
    for arm, label, per_layer in (
        ("plain_residual", "signal of the plain residual network", 0.25),
        ("batch_normalised", "gradient of the normalised network", log(FACTOR) / log(2) / 2),
    ):
        own = [row for row in run.tables["sizes"] if row["arm"] == arm]
        layers, means = ([float(row[key]) for row in own] for key in ("layers", "mean"))
        (line,) = axes.plot(layers, means, "o", markersize=2, label=label)
        law = [means[0] + per_layer * passed for passed in layers]
        axes.plot(layers, law, "--", color=line.get_color(), linewidth=1)
    axes.axhline(LARGEST, color="grey", linestyle=":", label="end of float32")
    axes.set(xlabel="layers passed", ylabel="log₂ of the root mean square")
    axes.legend()
    return figure


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(loss_by_update, powers_by_depth),
    untested=UNTESTED,
)
