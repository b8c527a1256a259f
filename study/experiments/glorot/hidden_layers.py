"""The networks of Glorot and Bengio, and what is measured of their hidden layers."""

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from statistics import fmean

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor, nn

from study.lab.mnist import Split
from study.lab.networks import linear_layers
from study.record.draws import Row

BINS = 40
"""Of the histograms, between -1 and 1."""
PERCENTILE = 0.98
"""The quantile of sizes that is measured."""
ASYMPTOTE = 0.95
"""An activation whose size is above counts as saturated."""


def measure_layers(network: nn.Module, probe: Split) -> dict[str, float]:
    r"""Measure activations and gradients of each hidden layer on a fixed batch.

    Args:
        network: linear layers with activations between them, in order.
        probe: the batch; the gradients are those of its mean cross-entropy.

    Returns:
        What :func:`distribution` says of the activations of each hidden layer, counted from 1,
        and as ``gradient`` and ``weight_gradient`` the standard deviations of
        :math:`\partial C/\partial s` and :math:`\partial C/\partial w`.
    """
    signal = probe.images
    preactivations: list[Tensor] = []
    activations: list[Tensor] = []
    for layer in network.children():
        signal = layer(signal)
        (preactivations if isinstance(layer, nn.Linear) else activations).append(signal)
    weights = [layer.weight for layer in linear_layers(network)]
    loss = F.cross_entropy(signal, probe.labels)
    gradients = torch.autograd.grad(loss, [*preactivations[:-1], *weights[:-1]])
    depth = len(activations)
    metrics: dict[str, float] = {}
    for index, values in enumerate(activations):
        of_layer = distribution(values.detach()) | {
            "gradient": gradients[index].std().item(),
            "weight_gradient": gradients[depth + index].std().item(),
        }
        metrics |= {f"{quantity}_{index + 1}": number for quantity, number in of_layer.items()}
    return metrics


def distribution(values: Tensor) -> dict[str, float]:
    """Sum up the activations of a layer.

    Args:
        values: of any shape, between -1 and 1.

    Returns:
        The 98th percentile of their sizes, their standard deviation, the share of sizes beyond
        0.95, and the share of activations in each bin.
    """
    sizes = values.abs().flatten()
    shares = torch.histc(values, BINS, -1.0, 1.0) / values.numel()
    return {
        "percentile": torch.quantile(sizes, PERCENTILE).item(),
        "deviation": values.std().item(),
        "saturated": (sizes > ASYMPTOTE).float().mean().item(),
    } | {f"share_{bin_}": share for bin_, share in enumerate(shares.tolist())}


def bin_middle(bin_: int) -> float:
    """Return the middle of a bin of the histograms.

    >>> round(bin_middle(0), 3), round(bin_middle(20), 3)
    (-0.975, 0.025)
    """
    return (2 * bin_ + 1) / BINS - 1


def share_of_sizes(
    metrics: Mapping[str, float], layers: Iterable[int], low: float, high: float
) -> float:
    """Add up the shares of the bins within a range of sizes.

    Args:
        metrics: what was measured of the layers.
        layers: those to add up.
        low: end of the range.
        high: its other end.

    Returns:
        The sum over bins and layers.
    """
    bins = [bin_ for bin_ in range(BINS) if low < abs(bin_middle(bin_)) < high]
    return sum(metrics[f"share_{bin_}_{layer}"] for layer in layers for bin_ in bins)


def profiles_apart(
    first: Sequence[Mapping[str, float]], second: Sequence[Mapping[str, float]]
) -> float:
    """Measure how differently the layers of two networks share out their saturation.

    Args:
        first: what was measured of the one network, at several times.
        second: what was measured of the other, at the same times.

    Returns:
        The root mean square, over layers and times, of the difference of their percentiles, each
        less its mean over the layers.
    """
    squares: list[float] = []
    for pair in zip(first, second, strict=True):
        profile, counterpart = (
            [number for key, number in metrics.items() if key.startswith("percentile_")]
            for metrics in pair
        )
        level = fmean(profile) - fmean(counterpart)
        squares += [(x - y - level) ** 2 for x, y in zip(profile, counterpart, strict=True)]
    return sqrt(fmean(squares))


def layer_rows(
    metrics: Mapping[str, Mapping[int, Mapping[str, float]]],
    arms: Iterable[str],
    quantities: Sequence[str],
    updates: Sequence[int],
    depth: int,
) -> list[Row]:
    """List the measurements of one draw: a row per arm, quantity, update and layer.

    Args:
        metrics: what was measured, by arm and update, under ``QUANTITY_LAYER``.
        arms: those that are listed.
        quantities: likewise.
        updates: likewise.
        depth: how many hidden layers there are.
    """
    return [
        {
            "arm": arm,
            "quantity": quantity,
            "updates": update,
            "layer": layer,
            "sample": metrics[arm][update][f"{quantity}_{layer}"],
        }
        for arm in arms
        for quantity in quantities
        for update in updates
        for layer in range(1, depth + 1)
    ]
