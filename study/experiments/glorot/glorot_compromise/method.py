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
    Pass,
    mean_square,
    there_and_back,
    unit_weights,
    within_bound,
)
from study.lab.activations import activation
from study.lab.inits import Fan, fan_for, random_generator
from study.lab.mnist import Mnist, Split
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Count, Fraction, Positive, Settings, Width
from study.theory.glorot import compromise, normalised_bound
from study.theory.quotients import quotient

CLASSES = 10
LINEAR = activation("linear")


@dataclass(frozen=True, config=STRICT)
class Funnel:
    """Hidden widths, and the fan that the variance 1/fan has in three networks."""

    widths: Annotated[tuple[Width, ...], MinLen(2)]
    forward: Literal["fan_in", "fan_out", "average"]
    backward: Literal["fan_in", "fan_out", "average"]
    compromise: Literal["fan_in", "fan_out", "average"]


@dataclass(frozen=True, config=STRICT)
class ChainRule:
    """A small tanh network, and whether the pass by hand uses the derivative of tanh or a 1."""

    width: Width
    hidden: Annotated[int, Ge(1), Le(50)]
    images: Count
    derivative: Literal["own", "one"]


@dataclass(frozen=True, config=STRICT)
class TorchFills:
    """Shape of a matrix, the slope that torch's layers ask for, squared, and Xavier's gain."""

    rows: Width
    columns: Width
    squared_slope: Annotated[float, Ge(0), Le(1000)]
    gain: Positive


@dataclass(frozen=True, config=STRICT)
class Tails:
    """A function that comes to 1, two far places to see how fast, and a level to be reached.

    ``algebraic`` is x/√(1 + x²).
    """

    function: Literal["softsign", "algebraic"]
    near: Annotated[float, Gt(1), Le(1e6)]
    far: Annotated[float, Gt(1), Le(1e6)]
    level: Fraction

    def __post_init__(self) -> None:
        """Refuse a single place, where nothing falls."""
        if self.near == self.far:
            raise ValueError(f"near={self.near:g}, far={self.far:g}: must be two places")


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: how many draws of which networks and matrices."""

    images: Count
    funnel: Funnel
    chain_rule: ChainRule
    torch_fills: TorchFills
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
        StudyError: if there are not so many.
    """
    few = mnist.train.first(config.chain_rule.images, "chain_rule.images")
    return Inputs(*map(mnist.standardised_split, (mnist.train.first(config.images), few)))


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Measure the networks that narrow, the small network, and the matrices that torch fills.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        The quantities that claims read, and the factors of each layer that narrows.
    """
    factors = narrowing(config, inputs.funnel, draw)
    widths = [inputs.funnel.images.shape[1], *config.funnel.widths, CLASSES]
    values = (
        of_narrowing(widths, factors)
        | chain_rule(config, inputs.chain_rule, draw)
        | torch_fills(config, draw)
    )
    return Draw(values, {"factors": rows(factors)})


def exact(config: Config, _: Inputs) -> dict[str, float]:
    """Return how a function comes to 1, which no draw touches.

    Args:
        config: the settings.
        _: the images, which nothing here reads.
    """
    return tails(config.tails)


# Narrowing networks ------------------------------------------------------------------------------


def narrowing(config: Config, batch: Split, draw: int) -> dict[tuple[str, str], list[float]]:
    """Measure the factors of each layer in networks that narrow, for each way to divide.

    Args:
        config: the settings.
        batch: standardised images and their labels.
        draw: index of the draw.

    Returns:
        For the variance 1/fan of each of the three: by what each hidden layer multiplies the mean
        square of the activations (``up``), and each but the first that of the gradient (``down``).
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
        done = there_and_back(within_bound(units, 3.0, fan), batch.images, batch.labels, LINEAR)
        signal = map(mean_square, done.activations)
        gradient = map(mean_square, done.gradients[:-1])
        factors[name, "up"] = [quotient(b, a) for a, b in pairwise(signal)]
        factors[name, "down"] = [quotient(a, b) for a, b in pairwise(gradient)]
    return factors


