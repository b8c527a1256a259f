r"""What one matrix does that is applied again and again, as in a recurrent network.

The matrix is square, with independent Gaussian entries of mean 0 and variance one over the width
:math:`n`, or an identity is mixed into it.
"""

from math import comb, exp, inf, isinf, log, prod, sqrt

from study.errors import StudyError

DEFAULT_WEIGHT_VARIANCE = 1 / 3
r"""Variance times the width of torch's recurrent weights, uniform within :math:`\pm 1/\sqrt n`."""


def power_second_moment(steps: int, width: float = inf) -> float:
    r"""Mean square that a power of a Gaussian matrix makes of one, over draws of the matrix.

    .. math::
        \frac1n E \operatorname{tr} W^t W^{t*} = \frac{n}{(t + 1)(t + 2)} \left(
        \prod_{j=0}^{t+1} \Big(1 + \frac jn\Big) - \prod_{j=0}^{t+1} \Big(1 - \frac jn\Big) \right)
        \approx \frac{\sinh x}{x} , \quad x = \frac{(t + 1)(t + 2)}{2n}

    It is exact for complex Gaussian entries. For real ones there are more terms, which the width
    divides by at least its square; so there, too, it begins at 1 and leaves it where the square of
    the steps comes near the width. Fresh matrices in each step keep exactly 1.

    Args:
        steps: ``t``, how often the matrix is applied.
        width: ``n``; infinite for the limit, which is 1.

    Returns:
        The factor by which the mean square of a vector grows, on average.

    Raises:
        StudyError: if a number of steps is negative, or there is no unit.

    **Source**: derived in the chapter *The same matrix at each step*, section “A linear network”;
    the exact form is checked there by counting pairings.

    >>> round(power_second_moment(2, width=2), 12)
    1.25
    """
    _check(steps, width)
    if isinf(width):
        return 1.0
    upper = prod(1 + j / width for j in range(steps + 2))
    lower = prod(1 - j / width for j in range(steps + 2))
    return width * (upper - lower) / ((steps + 1) * (steps + 2))


def repeated_mixture(steps: int, identity: float, std: float, width: float = inf) -> float:
    r"""Mean square that powers of an identity plus a Gaussian matrix make of one.

    .. math:: \frac1n E \lVert (a I + s W)^t \rVert_F^2
        = \sum_{k=0}^{t} \binom tk^2 a^{2(t - k)} s^{2k} m_k

    with :math:`m_k` of :func:`power_second_moment`. The :math:`\binom tk` ways to take :math:`W` in
    :math:`k` of the steps give one and the same matrix :math:`W^k`, so they add up before they are
    squared.

    Args:
        steps: ``t``, how often the matrix is applied.
        identity: ``a``, what the identity is multiplied by.
        std: ``s``, what the Gaussian matrix is multiplied by.
        width: ``n``; infinite for the limit.

    Returns:
        The factor by which the mean square of a vector grows, on average.

    Raises:
        StudyError: if a number of steps is negative, or there is no unit.

    **Source**: derived in the chapter *The same matrix at each step*, section “An identity beside
    the matrix”.

    >>> repeated_mixture(2, identity=1.0, std=1.0)
    6.0
    """
    _check(steps, width)
    return sum(
        comb(steps, k) ** 2
        * identity ** (2 * (steps - k))
        * std ** (2 * k)
        * power_second_moment(k, width)
        for k in range(steps + 1)
    )


def fresh_mixture(steps: int, identity: float, std: float) -> float:
    r"""Mean square that products of identities plus fresh Gaussian matrices make of one.

    .. math:: \frac1n E \Big\lVert \prod_{i=1}^t (a I + s W_i) \Big\rVert_F^2 = (a^2 + s^2)^t

    Args:
        steps: ``t``, how many matrices.
        identity: ``a``, what the identities are multiplied by.
        std: ``s``, what the Gaussian matrices are multiplied by.

    Returns:
        The factor, at any width.

    Raises:
        StudyError: if a number of steps is negative.

    **Source**: as for :func:`repeated_mixture`.

    >>> fresh_mixture(2, identity=1.0, std=1.0)
    4.0
    """
    _check(steps, inf)
    return (identity**2 + std**2) ** steps


def largest_stretch(steps: int) -> float:
    r"""Largest singular value of a power of a wide Gaussian matrix.

    .. math:: \lVert W^t \rVert \to \sqrt{\frac{(t + 1)^{t + 1}}{t^t}} \approx \sqrt{e (t + 1)}

    It is that of a product of fresh matrices, :func:`study.theory.products.share_below`. It grows
    like the root of the steps and not by a factor in each; its root of order :math:`t` goes to 1,
    which is therefore the spectral radius.

    Args:
        steps: ``t``, how often the matrix is applied.

    Returns:
        The largest factor by which a vector grows.

    Raises:
        StudyError: if a number of steps is negative.

    **Source**: Penson and Życzkowski (2011), *Product of Ginibre matrices: Fuss–Catalan and Raney
    distributions*, for products; that powers have the same limit is derived in the chapter *The
    same matrix at each step*, section “A linear network”.

    >>> largest_stretch(1)
    2.0
    """
    _check(steps, inf)
    return sqrt(exp((steps + 1) * log(steps + 1) - steps * log(steps))) if steps else 1.0


def _check(steps: int, width: float) -> None:
    if steps < 0:
        raise StudyError(f"steps: {steps} is negative")
    if not width >= 1:
        raise StudyError(f"width: {width:g} is less than 1")
