"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from functools import partial
from itertools import product
from math import isfinite, log
from statistics import fmean
from typing import Annotated, Literal, NamedTuple, TypeAlias, TypedDict

from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import nn

from study.experiments.batch_normalisation.normalising import Norm, Optimiser, network
from study.lab.classification import CHANCE_LOSS, Task, splits
from study.lab.mnist import Mnist, Split
from study.lab.rate_search import search
from study.lab.training import History, Schedule, adam, sgd
from study.record.checks import check_at_most, check_batch, check_names
from study.record.draws import Draw, Draws
from study.record.results import Table, finite_row
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    Named,
    NonEmpty,
    Positive,
    Seed,
    Settings,
    Variance,
    Width,
)

USUAL = "usual"
"""The start that others are compared with."""
OPTIMISERS = {"descent": sgd, "adam": adam}

Scale: TypeAlias = Literal["standardised", "unit"]
Inputs: TypeAlias = Mapping[Scale, Split]
"""The images and their labels by the scale of their pixels."""
ENDINGS: Mapping[Scale, str] = {"standardised": "", "unit": "_unit"}
"""How the keys of quantities end, by the scale of the pixels."""


class Arm(NamedTuple):
    """Which training: the names of the network and of the start, and the scale of the pixels."""

    network: str
    start: str
    scale: Scale

    @property
    def key(self) -> str:
        """What it is called in the key of a quantity."""
        return f"{self.network}_{self.start}{ENDINGS[self.scale]}"

    @property
    def usual(self) -> "Arm":
        """The same network on the same images from the usual weights."""
        return self._replace(start=USUAL)


@dataclass(frozen=True, config=STRICT)
class Start:
    """The variance of a hidden weight times its fan_in, and the learning rates to choose from."""

    weight_variance: Variance
    learning_rates: NonEmpty[LearningRate]


@dataclass(frozen=True, config=STRICT)
class Network:
    """What stands behind each hidden map, how it is trained, and what it starts from."""

    norm: Norm
    optimiser: Optimiser
    starts: Named[Start]


@dataclass(frozen=True, config=STRICT)
class RateSearch:
    """How many draws, of a seed of their own, choose the learning rate of each arm."""

    seed: Seed
    draws: Count


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the networks with their starts, and how they are trained.

    The loss in the end is the mean over the last ``tail`` updates.
    """

    images: Count
    width: Width
    hidden_layers: Annotated[int, Ge(1), Le(100)]
    epsilon: Positive
    batch: Count
    updates: Count
    tail: Count
    search: RateSearch
    last_variance: Variance
    networks: Named[Network]

    def __post_init__(self) -> None:
        """Refuse minibatches that the images do not fill, and starts without the usual one."""
        check_batch(self.batch, self.images)
        check_at_most("tail", self.tail, "updates", self.updates)
        for name, kind in self.networks.items():
            check_names(f"networks.{name}.starts", kind.starts, (USUAL,))


class Choice(TypedDict):
    """What is decided before the draws, by arm.

    ``losses`` has the loss in the end of each training of the search, by learning rate and draw,
    NaN where it diverged; ``learning_rates`` the rate with the smallest mean.
    """

    losses: dict[str, dict[str, list[float]]]
    learning_rates: dict[str, float]


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split at both scales.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The images standardised, and with pixels from 0 to 1.
    """
    pixels = mnist.train.first(config.images, "images")
    unit = Split(pixels.images / mnist.train.images.max(), pixels.labels)
    return {"standardised": splits(mnist, training=config.images).training, "unit": unit}


def arms(config: Config) -> list[Arm]:
    """Return every network from every start on images of either scale."""
    return [
        Arm(name, start, scale)
        for name, kind in config.networks.items()
        for start, scale in product(kind.starts, ENDINGS)
    ]


def rates(config: Config, arm: Arm) -> tuple[float, ...]:
    """Return the learning rates that an arm chooses from."""
    return config.networks[arm.network].starts[arm.start].learning_rates


