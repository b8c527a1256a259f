from math import exp

import numpy as np
from scipy.special import gammaln, logsumexp
from scipy.stats import binom, norm


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


def bell() -> dict[str, float]:
    """By the distribution function."""
    one, two = (100 * float(norm.cdf(x) - norm.cdf(-x)) for x in (1, 2))
    return {"within one": one, "within two": two, "two": 2}


def log_normal() -> dict[str, float]:
    """By differences of the logarithm of the moments of one layer's factor."""
    active = np.arange(1, 101)

    def log_moment(power: float) -> float:
        moments = gammaln(active / 2 + power) - gammaln(active / 2) + power * np.log(4 / 100)
        return float(logsumexp(moments + binom.logpmf(active, 100, 0.5)))

    step = 1e-3
    up, middle, down = (log_moment(power) for power in (step, 0, -step))
    drift, variance = 1000 * (up - down) / (2 * step), 1000 * (up - 2 * middle + down) / step**2
    return {
        "layers": 1000,
        "width": 100,
        "typical": exp(drift),
        "mean": 1,
        "carriers": exp(drift + variance),
        "per cent above the mean": 100 * float(norm.sf(-drift / variance**0.5)),
    }


def what_a_relu_halves() -> dict[str, float]:
    """As before and after on the two bells."""
    halves = halves_of_a_bell()
    return {
        "before": 1,
        "mean square": halves["second moment after"],
        "variance": halves["variance after"],
    }
