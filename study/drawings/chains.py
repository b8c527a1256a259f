"""Drawings of a chain of matrices, with the signal on its way up and the gradient down."""

from math import prod

from study.drawings.canvas import Drawing, arrow, box, number, words

SCALE = 0.5
MATRICES = 3
LEFT, STEP, SIDE = 60, 100, 46
UP, MIDDLE, DOWN = 38, 84, 152


def scaled_chain() -> Drawing:
    """Three matrices that are halved: signal, gradient, and the gradient of each matrix."""
    places = range(MATRICES + 1)
    signal = [prod([SCALE] * at) for at in places]
    gradient = [prod([SCALE] * (MATRICES - at)) for at in places]
    weight = [signal[at] * gradient[at + 1] for at in range(MATRICES)]
    parts = []
    for at in range(MATRICES):
        x = LEFT + at * STEP
        parts += [
            box((x, MIDDLE - 8), (SIDE, 42)),
            words((x + SIDE / 2, MIDDLE + 18), f"½W{'₁₂₃'[at]}"),
            arrow((x + 6, UP), (x + SIDE - 6, UP), tone="signal"),
            arrow((x + SIDE - 6, DOWN), (x + 6, DOWN), tone="gradient"),
            words((x + SIDE / 2, DOWN + 46), number(weight[at]), bold=True),
        ]
    for at in places:
        x = LEFT - 27 + at * STEP
        parts += [
            words((x, UP + 5), number(signal[at]), tone="signal"),
            words((x, DOWN + 5), number(gradient[at]), tone="gradient"),
        ]
    parts += [
        words((4, 18), "signal", anchor="start", tone="signal", size=13),
        words((4, DOWN - 16), "gradient", anchor="start", tone="gradient", size=13),
        words((4, DOWN + 74), "in bold: the gradient of each matrix", anchor="start", size=13),
    ]
    return Drawing(
        title="What halving all weights does",
        text="Three matrices in a chain, each halved. The signal goes from "
        f"{number(signal[0])} to {number(signal[-1])}, the gradient, on its way back, from "
        f"{number(gradient[-1])} to {number(gradient[0])}. The gradient of each matrix is the "
        f"signal before it times the gradient behind it, {number(weight[0])} for all.",
        height=DOWN + 84,
        parts=tuple(parts),
        numbers={f"signal {at}": value for at, value in enumerate(signal)}
        | {f"gradient {at}": value for at, value in enumerate(gradient)}
        | {f"weight {at}": value for at, value in enumerate(weight)},
    )
