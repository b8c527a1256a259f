"""Settings, one draw, and what is read of it."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from math import inf, prod
from typing import Annotated, Literal

import numpy as np
import torch
from annotated_types import Ge, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.lab.inits import random_generator, weight_std
from study.lab.mnist import Mnist
from study.record.draws import Draw, Draws
from study.record.results import Table
from study.record.settings import STRICT, Count, NonEmpty, Positive, Settings, Units


@dataclass(frozen=True, config=STRICT)
class KaimingNormal:
    """A matrix that torch initialises."""

    outputs: Units
    inputs: Units
    mode: Literal["fan_in", "fan_out"]
    nonlinearity: Literal["relu", "linear"]


@dataclass(frozen=True, config=STRICT)
class Prelu:
    """A layer of PReLUs; in ``scaled`` the slope multiplies positive values as well."""

    function: Literal["prelu", "scaled"]
    slope: float
    positions: Annotated[int, Ge(1), Le(4096)]
    channels: Annotated[int, Ge(1), Le(4096)]


@dataclass(frozen=True, config=STRICT)
class ModelB:
    """A chain of convolutions, the standard deviations printed for each, and a fixed one."""

    filters: Annotated[tuple[Count, ...], MinLen(2)]
    printed: tuple[Positive, ...]
    kernel: Count
    deviation: Positive

    def __post_init__(self) -> None:
        """Check that there is one printed standard deviation for each layer."""
        if len(self.printed) != len(self.filters):
            raise ValueError(
                f"printed={[*self.printed]}: must be {len(self.filters)}, one for each of filters"
            )


@dataclass(frozen=True, config=STRICT)
class FullyConnected:
    """The last layers of a network, and the weight standard deviations of all and of the last."""

    inputs: NonEmpty[Count]
    outputs: tuple[Count, ...]
    deviation: Positive
    last_deviation: Positive

    def __post_init__(self) -> None:
        """Check that each layer has inputs and outputs."""
        if len(self.inputs) != len(self.outputs):
            raise ValueError(
                f"inputs={[*self.inputs]}, outputs={[*self.outputs]}: must be as many, "
                "one of each for a layer"
            )


@dataclass(frozen=True, config=STRICT)
class SmallModel:
    """A network with a spatial pyramid pooling between its convolutions and its last layers.

    The area is that of a filter, in pixels; ``fully_connected`` is the width of two layers.
    """

    channels: Count
    filters: Annotated[tuple[Count, ...], MinLen(2)]
    first_area: Count
    area: Count
    bins: Count
    fully_connected: Count
    classes: Count


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: a matrix, a layer of PReLUs, and the paper's networks."""

    kaiming_normal: KaimingNormal
    prelu: Prelu
    model_b: ModelB
    fully_connected: FullyConnected
    table_1: SmallModel


def prepare(_config: Config, _mnist: Mnist) -> None:
    """Prepare nothing: no image is read."""


def measure(config: Config, _inputs: None, draw: int) -> Draw:
    """Measure torch's initialisation and its PReLU on random numbers.

    Args:
        config: the settings.
        _inputs: nothing.
        draw: index of the draw.

    Returns:
        Equation 10 for the matrix, and the differences of torch's PReLU from the paper's.
    """
    return Draw(kaiming_normal(config, draw) | prelu(config, draw))


# Torch's functions -------------------------------------------------------------------------------


def kaiming_normal(config: Config, draw: int) -> dict[str, float]:
    """Return half of fan_in times the mean square of torch's weights, the left side of eq. 10."""
    case = config.kaiming_normal
    seed = int(random_generator(config.seed, draw, 0).integers(2**63))
    weights = torch.empty(case.outputs, case.inputs)
    generator = torch.Generator().manual_seed(seed)
    nn.init.kaiming_normal_(
        weights, mode=case.mode, nonlinearity=case.nonlinearity, generator=generator
    )
    second_moment = weights.double().square().mean().item()
    return {"half_fan_in_times_variance.torch": case.inputs * second_moment / 2}


FUNCTIONS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "prelu": functional.prelu,
    "scaled": lambda y, a: a * y,
}


