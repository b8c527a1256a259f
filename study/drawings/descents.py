"""Drawings of gradient descent: a round bowl, and a long valley."""

from math import cos, hypot, pi, sin

from study.drawings.canvas import Drawing, Point, curve, disc, number, words

UNIT, MIDDLE, LEFT, RIGHT = 68, 108, 80, 275
START = (-1.0, 0.3)
STEEPER, STEPS = 16, 10
RINGS = (0.4, 0.7, 1.0)


def bowl_and_valley() -> Drawing:
    """A round bowl takes one step; a long valley takes many, since its steep side sets the step."""
    bowl, valley = _path(1, 1.0, 1), _path(STEEPER, 1.7 / STEEPER, STEPS)
    left, crawl = (hypot(*path[-1]) / hypot(*START) for path in (bowl, valley))
    parts = (
        *(_ring(LEFT, 1, radius) for radius in RINGS),
        *(_ring(RIGHT, STEEPER, radius) for radius in RINGS),
        *_descent(LEFT, bowl),
        *_descent(RIGHT, valley),
        words((LEFT, 18), "equally steep", bold=True),
        words((RIGHT, 18), f"one {number(STEEPER)}× as steep", bold=True, size=13),
        words((LEFT, 208), f"{number(1)} step: {number(left)} left", size=13),
        words((RIGHT, 208), f"{number(STEPS)} steps: {number(crawl)} left", size=13),
    )
    return Drawing(
        title="A round bowl and a long valley",
        text="Two losses from above. Where all directions are equally steep, one step of gradient "
        f"descent ends in the middle. Where one is {number(STEEPER)} times as steep, the steps "
        f"zigzag across the valley and crawl along it: after {number(STEPS)} of them "
        f"{number(crawl)} of the distance is left.",
        height=222,
        parts=parts,
        numbers={"steeper": STEEPER, "one": 1, "steps": STEPS, "bowl": left, "valley": crawl},
    )


def _path(steeper: float, rate: float, steps: int) -> list[Point]:
    """Return the errors of descent on two directions of curvature 1 and more."""
    return [
        (START[0] * (1 - rate) ** step, START[1] * (1 - rate * steeper) ** step)
        for step in range(steps + 1)
    ]


def _ring(middle: float, steeper: float, radius: float) -> str:
    """Return where the loss is the same."""
    turns = (2 * pi * step / 72 for step in range(73))
    points = [
        (
            middle + UNIT * radius * cos(turn),
            MIDDLE + UNIT * radius * sin(turn) / steeper**0.5,
        )
        for turn in turns
    ]
    return curve(points, tone="faint", width=1.2)


def _descent(middle: float, path: list[Point]) -> list[str]:
    points = [(middle + UNIT * x, MIDDLE - UNIT * y) for x, y in path]
    dots = [disc(point, 2.5, tone="gradient") for point in points]
    return [curve(points, tone="gradient"), *dots, disc((middle, MIDDLE), 3)]
