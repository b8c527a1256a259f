r"""Softmax of random scores: its entropy, its largest weights, and the gradient that it passes.

Scores are independent Gaussians of mean 0 and variance ``v``. What all scores of a softmax have in
common drops out of it, so scores of common covariance are independent ones of a smaller variance.
"""

from dataclasses import dataclass
from math import gamma, log, sqrt

import numpy as np
from scipy.signal import fftconvolve
from scipy.special import ndtr

from study.errors import StudyError
from study.theory.activations import Array

REACH = 8.5
"""Standard deviations at which a Gaussian is cut off."""
LOW, HIGH = -9.0, 45.0
"""Where what is summed over a Gaussian is below 1e-18."""
STEP = 0.05
"""Largest step of the sums, in units of a score; a smaller one changes none of ten digits."""
EULER = float(np.euler_gamma)


@dataclass(frozen=True)
class SoftmaxMoments:
    r"""Expectations over the scores of a softmax :math:`p`.

    Attributes:
        log_sum: :math:`E \ln \sum_j e^{s_j}`.
        entropy: :math:`-E \sum_j p_j \ln p_j`.
        square: :math:`E \sum_j p_j^2`, one over the number of equal weights that spread as far.
        jacobian: :math:`E \|\operatorname{diag}(p) - p p^\top\|^2`, the sum of all squares.
    """

    log_sum: float
    entropy: float
    square: float
    jacobian: float


def softmax_moments(variance: float, count: int) -> SoftmaxMoments:
    r"""Return what a softmax of independent Gaussian scores has on average, exactly.

    A power of the sum in a denominator is an integral,
    :math:`S^{-m} = \int_0^\infty t^{m-1} e^{-tS}\,dt / \Gamma(m)`, under which the scores part.
    With :math:`t = e^{-u}`, :math:`w = e^{s-u}` and the expectations over a single score
    :math:`F(u) = E\,e^{-w}` and :math:`A_m(u) = E\,w^m e^{-w}`:

    .. math::
        E \ln S = \int_0^\infty (1 - F^T)\,du - \int_{-\infty}^0 F^T du - \gamma , \qquad
        E \sum_j p_j^m = \frac{T}{\Gamma(m)} \int A_m F^{T-1} du ,

    .. math::
        E \Bigl(\sum_j p_j^2\Bigr)^2 = \frac{T}{\Gamma(4)} \int A_4 F^{T-1} du
        + \frac{T(T-1)}{\Gamma(4)} \int A_2^2 F^{T-2} du .

    By parts :math:`E \sum_j p_j s_j = v\,(1 - E \sum_j p_j^2)`, which gives the entropy. The sum
    of the squares of the derivatives is
    :math:`\sum_j p_j^2 - 2 \sum_j p_j^3 + (\sum_j p_j^2)^2`.

    Args:
        variance: ``v``, of a score.
        count: ``T``, how many there are.

    Returns:
        The expectations.

    Raises:
        StudyError: if the variance is negative, or there are fewer than two scores.

    **Source**: chapter Attention and embeddings before training, section “What the softmax makes
    of them”.

    >>> round(softmax_moments(1.0, 28).square, 4), round(softmax_moments(0.0, 4).entropy, 4)
    (0.0819, 1.3863)
    """
    if variance < 0 or count < 2:
        raise StudyError(
            f"variance {variance:g}, count {count}: take none below 0, and 2 scores or more"
        )
    if not variance:
        return SoftmaxMoments(log(count), log(count), 1 / count, (count - 1) / count**2)
    deviation = sqrt(variance)
    step = min(STEP, deviation / 4)
    scores = step * np.arange(-np.ceil(REACH * deviation / step), REACH * deviation / step + 1)
    weights = np.exp(-((scores / deviation) ** 2) / 2)
    weights /= weights.sum()
    distances = np.arange(LOW, HIGH, step)  # of u from a score
    w = np.exp(-distances)
    u = scores[0] + distances[0] + step * np.arange(len(scores) + len(distances) - 1)

    def expected(kernel: Array) -> Array:
        """Return the expectation over a score of what falls to 0 to both sides of it."""
        return np.asarray(fftconvolve(weights, kernel))

    # e^-w rises to 1, so that a Gaussian one, whose expectation is known, is taken away.
    f = ndtr(u / sqrt(variance + 1)) + expected(np.exp(-w) - ndtr(distances))
    f = np.clip(f, 0.0, 1.0)
    a = {m: expected(w**m * np.exp(-w)) for m in (2, 3, 4)}

    def power(m: int) -> float:
        return float(count / gamma(m) * step * (a[m] * f ** (count - 1)).sum())

    log_sum = float(u[0] + np.trapezoid(1 - f**count, dx=step)) - EULER
    square = power(2)
    pairs = count * (count - 1) / gamma(4) * step * (a[2] ** 2 * f ** (count - 2)).sum()
    return SoftmaxMoments(
        log_sum=log_sum,
        entropy=log_sum - variance * (1 - square),
        square=square,
        jacobian=square - 2 * power(3) + power(4) + float(pairs),
    )


def expected_maximum(count: int) -> float:
    r"""Return the mean of the largest of some standard Gaussians.

    It says how a softmax saturates. Where scores are so large that only the two largest count, the
    gap of these is :math:`\sqrt v` times that of standard Gaussians, whose density at 0 is this
    same mean :math:`m_T`, by parts. So each expectation is an integral over
    :math:`\sigma = 1/(1 + e^{-x})`, as in

    .. math::
        1 - E \sum_j p_j^2 \to \frac{m_T}{\sqrt v} , \qquad
        E[H] \to \frac{\pi^2}{6} \frac{m_T}{\sqrt v} , \qquad
        1 - E \max_j p_j \to \ln 2 \, \frac{m_T}{\sqrt v} , \qquad
        E \|J\|^2 \to \frac13 \frac{m_T}{\sqrt v} .

    Args:
        count: ``T``, how many there are.

    Returns:
        The mean.

    **Source**: chapter Attention and embeddings before training, section “Saturation”.

    >>> round(expected_maximum(2), 6), round(1 / sqrt(np.pi), 6)
    (0.56419, 0.56419)
    """
    x = np.arange(-REACH, REACH, STEP)
    density = np.exp(-(x**2) / 2) / sqrt(2 * np.pi)
    return float(count * STEP * (x * density * ndtr(x) ** (count - 1)).sum())


def expected_lead(count: int) -> float:
    r"""Return by how much the largest of some standard Gaussians leads the second, on average.

    .. math:: E[u_{(T)} - u_{(T-1)}] = T \int (1 - \Phi)\,\Phi^{T-1}\,dx

    since at each height between the two exactly one lies above. The gradient that a saturated
    softmax passes is typically :math:`2 e^{-\sqrt v \cdot \text{lead}}` times what comes back.

    Args:
        count: ``T``, how many there are.

    Returns:
        The mean.

    **Source**: chapter Attention and embeddings before training, section “Saturation”.

    >>> round(expected_lead(2), 6), round(2 / sqrt(np.pi), 6)
    (1.128379, 1.128379)
    """
    x = np.arange(-REACH, REACH, STEP)
    return float(count * STEP * (ndtr(-x) * ndtr(x) ** (count - 1)).sum())
