import numpy as np
from scipy.signal import correlate2d


def patches_become_rows() -> dict[str, float]:
    """By a library's correlation."""
    image = np.arange(1.0, 10).reshape(3, 3)
    kernel = np.array([[1.0, 0.0], [0.0, -1.0]])
    results = correlate2d(image, kernel, mode="valid").ravel()
    return {
        **{f"pixel {at}": float(at) for at in range(1, 10)},
        **{f"weight {at}": float(weight) for at, weight in enumerate(kernel.ravel())},
        **{f"result {at}": float(result) for at, result in enumerate(results)},
        "fan_in": float(kernel.size),
    }
