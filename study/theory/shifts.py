r"""Activations moved before or after: a constant bias, and a constant that is taken away.

Both are activations again, so that all of the theory holds for them: a layer with the bias
:math:`b` in every unit is one without biases whose activation is :math:`f(b + z)`.
"""

from dataclasses import dataclass, replace
from math import erfc, exp, inf, pi, sqrt

from study.errors import StudyError
from study.theory.activations import Activation
from study.theory.gaussian import (
    leaky_relu_mean,
    leaky_relu_second_moment,
    leaky_relu_variance,
)

EQUAL = 1e-12
"""How near 1 the factor of a layer is told from no change."""


def biased(activation: Activation, bias: float) -> Activation:
    r"""Return an activation of a preactivation to which a constant bias is added.

    .. math:: f_b(z) = f(b + z)

    Args:
        activation: ``f``.
        bias: ``b``, the same in every unit.

    Returns:
        The activation; where ``f`` bends is named as its kink, so that integrals look there.

    >>> from study.theory.activations import activation
    >>> biased(activation("relu"), 0.1).kinks
    (-0.1,)
    """
    if not bias:
        return activation
    return replace(
        activation,
        formula=f"f({bias:g} + z)",
        function=lambda z: activation.function(bias + z),
        derivative=lambda z: activation.derivative(bias + z),
        kinks=tuple(kink - bias for kink in activation.kinks or (0.0,)),
        slope=None,
    )


def lowered(activation: Activation, shift: float) -> Activation:
    r"""Return an activation from which a constant is taken.

    .. math:: f_s(z) = f(z) - s

    Args:
        activation: ``f``.
        shift: ``s``.

    Returns:
        The activation.

    >>> import numpy as np
    >>> from study.theory.activations import activation
    >>> lowered(activation("relu"), 0.5).function(np.array([-1.0, 2.0]))
    array([-0.5,  1.5])
    """
    if not shift:
        return activation
    return replace(
        activation,
        formula=f"f(z) - {shift:g}",
        function=lambda z: activation.function(z) - shift,
        slope=None,
    )


def biased_relu_second_moment(q: float, bias: float, slope: float = 0.0) -> float:
    r"""Second moment of a leaky ReLU of a Gaussian with a mean.

    .. math::
        E[f(z)^2] = (b^2 + q) \left( \Phi + a^2 (1 - \Phi) \right) + (1 - a^2)\, b \sqrt q\,\varphi
        , \qquad z \sim N(b, q)

    Here :math:`\Phi` and :math:`\varphi` are the distribution function and the density of a
    standard Gaussian at :math:`b/\sqrt q`.

    Args:
        q: the variance of the preactivation, above 0.
        bias: ``b``, its mean.
        slope: ``a``, the negative slope.

    Returns:
        The second moment, which is :math:`(b^2 + q)/2` for ReLU only without a bias.

    **Source**: by parts, as on the page *A table of gains*.

    >>> biased_relu_second_moment(2.0, 0.0), round(biased_relu_second_moment(1.0, 1.0), 6)
    (1.0, 1.92466)
    """
    at = bias / sqrt(q)
    share, density = erfc(-at / sqrt(2)) / 2, exp(-at * at / 2) / sqrt(2 * pi)
    square = (bias * bias + q) * (share + slope**2 * (1 - share))
    return square + (1 - slope**2) * bias * sqrt(q) * density


@dataclass(frozen=True)
class Settling:
    """What becomes of the size of a signal.

    Attributes:
        length: the second moment of a preactivation at which it settles, or None.
        below: from which lengths: from all below this one, which itself leads away.
        slope: what a layer leaves of a small distance from ``length``, or None.
    """

    length: float | None
    below: float
    slope: float | None


def shifted_relu_settling(weight_variance: float, shift: float, slope: float = 0.0) -> Settling:
    r"""Tell where the size of a leaky ReLU settles from which a constant is taken.

    With :math:`x = \sqrt q` the length map of :math:`f(z) - s` is

    .. math::
        q' = c \left( \frac{1 + a^2}{2}\, x^2 - \frac{2 (1 - a)}{\sqrt{2\pi}}\, s x + s^2 \right) ,

    whose fixed points solve

    .. math::
        \left( 1 - \frac{c\,(1 + a^2)}{2} \right) x^2 + \frac{2 c (1 - a)}{\sqrt{2\pi}}\, s x
        - c s^2 = 0 .

    They are real if :math:`c \operatorname{Var}[f(u)] \le 1` with a standard Gaussian :math:`u`:
    for ReLU up to :math:`c = 2/(1 - 1/\pi) \approx 2.934`. Below the :math:`c` that keeps ``f``
    itself, every size settles. From there on only a positive shift lets it settle, and above that
    :math:`c` only sizes below the larger root.

    Args:
        weight_variance: ``c``, above 0.
        shift: ``s``, not 0.
        slope: ``a``, the negative slope.

    Returns:
        Where it settles, from where, and how fast.

    Raises:
        StudyError: if there is no shift, or no weight.

    **Source**: chapter *Where a signal settles*, section “A ReLU minus one half settles”, for
    :math:`a = 0` and :math:`c = 2`.

    >>> round(shifted_relu_settling(2.0, 0.5).length, 6), round(pi / 8, 6)
    (0.392699, 0.392699)
    >>> shifted_relu_settling(3.0, 0.5)
    Settling(length=None, below=0.0, slope=None)
    """
    if not (shift and weight_variance > 0):
        raise StudyError(f"shift {shift:g}, c {weight_variance:g}: take no 0, and c above 0")
    c, keeps = weight_variance, leaky_relu_second_moment(slope)
    square, middle = 1 - c * keeps, 2 * c * leaky_relu_mean(slope) * shift
    root = 4 * c * shift**2 * (1 - c * leaky_relu_variance(slope))  # the discriminant
    if abs(square) < EQUAL:
        x, below = (c * shift**2 / middle if middle > 0 else 0.0), inf
    elif square > 0:
        x, below = 2 * c * shift**2 / (middle + sqrt(root)), inf
    elif root <= 0 or middle <= 0:
        x, below = 0.0, 0.0
    else:
        x = 2 * c * shift**2 / (middle + sqrt(root))
        below = ((middle + sqrt(root)) / (-2 * square)) ** 2
    if not x:
        return Settling(None, 0.0, None)
    return Settling(x * x, below, c * keeps - middle / (2 * x))
