"""One segment of layers, up and down: products, scales, and what is kept on the way.

Everything here has the axes (images, signals, units); a signal is one network among those that
share their random numbers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import torch
from torch import Tensor

from study.lab.activations import Activation, two_lines
from study.lab.statistics import (
    DOWNWARD,
    UPWARD,
    Sums,
    distances,
    first_two_moments,
    log2_second_moment,
    log2_weight_gradient,
    spread,
)
from study.lab.workspaces import Workspace

RANGE = 40.0
"""A signal is left as it is while the root of its mean square is within two to plus or minus this.

Its squares are then far from both ends of float32, and beyond it every activation is two straight
lines to within its own size times 2^-40."""


@dataclass(frozen=True)
class Rows:
    """A signal or a gradient at one layer: ``values * 2**exponent``.

    While nothing is ``scaled``, all exponents are 0.

    **Shapes**: ``values`` (images, signals, units), ``exponent`` (images, signals) in float64.
    """

    values: Tensor
    exponent: Tensor
    scaled: bool

    def of(self, signals: slice) -> "Rows":
        """Return some of the signals."""
        return Rows(self.values[:, signals], self.exponent[:, signals], self.scaled)

    def clone(self) -> "Rows":
        """Return rows that nothing will overwrite."""
        return Rows(self.values.clone(), self.exponent, self.scaled)


@dataclass(frozen=True)
class Segment:
    """Neighbouring layers: their random numbers, how large each signal's are, their activations.

    The weights of a layer, counted from 0, stand in their place once they are drawn.

    **Shapes**: ``weights`` (fan_out, fan_in) and ``biases`` (fan_out,) for each layer;
    ``weight_stds`` (layers, signals, 1), ``bias_stds`` (signals,).
    """

    draw: Callable[[int], object]
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
    """What a batch leaves behind on its way up through a segment, layer by layer.

    Attributes:
        rows: the activations.
        slopes: their derivatives, if they are kept.
        statistics: of the way up by name, each of shape (layers, signals).
    """

    rows: Sequence[Rows]
    slopes: Sequence[Tensor]
    statistics: dict[str, Tensor]


@dataclass(frozen=True)
class Descent:
    """What a gradient leaves behind on its way down.

    Attributes:
        below: the gradient with respect to what entered the segment.
        statistics: of the way down by name, each of shape (layers, signals).
    """

    below: Rows
    statistics: dict[str, Tensor]


def climb(below: Rows, segment: Segment, into: Sequence[Tensor], workspace: Workspace) -> Rows:
    """Send a batch up through a segment and keep nothing but what comes out.

    Args:
        below: what enters the first layer.
        segment: the layers.
        into: where to put the activations of each layer.
        workspace: memory to compute in.

    Returns:
        The activations of the last layer.
    """
    *_, (_, _, rows) = _layers(below, segment, into, [], workspace)
    return rows


def ascend(
    below: Rows,
    segment: Segment,
    into: Sequence[Tensor],
    slopes_into: Sequence[Tensor],
    workspace: Workspace,
) -> Ascent:
    """Send a batch up through a segment and measure it on the way.

    Args:
        below: what enters the first layer.
        segment: the layers.
        into: where to put the activations of each layer.
        slopes_into: where to keep their derivatives; nowhere, if no gradient is to come down.
        workspace: memory to compute in.

    Returns:
        What is left behind.
    """
    preactivations, activations, apart, kept = [], [], [], []
    for z, norm_z, rows in _layers(below, segment, into, slopes_into, workspace):
        h, exponent = rows.values, rows.exponent
        norm = torch.linalg.vector_norm(h, dim=-1)
        preactivations.append((z.sum(dim=-1), norm_z, exponent))
        activations.append((h.sum(dim=-1), norm, exponent))
        apart.append(distances(h, norm, exponent if rows.scaled else None, workspace))
        kept.append(rows)
    units = [len(matrix) for matrix in segment.weights]
    of_z, of_h = Sums.of(preactivations, units), Sums.of(activations, units)
    moments = (*first_two_moments(of_z), *first_two_moments(of_h))
    of_directions, of_all = map(torch.stack, zip(*apart, strict=True))
    spreads = spread(of_directions, of_all, of_h)
    return Ascent(kept, slopes_into, _named(UPWARD, (*moments, *spreads)))


def descend(
    above: Rows, segment: Segment, below: Rows, ascent: Ascent, workspace: Workspace
) -> Descent:
    """Send a gradient down through a segment and measure it on the way.

    Args:
        above: the gradient with respect to the activations of the last layer.
        segment: the layers, whose weights have been drawn on the way up.
        below: the signal that entered the first layer.
        ascent: what was left behind on the way up; the derivatives are overwritten.
        workspace: memory to compute in.

    Returns:
        What is left behind.
    """
    on_activations, on_preactivations, on_weights, rows = [], [], [], above
    groups, entering = segment.groups(), [below, *ascent.rows[:-1]]
    for at in reversed(range(len(entering))):
        norm = torch.linalg.vector_norm(rows.values, dim=-1)
        on_activations.append((norm, norm, rows.exponent))
        h = ascent.rows[at]
        place = workspace.tensor("on preactivations", h.values, h.values.shape)
        if ascent.slopes:
            torch.mul(ascent.slopes[at], rows.values, out=place)
        else:
            for activation, members in groups:
                slopes = _derivative(activation, h.of(members), h.values[:, members])
                torch.mul(slopes, rows.values[:, members], out=place[:, members])
        gradient = replace(rows, values=place)
        norm = torch.linalg.vector_norm(gradient.values, dim=-1)
        gradient, norm = _bring_into_range_(gradient, norm, [])
        on_preactivations.append((norm, norm, gradient.exponent))
        signal = entering[at]
        scaled = signal.scaled or gradient.scaled
        exponent = signal.exponent + gradient.exponent if scaled else None
        on_weights.append(log2_weight_gradient(signal.values, gradient.values, exponent, workspace))
        values = _product(
            "on activations",
            gradient.values,
            segment.weights[at],
            segment.weight_stds[at],
            workspace,
        )
        rows = replace(gradient, values=values)
    units = [len(matrix) for matrix in segment.weights]
    moments = [
        log2_second_moment(Sums.of(layers[::-1], units))
        for layers in (on_activations, on_preactivations)
    ]
    return Descent(rows, _named(DOWNWARD, (*moments, torch.stack(on_weights[::-1]))))


def _layers(
    below: Rows,
    segment: Segment,
    into: Sequence[Tensor],
    slopes_into: Sequence[Tensor],
    workspace: Workspace,
) -> Iterator[tuple[Tensor, Tensor, Rows]]:
    """Send a batch up, and give the preactivations, their norms and the activations on the way.

    The weights of a layer are drawn when it is reached, since they are then at hand.
    """
    groups, rows = segment.groups(), below
    for at, h in enumerate(into):
        segment.draw(at)
        z, norm = _preactivate(rows, segment, groups, at, workspace)
        for activation, members in groups:
            h[:, members] = _activation(activation, z.of(members))
            if slopes_into:
                slopes = _derivative(activation, z.of(members), h[:, members])
                slopes_into[at][:, members] = slopes
        rows = replace(z, values=h)
        yield z.values, norm, rows


def _named(names: Sequence[str], columns: Sequence[Tensor]) -> dict[str, Tensor]:
    return {name: column.double().cpu() for name, column in zip(names, columns, strict=True)}


def _preactivate(
    rows: Rows,
    segment: Segment,
    groups: Sequence[tuple[Activation, slice]],
    at: int,
    workspace: Workspace,
) -> tuple[Rows, Tensor]:
    """Return the preactivations of a layer, in range, and their norms."""
    z = _product("signal", rows.values, segment.weights[at].T, segment.weight_stds[at], workspace)
    exponent = rows.exponent
    if segment.biases:
        biased = segment.bias_stds > 0
        # What is dead has no size, and biases have theirs.
        exponent = exponent.masked_fill(biased & (z == 0).all(dim=-1), 0.0)
        sizes = torch.where(biased, segment.bias_stds * torch.exp2(-exponent), 0.0)
        z += sizes[..., None].to(z.dtype) * segment.biases[at]
    norm = torch.linalg.vector_norm(z, dim=-1)
    return _bring_into_range_(Rows(z, exponent, rows.scaled), norm, groups)


def _product(
    name: str, values: Tensor, matrix: Tensor, stds: Tensor, workspace: Workspace
) -> Tensor:
    """Compute ``std * values @ matrix`` of each signal, all of them in one product."""
    shape = (*values.shape[:-1], matrix.shape[1])
    out = workspace.tensor(name, values, shape)
    torch.mm(values.reshape(-1, values.shape[-1]), matrix, out=out.view(-1, shape[-1]))
    return out.mul_(stds)


def _activation(activation: Activation, z: Rows) -> Tensor:
    """Return the activations of rows that are in range."""
    h = activation.function(z.values)
    for lines, there in _straight(activation, z):
        h[there] = two_lines(z.values[there], *lines)[0]
    return h


def _derivative(activation: Activation, z: Rows, h: Tensor) -> Tensor:
    """Return the derivatives; where they follow from the activations, these may be ``z`` too."""
    slopes = activation.derivative_from(z.values, h)
    for lines, there in _straight(activation, z):
        slopes[there] = two_lines(z.values[there], *lines)[1]
    return slopes


def _straight(activation: Activation, z: Rows) -> Iterator[tuple[tuple[float, float], Tensor]]:
    """Give the rows at which an activation is two straight lines, and the slopes of these."""
    if z.scaled and not activation.homogeneous:
        for lines, there in (
            (activation.near, z.exponent < 0),
            (activation.far, z.exponent > 0),
        ):
            if lines is not None and bool(there.any()):
                yield lines, there


def _bring_into_range_(
    rows: Rows, norm: Tensor, groups: Sequence[tuple[Activation, slice]]
) -> tuple[Rows, Tensor]:
    """Divide by powers of two, in place, the rows that are too large or too small.

    Args:
        rows: a signal or a gradient.
        norm: of each row.
        groups: the activations that come next; for a gradient there are none. An activation that
            is not homogeneous wants the true values as long as they are in range.

    Returns:
        The rows with their new exponents, and the new norms.
    """
    values, exponent = rows.values, rows.exponent
    root = values.shape[-1] ** 0.5
    least, most = (bound.item() for bound in torch.aminmax(norm))
    inside = least >= root * 2.0**-RANGE and most <= root * 2.0**RANGE
    if inside and not (groups and rows.scaled):
        return rows, norm
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
        return rows, norm
    factor = torch.exp2(-shift).to(values.dtype)
    values.mul_(factor[..., None])
    exponent = exponent + shift
    return Rows(values, exponent, bool(exponent.any())), norm * factor
