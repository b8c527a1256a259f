"""Drawings of directions: what a layer does to angles, and what a matrix does to a circle."""

from itertools import pairwise
from math import acos, asin, atan2, cos, degrees, exp, pi, radians, sin, sqrt

from study.drawings.canvas import (
    Drawing,
    Point,
    Tone,
    arrow,
    axis,
    curve,
    disc,
    line,
    number,
    words,
)
from study.theory.activations import activation
from study.theory.direction import log_sine_drift
from study.theory.mean_field import correlation_map, gaps

FAN = 5
"""Arrows in a fan."""
STRETCH = ((1.5, 0.6), (-0.3, 0.7))
"""The matrix of the ellipse, row by row."""


def closing_fan() -> Drawing:
    """ReLU layers turn all inputs into one direction: a fan of arrows that closes."""
    relu = activation("relu")
    layers = (0, 1, 5, 30)
    by_layer = gaps(relu, 1.0, 1.0, 2.0, 0.0, max(layers) + 1)
    angles = {layer: degrees(acos(1 - by_layer[layer])) for layer in layers}
    floor, reach = 116.0, 62.0
    parts = [words((8, 22), "the angle between two inputs", anchor="start", bold=True)]
    for at, (layer, angle) in enumerate(angles.items()):
        foot = (46 + 90 * at, floor)
        for place in range(FAN):
            turn = radians(90 + angle * (place / (FAN - 1) - 0.5))
            tip = (foot[0] + reach * cos(turn), floor - reach * sin(turn))
            parts.append(arrow(foot, tip, tone="signal", width=1.4, head=6))
        parts += [
            words((foot[0], floor + 24), f"{number(angle)}°", bold=True),
            words((foot[0], floor + 44), f"layer {number(layer)}" if layer else "input"),
        ]
    angle_texts = [
        f"{number(angle)} degrees after {number(layer)}" for layer, angle in angles.items()
    ]
    return Drawing(
        title="A fan that closes",
        text="Inputs as arrows. The angle between the outermost is "
        f"{', '.join(angle_texts)} ReLU layers.",
        height=floor + 56,
        parts=tuple(parts),
        numbers={
            **{f"layer {layer}": layer for layer in layers},
            **{f"angle {layer}": angle for layer, angle in angles.items()},
        },
    )


def closing_by_width() -> Drawing:
    """Without an activation the angle between two inputs closes all the more in narrow layers."""
    depth, widths = 100, (1000, 100, 20)
    # The typical sine of the angle: that of the mean logarithm.
    sines = (exp(depth * log_sine_drift(width, slope=1) / 2) for width in widths)
    angles = (90.0, *(degrees(asin(sine)) for sine in sines))
    floor, reach = 116.0, 62.0
    below = "input", *(f"n = {number(width)}" for width in widths)
    parts = [words((8, 22), f"after {number(depth)} layers of width n", anchor="start", bold=True)]
    for at, (angle, name) in enumerate(zip(angles, below, strict=True)):
        foot = (46 + 90 * at, floor)
        for side in (-1, 1):
            turn = radians(90 + side * angle / 2)
            tip = (foot[0] + reach * cos(turn), floor - reach * sin(turn))
            parts.append(arrow(foot, tip, tone="signal", head=6))
        parts += [
            words((foot[0], floor + 24), f"{number(angle)}°", bold=True),
            words((foot[0], floor + 44), name),
        ]
    angle_texts = [
        f"{number(angle)} degrees at width {number(width)}"
        for angle, width in zip(angles[1:], widths, strict=True)
    ]
    return Drawing(
        title="The narrower, the sooner it closes",
        text=f"Two arrows at {number(angles[0])} degrees, and the typical angle between them after "
        f"{number(depth)} layers without an activation: {', '.join(angle_texts)}.",
        height=floor + 56,
        parts=tuple(parts),
        numbers={
            "depth": depth,
            "input": angles[0],
            **{f"width {width}": width for width in widths},
            **{f"angle {width}": angle for width, angle in zip(widths, angles[1:], strict=True)},
        },
    )


