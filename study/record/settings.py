"""What the settings of all experiments have in common, and the types of their fields."""

from typing import Annotated, TypeVar

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
"""Settings are checked for unknown fields, wrong types and numbers that are not finite."""

T = TypeVar("T")

Seed = Annotated[int, Ge(0), Lt(2**64)]
"""Where random numbers come from."""
Count = Annotated[int, Ge(1), Le(10_000_000)]
"""How many there are of something, such as images, updates or networks."""
Several = Annotated[int, Ge(2), Le(10_000_000)]
"""How many there are of something of which one says nothing, such as images of a variance."""
Width = Annotated[int, Ge(2), Le(16_384)]
"""How many units a layer has."""
Units = Annotated[int, Ge(1), Le(16_384)]
"""How many units a layer has that may be a single one, or a side of a matrix."""
Depth = Annotated[int, Ge(2), Le(10_000)]
"""How many layers a deep network has."""
Positive = Annotated[float, Gt(0)]
"""A loss, a scale, or another number above 0."""
LearningRate = Annotated[float, Gt(0), Le(1000)]
"""What a gradient is multiplied by in an update."""
Variance = Annotated[float, Gt(0), Le(1000)]
"""A weight variance, times the fan; with a thousand layers more leaves every number format."""
BiasVariance = Annotated[float, Ge(0), Le(1000)]
"""A bias variance; 0 for no biases."""
Fraction = Annotated[float, Gt(0), Lt(1)]
"""A share of a whole, neither none nor all of it."""
Momentum = Annotated[float, Ge(0), Lt(1)]
"""What is kept of the last update; 0 is plain gradient descent."""
Slope = Annotated[float, Ge(-10), Le(10)]
"""The slope of a leaky ReLU below 0; 0 is a ReLU, 1 the identity."""
Shift = Annotated[float, Ge(-10), Le(10)]
"""What is added to a ReLU's output."""
Whole = Annotated[int, Ge(0)]
"""How many there are of something that may be missing, or after how many updates."""

NonEmpty = Annotated[tuple[T, ...], MinLen(1)]
"""One value or more."""
Named = Annotated[dict[str, T], MinLen(1)]
"""One value or more, by name."""


@dataclass(frozen=True, config=STRICT)
class Settings:
    """What every experiment is told.

    Attributes:
        seed: where all its random numbers come from.
        draws: how many independent draws are made.
    """

    seed: Seed
    draws: Annotated[int, Ge(1), Le(1_000_000)]