def of_narrowing(
    widths: Sequence[int], factors: Mapping[tuple[str, str], Sequence[float]]
) -> dict[str, float]:
    """Return what claims read of the networks that narrow.

    Args:
        widths: of the input, of each hidden layer and of the outputs.
        factors: of each layer.

    Returns:
        The mean factor of a layer both ways, for each variance; for that of equation 12 also the
        mean over what equations 5 and 6 make of it.
    """
    variances = compromise(widths[:-1])
    laws = {
        "up": [n * variance for n, variance in zip(widths[:-2], variances, strict=True)],
        "down": [n * variance for n, variance in zip(widths[2:-1], variances[1:], strict=True)],
    }
    values = {f"factor_{way}.{name}": fmean(those) for (name, way), those in factors.items()}
    return values | {
        f"factor_{way}_over_law.compromise": fmean(
            measured / law for measured, law in zip(factors["compromise", way], law_of, strict=True)
        )
        for way, law_of in laws.items()
    }


def rows(factors: Mapping[tuple[str, str], Sequence[float]]) -> list[Row]:
    """Return the factors, one row for each variance, way and layer.

    Args:
        factors: of each layer; downwards the first has none.
    """
    return [
        {"variance": name, "way": way, "layer": layer, "sample": sample}
        for (name, way), by_layer in factors.items()
        for layer, sample in enumerate(by_layer, start=2 if way == "down" else 1)
    ]


# The chain rule, and torch -----------------------------------------------------------------------


def chain_rule(config: Config, batch: Split, draw: int) -> dict[str, float]:
    """Compare equations 2 and 3 with autograd in a small tanh network, in double precision.

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
    expected = torch.autograd.grad(loss, leaves)
    with torch.no_grad():
        done = there_and_back(leaves, x, y, activation("tanh"))
        if case.derivative == "one":
            done = without_derivatives(done, leaves)
        differences = [
            ((done.weight_gradient(layer) - one).abs().max() / one.abs().max()).item()
            for layer, one in enumerate(expected, start=1)
        ]
    return {"largest_difference.chain_rule": max(differences)}


def without_derivatives(done: Pass, weights: Sequence[Tensor]) -> Pass:
    """Send the gradient down again as if every derivative were 1, as equation 4 has it."""
    gradients = [done.gradients[-1]]
    for matrix in reversed(weights[1:]):
        gradients.insert(0, gradients[0] @ matrix)
    return Pass(done.activations, done.slopes, gradients)


def torch_fills(config: Config, draw: int) -> dict[str, float]:
    """Let torch fill matrices as its layers do, and by Xavier's name.

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

# How far each function is from 1, its slope, and where it reaches a level.
REST: Mapping[str, Callable[[float], float]] = {
    "softsign": lambda x: 1 / (1 + x),
    "algebraic": lambda x: 1 / (sqrt(1 + x * x) * (sqrt(1 + x * x) + x)),
}
SLOPE: Mapping[str, Callable[[float], float]] = {
    "softsign": lambda x: 1 / (1 + x) ** 2,
    "algebraic": lambda x: (1 + x * x) ** -1.5,
}
REACHES: Mapping[str, Callable[[float], float]] = {
    "softsign": lambda level: level / (1 - level),
    "algebraic": lambda level: level / sqrt(1 - level * level),
}


def tails(case: Tails) -> dict[str, float]:
    """See how a function comes to 1.

    Args:
        case: the function and where to look at it.

    Returns:
        The power of x with which its distance from 1 falls, and its slope; and how many times as
        far out as tanh it reaches a level.
    """

    def power(function: Callable[[float], float]) -> float:
        return log10(function(case.far) / function(case.near)) / log10(case.far / case.near)

    return {
        "power_of_rest.softsign": power(REST[case.function]),
        "power_of_slope.softsign": power(SLOPE[case.function]),
        "reach_over_tanh.softsign": REACHES[case.function](case.level) / atanh(case.level),
    }
