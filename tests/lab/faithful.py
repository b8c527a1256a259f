"""Propagation in float32, bfloat16 or float16 arithmetic, in which signals under- and overflow.

:mod:`study.lab.propagation` rescales signals, so that they survive at any depth. Here each product,
sum and activation is computed and stored in one number format, as a network of ``torch.nn`` would,
so what is too small becomes zero and what is too large infinite.
"""

import torch
from torch import Tensor

from study.lab.propagation import Layers, Scheme, check_batch
from study.lab.statistics import (
    BACKWARD,
    FIELDS,
    FORWARD,
    LayerStatistics,
    UnitSums,
    distances,
    first_true_layer,
    first_two_moments,
    log2_second_moment,
    spread,
)
from study.lab.workspaces import Workspace


def propagate_faithfully(
    inputs: Tensor,
    layers: Layers,
    scheme: Scheme,
    *,
    dtype: torch.dtype,
    cotangent: "Tensor | None" = None,
) -> LayerStatistics:
    """Propagate a batch forward and a gradient backward in a number format.

    The statistics are computed in float64, so that no square underflows or overflows.
    A matrix product accumulates in the format that torch chooses for it, and is then rounded.

    Args:
        inputs: the batch; it is rounded to the format.
        layers: the random numbers; the weights are rounded to the format.
        scheme: the network.
        dtype: the format.
        cotangent: the gradient with respect to the activation of the last layer; without it
            there is no backward pass.

    Returns:
        The statistics; a second moment has the logarithm minus infinity where all is zero, and is
        infinite or NaN where a number was too large.

    Raises:
        StudyError: if the inputs or the cotangent do not fit the widths.

    **Shapes**: ``inputs`` (images, width of the input); ``cotangent`` (images, width of the last
    layer).
    """
    check_batch(inputs, cotangent, layers.widths)
    stds = scheme.weight_stds(layers.widths)
    bias_std = scheme.bias_variance**0.5
    activations, slopes = [inputs.to(dtype)], []
    forward: list[tuple[Tensor, ...]] = []
    for layer, std in enumerate(stds, start=1):
        z = activations[-1] @ (std * layers.weights(layer)).to(dtype).T
        if bias_std:
            z += (bias_std * layers.biases(layer)).to(dtype)
        h = scheme.activation.function(z)
        forward.append((*first_two_moments(_sums(z)), *_moments_and_spread(h)))
        if cotangent is None:
            activations = [h]
        else:
            activations.append(h)
            slopes.append(scheme.activation.derivative_from(z, h))

    backward: list[tuple[Tensor, ...]] = []
    if cotangent is not None:
        on_activation = cotangent.to(dtype)
        for layer in reversed(range(1, len(stds) + 1)):
            on_preactivation = on_activation * slopes[layer - 1]
            on_weights = on_preactivation.T @ activations[layer - 1]
            gradients = (on_activation, on_preactivation, on_weights)
            backward.insert(0, tuple(log2_second_moment(_sums(values)) for values in gradients))
            on_activation = on_preactivation @ (stds[layer - 1] * layers.weights(layer)).to(dtype)

    columns = _columns(FORWARD, forward) | _columns(BACKWARD, backward)
    missing = torch.full((len(stds),), torch.nan, dtype=torch.float64)
    return LayerStatistics(**{name: columns.get(name, missing) for name in FIELDS})


def first_zero_layer(statistics: LayerStatistics) -> int:
    """Return the first layer whose activations are all zero, or one more than there are."""
    return int(first_true_layer(statistics.log2_activation_second_moment == -torch.inf))


def first_infinite_layer(statistics: LayerStatistics) -> int:
    """Return the first layer where an activation is infinite or no number, or one more."""
    logs = statistics.log2_activation_second_moment
    return int(first_true_layer((logs == torch.inf) | logs.isnan()))


def _sums(values: Tensor) -> UnitSums:
    """Sums over the units of each image of one network, in float64."""
    exact = values.double()[:, None]
    norm = torch.linalg.vector_norm(exact, dim=-1)
    return UnitSums.stack([(exact.sum(dim=-1), norm, torch.zeros_like(norm))], [values.shape[1]])


def _moments_and_spread(h: Tensor) -> tuple[Tensor, ...]:
    sums = _sums(h)
    direction_distances, image_distances = distances(
        h.double()[:, None], sums.norm[0], None, Workspace()
    )
    spreads = spread(direction_distances[None], image_distances[None], sums)
    return (*first_two_moments(sums), *spreads)


def _columns(names: tuple[str, ...], layers: list[tuple[Tensor, ...]]) -> dict[str, Tensor]:
    columns = zip(*layers, strict=True)
    return {
        name: torch.cat(column)[:, 0].double().cpu()
        for name, column in zip(names, columns, strict=bool(layers))
    }
