"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import nan, prod, sqrt
from typing import Annotated, Literal, TypeAlias

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.activations import activation
from study.lab.inits import RandomLayers, fan_for, random_generator
from study.lab.mnist import Mnist
from study.lab.propagation import Scheme, propagate
from study.lab.statistics import LayerStatistics
from study.record.checks import check_names
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Named, NonEmpty, Settings, Several

Size = Annotated[int, Ge(1), Le(16_384)]
Fan = Literal["fan_in", "fan_out", "average", "geometric"]
Curves: TypeAlias = Mapping[str, Tensor]
WITH_HEAD, ALTERNATING = "head", "alternating"
"""The names of the networks that claims look into."""


@dataclass(frozen=True, config=STRICT)
class Network:
    """Widths of the hidden layers, how often they follow each other, and the last layer's."""

    hidden: NonEmpty[Size]
    times: Annotated[int, Ge(1), Le(1000)]
    last: Size


@dataclass(frozen=True, config=STRICT)
class Mode:
    """Which fan the variance of a weight is divided by, and what stands behind every layer."""

    fan: Fan
    weight_variance: Annotated[float, Ge(1e-12), Le(1000)]
    activation: Literal["relu", "tanh", "linear"]

    def __post_init__(self) -> None:
        """Refuse a network that does not only scale with its weights where that is made use of."""
        if self.fan == "geometric" and self.activation == "tanh":
            raise ValueError(
                "fan=geometric, activation=tanh: the geometric mean is read off fan_in, for which "
                "the activation must be relu or linear"
            )


