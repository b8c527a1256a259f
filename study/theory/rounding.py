r"""How far numbers of few bits are from those that they stand for, in a layer and through many.

A format with :math:`p` significant bits, the leading 1 included, has the distance
:math:`2^{e + 1 - p}` between neighbours from :math:`2^e` to :math:`2^{e + 1}`. What is rounded
is off by at most half of that, and is as likely to be off by one amount as by another.
Numbers are taken to be within the range of the format, where no subnormal number is met.
"""

from collections.abc import Iterator
from math import acos, floor, log2, pi

from scipy.special import ndtr

from study.errors import StudyError

SIGNIFICANT_BITS = {"float32": 24, "bfloat16": 8, "float16": 11}
"""How many bits of a number's digits a format keeps, with the leading 1 that it does not store."""

BINADES = 60
"""How many powers of two below the largest are counted; those below hold nothing to speak of."""


def relative_rounding(std: float, bits: int) -> float:
    r"""Mean square of the rounding error of a Gaussian number over that of the number.

    .. math:: u^2 = \frac{4^{1 - p}}{12\, s^2} \sum_e 4^e\, P(2^e \le |x| < 2^{e+1})

    Args:
        std: ``s``, the standard deviation; only its place between two powers of two matters.
        bits: ``p``, the significant bits.

    Returns:
        The square of the relative error, which is 0.54 times :math:`4^{1 - p} / 12` or near it.

    Raises:
        StudyError: if the deviation is not above 0, or there is no bit.

    **Source**: derived in the chapter *Where a number format ends*, section “Eight bits, layer by
    layer”.

    >>> round(relative_rounding(1.0, bits=8) ** 0.5, 4)
    0.0017
    """
    _check(std, bits)
    total = sum(4.0**exponent * share for exponent, share in _binades(std))
    return 4.0 ** (1 - bits) / 12 * total / std**2


def error_after(layers: int, weights: float, signals: float) -> float:
    r"""Squared relative error of the signal behind ReLU layers whose numbers are rounded.

    .. math:: \varepsilon_L = L\,(u_w^2 + u_z^2)

    Each layer adds what rounding its weights and its preactivations does, and passes on what comes
    from below: a sum over the inputs has the relative error of its terms, however many there are,
    and a ReLU takes half of the squares of both.

    Args:
        layers: ``L``.
        weights: :math:`u_w^2`, of :func:`relative_rounding`.
        signals: :math:`u_z^2`, likewise.

    Returns:
        The mean square of the error over that of the signal, as long as it is small.

    **Source**: as for :func:`relative_rounding`.

    >>> round(error_after(50, 1e-6, 1e-6), 9)
    0.0001
    """
    return layers * (weights + signals)


def gradient_error_after(layers: int, weights: float, signals: float) -> float:
    r"""Squared relative error of the gradient behind ReLU layers whose numbers are rounded.

    .. math::
        2 \left(1 - \prod_{l=1}^{L} \Big(1 - \frac{\theta_l}{\pi}\Big)\right), \qquad
        \cos \theta_l = 1 - \frac{\varepsilon_l}{2}

    At an angle :math:`\theta` between the exact and the rounded preactivations a share
    :math:`\theta/\pi` of the units is open in one and shut in the other. That is of the order of
    the error and not of its square, and outweighs the rounding of the gradient itself.

    Args:
        layers: ``L``, through whose ReLUs the gradient comes back.
        weights: :math:`u_w^2`, of :func:`relative_rounding`.
        signals: :math:`u_z^2`, likewise.

    Returns:
        The mean square of the error over that of the gradient, of a gradient that is kept in size.

    **Source**: as for :func:`relative_rounding`.

    >>> gradient_error_after(50, 0.0, 0.0)
    0.0
    """
    cosine = 1.0
    for layer in range(1, layers + 1):
        cosine *= 1 - acos(1 - error_after(layer, weights, signals) / 2) / pi
    return 2 * (1 - cosine)


def lost_updates(std: float, update: float, bits: int) -> float:
    r"""Share of Gaussian weights that a Gaussian update does not change, for it is rounded away.

    .. math:: \sum_e P(2^e \le |w| < 2^{e+1})\, P(|\Delta| < 2^{e-p})

    A weight moves if the update is at least half of the distance to its neighbour. At a power of
    two the neighbour below is nearer, which is left out.

    Args:
        std: of a weight.
        update: standard deviation of its update.
        bits: ``p``, the significant bits.

    Returns:
        The share.

    Raises:
        StudyError: if a deviation is not above 0, or there is no bit.

    **Source**: derived in the chapter *Where a number format ends*, section “Updates that vanish”.

    >>> round(lost_updates(0.05, 5e-5, bits=8), 2), round(lost_updates(0.05, 5e-5, bits=11), 2)
    (0.78, 0.21)
    """
    _check(std, bits)
    _check(update, bits)
    return sum(
        share * (2 * float(ndtr(2.0 ** (exponent - bits) / update)) - 1)
        for exponent, share in _binades(std)
    )


def _binades(std: float) -> Iterator[tuple[int, float]]:
    """Yield each power of two, and the share of Gaussian numbers from it to the next."""
    top = floor(log2(std)) + 4
    for exponent in range(top, top - BINADES, -1):
        low, high = 2.0**exponent / std, 2.0 ** (exponent + 1) / std
        yield exponent, 2 * float(ndtr(high) - ndtr(low))


def _check(std: float, bits: int) -> None:
    if not std > 0:
        raise StudyError(f"std: {std:g} is not above 0")
    if bits < 1:
        raise StudyError(f"bits: {bits} is less than 1")
