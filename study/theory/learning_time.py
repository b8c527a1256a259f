r"""How long a deep linear network takes to learn one direction of its map.

A network of :math:`L` layers without an activation carries one direction with the strength
:math:`u`, the product of one factor of each layer. Descent on half the squared difference from a
strength :math:`s` that is to be learnt has an exact course if all factors start equal.
"""

from collections.abc import Sequence
from math import exp, log

import numpy as np
from scipy.integrate import quad

from study.errors import StudyError
from study.theory.activations import Array


def learning_time(depth: float, start: float, end: float) -> float:
    r"""Updates from one share of a strength to another, times the step.

    .. math::
        \int_{v_0}^{v_1} \frac{dv}{v^{2 - 2/L}\,(1 - v)}
        = \int_{x_0}^{x_1} \bigl(1 + e^{-x}\bigr)^{1 - 2/L}\, dx,
        \qquad x = \ln \frac{v}{1 - v}

    The learning rate is :math:`c / (L s^{2 - 2/L})`: the step :math:`c` is the same fraction of the
    largest stable rate, which is at :math:`c = 2`, at every depth. The number of updates is this
    time over :math:`c`, if :math:`c` is small.

    Args:
        depth: ``L``, 1 or more; it may be infinite.
        start: :math:`v_0 = u_0 / s`, the share at the start, above 0.
        end: :math:`v_1`, the share that is to be reached, from the start on and below 1.

    Returns:
        The time.

    Raises:
        StudyError: if the depth or a share is out of its range.

    **Source**: Saxe et al. (2013) for the dynamics; derived in the chapter *Orthogonal weights and
    the time to learn*.

    >>> round(learning_time(2, 0.5, 0.9), 6) == round(log(9), 6)
    True
    >>> round(learning_time(float("inf"), 0.5, 0.9), 3)
    3.086
    """
    if depth < 1 or not 0 < start <= end < 1:
        raise StudyError(f"depth {depth}, shares {start} to {end}: need L >= 1, 0 < v0 <= v1 < 1")
    power = 1 - 2 / depth
    start_logit, end_logit = (log(share / (1 - share)) for share in (start, end))
    time, _ = quad(
        lambda x: (1 + exp(-x)) ** power, start_logit, end_logit, epsrel=1e-10, limit=200
    )
    return float(time)


def descend(factors: Sequence[float], strength: float, rate: float, updates: int) -> Array:
    r"""Follow gradient descent on the factors of a strength, update by update.

    .. math::
        a_l \leftarrow a_l + \eta\, (s - u)\, \frac{u}{a_l}, \qquad u = \prod_l a_l

    Args:
        factors: ``a``, one per layer, none of them 0.
        strength: ``s``, what their product is to become.
        rate: ``η``.
        updates: how many to make.

    Returns:
        The product before the first update and after each.

    **Shapes**: (updates + 1,).

    **Source**: Saxe et al. (2013) for one mode of a deep linear network; derived in the chapter
    *Orthogonal weights and the time to learn*.

    >>> descend([1.0, 1.0], strength=2.0, rate=0.5, updates=1)
    array([1.  , 2.25])
    """
    state = np.array(factors, dtype=np.float64)
    course = [state.prod()]
    for _ in range(updates):
        state += rate * (strength - course[-1]) * course[-1] / state
        course.append(state.prod())
    return np.array(course)
