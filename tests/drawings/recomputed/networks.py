from math import comb, lgamma, log

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


def weight_gradients_by_fan() -> dict[str, float]:
    """By the closed forms: one over the other fan, or over the mean of the two."""
    units, inputs = np.array([8, 2, 8]), np.array([4, 8, 2])
    forms = {
        "2/fan_in": 1 / units,
        "2/fan_out": 1 / inputs,
        "2/geom. mean": 1 / np.sqrt(units * inputs),
    }
    return {"first": 1, "second": 2, "third": 3} | {
        f"{mode}, layer {layer + 1}": float(form[layer] / form[0])
        for mode, form in forms.items()
        for layer in range(3)
    }


def six_schemes() -> dict[str, float]:
    """By slopes of the gamma function, a sum over coins, small steps in depth and a grid."""

    def mean_log(freedom: int) -> float:
        return log(2) + (lgamma(freedom / 2 + 1e-4) - lgamma(freedom / 2 - 1e-4)) / 2e-4

    coins = [comb(128, k) / (2**128 - 1) for k in range(1, 129)]
    relu = sum(c * mean_log(k) for k, c in enumerate(coins, 1)) + log(2 / 128)
    linear = mean_log(128) + log(1 / 128)
    u = 0.0
    for _ in range(100_000):
        u += 0.01 * (2 + (u + 0.005 * (2 + u / 128)) / 128)
    z = np.linspace(-8, 8, 1601)
    weights = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    square = 1.0
    for _ in range(200):
        square = float(weights @ np.tanh(np.sqrt(2 * square) * z) ** 2)
    bits = 1000 / log(2)
    return {
        "layers": 1000,
        "width": 128,
        "numerator 1": 1,
        "numerator 2": 2,
        "ReLU, 1/n": bits * relu - 1000,
        "ReLU, 2/n": bits * relu,
        "linear, 1/n": bits * linear,
        "linear, 2/n": bits * linear + 1000,
        "tanh, 1/n": -log(u) / log(2),
        "tanh, 2/n": log(square) / log(2),
    }
