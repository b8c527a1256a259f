"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import log2, sqrt
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt, Le, Lt
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.glorot.layer_by_layer import (
    Pass,
    mean_square,
    there_and_back,
    unit_weights,
    within_bound,
)
from study.lab.activations import activation
from study.lab.mnist import Mnist
from study.record.experiment import STRICT
from study.record.results import Cell, Result, mean_row
from study.theory.activations import activation as in_theory
from study.theory.glorot import Levels, compromise, levels

Count = Annotated[int, Ge(1), Le(1_000_000)]
Positive = Annotated[float, Gt(0), Le(1e6)]


@dataclass(frozen=True, config=STRICT)
class Initialisation:
    """Weights within the root of ``squared_bound`` over the fan."""

    squared_bound: Positive
    fan: Literal["fan_in", "fan_out", "average"]


@dataclass(frozen=True, config=STRICT)
class Initialisations:
    """The two of the paper."""

    standard: Initialisation
    normalised: Initialisation


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws of how large networks, and their activations."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    width: Annotated[int, Ge(2), Le(4096)]
    hidden: Annotated[int, Ge(3), Le(50)]
    images: Count
    symmetric: Literal["tanh", "sigmoid", "linear"]
    unsymmetric: Literal["tanh", "sigmoid", "linear"]
    initialisations: Initialisations
    bins: Annotated[int, Ge(3), Le(1000)]


