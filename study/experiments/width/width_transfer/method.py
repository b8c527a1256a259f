"""Settings, the search for learning rates, one draw, and what is read of it."""

from collections.abc import Iterator, Mapping
from itertools import product
from math import log2
from statistics import fmean
from typing import Annotated, Literal, NamedTuple, TypeAlias, TypedDict

from annotated_types import Ge, Le, MinLen
from pydantic.dataclasses import dataclass

from study.experiments.width.networks import averaged_down, make_network, make_optimiser
from study.lab.classification import Task
from study.lab.mnist import CLASSES, Mnist, Split
from study.lab.rate_search import Search, search
from study.lab.training import Schedule
from study.record.checks import check_ascending, check_at_most, check_batch
from study.record.draws import Draw, Draws
from study.record.results import Table
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    Named,
    Positive,
    Seed,
    Settings,
    Width,
)
from study.theory.width import Optimiser, Rule

Rates: TypeAlias = Annotated[tuple[LearningRate, ...], MinLen(2)]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """How weights start and are updated."""

    rule: Rule
    optimiser: Optimiser


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: images, networks, how long they are trained, and how rates are searched.

    The first width is that at which rules agree. A loss is the mean of the last ``tail`` updates,
    and ``cap`` where it is larger or no number.
    """

    images: Count
    side: Literal[2, 4, 7, 14, 28]
    hidden: Annotated[int, Ge(2), Le(10)]
    widths: Annotated[tuple[Width, ...], MinLen(2)]
    batch: Count
    updates: Count
    tail: Count
    cap: Positive
    search_seed: Seed
    search_draws: Count
    descent_rates: Rates
    adam_rates: Rates
    arms: Named[Arm]

    def __post_init__(self) -> None:
        """Refuse widths and rates out of order, and a loss of more updates than are made."""
        check_ascending("widths", self.widths)
        check_ascending("descent_rates", self.descent_rates)
        check_ascending("adam_rates", self.adam_rates)
        check_batch(self.batch, self.images)
        check_at_most("tail", self.tail, "updates", self.updates)


class Place(NamedTuple):
    """One network to find a learning rate for: the name of its arm, and its width."""

    arm: str
    width: int

    @property
    def key(self) -> str:
        """What it is called in the key of a quantity."""
        return f"{self.arm}_{self.width}"


class Choice(TypedDict):
    """The mean loss of each training of the search, by network and rate, and the chosen rates."""

    losses: dict[str, dict[str, float]]
    learning_rates: dict[str, float]


def prepare(config: Config, mnist: Mnist) -> Split:
    """Take the first images of the training split, averaged down, and their labels.

    Args:
        config: the settings.
        mnist: the data.
    """
    examples = mnist.standardised_split(mnist.train.first(config.images))
    return Split(averaged_down(examples.images, config.side), examples.labels)


def rates_of(config: Config, arm: str) -> Rates:
    """Return the grid of an arm: that of its optimiser."""
    optimiser = config.arms[arm].optimiser
    return config.descent_rates if optimiser == "descent" else config.adam_rates


def networks(config: Config) -> Iterator[Place]:
    """Yield every arm at every width."""
    yield from (Place(*names) for names in product(config.arms, config.widths))


def choose(config: Config, inputs: Split) -> Choice:
    """Choose the learning rate of each network: that with the least mean loss over other draws.

    Args:
        config: the settings.
        inputs: the images.
    """

    def mean_loss(place: Place, rate: float) -> float:
        return fmean(
            last_loss(config, inputs, place, rate, config.search_seed, draw)
            for draw in range(config.search_draws)
        )

    trials: Search[Place, float] = search(
        networks(config), lambda place: rates_of(config, place.arm), mean_loss, score=float
    )
    return Choice(
        losses={
            place.key: {str(rate): loss for rate, loss in by_rate.items()}
            for place, by_rate in trials.outcomes.items()
        },
        learning_rates={place.key: trials.rate(place) for place in trials.outcomes},
    )


def last_loss(  # noqa: PLR0913, PLR0917 - two numbers name the draw
    config: Config, inputs: Split, place: Place, rate: float, seed: int, draw: int
) -> float:
    """Train a network and return its loss at the end.

    Args:
        config: the settings.
        inputs: the images.
        place: the network.
        rate: its learning rate at the base width.
        seed: of the draw.
        draw: its index.

    Returns:
        The mean cross-entropy of the last minibatches, at most the cap.
    """
    arm, base = config.arms[place.arm], config.widths[0]
    history = Task(inputs, seed, draw).fit(
        lambda: make_network(
            inputs.images.shape[1],
            config.hidden,
            place.width,
            CLASSES,
            arm.rule,
            base=base,
            seed=seed,
            draw=draw,
        ),
        Schedule(config.batch, config.updates),
        lambda network: make_optimiser(network, arm.optimiser, arm.rule, rate, place.width, base),
        name=f"{place.key}-{rate}-{seed}",
    )
    return min(config.cap, fmean(history.losses[-config.tail :])) if history.finite else config.cap


def measure(config: Config, inputs: Split, draw: int, choice: Choice) -> Draw:
    """Train the widest network of each arm at its own rate, and at that of the narrowest one.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.
        choice: the learning rates.

    Returns:
        Both losses, the binary logarithm of their ratio, and what :func:`over_standard` compares.
    """
    values: dict[str, float] = {}
    for name in config.arms:
        narrow, wide = Place(name, config.widths[0]), Place(name, config.widths[-1])
        losses = {
            origin: last_loss(
                config, inputs, wide, choice["learning_rates"][place.key], config.seed, draw
            )
            for origin, place in (("own", wide), ("transferred", narrow))
        }
        values |= {f"{origin}_loss.{name}": loss for origin, loss in losses.items()}
        values[f"log2_cost.{name}"] = log2(losses["transferred"] / losses["own"])
    return Draw(values | over_standard(values))


def over_standard(values: Mapping[str, float]) -> dict[str, float]:
    """Compare the maximal rule with the standard one, both at the rate of the narrowest network.

    Args:
        values: what was measured of each arm, by key.

    Returns:
        The binary logarithm of the ratio of their losses, by optimiser, as far as both are there.
    """
    keys = {
        optimiser: [f"transferred_loss.{rule}_{optimiser}" for rule in ("maximal", "standard")]
        for optimiser in ("descent", "adam")
    }
    return {
        f"log2_over_standard.maximal_{optimiser}": log2(values[maximal] / values[standard])
        for optimiser, (maximal, standard) in keys.items()
        if {maximal, standard} <= values.keys()
    }


def exact(config: Config, _inputs: Split, choice: Choice) -> dict[str, float]:
    """Return the chosen rates, their power of the width, and how many lie at an end of their grid.

    Args:
        config: the settings.
        choice: the learning rates.
    """
    rates = choice["learning_rates"]
    octaves = log2(config.widths[-1] / config.widths[0])
    values = {f"learning_rate.{key}": rate for key, rate in rates.items()}
    for name in config.arms:
        narrow, wide = (rates[Place(name, config.widths[at]).key] for at in (0, -1))
        values[f"rate_power.{name}"] = log2(wide / narrow) / octaves
    at_edge = [
        place
        for place in networks(config)
        for grid in [rates_of(config, place.arm)]
        if rates[place.key] in {grid[0], grid[-1]}
    ]
    return values | {"rates.at_an_edge": float(len(at_edge))}


def tables(config: Config, _draws: Draws, choice: Choice) -> dict[str, Table]:
    """Write down the search.

    Args:
        config: the settings.
        _draws: the draws; they are not read.
        choice: what the search found.
    """
    return {
        "search": [
            {
                "arm": place.arm,
                "width": place.width,
                "learning_rate": rate,
                "mean_loss": choice["losses"][place.key][str(rate)],
            }
            for place in networks(config)
            for rate in rates_of(config, place.arm)
        ]
    }
