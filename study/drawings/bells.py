"""Drawings of distributions: the bell, and what is left of it."""

from collections.abc import Callable
from math import exp, pi, sqrt

from study.drawings.canvas import Drawing, Point, area, axis, curve, disc, line, number, words
from study.theory.gaussian import leaky_relu_mean, leaky_relu_second_moment, leaky_relu_variance

STEPS = 60
PANEL, GAP, TOP, FLOOR = 160, 40, 34, 150
HIGH = (FLOOR - TOP) / 0.45


def density(x: float) -> float:
    """Return the height of the bell of mean 0 and variance 1."""
    return exp(-(x**2) / 2) / sqrt(2 * pi)


def _outline(left: float, low: float, of: Callable[[float], float] = density) -> list[Point]:
    """Return the bell from a number on, in a panel that shows -3 to 3."""
    marks = (low + (3 - low) * step / STEPS for step in range(STEPS + 1))
    return [(left + PANEL * (x + 3) / 6, FLOOR - HIGH * of(x)) for x in marks]


def halves_of_a_bell() -> Drawing:
    """A ReLU takes the left half of the bell to zero: half of the squares go, and a mean comes."""
    right = PANEL + GAP
    mean, second, variance = (
        of(0.0) for of in (leaky_relu_mean, leaky_relu_second_moment, leaky_relu_variance)
    )
    left_bell, right_bell = _outline(0, -3), _outline(right, 0)
    zero, middle = right + PANEL / 2, right + PANEL * (mean + 3) / 6
    parts = (
        area([(0, FLOOR), *left_bell, (PANEL, FLOOR)], faint=True),
        curve(left_bell, tone="signal"),
        area([(zero, FLOOR), *right_bell, (right + PANEL, FLOOR)], faint=True),
        curve(right_bell, tone="signal"),
        line((zero, FLOOR), (zero, TOP + 4), tone="signal", width=5),
        words((zero - 8, TOP + 40), "half are 0", anchor="end", tone="signal", size=13),
        axis((0, FLOOR), (PANEL, FLOOR), [(PANEL / 2, "0")]),
        axis((right, FLOOR), (right + PANEL, FLOOR), [(zero, "0")]),
        disc((PANEL / 2, FLOOR), 4),
        disc((middle, FLOOR), 4),
        words((PANEL / 2, 18), "before the ReLU", bold=True),
        words((zero, 18), "after it", bold=True),
        *(
            words((left, FLOOR + 42 + 19 * row), text, anchor="start")
            for left, texts in (
                (4, ("● mean 0", "mean square 1", "variance 1")),
                (
                    right,
                    (
                        f"● mean {number(mean)}",
                        f"mean square {number(second)}",
                        f"variance {number(variance)}",
                    ),
                ),
            )
            for row, text in enumerate(texts)
        ),
    )
    return Drawing(
        title="What a ReLU leaves of a bell",
        text="A bell about zero has mean 0, mean square 1 and variance 1. After the ReLU its left "
        f"half lies on zero: the mean is {number(mean)}, the mean square {number(second)} and the "
        f"variance {number(variance)}.",
        height=FLOOR + 90,
        parts=parts,
        numbers={
            "mean before": 0,
            "second moment before": 1,
            "variance before": 1,
            "mean after": mean,
            "second moment after": second,
            "variance after": variance,
        },
    )
