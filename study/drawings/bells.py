"""Drawings of distributions: the bell, and what is left of it."""

from math import erf, exp, log, pi, sqrt

from study.drawings.canvas import (
    Drawing,
    Point,
    area,
    axis,
    bar,
    curve,
    disc,
    line,
    number,
    raised,
    words,
)
from study.theory.finite_width import log_norm
from study.theory.gaussian import leaky_relu_mean, leaky_relu_second_moment, leaky_relu_variance

STEPS = 60
MARKS = ("−2σ", "−σ", "mean", "σ", "2σ")
PANEL, GAP, TOP, FLOOR = 160, 40, 34, 150
HIGH = (FLOOR - TOP) / 0.45


def density(x: float) -> float:
    """Return the height of the bell of mean 0 and variance 1."""
    return exp(-(x**2) / 2) / sqrt(2 * pi)


def _outline(left: float, low: float) -> list[Point]:
    """Return the bell from a number on, in a panel that shows -3 to 3."""
    marks = (low + (3 - low) * step / STEPS for step in range(STEPS + 1))
    return [(left + PANEL * (x + 3) / 6, FLOOR - HIGH * density(x)) for x in marks]


def halves_of_a_bell() -> Drawing:
    """A ReLU takes the left half of the bell to zero: half of the squares go, and a mean comes."""
    right = PANEL + GAP
    mean, second, variance = (
        law(0.0) for law in (leaky_relu_mean, leaky_relu_second_moment, leaky_relu_variance)
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


def bell() -> Drawing:
    """Two thirds of a bell lie within one standard deviation, nearly all of it within two."""
    shares = [erf(deviations / sqrt(2)) for deviations in (1, 2)]
    middle, step, high, floor = 180.0, 52.0, 300.0, 150.0

    def between(low: float, high_end: float) -> list[Point]:
        places = (low + (high_end - low) * at / STEPS for at in range(STEPS + 1))
        return [(middle + step * x, floor - high * density(x)) for x in places]

    def under(deviations: float) -> list[Point]:
        ends = [(middle + step * end, floor) for end in (-deviations, deviations)]
        return [ends[0], *between(-deviations, deviations), ends[1]]

    spans = [
        part
        for at, share in enumerate(shares, start=1)
        for end, y in [(step * at, floor + 16 + 26 * at)]
        for part in (
            line((middle - end, y), (middle + end, y)),
            words((middle + end + 8, y + 5), f"{number(100 * share)} %", anchor="start", bold=True),
        )
    ]
    marks = [(middle + step * at, name) for at, name in enumerate(MARKS, start=-2)]
    parts = (
        area(under(2), faint=True),
        area(under(1), faint=True),
        curve(between(-3.3, 3.3), tone="signal"),
        axis(
            (6, floor),
            (354, floor),
            marks,
        ),
        *spans,
        words((middle, 18), "a bell of standard deviation σ", bold=True),
    )
    return Drawing(
        title="How much of a bell lies where",
        text=f"{number(100 * shares[0])} per cent of a bell lie within one standard deviation of "
        f"its mean, {number(100 * shares[1])} per cent within two.",
        height=floor + 82,
        parts=parts,
        numbers={"within one": 100 * shares[0], "within two": 100 * shares[1], "two": 2},
    )


def log_normal() -> Drawing:
    """The mean of a thousand-layer network's size is made by networks that nobody draws."""
    width, layers = 100, 1000
    law = log_norm(width).after(layers)
    ten = log(10)
    typical, carriers = law.drift / ten, (law.drift + law.variance) / ten
    deviation = sqrt(law.variance) / ten
    above = (1 - erf(-law.drift / sqrt(2 * law.variance))) / 2
    floor, high = 170.0, 100.0

    def across(exponent: float) -> float:
        return 180 + 8 * exponent

    def hill(middle: float) -> list[Point]:
        places = (at / 10 - 3 for at in range(61))
        peak = high / density(0)
        return [(across(middle + deviation * x), floor - peak * density(x)) for x in places]

    parts = (
        area([(across(typical - 3 * deviation), floor), *hill(typical)], faint=True),
        curve(hill(typical), tone="signal"),
        curve(hill(carriers), tone="gradient", dashed=True),
        axis(
            (6, floor),
            (354, floor),
            [(across(e), f"10{raised(e)}" if e else "1") for e in (-20, -10, 0, 10, 20)],
            "size, |h|² over its expectation",
        ),
        line((across(0), floor), (across(0), floor - 62), tone="ink", dashed=True),
        words((across(0), floor - 84), "mean", bold=True),
        words((across(0), floor - 68), number(1), bold=True),
        words((across(typical), 26), "nearly all networks", tone="signal", bold=True),
        words((across(typical), 46), number(10**typical), tone="signal"),
        words((across(carriers), 26), "make the mean", tone="gradient", bold=True),
        words((across(carriers), 46), number(10**carriers), tone="gradient"),
        words(
            (180, floor + 62),
            f"{number(above * 100)} % of the networks reach the mean",
            size=14,
        ),
    )
    return Drawing(
        title="The mean is made by networks that nobody draws",
        text=f"The sizes of networks of {number(layers)} layers and {number(width)} units, on an "
        f"axis of powers of ten. They lie in a hill about {number(10**typical)}; the mean is "
        f"{number(1)}, and comes from a second hill about {number(10**carriers)}, in which there "
        f"are next to no networks. {number(above * 100)} per cent of them reach the mean.",
        height=floor + 74,
        parts=parts,
        numbers={
            "layers": layers,
            "width": width,
            "typical": 10**typical,
            "mean": 1,
            "carriers": 10**carriers,
            "per cent above the mean": 100 * above,
        },
    )


def what_a_relu_halves() -> Drawing:
    """A ReLU halves the mean square, and takes away more than half of the variance."""
    after = {"mean square": leaky_relu_second_moment(0.0), "variance": leaky_relu_variance(0.0)}
    floor, scale = 150.0, 96.0
    parts = []
    for at, (name, size) in enumerate(after.items()):
        left = 50 + 180 * at
        parts += [
            bar((left, floor), scale, width=48, key="before", pale=True),
            bar((left + 80, floor), scale * size, width=48, key=name),
            words((left, floor - scale - 8), number(1)),
            words((left + 80, floor - scale * size - 8), number(size), tone="signal", bold=True),
            words((left, floor + 19), "before", size=13),
            words((left + 80, floor + 19), "after", size=13),
            words((left + 40, 24), name, bold=True),
        ]
    parts.append(axis((8, floor), (352, floor)))
    return Drawing(
        title="What a ReLU halves",
        text=f"Bars before and after a ReLU: the mean square falls from {number(1)} to "
        f"{number(after['mean square'])}, the variance to {number(after['variance'])}.",
        height=floor + 30,
        parts=tuple(parts),
        numbers={"before": 1, **after},
    )
