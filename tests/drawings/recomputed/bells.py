import numpy as np
from scipy.stats import norm


def halves_of_a_bell() -> dict[str, float]:
    """By an average over the even quantiles of a bell."""
    bell = norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    relu = np.maximum(bell, 0)
    return {
        "mean before": 0,
        "second moment before": 1,
        "variance before": 1,
        "mean after": float(relu.mean()),
        "second moment after": float((relu**2).mean()),
        "variance after": float(relu.var()),
    }
