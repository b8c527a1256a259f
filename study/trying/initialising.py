"""Initialisations by name, for networks of any shape."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from study.errors import StudyError
from study.lab.inits import (
    Initialisation,
    normal_to,
    over_fan_in,
    random_generator,
    standard_normal,
)
from study.trying.fans import has_fans, torch_fans

INITIALISATIONS: Mapping[str, Initialisation] = {
    "he": over_fan_in(2.0),
    "he_uniform": over_fan_in(2.0, "uniform"),
    "he_fan_out": Initialisation("gaussian", "fan_out", 2.0, bias_variance=0.0),
    "glorot": Initialisation("uniform", "average", 1.0, bias_variance=0.0),
    "lecun": over_fan_in(1.0),
    "orthogonal": Initialisation("orthogonal", "larger", 1.0, bias_variance=0.0),
}
"""What ``--init`` may name; biases are zero."""
SEED = 20
"""The generators of the draws come from it."""


def initialise(network: nn.Module, name: str, draw: int) -> None:
    """Draw the weights of all linear layers and convolutions, and put zeros into their biases.

    Fans are those that ``torch.nn.init`` reads from the weight's shape, as in its functions.

    Args:
        network: whose parameters are replaced; its other modules keep theirs.
        name: one of :data:`INITIALISATIONS`.
        draw: index of the draw.

    Raises:
        StudyError: if the network has no such layer.
    """
    initialisation = INITIALISATIONS[name]
    layers = [
        module
        for module in network.modules()
        if has_fans(module) and isinstance(module._parameters.get("weight"), Tensor)  # noqa: SLF001 - not computed from others
    ]
    if not layers:
        raise StudyError(f"--init={name}: the network has no linear layer and no convolution")
    for at, layer in enumerate(layers, start=1):
        weight, bias = layer.weight, layer.bias
        matrix = (weight.shape[0], weight[0].numel())
        normal = standard_normal(matrix, random_generator(SEED, draw, at), torch.device("cpu"))
        numbers = normal_to(initialisation.distribution, normal).reshape(weight.shape)
        with torch.no_grad():
            weight.copy_(initialisation.std(*torch_fans(weight)) * numbers)
            if bias is not None:
                bias.zero_()
