"""Drawings of activation functions: where they are steep, and where they are flat."""

from math import exp, log, sqrt, tanh

from study.drawings.canvas import Drawing, Point, area, axis, curve, disc, line, number, words
from study.theory.gaussian import leaky_relu_second_moment

REACH = 8.0


def sigmoid_plateau() -> Drawing:
    """A sigmoid is steep in the middle, and flat where its inputs are large."""
    flat = 0.01
    steepest = 0.25
    # s (1 - s) = flat, solved for s and then for z.
    share = (1 + sqrt(1 - 4 * flat)) / 2
    edge = log(share / (1 - share))
    floor, height, middle, unit = 170.0, 118.0, 180.0, 20.0

    def at(z: float) -> Point:
        return middle + unit * z, floor - height / (1 + exp(-z))

    def strip(low: float, high: float) -> list[Point]:
        return [
            (middle + unit * x, y)
            for x, y in ((low, floor), (low, floor - height), (high, floor - height), (high, floor))
        ]

    parts = (
        area(strip(-REACH, -edge), faint=True, tone="gradient"),
        area(strip(edge, REACH), faint=True, tone="gradient"),
        curve([at(REACH * step / 40) for step in range(-40, 41)], tone="signal", width=2.4),
        line(
            (middle - 40, floor - height / 2 + steepest * 2 * height),
            (middle + 40, floor - height / 2 - steepest * 2 * height),
            dashed=True,
        ),
        axis(
            (middle - unit * REACH, floor),
            (middle + unit * REACH, floor),
            [(middle + unit * z, number(z)) for z in (-edge, 0, edge)],
        ),
        words((middle, 20), f"slope at most {number(steepest)}, and flat at the ends", bold=True),
        words((20, 42), f"below {number(flat)}", tone="gradient", anchor="start"),
        words((340, 42), f"below {number(flat)}", tone="gradient", anchor="end"),
    )
    return Drawing(
        title="The sigmoid and its plateaus",
        text=f"The S of a sigmoid. In the middle its slope is {number(steepest)}; beyond "
        f"{number(-edge)} and {number(edge)} it is below {number(flat)}.",
        height=floor + 30,
        parts=parts,
        numbers={"steepest": steepest, "flat": flat, "edge": edge, "other edge": -edge, "zero": 0},
    )


def tanh_is_straight_near_zero() -> Drawing:
    """Near zero tanh is the straight line of slope 1; for larger inputs it lies below it."""
    floor, middle, unit = 110.0, 200.0, 50.0
    points = (0.2, 1.0, 2.0)

    def at(z: float, y: float) -> Point:
        return middle + unit * z, floor - 40 * y

    parts = (
        axis((20, floor), (340, floor)),
        line(at(-2, -2), at(2, 2), tone="faint", dashed=True),
        curve([at(z / 20, tanh(z / 20)) for z in range(-56, 57)], tone="signal", width=2.4),
        *(disc(at(z, tanh(z)), 4, tone="signal") for z in points),
        words((8, 26), "the line y = z", anchor="start", tone="faint"),
        words((8, 46), "tanh", anchor="start", tone="signal", bold=True),
        *(
            words((216, 150 + 20 * row), f"tanh {number(z)} = {number(tanh(z))}", anchor="start")
            for row, z in enumerate(points)
        ),
    )
    return Drawing(
        title="tanh is straight near zero",
        text="tanh beside the line of slope 1. "
        + ", ".join(f"tanh {number(z)} is {number(tanh(z))}" for z in points)
        + ".",
        height=204,
        parts=parts,
        numbers={
            **{f"z {number(z)}": z for z in points},
            **{f"tanh {number(z)}": tanh(z) for z in points},
            "slope": 1,
        },
    )


def leaky_slopes() -> Drawing:
    """The steeper the negative side of a leaky ReLU, the more of the mean square it keeps."""
    slopes = (0.0, 0.25, 1.0)
    floor, unit = 118.0, 44.0
    parts = [words((8, 22), "what is left of the mean square", anchor="start", bold=True)]
    for at, slope in enumerate(slopes):
        x = 64 + 116 * at
        parts += [
            axis((x - 50, floor), (x + 50, floor)),
            curve(
                [(x - unit, floor + unit * slope), (x, floor), (x + unit, floor - unit)],
                tone="signal",
                width=2.4,
            ),
            words((x, 190), f"a = {number(slope)}"),
            words((x, 212), number(leaky_relu_second_moment(slope)), tone="signal", bold=True),
        ]
    shares = [f"{number(leaky_relu_second_moment(a))} at slope {number(a)}" for a in slopes]
    return Drawing(
        title="Slopes and what they keep",
        text=f"Three leaky ReLUs. They keep {', '.join(shares)}.",
        height=224,
        parts=tuple(parts),
        numbers={
            **{f"slope {number(a)}": a for a in slopes},
            **{f"left {number(a)}": leaky_relu_second_moment(a) for a in slopes},
        },
    )
