"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass as plain_dataclass
from functools import partial
from itertools import pairwise, product
from math import inf, isfinite, isnan, nan, sqrt
from statistics import fmean
from typing import Annotated, Literal, TypeAlias, get_args

from annotated_types import Ge, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import nn

from study.experiments.glorot import initialisations
from study.experiments.glorot.hidden_layers import (
    ASYMPTOTE,
    BINS,
    bin_middle,
    layer_rows,
    measure_layers,
    profiles_apart,
    share_of_sizes,
)
from study.experiments.glorot.rate_choice import Choice, RateSearch, chosen, search_rows
from study.experiments.glorot.scales import Scale, splits_by_scale
from study.lab.classification import Splits, Task, error_percentages
from study.lab.mnist import Mnist
from study.lab.networks import ACTIVATIONS, classifier
from study.lab.rate_search import search
from study.lab.training import Schedule, sgd
from study.record.checks import (
    check_at_most,
    check_batch,
    check_begins_before_training,
    check_evaluate_at,
    check_names,
    check_one_of,
)
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    NonEmpty,
    Positive,
    Settings,
    Several,
    Whole,
    Width,
)
from study.theory.quotients import geometric, quotient

NEEDED = ("tanh", "tanh_n", "softsign")
"""The arms that claims and figures read."""
CHOSEN, SLOW, FAST = "chosen", "slow", "fast"
"""The learning rates that claims and figures read: what the search chose, less, and more."""
SCALES: tuple[Scale, ...] = get_args(Scale)
LEVELS = {"": sqrt(0.5), "_from_half": 0.5}
"""The sizes from which a layer's percentile counts as saturated, by the end of a key; at the first
tanh has lost half of its slope, 1 − tanh², and at the other a quarter."""
MOST_ACTIVATIONS = 2**24
"""What torch takes a percentile of at most."""

Metrics: TypeAlias = Mapping[int, Mapping[str, float]]
Inputs: TypeAlias = Mapping[Scale, Splits]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """A network: its activation, and the law of its weights by equation 1 or 16."""

    activation: Literal["tanh", "softsign"]
    initialisation: initialisations.Name


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the networks, how they are trained, and when and on what they are looked at.

    ``rate_factors`` multiply the learning rate that the search chose; the first evaluation is
    before training, and ``early`` one of the others.
    """

    images: Count
    validation: Count
    probed: Several
    width: Width
    depth: Annotated[int, Ge(2), Le(100)]
    batch: Count
    updates: Count
    evaluate_at: Annotated[tuple[Whole, ...], MinLen(3)]
    early: Count
    learning_rates: NonEmpty[LearningRate]
    search: RateSearch
    rate_factors: dict[str, Positive]
    arms: dict[str, Arm]

    def __post_init__(self) -> None:
        """Refuse arms that are missing, evaluations out of order and images that are not there."""
        check_names("arms", self.arms, NEEDED)
        check_names("rate_factors", self.rate_factors, (CHOSEN, SLOW, FAST))
        check_evaluate_at(self.evaluate_at, self.updates)
        check_begins_before_training(self.evaluate_at)
        check_one_of("early", self.early, "evaluate_at", self.evaluate_at[1:-1])
        check_batch(self.batch, self.images)
        check_at_most("probed", self.probed, "validation", self.validation)
        if self.probed * self.width > MOST_ACTIVATIONS:
            raise ValueError(
                f"probed={self.probed}, width={self.width}: "
                f"a percentile is taken of at most {MOST_ACTIVATIONS} activations"
            )


@plain_dataclass(frozen=True)
class Setting:
    """What the paper leaves open: the scale of the images, and the learning rate."""

    scale: Scale
    factor: str

    @property
    def ending(self) -> str:
        """How the key of an arm ends under this choice.

        >>> Setting("standardised", "chosen").ending, Setting("pixels", "slow").ending
        ('', '_pixels_slow')
        """
        scale = "" if self.scale == "standardised" else f"_{self.scale}"
        return scale if self.factor == CHOSEN else f"{scale}_{self.factor}"


def all_settings(config: Config) -> list[Setting]:
    """Return all ways to settle what the paper leaves open."""
    return [Setting(scale, factor) for scale, factor in product(SCALES, config.rate_factors)]


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training and of the validation split, at both scales.

    Args:
        config: the settings.
        mnist: the data.
    """
    return splits_by_scale(mnist, training=config.images, validation=config.validation)


# Learning rates ----------------------------------------------------------------------------------


def choose(config: Config, inputs: Inputs) -> Choice:
    """Choose the learning rate of each arm at each scale, by the validation error of a trial.

    Args:
        config: the settings.
        inputs: the images.

    Returns:
        The rates, and the errors of all trials; these do not depend on one another.
    """
    networks = searched(config)
    return chosen(
        search(
            networks,
            lambda _: config.learning_rates,
            lambda key, rate: trial(config, inputs, *networks[key], rate),
            score=float,
        )
    )


