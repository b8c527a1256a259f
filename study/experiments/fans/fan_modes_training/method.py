"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from math import isfinite, nan, sqrt
from statistics import fmean
from typing import Annotated, Literal, TypeAlias, TypedDict

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.classification import CHANCE_ERROR, Splits, Task, error_rates, share_learnt, splits
from study.lab.inits import Fan, Initialisation
from study.lab.mnist import CLASSES, Mnist, Split
from study.lab.networks import ACTIVATIONS, classifier
from study.lab.rate_search import search
from study.lab.training import History, Schedule, adam, reached, sgd, updates_needed
from study.record.checks import check_at_most, check_batch, check_known, check_names
from study.record.draws import Draw, Draws
from study.record.results import Table, finite_row
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    NonEmpty,
    Positive,
    Seed,
    Settings,
    Several,
    Variance,
    Width,
)

PLAIN = "fan_in"
"""The mode that others are compared with."""
WIDE, DEEP = "wide", "deep"
"""Networks that must be there: one that is trained to the target, and one to the end."""
OPTIMISERS = {"sgd": sgd, "adam": adam}

Scale: TypeAlias = Literal["standardised", "unit"]
Inputs: TypeAlias = Mapping[Scale, Splits]
"""The images by the scale of their pixels."""
Job: TypeAlias = tuple[str, str]
"""Which network, and its mode."""


@dataclass(frozen=True, config=STRICT)
class Network:
    """Hidden layers of one width before ten outputs, how it is trained, and in which modes.

    Training ends after so many updates, or ``until_target``: then the updates are counted, and
    else the error at the end is read.
    """

    layers: Annotated[int, Ge(1), Le(1000)]
    width: Width
    activation: Literal["relu", "tanh"]
    images: Scale
    optimiser: Literal["sgd", "adam"]
    until_target: bool
    updates: Annotated[int, Ge(1), Le(100_000)]
    learning_rates: NonEmpty[LearningRate]
    modes: NonEmpty[str]


@dataclass(frozen=True, config=STRICT)
class Mode:
    """Which fan the variance of a weight is divided by, in the hidden layers and in the last."""

    hidden: Fan
    last: Fan
    weight_variance: Variance


@dataclass(frozen=True, config=STRICT)
class RateSearch:
    """How many draws, of a seed of their own, choose the learning rate of each mode."""

    seed: Seed
    draws: Count


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the data, when training counts as done, the modes and the networks."""

    images: Several
    validation: Count
    batch: Count
    target_loss: Positive
    window: Count
    search: RateSearch
    modes: dict[str, Mode]
    networks: dict[str, Network]

    def __post_init__(self) -> None:
        """Refuse a minibatch, a window or a mode of which there is no such thing."""
        check_batch(self.batch, self.images)
        check_names("networks", self.networks, (WIDE, DEEP))
        for name, network in self.networks.items():
            check_known(f"networks.{name}.modes", network.modes, self.modes)
            if network.until_target:
                check_names(f"networks.{name}.modes", network.modes, (PLAIN,))
                updates = f"networks.{name}.updates"
                check_at_most("window", self.window, updates, network.updates)
        check_names(f"networks.{WIDE}.modes", self.networks[WIDE].modes, (PLAIN, "fan_out"))
        for name, until_target in ((WIDE, True), (DEEP, False)):
            if self.networks[name].until_target is not until_target:
                raise ValueError(
                    f"networks.{name}.until_target={not until_target}: must be {until_target}, "
                    "since claims read it"
                )


class Choice(TypedDict):
    """What is decided before the draws, by network and mode.

    ``scores`` has what each training of the search came to, by learning rate and draw, NaN where
    it diverged; ``learning_rates`` the rate with the smallest mean.
    """

    scores: dict[str, dict[str, dict[str, list[float]]]]
    learning_rates: dict[str, dict[str, float]]


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split and of the validation split, in float64.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The images standardised, and with pixels from 0 to 1.

    Raises:
        StudyError: if there are not so many.
    """
    brightest = mnist.train.images.max()

    def unit(split: Split, count: int) -> Split:
        images = split.first(count)
        return Split(images.images / brightest, images.labels)

    standardised = splits(mnist, training=config.images, validation=config.validation)
    pixels = standardised._replace(
        training=unit(mnist.train, config.images),
        validation=unit(mnist.validation, config.validation),
    )
    return {"standardised": standardised.double(), "unit": pixels.double()}


