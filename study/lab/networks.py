"""Networks of ``torch.nn`` with weights from the study's own random numbers."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import nn

from study.lab.inits import Law, normal_to, random_generator, standard_normal


def dense(  # noqa: PLR0913 - two numbers name the draw
    sizes: Sequence[int],
    stds: Sequence[float],
    between: Callable[[int], nn.Module],
    *,
    seed: int,
    draw: int,
    device: torch.device,
    law: Law = "gaussian",
) -> nn.Sequential:
    """Make a fully connected network with random weights and zero biases.

    Networks of one draw and equal sizes share their random numbers, whatever their deviations.

    Args:
        sizes: of the input, of each hidden layer and of the output.
        stds: the standard deviation of the weights of each layer.
        between: makes what stands after each layer but the last, given the layer's width.
        seed: the experiment's seed.
        draw: index of the draw.
        device: where the parameters are to live.
        law: of the weights.

    Returns:
        The layers in order, a linear one first and last, and ``between`` after each but the last.

    **Shapes**: each weight (fan_out, fan_in), each bias (fan_out,).
    """
    layers: list[nn.Module] = []
    for at, ((fan_in, fan_out), std) in enumerate(zip(pairwise(sizes), stds, strict=True), start=1):
        # On no device nothing is drawn; torch's own initialisation uses the global generator.
        linear = nn.Linear(fan_in, fan_out, device="meta").to_empty(device=device)
        generator = random_generator(seed, draw, at)
        with torch.no_grad():
            normal = standard_normal((fan_out, fan_in), generator, device)
            linear.weight.copy_(std * normal_to(law, normal))
            linear.bias.zero_()
        layers += [linear, between(fan_out)]
    return nn.Sequential(*layers[:-1])
