"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from itertools import product
from math import isfinite, log, nan, sqrt
from statistics import fmean
from typing import Annotated, Literal, NamedTuple

import numpy as np
import torch
from annotated_types import Ge, Le, MinLen
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.errors import StudyError
from study.experiments.notes.first_losses import entropy, expected_loss
from study.lab.classification import CHANCE_LOSS, Pixels, Task
from study.lab.inits import over_fan_in, random_generator, standard_normal
from study.lab.mnist import CLASSES, Mnist, Split
from study.lab.networks import classifier, linear_layers
from study.lab.rate_search import Choice, choose_rates, chosen_rates, searched
from study.lab.training import OPTIMISERS, Schedule
from study.record.checks import check_at_most, check_batch, check_known, check_names
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table, finite_row
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    Named,
    NonEmpty,
    Seed,
    Settings,
    Width,
)
from study.theory.quotients import quotient

Data = Literal["balanced", "skewed"]

USUAL = "descent"
"""The course whose quantities have the names of the starts alone."""
FIXED = "fixed"
"""The learning rate of a beginning whose quantities do not name it."""
OWN = "own"
"""The learning rate that a start chooses by the search."""
COMPARED = (("none", "unit"), ("randn", "unit"), ("skewed_zeros", "skewed_shares"))
"""Starts, each with the one that it is compared with."""


@dataclass(frozen=True, config=STRICT)
class Start:
    """How the last layer starts, and on which images.

    ``last_variance`` is that of its weights, times fan_in; ``shares`` are the logarithms of the
    class shares.
    """

    last_variance: Annotated[float, Ge(0), Le(100_000)]
    bias: Literal["zeros", "shares"]
    data: Data


@dataclass(frozen=True, config=STRICT)
class Course:
    """A way to train: by which optimiser, on which pixels, and how fast.

    ``learning_rates`` has what each start chooses from; ``beginnings`` has rates, by name, at which
    starts on skewed images make their first updates.
    """

    optimiser: Literal["descent", "adam"]
    pixels: Pixels
    learning_rates: NonEmpty[LearningRate]
    beginnings: Named[LearningRate]


@dataclass(frozen=True, config=STRICT)
class Search:
    """How many draws, of a seed of their own, choose the learning rate of each start."""

    seed: Seed
    draws: Count


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the network, how many in a draw, the images, the starts and how some are trained.

    A draw's losses are those of ``networks`` networks; it trains one of them from each start that
    is ``trained``, in every course. Beginnings are ``head`` updates long, and ``tail`` has how many
    updates the loss at the end is averaged over.
    """

    images: Count
    hidden: Width
    networks: Count
    common: Count
    rare: Count
    starts: Named[Start]
    training_images: Count
    batch: Count
    updates: Count
    head: Count
    tail: Count
    trained: Annotated[tuple[str, ...], MinLen(1)]
    search: Search
    courses: Named[Course]

    def __post_init__(self) -> None:
        """Refuse what is trained and is no start, and minibatches that no images fill."""
        check_known("trained", self.trained, self.starts)
        check_names("courses", self.courses, (USUAL,))
        check_batch(self.batch, self.training_images, field="batch")
        check_batch(self.batch, self.common + 9 * self.rare, field="batch")
        for name in ("head", "tail"):
            check_at_most(name, getattr(self, name), "updates", self.updates)


class Arm(NamedTuple):
    """A training: the name of its start, of its course, and of the learning rate in the course."""

    start: str
    course: str
    rate: str = OWN

    @property
    def key(self) -> str:
        """What it is called in the key of a quantity of the whole training."""
        return self.start + ending(self.course)


def ending(*names: str) -> str:
    """Return what the key of a quantity ends with, of the names that are not the usual ones.

    >>> ending("adam", "half"), ending("descent", "fixed")
    ('_adam_half', '')
    """
    return "".join(f"_{name}" for name in names if name not in {USUAL, FIXED})


class Inputs(NamedTuple):
    """What all draws share.

    Attributes:
        measured: images and labels for the first loss, by the data of a start.
        training: those to train on, by the scale of their pixels and the data of a start.
        biases: the logarithms of the class shares, of the images that are trained on.
        variances: of logits, ascending.
        excess: what the expected loss has beyond that of a guess, at each variance.
    """

    measured: Mapping[Data, Split]
    training: Mapping[Pixels, Mapping[Data, Split]]
    biases: Mapping[Data, Tensor]
    variances: NDArray[np.float64]
    excess: NDArray[np.float64]


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take balanced and skewed images, and tabulate the law.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The images to measure on standardised, those to train on also with pixels from 0 to 1.

    Raises:
        StudyError: if there are not so many images of a digit.
    """
    examples: dict[Data, Split] = {
        "balanced": mnist.train.first(config.training_images, "training_images"),
        "skewed": skewed_split(mnist.train, config.common, config.rare),
    }
    brightest = mnist.train.images.max()
    standardised = {data: mnist.standardised_split(split) for data, split in examples.items()}
    unit = {data: Split(split.images / brightest, split.labels) for data, split in examples.items()}
    variances = np.geomspace(1e-4, 1e5, 91)
    return Inputs(
        measured=standardised | {"balanced": standardised["balanced"].first(config.images)},
        training={"standardised": standardised, "unit": unit},
        biases={data: share_biases(split.labels) for data, split in examples.items()},
        variances=variances,
        excess=np.array([expected_loss(v, CLASSES) - CHANCE_LOSS for v in variances]),
    )


