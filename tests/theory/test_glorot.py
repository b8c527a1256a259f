from collections.abc import Callable
from math import cosh, exp, pi, sqrt, tanh

import numpy as np
import pytest

from study.theory import glorot
from study.theory.activations import activation
from tests.theory.expectation import expectation


def test_the_mean_of_a_quarter_circle() -> None:
    # The density of the singular values of a large matrix of entries of variance 1/n.
    s = (np.arange(200_000) + 0.5) / 100_000
    density = np.sqrt(4 - s**2) / pi / 100_000
    assert density.sum() == pytest.approx(1, rel=1e-6)
    assert (s**2 * density).sum() == pytest.approx(1, rel=1e-6)
    assert (s * density).sum() == pytest.approx(glorot.MEAN_OVER_ROOT_MEAN_SQUARE, rel=1e-6)
    geometric = exp((np.log(s) * density).sum())
    assert geometric == pytest.approx(glorot.GEOMETRIC_MEAN_OVER_ROOT_MEAN_SQUARE, rel=1e-4)


@pytest.mark.parametrize("width", [2, 5, 40])
def test_the_geometric_mean_of_a_small_gaussian_matrix(width: int) -> None:
    matrices = np.random.default_rng(1).standard_normal((4000, width, width)) / sqrt(width)
    logs = np.linalg.slogdet(matrices).logabsdet / width
    error = logs.std() / sqrt(len(logs))
    assert np.log(glorot.geometric_mean_at(width)) == pytest.approx(logs.mean(), abs=4 * error)


def test_a_uniform_number_has_a_third_of_the_squared_bound() -> None:
    w = np.linspace(-2.0, 2.0, 100_001)
    assert glorot.uniform_variance(2.0) == pytest.approx((w**2).mean(), rel=1e-4)


def test_the_normalised_bound_gives_the_compromise() -> None:
    (variance,) = glorot.compromise([784, 1000])
    assert glorot.uniform_variance(glorot.normalised_bound(784, 1000)) == pytest.approx(variance)


def test_the_products_are_those_of_random_matrices() -> None:
    widths, variances = [6, 4, 8, 3], [0.2, 0.1, 0.3]
    generator = np.random.default_rng(2)
    x, top = generator.standard_normal(6), generator.standard_normal(3)
    up, down = [], []
    for _ in range(20_000):
        matrices = [
            sqrt(v) * generator.uniform(-sqrt(3), sqrt(3), (n, above))
            for v, n, above in zip(variances, widths[:-1], widths[1:], strict=True)
        ]
        signal, gradient = x, top
        for matrix in matrices:
            signal = signal @ matrix
        for matrix in reversed(matrices[1:]):
            gradient = matrix @ gradient
        up.append((signal**2).mean())
        down.append((gradient**2).mean())
    forward = glorot.forward_product(widths, variances)
    backward = glorot.backward_product(widths[1:], variances[1:])
    assert np.mean(up) / (x**2).mean() == pytest.approx(forward, rel=0.05)
    assert np.mean(down) / (top**2).mean() == pytest.approx(backward, rel=0.05)


def at(q: float, function: Callable[[float], float]) -> float:
    return expectation(lambda u: function(sqrt(q) * u))


def test_levels_by_quadrature() -> None:
    found = glorot.levels(activation("tanh"), [0.5, 2.0], 0.9, 3)
    signals, gradients = [], []
    for first in (0.5, 2.0):
        q, signal, slopes = first, [], []
        for _ in range(3):
            signal.append(at(q, lambda z: tanh(z) ** 2))
            slopes.append(at(q, lambda z: cosh(z) ** -4))
            q = 0.9 * signal[-1]
        signals.append(signal)
        gradients.append([0.81 * slopes[0] * slopes[1], 0.9 * slopes[1], 1.0])
    means = np.mean(signals, axis=0)
    assert found.signal == pytest.approx((means / means[0]).tolist(), rel=1e-8)
    assert found.gradient == pytest.approx(np.mean(gradients, axis=0).tolist(), rel=1e-8)


def test_linear_layers_have_the_levels_of_equations_5_and_6() -> None:
    found = glorot.levels(activation("linear"), [0.5, 2.0], 1 / 3, 4)
    assert found.signal == pytest.approx([3.0**-at for at in range(4)])
    assert found.gradient == pytest.approx([3.0 ** (at - 3) for at in range(4)])
    assert found.slope == pytest.approx([1.0] * 4)
