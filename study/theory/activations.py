r"""Activations and their derivatives on arrays, with the places where they are not smooth."""

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, expit, ndtr

from study.errors import StudyError

Array: TypeAlias = NDArray[np.float64]

ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805
"""The two constants of SELU."""

LEAK = 0.01
"""The slope of a leaky ReLU for which none is given, as in torch."""

TINY = 1e-150
"""A preactivation so small that every activation is a straight line to either side of 0."""


@dataclass(frozen=True)
class Activation:
    """An activation, elementwise, and what an integral over it must know.

    Attributes:
        name: as it is called in settings.
        formula: in LaTeX, with :math:`z` for the preactivation.
        function: the activation, an array for an array.
        derivative: its derivative; at a kink the value of one side.
        kinks: where the function or its first or second derivative jumps, in order.
        slope: the negative slope, if the function is :math:`z` for positive :math:`z` and
            :math:`az` for negative; else None. Such functions are homogeneous of degree one.
    """

    name: str
    formula: str
    function: Callable[[Array], Array]
    derivative: Callable[[Array], Array]
    kinks: tuple[float, ...] = ()
    slope: float | None = None

    def slopes_at_zero(self) -> tuple[float, float]:
        """Return the slopes just left and just right of 0, by which tiny signals are multiplied.

        >>> leaky(0.25).slopes_at_zero()
        (0.25, 1.0)
        """
        left, right = self.derivative(np.array([-TINY, TINY])).tolist()
        return left, right


def activation(name: str, *, slope: float = LEAK) -> Activation:
    """Return an activation by its name.

    Args:
        name: one of ``NAMES``.
        slope: the negative slope of ``leaky_relu``; of no meaning to the others.

    Returns:
        The activation.

    Raises:
        StudyError: if there is none of this name.

    >>> activation("tanh").function(np.array([0.0, 20.0]))
    array([0., 1.])
    """
    if name == "leaky_relu":
        return leaky(slope)
    if name not in _TABLE:
        raise StudyError(f"activation {name}: not one of {', '.join(NAMES)}")
    return _TABLE[name]


def leaky(slope: float, name: str = "leaky_relu") -> Activation:
    r"""Return the leaky ReLU of a negative slope.

    .. math:: f(z) = \max(z, 0) + a \min(z, 0)

    Args:
        slope: ``a``; 0 is ReLU and 1 the identity.
        name: how to call it.

    Returns:
        The activation.

    **Source**: He et al. (2015), equation 1.

    >>> leaky(0.25).function(np.array([-2.0, 3.0]))
    array([-0.5,  3. ])
    """
    return Activation(
        name=name,
        formula={0.0: r"\max(z, 0)", 1.0: "z"}.get(slope, r"\max(z, 0) + a \min(z, 0)"),
        function=lambda z: np.where(z > 0, z, slope * z),
        derivative=lambda z: np.where(z > 0, 1.0, slope),
        kinks=() if slope == 1 else (0.0,),
        slope=slope,
    )


def _tanh_derivative(z: Array) -> Array:
    return np.asarray(1 - np.tanh(z) ** 2)


def _density(z: Array) -> Array:
    return np.asarray(np.exp(-z * z / 2) / sqrt(2 * pi))


def _softplus(z: Array) -> Array:
    return np.asarray(np.logaddexp(0, z))


def _mish(z: Array) -> Array:
    return np.asarray(z * np.tanh(_softplus(z)))


def _mish_derivative(z: Array) -> Array:
    level = np.tanh(_softplus(z))
    return np.asarray(level + z * (1 - level**2) * expit(z))


def _silu_derivative(z: Array) -> Array:
    share = expit(z)
    return np.asarray(share * (1 + z * (1 - share)))


def _bend(z: Array) -> Array:
    """Return what the approximate GELU puts in place of the distribution function."""
    return np.asarray((1 + np.tanh(sqrt(2 / pi) * (z + 0.044715 * z**3))) / 2)