def cobweb() -> Drawing:
    """From layer to layer the cosine climbs a staircase between its map and the diagonal, to 1."""
    relu = activation("relu")
    steps = [0.0]
    for _ in range(9):
        steps.append(correlation_map(relu, 1.0, steps[-1], 2.0))
    left, floor, side = 60.0, 238.0, 210.0

    def at(x: float, y: float) -> Point:
        return left + side * x, floor - side * y

    marks = [step / 50 for step in range(51)]
    stairs = [at(steps[0], steps[0])]
    for low, high in pairwise(steps):
        stairs += [at(low, high), at(high, high)]
    parts = (
        axis((left, floor), (left + side, floor), [(left, "0"), (left + side, "1")]),
        words((left + side / 2, floor + 19), "cosine in a layer"),
        line((left, floor), (left, floor - side), tone="faint", width=1.2),
        words((left, floor - side - 10), "cosine in the next layer", anchor="start"),
        line(at(0, 0), at(1, 1), tone="faint", dashed=True),
        curve([at(x, correlation_map(relu, 1.0, x, 2.0)) for x in marks], tone="gradient", width=2),
        curve(stairs, tone="signal", width=2),
        *(
            words((left - 8, at(0, height)[1] + 5), number(height), anchor="end", tone="signal")
            for height in steps[1:3]
        ),
        words((left + side + 8, at(0, 1)[1] + 5), "all one", anchor="start", bold=True),
        words((left + side + 8, at(0, 1)[1] + 23), "direction", anchor="start", bold=True),
    )
    return Drawing(
        title="The cosine climbs to 1",
        text="A curve above the diagonal: the cosine in the next layer against that in this one. "
        f"A staircase between them climbs from {number(0)} over {number(steps[1])} and "
        f"{number(steps[2])} to {number(1)}.",
        height=floor + 30,
        parts=parts,
        numbers={"start": 0, "first": steps[1], "second": steps[2], "end": 1},
    )


def circle_to_ellipse() -> Drawing:
    """A matrix makes an ellipse of a circle; its half axes are the singular values."""
    (a, b), (c, d) = STRETCH
    squares, area = a * a + b * b + c * c + d * d, abs(a * d - b * c)
    root = sqrt(squares**2 - 4 * area**2)
    long, short = sqrt((squares + root) / 2), sqrt((squares - root) / 2)
    turn = atan2(2 * (a * b + c * d), a * a + c * c - b * b - d * d) / 2
    unit, height = 58.0, 116.0
    left, right = (72.0, height), (252.0, height)

    def image(angle: float) -> Point:
        x, y = cos(angle), sin(angle)
        return right[0] + unit * (a * x + b * y), right[1] - unit * (c * x + d * y)

    def before(angle: float) -> Point:
        return left[0] + unit * cos(angle), left[1] - unit * sin(angle)

    axes: tuple[tuple[float, Tone], ...] = ((turn, "signal"), (turn + pi / 2, "gradient"))
    angles = [2 * pi * step / 80 for step in range(81)]
    parts = (
        curve(map(before, angles), tone="faint"),
        curve(map(image, angles), tone="faint"),
        *(
            arrow(centre, point(angle), tone=tone, width=2.2)
            for point, centre in ((before, left), (image, right))
            for angle, tone in axes
        ),
        words((left[0], 22), "inputs of size 1", bold=True),
        words((right[0], 22), "what W makes of them", bold=True),
        arrow((138, height), (158, height)),
        words((8, 222), f"longest: {number(long)}", tone="signal", anchor="start", bold=True),
        words((130, 222), f"shortest: {number(short)}", tone="gradient", anchor="start", bold=True),
        words((8, 242), "these are the singular values of W", anchor="start"),
    )
    return Drawing(
        title="A circle becomes an ellipse",
        text="A circle of inputs and the ellipse that a matrix makes of it. The half axes of the "
        f"ellipse are the singular values, {number(long)} and {number(short)}.",
        height=254,
        parts=parts,
        numbers={"long": long, "short": short, "size": 1},
    )


def narrow_valley() -> Drawing:
    """In a narrow valley the steep direction sets the learning rate, and the flat one waits."""
    steep, flat, rate, updates = 10.0, 1.0, 0.18, 10
    starts = (-1.0, 0.3)
    shares = ((1 - rate * flat) ** updates, abs(1 - rate * steep) ** updates)
    left, middle, unit = 200.0, 104.0, 150.0

    def at(x: float, y: float) -> Point:
        return left + unit * x, middle - unit * y

    def level(height: float) -> list[Point]:
        turns = [2 * pi * step / 80 for step in range(81)]
        return [
            at(sqrt(height / flat) * cos(turn), sqrt(height / steep) * sin(turn)) for turn in turns
        ]

    path = [
        at(starts[0] * (1 - rate * flat) ** step, starts[1] * (1 - rate * steep) ** step)
        for step in range(updates + 1)
    ]
    parts = (
        words((8, 22), "steps in a narrow valley", anchor="start", bold=True),
        *(curve(level(height), tone="faint", width=1.2) for height in (0.1, 0.4, 0.95)),
        curve(path, tone="signal", width=2),
        *(disc(point, 3, tone="signal") for point in path),
        disc(at(0, 0), 4, tone="gradient"),
        words((8, 186), f"after {number(updates)} steps, of the way to go:", anchor="start"),
        words((8, 206), f"{number(shares[0])} left along the valley", anchor="start", bold=True),
        words((8, 226), f"{number(shares[1])} left across it", anchor="start"),
    )
    return Drawing(
        title="Gradient descent in a narrow valley",
        text="Level lines of a long, narrow valley. Gradient descent goes to and fro across it and "
        f"only slowly along it: after {number(updates)} steps {number(shares[0])} of the way is "
        f"left along the valley, {number(shares[1])} across.",
        height=238,
        parts=parts,
        numbers={"updates": updates, "along": shares[0], "across": shares[1]},
    )
