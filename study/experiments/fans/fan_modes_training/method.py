"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from itertools import pairwise
from math import isfinite, sqrt
from typing import Annotated, Literal, NamedTuple, TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.inits import Fan, fan_for, random_generator
from study.lab.mnist import Mnist, Split
from study.lab.networks import dense
from study.lab.training import Course, Recipe, error_rate, fit, reached, sgd, updates_needed
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

CLASSES = 10
CHANCE = 1 - 1 / CLASSES
"""The error of a guess."""
PLAIN = "fan_in"
"""The mode that others are compared with."""
WIDE, DEEP = "wide", "deep"
"""The networks that claims look into; of the wide one the updates up to the target are counted."""

Job: TypeAlias = tuple[str, str, float]
"""Which training: the network, the mode and the learning rate."""


@dataclass(frozen=True, config=STRICT)
class Network:
    """Hidden layers of one width before ten outputs, how it is trained, and in which modes."""

    layers: Annotated[int, Ge(1), Le(1000)]
    width: Width
    activation: Literal["relu", "tanh"]
    steps: Annotated[int, Ge(1), Le(100_000)]
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
        check_at_most("window", self.window, f"networks.{WIDE}.steps", wide.steps)


class Inputs(NamedTuple):
    """The images to train on and those for the error, (images, pixels) each, in float64."""

    training: Split
    validation: Split


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split and of the validation split.

    Args:
        config: the settings.
        mnist: the data.

    Raises:
        StudyError: if there are not so many.
    """
    training = mnist.train.first(config.images)
    validation = mnist.validation.first(config.validation, "validation")
    return Inputs(*(mnist.standardised_split(part).double() for part in (training, validation)))


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Train every network in its modes at all learning rates.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What the claims read, and the updates needed at each learning rate.
    """
    trained = train_all(config, inputs.training, inputs.validation, draw)
    needed = updates_at_rates(config, trained)
    return Draw(
        at_the_start(config, inputs.validation, draw)
        | in_updates(config, needed)
        | learnt(config, trained),
        {"rates": by_rate(needed)},
    )


# Networks ----------------------------------------------------------------------------------------


