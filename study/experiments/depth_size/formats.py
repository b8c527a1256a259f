"""Ensembles of ReLU networks in a number format: where signals and gradients under- or overflow.

Unlike in :mod:`study.lab.propagation` nothing is rescaled here. Many networks are computed in one
batch, and products accumulate in float64 before they are rounded to the format. Processors differ
in the order of summation, and some flush subnormal numbers to zero; in float64 neither changes a
rounded sum unless it lies within its rounding error of the middle between two numbers of the
format. So the layer at which a signal ends hardly ever depends on the processor.
"""

import dataclasses
from collections.abc import Iterable
from math import inf
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.depth_size.ensembles import batched_linear, normalise, random_layers
from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.statistics import first_true_layer
from study.record.settings import STRICT, Several, Variance, Width

FORMATS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, config=STRICT)
class FormatEnsemble:
    """ReLU networks that are computed in a number format; settings of an experiment.

    Attributes:
        format: the number format.
        weight_variance: variance of a weight times its fan_in.
        width: of the input and of each layer.
        depth: the largest number of layers.
        networks: number of networks.
    """

    format: Literal["float32", "bfloat16", "float16"]
    weight_variance: Variance
    width: Width
    depth: Several
    networks: Annotated[int, Ge(1), Le(10_000)]


@dataclasses.dataclass(frozen=True)
class LayerSizes:
    """Sizes of the activations of every layer, up to where the last network has ended.

    **Shapes**: each (networks, layers), in float64.

    Attributes:
        largest: the largest activation; infinite where a number was too large.
        mean_square: the mean square, computed in float32.
    """

    largest: Tensor
    mean_square: Tensor

    def ending_layers(self) -> Tensor:
        """Return the first layer that is all zero or has an infinite entry, or one beyond."""
        return first_true_layer((self.largest == 0) | self.largest.isinf())

    def square_ending_layers(self) -> Tensor:
        """Return the first layer whose mean square is 0 in float32, or one more than there are."""
        return first_true_layer(self.mean_square == 0)


def round_to_format(values: Tensor, ensemble: FormatEnsemble) -> Tensor:
    """Round to the format, including subnormal numbers and infinity, and return float64.

    To a format of 16 bits torch rounds twice, by way of float32: a number within a ten thousandth
    of the middle between two of the format is first taken to that middle and then to the even one
    of the two, which may be the farther.
    """
    return values.to(FORMATS[ensemble.format]).double()


def batched_product(weights: Tensor, signal: Tensor, ensemble: FormatEnsemble) -> Tensor:
    """Multiply the signal of each network by its weights, both rounded to the format.

    The terms are added up in float64, so that the result hardly depends on the processor.

    Args:
        weights: standard normal, of shape (networks, fan_out, fan_in).
        signal: numbers of the format, of shape (networks, fan_in).
        ensemble: the networks.

    Returns:
        Numbers of the format, of shape (networks, fan_out).
    """
    std = weight_std(ensemble.width, ensemble.weight_variance)
    matrices = round_to_format(weights * std, ensemble)
    return round_to_format(torch.bmm(matrices, signal[:, :, None])[:, :, 0], ensemble)


def layer_sizes(inputs: Tensor, ensemble: FormatEnsemble, seed: int, draw: int) -> LayerSizes:
    """Propagate a signal forward until it has under- or overflowed in all networks.

    Args:
        inputs: the signal, of shape (width,).
        ensemble: the networks.
        seed: the experiment's seed.
        draw: index of the draw.

    Returns:
        The sizes, layer by layer.
    """
    signal = round_to_format(inputs, ensemble).expand(ensemble.networks, -1)
    largest, mean_squares = [], []
    for weights in layer_weights(ensemble, seed, draw):
        signal = batched_product(weights, signal, ensemble).relu()
        # By default torch replaces infinity by a large number, which hides it for a layer.
        largest.append(signal.amax(dim=1).nan_to_num(nan=inf, posinf=inf))
        mean_squares.append(signal.float().square().mean(dim=1).double())
        if ((largest[-1] == 0) | largest[-1].isinf()).all():
            break
    return LayerSizes(torch.stack(largest, dim=1), torch.stack(mean_squares, dim=1))


def gradient_layers(inputs: Tensor, ensemble: FormatEnsemble, seed: int, draw: int) -> Tensor:
    """Count the layers that a standard normal gradient reaches in the backward pass.

    The forward pass is rescaled at each layer, so that only the gradient under- or overflows.

    Args:
        inputs: the signal, of shape (width,).
        ensemble: the networks.
        seed: the experiment's seed.
        draw: index of the draw.

    Returns:
        The number of layers from the top at whose preactivation the gradient is finite and not all
        zero, of shape (networks,).
    """
    matrices = list(layer_weights(ensemble, seed, draw))
    signal, active = inputs.expand(ensemble.networks, -1), []
    log_scale = torch.zeros(ensemble.networks)
    for weights in matrices:
        preactivation = batched_linear(weights, signal, ensemble.weight_variance)
        active.append(preactivation > 0)
        signal, log_scale = normalise(preactivation.relu(), log_scale)
    gradient = cotangent(ensemble, seed, draw)
    layer_counts = torch.zeros(ensemble.networks, dtype=torch.float64)
    while matrices:
        gradient = gradient.where(active.pop(), 0.0)
        largest = gradient.abs().amax(dim=1)
        alive = (largest > 0) & largest.isfinite()
        if not alive.any():
            break
        layer_counts += alive
        gradient = batched_product(matrices.pop().mT, gradient, ensemble)
    return layer_counts


def cannot_learn(inputs: Tensor, ensemble: FormatEnsemble, seed: int, draw: int) -> bool:
    """Tell whether output and weight gradients are exactly zero, in all networks.

    Args:
        inputs: the signal, of shape (width,).
        ensemble: the networks.
        seed: the experiment's seed.
        draw: index of the draw.

    Returns:
        Whether gradient descent would change no weight.
    """
    signals = [round_to_format(inputs, ensemble).expand(ensemble.networks, -1)]
    for weights in layer_weights(ensemble, seed, draw):
        signals.append(batched_product(weights, signals[-1], ensemble).relu())
    nonzero = bool(signals[-1].any())
    gradient = cotangent(ensemble, seed, draw)
    matrices = list(layer_weights(ensemble, seed, draw)) if nonzero else []
    for layer_inputs, layer_outputs in zip(signals[-2::-1], signals[:0:-1], strict=True):
        gradient = gradient.where(layer_outputs > 0, 0.0)
        weight_gradient = round_to_format(gradient[:, :, None] * layer_inputs[:, None, :], ensemble)
        nonzero = nonzero or bool(weight_gradient.any())
        if not gradient.any():
            break
        gradient = batched_product(matrices.pop().mT, gradient, ensemble)
    return not nonzero


def layer_weights(ensemble: FormatEnsemble, seed: int, draw: int) -> Iterable[Tensor]:
    """Draw the standard normal weights of all networks, layer by layer."""
    widths = (ensemble.width, ensemble.width)
    return random_layers(widths, ensemble.depth, ensemble.networks, seed=seed, draw=draw)


def cotangent(ensemble: FormatEnsemble, seed: int, draw: int) -> Tensor:
    """Draw a standard normal gradient with respect to the last activation, in the format."""
    generator = random_generator(seed, draw, ensemble.depth + 1)
    shape = (ensemble.networks, ensemble.width)
    return round_to_format(standard_normal(shape, generator, torch.device("cpu")), ensemble)
