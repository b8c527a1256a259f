r"""Activations and gates by name: those of the experiments, and further ones.

What oscillates is only a function, and its expectations are those of
:mod:`study.theory.expectations`, which check themselves: the quadrature of
:mod:`study.theory.moments` is for activations that bend once or twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np
from scipy.special import expit

from study.errors import StudyError
from study.theory import activations
from study.theory.activations import Activation, Array, leaky

QUICK = 1.702
"""The factor by which a sigmoid comes near the distribution function of a Gaussian."""


@dataclass(frozen=True)
class Function:
    """A function of a preactivation, elementwise.

    Attributes:
        name: as it is called in a table.
        formula: in LaTeX, with :math:`z` for the preactivation.
        function: from an array to an array.
    """

    name: str
    formula: str
    function: Callable[[Array], Array]


@dataclass(frozen=True)
class Gate:
    r"""A gate: one half of a layer times a function of the other half, :math:`a\,g(b)`.

    Attributes:
        name: as it is called in a table.
        formula: in LaTeX, with :math:`a` and :math:`b` for the halves.
        function: :math:`g`.
    """

    name: str
    formula: str
    function: Activation


def sine(scale: float = 1.0) -> Function:
    r"""Return a sine with a scale, as networks of sines have it.

    .. math::
        f(z) = \sin \omega z, \qquad E[f(z)^2] = \frac{1 - e^{-2 \omega^2 q}}{2}, \qquad
        E[f'(z)^2] = \omega^2\,\frac{1 + e^{-2 \omega^2 q}}{2}

    Args:
        scale: :math:`\omega`.

    Returns:
        The function.

    **Source**: :math:`2 \sin^2 x = 1 - \cos 2x`, and the mean of the cosine of a Gaussian.
    """
    return Function("sine", r"\sin \omega z", lambda z: np.sin(scale * z))


def celu(scale: float = 1.0) -> Activation:
    r"""Return a CELU, an ELU of which the slope has no jump.

    .. math:: f(z) = \max(z, 0) + \min(\alpha (e^{z/\alpha} - 1), 0)

    Args:
        scale: :math:`\alpha`, above 0.

    Returns:
        The activation.

    Raises:
        StudyError: if the scale is not above 0.
    """
    if not scale > 0:
        raise StudyError(f"celu: its parameter is above 0, and not {scale:g}")
    return Activation(
        "celu",
        r"\max(z, 0) + \min(\alpha (e^{z/\alpha} - 1), 0)",
        lambda z: np.where(z > 0, z, scale * np.expm1(np.minimum(z, 0) / scale)),
        lambda z: np.where(z > 0, 1.0, np.exp(np.minimum(z, 0) / scale)),
        kinks=(0.0,),
    )


def _quick_gelu_derivative(z: Array) -> Array:
    share = expit(QUICK * z)
    return np.asarray(share * (1 + QUICK * z * (1 - share)))


def _hard_gelu_derivative(z: Array) -> Array:
    inside = np.abs(z) < 3 / QUICK
    return np.where(inside, QUICK * z / 3 + 0.5, np.where(z > 0, 1.0, 0.0))


_FURTHER: tuple[Activation | Function | Gate, ...] = (
    Activation(
        "squared_relu",
        r"\max(z, 0)^2",
        lambda z: np.maximum(z, 0) ** 2,
        lambda z: 2 * np.maximum(z, 0),
        kinks=(0.0,),
    ),
    celu(),
    Activation(
        "quick_gelu",
        r"z/(1 + e^{-1.702 z})",
        lambda z: np.asarray(z * expit(QUICK * z)),
        _quick_gelu_derivative,
    ),
    Activation(
        "hard_gelu",
        r"z\,\max(0, \min(1.702 z/6 + 1/2, 1))",
        lambda z: z * np.clip(QUICK * z / 6 + 0.5, 0, 1),
        _hard_gelu_derivative,
        kinks=(-3 / QUICK, 3 / QUICK),
    ),
    sine(),
    Gate("bilinear", r"a\,b", leaky(1.0)),
    Gate("glu", r"a/(1 + e^{-b})", activations.activation("sigmoid")),
    Gate("reglu", r"a \max(b, 0)", leaky(0.0)),
    Gate("geglu", r"a\,b\,\Phi(b)", activations.activation("gelu")),
    Gate("swiglu", r"a\,b/(1 + e^{-b})", activations.activation("silu")),
)
FURTHER: Mapping[str, Activation | Function | Gate] = {
    function.name: function for function in _FURTHER
}
"""Those that no experiment measures, by name."""

NAMES = (*activations.NAMES, *FURTHER)

SYNONYMS: Mapping[str, str] = {
    "identity": "linear",
    "swish": "silu",
    "hard_swish": "hardswish",
    "hard_silu": "hardswish",
    "hard_sigmoid": "hardsigmoid",
    "hard_tanh": "hardtanh",
    "sin": "sine",
    "siren": "sine",
    "relu2": "squared_relu",
    "relu_squared": "squared_relu",
}
"""What else they are called."""

PARAMETERS: Mapping[str, Callable[[float], Activation | Function]] = {
    "leaky_relu": leaky,
    "sine": sine,
    "celu": celu,
}
"""Those that take a number, as in ``sine:30``."""


def named(word: str) -> Activation | Function | Gate:
    """Find an activation or a gate by its name, or by its name and its parameter.

    Args:
        word: one of ``NAMES`` or ``SYNONYMS``; or one of ``PARAMETERS``, a colon and a number.

    Returns:
        What is called so, under this very word.

    Raises:
        StudyError: if nothing is called so.

    >>> named("swish").name, named("sine:30").name
    ('silu', 'sine:30')
    """
    head, colon, parameter = word.partition(":")
    name = SYNONYMS.get(head, head)
    if colon and name in PARAMETERS:
        number = _number(word, parameter)
        return replace(PARAMETERS[name](number), name=f"{name}:{number:g}")
    if colon and name in NAMES:
        takers = ", ".join(PARAMETERS)
        raise StudyError(f"activation {word}: {name} takes no parameter; these do: {takers}")
    if name in FURTHER:
        return FURTHER[name]
    if name not in activations.NAMES:
        raise StudyError(
            f"activation {word}: not one of {', '.join(NAMES)}; of your own, write "
            "module:name or path.py:name"
        )
    return activations.activation(name)


def knows(word: str) -> bool:
    """Tell whether a word begins with the name of an activation or a gate.

    >>> knows("sine:30"), knows("mine.py:sine")
    (True, False)
    """
    head = word.partition(":")[0]
    return SYNONYMS.get(head, head) in NAMES


def _number(word: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise StudyError(f"activation {word}: {text!r} is no number")
    return number