def prelu(config: Config, draw: int) -> dict[str, float]:
    """Compare torch's PReLU and its gradient by autograd with the paper's formulas, in float64.

    Args:
        config: the settings.
        draw: index of the draw.

    Returns:
        The largest difference of the value from either form of the definition, and of the
        gradients of the slopes: one for each channel, and one for all.
    """
    case = config.prelu
    numbers = random_generator(config.seed, draw, 1)
    y, cotangent = torch.from_numpy(
        numbers.standard_normal((2, case.positions, case.channels), dtype=np.float64)
    )
    function = FUNCTIONS[case.function]
    values = {}
    for name, slopes in (("channelwise", case.channels), ("shared", 1)):
        a = torch.full((slopes,), case.slope, dtype=torch.float64, requires_grad=True)
        value = function(y, a)
        (by_autograd,) = torch.autograd.grad((value * cotangent).sum(), a)
        terms = torch.where(y > 0, 0.0, y) * cotangent  # equation 3 times the gradient
        by_formula = terms.sum(dim=0) if slopes > 1 else terms.sum().reshape(1)
        values[f"gradient_gap.{name}"] = gap(by_autograd, by_formula)
        piecewise = torch.where(y > 0, y, a * y)
        two_parts = y.clamp(min=0) + a * y.clamp(max=0)
        values[f"form_gap.{name}"] = max(gap(value, piecewise), gap(value, two_parts))
    return values


def gap(first: Tensor, second: Tensor) -> float:
    """Return the largest difference of two tensors, rounded to 12 decimals."""
    return round((first - second).abs().max().item(), 12)


# Exact numbers -------------------------------------------------------------------------------


def exact(config: Config, _inputs: None) -> dict[str, float]:
    """Compute what follows from the sizes of the paper's networks.

    Args:
        config: the settings.
        _inputs: nothing.

    Returns:
        Of model B, the factor of a fixed standard deviation on the gradient from conv10 to conv2,
        and the largest difference between the printed standard deviations and equation 14; of the
        fully connected layers, their standard deviations over those of equations 14 and 10; of the
        small model, the number of its PReLUs' slopes.
    """
    model, last, small_model = config.model_b, config.fully_connected, config.table_1
    stds = [weight_std(model.kernel**2 * filters, 2.0) for filters in model.filters]
    deviations = [last.deviation] * (len(last.inputs) - 1) + [last.last_deviation]
    backward = [std / weight_std(n, 2.0) for std, n in zip(deviations, last.outputs, strict=True)]
    forward = [std / weight_std(n, 2.0) for std, n in zip(deviations, last.inputs, strict=True)]
    slopes = [*small_model.filters, *[small_model.fully_connected] * 2]
    product = prod(forward)
    return {
        "attenuation.model_b": prod(std / model.deviation for std in stds[1:]),
        "largest_difference.model_b": max(
            abs(std - number) for std, number in zip(stds, model.printed, strict=True)
        ),
        "largest_over_backward.fully_connected": max(backward),
        "first_over_forward.fully_connected": forward[0],
        "shrinking.fully_connected": 1 / product if product else inf,  # it may underflow
        "slopes.channelwise": float(sum(slopes)),
        "slopes.shared": float(len(slopes)),
        "slopes_over_weights.channelwise": sum(slopes) / weight_count(small_model),
    }


def weight_count(model: SmallModel) -> int:
    """Count the weights of the small model."""
    first = model.first_area * model.channels * model.filters[0]
    further_convolutions = sum(
        model.area * fan_in * fan_out for fan_in, fan_out in pairwise(model.filters)
    )
    widths = (
        model.bins * model.filters[-1],
        model.fully_connected,
        model.fully_connected,
        model.classes,
    )
    return (
        first + further_convolutions + sum(fan_in * fan_out for fan_in, fan_out in pairwise(widths))
    )


def tables(config: Config, _draws: Draws) -> dict[str, Table]:
    """Return the attenuation of the gradient at each layer of model B.

    Args:
        config: the settings.
        _draws: the draws.
    """
    return {"model_b": attenuation_by_layer(config.model_b)}


def attenuation_by_layer(model: ModelB) -> list[dict[str, float]]:
    """Compute the gradient's standard deviation over the preserved one, from the top layer down.

    Args:
        model: the chain of convolutions.

    Returns:
        Rows of layer and ratio, for the gradient with respect to the output of the layer.
    """
    ratio = 1.0
    rows = [{"layer": len(model.filters), "ratio": ratio}]
    for layer in range(len(model.filters), 1, -1):
        ratio *= model.deviation / weight_std(model.kernel**2 * model.filters[layer - 1], 2.0)
        rows.append({"layer": layer - 1, "ratio": ratio})
    return rows
