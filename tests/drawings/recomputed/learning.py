from math import log

import numpy as np


def share_learnt() -> dict[str, float]:
    """By closed forms, and for ten layers by a sum over the course."""
    edges = np.linspace(0.1, 0.9, 200_001)
    shares = (edges[1:] + edges[:-1]) / 2
    ten = float(np.sum(np.diff(edges) / (shares**1.8 * (1 - shares))))
    return {
        "end": 0.9,
        "time 1": log(9),
        "time 2": log(81),
        "time 10": ten,
        "time inf": 10 - 1 / 0.9 + log(81),
        "one": 1,
        "two": 2,
        "ten": 10,
    }
