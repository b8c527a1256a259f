"""Networks of a width under a rule: what their weights start with, and how each is updated."""

from collections.abc import Iterator
from math import isqrt

import torch
from torch import Tensor, nn
from torch.nn import functional

from study.lab.inits import over_fan_in
from study.lab.mean_squares import unit_mean_square
from study.lab.networks import dense, linear_layers
from study.theory.width import PLACES, Optimiser, Place, Rule, powers_of_rule

HIDDEN, LAST = 2.0, 1.0
"""Weight variances over fan_in at the base width, of layers before a ReLU and of the outputs."""
TINY = 1e-16
"""What Adam adds to the size of a gradient, so little that the smallest ones count as well."""


def make_network(  # noqa: PLR0913 - two numbers name the draw
    pixels: int,
    hidden: int,
    width: int,
    outputs: int,
    rule: Rule,
    *,
    base: int,
    seed: int,
    draw: int,
) -> nn.Sequential:
    """Make a ReLU network without biases whose weights start as a rule says.

    At the base width both rules are one.

    Args:
        pixels: of an image.
        hidden: how many hidden layers there are.
        width: of each.
        outputs: how many.
        rule: what the last weights start with.
        base: the width at which rules agree.
        seed: the experiment's seed.
        draw: index of the draw.

    Returns:
        The network, in float32; its biases are zero and stay so.
    """
    sizes = (pixels, *[width] * hidden, outputs)
    # Over fan_in a power of -1/2 is no change; whatever the optimiser, weights start alike.
    excess = powers_of_rule(rule, "descent")["last"].size + 0.5
    network = dense(
        sizes,
        (*[over_fan_in(HIDDEN)] * hidden, over_fan_in(LAST * (width / base) ** (2 * excess))),
        lambda _: nn.ReLU(),
        seed=seed,
        draw=draw,
        device=torch.device("cpu"),
    )
    for layer in linear_layers(network):
        layer.bias.requires_grad_(False)  # noqa: FBT003 - torch's stubs know no name
    return network


def averaged_down(images: Tensor, side: int) -> Tensor:
    """Average images over squares, so that few pixels are left, and scale each to mean square 1.

    Args:
        images: of shape (images, pixels), which are a square.
        side: of what is left, which divides that of the images.
    """
    whole = isqrt(images.shape[1])
    pooled = functional.avg_pool2d(images.reshape(-1, 1, whole, whole), whole // side)
    return unit_mean_square(pooled.flatten(start_dim=1))


def places(network: nn.Module) -> Iterator[tuple[Place, nn.Linear]]:
    """Yield the layers of a network, each with its kind."""
    layers = linear_layers(network)
    first, hidden, last = PLACES
    kinds = (first, *[hidden] * (len(layers) - 2), last)
    yield from zip(kinds, layers, strict=True)


def make_optimiser(  # noqa: PLR0913, PLR0917 - what an update depends on
    network: nn.Module, optimiser: Optimiser, rule: Rule, rate: float, width: int, base: int
) -> torch.optim.Optimizer:
    """Make what updates each layer with a learning rate of its own.

    Args:
        network: what is to be updated.
        optimiser: plain descent, or Adam with torch's other settings but for its epsilon.
        rule: how the rates depend on the width.
        rate: the learning rate of every layer at the base width.
        width: of the hidden layers.
        base: the width at which rules agree.
    """
    powers = powers_of_rule(rule, optimiser)
    groups = [
        {"params": [layer.weight], "lr": rate * (width / base) ** powers[place].rate}
        for place, layer in places(network)
    ]
    if optimiser == "descent":
        return torch.optim.SGD(groups, lr=rate)
    return torch.optim.Adam(groups, lr=rate, eps=TINY)