@dataclass(frozen=True, config=STRICT)
class Matrix:
    """A matrix of rows inputs and columns outputs, used as ``x @ w``, that torch fills."""

    rows: Size
    columns: Size
    transposed: bool


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the networks, the modes of each, and a matrix for torch to fill."""

    images: Several
    matrix: Matrix
    modes: Named[Mode]
    networks: Named[Network]

    def __post_init__(self) -> None:
        """Refuse to be without the networks that claims look into."""
        check_names("networks", self.networks, (WITH_HEAD, ALTERNATING))


def prepare(config: Config, mnist: Mnist) -> Tensor:
    """Take the first images of the training split.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The images, of shape (images, pixels).
    """
    return mnist.standardised(mnist.train.first(config.images).images)


def measure(config: Config, inputs: Tensor, draw: int) -> Draw:
    """Draw every network once and measure every layer of it in every mode.

    Args:
        config: the settings.
        inputs: the images, of shape (images, pixels).
        draw: index of the draw.

    Returns:
        What the claims read, and the curves of each network and mode.
    """
    measured = all_curves(config, inputs, draw)
    return Draw(
        quantities(config, measured, inputs) | filled_by_torch(config, draw),
        {"layers": rows(measured)},
    )


# Measuring ---------------------------------------------------------------------------------------


def sizes(network: Network, inputs: int) -> tuple[int, ...]:
    """Return the widths of the input and of each layer.

    >>> sizes(Network(hidden=(8, 4), times=2, last=10), inputs=784)
    (784, 8, 4, 8, 4, 10)
    """
    return (inputs, *network.hidden * network.times, network.last)


def divisor(fan: Fan, fan_in: int, fan_out: int) -> float:
    """Return what a mode divides the variance by.

    >>> divisor("geometric", fan_in=8, fan_out=2)
    4.0
    """
    return sqrt(fan_in * fan_out) if fan == "geometric" else fan_for(fan, fan_in, fan_out)


def scheme(mode: Mode) -> Scheme:
    """Return a mode as the laboratory knows it; for the geometric mean that is fan_in."""
    known = "fan_in" if mode.fan == "geometric" else mode.fan
    return Scheme(activation(mode.activation), mode.weight_variance, known)


def all_curves(config: Config, images: Tensor, draw: int) -> dict[tuple[str, str], Curves]:
    """Draw each network once and measure it in every mode: curves by network and mode."""
    schemes = [scheme(mode) for mode in config.modes.values()]
    by_arm: dict[tuple[str, str], Curves] = {}
    for name, network in config.networks.items():
        widths = sizes(network, images.shape[1])
        layers = RandomLayers(widths, config.seed, draw, device=images.device)
        cotangent = layers.cotangent(len(images))
        measured = propagate(images, layers, schemes, cotangent=cotangent)
        for (mode, how), statistics in zip(config.modes.items(), measured, strict=True):
            by_arm[name, mode] = relative(statistics, widths, how.fan)
    return by_arm


def relative(statistics: LayerStatistics, widths: Sequence[int], fan: Fan) -> Curves:
    """Compare each layer with the one where its quantity sets out.

    A ReLU network only scales with its weights, so the geometric mean is read off fan_in.

    Args:
        statistics: of all layers, as measured for :func:`scheme`.
        widths: of the input and of each layer.
        fan: the mode's fan.

    Returns:
        Of shape (depth,): the second moments of the signal over that of layer 1, of the gradient
        over that of the last layer, and of the weight gradients over that of layer 1.
    """
    up = statistics.log2_preactivation_second_moment
    down = statistics.log2_preactivation_gradient_second_moment
    weights = statistics.log2_weight_gradient_second_moment
    curves = {
        "signal": torch.exp2(up - up[0]),
        "gradient": torch.exp2(down - down[-1]),
        "weight_gradient": torch.exp2(weights - weights[0]),
    }
    if fan != "geometric":
        return curves
    ours, theirs = (
        {name: torch.tensor(numbers, dtype=torch.float64) for name, numbers in of_fan.items()}
        for of_fan in (law(widths, fan), law(widths, "fan_in"))
    )
    return {name: curve * ours[name] / theirs[name] for name, curve in curves.items()}


def quantities(
    config: Config, measured: Mapping[tuple[str, str], Curves], images: Tensor
) -> dict[str, float]:
    """Reduce the curves of one draw to the quantities that claims and chapter read."""
    values: dict[str, float] = {}
    for (name, mode), curves_of in measured.items():
        up, down = curves_of["signal"][-1].item(), curves_of["gradient"][0].item()
        numbers = {"forward": up, "backward": down}
        if name == WITH_HEAD:
            widths = sizes(config.networks[name], images.shape[1])
            numbers |= over_widths(curves_of, widths, config.modes[mode].fan)
        if name == ALTERNATING:
            numbers |= inside(curves_of)
        values |= {f"{quantity}.{name}_{mode}": number for quantity, number in numbers.items()}
    return values


def over_widths(curves_of: Curves, widths: Sequence[int], fan: Fan) -> dict[str, float]:
    """Divide what happens from end to end by the ratio of widths that a law has for it.

    Args:
        curves_of: the network in this mode.
        widths: of the input and of each layer.
        fan: the mode's fan.

    Returns:
        The weight gradient from end to end, and quantities that are 1 where their law holds.
    """
    inputs, first, before_last, last = (widths[at] for at in (0, 1, -2, -1))
    up, down = curves_of["signal"][-1], curves_of["gradient"][0]
    weights = curves_of["weight_gradient"][-1]
    numbers = {
        "forward_over_ends": up * last / first,
        "directions_over_ends": up / down * last / first,
        "weight_gradient": weights,
        "weight_gradient_times_fan_in": weights * before_last / inputs,
        "weight_gradient_times_fan_out": weights * last / first,
        "weight_gradient_over_variance": weights
        * divisor(fan, before_last, last)
        / divisor(fan, inputs, first),
    }
    return {name: number.item() for name, number in numbers.items()}


def inside(curves_of: Curves) -> dict[str, float]:
    """Look at the inner layers of a network whose widths alternate, wide ones first.

    Returns:
        The mean ratio of a narrow layer's signal to that of the wide one below; and the mean
        factor over two layers, of the signal upwards, of the gradient downwards and of both.
    """
    up, down = curves_of["signal"], curves_of["gradient"]
    upward, downward = (up[2:] / up[:-2]).mean().item(), (down[:-2] / down[2:]).mean().item()
    return {
        "swing": (up[1::2] / up[:-1:2]).mean().item(),
        "two_layers_up": upward,
        "two_layers_down": downward,
        "two_layers": (upward + downward) / 2,
    }


def filled_by_torch(config: Config, draw: int) -> dict[str, float]:
    """Let torch fill a matrix for use as ``x @ w``; return its rows times its variance."""
    matrix = torch.empty(config.matrix.rows, config.matrix.columns)
    seed = int(random_generator(config.seed, draw, 0).integers(2**63))
    nn.init.kaiming_normal_(
        matrix.T if config.matrix.transposed else matrix,
        nonlinearity="relu",
        generator=torch.Generator().manual_seed(seed),
    )
    variance = matrix.double().square().mean().item()
    return {"inputs_times_variance.matrix": config.matrix.rows * variance}


def rows(measured: Mapping[tuple[str, str], Curves]) -> list[Row]:
    """Return every quantity of every layer of each network and mode, one row each."""
    return [
        {"network": name, "mode": mode, "quantity": quantity, "layer": layer, "sample": sample}
        for (name, mode), curves_of in measured.items()
        for quantity, by_layer in curves_of.items()
        for layer, sample in enumerate(by_layer.tolist(), start=1)
    ]


# The law -----------------------------------------------------------------------------------------


def law(widths: Sequence[int], fan: Fan) -> dict[str, list[float]]:
    r"""Return the curves of :func:`relative` as the law has them, for ReLU layers.

    .. math::
        F_l = m_{l-1}/\phi_l, \qquad B_l = m_l/\phi_l, \qquad
        G_l \propto \prod_{k<l} F_k \prod_{k>l} B_k

    Args:
        widths: :math:`m_0` to :math:`m_L`.
        fan: which fan :math:`\phi_l` the variance :math:`2/\phi_l` is divided by.

    Returns:
        The curves by name, one number per layer.

    **Source**: He et al. (2015), equations 9 and 13; chapter fan_in or fan_out, section “Weight
    gradients”, for the last.

    >>> law([784, 1000, 10], "fan_out")["signal"]
    [1.0, 100.0]
    """
    upward = [fan_in / divisor(fan, fan_in, fan_out) for fan_in, fan_out in pairwise(widths)]
    downward = [fan_out / divisor(fan, fan_in, fan_out) for fan_in, fan_out in pairwise(widths)]
    depth = len(upward)
    above = [prod(downward[layer + 1 :], start=1.0) for layer in range(depth)]
    whole = above[0] or nan  # below the smallest float there is nothing to compare with
    return {
        "signal": [prod(upward[1 : layer + 1], start=1.0) for layer in range(depth)],
        "gradient": above,
        "weight_gradient": [prod(upward[:at]) * above[at] / whole for at in range(depth)],
    }
