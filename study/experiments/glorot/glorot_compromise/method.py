"""Settings, one draw, and what is read of it."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import atanh, log10, sqrt
from statistics import fmean
from typing import Annotated, Literal, NamedTuple

import torch
from annotated_types import Ge, Gt, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.experiments.glorot.layer_by_layer import (
    PassRecord,
    forward_and_backward,
    unit_weights,
    within_bound,
)
from study.lab.activations import activation
from study.lab.inits import Fan, fan_for, random_generator
from study.lab.mean_squares import mean_square
from study.lab.mnist import Mnist, Split
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Count, Fraction, Positive, Settings, Width
from study.theory.glorot import compromise, normalised_bound
from study.theory.quotients import quotient

CLASSES = 10
LINEAR = activation("linear")


@dataclass(frozen=True, config=STRICT)
class NarrowingNetwork:
    """A narrowing network, and by which fan its weight variance is divided in three variants."""

    widths: Annotated[tuple[Width, ...], MinLen(2)]
    forward: Literal["fan_in", "fan_out", "average"]
    backward: Literal["fan_in", "fan_out", "average"]
    compromise: Literal["fan_in", "fan_out", "average"]


@dataclass(frozen=True, config=STRICT)
class ChainRule:
    """A small tanh network, and whether the pass by hand uses the derivative of tanh or 1."""

    width: Width
    hidden: Annotated[int, Ge(1), Le(50)]
    images: Count
    derivative: Literal["own", "one"]


@dataclass(frozen=True, config=STRICT)
class TorchInitialisers:
    """Shape of a matrix, the squared slope that torch's layers use, and the gain for Xavier's."""

    rows: Width
    columns: Width
    squared_slope: Annotated[float, Ge(0), Le(1000)]
    gain: Positive


@dataclass(frozen=True, config=STRICT)
class Tails:
    """A function that tends to 1, two arguments between which its rate is read, and a level.

    ``algebraic`` is x/√(1 + x²).
    """

    function: Literal["softsign", "algebraic"]
    near: Annotated[float, Gt(1), Le(1e6)]
    far: Annotated[float, Gt(1), Le(1e6)]
    level: Fraction

    def __post_init__(self) -> None:
        """Check that the two arguments differ."""
        if self.near == self.far:
            raise ValueError(f"near={self.near:g}, far={self.far:g}: must be two places")


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the networks, the matrices and the functions."""

    images: Count
    funnel: NarrowingNetwork
    chain_rule: ChainRule
    torch_fills: TorchInitialisers
    tails: Tails


class Inputs(NamedTuple):
    """Standardised images, of shape (images, pixels), and labels, for two kinds of networks."""

    funnel: Split
    chain_rule: Split


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split.

    Args:
        config: the settings.
        mnist: the data.

    Raises:
        StudyError: if there are fewer than needed.
    """
    few = mnist.train.first(config.chain_rule.images, "chain_rule.images")
    return Inputs(*map(mnist.standardised_split, (mnist.train.first(config.images), few)))


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Measure the narrowing networks, the small network, and torch's initialisers.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        The quantities that claims read, and the factors of each narrowing layer.
    """
    factors = narrowing_factors(config, inputs.funnel, draw)
    widths = [inputs.funnel.images.shape[1], *config.funnel.widths, CLASSES]
    values = (
        narrowing_quantities(widths, factors)
        | chain_rule(config, inputs.chain_rule, draw)
        | torch_fills(config, draw)
    )
    return Draw(values, {"factors": rows(factors)})


def exact(config: Config, _: Inputs) -> dict[str, float]:
    """Return how a function tends to 1, which does not depend on the draw.

    Args:
        config: the settings.
        _: the images, which nothing here reads.
    """
    return tails(config.tails)


# Narrowing networks ------------------------------------------------------------------------------


def narrowing_factors(
    config: Config, batch: Split, draw: int
) -> dict[tuple[str, str], list[float]]:
    """Measure the factors of each layer in narrowing networks, for each fan.

    Args:
        config: the settings.
        batch: standardised images and their labels.
        draw: index of the draw.

    Returns:
        For each of the three variances the factor of each hidden layer on the mean square of the
        activations (``up``), and of each but the first on that of the gradient (``down``).
    """
    case = config.funnel
    units = unit_weights(
        [batch.images.shape[1], *case.widths, CLASSES], "uniform", config.seed, draw
    )
    fans: dict[str, Fan] = {
        "forward": case.forward,
        "backward": case.backward,
        "compromise": case.compromise,
    }
    factors = {}
    for name, fan in fans.items():
        record = forward_and_backward(
            within_bound(units, 3.0, fan), batch.images, batch.labels, LINEAR
        )
        signal = map(mean_square, record.activations)
        gradient = map(mean_square, record.gradients[:-1])
        factors[name, "up"] = [quotient(b, a) for a, b in pairwise(signal)]
        factors[name, "down"] = [quotient(a, b) for a, b in pairwise(gradient)]
    return factors


