"""What a classifier's first loss is: of logits that are random, and of a bias from class shares.

Logits are independent Gaussians of mean 0 and variance ``v``, one for each of ``K`` classes, as a
last layer with Gaussian weights makes them of one image.
"""

from collections.abc import Sequence
from math import log, sqrt

import numpy as np

EULER = float(np.euler_gamma)
REACH, POINTS, STEP = 8.5, 401, 0.1
"""How many standard deviations of a Gaussian count, at how many points it is summed, and how far
apart the points of the maximum are; smaller steps change none of ten digits up to a variance of
256."""


def entropy(shares: Sequence[float]) -> float:
    r"""Return the entropy of class shares: the least loss of outputs that know nothing else.

    .. math:: H = -\sum_j \pi_j \ln \pi_j

    Args:
        shares: :math:`\pi_j`, of each class; a class without examples adds nothing.

    >>> round(entropy([0.5, 0.5]), 4)
    0.6931
    """
    return -sum(share * log(share) for share in shares if share)


def expected_loss(variance: float, classes: int) -> float:
    r"""Expected cross-entropy of Gaussian logits.

    A Gumbel variable added to each logit makes its largest sum have the mean
    :math:`\ln \sum_j e^{o_j}` plus Euler's constant, so that no integral over all logits is needed.

    .. math::
        E \ln \sum_j e^{o_j} = E \max_j (o_j + G_j) - \gamma
        = \int_0^\infty (1 - F(u)^K)\,du - \int_{-\infty}^0 F(u)^K\,du - \gamma,
        \qquad F(u) = E\, e^{-e^{-(u - o)}}

    Args:
        variance: ``v``, of each logit.
        classes: ``K``.

    Returns:
        The loss, in nats; :math:`\ln K` where the variance is 0.

    **Source**: chapter The first loss, section “How large logits raise it”.

    >>> round(expected_loss(0.0, 10), 6), round(expected_loss(1.0, 10), 6)
    (2.302585, 2.728864)
    """
    deviation = sqrt(variance)
    points = np.linspace(-REACH, REACH, POINTS)
    weights = np.exp(-(points**2) / 2)
    weights /= weights.sum()
    low, high = -5 - REACH * deviation, 45 + REACH * deviation
    heights = np.arange(low, high, STEP * max(1.0, deviation))
    with np.errstate(over="ignore"):
        below = np.array([weights @ np.exp(-np.exp(deviation * points - u)) for u in heights])
    # Between the ends lies all of the maximum, so that both integrals are one from the low end on.
    return float(low + np.trapezoid(1 - below**classes, heights) - EULER)


def second_order_loss(variance: float, classes: int) -> float:
    r"""Cross-entropy of Gaussian logits of small variance, to second order in the logits.

    .. math:: \ln K + \frac v2 \Bigl(1 - \frac1K\Bigr)

    Args:
        variance: ``v``, of each logit.
        classes: ``K``.

    **Source**: chapter The first loss, section “How large logits raise it”.

    >>> round(second_order_loss(1.0, 10) - log(10), 4)
    0.45
    """
    return log(classes) + variance / 2 * (1 - 1 / classes)


def fourth_order_loss(variance: float, classes: int) -> float:
    r"""Cross-entropy of Gaussian logits of small variance, to fourth order in the logits.

    .. math:: \ln K + \frac v2 \Bigl(1 - \frac1K\Bigr) - \frac{v^2}4\, \frac{K - 1}{K^2}

    Args:
        variance: ``v``, of each logit.
        classes: ``K``.

    **Source**: chapter The first loss, section “How large logits raise it”.

    >>> round(fourth_order_loss(1.0, 10) - log(10), 4)
    0.4275
    """
    fourth = variance**2 / 4 * (classes - 1) / classes**2
    return second_order_loss(variance, classes) - fourth
