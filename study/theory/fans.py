r"""How many products a convolution adds up for each entry of its output, edges included.

A weight of variance :math:`\sigma^2` and mean 0 at every tap, independent of all others, makes the
second moment of an entry :math:`\sigma^2` times the sum of the squares of its terms. So it suffices
to count the terms.
"""

from math import prod

from study.errors import StudyError


def taps_by_place(
    places: int, kernel: int, stride: int = 1, padding: int = 0, output_padding: int = 0
) -> list[int]:
    r"""Count, for every place a transposed convolution makes along one axis, what reaches it.

    Input :math:`i` and tap :math:`j` of the kernel meet at the output place :math:`u`:

    .. math::
        t(u) = \#\{(i, j) : s\,i + j - p = u\}, \qquad
        0 \le i < m, \quad 0 \le j < k, \quad 0 \le u < s\,(m - 1) + k - 2p + p' .

    In two dimensions the counts of the two axes multiply. With variance :math:`\sigma^2` of the
    weights, :math:`c` channels in :math:`g` groups and inputs of second moment :math:`q` everywhere
    the second moment at place :math:`(u, v)` is :math:`\sigma^2\, t(u)\, t(v)\, c q / g`.

    Args:
        places: :math:`m`, of the input along the axis.
        kernel: its side :math:`k`.
        stride: :math:`s`.
        padding: :math:`p`, as torch has it: so many places are cut off at either end.
        output_padding: :math:`p'`, so many places are added at the far end.

    Returns:
        The counts, in the order of the output places.

    **Units**: products, per channel of a group.

    Raises:
        StudyError: if no output place is left, or a setting is out of range.

    **Source**: derived on the page What PyTorch really does, section “Edges of a transposed
    convolution”; the places are those of ``torch.nn.ConvTranspose2d``.

    >>> taps_by_place(1, 2)
    [1, 1]
    >>> taps_by_place(4, 4, stride=2, padding=1)
    [1, 2, 2, 2, 2, 2, 2, 1]
    """
    if min(places, kernel, stride) < 1 or min(padding, output_padding) < 0:
        raise StudyError("places, kernel and stride must be at least 1, paddings at least 0")
    side = stride * (places - 1) + kernel - 2 * padding + output_padding
    if side < 1:
        raise StudyError(f"a padding of {padding} leaves no output place")
    counts = [0] * side
    for at in range(places):
        for tap in range(kernel):
            place = stride * at + tap - padding
            if 0 <= place < side:
                counts[place] += 1
    return counts


def mean_taps(
    places: int, kernel: int, stride: int = 1, padding: int = 0, output_padding: int = 0
) -> float:
    r"""Average :func:`taps_by_place` over the output places.

    Without padding every pair of an input and a tap counts, so along one axis it is

    .. math:: \bar t = \frac{m\,k}{s\,(m - 1) + k} ,

    which grows to :math:`k/s` for a large map; in two dimensions it is squared.

    Args:
        places: :math:`m`, of the input along the axis.
        kernel: its side :math:`k`.
        stride: :math:`s`.
        padding: as in :func:`taps_by_place`.
        output_padding: as in :func:`taps_by_place`.

    Returns:
        The mean count.

    **Units**: products, per channel of a group.

    **Source**: as :func:`taps_by_place`.

    >>> mean_taps(1, 4), mean_taps(7, 4, stride=2, padding=1), mean_taps(1000, 4, stride=2) > 1.99
    (1.0, 1.8571428571428572, True)
    """
    counts = taps_by_place(places, kernel, stride, padding, output_padding)
    return sum(counts) / len(counts)


def end_to_end(fans: list[tuple[int, int]]) -> float:
    r"""Return by what variance 2/fan_out multiplies the signal from the first layer to the last.

    .. math:: \prod_{l=2}^{L} \frac{n_l}{\hat n_l}

    In a convolution from :math:`c_l` to :math:`d_l` channels the kernel cancels,
    :math:`k_l^2 c_l / (k_l^2 d_l) = c_l/d_l`, and where each layer takes up the channels of the one
    below the product is :math:`c_2/d_L`, whatever the kernels. A fully connected layer on a
    flattened map has the map's places times its channels for inputs, and these stay in the product.

    Args:
        fans: fan_in :math:`n_l` and fan_out :math:`\hat n_l` of every layer.

    Returns:
        The factor of the second moment.

    **Source**: He et al. (2015), text after equation 14; page fan_in or fan_out, section “The
    telescope”.

    >>> end_to_end([(27, 576), (64 * 9, 32 * 9), (32, 10)])  # 3 channels to 64 to 32, then 10
    6.4
    """
    return prod(fan_in / fan_out for fan_in, fan_out in fans[1:])
