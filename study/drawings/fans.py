"""Drawings of the angle between two signals, layer by layer."""

from math import acos, cos, degrees, radians, sin

from study.drawings.canvas import WIDTH, Drawing, arrow, disc, number, words
from study.theory.activations import activation
from study.theory.mean_field import correlation_map

SHOWN = (0, 1, 3, 10, 30)
LENGTH, FOOT = 92, 122


def closing_fan() -> Drawing:
    """Two signals that begin at right angles close like a fan, through wide ReLU layers."""
    relu = activation("relu")
    cosines = [0.0]
    while len(cosines) <= SHOWN[-1]:
        cosines.append(correlation_map(relu, 1.0, cosines[-1]))
    angles = {layer: degrees(acos(cosines[layer])) for layer in SHOWN}
    step = WIDTH / len(SHOWN)
    parts = []
    for at, (layer, angle) in enumerate(angles.items()):
        foot = (step * (at + 0.5), FOOT)
        half = radians(angle / 2)
        size = LENGTH / 2 if layer == 0 else LENGTH * 0.6
        parts += [
            arrow(foot, (foot[0] + side * size * sin(half), foot[1] - size * cos(half)), tone=tone)
            for side, tone in ((-1, "signal"), (1, "gradient"))
        ]
        parts += [
            disc(foot, 3),
            words((foot[0], FOOT + 26), f"{number(angle)}°", bold=True),
            words((foot[0], FOOT + 48), "input" if layer == 0 else f"layer {layer}", size=13),
        ]
    return Drawing(
        title="A fan that closes",
        text="Two arrows, and the angle between them: "
        + ", ".join(f"{number(angle)}° at layer {layer}" for layer, angle in angles.items())
        + ".",
        height=FOOT + 56,
        parts=tuple(parts),
        numbers={f"layer {layer}": layer for layer in SHOWN}
        | {f"angle {layer}": angle for layer, angle in angles.items()},
    )
