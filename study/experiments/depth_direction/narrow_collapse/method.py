"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping, Sequence
from math import log, sqrt
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.activations import leaky_relu_derivative
from study.lab.inits import random_generator, standard_normal
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.record.experiment import STRICT
from study.record.results import Result, mean_row

Activation = Literal["linear", "relu"]
SLOPES: Mapping[str, float] = {"linear": 1.0, "relu": 0.0}
"""The slope of each activation for negative preactivations."""

Curves = Mapping[str, Tensor]
"""The logarithm of sin² of the angle by arm, each of shape (depth, networks)."""


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws of how many networks, their size, the pair and the arms."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    gap: Annotated[float, Gt(0), Lt(1)]
    width: Annotated[int, Ge(8), Le(1_024)]
    depth: Annotated[int, Ge(2), Le(10_000)]
    settled: Annotated[int, Ge(1), Le(9_999)]
    networks: Annotated[int, Ge(2), Le(1_000)]
    arms: Annotated[dict[str, Activation], MinLen(1)]


def run(config: Config, _: Mnist, draws: Iterable[int]) -> Result:
    """Follow the angle through the networks of each draw.

    Args:
        config: the settings.
        _: the data; only the angle between two inputs matters, and it is a setting.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims read; over all draws, the curve of each arm.
    """
    draws = list(draws)
    measured = dict(
        zip(draws, side_by_side(lambda draw: measure(config, draw), draws), strict=True)
    )
    return Result.of(
        {draw: quantities(config, sines) for draw, sines in measured.items()},
        tables={"layers": curves(list(measured.values()))},
    )


def measure(config: Config, draw: int) -> Curves:
    """Draw the networks of one draw and send the pair through them.

    Args:
        config: the settings.
        draw: index of the draw.

    Returns:
        The logarithm of sin², by arm.
    """
    return {name: log_sines(config, kind, draw) for name, kind in config.arms.items()}


def log_sines(config: Config, kind: Activation, draw: int) -> Tensor:
    r"""Follow the angle of two signals through many networks side by side.

    The layer is homogeneous, so the second signal may be scaled until it is :math:`u + t` with
    :math:`|u| = 1` and :math:`t \perp u`. Then :math:`|t|` is the tangent of the angle, and no
    digits are lost however small it becomes. Without an activation that factor may be negative,
    which changes no sine; ReLU signals are never more than a right angle apart. Gaussian weights
    treat all planes alike, so the first layer may have two inputs.

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
    found = []
    for layer in range(1, config.depth + 1):
        shape = (config.networks, config.width, unit.shape[1])
        generator = random_generator(config.seed, draw, layer)
        weights = standard_normal(shape, generator, torch.device("cpu")).double()
        first, change = torch.bmm(weights, torch.stack([unit, tangent], dim=2)).unbind(dim=2)
        first, change = through_activation(first, change, SLOPES[kind])
        norm = first.norm(dim=1, keepdim=True)
        unit = first / norm
        along = (change * unit).sum(dim=1, keepdim=True)
        tangent = (change - along * unit) / (norm + along)
        squared = tangent.square().sum(dim=1)
        found.append((squared / (1 + squared)).log())
    return torch.stack(found)


def through_activation(first: Tensor, change: Tensor, slope: float) -> tuple[Tensor, Tensor]:
    """Send a signal and its difference to another through the activation, without losing digits.

    Args:
        first: the preactivations of one signal.
        change: what the other has more.
        slope: of the leaky ReLU.

    Returns:
        The activations of the one, and what the other has more.

    >>> through_activation(torch.tensor([-1.0, 2.0]), torch.tensor([3.0, 0.5]), slope=0.0)
    (tensor([-0., 2.]), tensor([2.0000, 0.5000]))
    """
    second = first + change
    slopes = leaky_relu_derivative(first, slope)
    # Where neither changes sides the difference is taken before the activation.
    bent = leaky_relu_derivative(second, slope) * second - slopes * first
    change = torch.where((first > 0) == (second > 0), slopes * change, bent)
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
    found: dict[str, float] = {}
    start = log(config.gap * (2 - config.gap))
    for name, curve in sines.items():
        means = [start, *curve.mean(dim=1).tolist()]  # by layer, from the inputs
        late = (means[-1] - means[config.settled]) / (config.depth - config.settled)
        found |= {
            f"drift.{name}": (means[-1] - start) / config.depth * config.width,
            f"late_drift.{name}": late * config.width,
            f"last_power_of_ten.{name}": (means[-1] - log(2)) / log(10),
        }
    return found


def curves(per_draw: Sequence[Curves]) -> list[Mapping[str, str | int | float]]:
    """Average the power of ten of sin² of every layer over the draws.

    Args:
        per_draw: for each draw, the curve of each arm.

    Returns:
        Rows of arm, layer, mean, half width and the deviation of one network.
    """
    rows: list[Mapping[str, str | int | float]] = []
    for arm in per_draw[0]:
        sines = torch.stack([one[arm] for one in per_draw], dim=1) / log(10)
        deviations = sines.flatten(start_dim=1).std(dim=1).tolist()
        for at, samples in enumerate(sines.mean(dim=2).tolist()):
            row = mean_row(samples, arm=arm, layer=at + 1)
            rows.append({**row, "deviation": deviations[at]})
    return rows