def choose(config: Config, inputs: Inputs) -> Choice:
    """Choose the learning rate of each mode of each network, by trainings that no draw has.

    Args:
        config: the settings.
        inputs: the images.

    Returns:
        The rates, and what all trainings of the search came to.
    """

    def trials(job: Job, rate: float) -> list[float]:
        return [
            score(config, job, train_job(config, inputs, config.search.seed, draw, job, rate))
            for draw in range(config.search.draws)
        ]

    rate_search = search(
        jobs(config), lambda job: config.networks[job[0]].learning_rates, trials, score=fmean
    )
    return Choice(
        scores={
            name: {
                mode: {
                    str(rate): scores for rate, scores in rate_search.outcomes[name, mode].items()
                }
                for mode in network.modes
            }
            for name, network in config.networks.items()
        },
        learning_rates={
            name: {mode: rate_search.rate((name, mode)) for mode in network.modes}
            for name, network in config.networks.items()
        },
    )


def measure(config: Config, inputs: Inputs, draw: int, choice: Choice) -> Draw:
    """Train every network in its modes, each at its learning rate.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.
        choice: the learning rates.

    Returns:
        What the claims read.
    """
    scores = {
        (name, mode): score(
            config,
            (name, mode),
            train_job(
                config,
                inputs,
                config.seed,
                draw,
                (name, mode),
                choice["learning_rates"][name][mode],
            ),
        )
        for name, mode in jobs(config)
    }
    return Draw(
        at_the_start(config, inputs["standardised"].validation, draw) | compared(config, scores)
    )


def exact(config: Config, _inputs: Inputs, choice: Choice) -> dict[str, float]:
    """Return the learning rates, and which of them lie at an edge of their grid.

    Args:
        config: the settings.
        _inputs: the images.
        choice: what the search found.
    """
    values: dict[str, float] = {}
    for name, mode in jobs(config):
        rate, grid = choice["learning_rates"][name][mode], config.networks[name].learning_rates
        values[f"learning_rate.{name}_{mode}"] = rate
        values[f"at_an_edge.{name}_{mode}"] = float(rate in {min(grid), max(grid)})
    return values


def tables(config: Config, _draws: Draws, choice: Choice) -> dict[str, Table]:
    """Write down the search.

    Args:
        config: the settings.
        _draws: the draws.
        choice: what the search found.

    Returns:
        ``rates``, the updates or the error by network, mode and learning rate, means over the draws
        of the search.
    """
    rows: Table = [
        finite_row(
            choice["scores"][name][mode][str(rate)], network=name, mode=mode, learning_rate=rate
        )
        for name, mode in jobs(config)
        for rate in config.networks[name].learning_rates
    ]
    return {"rates": rows}


def jobs(config: Config) -> list[Job]:
    """Return every network in each of its modes."""
    return [(name, mode) for name, network in config.networks.items() for mode in network.modes]


# Networks ----------------------------------------------------------------------------------------