def skewed_split(examples: Split, common: int, rare: int) -> Split:
    """Take the first images of each digit: many of 0, few of each other.

    Args:
        examples: images and labels to take from.
        common: how many images of the digit 0.
        rare: how many of each other digit.

    Raises:
        StudyError: if there are not so many.
    """
    indices = []
    for digit in range(CLASSES):
        count, field = (rare, "rare") if digit else (common, "common")
        places = (examples.labels == digit).nonzero().squeeze(1)
        if count > len(places):
            raise StudyError(
                f"experiment.{field}={count}: there are only {len(places)} of the digit {digit}"
            )
        indices.append(places[:count])
    order = torch.cat(indices)
    return Split(examples.images[order], examples.labels[order])


def share_biases(labels: Tensor) -> Tensor:
    """Return biases whose softmax is the class shares: their logarithms.

    Args:
        labels: of examples, of each class at least one.

    >>> share_biases(torch.arange(10)).exp().sum().round(decimals=4)
    tensor(1.)
    """
    shares = torch.bincount(labels, minlength=CLASSES) / len(labels)
    return shares.log()


def guess(inputs: Inputs, data: Data) -> float:
    """Return the loss of a constant guess at best, the entropy of the class shares.

    Args:
        inputs: the images.
        data: which of them.
    """
    return entropy(inputs.biases[data].double().exp().tolist())


def arms(config: Config) -> list[Arm]:
    """Return the whole trainings: every start that is trained, in every course."""
    return [Arm(*names) for names in product(config.trained, config.courses)]


def beginnings(config: Config) -> list[Arm]:
    """Return the trainings of the first updates: of starts on skewed images, at given rates."""
    return [
        Arm(start, course, rate)
        for start, course in product(config.trained, config.courses)
        if config.starts[start].data == "skewed"
        for rate in config.courses[course].beginnings
    ]


def grids(config: Config) -> dict[Arm, tuple[float, ...]]:
    """Return the learning rates that each whole training chooses from."""
    return {arm: config.courses[arm.course].learning_rates for arm in arms(config)}


def choose(config: Config, inputs: Inputs) -> Choice:
    """Choose the learning rate of each start in each course, by trainings that no draw has.

    Args:
        config: the settings.
        inputs: the images.

    Returns:
        The rates with the smallest loss at the end.
    """

    def trial(arm: Arm, rate: float, draw: int) -> float:
        task = training_task(config, inputs, arm, seed=config.search.seed, draw=draw)
        return last_loss(config, loss_curve(config, inputs, task, arm, rate, config.updates))

    return choose_rates(grids(config), trial, config.search.draws)


def measure(config: Config, inputs: Inputs, draw: int, choice: Choice) -> Draw:
    """Measure the first losses of some networks, and train one of them.

    Args:
        config: the settings.
        inputs: the images, and the law.
        draw: index of the draw.
        choice: the learning rates.

    Returns:
        What the claims read, and the losses while training.
    """

    def losses(arm: Arm, rate: float, updates: int) -> list[float]:
        task = training_task(config, inputs, arm, seed=config.seed, draw=draw)
        return loss_curve(config, inputs, task, arm, rate, updates)

    trainings = {
        arm: losses(arm, choice["learning_rates"][arm.key], config.updates) for arm in arms(config)
    }
    openings = {
        arm: losses(arm, config.courses[arm.course].beginnings[arm.rate], config.head)
        for arm in beginnings(config)
    }
    values = (
        first_losses(config, inputs, draw)
        | ends(config, inputs, trainings)
        | early_losses(config, trainings | openings)
    )
    return Draw(values, {"losses": curves(config, trainings)})


