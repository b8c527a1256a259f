"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Annotated, Literal, TypeAlias

from annotated_types import Ge, Le, MinLen
from pydantic.dataclasses import dataclass

from study.experiments.glorot import initialisations
from study.experiments.glorot.hidden_layers import (
    ASYMPTOTE,
    BINS,
    bin_middle,
    measure_layers,
    profiles_apart,
    share_of_sizes,
)
from study.lab.classification import Splits, Task, error_percentages, splits
from study.lab.mnist import Mnist
from study.lab.networks import ACTIVATIONS, classifier
from study.lab.training import Schedule, sgd
from study.record.checks import check_at_most, check_batch, check_evaluate_at, check_names
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Count, LearningRate, Settings, Several, Whole, Width
from study.theory.quotients import geometric, quotient

NEEDED = ("tanh", "tanh_n", "softsign", "tanh_fast")
"""The arms that claims and figures read."""
MOST_ACTIVATIONS = 2**24
"""What torch takes a percentile of at most."""

Metrics: TypeAlias = Mapping[int, Mapping[str, float]]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """A network: its activation, the law of its weights by equation 1 or 16, and its step."""

    activation: Literal["tanh", "softsign"]
    initialisation: initialisations.Name
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


def prepare(config: Config, mnist: Mnist) -> Splits:
    """Take the first images of the training and of the validation split.

    Args:
        config: the settings.
        mnist: the data; images are standardised.
    """
    return splits(mnist, training=config.images, validation=config.validation)


def measure(config: Config, inputs: Splits, draw: int) -> Draw:
    """Train every arm and measure its layers on the way.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw; its arms share the order of the images.

    Returns:
        What the claims read, the measurements of each layer and the last histograms.
    """
    metrics = {arm: train(config, arm, draw, inputs) for arm in config.arms}
    tables = {"layers": layer_rows(config, metrics), "histograms": histogram_rows(config, metrics)}
    return Draw(quantities(config, metrics), tables)


def train(config: Config, name: str, draw: int, inputs: Splits) -> Metrics:
    """Train one network; return its metrics at each update, the validation error among them."""
    arm, probe = config.arms[name], inputs.validation.first(config.probed)
    errors = error_percentages(error=inputs.validation)
    history = Task(inputs.training, config.seed, draw).fit(
        lambda: classifier(
            inputs.training.images,
            [config.width] * config.depth,
            initialisations.BY_NAME[arm.initialisation],
            ACTIVATIONS[arm.activation],
            seed=config.seed,
            draw=draw,
        ),
        Schedule(config.batch, config.updates, config.evaluate_at),
        sgd(arm.learning_rate),
        evaluate=lambda network: measure_layers(network, probe) | errors(network),
        name=name,
    )
    return history.metrics


# Quantities --------------------------------------------------------------------------------------


def quantities(config: Config, metrics: Mapping[str, Metrics]) -> dict[str, float]:
    """Return what the claims read, from the metrics of each arm at each update in one draw."""
    start, early, *_, end = config.evaluate_at
    layers = range(1, config.depth + 1)

    def by_layer(arm: str, update: int, quantity: str) -> list[float]:
        return [metrics[arm][update][f"{quantity}_{layer}"] for layer in layers]

    def bottom_over_top(arm: str, update: int, quantity: str) -> float:
        profile = by_layer(arm, update, quantity)
        return quotient(profile[0], profile[-1])

    def late(arm: str) -> float:
        return geometric(
            [bottom_over_top(arm, update, "weight_gradient") for update in config.evaluate_at[2:]]
        )

    def distance(first: str, second: str) -> float:
        return profiles_apart(
            *(
                [metrics[arm][update] for update in config.evaluate_at[1:]]
                for arm in (first, second)
            )
        )

    last = {arm: by_layer(arm, end, "percentile") for arm in metrics}
    values = {f"size_98.{arm}_{n}": last[arm][n - 1] for arm in metrics for n in layers}
    values |= {f"error.{arm}": metrics[arm][end]["error"] for arm in metrics}
    values |= {
        f"{key}.{arm}_{stage}": bottom_over_top(arm, update, quantity)
        for arm in metrics
        for stage, update in (("start", start), ("early", early), ("end", end))
        for key, quantity in (("backward", "gradient"), ("weights", "weight_gradient"))
    }
    values |= {f"weights.{arm}_late": late(arm) for arm in metrics}
    return values | {
        **{f"smallest_drop.{arm}": smallest_drop(last[arm]) for arm in metrics},
        "lead.tanh": last["tanh"][0] - max(last["tanh"][1:]),
        "spread_over_tanh.softsign": quotient(spread(last["softsign"]), spread(last["tanh"])),
        "spread_over_tanh.tanh_n": quotient(spread(last["tanh_n"]), spread(last["tanh"])),
        "level_over_tanh.softsign": quotient(fmean(last["softsign"]), fmean(last["tanh"])),
        "level_over_tanh.tanh_n": quotient(fmean(last["tanh_n"]), fmean(last["tanh"])),
        **{f"saturated.{arm}_1": metrics[arm][end]["saturated_1"] for arm in metrics},
        "edge.tanh": metrics["tanh"][end]["saturated_1"] / (1 - ASYMPTOTE),
        "shoulder.softsign": quotient(
            share_of_sizes(metrics["softsign"][end], layers, 0.6, 0.8),
            share_of_sizes(metrics["softsign"][end], layers, 0.0, 0.2),
        ),
        "weights_over_standard.tanh_n": quotient(
            values["weights.tanh_n_late"], values["weights.tanh_late"]
        ),
        "nearer_to_tanh_n.softsign": quotient(
            distance("softsign", "tanh_n"), distance("softsign", "tanh")
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


def layer_rows(config: Config, metrics: Mapping[str, Metrics]) -> list[Row]:
    """List the measurements of one draw: a row per arm, quantity, update and layer."""
    return [
        {
            "arm": arm,
            "quantity": quantity,
            "updates": update,
            "layer": layer,
            "sample": metrics[arm][update][f"{quantity}_{layer}"],
        }
        for arm in config.arms
        for quantity in SHOWN
        for update in config.evaluate_at
        for layer in range(1, config.depth + 1)
    ]


def histogram_rows(config: Config, metrics: Mapping[str, Metrics]) -> list[Row]:
    """List the last histograms of one draw: a row per arm, layer and bin."""
    return [
        {
            "arm": arm,
            "layer": layer,
            "activation": bin_middle(bin_),
            "sample": metrics[arm][config.evaluate_at[-1]][f"share_{bin_}_{layer}"],
        }
        for arm in config.arms
        for layer in range(1, config.depth + 1)
        for bin_ in range(BINS)
    ]
