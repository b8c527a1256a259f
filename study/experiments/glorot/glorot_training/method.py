"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Annotated, Literal, NamedTuple, TypeAlias

import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import nn

from study.experiments.glorot.hidden_layers import (
    ASYMPTOTE,
    BINS,
    Initialisation,
    bin_middle,
    initialised,
    look_at_layers,
    profiles_apart,
    share_of_sizes,
)
from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.training import Schedule, error_rate, fit, sgd
from study.record.checks import check_at_most, check_batch, check_evaluate_at, check_names
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Count, LearningRate, Settings, Several, Whole, Width
from study.theory.quotients import geometric, quotient

DIGITS = 10
NEEDED = ("tanh", "tanh_n", "softsign", "tanh_fast")
"""The arms that claims and figures read."""
MOST_ACTIVATIONS = 2**24
"""What torch takes a percentile of at most."""

Metrics: TypeAlias = Mapping[int, Mapping[str, float]]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """A network: its activation, the law of its weights by equation 1 or 16, and its step."""

    activation: Literal["tanh", "softsign"]
    initialisation: Initialisation
    learning_rate: LearningRate


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the networks, how they are trained, and when and on what they are looked at.

    The first update is before training, the second early in it.
    """

    images: Count
    validation: Count
    probed: Several
    width: Width
    depth: Annotated[int, Ge(2), Le(100)]
    batch: Count
    updates: Count
    evaluate_at: Annotated[tuple[Whole, ...], MinLen(3)]
    arms: dict[str, Arm]

    def __post_init__(self) -> None:
        """Refuse arms that are missing, evaluations out of order and images that are not there."""
        check_names("arms", self.arms, NEEDED)
        check_evaluate_at(self.evaluate_at, self.updates)
        if self.evaluate_at[0] != 0:
            raise ValueError(
                f"evaluate_at={list(self.evaluate_at)}: the first must be 0, before training"
            )
        check_batch(self.batch, self.images)
        check_at_most("probed", self.probed, "validation", self.validation)
        if self.probed * self.width > MOST_ACTIVATIONS:
            raise ValueError(
                f"probed={self.probed}, width={self.width}: "
                f"a percentile is taken of at most {MOST_ACTIVATIONS} activations"
            )


class Inputs(NamedTuple):
    """The training and the validation images, standardised, with their labels."""

    training: Split
    validation: Split


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training and of the validation split.

    Args:
        config: the settings.
        mnist: the data; images are standardised.
    """
    parts = (
        mnist.train.first(config.images),
        mnist.validation.first(config.validation, "validation"),
    )
    return Inputs(*map(mnist.standardised_split, parts))


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Train every arm and measure its layers on the way.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw; its arms share the order of the images.

    Returns:
        What the claims read, the measurements of each layer and the last histograms.
    """
    seen = {arm: train(config, arm, draw, inputs) for arm in config.arms}
    tables = {"layers": layer_rows(config, seen), "histograms": histogram_rows(config, seen)}
    return Draw(quantities(config, seen), tables)


def train(config: Config, arm: str, draw: int, inputs: Inputs) -> Metrics:
    """Train one network; return what was seen at each update, the validation error among it."""
    training, validation = inputs
    how, probed = config.arms[arm], validation.first(config.probed)
    sizes = [training.images.shape[1], *[config.width] * config.depth, DIGITS]

    def evaluate(network: nn.Module) -> dict[str, float]:
        error = error_rate(network, validation.images, validation.labels)
        return look_at_layers(network, probed) | {"error": 100 * error}

    history = fit(
        lambda: initialised(how.activation, how.initialisation, sizes, seed=config.seed, draw=draw),
        F.cross_entropy,
        training,
        Schedule(config.batch, config.updates, config.evaluate_at),
        random_generator(config.seed, draw, 0),
        optimiser=sgd(how.learning_rate),
        evaluate=evaluate,
        name=f"{arm}-{draw}",
    )
    return history.metrics


# Quantities --------------------------------------------------------------------------------------


def quantities(config: Config, seen: Mapping[str, Metrics]) -> dict[str, float]:
    """Return what the claims read, from what was seen of each arm at each update in one draw."""
    start, early, *_, end = config.evaluate_at
    layers = range(1, config.depth + 1)

    def at(arm: str, update: int, what: str) -> list[float]:
        return [seen[arm][update][f"{what}_{layer}"] for layer in layers]

    def bottom_over_top(arm: str, update: int, what: str) -> float:
        values = at(arm, update, what)
        return quotient(values[0], values[-1])

    def late(arm: str) -> float:
        return geometric(
            [bottom_over_top(arm, update, "weight_gradient") for update in config.evaluate_at[2:]]
        )

    def apart(one: str, other: str) -> float:
        return profiles_apart(
            *([seen[arm][update] for update in config.evaluate_at[1:]] for arm in (one, other))
        )

    last = {arm: at(arm, end, "percentile") for arm in seen}
    found = {f"size_98.{arm}_{n}": last[arm][n - 1] for arm in seen for n in layers}
    found |= {f"error.{arm}": seen[arm][end]["error"] for arm in seen}
    found |= {
        f"{key}.{arm}_{when}": bottom_over_top(arm, update, what)
        for arm in seen
        for when, update in (("start", start), ("early", early), ("end", end))
        for key, what in (("backward", "gradient"), ("weights", "weight_gradient"))
    }
    found |= {f"weights.{arm}_late": late(arm) for arm in seen}
    return found | {
        **{f"smallest_drop.{arm}": smallest_drop(last[arm]) for arm in seen},
        "lead.tanh": last["tanh"][0] - max(last["tanh"][1:]),
        "spread_over_tanh.softsign": quotient(spread(last["softsign"]), spread(last["tanh"])),
        "spread_over_tanh.tanh_n": quotient(spread(last["tanh_n"]), spread(last["tanh"])),
        "level_over_tanh.softsign": quotient(fmean(last["softsign"]), fmean(last["tanh"])),
        "level_over_tanh.tanh_n": quotient(fmean(last["tanh_n"]), fmean(last["tanh"])),
        **{f"saturated.{arm}_1": seen[arm][end]["saturated_1"] for arm in seen},
        "edge.tanh": seen["tanh"][end]["saturated_1"] / (1 - ASYMPTOTE),
        "shoulder.softsign": quotient(
            share_of_sizes(seen["softsign"][end], layers, 0.6, 0.8),
            share_of_sizes(seen["softsign"][end], layers, 0.0, 0.2),
        ),
        "weights_over_standard.tanh_n": quotient(
            found["weights.tanh_n_late"], found["weights.tanh_late"]
        ),
        "nearer_to_tanh_n.softsign": quotient(
            apart("softsign", "tanh_n"), apart("softsign", "tanh")
        ),
    }


def smallest_drop(values: Sequence[float]) -> float:
    """Return the smallest difference of a number and its successor; negative if one ascends.

    >>> smallest_drop([5.0, 3.0, 2.5])
    0.5
    """
    return min(below - above for below, above in pairwise(values))


def spread(values: Sequence[float]) -> float:
    """Return the distance of the largest and the smallest of some numbers."""
    return max(values) - min(values)


# Tables ------------------------------------------------------------------------------------------

SHOWN = ("percentile", "deviation", "gradient", "weight_gradient")


def layer_rows(config: Config, seen: Mapping[str, Metrics]) -> list[Row]:
    """List the measurements of one draw: a row per arm, quantity, update and layer."""
    return [
        {
            "arm": arm,
            "quantity": what,
            "updates": update,
            "layer": layer,
            "sample": seen[arm][update][f"{what}_{layer}"],
        }
        for arm in config.arms
        for what in SHOWN
        for update in config.evaluate_at
        for layer in range(1, config.depth + 1)
    ]


def histogram_rows(config: Config, seen: Mapping[str, Metrics]) -> list[Row]:
    """List the last histograms of one draw: a row per arm, layer and bin."""
    return [
        {
            "arm": arm,
            "layer": layer,
            "activation": bin_middle(bin_),
            "sample": seen[arm][config.evaluate_at[-1]][f"share_{bin_}_{layer}"],
        }
        for arm in config.arms
        for layer in range(1, config.depth + 1)
        for bin_ in range(BINS)
    ]
