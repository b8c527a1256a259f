"""Least squares: the quadratic loss whose Hessian is the second-moment matrix of the inputs."""

from torch import Tensor


def normal_equations(inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    r"""Return the two moments that least squares depends on.

    .. math:: C = \tfrac1n X^\top X, \qquad b = \tfrac1n X^\top y

    The loss :math:`\tfrac1{2n} |X w - y|^2` has the gradient :math:`C w - b` and the Hessian
    :math:`C`.

    Args:
        inputs: ``X``, one example per row.
        targets: ``y``.

    Returns:
        ``C`` and ``b``.

    **Shapes**: (examples, features) and (examples,); returned (features, features) and
    (features,).
    """
    return inputs.T @ inputs / len(inputs), inputs.T @ targets / len(inputs)


def gradient_descent(
    hessian: Tensor, correlation: Tensor, rates: Tensor, *, loss_factor: float, updates: int
) -> Tensor:
    r"""Fit least squares by gradient descent from 0, at several learning rates side by side.

    .. math:: w \leftarrow w - \eta\, 2 c\, (C w - b)

    Args:
        hessian: ``C`` of :func:`normal_equations`.
        correlation: ``b`` of :func:`normal_equations`.
        rates: the learning rates ``η``.
        loss_factor: ``c`` of the loss :math:`c\, |X w - y|^2 / n`; with 1/2, ``C`` is the Hessian.
        updates: how many.

    Returns:
        The weights after the last update, one column per learning rate.

    **Shapes**: (features, features), (features,), (rates,); returned (features, rates).
    """
    weights = correlation.new_zeros(len(correlation), len(rates))
    for _ in range(updates):
        weights = weights - 2 * loss_factor * rates * (hessian @ weights - correlation[:, None])
    return weights
