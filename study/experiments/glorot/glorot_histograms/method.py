"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from itertools import product
from math import sqrt
from typing import Annotated, Literal, NamedTuple

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.glorot.initialisations import Initialisations
from study.experiments.glorot.layer_by_layer import (
    PassRecord,
    forward_and_backward,
    log2_quotient,
    most_layers,
    unit_weights,
    within_bound,
)
from study.lab.activations import activation
from study.lab.mean_squares import mean_square
from study.lab.mnist import CLASSES, Mnist
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Count, Settings, Width
from study.theory.activations import activation as in_theory
from study.theory.glorot import Levels, compromise, levels
from study.theory.quotients import quotient

SCALES = ("pixels", "standardised")
FIGURED = ("standard_pixels", "normalised_pixels")
"""The arms that have histograms."""
RANGE = {"activation": 1.0, "gradient": 2.0}
"""The range of a histogram; gradients are in units of the last hidden layer's root mean square."""
SLOPE_AT_0 = {"tanh": 1.0, "sigmoid": 1 / 4, "linear": 1.0}

Nonlinearity = Literal["tanh", "sigmoid", "linear"]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the size of the networks, and their activations."""

    width: Width
    hidden: Annotated[int, Ge(3), Le(50)]
    images: Count
    symmetric: Nonlinearity
    unsymmetric: Nonlinearity
    initialisations: Initialisations
    bins: Annotated[int, Ge(3), Le(1000)]

    def __post_init__(self) -> None:
        """Refuse more layers than float32 has room for."""
        for field, initialisation in (
            ("symmetric", "standard"),
            ("symmetric", "normalised"),
            ("unsymmetric", "standard"),
        ):
            name = getattr(self, field)
            squared_bound = getattr(self.initialisations, initialisation).squared_bound
            limit = most_layers(squared_bound, SLOPE_AT_0[name])
            if self.hidden > limit:
                raise ValueError(
                    f"hidden={self.hidden}, {field}={name}, initialisations.{initialisation}."
                    f"squared_bound={squared_bound:g}: float32 has room for {limit} such layers"
                )


class Inputs(NamedTuple):
    """Images by scale, of shape (images, pixels), their labels, and the recursion's prediction.

    The recursion is that of tanh layers with the normalised initialisation, standardised images.
    """

    images: Mapping[str, Tensor]
    labels: Tensor
    laws: Levels


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split, and compute their recursion.

    Args:
        config: the settings.
        mnist: the data.
    """
    batch = mnist.train.first(config.images)
    images = {"pixels": batch.images, "standardised": mnist.standardised(batch.images)}
    return Inputs(images, batch.labels, recursion(config, images["standardised"]))


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Propagate images and the gradients of their loss through each network.

    Args:
        config: the settings.
        inputs: the images, their labels, and the recursion's prediction.
        draw: index of the draw.

    Returns:
        The quantities that claims read; root mean squares by layer, and histograms.
    """
    passes = pass_records(config, inputs.images, inputs.labels, draw)
    curves = {
        (arm, name): by_layer
        for arm, record in passes.items()
        for name, by_layer in root_mean_squares(record).items()
    }
    tables = {
        "layers": layer_rows(curves),
        "densities": density_rows(config, {arm: passes[arm] for arm in FIGURED}),
    }
    return Draw(quantities(passes, curves, inputs.laws), tables)


def pass_records(
    config: Config, inputs: Mapping[str, Tensor], labels: Tensor, draw: int
) -> dict[str, PassRecord]:
    """Run one network of each kind, all of the same random numbers.

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
        name: within_bound(units, init.squared_bound, init.fan)
        for name, init in vars(config.initialisations).items()
    }
    symmetric, unsymmetric = activation(config.symmetric), activation(config.unsymmetric)
    passes = {
        f"{name}_{scale}": forward_and_backward(weights[name], inputs[scale], labels, symmetric)
        for name, scale in product(weights, SCALES)
    }
    passes["unsymmetric"] = forward_and_backward(
        weights["standard"], inputs["pixels"], labels, unsymmetric
    )
    return passes


