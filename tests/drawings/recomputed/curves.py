import numpy as np


def sigmoid_plateau() -> dict[str, float]:
    """By differences of the sigmoid on a fine grid."""
    z = np.linspace(0, 8, 80_001)
    slope = np.gradient(1 / (1 + np.exp(-z)), z)
    edge = float(z[np.argmax(slope < 0.01)])
    steepest = float(slope[0])
    return {"steepest": steepest, "flat": 0.01, "edge": edge, "other edge": -edge, "zero": 0}


def tanh_is_straight_near_zero() -> dict[str, float]:
    """By exponentials."""

    def tanh(z: float) -> float:
        up, down = np.exp(z), np.exp(-z)
        return float((up - down) / (up + down))

    return {
        **{f"z {name}": z for name, z in (("0.2", 0.2), ("1", 1), ("2", 2))},
        **{f"tanh {name}": tanh(z) for name, z in (("0.2", 0.2), ("1", 1), ("2", 2))},
        "slope": 1,
    }


def leaky_slopes() -> dict[str, float]:
    """By a mean over the two signs."""
    slopes = {"0": 0.0, "0.25": 0.25, "1": 1.0}
    return {
        **{f"slope {name}": slope for name, slope in slopes.items()},
        **{f"left {name}": float(np.mean([1.0, slope**2])) for name, slope in slopes.items()},
    }
