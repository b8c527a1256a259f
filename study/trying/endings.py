"""Where number formats end, if sizes go on as they were measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isfinite, log2

import numpy as np

from study.record.estimates import Estimate, estimate
from study.theory.finite_width import LARGEST, SMALLEST

FORMATS = ("float32", "bfloat16", "float16")
"""Of which it is said where they end."""
FEWEST = 4
"""Of so many layers, a line through their sizes says something about the next ones."""


@dataclass(frozen=True)
class Growth:
    """A straight line through the logarithms of sizes, over the later half of the layers.

    Attributes:
        rate: what a layer adds to the binary logarithm, estimated over the draws.
        start: the binary logarithm before the first layer, on average over the draws.
        layers: how many layers were measured.
    """

    rate: Estimate
    start: float
    layers: int


@dataclass(frozen=True)
class Ending:
    """Where the root mean square leaves a number format.

    Attributes:
        layer: counted from where the pass begins.
        is_overflow: whether it becomes too large, not too small.
    """

    layer: int
    is_overflow: bool


def growth(draws: Sequence[Sequence[float]]) -> Growth | None:
    """Lay a line through the sizes of the later half of the layers of each draw.

    Args:
        draws: for each, the root mean squares in the order of the pass.

    Returns:
        The mean of the lines; None if a draw has fewer than :data:`FEWEST` sizes that are finite
        and not 0.

    >>> round(growth([[8.0, 4.0, 2.0, 1.0]]).rate.mean, 9)
    -1.0
    """
    lines = []
    for sizes in draws:
        points = [
            (layer, log2(size))
            for layer, size in enumerate(sizes, 1)
            if size > 0 and isfinite(size)
        ]
        if len(points) < FEWEST:
            return None
        # The later half: a size that settles does so after the first few layers.
        points = points[-max(FEWEST, len(points) // 2) :]
        places, heights = np.array(points).T
        slope, start = np.polyfit(places, heights, deg=1)
        lines.append((float(slope), float(start)))
    slopes, starts = zip(*lines, strict=True)
    return Growth(estimate(slopes), float(np.mean(starts)), max(map(len, draws)))


def ending(line: Growth, number_format: str) -> Ending | None:
    r"""Return where the root mean square reaches an end of a number format.

    .. math:: l = (e - s)/r

    with the exponent :math:`e` of the smallest or the largest number, the start :math:`s` and
    the rate :math:`r`.

    Args:
        line: the measured growth.
        number_format: one of :data:`FORMATS`.

    Returns:
        The layer, rounded up; None where the draws do not tell the rate from 0.

    **Source**: the recipe of the chapter on number formats, with the measured rate and the root
    mean square in place of the largest entry.

    >>> ending(Growth(Estimate(-0.5, 0.0, 9), 0.0, 10), "float32")
    Ending(layer=298, is_overflow=False)
    """
    rate = line.rate.mean
    is_told = line.rate.draws == 1 or abs(rate) > line.rate.half_width
    if not is_told or abs(rate) < 1e-9:
        return None
    exponent = LARGEST[number_format] if rate > 0 else SMALLEST[number_format]
    layer = (exponent - line.start) / rate
    return Ending(max(1, ceil(round(layer, 6))), rate > 0)
