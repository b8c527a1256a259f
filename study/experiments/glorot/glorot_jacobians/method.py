"""Settings, one draw, and what is read of it."""

import dataclasses
from collections.abc import Mapping, Sequence
from math import exp, sqrt
from typing import Annotated, Literal, NamedTuple

import torch
from annotated_types import Ge, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.glorot.initialisations import Initialisations
from study.experiments.glorot.layer_by_layer import (
    most_layers,
    unit_weights,
    within_bound,
)
from study.lab.activations import Activation, activation
from study.lab.mean_squares import mean_square
from study.lab.mnist import Mnist
from study.record.checks import check_ascending
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Settings, Width
from study.theory.quotients import quotient

FLOAT64_BITS = 480
"""By how many powers of two the layers may scale a signal, so that its squares fit float64."""


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the width, the layers whose Jacobian is taken, and the weights' distributions."""

    width: Width
    layers: Annotated[tuple[Annotated[int, Ge(2), Le(50)], ...], MinLen(1)]
    activation: Literal["tanh", "linear"]
    distribution: Literal["uniform", "gaussian", "orthogonal"]
    isometry: Literal["uniform", "gaussian", "orthogonal"]
    initialisations: Initialisations

    def __post_init__(self) -> None:
        """Refuse layers out of order, and more of them than float64 has room for."""
        check_ascending("layers", self.layers)
        for name, init in vars(self.initialisations).items():
            limit = most_layers(init.squared_bound, bits=FLOAT64_BITS)
            if self.layers[-1] > limit:
                raise ValueError(
                    f"layers={list(self.layers)}, initialisations.{name}.squared_bound="
                    f"{init.squared_bound:g}: float64 has room for {limit} such layers"
                )


class Inputs(NamedTuple):
    """The data; each draw standardises its own image."""

    mnist: Mnist