def choose(config: Config, inputs: Inputs) -> Choice:
    """Choose the learning rate of each arm, by trainings that no draw has.

    Args:
        config: the settings.
        inputs: the images.

    Returns:
        The rates, and the losses of all trainings of the search.
    """

    def losses(arm: Arm, rate: float) -> list[float]:
        tasks = (
            Task(inputs[arm.scale], config.search.seed, draw) for draw in range(config.search.draws)
        )
        return [final_loss(config, train_arm(config, task, arm, rate)) for task in tasks]

    rate_search = search(arms(config), partial(rates, config), losses, score=fmean)
    return Choice(
        losses={
            arm.key: {str(rate): losses for rate, losses in by_rate.items()}
            for arm, by_rate in rate_search.outcomes.items()
        },
        learning_rates={arm.key: rate_search.rate(arm) for arm in rate_search.outcomes},
    )


def measure(config: Config, inputs: Inputs, draw: int, choice: Choice) -> Draw:
    """Train every network from every start, each at its learning rate.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.
        choice: the learning rates.

    Returns:
        The losses in the end, and how they compare.
    """
    tasks = {scale: Task(split, config.seed, draw) for scale, split in inputs.items()}
    histories = {
        arm: train_arm(config, tasks[arm.scale], arm, choice["learning_rates"][arm.key])
        for arm in arms(config)
    }
    return Draw(compared({arm: final_loss(config, history) for arm, history in histories.items()}))


def exact(config: Config, _inputs: Inputs, choice: Choice) -> dict[str, float]:
    """Return the learning rates, and which of them lie at an edge of their grid.

    Args:
        config: the settings.
        _inputs: the images.
        choice: what the search found.
    """
    values: dict[str, float] = {}
    for arm in arms(config):
        rate, grid = choice["learning_rates"][arm.key], rates(config, arm)
        values[f"learning_rate.{arm.key}"] = rate
        values[f"at_an_edge.{arm.key}"] = float(rate in {min(grid), max(grid)})
    return values


def tables(config: Config, _draws: Draws, choice: Choice) -> dict[str, Table]:
    """Write down the search.

    Args:
        config: the settings.
        _draws: the draws.
        choice: what the search found.

    Returns:
        ``rates``, the loss by network, start, scale and learning rate, means over the draws of the
        search.
    """
    searched: Table = [
        finite_row(
            choice["losses"][arm.key][str(rate)],
            network=arm.network,
            start=arm.start,
            scale=arm.scale,
            learning_rate=rate,
        )
        for arm in arms(config)
        for rate in rates(config, arm)
    ]
    return {"rates": searched}


# Training ----------------------------------------------------------------------------------------


def train_arm(config: Config, task: Task, arm: Arm, rate: float) -> History:
    """Train one network.

    Args:
        config: the settings.
        task: the images to train on, and the draw.
        arm: the network and its start.
        rate: the learning rate of all its parameters.

    Returns:
        The losses.
    """
    return task.fit(
        lambda: make_network(config, task, arm),
        Schedule(config.batch, config.updates),
        OPTIMISERS[config.networks[arm.network].optimiser](rate),
        name=f"{task.seed}-{arm.key}-{rate}",
    )


def make_network(config: Config, task: Task, arm: Arm) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        task: the images, and the draw; all networks of one draw share their random numbers.
        arm: the network and its start.

    Returns:
        Its layers; biases are zero.
    """
    kind = config.networks[arm.network]
    return network(
        task.training.images,
        kind.norm,
        (config.width,) * config.hidden_layers,
        (kind.starts[arm.start].weight_variance, config.last_variance),
        epsilon=config.epsilon,
        seed=task.seed,
        draw=task.draw,
    )


def final_loss(config: Config, history: History) -> float:
    """Return the mean loss of the last updates; NaN if the training diverged."""
    return fmean(history.losses[-config.tail :])


# What is read of it ------------------------------------------------------------------------------


def compared(losses: Mapping[Arm, float]) -> dict[str, float]:
    """Compare each start with the usual one.

    Args:
        losses: in the end, of each arm; NaN where it diverged, which then is as good as a guess.

    Returns:
        Of each arm the loss, and of each but the usual ones the logarithm of the loss over that
        from the usual weights, of the same network on the same images.
    """
    settled = {arm: loss if isfinite(loss) else CHANCE_LOSS for arm, loss in losses.items()}
    values = {f"loss.{arm.key}": loss for arm, loss in settled.items()}
    return values | {
        f"log_cost.{arm.key}": log(loss / settled[arm.usual])
        for arm, loss in settled.items()
        if arm.start != USUAL
    }
