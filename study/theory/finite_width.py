r"""What a finite width adds: the drift and the spread of the logarithm of a norm.

A He layer of width :math:`n` multiplies the mean square of one input's signal by

.. math:: R = \frac{2}{(1 + a^2)\, n} \sum_{i=1}^{n} f(g_i)^2, \qquad g_i \sim N(0, 1),

independently in every layer, where :math:`f` is the leaky ReLU of negative slope :math:`a`. Its
mean is 1. The mean of its logarithm is not, and that is what adds up from layer to layer. The
gradient of a cotangent of independent Gaussian entries obeys the same law: the mean square of the
preactivation gradient of layer :math:`l` holds a factor :math:`R` of every layer from the last
down to :math:`l`, each of that layer's own width.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import expm1, inf, log, log1p, log2, sqrt

import numpy as np
from scipy.special import digamma, polygamma
from scipy.stats import binom

from study.errors import StudyError
from study.theory.activations import Array

EULER = float(np.euler_gamma)
SMALLEST = {"float32": -149, "bfloat16": -133, "float16": -24, "float64": -1074}
"""Binary exponent of the smallest positive number of each format."""
LARGEST = {"float32": 128, "bfloat16": 128, "float16": 16, "float64": 1024}
"""Binary exponent of the power of two that each format does not reach."""


@dataclass(frozen=True)
class LogNorm:
    """Mean and variance of the natural logarithm of a ratio of mean squares."""

    drift: float
    variance: float

    def after(self, layers: int) -> "LogNorm":
        """Return the law after as many such layers."""
        return LogNorm(layers * self.drift, layers * self.variance)


@dataclass(frozen=True)
class Crossing:
    """Layer at which a size reaches a limit: as predicted, and two deviations to either side.

    **Units**: layers; infinite where the limit is not reached.
    """

    layer: float
    early: float
    late: float


@lru_cache(maxsize=4096)
def log_norm(width: int, slope: float = 0.0) -> LogNorm:
    r"""Return the law of the logarithm of :math:`R`, given that the layer is not dead.

    For ReLU, :math:`R = (2/n)\,\chi^2_K` where :math:`K \sim \text{Bin}(n, 1/2)` units are active:

    .. math::
        E[\ln R] = E[\psi(K/2) + \ln(4/n)], \qquad
        \operatorname{Var}[\ln R] = E[\psi'(K/2)] + \operatorname{Var}[\psi(K/2)], \quad K > 0.

    With a slope there is no such sum, and :math:`M(t) = E[e^{-tR}]`, a power, is integrated:

    .. math::
        E[\ln R] = \int_0^\infty \frac{e^{-t} - M(t)}{t} dt, \qquad
        E[\ln^2 R] = 2\int_0^\infty \frac{(M(t) - e^{-t}) \ln t}{t} dt - 2\gamma\,E[\ln R].

    Args:
        width: ``n``.
        slope: ``a``.

    Returns:
        Drift and variance of one layer.

    Raises:
        StudyError: if the width is below 1.

    **Source**: derived in the chapter on the law of log norms; Hanin and Nica (2018) for the
    leading terms.

    >>> round(log_norm(100).drift, 5)
    -0.02542
    """
    if width < 1:
        raise StudyError(f"width: {width} is less than 1")
    return _relu_log_norm(width) if slope == 0 else _leaky_log_norm(width, slope)


def _relu_log_norm(width: int) -> LogNorm:
    active = np.arange(1, width + 1)
    share = binom.pmf(active, width, 0.5)
    share /= share.sum()
    level = digamma(active / 2) + log(4 / width)
    drift = float(share @ level)
    spread = float(share @ (polygamma(1, active / 2) + (level - drift) ** 2))
    return LogNorm(drift, spread)


def _leaky_log_norm(width: int, slope: float) -> LogNorm:
    x = np.arange(-45.0, 45.0 + 60 / width, 0.1)
    t = np.exp(np.minimum(x, 300))
    scale = 2 / ((1 + slope**2) * width)
    factors = (1 + 2 * scale * t) ** -0.5, (1 + 2 * scale * slope**2 * t) ** -0.5
    difference = np.exp(width * np.log((factors[0] + factors[1]) / 2)) - np.exp(-t)
    drift = -0.1 * float(difference.sum())
    square = 0.2 * float((difference * x).sum()) - 2 * EULER * drift
    return LogNorm(drift, square - drift**2)


def log_norm_drift(width: int, slope: float = 0.0) -> float:
    r"""Mean of the logarithm of the factor of one layer on the mean square.

    .. math:: E[\ln R]

    Args:
        width: ``n``.
        slope: ``a``.

    Returns:
        The drift, negative; see :func:`log_norm`.

    **Source**: Hanin and Nica (2018); exact here.
    """
    return log_norm(width, slope).drift


def log_norm_variance(width: int, slope: float = 0.0) -> float:
    r"""Variance of the logarithm of the factor of one layer on the mean square.

    .. math:: \operatorname{Var}[\ln R]

    Args:
        width: ``n``.
        slope: ``a``.

    Returns:
        The variance; see :func:`log_norm`.

    **Source**: Hanin and Nica (2018); exact here.
    """
    return log_norm(width, slope).variance


def asymptotic_log_norm(width: float, slope: float = 0.0) -> LogNorm:
    r"""Return the leading terms of the drift and of the variance for a wide layer.

    .. math::
        E[\ln R] \approx -\frac{v}{2n}, \quad \operatorname{Var}[\ln R] \approx \frac{v}{n},
        \quad v = \frac{6(1 + a^4)}{(1 + a^2)^2} - 1

    Here :math:`v` is the variance of one term over the square of its mean: 5 for ReLU, 2 for the
    identity.

    Args:
        width: ``n``.
        slope: ``a``.

    Returns:
        Drift and variance of one layer.

    **Source**: Hanin and Nica (2018), for ReLU; the delta method.

    >>> asymptotic_log_norm(100)
    LogNorm(drift=-0.025, variance=0.05)
    """
    relative = 6 * (1 + slope**4) / (1 + slope**2) ** 2 - 1
    return LogNorm(-relative / (2 * width), relative / width)


def network_log_norm(widths: Iterable[int], slope: float = 0.0) -> LogNorm:
    r"""Return the law of the logarithm of the mean square across layers of any widths.

    .. math:: E = \sum_l E[\ln R_l], \qquad \operatorname{Var} = \sum_l \operatorname{Var}[\ln R_l]

    To leading order both depend only on :math:`\sum_l 1/n_l`. It holds for the signal in the
    forward pass, from the first to the last of the layers given, and for the preactivation
    gradient of a random cotangent in the backward pass.

    Args:
        widths: the width of each layer crossed.
        slope: ``a``.

    Returns:
        Drift and variance of the whole.

    **Source**: Hanin and Nica (2018); Hanin and Rolnick (2018) for the sum of reciprocal widths.

    >>> round(network_log_norm([100] * 1000).drift, 2)
    -25.42
    """
    laws = [log_norm(width, slope) for width in widths]
    return LogNorm(sum(law.drift for law in laws), sum(law.variance for law in laws))


def sum_of_reciprocals(widths: Iterable[int]) -> float:
    r"""Return the sum of the reciprocal widths, of which the fluctuations are a multiple.

    .. math:: \beta = \sum_l 1/n_l

    Args:
        widths: the width of each layer.

    Returns:
        The sum.

    **Source**: Hanin and Rolnick (2018).

    >>> sum_of_reciprocals([100, 50])
    0.03
    """
    return sum(1 / width for width in widths)


def dead_layer_probability(width: int) -> float:
    r"""Probability that no unit of a ReLU layer is active for one input.

    .. math:: 2^{-n}

    Args:
        width: ``n``.

    Returns:
        The probability, for weights of a symmetric law and zero biases.

    **Source**: Lu et al. (2019).

    >>> dead_layer_probability(3)
    0.125
    """
    return 2.0**-width


def dead_network_probability(width: int, depth: int) -> float:
    r"""Probability that some layer of a ReLU network is dead for one input.

    .. math:: 1 - (1 - 2^{-n})^L

    Args:
        width: ``n``.
        depth: ``L``, the number of layers.

    Returns:
        The probability.

    **Source**: Lu et al. (2019).

    >>> round(dead_network_probability(6, 100), 3)
    0.793
    """
    return -expm1(depth * log1p(-dead_layer_probability(width)))


def log2_rms(weight_variance: float, slope: float = 0.0, width: float = inf) -> tuple[float, float]:
    r"""Return what one layer adds to the binary logarithm of the root mean square.

    .. math:: \tfrac12 \log_2(c(1 + a^2)/2) + \frac{E[\ln R]}{2 \ln 2}

    Args:
        weight_variance: ``c``.
        slope: ``a``.
        width: ``n``; infinite for none of the fluctuations.

    Returns:
        The mean added per layer, and the standard deviation added by one layer.
    """
    law = log_norm(int(width), slope) if width < inf else LogNorm(0.0, 0.0)
    rate = log2(weight_variance * (1 + slope**2) / 2) / 2 + law.drift / (2 * log(2))
    return rate, sqrt(law.variance) / (2 * log(2))


def vanishing_layer(
    weight_variance: float,
    slope: float = 0.0,
    smallest_exponent: float = SMALLEST["float32"],
    *,
    width: float = inf,
    start: float = 0.0,
) -> Crossing:
    r"""Layer at which the root mean square falls to the smallest number of a format.

    .. math:: l\,\mu \pm 2\sigma\sqrt l = e - s

    with the mean :math:`\mu` and the deviation :math:`\sigma` that :func:`log2_rms` gives, the
    exponent :math:`e` and the start :math:`s`.

    Args:
        weight_variance: ``c``.
        slope: ``a``.
        smallest_exponent: the exponent; of the formats see ``SMALLEST``.
        width: ``n``; infinite for none of the fluctuations.
        start: binary logarithm of the root mean square before the first layer.

    Returns:
        The layer and its interval; layer 0 where the start is already there.

    **Source**: derived in the chapter on number formats.

    >>> vanishing_layer(1.0).layer
    298.0
    """
    rate, spread = log2_rms(weight_variance, slope, width)
    return _crossing(-rate, spread, start - smallest_exponent)


def overflowing_layer(
    weight_variance: float,
    slope: float = 0.0,
    largest_exponent: float = LARGEST["float32"],
    *,
    width: float = inf,
    start: float = 0.0,
) -> Crossing:
    r"""Layer at which the root mean square reaches the power of two that a format does not hold.

    Args:
        weight_variance: ``c``.
        slope: ``a``.
        largest_exponent: the exponent; of the formats see ``LARGEST``.
        width: ``n``; infinite for none of the fluctuations.
        start: binary logarithm of the root mean square before the first layer.

    Returns:
        The layer and its interval; see :func:`vanishing_layer`.

    **Source**: derived in the chapter on number formats.

    >>> overflowing_layer(4.0).layer
    256.0
    """
    rate, spread = log2_rms(weight_variance, slope, width)
    return _crossing(rate, spread, largest_exponent - start)


def _crossing(rate: float, spread: float, distance: float) -> Crossing:
    """Return where ``rate * layer`` reaches a distance, and where it does with two deviations."""
    if distance <= 0:
        return Crossing(0.0, 0.0, 0.0)

    def root(deviations: float) -> float:
        # rate * r² + deviations * spread * r = distance, for the root r of the layer
        if rate <= 0:
            return inf
        half = deviations * spread / (2 * rate)
        return float((sqrt(half**2 + distance / rate) - half) ** 2)

    return Crossing(root(0.0), root(2.0), root(-2.0))


def bands(
    drift: float, variance: float, layers: Array, deviations: float = 2.0
) -> tuple[Array, Array, Array]:
    r"""Return the mean of a sum of independent layers, and the band of some deviations about it.

    .. math:: l\,\mu, \qquad l\,\mu \pm k \sigma \sqrt{l}

    Args:
        drift: the mean per layer.
        variance: the variance per layer.
        layers: the numbers of layers.
        deviations: ``k``.

    Returns:
        Mean, low end and high end.

    **Shapes**: that of ``layers``.
    """
    middle = drift * layers
    reach = deviations * np.sqrt(variance * layers)
    return middle, middle - reach, middle + reach
