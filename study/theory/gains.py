r"""Gains: by what to multiply :math:`1/\sqrt{n}` so that a layer keeps a signal or a gradient.

Weights of a layer with fan_in :math:`n` have the standard deviation :math:`g/\sqrt n`, where
:math:`g` is the gain; the constant :math:`c` of the other modules is :math:`g^2`. Each gain below
is for preactivations of unit variance, and keeps a different thing.
"""

from math import inf, sqrt

from study.theory.activations import LEAK, Activation
from study.theory.moments import derivative_second_moment, moments, second_moment

TORCH_GAINS = {
    "linear": 1.0,
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": sqrt(2),
    "selu": 3 / 4,
}
"""What ``torch.nn.init.calculate_gain`` returns; for ``leaky_relu`` see :func:`torch_gain`."""


def second_moment_gain(activation: Activation) -> float:
    r"""Gain that keeps a preactivation of second moment 1 through the next layer.

    .. math:: g = 1/\sqrt{E[f(z)^2]}, \quad z \sim N(0, 1)

    Args:
        activation: ``f``.

    Returns:
        The gain.

    **Source**: He et al. (2015), equation 10, for ReLU.

    >>> from study.theory.activations import activation
    >>> round(second_moment_gain(activation("tanh")), 6)
    1.592537
    """
    return 1 / sqrt(second_moment(activation, 1.0))


def variance_gain(activation: Activation) -> float:
    r"""Gain that would keep the variance, if the mean of the activation were removed.

    .. math:: g = 1/\sqrt{\operatorname{Var}[f(z)]}, \quad z \sim N(0, 1)

    Args:
        activation: ``f``.

    Returns:
        The gain.

    **Source**: derived in the chapter *Variance through a ReLU*.

    >>> from study.theory.activations import activation
    >>> round(variance_gain(activation("relu")), 4)
    1.7129
    """
    return 1 / sqrt(moments(activation, 1.0).variance)


def gradient_gain(activation: Activation) -> float:
    r"""Gain that keeps the second moment of the gradient, at equal widths.

    .. math:: g = 1/\sqrt{E[f'(z)^2]}, \quad z \sim N(0, 1)

    Args:
        activation: ``f``.

    Returns:
        The gain.

    **Source**: He et al. (2015), equation 14, for ReLU.

    >>> from study.theory.activations import activation
    >>> round(gradient_gain(activation("tanh")), 4)
    1.4674
    """
    return 1 / sqrt(derivative_second_moment(activation, 1.0))


def unit_slope_gain(activation: Activation) -> float:
    r"""Gain that keeps a signal so small that the activation is a straight line.

    .. math:: g = 1/\sqrt{E[f'(z)^2]} = \sqrt{2/(s_-^2 + s_+^2)} \text{ for } z \to 0

    Here :math:`s_-` and :math:`s_+` are the slopes left and right of 0. Where :math:`f` has no
    kink at 0 this is :math:`1/|f'(0)|`.

    Args:
        activation: ``f``.

    Returns:
        The gain; infinite where the slope is 0.

    **Source**: Glorot and Bengio (2010), who assume a unit derivative at 0.

    >>> from study.theory.activations import activation
    >>> unit_slope_gain(activation("tanh")), unit_slope_gain(activation("sigmoid"))
    (1.0, 4.0)
    """
    left, right = activation.slopes_at_zero()
    if left == right:
        return 1 / abs(left) if left else inf
    return sqrt(2 / (left**2 + right**2))


def torch_gain(name: str, slope: float = LEAK) -> float | None:
    r"""Gain that ``torch.nn.init.calculate_gain`` returns for an activation.

    Args:
        name: of the activation.
        slope: the negative slope of ``leaky_relu``, whose gain is :math:`\sqrt{2/(1 + a^2)}`.

    Returns:
        The gain, or None for any other name; of those in ``NAMES`` torch refuses exactly these.

    **Source**: the documentation of PyTorch.

    >>> torch_gain("tanh"), torch_gain("gelu")
    (1.6666666666666667, None)
    """
    return sqrt(2 / (1 + slope**2)) if name == "leaky_relu" else TORCH_GAINS.get(name)
