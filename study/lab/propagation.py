r"""A signal on its way up through any number of layers, and a gradient on its way down.

A network has layers :math:`z_l = W_l h_{l-1} + b_l` and :math:`h_l = f(z_l)` for
``l = 1 ... depth``, and :math:`h_0` is its input.

What makes a thousand layers fast, and a hundred thousand possible:

* Networks that differ only by how large their weights are share the random numbers, and all
  signals go through a layer as rows of one product. Where the activation is homogeneous and there
  are no biases, they share the signal as well: a factor on the weights is a factor on it.
* A signal that leaves the safe range is divided by a power of two, which is kept beside it.
* The layers are taken in segments that fit into memory. Below the last segment only the signal
  that enters each is kept; the same weights are drawn again when the gradient comes down.
* Each layer is drawn, computed and measured before the next one, while its numbers are at hand.
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
from study.lab.statistics import FIELDS, LayerStatistics
from study.lab.sweeps import RANGE, Rows, Segment, ascend, climb, descend
from study.lab.workspaces import Workspace

LARGEST_VARIANCE = 1e12
"""The most that a scheme may have, since one layer must not take a float32 out of its range."""


@dataclass(frozen=True)
class Scheme:
    """An activation, and how large weights and biases are.

    Attributes:
        activation: of every layer, the last one too.
        weight_variance: ``c``, the variance of a weight times the fan.
        fan: which fan the variance is divided by.
        bias_variance: the variance of a bias.

    Raises:
        StudyError: if a variance is none or absurd, or the fan is not known.
    """

    activation: Activation
    weight_variance: float
    fan: Fan = "fan_in"
    bias_variance: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what no network can have."""
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
    r"""Send a batch up through networks and a gradient down, and measure both at each layer.

    .. math::
        z_l = \sigma_l G_l h_{l-1} + \sigma_b \beta_l, \qquad
        \Delta z_l = f'(z_l) \odot \Delta h_l, \qquad
        \Delta h_{l-1} = \sigma_l G_l^\top \Delta z_l

    Args:
        inputs: :math:`h_0`; the networks are computed in its precision.
        layers: the random numbers :math:`G_l` and :math:`\beta_l`, which all schemes share.
        schemes: the networks.
        cotangent: the gradient with respect to the activation of the last layer; without it
            nothing is sent down.
        workspace: memory to compute in, its own if none is given; draws that are taken in turn do
            well to share one. With less of it layers are drawn and computed twice, and give the
            same numbers, but for their rounding.

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
    signals = distinct(schemes)
    network = _Network(layers, signals, inputs, workspace or Workspace())
    segments, rows = network.segments(), _rows(inputs, len(signals))
    measured: list[dict[str, Tensor]] = []
    if cotangent is None:
        for which in segments:
            rows, statistics = network.up(rows, which)
            measured.append(statistics)
    else:
        entering = [rows]
        for which in segments[:-1]:
            entering.append(network.through(entering[-1], which))
        gradient = _rows(cotangent, len(signals))
        for which in reversed(segments):
            gradient, statistics = network.up_and_down(entering.pop(), gradient, which)
            measured.insert(0, statistics)
    together = {name: torch.cat([part[name] for part in measured]) for name in measured[0]}
    return [_read(together, signals, scheme, layers.widths) for scheme in schemes]


def distinct(schemes: Sequence[Scheme]) -> list[Scheme]:
    """Return the signals that have to be computed, those of one activation side by side.

    Args:
        schemes: all networks.

    Returns:
        Each different network once, and one in place of all that are homogeneous, without biases
        and of the same activation.

    >>> from study.lab.activations import activation
    >>> relu = activation("relu")
    >>> len(distinct([Scheme(relu, 1.0), Scheme(relu, 2.0), Scheme(activation("tanh"), 1.0)]))
    2
    """
    found = {_key(signal): signal for signal in map(_computed, schemes)}
    return sorted(found.values(), key=lambda signal: signal.activation.name)


def _computed(scheme: Scheme) -> Scheme:
    """Return the network that is computed for a scheme."""
    if scheme.activation.homogeneous and not scheme.bias_variance:
        return replace(scheme, weight_variance=2.0, fan="fan_in")
    return scheme


def _key(scheme: Scheme) -> tuple[str, float, str, float]:
    name = scheme.activation.name  # which tells the slope and the shift; functions do not compare
    return name, scheme.weight_variance, scheme.fan, scheme.bias_variance


def check_batch(inputs: Tensor, cotangent: "Tensor | None", widths: Sequence[int]) -> None:
    """Refuse a batch that does not fit a network.

    Args:
        inputs: what is to go up.
        cotangent: what is to come down, if anything.
        widths: of the input and of each layer.

    Raises:
        StudyError: naming what does not fit, its shape and what it must be.
    """
    if not len(inputs):
        raise StudyError("inputs: there must be at least one image")
    for name, rows, width in (("inputs", inputs, widths[0]), ("cotangent", cotangent, widths[-1])):
        if rows is not None and rows.shape != (len(inputs), width):
            raise StudyError(
                f"{name} of shape {tuple(rows.shape)}: must be {(len(inputs), width)}, "
                "the images and the width of their layer"
            )


def _rows(batch: Tensor, signals: int) -> Rows:
    """Give each signal the same batch, with the size of what is huge or tiny taken out."""
    largest = batch.abs().amax(dim=1).double()
    bits = largest.log2().round()
    exponent = torch.where(bits.isfinite() & (bits.abs() > RANGE), bits, 0.0)
    values = (batch * torch.exp2(-exponent)[:, None]).to(batch.dtype)
    return Rows(
        values[:, None].expand(-1, signals, -1),
        exponent[:, None].expand(-1, signals).contiguous(),
        bool(exponent.any()),
    )


@dataclass(frozen=True)
class _Network:
    """The layers, the signals to send through them, the inputs, whose precision they have."""

    layers: Layers
    signals: Sequence[Scheme]
    inputs: Tensor
    workspace: Workspace

    @property
    def slopes_kept(self) -> bool:
        """Whether derivatives have to be kept, since they do not follow from the activations."""
        return not all(signal.activation.by_activation for signal in self.signals)

    def segments(self) -> list[range]:
        """Cut the layers, counted from 1, into runs that fit into memory."""
        widths = self.layers.widths
        rows = len(self.inputs) * len(self.signals) * (1 + self.slopes_kept)
        found, taken = [range(1, 1)], 0
        for layer, (fan_in, fan_out) in enumerate(pairwise(widths), start=1):
            needed = (fan_in + rows) * fan_out * self.inputs.element_size()
            if len(found[-1]) and taken + needed > self.workspace.memory:
                found.append(range(layer, layer))
                taken = 0
            found[-1] = range(found[-1].start, layer + 1)
            taken += needed
        return found

    def through(self, below: Rows, which: range) -> Rows:
        """Send a signal up through a segment and keep only what comes out."""
        segment = self._segment(which, kept=False)
        return climb(
            below, segment, self._places("activations", which, kept=False), self.workspace
        ).clone()

    def up(self, below: Rows, which: range) -> tuple[Rows, dict[str, Tensor]]:
        """Send a signal up through a segment; return what comes out and the statistics."""
        segment = self._segment(which, kept=False)
        places = self._places("activations", which, kept=False)
        ascent = ascend(below, segment, places, [], self.workspace)
        return ascent.rows[-1], ascent.statistics

    def up_and_down(self, below: Rows, above: Rows, which: range) -> tuple[Rows, dict[str, Tensor]]:
        """Send a signal up and a gradient down; return what comes out below and the statistics."""
        segment = self._segment(which, kept=True)
        places = self._places("activations", which, kept=True)
        slopes = self._places("derivatives", which, kept=True) if self.slopes_kept else []
        ascent = ascend(below, segment, places, slopes, self.workspace)
        descent = descend(above, segment, below, ascent, self.workspace)
        return descent.below, ascent.statistics | descent.statistics

    def _segment(self, which: range, *, kept: bool) -> Segment:
        """Prepare some layers; each has a place for its weights of its own, if they are kept."""
        widths = self.layers.widths
        shapes = [(widths[layer], widths[layer - 1]) for layer in which]
        weights = self.workspace.tensors("weights", self.inputs, shapes, in_turn=not kept)
        own = widths[which.start - 1 : which.stop]
        stds = [signal.weight_stds(own) for signal in self.signals]
        bias_variances = torch.tensor(
            [signal.bias_variance for signal in self.signals], dtype=torch.float64
        )
        biased = bool(bias_variances.any())
        return Segment(
            draw=lambda at: self.layers.weights(which[at], out=weights[at]),
            weights=weights,
            biases=[self.layers.biases(layer).to(self.inputs) for layer in which] if biased else [],
            weight_stds=self.inputs.new_tensor(stds).T[..., None],
            bias_stds=bias_variances.sqrt().to(self.inputs.device),
            activations=[signal.activation for signal in self.signals],
        )

    def _places(self, name: str, which: range, *, kept: bool) -> list[Tensor]:
        """Return where the signals of some layers go, each to a place of its own if kept."""
        batch = len(self.inputs), len(self.signals)
        shapes = [(*batch, self.layers.widths[layer]) for layer in which]
        return self.workspace.tensors(name, self.inputs, shapes, in_turn=not kept)


def _read(
    measured: dict[str, Tensor], signals: Sequence[Scheme], scheme: Scheme, widths: Sequence[int]
) -> LayerStatistics:
    """Pick out a scheme's statistics, and give the signal the size that its weights give it."""
    computed = _computed(scheme)
    at = [_key(signal) for signal in signals].index(_key(computed))
    nothing = torch.full((len(widths) - 1,), nan, dtype=torch.float64)
    own = {name: measured[name][:, at] if name in measured else nothing for name in FIELDS}
    if _key(computed) == _key(scheme):
        return LayerStatistics(**own)
    # In bits, by how much each layer's weights are larger than those that were computed; those
    # up to a layer enlarge its signal, those above it its gradient, all but its own its weights'.
    ratios = zip(scheme.weight_stds(widths), computed.weight_stds(widths), strict=True)
    bits = torch.tensor([2 * log2(ours / theirs) for ours, theirs in ratios], dtype=torch.float64)
    up = bits.cumsum(0)
    down = bits.sum() - up
    shifts = {
        "log2_preactivation_second_moment": up,
        "log2_activation_second_moment": up,
        "log2_activation_gradient_second_moment": down,
        "log2_preactivation_gradient_second_moment": down,
        "log2_weight_gradient_second_moment": down + up - bits,
    }
    return LayerStatistics(**own | {name: own[name] + shift for name, shift in shifts.items()})
