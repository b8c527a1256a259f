"""Length and correlation maps against the adaptive quadratures of SciPy.

Ours: the lengths and the gaps of ten activations through a thousand layers. The peer: the same two
maps through a few layers, with ``scipy.integrate.quad`` and ``dblquad``, asked for ten digits, and
activations of the module ``math``, which are the fastest that these call; times are per layer.
Both run in this process, in turn. Run it with ``nox -s benchmarks``.
"""

from collections.abc import Callable
from math import erf, exp, log1p, pi, sqrt, tanh
from statistics import median
from time import perf_counter

from scipy.integrate import dblquad, quad

from study.theory.activations import Activation, activation
from study.theory.mean_field import gaps, lengths

ROUNDS = 5
LAYERS, PEER_LAYERS = 1000, 3
NAMES = (
    "relu",
    "leaky_relu",
    "tanh",
    "sigmoid",
    "softsign",
    "elu",
    "gelu",
    "silu",
    "softplus",
    "hardtanh",
)
PEERS: dict[str, Callable[[float], float]] = {
    "tanh": tanh,
    "gelu": lambda z: z * (1 + erf(z / sqrt(2))) / 2,
    "softplus": lambda z: log1p(exp(z)),
}
LENGTH, GAP, WEIGHT, BIAS = 1.0, 0.5, 1.2, 0.05


def ours(one: Activation, layers: int) -> tuple[float, float]:
    """Return length and gap after some layers."""
    length = lengths(one, LENGTH, WEIGHT, BIAS, layers)[-1]
    return float(length), float(gaps(one, LENGTH, GAP, WEIGHT, BIAS, layers)[-1])


def peer(value: Callable[[float], float], layers: int) -> tuple[float, float]:
    """Return the same by adaptive quadrature."""
    length, gap = LENGTH, GAP
    for _ in range(layers - 1):
        root, along, across = sqrt(length), sqrt(1 - gap / 2), sqrt(gap / 2)

        def square(u: float, s: float = root) -> float:
            return value(s * u) ** 2 * exp(-u * u / 2) / sqrt(2 * pi)

        def difference(
            u: float, v: float, s: float = root, a: float = along, b: float = across
        ) -> float:
            rise = value(s * (a * u + b * v)) - value(s * (a * u - b * v))
            return rise * rise * exp(-(u * u + v * v) / 2) / (2 * pi)

        length = WEIGHT * quad(square, -8, 8, epsabs=0, epsrel=1e-10)[0] + BIAS
        spread = dblquad(difference, 0, 8, -8, 8, epsabs=1e-14, epsrel=1e-10)[0]
        gap = WEIGHT * spread / length  # half of twice, as v runs over a half line
    return length, gap


def main() -> None:
    """Print the seconds of each and their ratio."""
    total, ratios = [], []
    for _ in range(ROUNDS):
        start = perf_counter()
        for name in NAMES:
            ours(activation(name), LAYERS)
        total.append(perf_counter() - start)
    print(f"{len(NAMES)} activations, {LAYERS} layers, lengths and gaps")
    print(f"  ours         median {median(total):.3f} s, least {min(total):.3f} s")
    for name, function in PEERS.items():
        one = activation(name)
        for _ in range(ROUNDS):
            start = perf_counter()
            found = ours(one, LAYERS)
            middle = perf_counter()
            theirs = peer(function, PEER_LAYERS)
            end = perf_counter()
            per_map = (end - middle) / (PEER_LAYERS - 1), (middle - start) / (LAYERS - 1)
            ratios.append(per_map[0] / per_map[1])
        found = ours(one, PEER_LAYERS)
        apart = max(abs(a / b - 1) for a, b in zip(found, theirs, strict=True))
        print(f"  {name}: apart by {apart:.1e} after {PEER_LAYERS} layers")
    print(f"  SciPy / ours, per layer: median {median(ratios):.0f}, least {min(ratios):.0f}")


if __name__ == "__main__":
    main()