CLASSES = 10
SCALES = ("pixels", "standardised")
DEVIATIONS = {"activation": 1.0, "gradient": 2.0}
"""How far a histogram reaches; gradients are divided by the last hidden layer's deviation."""


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Send images up and the gradients of their loss down, for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        The quantities that claims read; over all draws, deviations by layer and histograms.
    """
    batch = mnist.train.first(config.images)
    inputs = {"pixels": batch.images, "standardised": mnist.standardised(batch.images)}
    laws = recursion(config, inputs["standardised"])
    per_draw: dict[int, dict[str, float]] = {}
    curves: list[dict[tuple[str, str], list[float]]] = []
    histograms: list[dict[tuple[str, str, int], list[float]]] = []
    for draw in draws:
        passes = networks(config, inputs, batch.labels, draw)
        curves.append(
            {
                (arm, name): one
                for arm, done in passes.items()
                for name, one in deviations(done).items()
            }
        )
        per_draw[draw] = quantities(passes, curves[-1], laws)
        histograms.append(densities(config, {arm: passes[arm] for arm in FIGURED}))
    tables = {"layers": layer_rows(curves), "densities": density_rows(config, histograms)}
    return Result.of(per_draw, tables=tables)


FIGURED = ("standard_pixels", "normalised_pixels")


def networks(
    config: Config, inputs: Mapping[str, Tensor], labels: Tensor, draw: int
) -> dict[str, Pass]:
    """Draw one network of each kind on the same random numbers.

    Args:
        config: the settings.
        inputs: the images at each scale.
        labels: their classes.
        draw: index of the draw.

    Returns:
        The passes by arm: an initialisation and a scale of the images, or ``unsymmetric``.
    """
    sizes = [inputs["pixels"].shape[1], *[config.width] * config.hidden, CLASSES]
    units = unit_weights(sizes, "uniform", config.seed, draw)
    weights = {
        name: within_bound(units, one.squared_bound, one.fan)
        for name, one in vars(config.initialisations).items()
    }
    symmetric, unsymmetric = activation(config.symmetric), activation(config.unsymmetric)
    passes = {
        f"{name}_{scale}": there_and_back(weights[name], inputs[scale], labels, symmetric)
        for name, scale in product(weights, SCALES)
    }
    passes["unsymmetric"] = there_and_back(
        weights["standard"], inputs["pixels"], labels, unsymmetric
    )
    return passes


def deviations(done: Pass) -> dict[str, list[float]]:
    """Return root mean squares in each hidden layer.

    Args:
        done: a pass through a network.

    Returns:
        Those of the activations; of the gradients with respect to preactivations, and of the
        gradients of weights, both over the last hidden layer's. Weights have the gradient of the
        mean loss, or of the loss of single images.
    """
    hidden = range(1, len(done.activations))
    rows = {
        "activation": [mean_square(z) for z in done.activations[1:]],
        "gradient": [mean_square(ds) for ds in done.gradients[:-1]],
        "weight_gradient": [mean_square(done.weight_gradient(layer)) for layer in hidden],
        "single_weight_gradient": [done.weight_gradient_per_image(layer) for layer in hidden],
    }
    return {
        name: [sqrt(one / (1.0 if name == "activation" else squares[-1])) for one in squares]
        for name, squares in rows.items()
    }


def recursion(config: Config, images: Tensor) -> Levels:
    """Follow the length of each standardised image through tanh layers with 2/(n + n').

    Args:
        config: the settings.
        images: of shape (images, pixels).

    Returns:
        The mean squares by layer that the recursion says.
    """
    first, *_ = compromise([images.shape[1], config.width])
    lengths = first * images.double().square().sum(dim=1)
    return levels(in_theory("tanh"), lengths.tolist(), 1.0, config.hidden)


def quantities(
    passes: Mapping[str, Pass],
    curves: Mapping[tuple[str, str], Sequence[float]],
    laws: Levels,
) -> dict[str, float]:
    """Reduce the passes of one draw to what claims read.

    Args:
        passes: by arm.
        curves: root mean squares by layer.
        laws: of tanh layers with the normalised initialisation and standardised images.

    Returns:
        Ratios of the last hidden layer to the first, or of the first to the last; the mean square
        of the derivative in the first layer; and those of one arm over the recursion.
    """
    found: dict[str, float] = {}
    for arm, done in passes.items():
        up, down = curves[arm, "activation"], curves[arm, "gradient"]
        found |= {
            f"last_over_first_activation.{arm}": up[-1] / up[0],
            f"first_over_last_gradient.{arm}": down[0],
            f"first_over_last_weight_gradient.{arm}": curves[arm, "weight_gradient"][0],
            f"mean_squared_slope.{arm}": mean_square(done.slopes[0]),
        }
    arm = "normalised_standardised"
    up, down = curves[arm, "activation"], curves[arm, "gradient"]
    return found | {
        f"slope_over_law.{arm}": mean_square(passes[arm].slopes[0]) / laws.slope[0],
        f"activation_over_law.{arm}": up[-1] / up[0] / sqrt(laws.signal[-1]),
        f"gradient_over_law.{arm}": down[0] / sqrt(laws.gradient[0]),
        "log2_gradient_per_layer.unsymmetric": (
            log2(curves["unsymmetric", "gradient"][0]) / (len(laws.signal) - 1)
        ),
        "log2_weight_gradient_per_layer.unsymmetric": (
            log2(curves["unsymmetric", "single_weight_gradient"][1]) / (len(laws.signal) - 2)
        ),
    }


# Histograms --------------------------------------------------------------------------------------


def densities(
    config: Config, passes: Mapping[str, Pass]
) -> dict[tuple[str, str, int], list[float]]:
    """Count activations and gradients in bins.

    Args:
        config: the settings.
        passes: by arm.

    Returns:
        For each arm, quantity and hidden layer the density in each bin.
    """
    found = {}
    for arm, done in passes.items():
        unit = sqrt(mean_square(done.gradients[-2]))
        for at in range(config.hidden):
            values = {
                "activation": done.activations[at + 1],
                "gradient": done.gradients[at] / unit,
            }
            for name, reach in DEVIATIONS.items():
                counts = torch.histc(values[name], config.bins, -reach, reach)
                density = counts.double() * (config.bins / (2 * reach) / values[name].numel())
                found[arm, name, at + 1] = density.tolist()
    return found


def density_rows(
    config: Config, histograms: Sequence[Mapping[tuple[str, str, int], Sequence[float]]]
) -> list[dict[str, Cell]]:
    """Average histograms over the draws: rows of arm, quantity, layer, place, mean, half width."""
    rows = []
    for arm, name, layer in histograms[0]:
        step = 2 * DEVIATIONS[name] / config.bins
        for at in range(config.bins):
            samples = [one[arm, name, layer][at] for one in histograms]
            place = step * (at + 0.5) - DEVIATIONS[name]
            rows.append(mean_row(samples, arm=arm, quantity=name, layer=layer, place=place))
    return rows


def layer_rows(
    curves: Sequence[Mapping[tuple[str, str], Sequence[float]]],
) -> list[dict[str, Cell]]:
    """Average root mean squares over the draws: rows of arm, quantity, layer, mean, half width."""
    return [
        mean_row([one[arm, name][at] for one in curves], arm=arm, quantity=name, layer=at + 1)
        for arm, name in curves[0]
        for at in range(len(curves[0][arm, name]))
    ]