def _gelu_tanh_derivative(z: Array) -> Array:
    share = _bend(z)
    inner = sqrt(2 / pi) * (1 + 3 * 0.044715 * z**2)
    return np.asarray(share + 2 * z * share * (1 - share) * inner)


def _elu(alpha: float, scale: float) -> Callable[[Array], Array]:
    return lambda z: scale * np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


def _elu_derivative(alpha: float, scale: float) -> Callable[[Array], Array]:
    return lambda z: scale * np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0)))


def _inside(low: float, high: float, slope: float) -> Callable[[Array], Array]:
    """Return the derivative of a ramp: a slope between two kinks, else 0."""
    return lambda z: np.where((z > low) & (z < high), slope, 0.0)


def _hardswish_derivative(z: Array) -> Array:
    return np.where(np.abs(z) < 3, z / 3 + 0.5, np.where(z > 0, 1.0, 0.0))


_ALL = (
    leaky(1.0, "linear"),
    leaky(0.0, "relu"),
    leaky(LEAK),
    Activation("tanh", r"\tanh z", np.tanh, _tanh_derivative),
    Activation(
        "erf",
        r"\mathrm{erf}\,z",
        lambda z: np.asarray(erf(z)),
        lambda z: 2 / sqrt(pi) * np.exp(-z * z),
    ),
    Activation(
        "sigmoid",
        r"1/(1 + e^{-z})",
        lambda z: np.asarray(expit(z)),
        lambda z: np.asarray(expit(z) * expit(-z)),
    ),
    Activation(
        "softsign",
        r"z/(1 + |z|)",
        lambda z: z / (1 + np.abs(z)),
        lambda z: (1 + np.abs(z)) ** -2,
        kinks=(0.0,),
    ),
    Activation(
        "elu",
        r"\max(z, 0) + \min(e^z - 1, 0)",
        _elu(1, 1),
        _elu_derivative(1, 1),
        kinks=(0.0,),
    ),
    Activation(
        "selu",
        r"\lambda(\max(z, 0) + \alpha\min(e^z - 1, 0))",
        _elu(ALPHA, SCALE),
        _elu_derivative(ALPHA, SCALE),
        kinks=(0.0,),
    ),
    Activation(
        "gelu",
        r"z\,\Phi(z)",
        lambda z: np.asarray(z * ndtr(z)),
        lambda z: np.asarray(ndtr(z) + z * _density(z)),
    ),
    Activation(
        "gelu_tanh",
        r"\tfrac{z}{2}(1 + \tanh(\sqrt{2/\pi}\,(z + 0.044715 z^3)))",
        lambda z: z * _bend(z),
        _gelu_tanh_derivative,
    ),
    Activation(
        "silu",
        r"z/(1 + e^{-z})",
        lambda z: np.asarray(z * expit(z)),
        _silu_derivative,
    ),
    Activation("mish", r"z \tanh(\ln(1 + e^z))", _mish, _mish_derivative),
    Activation("softplus", r"\ln(1 + e^z)", _softplus, lambda z: np.asarray(expit(z))),
    Activation(
        "hardtanh",
        r"\max(-1, \min(z, 1))",
        lambda z: np.clip(z, -1, 1),
        _inside(-1, 1, 1),
        kinks=(-1.0, 1.0),
    ),
    Activation(
        "hardsigmoid",
        r"\max(0, \min(z/6 + 1/2, 1))",
        lambda z: np.clip(z / 6 + 0.5, 0, 1),
        _inside(-3, 3, 1 / 6),
        kinks=(-3.0, 3.0),
    ),
    Activation(
        "hardswish",
        r"z\,\max(0, \min(z/6 + 1/2, 1))",
        lambda z: z * np.clip(z / 6 + 0.5, 0, 1),
        _hardswish_derivative,
        kinks=(-3.0, 3.0),
    ),
    Activation(
        "relu6",
        r"\max(0, \min(z, 6))",
        lambda z: np.clip(z, 0, 6),
        _inside(0, 6, 1),
        kinks=(0.0, 6.0),
    ),
)
_TABLE = {activation.name: activation for activation in _ALL}
NAMES = tuple(_TABLE)