def make_network(
    config: Config, job: Job, draw: int, images: Tensor, *, seed: int
) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        job: which network, and its mode.
        draw: index of the draw; its modes share their random numbers.
        images: of shape (images, pixels).
        seed: of the draws, or of the search.

    Returns:
        The network, in float64.
    """
    network, mode = config.networks[job[0]], config.modes[job[1]]
    hidden_init, last_init = (
        Initialisation("gaussian", fan, mode.weight_variance, bias_variance=0.0)
        for fan in (mode.hidden, mode.last)
    )
    return classifier(
        images,
        [network.width] * network.layers,
        hidden_init,
        ACTIVATIONS[network.activation],
        last=last_init,
        seed=seed,
        draw=draw,
    ).double()


def at_the_start(config: Config, validation: Split, draw: int) -> dict[str, float]:
    r"""Look at the outputs of the wide network before it is trained.

    Args:
        config: the settings.
        validation: the standardised images to look at.
        draw: index of the draw.

    Returns:
        Of each mode, the root of the mean square of the outputs and the loss; and the share of
        the outputs with fan_out that are :math:`\sqrt{m_0/m_L}` times those with fan_in.
    """
    images, labels = validation.images, validation.labels
    values, outputs = {}, {}
    for mode in config.networks[WIDE].modes:
        with torch.no_grad():
            network = make_network(config, (WIDE, mode), draw, images, seed=config.seed)
            outputs[mode] = network(images)
        values[f"output_size.wide_{mode}"] = outputs[mode].square().mean().sqrt().item()
        values[f"first_loss.wide_{mode}"] = F.cross_entropy(outputs[mode], labels).item()
    outputs_of_fan_out = outputs["fan_out"]
    prediction = sqrt(images.shape[1] / CLASSES) * outputs[PLAIN]
    residual = (outputs_of_fan_out - prediction).square().sum() / outputs_of_fan_out.square().sum()
    return values | {"same_outputs.wide": 1 - residual.item()}


# Training ----------------------------------------------------------------------------------------


def train_job(  # noqa: PLR0913, PLR0917 - two numbers name the draw
    config: Config, inputs: Inputs, seed: int, draw: int, job: Job, rate: float
) -> History:
    """Train one network, up to the target or to the end.

    Args:
        config: the settings.
        inputs: the images.
        seed: of the draws, or of the search.
        draw: index of the draw.
        job: its name and its mode.
        rate: its learning rate.

    Returns:
        The losses; where training goes to the end, the validation error after it, too.
    """
    name, mode = job
    network = config.networks[name]
    images = inputs[network.images]
    until_target = network.until_target
    return Task(images.training, seed, draw).fit(
        lambda: make_network(config, job, draw, images.training.images, seed=seed),
        Schedule(config.batch, network.updates, () if until_target else (network.updates,)),
        OPTIMISERS[network.optimiser](rate),
        evaluate=error_rates(error=images.validation),
        stop_when=reached(config.target_loss, config.window) if until_target else None,
        name=f"{seed}-{name}-{mode}-{rate}",
    )


def score(config: Config, job: Job, history: History) -> float:
    """Return what a training came to, which a choice of the learning rate makes small.

    Args:
        config: the settings.
        job: the network, and its mode.
        history: of the training.

    Returns:
        The updates that the target needs, all of them where it is missed; or, where training goes
        to the end, the error there, NaN if it diverged.
    """
    network = config.networks[job[0]]
    if network.until_target:
        return updates_needed(
            history.losses, config.target_loss, config.window, cap=network.updates
        )
    return history.metrics[network.updates]["error"] if all(map(isfinite, history.losses)) else nan


def compared(config: Config, scores: Mapping[Job, float]) -> dict[str, float]:
    """Compare the modes of each network.

    Args:
        config: the settings.
        scores: what the training of each came to.

    Returns:
        Of a network that is trained to the target, the updates of each mode, and what they are
        over those with fan_in. Of another the validation error of each mode, 1 where it diverged,
        and for the worst of them the share of what separates a guess from no error that is learnt.
    """
    values: dict[str, float] = {}
    for name, network in config.networks.items():
        by_mode = {mode: scores[name, mode] for mode in network.modes}
        if network.until_target:
            for mode, updates in by_mode.items():
                values[f"updates.{name}_{mode}"] = updates
                if mode != PLAIN:
                    values[f"updates_over_fan_in.{name}_{mode}"] = updates / by_mode[PLAIN]
        else:
            errors = {mode: error if isfinite(error) else 1.0 for mode, error in by_mode.items()}
            values |= {f"error.{name}_{mode}": error for mode, error in errors.items()}
            values[f"learnt_share.{name}"] = share_learnt(max(errors.values()), CHANCE_ERROR)
    return values
