r"""Dropout, and any other noise that multiplies: what it does to a gain.

Each entry of a layer is multiplied by an independent number of mean 1, for dropout by
:math:`1/p` with the probability :math:`p` of being kept, and else by 0.
"""

from math import sqrt

from study.errors import StudyError
from study.theory.activations import Activation
from study.theory.mean_field import gap_map, length_map


def noise_second_moment(keep: float) -> float:
    r"""Second moment of the factor by which dropout multiplies an entry.

    .. math:: E[m^2] = p \cdot \frac{1}{p^2} = \frac1p

    So in training dropout multiplies the second moment of a signal by :math:`1/p`, and that of the
    gradient, which meets the same mask, too. Noise of mean 1 and variance :math:`v` has
    :math:`1 + v`.

    Args:
        keep: :math:`p`, the probability with which an entry is kept, 1 minus the ``p`` of torch.

    Returns:
        The factor; 1 in evaluation, where nothing is dropped.

    Raises:
        StudyError: if it is no probability above 0.

    **Source**: the definition of ``torch.nn.Dropout``.

    >>> noise_second_moment(0.5)
    2.0
    """
    if not 0 < keep <= 1:
        raise StudyError(f"keep: {keep:g} is not a probability above 0")
    return 1 / keep


def training_gain(gain: float, keep: float) -> float:
    r"""Gain that keeps in training what another keeps without dropout.

    .. math:: g_p = g \sqrt p

    Args:
        gain: ``g``, without dropout.
        keep: :math:`p`, the probability with which an entry is kept.

    Returns:
        The gain, for the layer behind the dropout.

    **Source**: :func:`noise_second_moment`.

    >>> round(training_gain(sqrt(2), 0.5), 6)
    1.0
    """
    return gain / sqrt(noise_second_moment(keep))


def factors(gain: float, keeps: float, keep: float) -> tuple[float, float]:
    r"""What a layer makes of the second moment in training, and in evaluation.

    .. math:: \frac{g^2}{p\,g_0^2}, \qquad \frac{g^2}{g_0^2}

    The second is :math:`p` times the first: no gain keeps the signal in both.

    Args:
        gain: ``g``, that of the weights.
        keeps: :math:`g_0`, the gain that keeps the signal without dropout.
        keep: :math:`p`, the probability with which an entry is kept.

    Returns:
        Both factors.

    **Source**: :func:`noise_second_moment`.

    >>> [round(factor, 6) for factor in factors(sqrt(2), sqrt(2), 0.5)]
    [2.0, 1.0]
    """
    evaluation = (gain / keeps) ** 2
    return evaluation * noise_second_moment(keep), evaluation


def noisy_gap_map(  # noqa: PLR0913, PLR0917 - the signal, the layer and its noise
    activation: Activation,
    q: float,
    gap: float,
    weight_variance: float,
    bias_variance: float,
    keep: float,
) -> float:
    r"""Gap of two signals in the next layer, each with a mask of its own.

    .. math::
        1 - g' = \frac{c\,E[f(z_1) f(z_2)] + \sigma_b^2}{c\,E[f(z)^2]/p + \sigma_b^2}

    Noise tells even equal signals apart, so with dropout no cosine stays 1 and no deep network is
    on the edge of chaos.

    Args:
        activation: ``f``.
        q: the length of both in this layer.
        gap: 1 minus their correlation; from 0 to 2.
        weight_variance: ``c``.
        bias_variance: :math:`\sigma_b^2`.
        keep: :math:`p`, the probability with which an entry is kept.

    Returns:
        The gap.

    **Source**: Schoenholz et al. (2017), section 4, on dropout.

    >>> from study.theory.activations import activation
    >>> round(noisy_gap_map(activation("relu"), 1.0, 0.0, 2.0, 0.0, keep=0.9), 6)
    0.1
    """
    quiet = length_map(activation, q, weight_variance, bias_variance)
    noisy = noise_second_moment(keep) * (quiet - bias_variance) + bias_variance
    quiet_gap = gap_map(activation, q, gap, weight_variance, bias_variance)
    return 1 - (1 - quiet_gap) * quiet / noisy
