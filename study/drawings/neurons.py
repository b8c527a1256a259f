"""Drawings of one neuron and of one layer."""

from study.drawings.canvas import Drawing, arrow, disc, number, words
from study.theory.variance import second_moment_after

INPUTS = 4


def neuron_fan_in() -> Drawing:
    """One neuron adds as many terms as it has inputs: its fan_in."""
    rows = [30 + 44 * row for row in range(INPUTS)]
    middle, neuron = sum(rows) / INPUTS, 178
    parts = []
    for at, y in enumerate(rows):
        index = "₁₂₃₄"[at]
        parts += [
            arrow((52, y), (neuron - 24, middle + (y - middle) * 0.22), tone="signal"),
            words((34, y + 5), f"x{index}"),
            words((98, y + (middle - y) * 0.32 - 6), f"w{index}", tone="signal"),
        ]
    terms = second_moment_after(1, INPUTS)
    parts += [
        disc((neuron, middle), 22, filled=False),
        words((neuron, middle + 6), "+", size=20, bold=True),
        arrow((neuron + 23, middle), (234, middle), tone="signal"),
        words((240, middle + 5), "z = Σ xᵢ wᵢ", anchor="start"),
        words((34, 206), f"fan_in = {number(INPUTS)} arrows in", anchor="start", bold=True),
        words((34, 226), f"so E[z²] is a sum of {number(terms)} terms", anchor="start"),
    ]
    return Drawing(
        title="A neuron and its fan_in",
        text="Four arrows with weights lead from four inputs into one neuron, which adds them up. "
        "The number of arrows is its fan_in.",
        height=236,
        parts=tuple(parts),
        numbers={"fan_in": INPUTS, "terms": terms},
    )
