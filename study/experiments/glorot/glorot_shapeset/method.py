"""Settings, one draw, and what is read of it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from math import inf
from statistics import fmean
from typing import Annotated, Literal, TypeAlias

import torch
from annotated_types import Ge, Le, Lt, MinLen
from pydantic.dataclasses import dataclass
from torch import nn

from study.experiments.glorot import initialisations
from study.experiments.glorot.hidden_layers import (
    BINS,
    PERCENTILE,
    bin_middle,
    layer_rows,
    measure_layers,
)
from study.experiments.glorot.rate_choice import Choice, RateSearch, chosen, search_rows
from study.lab import shapeset
from study.lab.classification import Splits, Task, error_percentages
from study.lab.mnist import Mnist, Split
from study.lab.networks import ACTIVATIONS, classifier
from study.lab.rate_search import search
from study.lab.training import History, Schedule, sgd
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
    Seed,
    Settings,
    Several,
    Whole,
    Width,
)
from study.theory.quotients import geometric, quotient

NEEDED = ("tanh", "tanh_n", "softsign")
"""The arms that claims and figures read."""

GRADIENTS = {"backward": "gradient", "weights": "weight_gradient"}
"""By the names of the ratios that are made of them: what :func:`measure_layers` calls them."""

Metrics: TypeAlias = Mapping[int, Mapping[str, float]]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """A network: its activation, and the law of its weights by equation 1 or 16."""

    activation: Literal["tanh", "softsign"]
    initialisation: initialisations.Name


@dataclass(frozen=True, config=STRICT)
class Starts:
    """How many networks of each arm a draw looks at before training, beside those it trains.

    The gradients of narrow networks differ so much that few of them would tell nothing.
    """

    seed: Seed
    networks: Count


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the images, the networks, how they are trained, and when they are looked at.

    ``black`` is the number of a black pixel, where a white one is 1. The first evaluation is before
    training; from the one at ``late`` on, means are taken over evaluations. The search has so many
    ``rates``, from the ``slowest`` on each twice the one before.
    """

    data_set: Literal["shapeset"]
    images: Count
    validation: Count
    test: Several
    probed: Several
    black: Annotated[float, Ge(-10), Lt(1)]
    width: Width
    depth: Annotated[int, Ge(2), Le(100)]
    batch: Count
    updates: Count
    evaluate_at: Annotated[tuple[Whole, ...], MinLen(3)]
    late: Count
    slowest: LearningRate
    rates: Annotated[int, Ge(1), Le(30)]
    search: RateSearch
    starts: Starts
    arms: dict[str, Arm]

    def __post_init__(self) -> None:
        """Refuse missing arms, and evaluations and minibatches out of reach."""
        check_names("arms", self.arms, NEEDED)
        check_evaluate_at(self.evaluate_at, self.updates)
        check_begins_before_training(self.evaluate_at)
        check_one_of("late", self.late, "evaluate_at", self.evaluate_at)
        check_batch(self.batch, self.images)
        check_at_most("probed", self.probed, "test", self.test)

    @property
    def learning_rates(self) -> tuple[float, ...]:
        """Those of the search."""
        return tuple(self.slowest * 2**step for step in range(self.rates))


def prepare(config: Config, _mnist: Mnist) -> Splits:
    """Draw the images: to train on, to choose a learning rate by, and to judge by.

    Args:
        config: the settings.
        _mnist: of no matter here; the images are Shapeset's.
    """

    def split(name: shapeset.Name, count: int) -> Split:
        part = shapeset.drawn(config.seed, name, 0, count)
        # In place, since there may be gigabytes of them.
        return Split(part.images.mul_(1 - config.black).add_(config.black), part.labels)

    return Splits(
        split("train", config.images),
        split("validation", config.validation),
        split("test", config.test),
    )


def choose(config: Config, inputs: Splits) -> Choice:
    """Choose the learning rate of each arm: that with the smallest validation error in a trial.

    Args:
        config: the settings.
        inputs: the images.

    Returns:
        The rates, and the errors of all trials; these have weights that no draw has.
    """
    task = Task(inputs.training, config.search.seed, draw=0)
    updates = config.search.updates
    schedule = Schedule(config.batch, updates, (updates,))

    def trial(arm: str, rate: float) -> float:
        evaluate = error_percentages(validation=inputs.validation)
        history = train(config, task, arm, rate, schedule, evaluate)
        return history.metrics[updates]["validation"] if history.finite else inf

    return chosen(search(config.arms, lambda _: config.learning_rates, trial, score=float))