def narrowing_quantities(
    widths: Sequence[int], factors: Mapping[tuple[str, str], Sequence[float]]
) -> dict[str, float]:
    """Reduce the factors of the narrowing networks to the quantities that claims read.

    Args:
        widths: of the input, of each hidden layer and of the outputs.
        factors: of each layer.

    Returns:
        The mean factor of a layer forward and backward, for each variance; for that of equation 12
        also the mean of the factor over its prediction by equations 5 and 6.
    """
    variances = compromise(widths[:-1])
    laws = {
        "up": [n * variance for n, variance in zip(widths[:-2], variances, strict=True)],
        "down": [n * variance for n, variance in zip(widths[2:-1], variances[1:], strict=True)],
    }
    values = {f"factor_{way}.{name}": fmean(by_layer) for (name, way), by_layer in factors.items()}
    return values | {
        f"factor_{way}_over_law.compromise": fmean(
            factor / law for factor, law in zip(factors["compromise", way], by_layer, strict=True)
        )
        for way, by_layer in laws.items()
    }


def rows(factors: Mapping[tuple[str, str], Sequence[float]]) -> list[Row]:
    """Return the factors, one row for each variance, way and layer.

    Args:
        factors: of each layer; backward the first has none.
    """
    return [
        {"variance": name, "way": way, "layer": layer, "sample": sample}
        for (name, way), by_layer in factors.items()
        for layer, sample in enumerate(by_layer, start=2 if way == "down" else 1)
    ]


# The chain rule, and torch -----------------------------------------------------------------------


def chain_rule(config: Config, batch: Split, draw: int) -> dict[str, float]:
    """Compare equations 2 and 3 with autograd in a small tanh network, in float64.

    Args:
        config: the settings.
        batch: standardised images and their labels.
        draw: index of the draw.

    Returns:
        The largest difference between the two gradients of a weight, over the largest gradient.
    """
    case = config.chain_rule
    x, y = batch.images.double(), batch.labels
    widths = [x.shape[1], *[case.width] * case.hidden, CLASSES]
    units = unit_weights(widths, "uniform", config.seed, draw)
    leaves = [w.double().requires_grad_() for w in within_bound(units, 3.0, "average")]
    signal = x
    for matrix in leaves[:-1]:
        signal = torch.tanh(signal @ matrix.T)
    loss = functional.cross_entropy(signal @ leaves[-1].T, y)
    gradients = torch.autograd.grad(loss, leaves)
    with torch.no_grad():
        record = forward_and_backward(leaves, x, y, activation("tanh"))
        if case.derivative == "one":
            record = without_derivatives(record, leaves)
        differences = [
            ((record.weight_gradient(layer) - gradient).abs().max() / gradient.abs().max()).item()
            for layer, gradient in enumerate(gradients, start=1)
        ]
    return {"largest_difference.chain_rule": max(differences)}


def without_derivatives(record: PassRecord, weights: Sequence[Tensor]) -> PassRecord:
    """Repeat the backward pass with every derivative set to 1, as in equation 4."""
    gradients = [record.gradients[-1]]
    for matrix in reversed(weights[1:]):
        gradients.insert(0, gradients[0] @ matrix)
    return PassRecord(record.activations, record.slopes, gradients)


def torch_fills(config: Config, draw: int) -> dict[str, float]:
    """Draw matrices by torch's initialisers: that of its layers, and Xavier's.

    Args:
        config: the settings.
        draw: index of the draw.

    Returns:
        The largest weight over the bounds of equations 1 and 16, and the variance of Xavier's
        weights times the average of the fans.
    """
    case = config.torch_fills
    seed = int(random_generator(config.seed, draw, 0).integers(2**63))
    layer, xavier = (torch.empty(case.rows, case.columns) for _ in range(2))
    generator = torch.Generator().manual_seed(seed)
    nn.init.kaiming_uniform_(layer, a=sqrt(case.squared_slope), generator=generator)
    nn.init.xavier_uniform_(xavier, gain=case.gain, generator=generator)
    bound = normalised_bound(case.columns, case.rows)
    return {
        "largest_over_bound.linear_layer": layer.abs().max().item() * sqrt(case.columns),
        "largest_over_bound.xavier_uniform": xavier.abs().max().item() / bound,
        "fan_times_variance.xavier_uniform": (
            fan_for("average", case.columns, case.rows) * mean_square(xavier)
        ),
    }


# Tails -------------------------------------------------------------------------------------------

# 1 minus each function, its slope, and its inverse.
COMPLEMENT: Mapping[str, Callable[[float], float]] = {
    "softsign": lambda x: 1 / (1 + x),
    "algebraic": lambda x: 1 / (sqrt(1 + x * x) * (sqrt(1 + x * x) + x)),
}
SLOPE: Mapping[str, Callable[[float], float]] = {
    "softsign": lambda x: 1 / (1 + x) ** 2,
    "algebraic": lambda x: (1 + x * x) ** -1.5,
}
INVERSE: Mapping[str, Callable[[float], float]] = {
    "softsign": lambda level: level / (1 - level),
    "algebraic": lambda level: level / sqrt(1 - level * level),
}


def tails(case: Tails) -> dict[str, float]:
    """Measure how a function tends to 1.

    Args:
        case: the function, two arguments and a level.

    Returns:
        The power of x with which 1 minus the function decays, and with which its slope decays; and
        the argument at which it reaches the level, over that of tanh.
    """

    def power(function: Callable[[float], float]) -> float:
        return log10(function(case.far) / function(case.near)) / log10(case.far / case.near)

    return {
        "power_of_rest.softsign": power(COMPLEMENT[case.function]),
        "power_of_slope.softsign": power(SLOPE[case.function]),
        "reach_over_tanh.softsign": INVERSE[case.function](case.level) / atanh(case.level),
    }
