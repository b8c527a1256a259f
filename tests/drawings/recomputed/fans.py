import numpy as np


def closing_fan() -> dict[str, float]:
    """By averages over a circle: where on it both signals are positive, and what they give."""
    place = (np.arange(400_000) + 0.5) / 400_000 * 2 * np.pi
    angle, found = np.pi / 2, {}
    for layer in range(31):
        if layer in {0, 1, 3, 10, 30}:
            found |= {f"layer {layer}": float(layer), f"angle {layer}": float(np.degrees(angle))}
        one, other = np.maximum(np.cos(place), 0), np.maximum(np.cos(place - angle), 0)
        angle = np.arccos(np.mean(one * other) / np.mean(one**2))
    return found
