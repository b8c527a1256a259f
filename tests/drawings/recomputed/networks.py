from math import log

import numpy as np

from .bells import log_normal


def widths_with_signal_and_gradient() -> dict[str, float]:
    """By the fractions of He et al., layer by layer."""
    return {
        **{f"width {width}": width for width in (64, 32, 16, 8)},
        **{f"signal {at}": 32 * (2 / 32) / 2 for at in range(4)},
        **{f"gradient {at}": 8 / width for at, width in enumerate((64, 32, 16, 8))},
    }


def halving_by_layer() -> dict[str, float]:
    """By halving in turn."""
    return {
        **{f"2/n {at}": 1 for at in range(9)},
        **{f"1/n {at}": 1 / (1 << at) for at in range(9)},
        **{f"layer {at}": at for at in range(2, 9, 2)},
    }


def torch_default_by_layer() -> dict[str, float]:
    """By the bound of torch's uniform weights, 1/√n, halved by a ReLU."""
    left = (1 / 100) / 3 * 100 / 2
    return {
        **{f"2/n {at}": 1 for at in range(5)},
        **{f"1/(3n) {at}": left**at for at in range(5)},
        **{f"layer {at}": at for at in range(1, 5)},
    }


def drifting_networks() -> dict[str, float]:
    """By the quadrature of the other drawing on the same law."""
    law = log_normal()
    return {"width": 100, "layers": 1000, "expectation": 1, "median": law["typical"]}


def float32_ruler() -> dict[str, float]:
    """By multiplying until the number is no longer one of float32."""
    return {
        "layer 4/n": last_layer(2.0),
        "layer 1/n": last_layer(0.5),
        "layer 1/(3n)": last_layer(1 / 6),
        "mark 1e-45": 1e-45,
        "mark 1e-20": 1e-20,
        "mark 1e+00": 1,
        "mark 1e+20": 1e20,
        "mark 1e+38": 1e38,
    }


def last_layer(factor: float) -> int:
    """Return the layer nearest to where the root of a product of factors leaves float32."""
    smallest = float(np.finfo(np.float32).smallest_subnormal)
    limit = log(smallest) if factor < 1 else 128 * log(2)
    layers = range(1, 400)
    return min(layers, key=lambda layer: abs(log(factor) / 2 * layer - limit))


def the_last_layer_decides() -> dict[str, float]:
    """By fan_in times variance, halved, in the last layer alone."""
    return {
        "width 100": 100,
        "width 10": 10,
        "fan_in": 100 * (2 / 100) / 2,
        "fan_out": 100 * (2 / 10) / 2,
    }
