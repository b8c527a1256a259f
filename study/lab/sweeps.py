"""One segment of layers, up and down: products, scales, and what is kept on the way.

Everything here has the axes (images, signals, units); a signal is one network among those that
share their random numbers. A piece of the images is a slice of the first axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import prod

import numpy as np
import torch
from torch import Tensor

from study.lab.activations import Activation, two_lines
from study.lab.parallel import parallel_map
from study.lab.statistics import (
    DOWNWARD,
    UPWARD,
    Sums,
    first_two_moments,
    log2_second_moment,
    log2_weight_gradient,
    spread,
)

RANGE = 40.0
"""A signal is left as it is while the root of its mean square is within two to plus or minus this.

Its squares are then far from both ends of float32, and beyond it every activation is two straight
lines to within its own size times 2^-40."""


@dataclass(frozen=True)
class Rows:
    """A signal or a gradient at one layer: ``values * 2**exponent``.

    **Shapes**: ``values`` (images, signals, units), ``exponent`` (images, signals) in float64.
    """

    values: Tensor
    exponent: Tensor

    def of(self, images: slice) -> "Rows":
        """Return some of the images."""
        return Rows(self.values[images], self.exponent[images])


@dataclass(frozen=True)
class Segment:
    """Neighbouring layers: their random numbers, how large each signal's are, their activations.

    **Shapes**: ``weights`` (fan_out, fan_in) and ``biases`` (fan_out,) for each layer;
    ``weight_stds`` (layers, signals), ``bias_stds`` (signals,).
    """

    weights: Sequence[Tensor]
    biases: Sequence[Tensor]
    weight_stds: Tensor
    bias_stds: Tensor
    activations: Sequence[Activation]

    def groups(self) -> list[tuple[Activation, slice]]:
        """Return each activation with the signals that have it, which stand side by side."""
        found: list[tuple[Activation, slice]] = []
        start = 0
        for _, alike in groupby(self.activations, key=lambda activation: activation.name):
            members = list(alike)
            found.append((members[0], slice(start, start + len(members))))
            start += len(members)
        return found


@dataclass(frozen=True)
class Ascent:
    """What a piece of the images leaves behind on its way up through a segment, layer by layer.

    Attributes:
        preactivations: sums over the units of each image.
        activations: likewise.
        rows: the activations themselves.
        slopes: the derivatives of the activations, if they are kept.
    """

    preactivations: Sums
    activations: Sums
    rows: Sequence[Rows]
    slopes: Sequence[Tensor]


@dataclass(frozen=True)
class Descent:
    """What a piece leaves behind on its way down: norms of gradients, and the gradients.

    Attributes:
        on_activations: with respect to the activation of each layer.
        on_preactivations: with respect to the preactivation.
        rows: the gradients with respect to the preactivations.
        below: the gradient with respect to what entered the segment.
    """

    on_activations: Sums
    on_preactivations: Sums
    rows: Sequence[Rows]
    below: Rows


class Workspace:
    """Memory for the weights and signals of one segment, which sweeps use again and again.

    New pages come slowly: the largest part of what a sweep may waste is waiting for them. What
    stands here is overwritten by the next segment, so nothing of it may leave a sweep.

    Attributes:
        memory: bytes that weights and signals may take at a time, about.
    """

    def __init__(self, memory: int = 5 * 2**29) -> None:
        """Take nothing yet."""
        self.memory = memory
        self._blocks: dict[str, Tensor] = {}

    def tensors(self, name: str, like: Tensor, shapes: Sequence[tuple[int, ...]]) -> list[Tensor]:
        """Return uninitialised tensors, cut from the one piece of memory of this name.

        NumPy asks the system for large pages, which come many times faster than small ones.

        Args:
            name: what they are for; what had it before is gone.
            like: a tensor of the type and on the device that is wanted.
            shapes: of the tensors.

        Returns:
            A tensor of each shape.
        """
        sizes = [prod(shape) for shape in shapes]
        needed, block = sum(sizes), self._blocks.get(name)
        if (
            block is None
            or len(block) < needed
            or (block.dtype, block.device)
            != (
                like.dtype,
                like.device,
            )
        ):
            self._blocks.pop(name, None)
            block = self._blocks[name] = _uninitialised(like, needed)
        parts = torch.split(block[:needed], sizes)
        return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]


def _uninitialised(like: Tensor, size: int) -> Tensor:
    if like.device.type != "cpu":
        return like.new_empty(size)
    kind = {torch.float32: np.float32, torch.float64: np.float64}[like.dtype]
    return torch.from_numpy(np.empty(size, dtype=kind))


def climb(below: Rows, segment: Segment) -> Rows:
    """Send a piece up through a segment and keep nothing but what comes out.

    Args:
        below: what enters the first layer.
        segment: the layers.

    Returns:
        The activations of the last layer.
    """
    groups, rows = segment.groups(), below
    scratch: dict[int, Tensor] = {}
    for at in range(len(segment.weights)):
        z, _, exponent = _preactivate(rows, segment, groups, at, scratch)
        again = at > 0 and rows.values.shape == z.shape  # then what entered is needed no more
        rows = Rows(rows.values if again else torch.empty_like(z), exponent)
        _activate(z, exponent, groups, rows.values, None)
    return rows


def ascend(
    below: Rows, segment: Segment, into: Sequence[Tensor], slopes_into: Sequence[Tensor]
) -> Ascent:
    """Send a piece up through a segment and take sums on the way.

    Args:
        below: what enters the first layer.
        segment: the layers.
        into: where to keep the activations of each layer.
        slopes_into: where to keep their derivatives; nowhere, if no gradient is to come down.

    Returns:
        What is left behind.
    """
    groups, rows = segment.groups(), below
    preactivations, activations, kept = [], [], []
    scratch: dict[int, Tensor] = {}
    for at, h in enumerate(into):
        z, norm, exponent = _preactivate(rows, segment, groups, at, scratch)
        _activate(z, exponent, groups, h, slopes_into[at] if slopes_into else None)
        preactivations.append((z.sum(dim=-1), norm, exponent))
        activations.append((h.sum(dim=-1), torch.linalg.vector_norm(h, dim=-1), exponent))
        rows = Rows(h, exponent)
        kept.append(rows)
    units = [len(matrix) for matrix in segment.weights]
    return Ascent(Sums.of(preactivations, units), Sums.of(activations, units), kept, slopes_into)


def descend(above: Rows, segment: Segment, slopes: Sequence[Tensor]) -> Descent:
    """Send the gradient of a piece down through a segment.

    Args:
        above: the gradient with respect to the activations of the last layer.
        segment: the layers.
        slopes: the derivatives of the activations; they are overwritten by the gradients with
            respect to the preactivations.

    Returns:
        What is left behind.
    """
    on_activations, on_preactivations, kept, rows = [], [], [], above
    scratch: dict[int, Tensor] = {}
    for at in reversed(range(len(segment.weights))):
        norm = torch.linalg.vector_norm(rows.values, dim=-1)
        on_activations.append((norm, norm, rows.exponent))
        gradient = slopes[at].mul_(rows.values)
        norm = torch.linalg.vector_norm(gradient, dim=-1)
        exponent, norm = _bring_into_range_(gradient, norm, rows.exponent, [])
        on_preactivations.append((norm, norm, exponent))
        kept.append(Rows(gradient, exponent))
        values = _product(gradient, segment.weights[at], segment.weight_stds[at], scratch)
        rows = Rows(values, exponent)
    units = [len(matrix) for matrix in segment.weights]
    return Descent(
        Sums.of(on_activations[::-1], units),
        Sums.of(on_preactivations[::-1], units),
        kept[::-1],
        rows,
    )


def statistics_of(ascent: Ascent) -> dict[str, Tensor]:
    """Reduce the signals of all images to the statistics of a segment's layers.

    Args:
        ascent: what all images have left behind.

    Returns:
        The statistics of the way up by name, each of shape (layers, signals).
    """
    sums = ascent.activations

    def far_apart(at: int) -> tuple[Tensor, Tensor]:
        return spread(ascent.rows[at].values, sums.norm[at], sums.exponent[at])

    spreads = zip(*parallel_map(far_apart, range(len(ascent.rows))), strict=True)
    moments = (*first_two_moments(ascent.preactivations), *first_two_moments(sums))
    return _named(UPWARD, (*moments, *map(torch.stack, spreads)))


def gradient_statistics_of(below: Rows, ascent: Ascent, descent: Descent) -> dict[str, Tensor]:
    """Reduce the gradients of all images likewise.

    Args:
        below: what entered the first layer.
        ascent: what all images have left behind on their way up.
        descent: and on their way down.

    Returns:
        The statistics of the way down by name, each of shape (layers, signals).
    """
    entering = [below, *ascent.rows[:-1]]

    def on_weights(at: int) -> Tensor:
        signal, gradient = entering[at], descent.rows[at]
        exponent = signal.exponent + gradient.exponent
        return log2_weight_gradient(signal.values, gradient.values, exponent)

    moments = map(log2_second_moment, (descent.on_activations, descent.on_preactivations))
    weights = torch.stack(parallel_map(on_weights, range(len(entering))))
    return _named(DOWNWARD, (*moments, weights))


def _named(names: Sequence[str], columns: Sequence[Tensor]) -> dict[str, Tensor]:
    return {name: column.double().cpu() for name, column in zip(names, columns, strict=True)}


def _preactivate(
    rows: Rows,
    segment: Segment,
    groups: Sequence[tuple[Activation, slice]],
    at: int,
    scratch: dict[int, Tensor],
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the preactivations of a layer, in range, their norms and their exponents."""
    z = _product(rows.values, segment.weights[at].T, segment.weight_stds[at], scratch)
    exponent = rows.exponent
    if segment.biases:
        biased = segment.bias_stds > 0
        # What is dead has no size, and biases have theirs.
        exponent = exponent.masked_fill(biased & (z == 0).all(dim=-1), 0.0)
        sizes = torch.where(biased, segment.bias_stds * torch.exp2(-exponent), 0.0)
        z += sizes[..., None].to(z.dtype) * segment.biases[at]
    norm = torch.linalg.vector_norm(z, dim=-1)
    exponent, norm = _bring_into_range_(z, norm, exponent, groups)
    return z, norm, exponent


