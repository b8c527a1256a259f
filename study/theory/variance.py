r"""The laws of Glorot & Bengio and of He et al. for one layer, forward and backward.

A layer computes :math:`z_l = W_l h_{l-1}` and :math:`h_l = f(z_l)`.
Weights are independent with mean 0 and variance :math:`c/\text{fan\_in}`; the constant ``c`` is
called ``weight_variance`` here and in every setting, since only it is free of the width.
"""

from study.theory.gaussian import leaky_relu_second_moment


def forward_factor(weight_variance: float, slope: float) -> float:
    r"""Factor by which one layer multiplies the second moment of the preactivation.

    .. math:: E[z_{l+1}^2] / E[z_l^2] = c\,(1 + a^2)/2

    Args:
        weight_variance: ``c``, the variance of a weight times the layer's fan_in.
        slope: ``a``, the negative slope of the leaky ReLU.

    Returns:
        The factor; 1 keeps the signal.

    **Source**: He et al. (2015), equations 8 to 10 (:math:`a = 0`) and 15.

    >>> forward_factor(1.0, 0.0), forward_factor(2.0, 0.0)
    (0.5, 1.0)
    """
    return weight_variance * leaky_relu_second_moment(slope)


def backward_factor(weight_variance: float, slope: float, fan_out_over_fan_in: float) -> float:
    r"""Factor by which one layer multiplies the second moment of the gradient in the backward pass.

    .. math:: E[(\Delta z_l)^2] / E[(\Delta z_{l+1})^2] = c\,\frac{\hat n}{n}\,(1 + a^2)/2

    Args:
        weight_variance: ``c``, the variance of a weight times the layer's fan_in ``n``.
        slope: ``a``, the negative slope of the leaky ReLU.
        fan_out_over_fan_in: :math:`\hat n / n`, 1 in a network of constant width.

    Returns:
        The factor; 1 keeps the gradient.

    **Source**: He et al. (2015), equations 12 to 14 (:math:`a = 0`), and the condition
    without a number after equation 15.

    >>> backward_factor(2.0, 0.0, fan_out_over_fan_in=0.5)
    0.5
    """
    return fan_out_over_fan_in * forward_factor(weight_variance, slope)


def second_moment_after(layers: int, factor: float) -> float:
    """Second moment after some layers, relative to where one starts.

    Args:
        layers: how many layers are crossed.
        factor: the factor of one layer.

    Returns:
        ``factor ** layers``.

    **Source**: He et al. (2015), equation 9.

    >>> second_moment_after(8, 0.5)
    0.00390625
    """
    return factor**layers
