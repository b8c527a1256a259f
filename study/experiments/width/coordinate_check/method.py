"""Settings, one draw, and what is read of it."""

from collections.abc import Sequence
from math import log2
from typing import Annotated, Literal, TypeAlias

import numpy as np
import torch
from annotated_types import Ge, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.width.networks import averaged_down, make_network, make_optimiser, places
from study.lab.inits import random_generator, standard_normal
from study.lab.mean_squares import mean_square
from study.lab.mnist import CLASSES, Mnist
from study.record.checks import check_ascending
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Count, LearningRate, Named, Settings, Several, Width
from study.theory.width import Optimiser, Rule

Moved: TypeAlias = dict[tuple[str, int], float]
"""How far each kind of layer has moved, by kind and number of updates."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """How weights start and are updated, and the learning rate at the base width."""

    rule: Rule
    optimiser: Optimiser
    learning_rate: LearningRate


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the images and to what side they are averaged down, the networks, when to look."""

    images: Several
    side: Literal[2, 4, 7, 14, 28]
    hidden: Annotated[int, Ge(2), Le(10)]
    widths: Annotated[tuple[Width, ...], MinLen(2)]
    base: Width
    updates: Annotated[tuple[Count, ...], MinLen(1)]
    arms: Named[Arm]

    def __post_init__(self) -> None:
        """Refuse widths and updates that are out of order."""
        check_ascending("widths", self.widths)
        check_ascending("updates", self.updates)


def prepare(config: Config, mnist: Mnist) -> Tensor:
    """Take the first images of the training split, averaged down, in float64.

    Args:
        config: the settings.
        mnist: the data.
    """
    images = mnist.standardised(mnist.train.first(config.images).images)
    return averaged_down(images, config.side).double()


def measure(config: Config, inputs: Tensor, draw: int) -> Draw:
    """Update one network of each width in every arm.

    Args:
        config: the settings.
        inputs: the images, all of which make each update.
        draw: index of the draw.

    Returns:
        The power of the width with which each kind of layer moves, and how far it does.
    """
    values: dict[str, float] = {}
    rows: list[Row] = []
    for name, arm in config.arms.items():
        by_width = [moved(config, arm, inputs, width, draw) for width in config.widths]
        for place, updates in by_width[0]:
            sizes = [log2(moves[place, updates]) for moves in by_width]
            values[f"power.{name}_{place}_{updates}"] = power(config.widths, sizes)
            rows += [
                {"arm": name, "layer": place, "updates": updates, "width": width, "sample": size}
                for width, size in zip(config.widths, sizes, strict=True)
            ]
    return Draw(values, {"moves": rows})


def moved(config: Config, arm: Arm, inputs: Tensor, width: int, draw: int) -> Moved:
    """Say how far updates have moved the preactivations of a network.

    Args:
        config: the settings.
        arm: how it starts, and is updated.
        inputs: the images.
        width: of its hidden layers.
        draw: index of the draw.

    Returns:
        The root mean square of the change, over images and units, of the first, the last hidden
        and the output layer, and of what comes through the last weights as they started.
    """
    network = make_network(
        inputs.shape[1],
        config.hidden,
        width,
        CLASSES,
        arm.rule,
        base=config.base,
        seed=config.seed,
        draw=draw,
    ).double()
    rule = make_optimiser(network, arm.optimiser, arm.rule, arm.learning_rate, width, config.base)
    layers = dict(places(network))  # of a kind the last one
    started = layers["last"].weight.detach().clone()

    def preactivations() -> dict[str, Tensor]:
        signal: Tensor = inputs
        signals: dict[str, Tensor] = {}
        with torch.no_grad():
            for module in network:
                if module is layers["last"]:
                    signals["through"] = signal @ started.T
                signal = module(signal)
                signals |= {place: signal for place, layer in layers.items() if layer is module}
        return signals

    # A gradient of the outputs that no width changes, as that of a loss would be a little.
    generator = random_generator(config.seed, draw, config.hidden + 2)
    cotangent = standard_normal((len(inputs), CLASSES), generator, inputs.device).double()
    before, result = preactivations(), Moved()
    for update in range(1, config.updates[-1] + 1):
        rule.zero_grad()
        network(inputs).backward(cotangent)
        rule.step()
        if update in config.updates:
            after = preactivations()
            for place, start in before.items():
                result[place, update] = mean_square(after[place] - start) ** 0.5
    return result


def power(widths: Sequence[int], sizes: Sequence[float]) -> float:
    """Return the power of the width that fits sizes best, by least squares.

    Args:
        widths: from the smallest.
        sizes: the binary logarithm of a size at each.

    >>> round(power([2, 4, 8], [1.0, 1.5, 2.0]), 6)
    0.5
    """
    return float(np.polyfit(np.log2(widths), sizes, 1)[0])
