"""Stage 1, continued: batch normalisation in training and at inference, by hand.

The rows of ``x`` are what is averaged over. For images with channels, put the channels last and
let the rows run over images and pixels.
"""

from torch import Tensor


def batch_normalisation(x: Tensor, gain: Tensor, shift: Tensor, epsilon: float) -> Tensor:
    r"""Standardise each column by its own mean and variance, then scale and shift it.

    .. math::
        y_{ij} = \gamma_j \hat x_{ij} + \beta_j, \qquad
        \hat x_{ij} = \frac{x_{ij} - \mu_j}{\sqrt{v_j + \varepsilon}}

    Args:
        x: the input.
        gain: :math:`\gamma`.
        shift: :math:`\beta`.
        epsilon: :math:`\varepsilon`, so that no division is by 0.

    Returns:
        The normalised columns.

    **Shapes**: ``x`` and the result (n, units), ``gain`` and ``shift`` (units,).

    Raises:
        ValueError: for a batch of one, as in torch: it equals its mean, so only the shift would
            be left. A batch of none returns none.

    **Source**: Ioffe and Szegedy (2015), algorithm 1; :math:`v` divides by n.
    """
    mean, variance = batch_statistics(x)
    return inference(x, gain, shift, mean=mean, variance=variance, epsilon=epsilon)


def batch_normalisation_backward(
    gradient: Tensor, x: Tensor, gain: Tensor, epsilon: float
) -> tuple[Tensor, Tensor, Tensor]:
    r"""Backward pass of :func:`batch_normalisation`, through the mean and the variance as well.

    .. math::
        \Delta x_{ij} = \frac{\gamma_j}{\sqrt{v_j + \varepsilon}} \Bigl( \Delta y_{ij}
        - \frac1n \sum_k \Delta y_{kj} - \hat x_{ij} \frac1n \sum_k \Delta y_{kj} \hat x_{kj}
        \Bigr)

    .. math::
        \Delta \gamma_j = \sum_i \Delta y_{ij} \hat x_{ij}, \qquad
        \Delta \beta_j = \sum_i \Delta y_{ij}

    Args:
        gradient: of the loss with respect to the normalised columns.
        x: the input of the forward pass.
        gain: :math:`\gamma`.
        epsilon: :math:`\varepsilon`.

    Returns:
        The gradients with respect to ``x``, the gain and the shift.

    **Shapes**: ``gradient``, ``x`` and the first gradient (n, units); ``gain`` and the other
    gradients (units,).

    Raises:
        ValueError: for a batch of one.

    **Source**: chapter Batch normalisation, section “The backward pass”; Ioffe and Szegedy
    (2015), section 3, with the terms gathered.
    """
    mean, variance = batch_statistics(x)
    scaled, dgain, dshift = inference_backward(
        gradient, x, gain, mean=mean, variance=variance, epsilon=epsilon
    )
    standardised = (x - mean) / (variance + epsilon).sqrt()
    # The gradient through the mean and through the variance, which depend on every row.
    through_mean = scaled.mean(dim=0)
    through_variance = standardised * (scaled * standardised).mean(dim=0)
    return scaled - through_mean - through_variance, dgain, dshift


def inference(  # noqa: PLR0913 - two pairs of numbers for each column
    x: Tensor, gain: Tensor, shift: Tensor, *, mean: Tensor, variance: Tensor, epsilon: float
) -> Tensor:
    r"""Normalise by a mean and a variance that do not depend on the rows.

    .. math:: y_{ij} = \gamma_j \frac{x_{ij} - \mu_j}{\sqrt{v_j + \varepsilon}} + \beta_j

    Args:
        x: the input; a batch of one is allowed.
        gain: :math:`\gamma`.
        shift: :math:`\beta`.
        mean: :math:`\mu`, at inference the running mean.
        variance: :math:`v`, at inference the running variance.
        epsilon: :math:`\varepsilon`.

    Returns:
        The normalised columns.

    **Shapes**: ``x`` and the result (n, units), all else (units,).

    **Source**: Ioffe and Szegedy (2015), algorithm 2.
    """
    return gain * (x - mean) / (variance + epsilon).sqrt() + shift


