r"""What a layer of tanh units does to the size of a signal and of a gradient, by quadrature.

Weights are Gaussian with the standard deviation :math:`g/\sqrt n`, where :math:`g` is the gain, and
biases are 0. Above activations of second moment :math:`s` a preactivation is then Gaussian, given
the layer below, with variance :math:`q = g^2 s`.
"""

from math import atanh, cosh, erfc, sqrt, tanh

from study.theory.gaussian import expectation


def activation_second_moment(q: float) -> float:
    r"""Second moment of the tanh of a centred Gaussian.

    .. math:: s = E[\tanh^2(\sqrt q\, u)], \quad u \sim N(0, 1)

    Args:
        q: the variance of the preactivation.

    Returns:
        The second moment, which is the variance, as the mean is 0.

    **Source**: derived in the chapter *The gain of tanh*.

    >>> round(activation_second_moment(1.0) ** 0.5, 4)
    0.6279
    """
    deviation = sqrt(q)
    return expectation(lambda u: tanh(deviation * u) ** 2)


def derivative_second_moment(q: float) -> float:
    r"""Second moment of the derivative of tanh at a centred Gaussian.

    .. math:: E[(1 - \tanh^2(\sqrt q\, u))^2] = E[\cosh^{-4}(\sqrt q\, u)]

    Args:
        q: the variance of the preactivation.

    Returns:
        The second moment, between 0 and 1.

    **Source**: derived in the chapter *The gain of tanh*.
    """
    deviation = sqrt(q)
    # Beyond 300 the hyperbolic cosine would overflow, and its inverse is 0.
    return expectation(lambda u: cosh(min(abs(deviation * u), 300.0)) ** -4)


def saturated_share(q: float, level: float) -> float:
    r"""Probability that the tanh of a centred Gaussian is beyond a level to either side.

    .. math:: P(|\tanh(\sqrt q\, u)| > t) = \operatorname{erfc}(\operatorname{artanh}(t)/\sqrt{2 q})

    Args:
        q: the variance of the preactivation.
        level: ``t``, between 0 and 1.

    Returns:
        The probability.

    >>> round(saturated_share(1.0, 0.97), 4)
    0.0364
    """
    return erfc(atanh(level) / sqrt(2 * q))


def preactivation_variances(gain: float, layers: int) -> list[float]:
    r"""Variance of the preactivation in each layer, above inputs of second moment 1.

    .. math:: q_1 = g^2, \qquad q_{l+1} = g^2 E[\tanh^2(\sqrt{q_l}\, u)]

    Args:
        gain: ``g``.
        layers: how many layers.

    Returns:
        The variances of layers 1 to ``layers``.

    **Source**: derived in the chapter *The gain of tanh*.
    """
    variances = [gain**2]
    while len(variances) < layers:
        variances.append(gain**2 * activation_second_moment(variances[-1]))
    return variances


def fixed_point(gain: float) -> float:
    r"""Variance of the preactivation that a layer of tanh units leaves as it is.

    .. math:: q^* = g^2 E[\tanh^2(\sqrt{q^*}\, u)]

    The map is increasing and concave with slope :math:`g^2` at 0, so for :math:`g > 1` there is
    exactly one such variance above 0, and the iteration from anywhere above comes to it.

    Args:
        gain: ``g``.

    Returns:
        The fixed point; 0 for a gain of at most 1.

    **Source**: derived in the chapter *The gain of tanh*.

    >>> round(fixed_point(5 / 3), 4)
    1.1785
    """
    if gain <= 1:
        return 0.0
    q, previous = gain**2, 0.0
    while abs(q - previous) > 1e-10 * q:
        previous, q = q, gain**2 * activation_second_moment(q)
    return q


def gradient_factor(gain: float, q: float) -> float:
    r"""Factor of a layer on the second moment of the gradient on its way down, at equal widths.

    .. math:: \chi = g^2 E[\cosh^{-4}(\sqrt q\, u)]

    Args:
        gain: ``g``.
        q: the variance of the preactivation.

    Returns:
        The factor; 1 keeps the gradient.

    **Source**: derived in the chapter *The gain of tanh*; Schoenholz et al. (2017), where it is
    named χ₁.

    >>> round(gradient_factor(5 / 3, fixed_point(5 / 3)), 4)
    1.2098
    """
    return gain**2 * derivative_second_moment(q)
