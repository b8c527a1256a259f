"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from itertools import product
from math import inf, isfinite, log2, nan, sqrt
from statistics import fmean
from typing import Annotated, Literal, NamedTuple, TypeAlias, TypedDict

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.classification import CHANCE_LOSS, Splits, Task, error_rates, splits
from study.lab.inits import over_fan_in, random_generator
from study.lab.mnist import Mnist, Split
from study.lab.networks import classifier, linear_layers
from study.lab.rate_search import search
from study.lab.training import History, Optimiser, Schedule, adam, sgd, updates_needed
from study.record.checks import check_at_most, check_batch, check_names
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table
from study.record.settings import (
    STRICT,
    Count,
    Fraction,
    LearningRate,
    Named,
    NonEmpty,
    Seed,
    Settings,
    Width,
)

Start: TypeAlias = Literal["default", "he"]
PIECE = 10
"""Updates whose losses are averaged into one point of a curve."""
FIXED = "fixed"
"""The course whose quantities have the names of the networks alone."""
OPTIMISERS = {"descent": sgd, "adam": adam}


@dataclass(frozen=True, config=STRICT)
class Network:
    """How many linear layers a network has, and what it starts from."""

    depth: Annotated[int, Ge(2), Le(100)]
    start: Start


@dataclass(frozen=True, config=STRICT)
class Course:
    """A way to train: the optimiser, the scale of the pixels, and learning rates to choose from."""

    optimiser: Literal["descent", "adam"]
    pixels: Literal["standardised", "unit"]
    learning_rates: NonEmpty[LearningRate]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the networks, and how they are trained.

    ``updates`` is when losses and errors are read, ``cap`` how many are made, and ``target`` the
    share of the loss of a guess that updates are counted to.
    """

    images: Count
    width: Width
    batch: Count
    updates: Annotated[int, Ge(PIECE)]
    cap: Count
    target: Fraction
    slope: Annotated[float, Ge(0), Le(10)]
    networks: Named[Network]
    search_seed: Seed
    courses: Named[Course]

    def __post_init__(self) -> None:
        """Refuse a minibatch of more images than there are, and a reading after the end."""
        check_batch(self.batch, self.images)
        check_at_most("updates", self.updates, "cap", self.cap)
        check_names("networks", self.networks, ("deep_default", "deep_he"))
        check_names("courses", self.courses, (FIXED,))


class Arm(NamedTuple):
    """One training, by the names of its network and of its course."""

    network: str
    course: str

    @property
    def key(self) -> str:
        """What it is called in the key of a quantity."""
        return self.network if self.course == FIXED else f"{self.network}_{self.course}"


Inputs: TypeAlias = Mapping[str, Splits]
"""The images and their labels by the scale of the pixels."""


class Choice(TypedDict):
    """The mean loss of each training of the search, by arm and rate, and the chosen rates."""

    losses: dict[str, dict[str, float]]
    learning_rates: dict[str, float]


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split, and all of the validation split.

    In float64, since hundreds of updates carry a rounding far.

    Args:
        config: the settings.
        mnist: the data.
    """
    standardised = splits(mnist, training=config.images, validation=None).double()
    largest = mnist.train.images.max().double()

    def unit(split: Split) -> Split:
        return Split(split.images.double() / largest, split.labels)

    raw = Splits(mnist.train.first(config.images), mnist.validation, mnist.test.first(0))
    return {"standardised": standardised, "unit": Splits(*map(unit, raw))}


def arms(config: Config) -> list[Arm]:
    """Return every network with every way to train it."""
    return [Arm(*names) for names in product(config.networks, config.courses)]


def searched(config: Config) -> list[Arm]:
    """Return the arms that have learning rates to choose from."""
    return [arm for arm in arms(config) if len(config.courses[arm.course].learning_rates) > 1]


def choose(config: Config, inputs: Inputs) -> Choice:
    """Choose the learning rate of each arm: that with the least mean loss in one training.

    Args:
        config: the settings.
        inputs: the images and their labels.

    Returns:
        The rates, and the losses that they were chosen by.
    """
    trials = search(
        searched(config),
        lambda arm: config.courses[arm.course].learning_rates,
        lambda arm, rate: trial(config, inputs, arm, rate),
        score=float,
    )
    return Choice(
        losses={
            arm.key: {str(rate): loss for rate, loss in by_rate.items()}
            for arm, by_rate in trials.outcomes.items()
        },
        learning_rates={
            arm.key: trials.rate(arm)
            if arm in trials.outcomes
            else config.courses[arm.course].learning_rates[0]
            for arm in arms(config)
        },
    )


def trial(config: Config, inputs: Inputs, arm: Arm, rate: float) -> float:
    """Train one arm at one learning rate, with weights that no draw has.

    Args:
        config: the settings.
        inputs: the images and their labels.
        arm: what is trained.
        rate: its learning rate.

    Returns:
        The mean loss of all updates; infinite if the training diverged.
    """
    pixels = config.courses[arm.course].pixels
    task = Task(inputs[pixels].training, config.search_seed, draw=0)
    history = train(config, task, arm, rate, Schedule(config.batch, config.updates))
    return fmean(history.losses) if history.finite else inf


def measure(config: Config, inputs: Inputs, draw: int, choice: Choice) -> Draw:
    """Train each arm at its learning rate and keep its losses.

    Args:
        config: the settings.
        inputs: the images and their labels.
        draw: index of the draw.
        choice: the learning rates.

    Returns:
        The losses and the errors on the validation images where they are read, the updates to the
        target, and the losses in the course of training.
    """
    schedule = Schedule(config.batch, config.cap, (config.updates,))
    histories: dict[Arm, History] = {}
    for arm in arms(config):
        data = inputs[config.courses[arm.course].pixels]
        task = Task(data.training, config.seed, draw)
        rate = choice["learning_rates"][arm.key]
        histories[arm] = train(config, task, arm, rate, schedule, data.validation)
    return Draw(quantities(config, histories), {"losses": loss_rows(histories)})