def inference_backward(  # noqa: PLR0913 - as in the forward pass
    gradient: Tensor, x: Tensor, gain: Tensor, *, mean: Tensor, variance: Tensor, epsilon: float
) -> tuple[Tensor, Tensor, Tensor]:
    r"""Backward pass of :func:`inference`; the mean and the variance are constants.

    .. math::
        \Delta x_{ij} = \frac{\gamma_j}{\sqrt{v_j + \varepsilon}} \Delta y_{ij}, \qquad
        \Delta \gamma_j = \sum_i \Delta y_{ij} \hat x_{ij}, \qquad
        \Delta \beta_j = \sum_i \Delta y_{ij}

    Args:
        gradient: of the loss with respect to the normalised columns.
        x: the input of the forward pass.
        gain: :math:`\gamma`.
        mean: :math:`\mu`.
        variance: :math:`v`.
        epsilon: :math:`\varepsilon`.

    Returns:
        The gradients with respect to ``x``, the gain and the shift.

    **Shapes**: ``gradient``, ``x`` and the first gradient (n, units); all else (units,).

    **Source**: chapter Batch normalisation, section “What a row gets from its mates”; for the gain
    and the shift, section “The backward pass”.
    """
    deviation = (variance + epsilon).sqrt()
    dx = gradient * gain / deviation
    dgain = (gradient * (x - mean) / deviation).sum(dim=0)
    dshift = gradient.sum(dim=0)
    return dx, dgain, dshift


def batch_statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    r"""Mean and variance of each column; the variance divides by n.

    .. math:: \mu_j = \frac1n \sum_i x_{ij}, \qquad v_j = \frac1n \sum_i (x_{ij} - \mu_j)^2

    Args:
        x: the input.

    Returns:
        The means and the variances; of no rows they are not numbers.

    **Shapes**: ``x`` (n, units); both results (units,).

    Raises:
        ValueError: for a batch of one.
    """
    if len(x) == 1:
        raise ValueError(f"a batch of shape {tuple(x.shape)}: one row has no variance")
    mean = x.mean(dim=0)
    return mean, (x - mean).square().mean(dim=0)


def running_statistics(
    mean: Tensor, variance: Tensor, x: Tensor, momentum: float
) -> tuple[Tensor, Tensor]:
    r"""Move the running mean and variance towards those of a batch.

    The batch's variance enters with n − 1 in place of n, as in torch, which makes it an unbiased
    estimate of the variance of the rows at inference.

    Args:
        mean: the running mean so far.
        variance: the running variance so far.
        x: the batch.
        momentum: the weight of the batch.

    Returns:
        The new running mean and variance; those so far if the batch has no rows, as in torch.

    **Shapes**: ``x`` (n, units), all else (units,).

    Raises:
        ValueError: for a batch of one.

    **Source**: Ioffe and Szegedy (2015), algorithm 2, line 10, for the factor n/(n − 1);
    ``torch.nn.BatchNorm1d`` for the average.
    """
    if not len(x):
        return mean, variance  # the mean of no rows is NaN, and NaN would stay for good
    batch_mean, biased = batch_statistics(x)
    unbiased = biased * (len(x) / (len(x) - 1))
    return (
        running_average(mean, batch_mean, momentum),
        running_average(variance, unbiased, momentum),
    )


def running_average(old: Tensor, new: Tensor, momentum: float) -> Tensor:
    r"""Exponential moving average; the momentum is the weight of the new value, as in torch.

    .. math:: (1 - m)\, r + m\, s

    Args:
        old: ``r``.
        new: ``s``, of the same shape.
        momentum: ``m``; in much other software the momentum is ``1 - m``.

    Returns:
        The average, of the same shape.
    """
    return (1 - momentum) * old + momentum * new
