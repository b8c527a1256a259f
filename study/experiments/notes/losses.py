"""The mean squared error in the right and in wrong shapes, and closed forms of the latter.

These are functions of torch, to be differentiated by it; the same losses by hand, with their
backward passes, are in :mod:`study.lab.by_hand.functions`.
"""

from collections.abc import Callable, Mapping
from math import erfc, sqrt

from torch import Tensor
from torch.nn import functional


def squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    r"""Mean squared error, with the unit axis of the outputs removed.

    .. math:: L = \frac1n \sum_i (o_i - y_i)^2

    Args:
        outputs: of a network with one output.
        targets: of the outputs.

    Returns:
        The loss, without axes.

    **Shapes**: ``outputs`` (n, 1), ``targets`` (n,).

    **Source**: the lesson notes' ``mse``.
    """
    return (outputs.squeeze(-1) - targets).pow(2).mean()


def broadcast_error(outputs: Tensor, targets: Tensor) -> Tensor:
    r"""Mean squared error with the ``squeeze`` forgotten: the mean over all n × n differences.

    .. math:: L = \frac1{n^2} \sum_i \sum_j (o_i - y_j)^2

    Args:
        outputs: of a network with one output.
        targets: of the outputs.

    Returns:
        The loss, without axes, which is invariant under a permutation of the targets.

    **Shapes**: ``outputs`` (n, 1), ``targets`` (n,).

    **Source**: chapter The loss, section “The forgotten squeeze”.
    """
    return (outputs - targets).pow(2).mean()


def column_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean squared error with the unit axis kept, and added to the targets as well.

    Args:
        outputs: of a network with one output.
        targets: of the outputs.

    Returns:
        What :func:`squared_error` returns.

    **Shapes**: ``outputs`` (n, 1), ``targets`` (n,).
    """
    return (outputs - targets.unsqueeze(-1)).pow(2).mean()


LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "squared_error": squared_error,
    "broadcast_error": broadcast_error,
    "column_error": column_error,
    "cross_entropy": functional.cross_entropy,
}
"""The losses by the names that settings give them."""


def broadcast_law(outputs: Tensor, targets: Tensor) -> Tensor:
    r"""Closed form of :func:`broadcast_error`: means and variances, and no pairing.

    .. math:: L = \operatorname{Var}(o) + \operatorname{Var}(y) + (\bar o - \bar y)^2

    Args:
        outputs: of a network with one output.
        targets: of the outputs.

    Returns:
        The loss, without axes; the variances divide by n.

    **Shapes**: ``outputs`` (n, 1), ``targets`` (n,).

    **Source**: chapter The loss, section “The forgotten squeeze”.
    """
    variances = outputs.var(correction=0) + targets.var(correction=0)
    return variances + (outputs.mean() - targets.mean()).square()


def broadcast_gradient(outputs: Tensor, targets: Tensor) -> Tensor:
    r"""Gradient of :func:`broadcast_error`: every output is drawn to the mean target.

    .. math:: \Delta o_i = \frac2n (o_i - \bar y)

    Args:
        outputs: of a network with one output.
        targets: of the outputs.

    Returns:
        The gradient with respect to the outputs.

    **Shapes**: ``outputs`` (n, 1), ``targets`` (n,); the gradient (n, 1).

    **Source**: chapter The loss, section “The forgotten squeeze”.
    """
    return 2 / len(targets) * (outputs - targets.mean())


def rounding_error_rate(deviation: float) -> float:
    r"""Error rate of rounding to the nearest of ten digits, with Gaussian residuals.

    .. math:: \frac{18}{10}\, Q\!\left(\frac{1}{2 \sigma}\right), \qquad Q(t) = P(N(0, 1) > t)

    Eight of the digits can be missed on two sides, 0 and 9 on one.

    Args:
        deviation: ``σ``, of the residuals.

    Returns:
        The error rate, for digits that are equally frequent.

    >>> round(rounding_error_rate(1.0), 3)
    0.555
    """
    return 1.8 * erfc(0.5 / deviation / sqrt(2)) / 2 if deviation else 0.0
