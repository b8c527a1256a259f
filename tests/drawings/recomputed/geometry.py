from math import lgamma

import numpy as np

from study.drawings.geometry import STRETCH


def arc_cosine(cosine: float) -> float:
    """Cho and Saul's map of the cosine through a ReLU."""
    angle = np.arccos(cosine)
    return float((np.sin(angle) + (np.pi - angle) * cosine) / np.pi)


def cosines(layers: int) -> list[float]:
    found = [0.0]
    for _ in range(layers):
        found.append(arc_cosine(found[-1]))
    return found


def closing_fan() -> dict[str, float]:
    """By the arc-cosine map."""
    angles = np.degrees(np.arccos(cosines(30)))
    layers = (0, 1, 5, 30)
    return {
        **{f"layer {layer}": layer for layer in layers},
        **{f"angle {layer}": float(angles[layer]) for layer in layers},
    }


def closing_by_width() -> dict[str, float]:
    """By the slopes of the logarithm of the gamma function."""

    def mean_log(freedom: int) -> float:
        return (lgamma(freedom / 2 + 1e-4) - lgamma(freedom / 2 - 1e-4)) / 2e-4

    found: dict[str, float] = {"depth": 100, "input": 90}
    for n in (1000, 100, 20):
        sine = np.exp(50 * (mean_log(n - 1) - mean_log(n)))
        found |= {f"width {n}": n, f"angle {n}": float(np.degrees(np.arcsin(sine)))}
    return found


def cobweb() -> dict[str, float]:
    """By the arc-cosine map."""
    return {"start": 0, "first": cosines(1)[-1], "second": cosines(2)[-1], "end": arc_cosine(1.0)}


def circle_to_ellipse() -> dict[str, float]:
    """By a search over all directions of the circle."""
    turns = np.linspace(0, np.pi, 20_001)
    sizes = np.linalg.norm(np.array(STRETCH) @ np.array([np.cos(turns), np.sin(turns)]), axis=0)
    return {"long": float(sizes.max()), "short": float(sizes.min()), "size": 1}


def narrow_valley() -> dict[str, float]:
    """By gradient descent."""
    curvatures = np.array([1.0, 10.0])
    place = np.ones(2)
    for _ in range(10):
        place -= 0.18 * curvatures * place
    return {"updates": 10, "along": abs(float(place[0])), "across": abs(float(place[1]))}
