r"""Residual blocks: the size of the stream, the share of a block in it, and its gradient.

A block adds a branch to its input, which is called the stream. The branch has independent weights
of mean 0 and multiplies the second moment of what it is given by :math:`\beta`, and that of a
gradient likewise: for :math:`a\,W_2 \max(W_1 x, 0)` with weights of variance :math:`2/n` and
:math:`1/n` it is :math:`\beta = a^2`. There are three places for a normalisation ``N`` to unit
mean square:

.. math::
    \text{none: } x + B(x), \qquad \text{pre: } x + B(N(x)), \qquad \text{post: } N(x + B(x))
"""

from typing import Literal, TypeAlias

from study.errors import StudyError

Placement: TypeAlias = Literal["none", "pre", "post"]
"""The places where a block may normalise, nowhere or before its branch or behind the sum."""
PLACEMENTS: tuple[Placement, ...] = ("none", "pre", "post")


def stream(
    placement: Placement, branch: float, blocks: int, first: float = 1.0
) -> tuple[float, ...]:
    r"""Second moment of the stream before the first block and behind each.

    .. math::
        \text{none: } q_{b+1} = (1 + \beta)\,q_b, \qquad
        \text{pre: } q_{b+1} = q_b + \beta, \qquad \text{post: } q_{b+1} = 1

    All three hold at any width, the first two in expectation over the weights.

    Args:
        placement: where a block normalises.
        branch: :math:`\beta`, the second moment of a branch over that of what it is given.
        blocks: how many.
        first: :math:`q_0`.

    Returns:
        :math:`q_0` and, for each block, the second moment behind it.

    Raises:
        StudyError: if there is no such placement.

    **Source**: two independent numbers, one of mean 0, add their second moments.

    >>> [stream(placement, 1.0, 3) for placement in PLACEMENTS]
    [(1.0, 2.0, 4.0, 8.0), (1.0, 2.0, 3.0, 4.0), (1.0, 1.0, 1.0, 1.0)]
    """
    sizes = [first]
    for _ in range(blocks):
        total = sizes[-1] + branch_size(placement, branch, sizes[-1])
        sizes.append(1.0 if placement == "post" else total)
    return tuple(sizes)


def branch_size(placement: Placement, branch: float, q: float) -> float:
    r"""Second moment that a branch adds to a stream.

    .. math:: \text{none and post: } \beta q, \qquad \text{pre: } \beta

    Args:
        placement: where a block normalises.
        branch: :math:`\beta`.
        q: the second moment of the stream before the block.

    Returns:
        The second moment of what is added.

    Raises:
        StudyError: if there is no such placement.

    **Source**: a branch before a normalisation sees the stream, one behind it a signal of size 1.

    >>> branch_size("pre", 1.0, 100.0)
    1.0
    """
    if placement not in PLACEMENTS:
        raise StudyError(f"placement {placement!r} is unknown; choose from {', '.join(PLACEMENTS)}")
    return branch if placement == "pre" else branch * q


def shares(
    placement: Placement, branch: float, blocks: int, first: float = 1.0
) -> tuple[float, ...]:
    r"""Share of the input and of each branch in the second moment of the last stream.

    The last stream is a sum of what went in and of all branches, each divided by the
    normalisations behind it. A post-norm divides by :math:`1 + \beta` in every block.

    Args:
        placement: where a block normalises.
        branch: :math:`\beta`.
        blocks: how many.
        first: :math:`q_0`.

    Returns:
        The share of the input, then that of each branch; they add up to 1.

    **Source**: :func:`stream`, and that the terms of the sum are uncorrelated.

    >>> shares("post", 1.0, 3), shares("pre", 1.0, 3)
    ((0.125, 0.125, 0.25, 0.5), (0.25, 0.25, 0.25, 0.25))
    """
    sizes = stream(placement, branch, blocks, first)
    parts = [first, *(branch_size(placement, branch, q) for q in sizes[:-1])]
    if placement == "post":
        norms = [q + part for q, part in zip(sizes, parts[1:], strict=False)]
        # What is below a normalisation is divided by it, and by all above.
        for block, norm in enumerate(norms, start=1):
            parts = [part / norm if at <= block else part for at, part in enumerate(parts)]
    return tuple(part / sizes[-1] for part in parts)


def gradient(
    placement: Placement, branch: float, blocks: int, first: float = 1.0
) -> tuple[float, ...]:
    r"""Second moment of the gradient by the stream, over that at the top.

    .. math::
        \text{none: } g_{b-1} = (1 + \beta)\,g_b, \qquad
        \text{pre: } g_{b-1} = \Bigl(1 + \frac{\beta}{q_{b-1}}\Bigr) g_b, \qquad
        \text{post: } g_{b-1} = \frac{1 + \beta}{(1 + \beta)\,q_{b-1}}\, g_b

    So with pre-norm :math:`g_b = g_B\, q_B / q_b`, and with post-norm all gradients are equal, but
    for the one before the first block. In the limit of wide layers; a normalisation also takes the
    part of a gradient along its input, one direction of n.

    Args:
        placement: where a block normalises.
        branch: :math:`\beta`.
        blocks: how many.
        first: :math:`q_0`.

    Returns:
        :math:`g_0 / g_B` to :math:`g_B / g_B = 1`.

    **Source**: the derivative of a normalisation divides by the root mean square of its input.

    >>> [gradient(placement, 1.0, 3) for placement in PLACEMENTS]
    [(8.0, 4.0, 2.0, 1.0), (4.0, 2.0, 1.333..., 1.0), (1.0, 1.0, 1.0, 1.0)]
    """
    sizes = stream(placement, branch, blocks, first)
    moments = [1.0]
    for q in reversed(sizes[:-1]):
        total = q + branch_size(placement, branch, q)
        divisor = total if placement == "post" else 1.0
        moments.append(moments[-1] * total / q / divisor)
    return tuple(reversed(moments))
