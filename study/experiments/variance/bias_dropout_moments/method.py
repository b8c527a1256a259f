"""Settings, one draw, and what is read of it."""

from math import log2, sqrt
from statistics import fmean
from typing import Annotated, NamedTuple

import torch
from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional

from study.lab.inits import RandomLayers, random_generator
from study.lab.mean_squares import mean_square, unit_mean_square
from study.lab.mnist import Mnist
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Named, Settings, Several, Variance, Width
from study.theory.quotients import quotient
from study.theory.shifts import biased_relu_second_moment


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of layer: its weight variance, the bias of all units, and which share is kept."""

    weight_variance: Variance
    bias: Annotated[float, Ge(-100), Le(100)]
    keep: Annotated[float, Gt(0), Le(1)]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: how many layers, how wide, on how many images, and the arms."""

    depth: Annotated[int, Ge(2), Le(100)]
    width: Width
    images: Several
    arms: Named[Arm]


class Numbers(NamedTuple):
    """The random numbers of a draw, which all arms share.

    Attributes:
        weights: standard normal, one matrix for each layer.
        uniform: between 0 and 1, of shape (2, images, width) for each layer but the last: two
            masks, for two passes of the same images.
        cotangent: of shape (images, width).
    """

    weights: tuple[Tensor, ...]
    uniform: tuple[Tensor, ...]
    cotangent: Tensor


class Pass(NamedTuple):
    """What one pass leaves.

    Attributes:
        preactivations: of each layer, of shape (images, width).
        activations: of each layer but the last, behind dropout.
        gates: what a gradient is multiplied by at each layer but the last.
    """

    preactivations: list[Tensor]
    activations: list[Tensor]
    gates: list[Tensor]


def prepare(config: Config, mnist: Mnist) -> Tensor:
    """Take the first images of the training split, each scaled to unit mean square.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The images, of shape (images, pixels).
    """
    return unit_mean_square(mnist.standardised(mnist.train.first(config.images).images))


def measure(config: Config, inputs: Tensor, draw: int) -> Draw:
    """Draw one network, and send images up and a gradient down in every arm.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What the claims read, and the second moment of every layer in training and in evaluation.
    """
    numbers = random_numbers(config, inputs, draw)
    values: dict[str, float] = {}
    rows: list[Row] = []
    for name, arm in config.arms.items():
        first, second = (forward(arm, inputs, numbers, mask) for mask in (0, 1))
        plain = forward(arm, inputs, numbers, None)
        quantities = (
            of_signal(arm, inputs, first)
            | of_gradient(arm, numbers, first)
            | of_masks(first, second, plain)
        )
        values |= {f"{quantity}.{name}": number for quantity, number in quantities.items()}
        rows += [
            {"arm": name, "mode": mode, "layer": layer, "sample": log2(mean_square(z))}
            for mode, signals in (("training", first), ("evaluation", plain))
            for layer, z in enumerate(signals.preactivations, start=1)
        ]
    return Draw(values, {"layers": rows})


def random_numbers(config: Config, inputs: Tensor, draw: int) -> Numbers:
    """Draw the weights, masks and the gradient of one draw.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.
    """
    widths = (inputs.shape[1], *[config.width] * config.depth)
    layers = RandomLayers(widths, config.seed, draw, device=inputs.device)
    shape = (2, len(inputs), config.width)
    # The cotangent takes the layer behind the last, and the masks those from there on.
    masks = [
        random_generator(config.seed, draw, config.depth + 1 + layer).random(shape)
        for layer in range(1, config.depth)
    ]
    return Numbers(
        tuple(layers.weights(layer) for layer in range(1, config.depth + 1)),
        tuple(torch.from_numpy(mask).to(inputs.device) for mask in masks),
        layers.cotangent(len(inputs)),
    )


