"""Settings, one draw, and what is read of it."""

from functools import partial
from math import isfinite, sqrt
from typing import Annotated, Literal, TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.classification import CHANCE_ERROR, Splits, Task, error_rates, share_learnt, splits
from study.lab.inits import Fan, Initialisation
from study.lab.mnist import CLASSES, Mnist, Split
from study.lab.networks import ACTIVATIONS, classifier
from study.lab.rate_search import Search, search
from study.lab.training import History, Schedule, reached, sgd, updates_needed
from study.record.checks import check_at_most, check_batch, check_known, check_names
from study.record.draws import Draw, Row
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    NonEmpty,
    Positive,
    Settings,
    Several,
    Variance,
    Width,
)

PLAIN = "fan_in"
"""The mode that others are compared with."""
WIDE, DEEP = "wide", "deep"
"""The networks that claims look into; of the wide one the updates up to the target are counted."""

Job: TypeAlias = tuple[str, str]
"""Which network, and its mode."""


@dataclass(frozen=True, config=STRICT)
class Network:
    """Hidden layers of one width before ten outputs, how it is trained, and in which modes."""

    layers: Annotated[int, Ge(1), Le(1000)]
    width: Width
    activation: Literal["relu", "tanh"]
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
class Config(Settings):
    """Settings: the data, when training counts as done, the modes and the networks."""

    images: Several
    validation: Count
    batch: Count
    target_loss: Positive
    window: Count
    modes: dict[str, Mode]
    networks: dict[str, Network]

    def __post_init__(self) -> None:
        """Refuse a minibatch, a window or a mode of which there is no such thing."""
        check_batch(self.batch, self.images)
        check_names("networks", self.networks, (WIDE, DEEP))
        for name, network in self.networks.items():
            check_known(f"networks.{name}.modes", network.modes, self.modes)
        wide = self.networks[WIDE]
        check_names(f"networks.{WIDE}.modes", wide.modes, (PLAIN, "fan_out"))
        check_at_most("window", self.window, f"networks.{WIDE}.updates", wide.updates)


def prepare(config: Config, mnist: Mnist) -> Splits:
    """Take the first images of the training split and of the validation split, in float64.

    Args:
        config: the settings.
        mnist: the data.

    Raises:
        StudyError: if there are not so many.
    """
    return splits(mnist, training=config.images, validation=config.validation).double()


def measure(config: Config, inputs: Splits, draw: int) -> Draw:
    """Train every network in its modes at all learning rates.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What the claims read, and the updates needed at each learning rate.
    """
    trainings = search(
        [(name, mode) for name, network in config.networks.items() for mode in network.modes],
        lambda job: config.networks[job[0]].learning_rates,
        partial(train_job, config, inputs, draw),
        score=partial(score, config),
    )
    return Draw(
        at_the_start(config, inputs.validation, draw)
        | in_updates(config, trainings)
        | learnt(config, trainings),
        {"rates": rate_rows(config, trainings)},
    )


# Networks ----------------------------------------------------------------------------------------


def make_network(config: Config, job: Job, draw: int, images: Tensor) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        job: which network, and its mode.
        draw: index of the draw; its modes share their random numbers.
        images: of shape (images, pixels).

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
        seed=config.seed,
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
            outputs[mode] = make_network(config, (WIDE, mode), draw, images)(images)
        values[f"output_size.wide_{mode}"] = outputs[mode].square().mean().sqrt().item()
        values[f"first_loss.wide_{mode}"] = F.cross_entropy(outputs[mode], labels).item()
    outputs_of_fan_out = outputs["fan_out"]
    prediction = sqrt(images.shape[1] / CLASSES) * outputs[PLAIN]
    residual = (outputs_of_fan_out - prediction).square().sum() / outputs_of_fan_out.square().sum()
    return values | {"same_outputs.wide": 1 - residual.item()}


# Training ----------------------------------------------------------------------------------------


def train_job(config: Config, inputs: Splits, draw: int, job: Job, rate: float) -> History:
    """Train one network, the wide one up to the target, others to the end.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.
        job: its name and its mode.
        rate: its learning rate.

    Returns:
        The losses; but for the wide network, the validation error after the last update, too.
    """
    name, mode = job
    updates, until_target = config.networks[name].updates, name == WIDE
    return Task(inputs.training, config.seed, draw).fit(
        lambda: make_network(config, job, draw, inputs.training.images),
        Schedule(config.batch, updates, () if until_target else (updates,)),
        sgd(rate),
        evaluate=error_rates(error=inputs.validation),
        stop_when=reached(config.target_loss, config.window) if until_target else None,
        name=f"{name}-{mode}-{rate}",
    )


def score(config: Config, history: History) -> float:
    """Return what a choice of the learning rate makes small.

    Args:
        config: the settings.
        history: of a training.

    Returns:
        The error at the end, or, where there is none, the updates that the target needs; NaN if
        the training diverged.
    """
    if not history.metrics:
        return updates_of_wide(config, history)
    return next(iter(history.metrics.values()))["error"]


def updates_of_wide(config: Config, history: History) -> float:
    """Count the updates that the wide network needs, all of them where it misses the target."""
    cap = config.networks[WIDE].updates
    return updates_needed(history.losses, config.target_loss, config.window, cap)


def in_updates(config: Config, trainings: Search[Job, History]) -> dict[str, float]:
    """Compare modes at the best learning rate of each.

    Args:
        config: the settings.
        trainings: the trainings of each network.

    Returns:
        The fewest updates of each mode, and what they are over those with fan_in.
    """
    fewest = {
        mode: updates_of_wide(config, trainings.best((WIDE, mode)))
        for mode in config.networks[WIDE].modes
    }
    return {f"updates.wide_{mode}": updates for mode, updates in fewest.items()} | {
        f"updates_over_fan_in.wide_{mode}": updates / fewest[PLAIN]
        for mode, updates in fewest.items()
        if mode != PLAIN
    }


def learnt(config: Config, trainings: Search[Job, History]) -> dict[str, float]:
    """Measure what each other network learns, at the best learning rate of each mode.

    Args:
        config: the settings.
        trainings: the trainings of each network.

    Returns:
        For each network but the wide one, the validation error of each mode; and for the worst of
        them the share of what separates a guess from no error that is learnt. A mode that diverges
        at every rate has an error of 1.
    """
    values: dict[str, float] = {}
    for name, network in config.networks.items():
        if name == WIDE:
            continue
        final = {mode: score(config, trainings.best((name, mode))) for mode in network.modes}
        errors = {mode: error if isfinite(error) else 1.0 for mode, error in final.items()}
        values |= {f"error.{name}_{mode}": error for mode, error in errors.items()}
        values[f"learnt_share.{name}"] = share_learnt(max(errors.values()), CHANCE_ERROR)
    return values


def rate_rows(config: Config, trainings: Search[Job, History]) -> list[Row]:
    """Return the updates of the wide network by mode and learning rate, one row each."""
    return [
        {"mode": mode, "learning_rate": rate, "sample": updates_of_wide(config, history)}
        for (name, mode), rate, history in trainings
        if name == WIDE
    ]
