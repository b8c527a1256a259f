"""Drawings of what a map does to a cosine or a length when it is applied again and again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import exp

from study.drawings.canvas import (
    Drawing,
    Point,
    Tone,
    axis,
    box,
    curve,
    disc,
    line,
    number,
    words,
)
from study.theory.activations import activation
from study.theory.mean_field import (
    correlation_fixed_point,
    correlation_map,
    gradient_factor,
    length_fixed_point,
    length_map,
)
from study.theory.phases import correlation_depth_scale, critical_weight_variance
from study.theory.shifts import lowered, shifted_relu_settling

NETWORKS = (("ordered", 1.0, 0.05), ("chaotic", 8.0, 0.8))
"""Each with the variances of its weights, times fan_in, and of its biases."""
STARTS: tuple[tuple[float, Tone], ...] = ((0.1, "signal"), (0.97, "gradient"))
SIZES: tuple[tuple[float, Tone], ...] = ((0.02, "signal"), (1.1, "gradient"))
SHIFT, LARGEST = 0.5, 1.2
SIDE, GAP, TOP = 150, 52, 42
STEPS = 40
TURNS = 14


@dataclass(frozen=True)
class Frame:
    """A square in which a map is drawn against its diagonal, from 0 to the largest value."""

    left: float
    top: float
    side: float
    largest: float

    def place(self, x: float, y: float) -> Point:
        """Return where two numbers lie in the drawing."""
        share = self.side / self.largest
        return self.left + share * x, self.top + self.side - share * y

    def empty(self) -> list[str]:
        """Draw the square with its diagonal."""
        corner = self.place(self.largest, self.largest)
        return [
            box((self.left, self.top), (self.side, self.side), tone="faint"),
            line(self.place(0, 0), corner, tone="faint"),
        ]

    def staircase(self, step: Callable[[float], float], start: float, tone: Tone) -> str:
        """Draw where a map leads from a start, as long as it stays in the square."""
        x, corners = start, [self.place(start, start)]
        for _ in range(TURNS):
            after = step(x)
            if after > self.largest:
                break
            corners += [self.place(x, after), self.place(after, after)]
            x = after
        return curve(corners, tone=tone)


def order_and_chaos() -> Drawing:
    """Two tanh networks, and where pairs of inputs go in each: to one, or to one value below it."""
    tanh = activation("tanh")
    parts: list[str] = []
    numbers: dict[str, float] = {}
    sentences: list[str] = []
    for at, (name, c, biases) in enumerate(NETWORKS):
        q = length_fixed_point(tanh, c, biases)

        def step(rho: float, q: float = q, c: float = c, biases: float = biases) -> float:
            return correlation_map(tanh, q, rho, c, biases)

        slope = gradient_factor(tanh, q, c)
        end = 1.0 if slope < 1 else correlation_fixed_point(tanh, c, biases)
        numbers |= {f"slope, {name}": slope, f"end, {name}": end}
        sentences.append(
            f"{name}, the slope of the map at 1 is {number(slope)} and every staircase "
            f"goes to {number(end)}"
        )
        texts = name, f"slope at 1: {number(slope)}", f"pairs end at {number(end)}"
        parts += _cobweb(at, step, STARTS, end, texts=texts)
    return Drawing(
        title="Order and chaos",
        text="Two maps of the cosine of two inputs from one layer to the next, with staircases: "
        + "; ".join(sentences)
        + ".",
        height=TOP + SIDE + 30,
        parts=tuple(parts),
        numbers=numbers,
    )


def what_is_left_of_a_difference() -> Drawing:
    """Three ordered tanh networks: the nearer to the edge, the later 1/e of a gap is left."""
    tanh, biases = activation("tanh"), 0.05
    scales = {c: correlation_depth_scale(tanh, c, biases) for c in (1.0, 1.4, 1.6)}
    edge = critical_weight_variance(tanh, biases)
    left, right, top, floor, layers = 28.0, 340.0, 50.0, 180.0, 32

    def at(layer: float, share: float) -> Point:
        return left + (right - left) * layer / layers, floor - (floor - top) * share

    parts = [
        words((4, 20), "what is left of a small difference", anchor="start", bold=True),
        words((right, top - 8), f"the edge, c = {number(edge)}: all", anchor="end"),
        line(at(0, 1), at(layers, 1)),
        line(at(0, exp(-1)), at(layers, exp(-1)), tone="faint", dashed=True),
        words((left - 4, at(0, exp(-1))[1] + 18), "1/e", anchor="end", size=13),
        axis(
            (left, floor),
            (right, floor),
            [(at(scale, 0)[0], number(scale)) for scale in scales.values()],
            "layers",
        ),
    ]
    for c, scale in scales.items():
        x, y = at(scale, exp(-1))
        across, down = (20, 20) if c == 1 else (2, -12)  # where no curve passes
        marks = [layers * step / 64 for step in range(65)]
        parts += [
            curve([at(mark, exp(-mark / scale)) for mark in marks], tone="signal", width=2.2),
            line((x, y), (x, floor), tone="faint", dashed=True),
            disc((x, y), 4, tone="signal"),
            words((x + across, y + down), f"c = {number(c)}", anchor="start", tone="signal"),
        ]
    return Drawing(
        title="How fast a difference is forgotten",
        text="Three curves that fall from one point. Only 1/e is left "
        + ", ".join(
            f"after {number(scale)} layers for c = {number(c)}" for c, scale in scales.items()
        )
        + f"; at the edge, c = {number(edge)}, a level line.",
        height=floor + 42,
        parts=tuple(parts),
        numbers={"edge": edge}
        | {f"c {c}": c for c in scales}
        | {f"scale {c}": scale for c, scale in scales.items()},
    )


def lengths_of_relu_layers() -> Drawing:
    """Three ReLU networks with biases: the length settles, grows by steps, or explodes."""
    relu, biases, most = activation("relu"), 0.5, 4.0
    side, gap, top = 104, 18, 44
    parts: list[str] = []
    numbers: dict[str, float] = {"biases": biases}
    ends = {1.0: "settles at {}", 2.0: "+ {} per layer", 3.0: "explodes"}
    for at, (c, end) in enumerate(ends.items()):
        frame = Frame(6 + at * (side + gap), top, side, most)
        step = partial(length_map, relu, weight_variance=c, bias_variance=biases)
        slope = gradient_factor(relu, 1.0, c)
        numbers |= {f"c {number(c)}": c, f"slope {number(c)}": slope}
        last = min(most, (most - biases) / slope)
        parts += [
            *frame.empty(),
            line(frame.place(0, biases), frame.place(last, step(last)), width=2.2),
            frame.staircase(step, 0.0, "signal"),
        ]
        if slope < 1:
            numbers["settled"] = length_fixed_point(relu, c, biases)
            parts.append(disc(frame.place(numbers["settled"], numbers["settled"]), 5))
        middle = frame.left + side / 2
        caption = end.format(number(numbers["settled"] if slope < 1 else biases))
        parts += [
            words((middle, top - 24), f"c = {number(c)}", bold=True),
            words((middle, top - 7), f"slope {number(slope)}", size=13),
            words((middle, top + side + 20), caption, size=13),
        ]
    return Drawing(
        title="The length of a signal in ReLU layers with biases",
        text=f"Three straight lines that begin at {number(biases)}, against the diagonal, with "
        "staircases. "
        f"For c = {number(1)} the line crosses the diagonal and the staircase ends at "
        f"{number(numbers['settled'])}; for c = {number(2)} it is parallel to the diagonal, and "
        f"each step is {number(biases)}; for c = {number(3)} the steps grow.",
        height=top + side + 30,
        parts=tuple(parts),
        numbers=numbers,
    )


def settling_and_fading() -> Drawing:
    """Two length maps at 2/n: where a lowered ReLU comes to rest, and how a GELU goes to zero."""
    gelu, shifted = activation("gelu"), lowered(activation("relu"), SHIFT)
    rest = shifted_relu_settling(2.0, SHIFT)
    ends = rest.length or 0.0, 0.0
    # Near 0 a map is a straight line of the slope c f'(0)².
    slopes = rest.slope or 0.0, 2 * gelu.slopes_at_zero()[0] ** 2
    parts: list[str] = []
    maps = (("ReLU − ½", shifted, SIZES), ("GELU", gelu, SIZES[1:]))
    for at, (name, f, starts) in enumerate(maps):
        step = partial(length_map, f, weight_variance=2.0, bias_variance=0.0)
        texts = name, f"slope there: {number(slopes[at])}", f"signals end at {number(ends[at])}"
        parts += _cobweb(at, step, starts, ends[at], texts=texts, largest=LARGEST)
    return Drawing(
        title="Settling and fading",
        text="Two maps of the mean square of a signal from one layer to the next, with staircases. "
        "That of a ReLU minus one half crosses the diagonal with the slope "
        f"{number(slopes[0])}, and from both sides the staircases go to {number(ends[0])}. "
        f"That of GELU lies below the diagonal, with the slope {number(slopes[1])} at 0, and its "
        f"staircase goes down to {number(ends[1])}.",
        height=TOP + SIDE + 30,
        parts=tuple(parts),
        numbers={
            "rest": ends[0],
            "slope at rest": slopes[0],
            "end": ends[1],
            "slope at the end": slopes[1],
        },
    )


def _cobweb(  # noqa: PLR0913 - a map, where it starts and ends, and what is said of it
    at: int,
    step: Callable[[float], float],
    starts: Sequence[tuple[float, Tone]],
    end: float,
    *,
    texts: tuple[str, str, str],
    largest: float = 1.0,
) -> list[str]:
    """Draw a map from 0 to the largest value, its diagonal, and a staircase from each start."""
    frame = Frame(4 + at * (SIDE + GAP), TOP, SIDE, largest)
    marks = [largest * mark / STEPS for mark in range(STEPS + 1)]
    middle = frame.left + SIDE / 2
    return [
        *frame.empty(),
        curve([frame.place(x, step(x)) for x in marks], width=2.2),
        *(frame.staircase(step, start, tone) for start, tone in starts),
        disc(frame.place(end, end), 5),
        words((middle, TOP - 22), texts[0], bold=True),
        words((middle, TOP - 5), texts[1], size=13),
        words((middle, TOP + SIDE + 20), texts[2], size=13),
    ]