def forward(arm: Arm, inputs: Tensor, numbers: Numbers, mask: int | None) -> Pass:
    """Send images up through all layers.

    Args:
        arm: the kind of layer.
        inputs: the images.
        numbers: the random numbers.
        mask: which of the two masks, in training; None in evaluation, where all units are kept.

    Returns:
        What the pass leaves.
    """
    signal, result = inputs, Pass([], [], [])
    for layer, normal in enumerate(numbers.weights):
        scale = sqrt(arm.weight_variance / normal.shape[1])
        z = signal @ (scale * normal).T + arm.bias
        result.preactivations.append(z)
        if layer == len(numbers.uniform):
            break  # nothing is dropped of the outputs
        gate = (z > 0).to(z.dtype)
        if mask is not None:
            gate = gate * (numbers.uniform[layer][mask] < arm.keep) / arm.keep
        signal = z * gate
        result.activations.append(signal)
        result.gates.append(gate)
    return result


def of_signal(arm: Arm, inputs: Tensor, training: Pass) -> dict[str, float]:
    """Measure the signal of a pass in training.

    Args:
        arm: the kind of layer.
        inputs: the images.
        training: the pass.

    Returns:
        By name: the second moment of a layer's activations over the law of its bias, without
        dropout, for the size of its own input, a mean over layers and images; the second moment of
        the last preactivations; and in the last layer but one the share of units that are open,
        and the share that are shut for all images.
    """
    ratios = []
    below = inputs
    for activation in training.activations:
        variances = arm.weight_variance * below.double().square().mean(dim=1)
        moments = activation.double().square().mean(dim=1)
        ratios += [
            quotient(moment, biased_relu_second_moment(variance, arm.bias) if variance else 0.0)
            for variance, moment in zip(variances.tolist(), moments.tolist(), strict=True)
        ]
        below = activation
    gates = training.preactivations[-2] > 0
    return {
        "layer_over_bias_law": fmean(ratios),
        "second_moment": mean_square(training.preactivations[-1]),
        "open": gates.double().mean().item(),
        "dead": (~gates.any(dim=0)).double().mean().item(),
    }


def of_gradient(arm: Arm, numbers: Numbers, training: Pass) -> dict[str, float]:
    """Send a gradient down.

    Args:
        arm: the kind of layer.
        numbers: the random numbers.
        training: the pass that it comes back through.

    Returns:
        The second moment of the gradient of the first preactivations over that of the last.
    """
    gradient = numbers.cotangent
    for normal, gate in zip(numbers.weights[:0:-1], training.gates[::-1], strict=True):
        scale = sqrt(arm.weight_variance / normal.shape[1])
        gradient = gradient @ (scale * normal) * gate
    return {"gradient": mean_square(gradient) / mean_square(numbers.cotangent)}


def of_masks(first: Pass, second: Pass, plain: Pass) -> dict[str, float]:
    """Compare two passes in training with one another, and with the pass in evaluation.

    Args:
        first: with one mask.
        second: with another.
        plain: with none.

    Returns:
        By name: the power of two by which the last second moment in training is larger than in
        evaluation, per layer of dropout; the factor of the last second moment in evaluation, as a
        power of two per layer; and the cosine of the last preactivations of one image under two
        masks, and that less the cosine of two images.
    """
    training, evaluation = first.preactivations[-1].double(), plain.preactivations[-1].double()
    start = mean_square(plain.preactivations[0])
    dropouts = len(first.activations)
    again = second.preactivations[-1].double()
    same = functional.cosine_similarity(training, again).mean().item()
    neighbour = functional.cosine_similarity(training, again.roll(1, dims=0)).mean().item()
    sizes = mean_square(training), mean_square(evaluation)
    return {
        "log2_training_over_evaluation": log2(sizes[0] / sizes[1]) / dropouts,
        "log2_evaluation_factor": log2(sizes[1] / start) / dropouts,
        "same_image_cosine": same,
        "same_less_other_cosine": same - neighbour,
    }