def root_mean_squares(record: PassRecord) -> dict[str, list[float]]:
    """Return root mean squares in each hidden layer.

    Args:
        record: a pass through a network.

    Returns:
        Those of the activations; of the gradients with respect to preactivations, and of the
        gradients of weights, both over the last hidden layer's. Weights have the gradient of the
        mean loss, or of the loss of single images.
    """
    layers = range(1, len(record.activations))
    gradient_squares = {
        "gradient": [mean_square(ds) for ds in record.gradients[:-1]],
        "weight_gradient": [mean_square(record.weight_gradient(layer)) for layer in layers],
        "single_weight_gradient": [record.weight_gradient_per_image(layer) for layer in layers],
    }
    return {"activation": [sqrt(mean_square(z)) for z in record.activations[1:]]} | {
        name: [sqrt(quotient(square, squares[-1])) for square in squares]
        for name, squares in gradient_squares.items()
    }


def recursion(config: Config, images: Tensor) -> Levels:
    """Compute the length map of each standardised image in tanh layers with 2/(n + n').

    Args:
        config: the settings.
        images: of shape (images, pixels).

    Returns:
        The predicted mean squares by layer.
    """
    first, *_ = compromise([images.shape[1], config.width])
    lengths = first * images.double().square().sum(dim=1)
    return levels(in_theory("tanh"), lengths.tolist(), 1.0, config.hidden)


def quantities(
    passes: Mapping[str, PassRecord],
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
    values: dict[str, float] = {}
    for arm, record in passes.items():
        forward, backward = curves[arm, "activation"], curves[arm, "gradient"]
        values |= {
            f"last_over_first_activation.{arm}": quotient(forward[-1], forward[0]),
            f"first_over_last_gradient.{arm}": backward[0],
            f"first_over_last_weight_gradient.{arm}": curves[arm, "weight_gradient"][0],
            f"mean_squared_slope.{arm}": mean_square(record.slopes[0]),
        }
    arm = "normalised_standardised"
    values |= {
        f"slope_over_law.{arm}": values[f"mean_squared_slope.{arm}"] / laws.slope[0],
        f"activation_over_law.{arm}": (
            values[f"last_over_first_activation.{arm}"] / sqrt(laws.signal[-1])
        ),
        f"gradient_over_law.{arm}": (
            values[f"first_over_last_gradient.{arm}"] / sqrt(laws.gradient[0])
        ),
    }
    backward = curves["unsymmetric", "gradient"]
    on_weights = curves["unsymmetric", "single_weight_gradient"]
    return values | {
        "log2_gradient_per_layer.unsymmetric": (
            log2_quotient(backward[0], backward[-1]) / (len(backward) - 1)
        ),
        "log2_weight_gradient_per_layer.unsymmetric": (
            log2_quotient(on_weights[1], on_weights[-1]) / (len(on_weights) - 2)
        ),
    }


# Tables ------------------------------------------------------------------------------------------


def layer_rows(curves: Mapping[tuple[str, str], Sequence[float]]) -> list[Row]:
    """Return root mean squares, one row for each arm, quantity and hidden layer.

    Args:
        curves: by arm and quantity, first hidden layer first.
    """
    return [
        {"arm": arm, "quantity": name, "layer": layer, "sample": sample}
        for (arm, name), by_layer in curves.items()
        for layer, sample in enumerate(by_layer, start=1)
    ]


def density_rows(config: Config, passes: Mapping[str, PassRecord]) -> list[Row]:
    """Return histograms, one row for each arm, quantity, hidden layer and bin.

    Args:
        config: the settings.
        passes: by arm.

    Returns:
        Rows with the middle of the bin and the density there.
    """
    rows: list[Row] = []
    for arm, record in passes.items():
        for layer in range(1, config.hidden + 1):
            for name, density in densities(record, layer, config.bins).items():
                step = 2 * RANGE[name] / config.bins
                rows += [
                    {
                        "arm": arm,
                        "quantity": name,
                        "layer": layer,
                        "place": step * (index + 0.5) - RANGE[name],
                        "sample": sample,
                    }
                    for index, sample in enumerate(density)
                ]
    return rows


def densities(record: PassRecord, layer: int, bins: int) -> dict[str, list[float]]:
    """Count the activations and the gradients of a hidden layer in bins.

    Args:
        record: a pass through a network.
        layer: counted from 1.
        bins: how many.

    Returns:
        For either the density in each bin, first the leftmost.
    """
    values = {
        "activation": record.activations[layer],
        "gradient": record.gradients[layer - 1] / sqrt(mean_square(record.gradients[-2])),
    }
    return {
        name: (
            torch.histc(numbers, bins, -RANGE[name], RANGE[name]).double()
            * (bins / (2 * RANGE[name]) / numbers.numel())
        ).tolist()
        for name, numbers in values.items()
    }
