r"""What Glorot and Bengio's initialisations do to a layer, in closed form.

A layer of :math:`n` inputs and :math:`n'` outputs has weights of mean 0 and variance
:math:`\operatorname{Var} W`. In the linear regime the mean square of the signal is multiplied by
:math:`n \operatorname{Var} W` in the forward pass, and that of the gradient by
:math:`n' \operatorname{Var} W` in the backward pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, pi, prod, sqrt

import numpy as np
from scipy.special import digamma

from study.theory.activations import Activation
from study.theory.moments import derivative_second_moment, second_moment

STANDARD = 1 / 3
"""``n Var W`` of a uniform number within 1/√n, equation 15."""

MEAN_OVER_ROOT_MEAN_SQUARE = 8 / (3 * pi)
"""Mean singular value of a large square random matrix over the root of the mean square."""

GEOMETRIC_MEAN_OVER_ROOT_MEAN_SQUARE = exp(-1 / 2)
"""Their geometric mean over the root of the mean square."""


def uniform_variance(bound: float) -> float:
    r"""Variance of a uniform number within a bound of 0.

    .. math:: \frac{1}{2b} \int_{-b}^{b} w^2\, dw = b^2/3

    Args:
        bound: ``b``.

    **Source**: Glorot and Bengio (2010), from equation 1 to 15 and from 16 to 12.

    >>> round(uniform_variance(3.0), 12)
    3.0
    """
    return bound**2 / 3


def normalised_bound(fan_in: float, fan_out: float) -> float:
    r"""Bound of the normalised initialisation.

    .. math:: b = \sqrt{6} / \sqrt{n + n'}

    Args:
        fan_in: ``n``.
        fan_out: ``n'``.

    **Source**: Glorot and Bengio (2010), equation 16.

    >>> normalised_bound(784, 752)
    0.0625
    """
    return sqrt(6 / (fan_in + fan_out))


def forward_product(widths: Sequence[int], variances: Sequence[float]) -> float:
    r"""Mean square of the last layer over that of the first, in the linear regime.

    .. math:: \prod_i n_i \operatorname{Var} W^i

    Args:
        widths: of the input and of each layer.
        variances: of the weights of each layer.

    **Source**: Glorot and Bengio (2010), equation 5.

    >>> forward_product([4, 2, 8], [0.25, 0.5])
    1.0
    """
    return prod(n * variance for n, variance in zip(widths[:-1], variances, strict=True))


def backward_product(widths: Sequence[int], variances: Sequence[float]) -> float:
    r"""Mean square of the gradient at the first layer over that at the last.

    .. math:: \prod_i n_{i+1} \operatorname{Var} W^i

    Args:
        widths: of the first layer and of each above it.
        variances: of the weights of each layer but the first.

    **Source**: Glorot and Bengio (2010), equation 6, with as many factors as matrices.

    >>> backward_product([4, 2, 8], [0.5, 0.125])
    1.0
    """
    return prod(n * variance for n, variance in zip(widths[1:], variances, strict=True))


def compromise(widths: Sequence[int]) -> list[float]:
    r"""Variances of the weights of each layer in the normalised initialisation.

    .. math:: \operatorname{Var} W^i = 2 / (n_i + n_{i+1})

    Args:
        widths: of the input and of each layer.

    **Source**: Glorot and Bengio (2010), equation 12.

    >>> compromise([3, 1, 1])
    [0.5, 1.0]
    """
    return [2 / (n + above) for n, above in pairwise(widths)]


@dataclass(frozen=True)
class Levels:
    """Mean squares by layer, beyond the linear regime.

    Attributes:
        signal: of the activations, over that of the first layer.
        gradient: of the gradient with respect to the preactivations, over that of the last layer.
        slope: of the derivative.
    """

    signal: list[float]
    gradient: list[float]
    slope: list[float]


def levels(
    nonlinearity: Activation,
    first: Sequence[float],
    weight_variance: float,
    layers: int,
) -> Levels:
    r"""Iterate the length map of each image through layers of one width, and average over images.

    .. math::
        q_{l+1} = c\,E[f(z)^2], \qquad
        E[(\Delta s_l)^2] = c\,E[f'(z)^2]\,E[(\Delta s_{l+1})^2], \qquad z \sim N(0, q_l)

    Args:
        nonlinearity: ``f``, with :math:`f'(0) = 1` in the paper.
        first: the variance of a preactivation of the first layer, for each image.
        weight_variance: ``c``, which is :math:`n \operatorname{Var} W`.
        layers: how many.

    Returns:
        The mean squares over all images.

    **Source**: derived in the chapter *Glorot's law*; for :math:`f'(z) = 1` they are equations 5
    and 6.
    """
    signal, slope, q = [], [], list(first)
    for _ in range(layers):
        moments = [second_moment(nonlinearity, length) for length in q]
        signal.append(moments)
        slope.append([derivative_second_moment(nonlinearity, length) for length in q])
        q = [weight_variance * moment for moment in moments]
    gradient = np.ones(len(q))
    gradients = [gradient]
    for factors in reversed(slope[:-1]):
        gradient = weight_variance * np.array(factors) * gradient
        gradients.insert(0, gradient)
    means = [float(np.mean(layer)) for layer in signal]
    return Levels(
        signal=[mean / means[0] for mean in means],
        gradient=[float(layer.mean()) for layer in gradients],
        slope=[float(np.mean(layer)) for layer in slope],
    )


def geometric_mean_at(width: int) -> float:
    r"""Geometric mean of the singular values of a Gaussian matrix of some width.

    .. math::
        \exp \frac{1}{2n} \sum_{k=1}^{n} E \ln \frac{\chi^2_k}{n}
        = \exp \frac{1}{2n} \sum_{k=1}^{n} \bigl(\psi(k/2) + \ln(2/n)\bigr)

    since the squared determinant is a product of independent :math:`\chi^2_k`. It is the
    exponential of the mean logarithm; for a large width it comes to :math:`e^{-1/2}`.

    Args:
        width: ``n``; the entries have variance 1/n.

    **Source**: derived in the chapter *Glorot's law*, section *The geometric mean*.

    >>> round(geometric_mean_at(1_000_000), 4)
    0.6065
    """
    k = np.arange(1, width + 1)
    return float(np.exp((digamma(k / 2) + np.log(2 / width)).mean() / 2))
