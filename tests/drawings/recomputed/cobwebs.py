from math import erf

import numpy as np

MARKS = np.linspace(-7, 7, 281)
WEIGHTS = np.exp(-(MARKS**2) / 2) / np.exp(-(MARKS**2) / 2).sum()


def order_and_chaos() -> dict[str, float]:
    """By sums over a grid, layer after layer from a pair of inputs."""
    found: dict[str, float] = {}
    for name, c, biases in (("ordered", 1.0, 0.05), ("chaotic", 8.0, 0.8)):
        q, rho = 1.0, 0.5
        for _ in range(120):
            one = np.sqrt(q) * MARKS
            other = rho * one[:, None] + np.sqrt(q * (1 - rho**2)) * MARKS[None, :]
            mixed = WEIGHTS @ (np.tanh(one) * (np.tanh(other) @ WEIGHTS))
            after = c * WEIGHTS @ np.tanh(one) ** 2 + biases
            q, rho = after, min((c * mixed + biases) / after, 1.0)
        found |= {
            f"slope, {name}": float(c * WEIGHTS @ np.cosh(np.sqrt(q) * MARKS) ** -4),
            f"end, {name}": float(rho),
        }
    return found


def slope_at_equal_inputs(c: float, biases: float) -> float:
    """By sums over a grid, layer after layer, in a tanh network."""
    q = 1.0
    for _ in range(400):
        q = float(c * WEIGHTS @ np.tanh(np.sqrt(q) * MARKS) ** 2 + biases)
    return float(c * WEIGHTS @ np.cosh(np.sqrt(q) * MARKS) ** -4)


def what_is_left_of_a_difference() -> dict[str, float]:
    """By the slopes, and for the edge by halving an interval of weight variances."""
    low, high = 1.0, 3.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if slope_at_equal_inputs(middle, 0.05) > 1 else (middle, high)
    scales = {c: -1 / np.log(slope_at_equal_inputs(c, 0.05)) for c in (1.0, 1.4, 1.6)}
    return {
        "edge": low,
        **{f"c {c}": c for c in scales},
        **{f"scale {c}": float(scale) for c, scale in scales.items()},
    }


def lengths_of_relu_layers() -> dict[str, float]:
    """By sums over a grid."""

    def after(q: float, c: float) -> float:
        return float(c * WEIGHTS @ np.maximum(np.sqrt(q) * MARKS, 0) ** 2 + 0.5)

    settled = 3.0
    for _ in range(60):
        settled = after(settled, 1)
    return {
        "biases": 0.5,
        "settled": settled,
        **{f"c {c}": c for c in (1, 2, 3)},
        **{f"slope {c}": after(2, c) - after(1, c) for c in (1, 2, 3)},
    }


def settling_and_fading() -> dict[str, float]:
    """By sums over a grid, layer after layer; the slopes from two sizes next to the ends."""
    gelu = np.vectorize(lambda z: z * (1 + erf(z / 2**0.5)) / 2)

    def lowered(q: float) -> float:
        return float(2 * WEIGHTS @ (np.maximum(np.sqrt(q) * MARKS, 0) - 0.5) ** 2)

    def smooth(q: float) -> float:
        return float(2 * WEIGHTS @ gelu(np.sqrt(q) * MARKS) ** 2)

    rest = end = 1.1
    for _ in range(60):
        rest, end = lowered(rest), smooth(end)
    return {
        "rest": rest,
        "slope at rest": (lowered(rest + 1e-3) - lowered(rest - 1e-3)) / 2e-3,
        "end": end,
        "slope at the end": smooth(1e-8) / 1e-8,
    }