def _product(values: Tensor, matrix: Tensor, stds: Tensor, scratch: dict[int, Tensor]) -> Tensor:
    """Compute ``std * values @ matrix`` of each signal, all of them in one product.

    It stands in scratch, which has one place for each width: memory that is asked for and given
    back at each layer would come as new pages each time.
    """
    flat, units = values.reshape(-1, values.shape[-1]), matrix.shape[1]
    if units not in scratch:
        scratch[units] = flat.new_empty(len(flat), units)
    out = torch.mm(flat, matrix, out=scratch[units])
    return out.view(*values.shape[:-1], units).mul_(stds[:, None])


def _activate(
    z: Tensor,
    exponent: Tensor,
    groups: Sequence[tuple[Activation, slice]],
    h: Tensor,
    slopes: "Tensor | None",
) -> None:
    """Write the activations, and their derivatives if wanted, of rows that are in range."""
    scaled = bool(exponent.any())
    for activation, members in groups:
        part = z[:, members]
        h[:, members] = activation.function(part)
        if slopes is not None:
            slopes[:, members] = activation.derivative_from(part, h[:, members])
        if not scaled or activation.homogeneous:
            continue
        for lines, there in (
            (activation.near, exponent[:, members] < 0),
            (activation.far, exponent[:, members] > 0),
        ):
            if lines is not None and bool(there.any()):
                line, slope = two_lines(part[there], *lines)
                h[:, members][there] = line
                if slopes is not None:
                    slopes[:, members][there] = slope


