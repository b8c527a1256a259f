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


def plateaus_by_depth() -> dict[str, float]:
    """By very small updates of one weight, from the root of one half to 1."""
    ends = {}
    for depth in (10, 14, 18):
        edges = np.linspace(np.sqrt(0.5), 1, 200_001)
        ends[f"end {depth}"] = float(
            np.sum(np.diff(edges) * ((edges[1:] + edges[:-1]) / 2) ** (1 - depth))
        )
    return {f"layers {depth}": depth for depth in (10, 14, 18)} | ends
