r"""Nodes and weights for expectations over one Gaussian, and over two that are correlated.

Functions that are analytic in a strip about the real axis are summed by the trapezoidal rule,
which then converges geometrically. Between kinks, and over preactivations much larger than the
bend of the activation, Gauss-Legendre panels are used, finer near the bend.
"""

from functools import lru_cache
from math import ceil, inf, pi, sqrt
from typing import NamedTuple

import numpy as np

from study.errors import StudyError
from study.theory.activations import TINY, Activation, Array

REACH = 8.5
"""Standard deviations at which a Gaussian is cut off; its tail is 2e-17 there."""

STRIP = 0.25
"""Step of the trapezoidal rule in units of the preactivation; the poles of the activations lie at
least π/2 from the axis, so that the error is about exp(-π²/0.25), or 7e-18, times the strength of
the pole."""

ENTIRE = 0.5
"""Largest step of the trapezoidal rule, in standard deviations; from the Gaussian alone."""

WIDE = 3.0
"""Deviation of the preactivation beyond which panels need fewer nodes than equal steps."""

PANEL = 24
"""Nodes of a panel."""


class Line(NamedTuple):
    """Nodes of a preactivation, and the weights of an expectation over it.

    **Shapes**: both (nodes,).
    """

    nodes: Array
    weights: Array


class Pairs(NamedTuple):
    """Nodes of two correlated preactivations, middle ± half, and their weights.

    **Shapes**: of one or two axes, and they broadcast together.
    """

    middle: Array
    half: Array
    weights: Array


@lru_cache(maxsize=4)
def legendre_rule(count: int) -> tuple[Array, Array]:
    """Return the nodes and weights of Gauss and Legendre on [-1, 1].

    >>> legendre_rule(1)
    (array([0.]), array([2.]))
    """
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return nodes, weights


def line(activation: Activation, q: float) -> Line:
    r"""Return nodes for expectations of functions of :math:`z \sim N(0, q)`.

    Args:
        activation: whose kinks divide the line.
        q: the variance of the preactivation.

    Returns:
        Nodes and weights that sum to 1.

    Raises:
        StudyError: if ``q`` is no variance.

    >>> from study.theory.activations import activation
    >>> nodes, weights = line(activation("tanh"), 4.0)
    >>> round(float(weights @ nodes**2), 12)
    4.0
    """
    deviation = deviation_of(q) or TINY
    if _is_smooth(activation, deviation):
        u, weights = _even_steps(_count(deviation))
    else:
        u, weights = _panels(np.array(activation.kinks or (0.0,)), deviation)
    return Line(deviation * u, weights)


def pairs(activation: Activation, q: float, gap: float) -> Pairs:
    r"""Return nodes for expectations of two Gaussians of variance q and correlation 1 − gap.

    The two are written with independent standard Gaussians :math:`u` and :math:`v`,

    .. math::
        z_\pm = \sqrt q\,(\alpha u \pm \beta v), \qquad
        \alpha = \sqrt{1 - g/2}, \quad \beta = \sqrt{g/2},

    and a function that does not change when the two are exchanged is integrated. The kinks divide
    the range of the one of :math:`u` and :math:`v` that has the larger factor, for each value of
    the other; where two of them meet divides the range of the other.

    Args:
        activation: whose kinks divide the plane.
        q: the variance of each preactivation.
        gap: ``g``, 1 minus the correlation; from 0 to 2.

    Returns:
        Nodes and weights that sum to 1.

    Raises:
        StudyError: if ``q`` is no variance.
    """
    deviation = deviation_of(q) or TINY
    along, across = deviation * sqrt(1 - gap / 2), deviation * sqrt(gap / 2)
    kinks = np.array(activation.kinks or (0.0,))
    if _is_smooth(activation, deviation):
        u, u_weights = _even_steps(_count(along))
        v, v_weights = _even_steps_from_zero(_count(across))
        return Pairs(along * u, across * v[:, None], u_weights * v_weights[:, None])
    if gap <= 1:
        meet = (kinks[:, None] - kinks).ravel() / 2
        v, v_weights = _panels(meet[meet >= 0], across)
        v, v_weights = v[v > 0], 2 * v_weights[v > 0]  # the two may be exchanged
        half = across * v[:, None]
        u, u_weights = _panels(np.concatenate([kinks - half, kinks + half], axis=1), along)
        return Pairs(along * u, half, v_weights[:, None] * u_weights)
    u, u_weights = _panels((kinks[:, None] + kinks).ravel() / 2, along)
    middle = along * u[:, None]
    v, v_weights = _panels(np.concatenate([kinks - middle, middle - kinks], axis=1), across)
    return Pairs(middle, across * v, u_weights[:, None] * v_weights)


def deviation_of(q: float) -> float:
    """Return the square root of a variance, which must be 0 or more and finite."""
    if not 0 <= q < inf:
        raise StudyError(f"q: {q:g} is not the variance of a preactivation")
    return sqrt(q)


def _is_smooth(activation: Activation, deviation: float) -> bool:
    return not activation.kinks and deviation <= WIDE


def _density(u: Array) -> Array:
    return np.asarray(np.exp(-u * u / 2) / sqrt(2 * pi))


def _count(deviation: float) -> int:
    """Return how many equal steps reach the end; from a ladder, so that few grids are made."""
    count = REACH / min(ENTIRE, STRIP / max(deviation, TINY))
    return int(ceil(count / 6) * 6)


@lru_cache(maxsize=64)
def _even_steps(count: int) -> tuple[Array, Array]:
    u = np.linspace(-REACH, REACH, 2 * count + 1)
    return u, _density(u) * (REACH / count)


@lru_cache(maxsize=64)
def _even_steps_from_zero(count: int) -> tuple[Array, Array]:
    u, weights = _even_steps(count)
    folded = 2 * weights[count:]
    folded[0] /= 2
    return u[count:], folded


def _panels(bends: Array, deviation: float) -> tuple[Array, Array]:
    """Return nodes of panels of the line, in standard deviations, and Gaussian weights.

    The bends are places of the preactivation, along the last axis.
    """
    nodes, weights = legendre_rule(PANEL)
    edges = _edges(bends / max(deviation, TINY), deviation)
    low, high = edges[..., :-1, None], edges[..., 1:, None]
    half = (high - low) / 2
    u = ((low + high) / 2 + half * nodes).reshape(*edges.shape[:-1], -1)
    return u, (half * weights).reshape(u.shape) * _density(u)


def _edges(bends: Array, deviation: float) -> Array:
    """Return the edges of panels: the bends, and others so that no panel is too long."""
    out = _steps_out(deviation)
    if deviation > WIDE:
        around = [bends + step for step in (*out, *-out)]
    else:
        around = [bends.min(axis=-1, keepdims=True) - out, bends.max(axis=-1, keepdims=True) + out]
    fixed = np.broadcast_to([-REACH, 0.0, REACH], (*bends.shape[:-1], 3))
    edges = np.clip(np.concatenate([fixed, bends, *around], axis=-1), -REACH, REACH)
    return np.unique(edges) if edges.ndim == 1 else np.sort(edges, axis=-1)


def _steps_out(deviation: float) -> Array:
    """Return steps away from a bend, each four times the last, in standard deviations."""
    first = 4 / max(deviation, TINY)
    if first >= REACH:
        return np.empty(0)
    return np.asarray(first * 4.0 ** np.arange(1 + int(np.log(REACH / first) / np.log(4.0))))