def _bring_into_range_(
    values: Tensor, norm: Tensor, exponent: Tensor, groups: Sequence[tuple[Activation, slice]]
) -> tuple[Tensor, Tensor]:
    """Divide by powers of two, in place, the rows that are too large or too small.

    Args:
        values: of shape (images, signals, units).
        norm: of each row.
        exponent: of each row.
        groups: the activations that come next; for a gradient there are none. An activation that
            is not homogeneous wants the true values as long as they are in range.

    Returns:
        The new exponents and norms.
    """
    root = values.shape[-1] ** 0.5
    least, most = (bound.item() for bound in torch.aminmax(norm))
    inside = least >= root * 2.0**-RANGE and most <= root * 2.0**RANGE
    if inside and not (groups and bool(exponent.any())):
        return exponent, norm
    own = (norm.double() / root).log2()
    alive = own.isfinite()
    outside = alive & (own.abs() > RANGE)
    shift = torch.where(outside, own.round(), 0.0)
    for activation, members in groups:
        if activation.homogeneous:
            continue
        true = (own + exponent)[:, members]
        wanted = torch.zeros_like(true)
        for lines, there in ((activation.near, true < -RANGE), (activation.far, true > RANGE)):
            if lines is not None:
                wanted = torch.where(there, true.round(), wanted)
        shift[:, members] = torch.where(alive[:, members], wanted - exponent[:, members], 0.0)
    if not bool(shift.any()):
        return exponent, norm
    factor = torch.exp2(-shift).to(values.dtype)
    values.mul_(factor[..., None])
    return exponent + shift, norm * factor
