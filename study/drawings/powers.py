"""Drawings of what a factor per layer makes of a signal through depth."""

from math import log10

from study.drawings.canvas import Drawing, Tone, axis, line, number, words
from study.theory.variance import forward_factor, second_moment_after

LAYERS = 99
TOP, LEVEL, RIGHT = 26, 116, 190
DECADE = 3.0
"""How high a power of ten is, in units."""


def powers_of_a_factor() -> Drawing:
    """Five weight variances of a ReLU network, through depth: only one line is level."""
    variances = (4.0, 2.4, 2.0, 1.6, 1.0)
    after = {c: second_moment_after(LAYERS, forward_factor(c, 0)) for c in variances}
    parts = [axis((10, 218), (RIGHT, 218), [(10, "1"), (RIGHT, "100")], "layer")]
    for c, value in after.items():
        tone: Tone = "signal" if c == variances[2] else "ink"
        end = LEVEL - DECADE * log10(value)
        parts += [
            line((10, LEVEL), (RIGHT, end), tone=tone, width=3 if tone == "signal" else 1.6),
            words(
                (RIGHT + 8, end + 5),
                f"c = {number(c)}: {number(value)}",
                anchor="start",
                tone=tone,
                bold=tone == "signal",
            ),
        ]
    return Drawing(
        title="A factor to the power of the depth",
        text="Five straight lines from one point. At layer 100 the mean square is "
        + ", ".join(f"{number(value)} for c = {number(c)}" for c, value in after.items())
        + ".",
        height=258,
        parts=tuple(parts),
        numbers={"first layer": 1, "last layer": LAYERS + 1}
        | {f"c {c}": c for c in variances}
        | {f"after {c}": value for c, value in after.items()},
    )
