from math import comb, pi, sqrt

import numpy as np
import pytest

from study.errors import StudyError
from study.theory import products


@pytest.mark.parametrize("layers", [1, 2, 3, 10])
def test_the_squares_have_the_fuss_catalan_numbers_as_moments(layers: int) -> None:
    # The mean of a power is the integral of the power of the quantile over the shares. Gauss–
    # Legendre in an angle whose ends are flat, since the quantile is steep there.
    nodes, weights = np.polynomial.legendre.leggauss(400)
    angles = pi * (nodes + 1) / 2
    shares, measure = (1 - np.cos(angles)) / 2, weights * pi / 2 * np.sin(angles) / 2
    values = np.array([products.singular_value(share, layers) for share in shares])
    for power in (1, 2, 3):
        fuss_catalan = comb((layers + 1) * power, power) / (layers * power + 1)
        assert measure @ values ** (2 * power) == pytest.approx(fuss_catalan, rel=1e-3)


@pytest.mark.parametrize("value", [0.001, 0.1, 0.7, 1.5, 1.999])
def test_one_matrix_has_the_quarter_circle_law(value: float) -> None:
    # The area below the density sqrt(4 - s²)/π.
    area = (value * sqrt(4 - value**2) / 2 + 2 * np.arcsin(value / 2)) / pi
    assert products.share_below(value, layers=1) == pytest.approx(area, rel=1e-9)


@pytest.mark.parametrize("layers", [2, 10])
def test_products_of_random_matrices_have_these_shares(layers: int) -> None:
    rng, width, draws = np.random.default_rng(layers), 200, 12
    shares: dict[float, list[float]] = {0.01: [], 0.1: [], 0.5: [], 1.5: []}
    for _ in range(draws):
        product = np.eye(width)
        for _ in range(layers):
            product = rng.standard_normal((width, width)) / sqrt(width) @ product
        values = np.linalg.svd(product, compute_uv=False)
        for fraction, found in shares.items():
            found.append(float((values < fraction).mean()))
    for fraction, found in shares.items():
        error = float(np.std(found)) / sqrt(draws)
        law = products.share_below(fraction, layers)
        assert np.mean(found) == pytest.approx(law, abs=4 * error + 0.5 / width)


@pytest.mark.parametrize("layers", [1, 5, 300])
def test_the_singular_value_is_the_inverse_of_the_share(layers: int) -> None:
    for share in (0.03, 0.3, 0.9, 0.999):
        value = products.singular_value(share, layers)
        assert products.share_below(value, layers) == pytest.approx(share, rel=1e-9)


@pytest.mark.parametrize("layers", [1, 2, 10])
def test_none_lies_above_the_largest(layers: int) -> None:
    largest = sqrt((layers + 1) ** (layers + 1) / layers**layers)
    assert products.share_below(largest, layers) == 1
    assert products.share_below(0.999 * largest, layers) < 1
    assert products.singular_value(1 - 1e-9, layers) == pytest.approx(largest, rel=1e-4)


def test_a_long_product_follows_the_rank_law_times_a_root() -> None:
    for share in (0.3, 0.5, 0.9):
        value = products.singular_value(share, layers=800)
        rest = value / share**400
        assert rest == pytest.approx(sqrt(share / (1 - share)), rel=0.02)


def test_a_share_of_two_matrices_worked_by_hand() -> None:
    # Two matrices: x = sin³ 3φ / (sin φ sin² 2φ), at φ = π/6 it is 8/3.
    value = sqrt(1 / (0.5 * 0.75))
    share = 1 - 0.5 + 2 / pi * 0.5 * 1 / sqrt(0.75)
    assert value == pytest.approx(sqrt(8 / 3))
    assert products.share_below(value, layers=2) == pytest.approx(share)
    assert share == pytest.approx(0.868, abs=5e-4)


@pytest.mark.parametrize("width", [1, 3, 40])
def test_the_mean_logarithm_is_that_of_random_determinants(width: int) -> None:
    draws = 1500
    matrices = np.random.default_rng(width).standard_normal((draws, width, width)) / sqrt(width)
    logs = np.linalg.slogdet(matrices).logabsdet / width
    law = products.mean_log(width)
    assert logs.mean() == pytest.approx(law, abs=4 * logs.std() / sqrt(draws))


@pytest.mark.parametrize("layers", [1, 10])
def test_the_lost_share_is_that_of_the_worst_layer(layers: int) -> None:
    coins = np.random.default_rng(3).binomial(256, 0.5, size=(40_000, layers))
    lost = 1 - coins.min(axis=1) / 256
    law = products.lost_share(256, layers)
    assert lost.mean() == pytest.approx(law, abs=4 * lost.std() / 200)


def test_a_network_of_relus_loses_what_its_worst_layer_loses() -> None:
    # The rank of the derivative itself, at one input, in narrow networks.
    rng, width, layers, draws = np.random.default_rng(5), 16, 4, 800
    lost = []
    for _ in range(draws):
        signal, product = rng.standard_normal(width), np.eye(width)
        for _ in range(layers):
            weights = np.linalg.qr(rng.standard_normal((width, width)))[0] * sqrt(2)
            weights *= rng.choice([-1, 1], size=(width, 1))
            active = weights @ signal > 0
            signal, product = active * (weights @ signal), active[:, None] * (weights @ product)
        lost.append(1 - np.linalg.matrix_rank(product) / width)
    law = products.lost_share(width, layers)
    assert np.mean(lost) == pytest.approx(law, abs=4 * np.std(lost) / sqrt(draws))


def test_what_has_no_law_is_refused() -> None:
    with pytest.raises(StudyError, match="layers: 0 is less than 1"):
        products.share_below(0.1, 0)
    with pytest.raises(StudyError, match="layers: 0 is less than 1"):
        products.singular_value(0.1, 0)
    with pytest.raises(StudyError, match="fraction: 0 is not above 0"):
        products.share_below(0.0, 1)
    for share in (0.0, 1.0):
        with pytest.raises(StudyError, match="is not between 0 and 1"):
            products.singular_value(share, 1)
    with pytest.raises(StudyError, match="width: 0 is less than 1"):
        products.mean_log(0)
    with pytest.raises(StudyError, match="width: 0 is less than 1"):
        products.lost_share(0, 1)
    with pytest.raises(StudyError, match="layers: 0 is less than 1"):
        products.lost_share(10, 0)
