import numpy as np
from scipy.signal import convolve2d
from scipy.special import softmax


def kernel_fans() -> dict[str, float]:
    """By a convolution of ones with ones."""
    counts = convolve2d(np.ones((5, 5)), np.ones((3, 3)), mode="same")
    return {
        "side": 5,
        "kernel": 3,
        "middle": float(counts[2, 2]),
        "edge": float(counts[0, 2]),
        "corner": float(counts[0, 0]),
        "padding": 0,
    }


def standardised_batch() -> dict[str, float]:
    """By NumPy."""
    batch = np.array([2, 4, 4, 4, 5, 5, 7, 9])
    standard = (batch - batch.mean()) / batch.std()
    return {
        "mean": float(batch.mean()),
        "standard deviation": float(batch.std()),
        "mean after": float(standard.mean()),
        "standard deviation after": float(standard.std()),
        **{f"mark {mark}": mark for mark in range(-2, 3)},
        **{f"mark {mark} before": 5 + 2 * mark for mark in range(-2, 3)},
    }


def glorots_compromise() -> dict[str, float]:
    """By fans times variances, as fractions."""
    return {
        "inputs": 400,
        "outputs": 100,
        "signal 1/fan_in": 1,
        "gradient 1/fan_in": 100 / 400,
        "signal Glorot": 2 * 400 / 500,
        "gradient Glorot": 2 * 100 / 500,
        "signal 1/fan_out": 400 / 100,
        "gradient 1/fan_out": 1,
    }


def softmax_gradient() -> dict[str, float]:
    """By differences of the loss."""
    logits, step = np.array([2.0, 1.0, 0.0]), 1e-5

    def loss(at: int, change: float) -> float:
        moved = logits.copy()
        moved[at] += change
        return float(-np.log(softmax(moved)[1]))

    return {
        **{f"p {at}": float(p) for at, p in enumerate(softmax(logits))},
        **{f"gradient {at}": (loss(at, step) - loss(at, -step)) / (2 * step) for at in range(3)},
        "one": 1,
    }
