import numpy as np


def bowl_and_valley() -> dict[str, float]:
    """By powers of the matrix that one step multiplies the error by."""
    start = np.array([-1.0, 0.3])

    def left(curvatures: list[float], rate: float, steps: int) -> float:
        step = np.eye(2) - rate * np.diag(curvatures)
        end = np.linalg.matrix_power(step, steps) @ start
        return float(np.linalg.norm(end) / np.linalg.norm(start))

    return {
        "steeper": 16,
        "one": 1,
        "steps": 10,
        "bowl": left([1, 1], 1.0, 1),
        "valley": left([1, 16], 1.7 / 16, 10),
    }
