"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from math import log, sqrt
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.activations import leaky_relu_derivative
from study.lab.inits import random_generator, standard_normal
from study.lab.mnist import Mnist
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Rows, Table
from study.record.settings import STRICT, Depth, Fraction, Named, Settings

ActivationName = Literal["linear", "relu"]
SLOPES: Mapping[str, float] = {"linear": 1.0, "relu": 0.0}
"""The slope of each activation for negative preactivations."""

Curves = Mapping[str, Tensor]
"""Of the angle in each arm: the logarithm of its sin², of shape (depth, networks)."""


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the networks, the gap of the pair of inputs, and the arms."""

    gap: Fraction
    width: Annotated[int, Ge(8), Le(1_024)]
    depth: Depth
    settled: Annotated[int, Ge(1), Le(9_999)]
    networks: Annotated[int, Ge(2), Le(1_000)]
    arms: Named[ActivationName]

    def __post_init__(self) -> None:
        """Check that there are layers after ``settled``."""
        if self.settled >= self.depth:
            raise ValueError(
                f"settled={self.settled}, depth={self.depth}: must be below the depth, or no "
                "layers are late"
            )


def prepare(_config: Config, _mnist: Mnist) -> None:
    """Prepare nothing: only the angle between two inputs matters, and it is a setting."""


def measure(config: Config, _inputs: None, draw: int) -> Draw:
    """Draw the networks and compute the angle of the two signals in every layer.

    Args:
        config: the settings.
        _inputs: none.
        draw: index of the draw.

    Returns:
        What the claims read; the power of ten of sin² in every layer of every network, and its
        mean over the networks.
    """
    sines = {name: log_sines(config, kind, draw) for name, kind in config.arms.items()}
    powers = {arm: curve / log(10) for arm, curve in sines.items()}
    return Draw(
        quantities(config, sines), {"layers": mean_powers(powers), "networks": all_powers(powers)}
    )


def log_sines(config: Config, kind: ActivationName, draw: int) -> Tensor:
    r"""Compute the angle between two signals in every layer of many networks, in one batch.

    The layer is homogeneous, so the second signal may be scaled until it is :math:`u + t` with
    :math:`|u| = 1` and :math:`t \perp u`. Then :math:`|t|` is the tangent of the angle, which keeps
    its relative accuracy however small it becomes. Without an activation that factor may be
    negative, which changes no sine; the angle of ReLU signals is at most a right one. Gaussian
    weights are invariant under rotations, so the first layer may have two inputs.

    Args:
        config: the settings.
        kind: the activation.
        draw: index of the draw.

    Returns:
        The logarithm of the squared sine of the angle after each layer, of shape (depth, networks).
    """
    unit = torch.tensor([[1.0, 0.0]], dtype=torch.float64).repeat(config.networks, 1)
    tangent = torch.zeros_like(unit)
    tangent[:, 1] = sqrt(config.gap * (2 - config.gap)) / (1 - config.gap)
    log_sines_by_layer = []
    for layer in range(1, config.depth + 1):
        shape = (config.networks, config.width, unit.shape[1])
        generator = random_generator(config.seed, draw, layer)
        weights = standard_normal(shape, generator, torch.device("cpu")).double()
        first, change = torch.bmm(weights, torch.stack([unit, tangent], dim=2)).unbind(dim=2)
        first, change = activate(first, change, SLOPES[kind])
        norm = first.norm(dim=1, keepdim=True)
        unit = first / norm
        component = (change * unit).sum(dim=1, keepdim=True)
        tangent = (change - component * unit) / (norm + component)
        squared_tangent = tangent.square().sum(dim=1)
        log_sines_by_layer.append((squared_tangent / (1 + squared_tangent)).log())
    return torch.stack(log_sines_by_layer)


def activate(first: Tensor, change: Tensor, slope: float) -> tuple[Tensor, Tensor]:
    """Apply the activation to a signal and to its difference from another, without cancellation.

    Args:
        first: the preactivations of one signal.
        change: what the other has more.
        slope: of the leaky ReLU.

    Returns:
        The activations of the one, and what the other has more.

    >>> activate(torch.tensor([-1.0, 2.0]), torch.tensor([3.0, 0.5]), slope=0.0)
    (tensor([-0., 2.]), tensor([2.0000, 0.5000]))
    """
    second = first + change
    slopes = leaky_relu_derivative(first, slope)
    # Where neither changes sides the difference is taken before the activation.
    difference = leaky_relu_derivative(second, slope) * second - slopes * first
    change = torch.where((first > 0) == (second > 0), slopes * change, difference)
    return slopes * first, change


def quantities(config: Config, sines: Curves) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        config: the settings.
        sines: the logarithm of sin², by arm.

    Returns:
        The drift per layer times the width, over all layers and over the late ones, and the power
        of ten of the last gap, each as the mean over the networks.
    """
    values: dict[str, float] = {}
    start = log(config.gap * (2 - config.gap))
    for name, curve in sines.items():
        means = [start, *curve.mean(dim=1).tolist()]  # by layer, from the inputs
        late_drift = (means[-1] - means[config.settled]) / (config.depth - config.settled)
        values |= {
            f"drift.{name}": (means[-1] - start) / config.depth * config.width,
            f"late_drift.{name}": late_drift * config.width,
            f"last_power_of_ten.{name}": (means[-1] - log(2)) / log(10),
        }
    return values


def mean_powers(powers: Curves) -> list[Row]:
    """Average the power of ten of sin² over the networks: rows of arm and layer."""
    return [
        {"arm": arm, "layer": layer, "sample": sample}
        for arm, curve in powers.items()
        for layer, sample in enumerate(curve.mean(dim=1).tolist(), start=1)
    ]


def all_powers(powers: Curves) -> list[Row]:
    """Return the power of ten of sin² by itself: rows of arm, layer and network."""
    return [
        {"arm": arm, "layer": layer, "network": network, "sample": sample}
        for arm, curve in powers.items()
        for layer, samples in enumerate(curve.tolist(), start=1)
        for network, sample in enumerate(samples)
    ]


def tables(config: Config, draws: Draws) -> dict[str, Table]:
    """Average over the draws, and return the standard deviation of a single network.

    Args:
        config: the settings.
        draws: the draws.

    Returns:
        Rows of arm, layer, mean, half width and the standard deviation of one network, over the
        networks of all draws.
    """
    powers = [
        torch.tensor(Rows.from_rows(draw.tables["networks"]).column("sample"), dtype=torch.float64)
        for draw in draws.values()
    ]
    by_layer = torch.stack(
        [by_layer_of_draw.view(-1, config.networks) for by_layer_of_draw in powers], dim=1
    )
    deviations = by_layer.flatten(start_dim=1).std(dim=1).tolist()
    rows = zip(means(draws, "layers"), deviations, strict=True)
    return {"layers": [{**row, "deviation": deviation} for row, deviation in rows]}
