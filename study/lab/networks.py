"""Networks of ``torch.nn`` with weights from the study's own random numbers."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import sqrt

import torch
from torch import Tensor, nn

from study.lab.inits import Initialisation, normal_to, random_generator, standard_normal
from study.lab.mnist import CLASSES

ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "softsign": nn.Softsign,
    "sigmoid": nn.Sigmoid,
}
"""The activations by the names that settings give them."""


def classifier(  # noqa: PLR0913 - two numbers name the draw
    images: Tensor,
    hidden: Sequence[int],
    initialisation: Initialisation,
    activation: Callable[[], nn.Module],
    *,
    seed: int,
    draw: int,
    last: Initialisation | None = None,
    outputs: int = CLASSES,
) -> nn.Sequential:
    """Make a fully connected classifier as it is before training.

    Args:
        images: what it is for, of shape (images, pixels); it lives on their device.
        hidden: the width of each hidden layer.
        initialisation: of all layers.
        activation: makes what stands after each layer but the last.
        seed: the experiment's seed.
        draw: index of the draw.
        last: initialisation of the last layer, where it has one of its own.
        outputs: how many.

    Returns:
        The layers of :func:`dense`, in float32.
    """
    last = initialisation if last is None else last
    return dense(
        (images.shape[1], *hidden, outputs),
        (*[initialisation] * len(hidden), last),
        lambda _: activation(),
        seed=seed,
        draw=draw,
        device=images.device,
    )


def dense(  # noqa: PLR0913 - two numbers name the draw
    sizes: Sequence[int],
    initialisations: Sequence[Initialisation],
    between: Callable[[int], nn.Module],
    *,
    seed: int,
    draw: int,
    device: torch.device,
) -> nn.Sequential:
    """Make a fully connected network with random weights.

    Networks of one draw and equal sizes share their random numbers, whatever their initialisation.

    Args:
        sizes: of the input, of each hidden layer and of the output.
        initialisations: one for each layer.
        between: makes what stands after each layer but the last, given the layer's width.
        seed: the experiment's seed.
        draw: index of the draw.
        device: where the parameters are to live.

    Returns:
        The layers in order, a linear one first and last, and ``between`` after each but the last.

    **Shapes**: each weight (fan_out, fan_in), each bias (fan_out,).
    """
    layers: list[nn.Module] = []
    pairs = zip(pairwise(sizes), initialisations, strict=True)
    for at, ((fan_in, fan_out), initialisation) in enumerate(pairs, start=1):
        # On no device nothing is drawn; torch's own initialisation uses the global generator.
        linear = nn.Linear(fan_in, fan_out, device="meta").to_empty(device=device)
        normal = standard_normal((fan_out, fan_in), random_generator(seed, draw, at), device)
        with torch.no_grad():
            weights = normal_to(initialisation.distribution, normal)
            linear.weight.copy_(initialisation.std(fan_in, fan_out) * weights)
            linear.bias.zero_()
            if initialisation.bias_variance:
                generator = random_generator(seed, draw, at, "biases")
                normal = standard_normal((fan_out,), generator, device)
                linear.bias.copy_(sqrt(initialisation.bias_variance) * normal)
        layers += [linear, between(fan_out)]
    return nn.Sequential(*layers[:-1])


def linear_layers(network: nn.Module) -> list[nn.Linear]:
    """Return the fully connected layers of a network, in order."""
    return [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
