r"""How many products a convolution adds up for each entry of its output, edges included.

A weight of variance :math:`\sigma^2` and mean 0 at every tap, independent of all others, makes the
second moment of an entry :math:`\sigma^2` times the sum of the squares of its terms. So it suffices
to count the terms.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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

    **Source**: derived in the chapter *The fans of a convolution*, section “Edges of a transposed
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
    for _, place in _meetings(range(places), range(kernel), stride, padding, side):
        counts[place] += 1
    return counts


def _meetings(
    places: range, taps: range, stride: int, padding: int, side: int
) -> Iterator[tuple[int, int]]:
    """Yield each input place with each output place that it reaches, of ``side`` of them."""
    for at in places:
        for tap in taps:
            place = stride * at + tap - padding
            if 0 <= place < side:
                yield at, place


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


@dataclass(frozen=True)
class Axis:
    """A transposed convolution along one axis, with the settings of torch.

    Attributes:
        places: of the input.
        kernel: its side.
        stride: how far two inputs lie apart in the output.
        padding: so many places are cut off at either end of the output.
        output_padding: so many places are added at its far end.
        dilation: how far two taps lie apart in the output.
    """

    places: int
    kernel: int
    stride: int = 1
    padding: int = 0
    output_padding: int = 0
    dilation: int = 1

    def __post_init__(self) -> None:
        """Refuse what is no transposed convolution."""
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                raise StudyError(f"{name}: {getattr(self, name)} is below {least}")
        if self.output_padding >= max(self.stride, self.dilation):
            raise StudyError(
                f"output_padding: {self.output_padding} is not below the stride {self.stride} or "
                f"the dilation {self.dilation}"
            )
        if self.side < 1:
            raise StudyError(f"padding: {self.padding} leaves no output place")

    @property
    def side(self) -> int:
        """How many output places there are."""
        whole = self.stride * (self.places - 1) + self.dilation * (self.kernel - 1) + 1
        return whole - 2 * self.padding + self.output_padding

    def forward(self) -> list[int]:
        """Count the taps that reach each output place."""
        counts = [0] * self.side
        for _, place in self._meetings():
            counts[place] += 1
        return counts

    def backward(self) -> list[int]:
        """Count the output places that each input place reaches, as its gradient adds them up."""
        counts = [0] * self.places
        for at, _ in self._meetings():
            counts[at] += 1
        return counts

    def _meetings(self) -> Iterator[tuple[int, int]]:
        taps = range(0, self.dilation * self.kernel, self.dilation)
        return _meetings(range(self.places), taps, self.stride, self.padding, self.side)


_LEAST = {
    "places": 1,
    "kernel": 1,
    "stride": 1,
    "dilation": 1,
    "padding": 0,
    "output_padding": 0,
}


@dataclass(frozen=True)
class Terms:
    """How many products a layer adds up, on average over the places.

    Attributes:
        forward: for each entry of the output.
        backward: for each entry of the gradient of the input.
        least, most: for the entry of the output that has fewest, and that which has most.
    """

    forward: float
    backward: float
    least: int
    most: int


def transposed_terms(inputs: int, outputs: int, *axes: Axis, groups: int = 1) -> Terms:
    r"""Count the terms of a transposed convolution exactly, edges included.

    Along each axis :math:`i` and :math:`j` meet at :math:`u = s\,i + d\,j - p`. With
    :math:`t_a(u)` of them at a place of the output, and :math:`r_a(i)` places that an input
    reaches, one for each axis :math:`a`,

    .. math::
        N = \frac{c}{g} \prod_a \bar t_a, \qquad \hat N = \frac{c'}{g} \prod_a \bar r_a .

    With weights of variance :math:`\sigma^2` and noise for inputs, the layer multiplies the mean
    square by :math:`\sigma^2 N` and that of the gradient by :math:`\sigma^2 \hat N`: so
    :math:`2/N` keeps the signal behind a ReLU.

    Args:
        inputs: channels of the input, :math:`c`.
        outputs: channels of the output, :math:`c'`.
        axes: along which it works, one, two or more.
        groups: :math:`g`, which divides both numbers of channels.

    Returns:
        The counts.

    Raises:
        StudyError: if there is no axis, or the groups do not divide the channels.

    **Source**: derived in the chapter *The fans of a convolution*, section “Edges of a transposed
    convolution”.

    **Units**: products.

    >>> first, usual = Axis(1, 4), Axis(4, 4, stride=2, padding=1)
    >>> transposed_terms(100, 64, first, first)
    Terms(forward=100.0, backward=1024.0, least=100, most=100)
    >>> transposed_terms(64, 32, usual, usual).forward / 64  # and 4 away from the edges
    3.0625
    """
    if not axes or groups < 1 or inputs < 1 or outputs < 1 or inputs % groups or outputs % groups:
        raise StudyError(
            f"groups: {groups} do not divide {inputs} inputs and {outputs} outputs along "
            f"{len(axes)} axes"
        )
    forward, backward = [axis.forward() for axis in axes], [axis.backward() for axis in axes]
    return Terms(
        inputs // groups * prod(sum(counts) / len(counts) for counts in forward),
        outputs // groups * prod(sum(counts) / len(counts) for counts in backward),
        inputs // groups * prod(map(min, forward)),
        inputs // groups * prod(map(max, forward)),
    )


def glorot_in_a_stack(inputs: int, outputs: Sequence[int]) -> list[float]:
    r"""Return which share of its own Glorot variance each part of a stacked matrix gets.

    Queries, keys and values, or the gates of a recurrent layer, may lie in one matrix of shape
    :math:`(m_1 + \dots + m_k, n)`. Read off that shape, fan_out is that of all parts together, so

    .. math:: \frac{2}{n + \sum_j m_j} \Big/ \frac{2}{n + m_i} = \frac{n + m_i}{n + \sum_j m_j} .

    Its fan_in is :math:`n`, which is right: He's and LeCun's variances do not change.

    Args:
        inputs: :math:`n`, that all parts share.
        outputs: :math:`m_i`, of each part.

    Returns:
        The shares; :math:`2/(1 + k)` for :math:`k` square parts.

    Raises:
        StudyError: if a part is empty.

    **Source**: Glorot and Bengio (2010), equation 12, with the fans of ``torch.nn.init``.

    >>> glorot_in_a_stack(64, [64, 64, 64])
    [0.5, 0.5, 0.5]
    """
    if inputs < 1 or not outputs or min(outputs) < 1:
        raise StudyError(f"outputs: {list(outputs)} of {inputs} inputs; each is at least 1")
    return [(inputs + part) / (inputs + sum(outputs)) for part in outputs]


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
