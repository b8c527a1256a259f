"""The forward and the backward pass through one segment of layers, and the statistics of both.

All tensors of signals have the axes (images, networks, units). The networks share their random
numbers and differ in how large their weights are, so one product serves them all.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import torch
from torch import Tensor

from study.lab.activations import Activation, two_lines
from study.lab.statistics import (
    BACKWARD,
    FORWARD,
    UnitSums,
    distances,
    first_two_moments,
    log2_second_moment,
    log2_weight_gradient,
    spread,
)
from study.lab.workspaces import Workspace

RANGE = 40.0
"""A signal is not rescaled while its root mean square lies between 2^-RANGE and 2^RANGE.

Its squares are then far from both ends of float32, and beyond it every activation is two straight
lines to a relative accuracy of 2^-40."""


@dataclass(frozen=True)
class ScaledTensor:
    """A signal or a gradient at one layer: ``values * 2**exponent``.

    Unless it is ``scaled``, all exponents are 0.

    **Shapes**: ``values`` (images, networks, units), ``exponent`` (images, networks) in float64.
    """

    values: Tensor
    exponent: Tensor
    scaled: bool

    def select(self, networks: slice) -> "ScaledTensor":
        """Return a view of some of the networks."""
        return ScaledTensor(self.values[:, networks], self.exponent[:, networks], self.scaled)

    def clone(self) -> "ScaledTensor":
        """Return a copy whose memory nothing else overwrites."""
        return ScaledTensor(self.values.clone(), self.exponent, self.scaled)


@dataclass(frozen=True)
class Segment:
    """Consecutive layers: their random numbers, and the scales and activations of each network.

    Attributes:
        draw: puts the random numbers of a layer, counted from 0, into its tensor of ``weights``.
        weights: of variance 1, for each layer.
        biases: likewise; empty if no network has biases.
        weight_stds: the standard deviation of the weights of each layer and network.
        bias_stds: the standard deviation of the biases of each network.
        activations: of each network; equal ones are neighbours.

    **Shapes**: ``weights`` (fan_out, fan_in) and ``biases`` (fan_out,) for each layer;
    ``weight_stds`` (layers, networks, 1), ``bias_stds`` (networks,).
    """

    draw: Callable[[int], object]
    weights: Sequence[Tensor]
    biases: Sequence[Tensor]
    weight_stds: Tensor
    bias_stds: Tensor
    activations: Sequence[Activation]

    def groups(self) -> list[tuple[Activation, slice]]:
        """Return each activation with the slice of the networks that have it."""
        groups: list[tuple[Activation, slice]] = []
        start = 0
        for _, run in groupby(self.activations, key=lambda activation: activation.name):
            equal = list(run)
            groups.append((equal[0], slice(start, start + len(equal))))
            start += len(equal)
        return groups


@dataclass(frozen=True)
class ForwardRecord:
    """What a forward pass through a segment stores, layer by layer.

    Attributes:
        activations: of each layer.
        derivatives: of the activation function at each layer, if they are stored.
        statistics: by name, each of shape (layers, networks).
    """

    activations: Sequence[ScaledTensor]
    derivatives: Sequence[Tensor]
    statistics: dict[str, Tensor]


@dataclass(frozen=True)
class BackwardRecord:
    """What a backward pass through a segment returns.

    Attributes:
        gradient: with respect to the input of the segment.
        statistics: by name, each of shape (layers, networks).
    """

    gradient: ScaledTensor
    statistics: dict[str, Tensor]


def forward_only(
    inputs: ScaledTensor, segment: Segment, out: Sequence[Tensor], workspace: Workspace
) -> ScaledTensor:
    """Propagate a batch forward through a segment without any statistics.

    Args:
        inputs: the activations below the first layer.
        segment: the layers.
        out: memory for the activations of each layer.
        workspace: memory for intermediate results.

    Returns:
        The activations of the last layer.
    """
    *_, (_, _, activations) = _layers(inputs, segment, out, [], workspace)
    return activations


def forward(
    inputs: ScaledTensor,
    segment: Segment,
    out: Sequence[Tensor],
    derivatives_out: Sequence[Tensor],
    workspace: Workspace,
) -> ForwardRecord:
    """Propagate a batch forward through a segment and compute the statistics of each layer.

    Args:
        inputs: the activations below the first layer.
        segment: the layers.
        out: memory for the activations of each layer.
        derivatives_out: memory for their derivatives; empty if the backward pass needs none.
        workspace: memory for intermediate results.

    Returns:
        Activations, derivatives and statistics.
    """
    sums_of_z, sums_of_h, distance_pairs, activations = [], [], [], []
    for z, norm_z, scaled_h in _layers(inputs, segment, out, derivatives_out, workspace):
        h, exponent = scaled_h.values, scaled_h.exponent
        norm = torch.linalg.vector_norm(h, dim=-1)
        sums_of_z.append((z.sum(dim=-1), norm_z, exponent))
        sums_of_h.append((h.sum(dim=-1), norm, exponent))
        distance_pairs.append(distances(h, norm, exponent if scaled_h.scaled else None, workspace))
        activations.append(scaled_h)
    units = [len(matrix) for matrix in segment.weights]
    z_sums, h_sums = UnitSums.stack(sums_of_z, units), UnitSums.stack(sums_of_h, units)
    moments = (*first_two_moments(z_sums), *first_two_moments(h_sums))
    direction_distances, image_distances = map(torch.stack, zip(*distance_pairs, strict=True))
    spreads = spread(direction_distances, image_distances, h_sums)
    return ForwardRecord(activations, derivatives_out, _named(FORWARD, (*moments, *spreads)))


def backward(
    cotangent: ScaledTensor,
    segment: Segment,
    inputs: ScaledTensor,
    record: ForwardRecord,
    workspace: Workspace,
) -> BackwardRecord:
    """Propagate a gradient backward through a segment and compute its statistics at each layer.

    Args:
        cotangent: the gradient with respect to the activations of the last layer.
        segment: the layers, whose weights the forward pass has drawn.
        inputs: the activations below the first layer.
        record: of the forward pass.
        workspace: memory for intermediate results.

    Returns:
        The gradient with respect to the inputs, and the statistics.
    """
    on_activations, on_preactivations, on_weights, gradient = [], [], [], cotangent
    groups, layer_inputs = segment.groups(), [inputs, *record.activations[:-1]]
    for at in reversed(range(len(layer_inputs))):
        norm = torch.linalg.vector_norm(gradient.values, dim=-1)
        on_activations.append((norm, norm, gradient.exponent))
        h = record.activations[at]
        product = workspace.tensor("on preactivations", h.values, h.values.shape)
        if record.derivatives:
            torch.mul(record.derivatives[at], gradient.values, out=product)
        else:
            for activation, members in groups:
                slopes = _derivative(activation, h.select(members), h.values[:, members])
                torch.mul(slopes, gradient.values[:, members], out=product[:, members])
        gradient = replace(gradient, values=product)
        norm = torch.linalg.vector_norm(gradient.values, dim=-1)
        gradient, norm = _bring_into_range_(gradient, norm, [])
        on_preactivations.append((norm, norm, gradient.exponent))
        below = layer_inputs[at]
        scaled = below.scaled or gradient.scaled
        exponent = below.exponent + gradient.exponent if scaled else None
        on_weights.append(log2_weight_gradient(below.values, gradient.values, exponent, workspace))
        values = _product(
            "on activations",
            gradient.values,
            segment.weights[at],
            segment.weight_stds[at],
            workspace,
        )
        gradient = replace(gradient, values=values)
    units = [len(matrix) for matrix in segment.weights]
    moments = [
        log2_second_moment(UnitSums.stack(layers[::-1], units))
        for layers in (on_activations, on_preactivations)
    ]
    return BackwardRecord(gradient, _named(BACKWARD, (*moments, torch.stack(on_weights[::-1]))))


def _layers(
    inputs: ScaledTensor,
    segment: Segment,
    out: Sequence[Tensor],
    derivatives_out: Sequence[Tensor],
    workspace: Workspace,
) -> Iterator[tuple[Tensor, Tensor, ScaledTensor]]:
    """Yield the preactivations of each layer, their norms, and the activations.

    The weights of a layer are drawn when it is reached, so that they are still in the cache.
    """
    groups, activations = segment.groups(), inputs
    for at, h in enumerate(out):
        segment.draw(at)
        z, norm = _preactivate(activations, segment, groups, at, workspace)
        for activation, members in groups:
            h[:, members] = _activation(activation, z.select(members))
            if derivatives_out:
                slopes = _derivative(activation, z.select(members), h[:, members])
                derivatives_out[at][:, members] = slopes
        activations = replace(z, values=h)
        yield z.values, norm, activations


def _named(names: Sequence[str], columns: Sequence[Tensor]) -> dict[str, Tensor]:
    return {name: column.double().cpu() for name, column in zip(names, columns, strict=True)}


def _preactivate(
    inputs: ScaledTensor,
    segment: Segment,
    groups: Sequence[tuple[Activation, slice]],
    at: int,
    workspace: Workspace,
) -> tuple[ScaledTensor, Tensor]:
    """Return the preactivations of a layer, rescaled where out of range, and their norms."""
    weights, stds = segment.weights[at], segment.weight_stds[at]
    z = _product("signal", inputs.values, weights.T, stds, workspace)
    exponent = inputs.exponent
    if segment.biases:
        biased = segment.bias_stds > 0
        # A signal that is exactly 0 may have any exponent, and biases are of order 1.
        exponent = exponent.masked_fill(biased & (z == 0).all(dim=-1), 0.0)
        sizes = torch.where(biased, segment.bias_stds * torch.exp2(-exponent), 0.0)
        z += sizes[..., None].to(z.dtype) * segment.biases[at]
    norm = torch.linalg.vector_norm(z, dim=-1)
    return _bring_into_range_(ScaledTensor(z, exponent, inputs.scaled), norm, groups)


def _product(
    name: str, values: Tensor, matrix: Tensor, stds: Tensor, workspace: Workspace
) -> Tensor:
    """Compute ``std * values @ matrix`` for each network, all of them in one product."""
    shape = (*values.shape[:-1], matrix.shape[1])
    out = workspace.tensor(name, values, shape)
    torch.mm(values.reshape(-1, values.shape[-1]), matrix, out=out.view(-1, shape[-1]))
    return out.mul_(stds)


def _activation(activation: Activation, z: ScaledTensor) -> Tensor:
    """Return the activations, where ``z`` is scaled by the asymptotes."""
    h = activation.function(z.values)
    for lines, mask in _asymptotes(activation, z):
        h[mask] = two_lines(z.values[mask], *lines)[0]
    return h


def _derivative(activation: Activation, z: ScaledTensor, h: Tensor) -> Tensor:
    """Return the derivatives; where they follow from the activations, ``z`` may hold these."""
    slopes = activation.derivative_from(z.values, h)
    for lines, mask in _asymptotes(activation, z):
        slopes[mask] = two_lines(z.values[mask], *lines)[1]
    return slopes


def _asymptotes(
    activation: Activation, z: ScaledTensor
) -> Iterator[tuple[tuple[float, float], Tensor]]:
    """Yield the slopes of two straight lines, and where the activation equals them to rounding."""
    if z.scaled and not activation.homogeneous:
        for lines, mask in (
            (activation.near, z.exponent < 0),
            (activation.far, z.exponent > 0),
        ):
            if lines is not None and bool(mask.any()):
                yield lines, mask


def _bring_into_range_(
    tensor: ScaledTensor, norm: Tensor, groups: Sequence[tuple[Activation, slice]]
) -> tuple[ScaledTensor, Tensor]:
    """Divide by powers of two, in place, where a root mean square is out of range.

    Args:
        tensor: a signal or a gradient.
        norm: its norm for each image and network.
        groups: the activations that are applied next; empty for a gradient. One that is not
            homogeneous needs the unscaled values as long as they are in range.

    Returns:
        The tensor with its new exponents, and the new norms.
    """
    values, exponent = tensor.values, tensor.exponent
    root = values.shape[-1] ** 0.5
    least, most = (bound.item() for bound in torch.aminmax(norm))
    inside = least >= root * 2.0**-RANGE and most <= root * 2.0**RANGE
    if inside and not (groups and tensor.scaled):
        return tensor, norm
    bits = (norm.double() / root).log2()
    nonzero = bits.isfinite()
    outside = nonzero & (bits.abs() > RANGE)
    shift = torch.where(outside, bits.round(), 0.0)
    for activation, members in groups:
        if activation.homogeneous:
            continue
        unscaled = (bits + exponent)[:, members]
        target = torch.zeros_like(unscaled)
        for lines, mask in (
            (activation.near, unscaled < -RANGE),
            (activation.far, unscaled > RANGE),
        ):
            if lines is not None:
                target = torch.where(mask, unscaled.round(), target)
        shift[:, members] = torch.where(nonzero[:, members], target - exponent[:, members], 0.0)
    if not bool(shift.any()):
        return tensor, norm
    factor = torch.exp2(-shift).to(values.dtype)
    values.mul_(factor[..., None])
    exponent = exponent + shift
    return ScaledTensor(values, exponent, bool(exponent.any())), norm * factor