def draw_network(config: Config, name: str, mode: str, draw: int, inputs: Tensor) -> nn.Sequential:
    """Draw a network, with weights as large as a mode has them.

    Args:
        config: the settings.
        name: of the network.
        mode: its name.
        draw: index of the draw; its modes share their random numbers.
        inputs: images, of shape (images, pixels).

    Returns:
        The network, in float64.
    """
    network, how = config.networks[name], config.modes[mode]
    sizes = [inputs.shape[1], *[network.width] * network.layers, CLASSES]
    fans = [how.hidden] * network.layers + [how.last]
    stds = [
        sqrt(how.weight_variance / fan_for(of, fan_in, fan_out))
        for of, (fan_in, fan_out) in zip(fans, pairwise(sizes), strict=True)
    ]
    activation = nn.ReLU if network.activation == "relu" else nn.Tanh
    return dense(
        sizes, stds, lambda _: activation(), seed=config.seed, draw=draw, device=inputs.device
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
    found, outputs = {}, {}
    for mode in config.networks[WIDE].modes:
        with torch.no_grad():
            outputs[mode] = draw_network(config, WIDE, mode, draw, images)(images)
        found[f"output_size.wide_{mode}"] = outputs[mode].square().mean().sqrt().item()
        found[f"first_loss.wide_{mode}"] = F.cross_entropy(outputs[mode], labels).item()
    theirs = outputs["fan_out"]
    ours = sqrt(images.shape[1] / CLASSES) * outputs[PLAIN]
    left = (theirs - ours).square().sum() / theirs.square().sum()
    return found | {"same_outputs.wide": 1 - left.item()}


# Training ----------------------------------------------------------------------------------------


def train_all(config: Config, training: Split, validation: Split, draw: int) -> dict[Job, Course]:
    """Train every network in its modes at its learning rates.

    Args:
        config: the settings.
        training: the standardised images to train on, in float64.
        validation: the standardised images for the error.
        draw: index of the draw.

    Returns:
        What is left of each training run, by network, mode and learning rate.
    """
    return {
        (name, mode, rate): train_one(config, (name, mode, rate), training, validation, draw)
        for name, network in config.networks.items()
        for mode in network.modes
        for rate in network.learning_rates
    }


def train_one(config: Config, job: Job, training: Split, validation: Split, draw: int) -> Course:
    """Train one network, the wide one up to the target, others to the end.

    Args:
        config: the settings.
        job: its name, its mode and its learning rate.
        training: the standardised images to train on, in float64.
        validation: the standardised images for the error.
        draw: index of the draw.

    Returns:
        The losses; but for the wide network, the validation error after the last update, too.
    """
    name, mode, rate = job
    steps, counted = config.networks[name].steps, name == WIDE

    def look(network: nn.Module) -> dict[str, float]:
        return {"error": error_rate(network, validation.images, validation.labels)}

    return fit(
        lambda: draw_network(config, name, mode, draw, training.images),
        F.cross_entropy,
        training,
        Recipe(config.batch, steps, () if counted else (steps,)),
        random_generator(config.seed, draw, 0),
        optimiser=sgd(rate),
        look=look,
        until=reached(config.target_loss, config.window) if counted else None,
        name=f"{name}-{mode}-{rate}-{draw}",
    )


def updates_at_rates(
    config: Config, trained: Mapping[Job, Course]
) -> dict[tuple[str, float], float]:
    """Count the updates that the wide network needs, all of them where it misses the target."""
    steps = config.networks[WIDE].steps
    return {
        (mode, rate): updates_needed(course.losses, config.target_loss, config.window, cap=steps)
        for (name, mode, rate), course in trained.items()
        if name == WIDE
    }


def in_updates(config: Config, needed: Mapping[tuple[str, float], float]) -> dict[str, float]:
    """Compare modes at the best learning rate of each.

    Args:
        config: the settings.
        needed: the updates by mode and learning rate.

    Returns:
        The fewest updates of each mode, and what they are over those with fan_in.
    """
    fewest = {
        mode: min(updates for (of, _), updates in needed.items() if of == mode)
        for mode in config.networks[WIDE].modes
    }
    return {f"updates.wide_{mode}": updates for mode, updates in fewest.items()} | {
        f"updates_over_fan_in.wide_{mode}": updates / fewest[PLAIN]
        for mode, updates in fewest.items()
        if mode != PLAIN
    }


def learnt(config: Config, trained: Mapping[Job, Course]) -> dict[str, float]:
    """Measure what each other network learns, at the best learning rate of each mode.

    Args:
        config: the settings.
        trained: what is left of each training run.

    Returns:
        For each network but the wide one, the validation error of each mode; and for the worst of
        them the share of what separates a guess from no error that is learnt. A mode that diverges
        at every rate has an error of 1.
    """
    found: dict[str, float] = {}
    for name, network in config.networks.items():
        if name == WIDE:
            continue
        errors = {}
        for mode in network.modes:
            looks = [
                course.looks[network.steps]["error"]
                for (of, its_mode, _), course in trained.items()
                if (of, its_mode) == (name, mode)
            ]
            errors[mode] = min(filter(isfinite, looks), default=1.0)
        found |= {f"error.{name}_{mode}": error for mode, error in errors.items()}
        found[f"learnt_share.{name}"] = 1 - max(errors.values()) / CHANCE
    return found


def by_rate(needed: Mapping[tuple[str, float], float]) -> list[Row]:
    """Return the updates by mode and learning rate, one row each."""
    return [
        {"mode": mode, "learning_rate": rate, "sample": updates}
        for (mode, rate), updates in needed.items()
    ]