def searched(config: Config) -> dict[str, tuple[str, Scale]]:
    """Return the arm and the scale of each network that has a learning rate of its own.

    Args:
        config: the settings.

    Returns:
        By the arm with the ending of its scale.
    """
    return {
        name + Setting(scale, CHOSEN).ending: (name, scale)
        for scale, name in product(SCALES, config.arms)
    }


def trial(config: Config, inputs: Inputs, name: str, scale: Scale, rate: float) -> float:
    """Train one arm with weights that no draw has.

    Args:
        config: the settings.
        inputs: the images.
        name: of the arm.
        scale: of the images.
        rate: the learning rate.

    Returns:
        The validation error at the end, in per cent; infinite if the training diverged.
    """
    updates = config.search.updates
    splits = inputs[scale]
    task = Task(splits.training, config.search.seed, draw=0)
    history = task.fit(
        partial(make_network, config, name, task),
        Schedule(config.batch, updates, (updates,)),
        sgd(rate),
        evaluate=error_percentages(error=splits.validation),
        name=f"search-{name}-{scale}-{rate:g}",
    )
    return history.metrics[updates]["error"] if history.finite else inf


def exact(config: Config, _inputs: Inputs, choice: Choice) -> dict[str, float]:
    """Return the chosen learning rates, and whether each is the first or the last of the grid.

    Args:
        config: the settings.
        _inputs: the images; they are not read.
        choice: the learning rates.
    """
    ends = {min(config.learning_rates), max(config.learning_rates)}
    rates = choice["learning_rates"]
    return {
        **{f"learning_rate.{key}": rate for key, rate in rates.items()},
        **{f"at_an_edge.{key}": float(rate in ends) for key, rate in rates.items()},
    }


# Training ----------------------------------------------------------------------------------------


def measure(config: Config, inputs: Inputs, draw: int, choice: Choice) -> Draw:
    """Train every arm in every setting and measure its layers on the way.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw; its arms share the order of the images.
        choice: the learning rates.

    Returns:
        What the claims read, the measurements of each layer and the last histograms.
    """
    metrics = {
        name + setting.ending: train(config, inputs, draw, name, setting, choice)
        for setting in all_settings(config)
        for name in config.arms
    }
    tables = {
        "layers": layer_rows(metrics, shown(config), SHOWN, config.evaluate_at, config.depth),
        "histograms": histogram_rows(config, metrics),
    }
    return Draw(quantities(config, metrics), tables)


def train(  # noqa: PLR0913, PLR0917 - the parts of a training
    config: Config, inputs: Inputs, draw: int, name: str, setting: Setting, choice: Choice
) -> Metrics:
    """Train one network; return its metrics at each update, the validation error among them."""
    splits = inputs[setting.scale]
    rate = choice["learning_rates"][name + Setting(setting.scale, CHOSEN).ending]
    probe = splits.validation.first(config.probed)
    errors = error_percentages(error=splits.validation)
    task = Task(splits.training, config.seed, draw)
    history = task.fit(
        partial(make_network, config, name, task),
        Schedule(config.batch, config.updates, config.evaluate_at),
        sgd(config.rate_factors[setting.factor] * rate),
        evaluate=lambda network: measure_layers(network, probe) | errors(network),
        name=name + setting.ending,
    )
    return history.metrics


def make_network(config: Config, name: str, task: Task) -> nn.Sequential:
    """Make the network of an arm, with the random numbers of a task."""
    arm = config.arms[name]
    return classifier(
        task.training.images,
        [config.width] * config.depth,
        initialisations.BY_NAME[arm.initialisation],
        ACTIVATIONS[arm.activation],
        seed=task.seed,
        draw=task.draw,
    )


# Quantities --------------------------------------------------------------------------------------


