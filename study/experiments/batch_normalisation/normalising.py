"""ReLU networks with a normalisation behind each linear map but the last, or without."""

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from study.lab.inits import over_fan_in
from study.lab.mnist import CLASSES
from study.lab.networks import dense, linear_layers

Norm: TypeAlias = Literal["none", "rms", "layer", "batch"]
Optimiser: TypeAlias = Literal["descent", "adam"]

NORMS: Mapping[Norm, Callable[[int, float], nn.Module]] = {
    "none": lambda _width, _epsilon: nn.Identity(),
    "rms": lambda width, epsilon: nn.RMSNorm(width, eps=epsilon, elementwise_affine=False),
    "layer": lambda width, epsilon: nn.LayerNorm(width, eps=epsilon, elementwise_affine=False),
    "batch": lambda width, epsilon: nn.BatchNorm1d(
        width, eps=epsilon, affine=False, track_running_stats=False
    ),
}
"""Torch's normalisations without a gain and a shift, given the width and the epsilon."""


def network(  # noqa: PLR0913 - two numbers name the draw
    images: Tensor,
    norm: Norm,
    hidden: tuple[int, ...],
    variances: tuple[float, float],
    *,
    epsilon: float,
    seed: int,
    draw: int,
) -> nn.Sequential:
    """Make a fully connected ReLU network as it is before training.

    Args:
        images: what it is for, of shape (images, pixels), in the precision that it is to have.
        norm: what stands between each linear layer and its ReLU.
        hidden: the width of each hidden layer.
        variances: of the hidden weights and of the last ones, each times fan_in.
        epsilon: what the normalisation adds to a variance.
        seed: the experiment's seed.
        draw: index of the draw; networks of one draw share their random numbers.

    Returns:
        Its layers; biases are zero.
    """
    laws = [*[over_fan_in(variances[0])] * len(hidden), over_fan_in(variances[1])]
    layers = dense(
        (images.shape[1], *hidden, CLASSES),
        laws,
        lambda width: nn.Sequential(NORMS[norm](width, epsilon), nn.ReLU()),
        seed=seed,
        draw=draw,
        device=images.device,
    )
    return layers.to(images.dtype)


def hidden_parameters(layers: nn.Module) -> list[nn.Parameter]:
    """Return the weights and biases of all linear layers but the last."""
    return [parameter for layer in linear_layers(layers)[:-1] for parameter in layer.parameters()]


def optimiser(
    layers: nn.Module,
    kind: Optimiser,
    rates: tuple[float, float],
    epsilons: tuple[float, float] = (1e-8, 1e-8),
) -> torch.optim.Optimizer:
    """Make torch's plain descent or Adam with a learning rate of its own for hidden layers.

    Args:
        layers: the network.
        kind: which of the two.
        rates: of the hidden parameters and of the last layer's.
        epsilons: of either, what Adam adds to the root of its mean square.

    Returns:
        The optimiser.
    """
    last = [*linear_layers(layers)[-1].parameters()]
    groups = [
        {"params": hidden_parameters(layers), "lr": rates[0]},
        {"params": last, "lr": rates[1]},
    ]
    if kind == "descent":
        return torch.optim.SGD(groups)
    pairs = zip(groups, epsilons, strict=True)
    return torch.optim.Adam([{**group, "eps": epsilon} for group, epsilon in pairs])
