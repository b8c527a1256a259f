import numpy as np
import torch


def where_formats_end() -> dict[str, float]:
    """By halving one, in each format, until nothing is left; every two layers halve a signal."""
    found: dict[str, float] = {"start": 1}
    for name in ("float16", "bfloat16", "float32"):
        value, halvings = torch.ones((), dtype=getattr(torch, name)), 0
        while float(value / 2) > 0:
            value, halvings = value / 2, halvings + 1
        found[f"layer of {name}"] = float(np.multiply(2, halvings))
    return found
