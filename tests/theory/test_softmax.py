"""The softmax of random scores against samples, small cases by quadrature, and its limits."""

from math import exp, inf, log, pi, sqrt

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm

from study.errors import StudyError
from study.theory.softmax import expected_lead, expected_maximum, softmax_moments


@pytest.mark.parametrize("variance", [0.01, 1.0, 30.0, 1000.0])
def test_two_scores_are_a_logistic_function_of_their_difference(variance: float) -> None:
    gap = norm(0, sqrt(2 * variance))

    def share(x: float) -> float:
        return 1 / (1 + exp(-x)) if x > -700 else 0.0

    def mean(function: object) -> float:
        assert callable(function)
        edge = min(40.0, 9 * sqrt(2 * variance))
        near, _ = quad(lambda x: gap.pdf(x) * function(x), -edge, edge, limit=300)
        return float(near)

    moments = softmax_moments(variance, 2)
    assert moments.square == pytest.approx(1 - mean(lambda x: 2 * share(x) * share(-x)), abs=1e-8)
    assert moments.jacobian == pytest.approx(
        mean(lambda x: (2 * share(x) * share(-x)) ** 2), abs=1e-8
    )
    assert moments.entropy == pytest.approx(
        mean(lambda x: -share(x) * log(share(x)) - share(-x) * log(share(-x))), abs=1e-7
    )


def test_twenty_eight_scores_are_those_that_torch_draws() -> None:
    generator = torch.Generator().manual_seed(0)
    normal = torch.randn(100_000, 28, generator=generator, dtype=torch.float64)
    for variance in (0.3, 1.0, 60.0):
        p = (sqrt(variance) * normal).softmax(dim=1)
        moments = softmax_moments(variance, 28)
        square = p.square().sum(dim=1)
        assert moments.square == pytest.approx(square.mean().item(), rel=0.01)
        entropy = torch.special.entr(p).sum(dim=1).mean().item()
        assert moments.entropy == pytest.approx(entropy, rel=0.01)
        log_sum = (sqrt(variance) * normal).logsumexp(dim=1).mean().item()
        assert moments.log_sum == pytest.approx(log_sum, rel=0.005)
        p = p[:5000]
        jacobian = p.diag_embed() - p[:, :, None] * p[:, None, :]
        size = jacobian.square().sum(dim=(1, 2)).mean().item()
        assert moments.jacobian == pytest.approx(size, rel=0.06)


def test_small_scores_leave_equal_weights() -> None:
    moments, equal = softmax_moments(1e-3, 28), softmax_moments(0.0, 28)
    assert equal.entropy - moments.entropy == pytest.approx(1e-3 / 2 * 27 / 28, rel=0.01)
    assert moments.log_sum - equal.log_sum == pytest.approx(1e-3 / 2 * 27 / 28, rel=0.01)
    assert moments.square * 28 - 1 == pytest.approx(1e-3 * 27 / 28, rel=0.01)
    assert equal.jacobian == pytest.approx(27 / 28**2)


def test_large_scores_leave_the_two_largest() -> None:
    moments, share = softmax_moments(1e6, 28), expected_maximum(28) / 1e3
    assert 1 - moments.square == pytest.approx(share, rel=5e-3)
    assert moments.entropy == pytest.approx(pi**2 / 6 * share, rel=5e-3)
    assert moments.jacobian == pytest.approx(share / 3, rel=5e-3)


def test_order_statistics_are_those_of_samples_and_of_their_densities() -> None:
    normal = np.random.default_rng(0).standard_normal((100_000, 28))
    second, first = np.sort(normal, axis=1)[:, -2:].T
    assert expected_maximum(28) == pytest.approx(first.mean(), rel=0.005)
    assert expected_lead(28) == pytest.approx((first - second).mean(), rel=0.01)
    # The density at 0 of the lead: both largest at one place.
    tie, _ = quad(lambda x: 28 * 27 * norm.pdf(x) ** 2 * norm.cdf(x) ** 26, -inf, inf)
    assert expected_maximum(28) == pytest.approx(tie)


@pytest.mark.parametrize(("variance", "count"), [(-1.0, 3), (1.0, 1)])
def test_no_softmax_is_refused(variance: float, count: int) -> None:
    with pytest.raises(StudyError, match="take none below 0, and 2 scores or more"):
        softmax_moments(variance, count)