def measure(config: Config, inputs: Splits, draw: int, choice: Choice) -> Draw:
    """Train every arm at its learning rate and measure its layers on the way.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw; its arms share the order of the images.
        choice: the learning rates.

    Returns:
        What the claims read, the measurements of each layer, the histograms and the test errors.
    """
    task = Task(inputs.training, config.seed, draw)
    schedule = Schedule(config.batch, config.updates, config.evaluate_at)
    evaluate = partial(observed, inputs.test.first(config.probed), inputs.test)
    metrics = {
        arm: train(config, task, arm, choice["learning_rates"][arm], schedule, evaluate).metrics
        for arm in config.arms
    }
    tables = {
        "layers": layer_rows(metrics, config.arms, SHOWN, config.evaluate_at, config.depth),
        "histograms": histogram_rows(config, metrics),
        "curves": curve_rows(config, metrics),
    }
    starts = [
        ratio for arm in config.arms for ratio in at_the_start(config, inputs, draw, arm).items()
    ]
    return Draw(quantities(config, metrics) | dict(starts), tables)


# Networks ----------------------------------------------------------------------------------------


def train(  # noqa: PLR0913, PLR0917 - the parts of a training
    config: Config,
    task: Task,
    name: str,
    rate: float,
    schedule: Schedule,
    evaluate: Callable[[nn.Module], dict[str, float]],
) -> History:
    """Train one network.

    Args:
        config: the settings.
        task: the draw of the weights and of the order of the images.
        name: of the arm.
        rate: the learning rate.
        schedule: how long.
        evaluate: what is measured at an evaluation.
    """
    return task.fit(
        lambda: network(config, name, task.training, task.seed, task.draw),
        schedule,
        sgd(rate),
        evaluate=evaluate,
        name=f"{name}-{rate}-{task.seed}",
    )


def network(config: Config, name: str, images: Split, seed: int, draw: int) -> nn.Sequential:
    """Make a network of an arm as it is before training.

    Args:
        config: the settings.
        name: of the arm.
        images: what it is for.
        seed: of the weights.
        draw: index of their draw.
    """
    arm = config.arms[name]
    return classifier(
        images.images,
        [config.width] * config.depth,
        initialisations.BY_NAME[arm.initialisation],
        ACTIVATIONS[arm.activation],
        seed=seed,
        draw=draw,
        outputs=len(shapeset.COMBINATIONS),
    )


def at_the_start(config: Config, inputs: Splits, draw: int, name: str) -> dict[str, float]:
    """Compare the first hidden layer's gradients with the last one's before training.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw, whose networks no other has.
        name: of the arm.

    Returns:
        The geometric means, over networks, of the ratios of root mean squares.
    """
    probe, count = inputs.test.first(config.probed), config.starts.networks
    networks = [
        measure_layers(network(config, name, probe, config.starts.seed, number), probe)
        for number in range(draw * count, (draw + 1) * count)
    ]
    return {
        f"{key}.{name}_start": geometric([bottom_over_top(config, at, quantity) for at in networks])
        for key, quantity in GRADIENTS.items()
    }


def observed(probe: Split, test: Split, network: nn.Module) -> dict[str, float]:
    """Measure the hidden layers of a network, and its error.

    Args:
        probe: images for the layers.
        test: images for the error.
        network: the network.

    Returns:
        What :func:`measure_layers` says, the 98th percentile of each layer's activations as
        ``upper``, and the error in per cent.
    """
    return (
        measure_layers(network, probe)
        | upper_percentiles(network, probe)
        | error_percentages(error=test)(network)
    )


def upper_percentiles(network: nn.Module, probe: Split) -> dict[str, float]:
    """Return the 98th percentile of the activations of each hidden layer, as the paper takes it.

    Args:
        network: linear layers with activations between them, in order.
        probe: the images.
    """
    percentiles: dict[str, float] = {}
    signal = probe.images
    with torch.no_grad():
        for layer in network.children():
            signal = layer(signal)
            if not isinstance(layer, nn.Linear):
                at = len(percentiles) + 1
                percentiles[f"upper_{at}"] = torch.quantile(signal.flatten(), PERCENTILE).item()
    return percentiles


# Quantities --------------------------------------------------------------------------------------