def exact(config: Config, inputs: Inputs, choice: Choice) -> dict[str, float]:
    """Return the entropy of the class shares of the skewed images, and the learning rates.

    Args:
        config: the settings.
        inputs: the images.
        choice: what the search found.

    Returns:
        The entropy, in nats; and the quantities of :func:`study.lab.rate_search.chosen_rates`.
    """
    return {"entropy.skewed": guess(inputs, "skewed")} | chosen_rates(grids(config), choice)


def tables(config: Config, draws: Draws, choice: Choice) -> dict[str, Table]:
    """Average the losses over the draws, and write down the search.

    Args:
        config: the settings.
        draws: the draws.
        choice: what the search found.

    Returns:
        ``losses``, by course, start and update; ``rates``, the loss at the end by course, start and
        learning rate, means over the draws of the search.
    """
    rows: Table = [
        finite_row(
            choice["scores"][arm.key][str(rate)],
            course=arm.course,
            arm=arm.start,
            learning_rate=rate,
        )
        for arm in searched(grids(config))
        for rate in grids(config)[arm]
    ]
    return {"losses": means(draws, "losses")} | ({"rates": rows} if rows else {})


# The first loss ----------------------------------------------------------------------------------


def first_losses(config: Config, inputs: Inputs, draw: int) -> dict[str, float]:
    """Return the mean loss of untrained networks from each start.

    Args:
        config: the settings.
        inputs: the images, and the law.
        draw: index of the draw.

    Returns:
        The loss by start; over the entropy of the skewed images, for theirs; and for the others,
        where logits are not all zero, what it has beyond the loss of a guess over the law for
        Gaussian logits of each image's variance.
    """
    losses: dict[str, list[float]] = {name: [] for name in config.starts}
    laws: dict[str, list[float]] = {name: [] for name in config.starts}
    for index in range(config.networks):
        # The networks of a draw take the places of layers: two each, from the second on.
        layers = (2 * index + 1, 2 * index + 2)
        hidden = {
            data: hidden_signal(config, split.images, draw, layers[0])
            for data, split in inputs.measured.items()
        }
        generator = random_generator(config.seed, draw, layers[1])
        normal = standard_normal((CLASSES, config.hidden), generator, torch.device("cpu"))
        for name, start in config.starts.items():
            signal, labels = hidden[start.data], inputs.measured[start.data].labels
            logits = signal @ (sqrt(start.last_variance / config.hidden) * normal).T
            if start.bias == "shares":
                logits = logits + inputs.biases[start.data]
            losses[name].append(functional.cross_entropy(logits.double(), labels).item())
            if has_law(start):
                variances = start.last_variance * signal.double().square().mean(dim=1)
                table = np.interp(variances.numpy(), inputs.variances, inputs.excess)
                laws[name].append(float(table.mean()))
    values = {f"first_loss.{name}": fmean(numbers) for name, numbers in losses.items()}
    for name, start in config.starts.items():
        loss = values[f"first_loss.{name}"]
        if start.data == "skewed":
            values[f"first_loss_over_entropy.{name}"] = loss / guess(inputs, "skewed")
        if has_law(start):
            values[f"excess_over_law.{name}"] = quotient(loss - CHANCE_LOSS, fmean(laws[name]))
    return values


def has_law(start: Start) -> bool:
    """Tell whether a start's logits are Gaussian of mean 0 and not all zero, on balanced images."""
    return start.data == "balanced" and start.bias == "zeros" and start.last_variance > 0


def hidden_signal(config: Config, images: Tensor, draw: int, layer: int) -> Tensor:
    """Send images through a hidden layer of ReLUs with weights of variance 2/n.

    Args:
        config: the settings.
        images: of shape (images, pixels).
        draw: index of the draw.
        layer: whose random numbers are taken.

    Returns:
        The activations, of shape (images, hidden).
    """
    generator = random_generator(config.seed, draw, layer)
    normal = standard_normal((config.hidden, images.shape[1]), generator, images.device)
    return (images @ (sqrt(2 / images.shape[1]) * normal).T).relu()


# The training ------------------------------------------------------------------------------------


