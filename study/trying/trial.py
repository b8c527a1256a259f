"""All draws of a network of the reader's."""

from dataclasses import dataclass
from math import exp, isfinite, log, nan
from statistics import fmean

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from study.errors import StudyError
from study.trying import batches
from study.trying.batches import Batch
from study.trying.endings import Growth, growth
from study.trying.initialising import initialise
from study.trying.loading import Factory, blaming, load
from study.trying.options import Options
from study.trying.recording import Draw, LayerRecord, recorded


@dataclass(frozen=True)
class Trial:
    """What came of it.

    Attributes:
        options: what was asked for.
        batch: what went in.
        draws: both passes of each.
        frozen: how many of the parameters are not trained, and how many there are.
        is_reset: whether the network was there already, so that its weights are drawn anew.
    """

    options: Options
    batch: Batch
    draws: tuple[Draw, ...]
    frozen: tuple[int, int]
    is_reset: bool

    @property
    def layers(self) -> "tuple[Layer, ...]":
        """The layers and activations of the first draw, in the order of their calls."""
        by_name = [{record.name: record for record in draw.records} for draw in self.draws]
        return tuple(
            Layer(tuple(records[name] for records in by_name if name in records))
            for name in by_name[0]
        )

    @property
    def weighted(self) -> "tuple[Layer, ...]":
        """The linear layers and convolutions among them."""
        return tuple(layer for layer in self.layers if layer.first.fans is not None)

    @property
    def growths(self) -> tuple[Growth | None, Growth | None]:
        """How the signal grows, layer by layer, and the gradient, counted from the top."""
        forward, backward = [], []
        for draw in self.draws:
            records = [record for record in draw.records if record.fans is not None]
            forward.append([record.rms for record in records])
            backward.append([record.gradient for record in reversed(records)])
        return growth(forward), growth(backward)


@dataclass(frozen=True)
class Layer:
    """One layer over the draws.

    Attributes:
        records: one for each draw that calls it.
    """

    records: tuple[LayerRecord, ...]

    @property
    def first(self) -> LayerRecord:
        """The record of the first draw."""
        return self.records[0]

    @property
    def rms(self) -> float:
        """The geometric mean of the root mean squares of its outputs."""
        return typical([record.rms for record in self.records])

    @property
    def gradient(self) -> float:
        """That of the gradients with respect to its outputs."""
        return typical([record.gradient for record in self.records])

    @property
    def dead_in(self) -> float:
        """The mean share of its inputs that are 0 for every image."""
        return fmean(record.dead_in for record in self.records)

    @property
    def dead_out(self) -> float:
        """The mean share of its outputs that are."""
        return fmean(record.dead_out for record in self.records)

    @property
    def cosine(self) -> float:
        """The mean cosine of two images."""
        return fmean(record.cosine for record in self.records)


def typical(sizes: list[float]) -> float:
    """Return the geometric mean: that of a typical network, where a mean is of the largest.

    >>> round(typical([1.0, 100.0]), 6), typical([0.0, 1.0])
    (10.0, 0.0)
    """
    if not all(map(isfinite, sizes)):
        return nan
    return exp(fmean(map(log, sizes))) if min(sizes) > 0 else 0.0


def tried(options: Options) -> Trial:
    """Make the draws.

    Args:
        options: what to try.

    Raises:
        StudyError: if the network cannot be made, or cannot be run on the batch.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        factory = load(options.factory)
        network, inputs = factory.made()
        if not any(True for _ in network.parameters()):
            raise StudyError(f"{factory.address}: the network has no parameters")
        batch, first = _first_draw(factory, network, _batch(options, inputs), options)
        parameters = list(network.parameters())
        draws = [first]
        for draw in range(1, options.draws):
            torch.manual_seed(draw)
            network, _ = factory.made()
            place = f"{factory.address}: draw {draw}"
            draws.append(_draw(place, network, batch, options, draw))
    frozen = sum(not parameter.requires_grad for parameter in parameters), len(parameters)
    return Trial(options, batch, tuple(draws), frozen, isinstance(factory.maker, nn.Module))


def _batch(options: Options, inputs: torch.Tensor | None) -> Batch:
    """Take the batch of the factory, unless the words name another."""
    if inputs is None or options.data is not None:
        return batches.find(options.data or "mnist", options.batch)
    if inputs.ndim == 0 or not inputs.numel():
        raise StudyError(f"{options.factory}: the batch of shape {tuple(inputs.shape)} is empty")
    return Batch(f"the batch of {options.factory}", inputs)


def _first_draw(
    factory: Factory, network: nn.Module, batch: Batch, options: Options
) -> tuple[Batch, Draw]:
    """Make the first draw, of the first shape of the batch that the network takes."""
    problems = []
    for shaped in batch.shapes():
        try:
            return shaped, _draw(factory.address, network, shaped, options, 0)
        except StudyError as error:
            problems.append(str(error).removeprefix(f"{factory.address}: "))
            torch.manual_seed(0)
            network, _ = factory.made()
    if batch.labels is not None:
        problems.append("if it takes no MNIST, return a batch beside it")
    raise StudyError(f"{factory.address}: {'; '.join(dict.fromkeys(problems))}")


def _draw(place: str, network: nn.Module, batch: Batch, options: Options, draw: int) -> Draw:
    with blaming(f"{place}: a batch of shape {tuple(batch.inputs.shape)}"):
        if any(map(is_lazy, network.parameters())):
            network(batch.inputs)  # after this its weights have their shapes
        parameters = list(network.parameters())
        if options.init is not None:
            initialise(network, options.init, draw)
        return recorded(network, _like(batch, parameters), draw)


def _like(batch: Batch, parameters: list[nn.Parameter]) -> Batch:
    """Bring the batch to the device and, where it has fractions, to the type of the parameters."""
    inputs = batch.inputs.to(parameters[0].device)
    types = [parameter.dtype for parameter in parameters if parameter.is_floating_point()]
    if inputs.is_floating_point() and types:
        inputs = inputs.to(types[0])
    return Batch(batch.description, inputs, batch.labels)
