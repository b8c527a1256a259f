"""Settings, one draw, and what is read of it."""

import dataclasses
from collections.abc import Sequence
from itertools import product
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from study.lab.inits import random_generator
from study.lab.mnist import Mnist
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table
from study.record.settings import STRICT, Settings, Several

Array = NDArray[np.float64]
Cost = Literal["cross_entropy", "quadratic"]


@dataclass(frozen=True, config=STRICT)
class Costs:
    """The cost that is said to have fewer plateaus, and the one that has more."""

    first: Cost
    second: Cost


@dataclass(frozen=True, config=STRICT)
class Squares:
    """The largest absolute value of either weight, in two squares.

    At much less than a thousandth the differences of a surface would be rounding errors.
    """

    near: Annotated[float, Ge(0.001), Le(100)]
    far: Annotated[float, Ge(0.001), Le(100)]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the number of examples, the grids of weights, and which slopes count as flat."""

    examples: Several
    squares: Squares
    points: Annotated[int, Ge(3), Le(1000)]
    costs: Costs
    flat_slope: Annotated[float, Gt(0), Le(100)]
    flat_share: Annotated[float, Gt(0), Le(100)]


def prepare(_: Config, __: Mnist) -> None:
    """Prepare nothing: the examples are random.

    Args:
        _: the settings, which nothing here reads.
        __: the data, which nothing here reads.
    """


def measure(config: Config, _: None, draw: int) -> Draw:
    """Compute both surfaces on random examples.

    Args:
        config: the settings.
        _: nothing.
        draw: index of the draw.

    Returns:
        The quantities that claims read; the surfaces; and the share of flat grid points by many
        limits of flatness.
    """
    squares = surfaces(config, draw)
    values = {
        f"{key}.{square}": number
        for square, pair in squares.items()
        for key, number in quantities(config, *pair).items()
    }
    flatness = [row for square, pair in squares.items() for row in flatness_rows(pair, square)]
    return Draw(values, {"surfaces": surface_rows(config, squares["near"]), "flatness": flatness})


@dataclasses.dataclass(frozen=True)
class Surface:
    """A cost over the two weights, and the length of its gradient.

    **Shapes**: both (points of the second weight, points of the first).
    """

    cost: Array
    slope: Array

    @property
    def range(self) -> float:
        """The highest cost minus the lowest."""
        return float(self.cost.max() - self.cost.min())

    @property
    def point_share(self) -> float:
        """The share of one grid point."""
        return 1 / self.cost.size


def surfaces(config: Config, draw: int) -> dict[str, tuple[Surface, Surface]]:
    """Compute the surfaces of both costs on the same random examples.

    Args:
        config: the settings.
        draw: index of the draw.

    Returns:
        For each square of weights the surface of the first cost and that of the second.
    """
    generator = random_generator(config.seed, draw, 0)
    inputs = generator.standard_normal(config.examples)
    targets = generator.integers(0, 2, config.examples).astype(np.float64)
    costs = (config.costs.first, config.costs.second)
    by_cost = {}
    for square, reach in vars(config.squares).items():
        weights = np.linspace(-reach, reach, config.points)
        first, second = (surface(cost, inputs, targets, weights) for cost in costs)
        by_cost[square] = first, second
    return by_cost


def surface(cost: Cost, inputs: Array, targets: Array, weights: Array) -> Surface:
    r"""Compute a cost and its gradient at all pairs of weights.

    With :math:`h = \tanh(w_1 x)`, :math:`a = w_2 h` and :math:`p = 1/(1 + e^{-a})`,

    .. math::
        C = -t \ln p - (1 - t) \ln(1 - p), \quad \frac{\partial C}{\partial a} = p - t
        \qquad \text{or} \qquad
        C = (p - t)^2, \quad \frac{\partial C}{\partial a} = 2\,(p - t)\,p\,(1 - p),

    averaged over the examples.

    Args:
        cost: which of the two.
        inputs: ``x``.
        targets: ``t``, 0 or 1.
        weights: the grid points of either weight.

    **Shapes**: ``inputs`` and ``targets`` (examples,), ``weights`` (points,).

    **Source**: Glorot and Bengio (2010), section 4.1 and figure 5.
    """
    h = np.tanh(weights[:, None] * inputs)
    costs, slopes = [], []
    for second in weights:
        a = second * h
        p = 1 / (1 + np.exp(-a))
        if cost == "cross_entropy":
            values, at_output = np.logaddexp(0, a) - targets * a, p - targets
        else:
            values, at_output = (p - targets) ** 2, 2 * (p - targets) * p * (1 - p)
        by_first = (at_output * second * (1 - h**2) * inputs).mean(axis=1)
        by_second = (at_output * h).mean(axis=1)
        costs.append(values.mean(axis=1))
        slopes.append(np.hypot(by_first, by_second))
    return Surface(np.array(costs), np.array(slopes))


def quantities(config: Config, first: Surface, second: Surface) -> dict[str, float]:
    """Compare the two surfaces.

    Args:
        config: the settings.
        first: the surface that is said to have fewer plateaus.
        second: the other.

    Returns:
        By either measure of flatness, the slope itself and the slope over the surface's range:
        the ratio of the medians, second over first; the share of flat grid points in each; and the
        ratio of these shares.
    """
    range_ratio = second.range / first.range
    slopes = float(np.median(second.slope) / np.median(first.slope))
    values = {
        "range_ratio": range_ratio,
        "median_slope_ratio_absolute": slopes,
        "median_slope_ratio_relative": slopes / range_ratio,
    }
    for measure, limit in (("absolute", config.flat_slope), ("relative", config.flat_share)):
        shares = [flat_share(surface, measure, limit) for surface in (first, second)]
        values |= {
            f"flat_share_{measure}_first": shares[0],
            f"flat_share_{measure}_second": shares[1],
            # One grid point more for each, since a surface may have none.
            f"flat_ratio_{measure}": (shares[1] + first.point_share)
            / (shares[0] + first.point_share),
        }
    return values


def flat_share(surface: Surface, measure: str, limit: float) -> float:
    """Return the share of a surface's grid points whose slope is below a limit.

    Args:
        surface: the surface.
        measure: ``absolute``, or ``relative`` to the surface's range.
        limit: the slope, or the slope over the range.
    """
    unit = surface.range if measure == "relative" else 1.0
    return float((surface.slope < limit * unit).mean())


# Tables ------------------------------------------------------------------------------------------

THRESHOLDS = tuple(float(f"{10 ** (exponent / 4):.3g}") for exponent in range(-14, 2))
"""Limits of the slope, or of the slope over the range, for the figure."""


def surface_rows(config: Config, pair: Sequence[Surface]) -> list[Row]:
    """Return rows of the two weights and the two costs, every second grid point of the near square.

    Args:
        config: the settings.
        pair: the surface of the first cost and that of the second.
    """
    reach, (first, second) = config.squares.near, pair
    grid = np.linspace(-reach, reach, config.points)[::2]
    return [
        {
            "first_weight": float(w1),
            "second_weight": float(w2),
            "first_cost": float(first.cost[2 * row, 2 * column]),
            "second_cost": float(second.cost[2 * row, 2 * column]),
        }
        for row, w2 in enumerate(grid)
        for column, w1 in enumerate(grid)
    ]


def flatness_rows(pair: Sequence[Surface], square: str) -> list[Row]:
    """Return the share of flat grid points by many limits, for either cost and either measure.

    Args:
        pair: the surface of the first cost and that of the second.
        square: the name of their square of weights.
    """
    first, second = pair
    cases = product(
        THRESHOLDS, {"first": first, "second": second}.items(), ("absolute", "relative")
    )
    return [
        {
            "square": square,
            "cost": cost,
            "measure": measure,
            "limit": limit,
            "sample": flat_share(surface, measure, limit),
        }
        for limit, (cost, surface), measure in cases
    ]


def tables(_: Config, draws: Draws) -> dict[str, Table]:
    """Return the surfaces of the first draw, and the mean shares of flat grid points of all.

    Args:
        _: the settings, which nothing here reads.
        draws: all draws.
    """
    first = next(iter(draws.values()))
    return {"surfaces": list(first.tables["surfaces"]), "flatness": means(draws, "flatness")}