def training_task(config: Config, inputs: Inputs, arm: Arm, *, seed: int, draw: int) -> Task:
    """Return the images of a training, in their order.

    Args:
        config: the settings.
        inputs: the images.
        arm: the training.
        seed: of the draws, or of the search.
        draw: index of the draw.
    """
    pixels, data = config.courses[arm.course].pixels, config.starts[arm.start].data
    return Task(inputs.training[pixels][data], seed, draw)


def loss_curve(  # noqa: PLR0913, PLR0917 - the parts of a training
    config: Config, inputs: Inputs, task: Task, arm: Arm, learning_rate: float, updates: int
) -> list[float]:
    """Train a network from one start.

    Args:
        config: the settings.
        inputs: the class shares.
        task: the images and the draw.
        arm: the start and the course.
        learning_rate: of every update.
        updates: how many are made.

    Returns:
        The loss of each update, before it; NaN from where the training diverged.
    """
    return task.fit(
        lambda: make_network(config, inputs, task, config.starts[arm.start]),
        Schedule(config.batch, updates),
        OPTIMISERS[config.courses[arm.course].optimiser](learning_rate),
        name=f"{task.seed}-{arm.start}-{arm.course}-{learning_rate}-{updates}",
    ).losses


def make_network(config: Config, inputs: Inputs, task: Task, start: Start) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        inputs: the class shares.
        task: the images and the draw; the networks of one draw share their random numbers.
        start: of the last layer.
    """
    network = classifier(
        task.training.images,
        [config.hidden],
        over_fan_in(2.0),
        nn.ReLU,
        seed=task.seed,
        draw=task.draw,
        last=over_fan_in(start.last_variance),
    )
    if start.bias == "shares":
        with torch.no_grad():
            linear_layers(network)[-1].bias.copy_(inputs.biases[start.data])
    return network


# What is read of it ------------------------------------------------------------------------------


def last_loss(config: Config, losses: list[float]) -> float:
    """Return the mean loss of the last updates; NaN if the training diverged."""
    return fmean(losses[-config.tail :])


def ends(config: Config, inputs: Inputs, trainings: Mapping[Arm, list[float]]) -> dict[str, float]:
    """Return the losses at the end of the trainings of one draw, and how they compare.

    Args:
        config: the settings.
        inputs: the class shares.
        trainings: the losses of each update.

    Returns:
        For each training the mean loss of the last updates, that of a guess if it diverged; and the
        logarithm of this loss over that from the start that it is compared with, where both were
        trained.
    """
    values: dict[str, float] = {}
    for arm, losses in trainings.items():
        loss = last_loss(config, losses)
        chance = guess(inputs, config.starts[arm.start].data)
        values[f"last_loss.{arm.key}"] = loss if isfinite(loss) else chance
    for (start, base), course in product(COMPARED, config.courses):
        if {Arm(start, course), Arm(base, course)} <= trainings.keys():
            ratio = quotient(
                values[f"last_loss.{start}{ending(course)}"],
                values[f"last_loss.{base}{ending(course)}"],
            )
            key = f"log_last_loss.{start}_over_{base}{ending(course)}"
            values[key] = log(ratio) if ratio > 0 else nan
    return values


def early_losses(config: Config, trainings: Mapping[Arm, list[float]]) -> dict[str, float]:
    """Return the losses of the first updates on skewed images, and how they compare.

    Args:
        config: the settings.
        trainings: the losses of each update, of whole trainings or of beginnings.

    Returns:
        For each training the mean loss of the first updates; and what it is larger by than that
        from the start that it is compared with, in the same course at a rate of the same name, in
        nats.
    """
    early = {
        arm: fmean(losses[: config.head])
        for arm, losses in trainings.items()
        if config.starts[arm.start].data == "skewed"
    }
    values = {
        f"early_loss.{arm.start}{ending(arm.course, arm.rate)}": loss for arm, loss in early.items()
    }
    for (start, base), arm in product(COMPARED, early):
        if arm.start == start and arm._replace(start=base) in early:
            key = f"early_loss_difference.{start}_less_{base}{ending(arm.course, arm.rate)}"
            values[key] = early[arm] - early[arm._replace(start=base)]
    return values


def curves(config: Config, trainings: Mapping[Arm, list[float]]) -> list[Row]:
    """Return the losses of each training, in means of some updates.

    Args:
        config: the settings.
        trainings: the losses of each update.
    """
    size = max(1, config.updates // 40)
    return [
        {
            "course": arm.course,
            "arm": arm.start,
            "update": begin,
            "sample": fmean(losses[begin : begin + size]),
        }
        for arm, losses in trainings.items()
        for begin in range(0, config.updates - size + 1, size)
    ]
