"""Drawings of what an initialisation is chosen by."""

from math import exp

from study.drawings.canvas import Drawing, Tone, bar, curve, line, number, words
from study.theory.activations import activation
from study.theory.finite_width import log_norm
from study.theory.gains import second_moment_gain

GAINS = ("relu", "gelu", "silu")
WIDTH, LAYERS = 500, (100, 1000)
WIDTHS = (40, 30, 20, 10)
LEFT, TEXT = 14, 96
ROWS: tuple[tuple[float, str, Tone], ...] = (
    (62, "The activation sets the gain", "signal"),
    (146, "The widths choose the fan", "gradient"),
    (230, "The depth is the limit", "ink"),
)


def what_to_choose_by() -> Drawing:
    """The activation sets the gain, the widths the fan, and the depth how far it carries."""
    relu, gelu, silu = (second_moment_gain(activation(name)) for name in GAINS)
    left = [exp(layers * log_norm(WIDTH).drift) for layers in LAYERS]
    lines = (
        (
            f"ReLU {number(relu)}, GELU {number(gelu)}, SiLU {number(silu)},",
            f"tanh and SELU {number(1)}",
        ),
        ("equal widths: either fan", "narrow last layer: its fan_in"),
        (
            f"mean square at width {number(WIDTH)} (ReLU):",
            f"typically {number(left[0])} after {number(LAYERS[0])} layers",
            f"and {number(left[1])} after {number(LAYERS[1])}",
        ),
    )
    (bend, *_), (floor, *_), (stack, *_) = ROWS
    parts = [words((8, 24), "standard deviation = gain / √fan", anchor="start", bold=True, size=16)]
    for (y, heading, tone), rows in zip(ROWS, lines, strict=True):
        parts.append(words((TEXT, y), heading, tone=tone, anchor="start", bold=True))
        parts += [
            words((TEXT, y + 20 * at), row, anchor="start", size=13)
            for at, row in enumerate(rows, start=1)
        ]
    parts += [
        line((LEFT, bend + 28), (LEFT + 60, bend + 28), tone="faint", width=1.2),
        curve(
            ((LEFT, bend + 28), (LEFT + 30, bend + 28), (LEFT + 60, bend - 8)),
            tone="signal",
            width=2.6,
        ),
        *(
            bar(
                (LEFT + 8 + 15 * at, floor + 28),
                width,
                width=11,
                tone="gradient",
                key=f"width {width}",
            )
            for at, width in enumerate(WIDTHS)
        ),
        *(
            line((LEFT, stack - 6 + 7 * at), (LEFT + 60, stack - 6 + 7 * at), width=1.4)
            for at in range(9)
        ),
    ]
    return Drawing(
        title="What an initialisation is chosen by",
        text="The standard deviation of a weight is the gain over the root of the fan. The "
        f"activation sets the gain: {number(relu)} for ReLU, {number(gelu)} for GELU, "
        f"{number(silu)} for SiLU, {number(1)} for tanh and SELU. The widths choose the fan: with "
        "equal widths either will do, for a narrow last layer it is its fan_in. The depth is the "
        f"limit: of ReLU networks of width {number(WIDTH)}, half keep less than {number(left[0])} "
        f"of the mean square after {number(LAYERS[0])} layers, and less than {number(left[1])} "
        f"after {number(LAYERS[1])}.",
        height=300,
        parts=tuple(parts),
        numbers={
            "gain relu": relu,
            "gain gelu": gelu,
            "gain silu": silu,
            "gain tanh": 1,
            "width": WIDTH,
        }
        | {f"width {width}": width for width in WIDTHS}
        | {f"layers {layers}": layers for layers in LAYERS}
        | {f"left {layers}": share for layers, share in zip(LAYERS, left, strict=True)},
    )
