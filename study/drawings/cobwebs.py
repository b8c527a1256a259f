"""Drawings of what a map does to a cosine when it is applied again and again."""

from study.drawings.canvas import Drawing, Point, Tone, box, curve, disc, line, number, words
from study.theory.activations import activation
from study.theory.mean_field import (
    correlation_fixed_point,
    correlation_map,
    gradient_factor,
    length_fixed_point,
)

NETWORKS = (("ordered", 1.0, 0.05), ("chaotic", 8.0, 0.8))
"""Each with the variances of its weights, times fan_in, and of its biases."""
STARTS: tuple[tuple[float, Tone], ...] = ((0.1, "signal"), (0.97, "gradient"))
SIDE, GAP, TOP = 150, 52, 42
STEPS = 40
TURNS = 14


def order_and_chaos() -> Drawing:
    """Two tanh networks, and where pairs of inputs go in each: to one, or to one value below it."""
    tanh = activation("tanh")
    parts: list[str] = []
    numbers: dict[str, float] = {}
    sentences: list[str] = []
    for at, (name, c, biases) in enumerate(NETWORKS):
        left = 4 + at * (SIDE + GAP)
        q = length_fixed_point(tanh, c, biases)

        def step(rho: float, q: float = q, c: float = c, biases: float = biases) -> float:
            return correlation_map(tanh, q, rho, c, biases)

        def place(x: float, y: float, left: float = left) -> Point:
            return left + SIDE * x, TOP + SIDE * (1 - y)

        slope = gradient_factor(tanh, q, c)
        end = 1.0 if slope < 1 else correlation_fixed_point(tanh, c, biases)
        numbers |= {f"slope, {name}": slope, f"end, {name}": end}
        sentences.append(
            f"{name}, the slope of the map at 1 is {number(slope)} and every staircase "
            f"goes to {number(end)}"
        )
        parts += [
            box((left, TOP), (SIDE, SIDE), tone="faint"),
            line(place(0, 0), place(1, 1), tone="faint"),
            curve([place(x / STEPS, step(x / STEPS)) for x in range(STEPS + 1)], width=2.2),
        ]
        for start, tone in STARTS:
            corners = [place(start, start)]
            rho = start
            for _ in range(TURNS):
                after = step(rho)
                corners += [place(rho, after), place(after, after)]
                rho = after
            parts.append(curve(corners, tone=tone))
        parts += [
            disc(place(end, end), 5),
            words((left + SIDE / 2, TOP - 22), name, bold=True),
            words((left + SIDE / 2, TOP - 5), f"slope at 1: {number(slope)}", size=13),
            words((left + SIDE / 2, TOP + SIDE + 20), f"pairs end at {number(end)}", size=13),
        ]
    return Drawing(
        title="Order and chaos",
        text="Two maps of the cosine of two inputs from one layer to the next, with staircases: "
        + "; ".join(sentences)
        + ".",
        height=TOP + SIDE + 30,
        parts=tuple(parts),
        numbers=numbers,
    )
