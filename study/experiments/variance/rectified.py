r"""ReLU layers with a constant bias and with dropout, in expectation over Gaussian weights.

A preactivation is :math:`z \sim N(b, q)` over draws of the weights, where :math:`b` is the bias.
A unit is kept with probability :math:`k` and then divided by it, as in training; evaluation is
:math:`k = 1`.
"""

from dataclasses import dataclass
from math import erfc, prod, sqrt

from study.theory.activations import activation
from study.theory.noise import noisy_gap_map
from study.theory.shifts import biased_relu_second_moment


def open_share(bias: float, variance: float) -> float:
    r"""Return the share of ReLUs that are open, which is also the mean square of their slope.

    .. math:: P(z > 0) = \Phi(b/\sqrt q)

    Args:
        bias: ``b``.
        variance: ``q``, above 0.

    >>> open_share(0.0, 4.0)
    0.5
    """
    return erfc(-bias / sqrt(2 * variance)) / 2


@dataclass(frozen=True)
class Layers:
    """What becomes of a signal and a gradient of second moment 1 from layer to layer.

    Attributes:
        variances: of the preactivations of each layer, first layer first.
        second_moments: of the same preactivations, bias included.
        gradient: the factor of the gradient's second moment from the last preactivations to the
            first.
    """

    variances: tuple[float, ...]
    second_moments: tuple[float, ...]
    gradient: float


def layers(weight_variance: float, bias: float, keep: float, depth: int) -> Layers:
    r"""Follow a signal of second moment 1 through layers of equal width.

    .. math::
        q_1 = c, \qquad q_{l+1} = \frac ck\, E[\max(z_l, 0)^2], \qquad
        \frac{E[(\Delta z_1)^2]}{E[(\Delta z_L)^2]}
        = \prod_{l=1}^{L-1} \frac ck\, \Phi(b/\sqrt{q_l})

    Args:
        weight_variance: ``c``.
        bias: ``b``, of every unit.
        keep: ``k``, of every unit but the inputs and the outputs.
        depth: ``L``.

    >>> layers(2.0, 0.0, 0.5, depth=3)
    Layers(variances=(2.0, 4.0, 8.0), second_moments=(2.0, 4.0, 8.0), gradient=4.0)
    """
    variances = [weight_variance]
    for _ in range(depth - 1):
        second_moment = biased_relu_second_moment(variances[-1], bias)
        variances.append(weight_variance * second_moment / keep)
    gradient = prod(weight_variance * open_share(bias, q) / keep for q in variances[:-1])
    return Layers(tuple(variances), tuple(q + bias**2 for q in variances), gradient)


def same_image_cosine(keep: float, depth: int) -> float:
    r"""Cosine of one image with itself under two masks, in ReLU layers without biases.

    .. math:: \rho_1 = 1, \qquad \rho_{l+1} = k\, R(\rho_l)

    where :math:`R` is the cosine map of a ReLU. Two masks are independent, so a product of two
    activations keeps its mean, and a square is divided by ``k``.

    Args:
        keep: ``k``.
        depth: the layer whose preactivations are compared.

    >>> same_image_cosine(0.5, depth=2)
    0.5
    """
    gap = 0.0
    for _ in range(depth - 1):
        gap = noisy_gap_map(activation("relu"), 1.0, gap, 2.0, 0.0, keep)
    return 1 - gap
