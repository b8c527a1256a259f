r"""What a product of many square random matrices does to directions: laws of its singular values.

The laws of :func:`share_below` and :func:`singular_value` are for wide layers, those of
:func:`mean_log` and :func:`lost_share` for any width.
"""

from collections.abc import Callable
from math import exp, log, pi, sin

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma
from scipy.stats import binom

from study.errors import StudyError


def share_below(fraction: float, layers: int) -> float:
    r"""Share of the singular values of a product of Gaussian matrices that lie below a fraction.

    .. math::
        F = 1 - \frac{(L + 1)\,\varphi}{\pi}
        + \frac L\pi\, \frac{\sin\varphi\, \sin((L + 1)\varphi)}{\sin L\varphi},
        \qquad
        \frac{\sin^{L + 1}((L + 1)\varphi)}{\sin\varphi\, \sin^L L\varphi} = a^2

    The matrices are square and independent, with independent Gaussian entries of variance one over
    the width, so that the mean square of the singular values is 1; the width goes to infinity. The
    squares have the Fuss–Catalan numbers :math:`\frac{1}{L s + 1} \binom{(L + 1) s}{s}` as moments.

    Args:
        fraction: ``a``, of the root mean square of all singular values; above 0.
        layers: ``L``, how many matrices; 1 or more.

    Returns:
        The share; 1 from the largest singular value :math:`\sqrt{(L + 1)^{L + 1} / L^L}` on.

    Raises:
        StudyError: if there is no layer, or the fraction is not above 0.

    **Source**: Penson and Życzkowski (2011), *Product of Ginibre matrices: Fuss–Catalan and Raney
    distributions*, for the moments; the share is derived in the chapter *Depth 1000, direction*,
    section “The shape of the derivative”.

    >>> round(share_below(0.1, layers=10), 3), round(share_below(0.1, layers=100), 3)
    (0.6, 0.931)
    """
    _check(layers)
    if not fraction > 0:
        raise StudyError(f"fraction: {fraction:g} is not above 0")
    aim = 2 * log(fraction)
    if aim >= (layers + 1) * log(layers + 1) - layers * log(layers):
        return 1.0
    return _share(_solve(lambda place: _log_square(place, layers) - aim), layers)


def singular_value(share: float, layers: int) -> float:
    r"""Singular value below which a share of them lies, in a product of Gaussian matrices.

    It is the inverse of :func:`share_below`.

    Args:
        share: of the singular values that lie below, between 0 and 1.
        layers: ``L``, how many matrices; 1 or more.

    Returns:
        The singular value.

    **Units**: the root mean square of all singular values.

    Raises:
        StudyError: if there is no layer, or the share is not between 0 and 1.

    **Source**: as for :func:`share_below`.

    >>> round(singular_value(share_below(0.1, layers=10), layers=10), 6)
    0.1
    """
    _check(layers)
    if not 0 < share < 1:
        raise StudyError(f"share: {share:g} is not between 0 and 1")
    place = _solve(lambda place: _share(place, layers) - share)
    return exp(_log_square(place, layers) / 2)


def mean_log(width: int) -> float:
    r"""Mean logarithm of the singular values of one square Gaussian matrix of variance 1/n.

    .. math:: \frac{1}{2n} \sum_{i=1}^{n} \left( \psi\Big(\frac i2\Big) + \ln\frac2n \right)

    By determinants, that of a product of matrices is the sum over its factors.

    Args:
        width: ``n``, at least 1.

    Returns:
        The mean over the singular values and the draws, about :math:`-1/2`.

    Raises:
        StudyError: if the width is below 1.

    **Source**: derived in the chapter *Depth 1000, direction*, section “The shape of the
    derivative”.

    >>> round(exp(mean_log(256)), 4), round(exp(-0.5), 4)
    (0.6031, 0.6065)
    """
    if width < 1:
        raise StudyError(f"width: {width} is less than 1")
    half = np.arange(1, width + 1) / 2
    return float(digamma(half).mean() + log(2 / width)) / 2


def lost_share(width: int, layers: int) -> float:
    r"""Mean share of directions that a ReLU network loses at one input.

    .. math:: E\left[\max_{l \le L} \Big( 1 - \frac{K_l}{n} \Big)\right]

    where :math:`K_l`, the active units of a layer, are independent and binomial, with :math:`n`
    trials and probability one half: the layer with the fewest decides the rank of the product.

    Args:
        width: ``n``, the same in all layers; at least 1.
        layers: ``L``, how many; 1 or more.

    Returns:
        The mean over the draws, one half for one layer.

    Raises:
        StudyError: if there is no layer, or the width is below 1.

    **Source**: derived in the chapter *Depth 1000, direction*, section “The shape of the
    derivative”.

    >>> round(lost_share(256, layers=1), 4), round(lost_share(256, layers=10), 4)
    (0.5, 0.548)
    """
    _check(layers)
    if width < 1:
        raise StudyError(f"width: {width} is less than 1")
    # By symmetry of the coin the largest number of inactive units is that of heads; its mean is the
    # sum of the probabilities that it exceeds 0, 1, and so on.
    all_at_most = binom.cdf(np.arange(width), width, 0.5) ** layers
    return float((1 - all_at_most).sum()) / width


def _check(layers: int) -> None:
    if layers < 1:
        raise StudyError(f"layers: {layers} is less than 1")


def _angles(place: float, layers: int) -> tuple[float, float, float]:
    r"""Return the sines of :math:`(L + 1)\varphi`, :math:`\varphi` and :math:`L\varphi`.

    ``place`` rises from 0 to 1 as :math:`(L + 1)\varphi` falls from :math:`\pi` to 0.
    """
    angle = pi * (1 - place) / (layers + 1)
    return sin(pi * min(place, 1 - place)), sin(angle), sin(layers * angle)


def _log_square(place: float, layers: int) -> float:
    """Return the logarithm of the squared singular value at this place."""
    sine_of_place, sine, sine_of_layers = _angles(place, layers)
    return (layers + 1) * log(sine_of_place) - log(sine) - layers * log(sine_of_layers)


def _share(place: float, layers: int) -> float:
    """Return the share of singular values below the one at this place."""
    sine_of_place, sine, sine_of_layers = _angles(place, layers)
    return place + layers / pi * sine * sine_of_place / sine_of_layers


def _solve(function: Callable[[float], float]) -> float:
    """Return the place at which a rising function is 0."""
    return float(brentq(function, 1e-300, 1 - 1e-9, xtol=1e-15))