def prepare(_: Config, mnist: Mnist) -> Inputs:
    """Return the data.

    Args:
        _: the settings, which nothing here reads.
        mnist: the data.
    """
    return Inputs(mnist)


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Compute the singular values of single layers' Jacobians.

    Args:
        config: the settings.
        inputs: the data; draw ``k`` uses image ``k`` of the training split, modulo their number.
        draw: index of the draw.

    Returns:
        The quantities that claims read, and the means of each layer's Jacobian.
    """
    pixels = inputs.mnist.train.images
    index = draw % len(pixels)
    image = pixels[index : index + 1]
    signals = {"pixels": image[0], "standardised": inputs.mnist.standardised(image)[0]}
    arms = means_by_arm(config, signals, draw)
    return Draw(quantities(arms) | isometry(config, draw), {"averages": rows(config, arms)})


@dataclasses.dataclass(frozen=True)
class SingularValueMeans:
    """Means of the singular values of one Jacobian, and the factor of its layer on the signal.

    Attributes:
        mean: the arithmetic mean.
        root_mean_square: the root of the mean of the squares.
        geometric_mean: the root, of as many as there are, of the product.
        signal: the mean square of the layer's activations over that of the layer below.
    """

    mean: float
    root_mean_square: float
    geometric_mean: float
    signal: float


def means_by_arm(
    config: Config, signals: Mapping[str, Tensor], draw: int
) -> dict[str, list[SingularValueMeans]]:
    """Measure the layers of each network, and of a linear one.

    Args:
        config: the settings.
        signals: an image at each scale, of shape (pixels,).
        draw: index of the draw.

    Returns:
        The means of the chosen layers, by initialisation and scale of the image. A linear
        network has the same Jacobians for any image; ``linear`` has the normalised initialisation
        and pixels between 0 and 1.
    """
    sizes = [len(signals["pixels"]), *[config.width] * max(config.layers)]
    units = unit_weights(sizes, config.distribution, config.seed, draw)
    weights = {
        name: [matrix.double() for matrix in within_bound(units, init.squared_bound, init.fan)]
        for name, init in vars(config.initialisations).items()
    }
    arms = {
        f"{name}_{scale}": (weights[name], signal, activation(config.activation))
        for name in weights
        for scale, signal in signals.items()
    }
    arms["linear"] = (weights["normalised"], signals["pixels"], activation("linear"))
    return {name: jacobian_means(*arm, config.layers) for name, arm in arms.items()}


def jacobian_means(
    weights: Sequence[Tensor], signal: Tensor, nonlinearity: Activation, layers: Sequence[int]
) -> list[SingularValueMeans]:
    r"""Propagate an image forward and take the Jacobian of the chosen layers.

    .. math::
        J = \frac{\partial z^{i+1}}{\partial z^i} = \operatorname{diag} f'(s^i)\, W

    Args:
        weights: of each layer.
        signal: the image.
        nonlinearity: after each layer.
        layers: which, counted from 1, in order.

    Returns:
        The averages of each.

    **Shapes**: each weight matrix (fan_out, fan_in), ``signal`` (pixels,).

    **Source**: Glorot and Bengio (2010), equation 17.
    """
    means = []
    activation = signal.double()
    for layer, matrix in enumerate(weights, start=1):
        preactivation = matrix @ activation
        next_activation = nonlinearity.function(preactivation)
        if layer in layers:
            jacobian = (
                nonlinearity.derivative_from(preactivation, next_activation)[:, None] * matrix
            )
            means.append(means_of(jacobian, mean_square(next_activation) / mean_square(activation)))
        activation = next_activation
    return means


def means_of(jacobian: Tensor, signal: float) -> SingularValueMeans:
    """Return the means of a square matrix's singular values.

    Args:
        jacobian: the matrix, in float64.
        signal: the factor of the layer on the signal.

    >>> means = means_of(torch.diag(torch.tensor([2.0, 8.0], dtype=torch.float64)), 1.0)
    >>> means.mean, round(means.geometric_mean, 12)
    (5.0, 4.0)
    """
    values = torch.linalg.svdvals(jacobian)
    return SingularValueMeans(
        mean=values.mean().item(),
        root_mean_square=sqrt(mean_square(values)),
        geometric_mean=exp(values.log().mean().item()),
        signal=signal,
    )


def quantities(arms: Mapping[str, Sequence[SingularValueMeans]]) -> dict[str, float]:
    """Average the means over the layers of each arm.

    Args:
        arms: the means of each layer, by arm.

    Returns:
        Each mean, and ratios of them to each other and to the ratio of the signal's variances.
    """
    values: dict[str, float] = {}
    for arm, layers in arms.items():
        mean, root, geometric, signal = (
            sum(vars(means)[name] for means in layers) / len(layers)
            for name in ("mean", "root_mean_square", "geometric_mean", "signal")
        )
        values |= {
            f"mean.{arm}": mean,
            f"root_mean_square.{arm}": root,
            f"geometric_mean.{arm}": geometric,
            f"mean_over_variance_ratio.{arm}": mean / signal,
            f"mean_square_over_variance_ratio.{arm}": root**2 / signal,
            f"geometric_over_mean.{arm}": quotient(geometric, mean),
        }
    return values


def isometry(config: Config, draw: int) -> dict[str, float]:
    """Return the ratio of two means for a matrix with equal singular values."""
    sizes = [config.width, config.width]
    (matrix,) = unit_weights(sizes, config.isometry, config.seed + 1, draw)
    means = means_of(matrix.double(), 1.0)
    return {"geometric_over_mean.isometry": means.geometric_mean / means.mean}


def rows(config: Config, arms: Mapping[str, Sequence[SingularValueMeans]]) -> list[Row]:
    """Return the means, one row for each arm, kind of average and layer.

    Args:
        config: the settings.
        arms: the means of each layer, by arm.
    """
    return [
        {"arm": arm, "average": name, "layer": layer, "sample": vars(means)[name]}
        for arm, layers in arms.items()
        for name in ("mean", "root_mean_square", "geometric_mean")
        for layer, means in zip(config.layers, layers, strict=True)
    ]