def quantities(config: Config, metrics: Mapping[str, Metrics]) -> dict[str, float]:
    """Return what the claims read, from the metrics of each arm at each update in one draw."""
    end = config.evaluate_at[-1]
    late = [update for update in config.evaluate_at if update >= config.late]
    layers = range(1, config.depth + 1)

    last = {arm: [metrics[arm][end][f"upper_{layer}"] for layer in layers] for arm in metrics}
    error = {arm: fmean(metrics[arm][update]["error"] for update in late) for arm in metrics}
    values = {f"upper.{arm}_{layer}": last[arm][layer - 1] for arm in metrics for layer in layers}
    values |= {f"error.{arm}": metrics[arm][end]["error"] for arm in metrics}
    values |= {f"mean_error.{arm}": error[arm] for arm in metrics}
    values |= {
        f"{key}.{arm}_end": bottom_over_top(config, metrics[arm][end], quantity)
        for arm in metrics
        for key, quantity in GRADIENTS.items()
    }
    values |= {
        f"weights.{arm}_late": geometric(
            [bottom_over_top(config, metrics[arm][at], "weight_gradient") for at in late]
        )
        for arm in metrics
    }
    return values | {
        **{f"smallest_drop.{arm}": smallest_drop(last[arm]) for arm in metrics},
        **{
            f"level_over_tanh.{arm}": quotient(fmean(last[arm]), fmean(last["tanh"]))
            for arm in ("tanh_n", "softsign")
        },
        "spread_over_tanh.tanh_n": quotient(
            max(last["tanh_n"]) - min(last["tanh_n"]), max(last["tanh"]) - min(last["tanh"])
        ),
        "weights_over_standard.tanh_n": quotient(
            values["weights.tanh_n_late"], values["weights.tanh_late"]
        ),
        "error_less.tanh_tanh_n": error["tanh"] - error["tanh_n"],
        "error_less.tanh_softsign": error["tanh"] - error["softsign"],
    }


def bottom_over_top(config: Config, metrics: Mapping[str, float], quantity: str) -> float:
    """Return what the first hidden layer has over what the last one has."""
    return quotient(metrics[f"{quantity}_1"], metrics[f"{quantity}_{config.depth}"])


def smallest_drop(values: Sequence[float]) -> float:
    """Return the smallest difference of a number and its successor; negative if one ascends.

    >>> smallest_drop([5.0, 3.0, 2.5])
    0.5
    """
    return min(below - above for below, above in pairwise(values))


def exact(config: Config, _inputs: Splits, choice: Choice) -> dict[str, float]:
    """Return the chosen learning rates.

    Args:
        config: the settings.
        _inputs: the images; they are not read.
        choice: the learning rates.
    """
    return {f"learning_rate.{arm}": choice["learning_rates"][arm] for arm in config.arms}


# Tables ------------------------------------------------------------------------------------------

SHOWN = ("upper", "deviation", "gradient", "weight_gradient")


def histogram_rows(config: Config, metrics: Mapping[str, Metrics]) -> list[Row]:
    """List the histograms of one draw, first and last: a row per arm, update, layer and bin."""
    return [
        {
            "arm": arm,
            "updates": update,
            "layer": layer,
            "activation": bin_middle(bin_),
            "sample": metrics[arm][update][f"share_{bin_}_{layer}"],
        }
        for arm in config.arms
        for update in (config.evaluate_at[0], config.evaluate_at[-1])
        for layer in range(1, config.depth + 1)
        for bin_ in range(BINS)
    ]


def curve_rows(config: Config, metrics: Mapping[str, Metrics]) -> list[Row]:
    """List the test errors of one draw: a row per arm and update."""
    return [
        {"arm": arm, "updates": update, "sample": metrics[arm][update]["error"]}
        for arm in config.arms
        for update in config.evaluate_at
    ]


def tables(config: Config, draws: Draws, choice: Choice) -> dict[str, Table]:
    """Average the tables over the draws, and write down the search.

    Args:
        config: the settings.
        draws: the draws.
        choice: what the search found.

    Returns:
        ``layers``, ``histograms`` and ``curves``; ``search``, the validation error by arm and
        learning rate, 100 for a divergence.
    """
    return {
        **{name: means(draws, name) for name in ("layers", "histograms", "curves")},
        "search": search_rows(choice, config.arms, config.learning_rates),
    }
