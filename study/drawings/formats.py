"""Drawings of number formats, and of where a signal leaves them."""

from study.drawings.canvas import Anchor, Drawing, axis, disc, line, number, raised, words
from study.theory.finite_width import SMALLEST, log2_rms

LEFT, RIGHT, TOP, FLOOR = 14, 344, 34, 198
LAYERS = 330
NAMES = ("float16", "bfloat16", "float32")


def where_formats_end() -> Drawing:
    """A signal at variance 1/n loses half a power of two per layer, down to the last number."""
    rate, _ = log2_rms(1.0)
    ends = {name: (-SMALLEST[name], SMALLEST[name] / rate) for name in NAMES}
    lowest = 1.09 * SMALLEST["float32"]

    def place(layer: float, power: float) -> tuple[float, float]:
        return (
            LEFT + (RIGHT - LEFT) * layer / LAYERS,
            TOP + (FLOOR - TOP) * power / lowest,
        )

    parts = [
        axis((LEFT, FLOOR), (RIGHT, FLOOR), name="layer"),
        words((LEFT, TOP - 12), "the signal at the start: 1", anchor="start", tone="signal"),
        line(place(0, 0), place(lowest / rate, lowest), tone="signal", width=3),
    ]
    for name, (power, layer) in ends.items():
        crossing = place(layer, -power)
        anchor: Anchor = "end" if name == "float16" else "start"
        below = 17 if name == "float32" else -7
        parts += [
            line((LEFT, crossing[1]), (RIGHT, crossing[1]), tone="faint", dashed=True),
            words(
                (RIGHT if anchor == "end" else LEFT, crossing[1] + below),
                f"{name} ends at 2{raised(-round(power))}: layer {number(layer)}",
                anchor=anchor,
            ),
            disc(crossing, 5),
        ]
    return Drawing(
        title="Where number formats end",
        text="A straight line falls by one power of two every two layers. "
        + " ".join(f"It leaves {name} at layer {number(ends[name][1])}." for name in NAMES),
        height=FLOOR + 30,
        parts=tuple(parts),
        numbers={"start": 1} | {f"layer of {name}": ends[name][1] for name in NAMES},
    )