# Training ----------------------------------------------------------------------------------------


def train(  # noqa: PLR0913, PLR0917 - the parts of a training
    config: Config,
    task: Task,
    arm: Arm,
    rate: float,
    schedule: Schedule,
    validation: Split | None = None,
) -> History:
    """Train one network.

    Args:
        config: the settings.
        task: the draw, with its images.
        arm: what is trained.
        rate: its learning rate.
        schedule: how long.
        validation: the images that errors are counted on, at the evaluations of the schedule.

    Returns:
        The loss of each update, and the error rate at each evaluation.
    """
    optimiser: Optimiser = OPTIMISERS[config.courses[arm.course].optimiser](rate)
    return task.fit(
        lambda: make_network(config, config.networks[arm.network], task),
        schedule,
        optimiser,
        evaluate=error_rates(**({} if validation is None else {"error": validation})),
        name=f"{arm.key}-{rate}-{task.seed}",
    )


def make_network(config: Config, network: Network, task: Task) -> nn.Sequential:
    """Make a network with the weights and biases that it starts from.

    Args:
        config: the settings.
        network: how deep it is, and what it starts from.
        task: the draw, with images of shape (images, pixels).

    Returns:
        Linear layers with a ReLU between them, in float64.
    """
    images: Tensor = task.training.images
    hidden = [config.width] * (network.depth - 1)
    model = classifier(images, hidden, over_fan_in(2.0), nn.ReLU, seed=task.seed, draw=task.draw)
    if network.start == "default":
        for index, layer in enumerate(linear_layers(model), start=1):
            seed = int(random_generator(task.seed, task.draw, index).integers(2**32))
            generator = torch.Generator().manual_seed(seed)
            nn.init.kaiming_uniform_(layer.weight, a=config.slope, generator=generator)
            bound = 1 / sqrt(layer.in_features)
            nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return model.double()


# What is read of it ------------------------------------------------------------------------------


def quantities(config: Config, histories: Mapping[Arm, History]) -> dict[str, float]:
    """Return what the claims read of one draw, by key.

    Args:
        config: the settings.
        histories: what each training left behind.

    Returns:
        For each arm the last loss over that of a guess, the error, and the updates to the target,
        with all of them where it is missed; and for each course the binary logarithm of the
        updates of the deep network from torch's defaults over those from He's weights.
    """
    updates = {
        arm: updates_needed(
            history.losses, config.target * CHANCE_LOSS, window=PIECE, cap=config.cap
        )
        for arm, history in histories.items()
    }
    values: dict[str, float] = {}
    for arm, history in histories.items():
        last = history.losses[config.updates - PIECE : config.updates]
        values |= {
            f"last_loss_over_chance.{arm.key}": fmean(last) / CHANCE_LOSS,
            f"error.{arm.key}": history.metrics[config.updates]["error"],
            f"median.updates.{arm.key}": updates[arm],
        }
    return values | {
        f"median.log2_slowdown.{course}": log2(
            updates[Arm("deep_default", course)] / updates[Arm("deep_he", course)]
        )
        for course in config.courses
    }


def loss_rows(histories: Mapping[Arm, History]) -> list[Row]:
    """Return the losses of each arm in pieces: rows of network, course and last update."""
    return [
        {"network": arm.network, "course": arm.course, "step": PIECE * piece, "sample": loss}
        for arm, history in histories.items()
        for piece, loss in enumerate(pieces(history.losses), start=1)
    ]


def pieces(losses: list[float]) -> list[float]:
    """Average the losses of neighbouring updates."""
    return [
        fmean(losses[start : start + PIECE])
        for start in range(0, len(losses) // PIECE * PIECE, PIECE)
    ]


def exact(config: Config, _inputs: Inputs, choice: Choice) -> dict[str, float]:
    """Return the chosen learning rates, and how many of them lie at an end of their grid.

    Args:
        config: the settings.
        _inputs: the images and their labels; they are not read.
        choice: the learning rates.
    """
    rates = {arm: choice["learning_rates"][arm.key] for arm in searched(config)}
    at_edge = [arm for arm, rate in rates.items() if at_an_edge(config.courses[arm.course], rate)]
    return {f"learning_rate.{arm.key}": rate for arm, rate in rates.items()} | {
        "rates.at_an_edge": float(len(at_edge)),
        "rates.searched": float(len(rates)),
    }


def at_an_edge(course: Course, rate: float) -> bool:
    """Tell whether a rate is the least or the greatest of its grid: a better one may lie beyond."""
    return rate in {min(course.learning_rates), max(course.learning_rates)}


def tables(config: Config, draws: Draws, choice: Choice) -> dict[str, Table]:
    """Average the curves over the draws, and write down the search.

    Args:
        config: the settings.
        draws: the draws.
        choice: what the search found.

    Returns:
        ``losses``, by arm and update; ``search``, the mean loss of each training of the search,
        NaN where it diverged.
    """
    return {
        "losses": means(draws, "losses"),
        "search": [
            {
                "network": arm.network,
                "course": arm.course,
                "learning_rate": rate,
                "mean_loss": loss if isfinite(loss) else nan,
            }
            for arm in searched(config)
            for rate in config.courses[arm.course].learning_rates
            for loss in [choice["losses"][arm.key][str(rate)]]
        ],
    }