def quantities(config: Config, metrics: Mapping[str, Metrics]) -> dict[str, float]:
    """Return what the claims read, from the metrics of each arm at each update in one draw."""
    start, *_, end = config.evaluate_at
    layers = range(1, config.depth + 1)
    late_updates = [update for update in config.evaluate_at if update > config.early]

    def by_layer(arm: str, update: int, quantity: str) -> list[float]:
        return [metrics[arm][update][f"{quantity}_{layer}"] for layer in layers]

    def bottom_over_top(arm: str, update: int, quantity: str) -> float:
        profile = by_layer(arm, update, quantity)
        return quotient(profile[0], profile[-1])

    def late(arm: str) -> float:
        return geometric([bottom_over_top(arm, at, "weight_gradient") for at in late_updates])

    def distance(first: str, second: str) -> float:
        return profiles_apart(
            *(
                [metrics[arm][update] for update in config.evaluate_at[1:]]
                for arm in (first, second)
            )
        )

    def times(arm: str, level: float) -> list[float]:
        return [
            reached_after(
                {update: at[f"percentile_{layer}"] for update, at in metrics[arm].items()}, level
            )
            for layer in layers
        ]

    last = {arm: by_layer(arm, end, "percentile") for arm in metrics}
    values = {f"size_98.{arm}_{n}": last[arm][n - 1] for arm in metrics for n in layers}
    values |= {f"error.{arm}": metrics[arm][end]["error"] for arm in metrics}
    values |= {
        f"{key}.{arm}_{stage}": bottom_over_top(arm, update, quantity)
        for arm in metrics
        for stage, update in (("start", start), ("early", config.early), ("end", end))
        for key, quantity in (("backward", "gradient"), ("weights", "weight_gradient"))
    }
    values |= {f"weights.{arm}_late": late(arm) for arm in metrics}
    values |= {
        f"rate.in_order.{arm}{ending}": in_order(times(arm, level))
        for arm in metrics
        for ending, level in LEVELS.items()
    }
    values |= {f"smallest_drop.{arm}": smallest_drop(last[arm]) for arm in metrics}
    values |= {f"saturated.{arm}_1": metrics[arm][end]["saturated_1"] for arm in metrics}
    for setting in all_settings(config):
        tanh = f"tanh{setting.ending}"
        for arm in (f"tanh_n{setting.ending}", f"softsign{setting.ending}"):
            values[f"spread_over_tanh.{arm}"] = quotient(spread(last[arm]), spread(last[tanh]))
            values[f"level_over_tanh.{arm}"] = quotient(fmean(last[arm]), fmean(last[tanh]))
        values[f"weights_over_standard.tanh_n{setting.ending}"] = quotient(
            values[f"weights.tanh_n{setting.ending}_late"], values[f"weights.{tanh}_late"]
        )
        ratios = {at: bottom_over_top(tanh, at, "gradient") for at in config.evaluate_at}
        values[f"median.reversed_after.{tanh}"] = min(
            reached_after(ratios, 1.0), float(config.updates)
        )
    return values | {
        "lead.tanh": last["tanh"][0] - max(last["tanh"][1:]),
        "edge.tanh": metrics["tanh"][end]["saturated_1"] / (1 - ASYMPTOTE),
        "shoulder.softsign": quotient(
            share_of_sizes(metrics["softsign"][end], layers, 0.6, 0.8),
            share_of_sizes(metrics["softsign"][end], layers, 0.0, 0.2),
        ),
        "nearer_to_tanh_n.softsign": quotient(
            distance("softsign", "tanh_n"), distance("softsign", "tanh")
        ),
    }


def reached_after(curve: Mapping[int, float], level: float) -> float:
    """Return after how many updates a quantity first reaches a level.

    Args:
        curve: the quantity, by the number of updates, ascending.
        level: what it has to be at or above.

    Returns:
        The number of updates, between two evaluations along a straight line; infinite if it never
        does, NaN if the quantity is no number before it does.

    >>> reached_after({0: 0.1, 10: 0.3, 20: 0.7}, 0.5)
    15.0
    """
    before: tuple[int, float] | None = None
    for update, number in curve.items():
        if not isfinite(number):
            return nan
        if number >= level:
            if before is None:
                return float(update)
            share = (level - before[1]) / (number - before[1])
            return before[0] + share * (update - before[0])
        before = (update, number)
    return inf


def in_order(times: Sequence[float]) -> float:
    """Tell whether layers come to something one after another, from the first one upwards.

    Args:
        times: when each layer does, infinite for one that never does.

    Returns:
        1 if no layer does so before the one below, else 0; NaN if fewer than two layers do at all,
        or if a time is no number.

    >>> in_order([0.0, 10.0, 30.0]), in_order([0.0, 30.0, 10.0]), in_order([5.0, inf, inf])
    (1.0, 0.0, nan)
    """
    reached = [time for time in times if time < inf]
    if len(reached) < 2 or any(map(isnan, times)):
        return nan
    return float(all(below <= above for below, above in pairwise(times)))


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


def shown(config: Config) -> list[str]:
    """Return the arms of the tables: at the chosen rates, and at the fast ones if standardised."""
    return [
        name + setting.ending
        for setting in all_settings(config)
        for name in config.arms
        if setting.factor == CHOSEN or setting == Setting("standardised", FAST)
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
        for arm in shown(config)
        for layer in range(1, config.depth + 1)
        for bin_ in range(BINS)
    ]


def tables(config: Config, draws: Draws, choice: Choice) -> dict[str, Table]:
    """Average the rows over the draws, and write down the search.

    Args:
        config: the settings.
        draws: the draws.
        choice: what the search found.

    Returns:
        ``layers`` and ``histograms``, means by their labels; ``search``, the validation error by
        arm and learning rate.
    """
    averaged = {name: means(draws, name) for name in ("layers", "histograms")}
    rows = search_rows(choice, searched(config), config.learning_rates)
    return {**averaged, "search": rows}
