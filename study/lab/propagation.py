r"""Forward and backward propagation through any number of layers, with statistics of each.

A network has layers :math:`z_l = W_l h_{l-1} + b_l` and :math:`h_l = f(z_l)` for
``l = 1 ... depth``, and :math:`h_0` is its input.

What makes a thousand layers fast, and a hundred thousand possible:

* Networks that differ only by how large their weights are share the random numbers, and one matrix
  product takes the signals of all of them through a layer. Where the activation is homogeneous and
  there are no biases, they share the signal as well: a factor on the weights is a factor on it.
* A signal that leaves the safe range is divided by a power of two, which is stored beside it.
* The layers are cut into segments that fit into memory. Of all but the last segment only the input
  is stored (gradient checkpointing); the backward pass draws the same weights again.
* Each layer is drawn, computed and measured before the next one, while its numbers are in cache.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log2, nan, sqrt
from typing import Protocol

import torch
from torch import Tensor

from study.errors import StudyError
from study.lab.activations import Activation
from study.lab.inits import Fan, fan_for
from study.lab.passes import RANGE, ScaledTensor, Segment, backward, forward, forward_only
from study.lab.statistics import FIELDS, LayerStatistics
from study.lab.workspaces import Workspace

LARGEST_VARIANCE = 1e12
"""The largest that a scheme may have, so that one layer does not overflow a float32."""


@dataclass(frozen=True)
class Scheme:
    """What distinguishes networks that share random numbers: activation and variances.

    Attributes:
        activation: of every layer, the last one too.
        weight_variance: ``c``, the variance of a weight times the fan.
        fan: which fan the variance is divided by.
        bias_variance: the variance of a bias.

    Raises:
        StudyError: if a variance is out of range, or the fan is not known.
    """

    activation: Activation
    weight_variance: float
    fan: Fan = "fan_in"
    bias_variance: float = 0.0

    def __post_init__(self) -> None:
        """Check the fan and the variances."""
        fan_for(self.fan, 1, 1)
        if not 1 / LARGEST_VARIANCE <= self.weight_variance <= LARGEST_VARIANCE:
            raise StudyError(
                f"weight_variance {self.weight_variance}: must be above 0, from "
                f"{1 / LARGEST_VARIANCE:g} to {LARGEST_VARIANCE:g}"
            )
        if not 0 <= self.bias_variance <= LARGEST_VARIANCE:
            raise StudyError(
                f"bias_variance {self.bias_variance}: must be from 0 to {LARGEST_VARIANCE:g}"
            )

    def weight_stds(self, widths: Sequence[int]) -> list[float]:
        """Return the standard deviation of the weights of each layer."""
        return [
            sqrt(self.weight_variance / fan_for(self.fan, fan_in, fan_out))
            for fan_in, fan_out in pairwise(widths)
        ]


class Layers(Protocol):
    """Random numbers of unit variance for each layer; ``RandomLayers`` draws them."""

    @property
    def widths(self) -> tuple[int, ...]:
        """Widths of the input and of each layer."""

    def weights(self, layer: int, out: "Tensor | None" = None) -> Tensor:
        """Return the weights of a layer, of shape (fan_out, fan_in), in ``out`` if it is given."""

    def biases(self, layer: int) -> Tensor:
        """Return the biases of a layer, of shape (fan_out,)."""


def propagate(
    inputs: Tensor,
    layers: Layers,
    schemes: Sequence[Scheme],
    *,
    cotangent: "Tensor | None" = None,
    workspace: "Workspace | None" = None,
) -> list[LayerStatistics]:
    r"""Propagate a batch forward and a gradient backward, with statistics at each layer.

    .. math::
        z_l = \sigma_l G_l h_{l-1} + \sigma_b \beta_l, \qquad
        \Delta z_l = f'(z_l) \odot \Delta h_l, \qquad
        \Delta h_{l-1} = \sigma_l G_l^\top \Delta z_l

    Args:
        inputs: :math:`h_0`; the networks are computed in its precision.
        layers: the random numbers :math:`G_l` and :math:`\beta_l`, which all schemes share.
        schemes: the networks.
        cotangent: the gradient with respect to the activation of the last layer; without it
            there is no backward pass.
        workspace: memory for intermediate results; by default a new one, but consecutive draws run
            faster if they share one. If it is small, layers are drawn and computed twice, with the
            same results up to rounding.

    Returns:
        The statistics of each scheme.

    Raises:
        StudyError: if there are no images or no schemes, if the inputs or the cotangent do not fit
            the widths, or if they are neither in float32 nor in float64.

    **Shapes**: ``inputs`` (images, width of the input); ``cotangent`` (images, width of the last
    layer).

    **Source**: He et al. (2015), equations 5 and 11.
    """
    check_batch(inputs, cotangent, layers.widths)
    if inputs.dtype not in {torch.float32, torch.float64}:
        raise StudyError(f"inputs in {inputs.dtype}: must be in torch.float32 or torch.float64")
    if not schemes:
        raise StudyError("schemes: name at least one")
    inputs = inputs.detach()
    networks = distinct(schemes)
    batch = _Batch(layers, networks, inputs, workspace or Workspace())
    segments, signal = batch.segments(), _scaled(inputs, len(networks))
    per_segment: list[dict[str, Tensor]] = []
    if cotangent is None:
        for segment in segments:
            signal, statistics = batch.forward(signal, segment)
            per_segment.append(statistics)
    else:
        segment_inputs = [signal]
        for segment in segments[:-1]:
            segment_inputs.append(batch.forward_only(segment_inputs[-1], segment))
        gradient = _scaled(cotangent, len(networks))
        for segment in reversed(segments):
            gradient, statistics = batch.forward_and_backward(
                segment_inputs.pop(), gradient, segment
            )
            per_segment.insert(0, statistics)
    by_name = {name: torch.cat([part[name] for part in per_segment]) for name in per_segment[0]}
    return [_statistics(by_name, networks, scheme, layers.widths) for scheme in schemes]


def distinct(schemes: Sequence[Scheme]) -> list[Scheme]:
    """Return the networks that have to be computed, sorted by activation.

    Args:
        schemes: all networks.

    Returns:
        Each different network once; those of one homogeneous activation without biases, whose
        signals are multiples of one another, are represented by one.

    >>> from study.lab.activations import activation
    >>> relu = activation("relu")
    >>> len(distinct([Scheme(relu, 1.0), Scheme(relu, 2.0), Scheme(activation("tanh"), 1.0)]))
    2
    """
    by_key = {_key(network): network for network in map(_representative, schemes)}
    return sorted(by_key.values(), key=lambda network: network.activation.name)


def _representative(scheme: Scheme) -> Scheme:
    """Return the network that is computed in place of a scheme."""
    if scheme.activation.homogeneous and not scheme.bias_variance:
        return replace(scheme, weight_variance=2.0, fan="fan_in")
    return scheme


def _key(scheme: Scheme) -> tuple[str, float, str, float]:
    name = scheme.activation.name  # which tells the slope and the shift; functions do not compare
    return name, scheme.weight_variance, scheme.fan, scheme.bias_variance


def check_batch(inputs: Tensor, cotangent: "Tensor | None", widths: Sequence[int]) -> None:
    """Check that a batch fits a network.

    Args:
        inputs: of the forward pass.
        cotangent: of the backward pass, if there is one.
        widths: of the input and of each layer.

    Raises:
        StudyError: naming what does not fit, its shape and what it must be.
    """
    if not len(inputs):
        raise StudyError("inputs: there must be at least one image")
    ends = (("inputs", inputs, widths[0]), ("cotangent", cotangent, widths[-1]))
    for name, batch, width in ends:
        if batch is not None and batch.shape != (len(inputs), width):
            raise StudyError(
                f"{name} of shape {tuple(batch.shape)}: must be {(len(inputs), width)}, "
                "the images and the width of their layer"
            )


def _scaled(batch: Tensor, networks: int) -> ScaledTensor:
    """Repeat a batch for each network, and rescale the images that are out of range."""
    largest = batch.abs().amax(dim=1).double()
    bits = largest.log2().round()
    exponent = torch.where(bits.isfinite() & (bits.abs() > RANGE), bits, 0.0)
    values = (batch * torch.exp2(-exponent)[:, None]).to(batch.dtype)
    return ScaledTensor(
        values[:, None].expand(-1, networks, -1),
        exponent[:, None].expand(-1, networks).contiguous(),
        bool(exponent.any()),
    )


@dataclass(frozen=True)
class _Batch:
    """Networks that are propagated together, in the precision of their inputs."""

    layers: Layers
    networks: Sequence[Scheme]
    inputs: Tensor
    workspace: Workspace

    @property
    def stores_derivatives(self) -> bool:
        """Whether a derivative does not follow from the activations, and has to be stored."""
        return not all(network.activation.by_activation for network in self.networks)

    def segments(self) -> list[range]:
        """Cut the layers, counted from 1, into segments that fit into memory."""
        widths = self.layers.widths
        signals = len(self.inputs) * len(self.networks) * (1 + self.stores_derivatives)
        segments, size = [range(1, 1)], 0
        for layer, (fan_in, fan_out) in enumerate(pairwise(widths), start=1):
            layer_size = (fan_in + signals) * fan_out * self.inputs.element_size()
            if len(segments[-1]) and size + layer_size > self.workspace.memory:
                segments.append(range(layer, layer))
                size = 0
            segments[-1] = range(segments[-1].start, layer + 1)
            size += layer_size
        return segments

    def forward_only(self, inputs: ScaledTensor, layers: range) -> ScaledTensor:
        """Return the activations of the last layer of a segment."""
        segment, out = (
            self._segment(layers, overlapping=True),
            self._signals(layers, overlapping=True),
        )
        return forward_only(inputs, segment, out, self.workspace).clone()

    def forward(
        self, inputs: ScaledTensor, layers: range
    ) -> tuple[ScaledTensor, dict[str, Tensor]]:
        """Return the activations of the last layer of a segment, and the statistics."""
        segment, out = (
            self._segment(layers, overlapping=True),
            self._signals(layers, overlapping=True),
        )
        record = forward(inputs, segment, out, [], self.workspace)
        return record.activations[-1], record.statistics

    def forward_and_backward(
        self, inputs: ScaledTensor, cotangent: ScaledTensor, layers: range
    ) -> tuple[ScaledTensor, dict[str, Tensor]]:
        """Return the gradient with respect to the inputs of a segment, and the statistics."""
        segment, out = (
            self._segment(layers, overlapping=False),
            self._signals(layers, overlapping=False),
        )
        derivatives = (
            self._signals(layers, "derivatives", overlapping=False)
            if self.stores_derivatives
            else []
        )
        record = forward(inputs, segment, out, derivatives, self.workspace)
        gradient = backward(cotangent, segment, inputs, record, self.workspace)
        return gradient.gradient, record.statistics | gradient.statistics

    def _segment(self, layers: range, *, overlapping: bool) -> Segment:
        """Prepare some layers, whose weights share one block of memory if they overlap."""
        widths = self.layers.widths
        shapes = [(widths[layer], widths[layer - 1]) for layer in layers]
        weights = self.workspace.tensors("weights", self.inputs, shapes, overlapping=overlapping)
        segment_widths = widths[layers.start - 1 : layers.stop]
        stds = [network.weight_stds(segment_widths) for network in self.networks]
        bias_variances = torch.tensor(
            [network.bias_variance for network in self.networks], dtype=torch.float64
        )
        biased = bool(bias_variances.any())
        return Segment(
            draw=lambda at: self.layers.weights(layers[at], out=weights[at]),
            weights=weights,
            biases=[self.layers.biases(n).to(self.inputs) for n in layers] if biased else [],
            weight_stds=self.inputs.new_tensor(stds).T[..., None],
            bias_stds=bias_variances.sqrt().to(self.inputs.device),
            activations=[network.activation for network in self.networks],
        )

    def _signals(
        self, layers: range, name: str = "activations", *, overlapping: bool
    ) -> list[Tensor]:
        """Return memory for the signals of some layers, one block for all if they overlap."""
        batch = len(self.inputs), len(self.networks)
        shapes = [(*batch, self.layers.widths[layer]) for layer in layers]
        return self.workspace.tensors(name, self.inputs, shapes, overlapping=overlapping)


def _statistics(
    by_name: dict[str, Tensor], networks: Sequence[Scheme], scheme: Scheme, widths: Sequence[int]
) -> LayerStatistics:
    """Return a scheme's statistics, rescaled from those of the network that represents it."""
    representative = _representative(scheme)
    at = [_key(network) for network in networks].index(_key(representative))
    missing = torch.full((len(widths) - 1,), nan, dtype=torch.float64)
    fields = {name: by_name[name][:, at] if name in by_name else missing for name in FIELDS}
    if _key(representative) == _key(scheme):
        return LayerStatistics(**fields)
    # By how many bits each layer's weights are larger than those that were computed. The layers up
    # to one enlarge its signal, those above it its gradient, all others that of its weights.
    ratios = zip(scheme.weight_stds(widths), representative.weight_stds(widths), strict=True)
    bits = torch.tensor(
        [2 * log2(std / representative_std) for std, representative_std in ratios],
        dtype=torch.float64,
    )
    from_below = bits.cumsum(0)
    from_above = bits.sum() - from_below
    shifts = {
        "log2_preactivation_second_moment": from_below,
        "log2_activation_second_moment": from_below,
        "log2_activation_gradient_second_moment": from_above,
        "log2_preactivation_gradient_second_moment": from_above,
        "log2_weight_gradient_second_moment": from_above + from_below - bits,
    }
    rescaled = {name: fields[name] + shift for name, shift in shifts.items()}
    return LayerStatistics(**fields | rescaled)
