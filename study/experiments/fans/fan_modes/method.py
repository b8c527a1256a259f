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
from study.lab.inits import Fan, RandomLayers, fan_for, random_generator
from study.lab.mnist import Mnist
from study.lab.propagation import Scheme, propagate
from study.lab.statistics import LayerStatistics
from study.record.checks import check_names
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Named, NonEmpty, Settings, Several, Units

FanName = Literal["fan_in", "fan_out", "average", "geometric"]
"""Those of :data:`study.lab.inits.Fan`, and their geometric mean."""
Curves: TypeAlias = Mapping[str, Tensor]
WITH_HEAD, ALTERNATING = "head", "alternating"
"""The names of the networks that claims read."""


@dataclass(frozen=True, config=STRICT)
class Network:
    """Widths of the hidden layers, how often they are repeated, and that of the last layer."""

    hidden: NonEmpty[Units]
    times: Annotated[int, Ge(1), Le(1000)]
    last: Units


@dataclass(frozen=True, config=STRICT)
class Mode:
    """Which fan the variance of a weight is divided by, and the activation of every layer."""

    fan: FanName
    weight_variance: Annotated[float, Ge(1e-12), Le(1000)]
    activation: Literal["relu", "tanh", "linear"]

    def __post_init__(self) -> None:
        """Check that the activation is homogeneous for the geometric mean."""
        if self.fan == "geometric" and self.activation == "tanh":
            raise ValueError(
                "fan=geometric, activation=tanh: the geometric mean is read off fan_in, for which "
                "the activation must be relu or linear"
            )


@dataclass(frozen=True, config=STRICT)
class Matrix:
    """A matrix of rows inputs and columns outputs, used as ``x @ w``, that torch initialises."""

    rows: Units
    columns: Units
    transposed: bool


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the networks, the modes of each, and a matrix that torch initialises."""

    images: Several
    matrix: Matrix
    modes: Named[Mode]
    networks: Named[Network]

    def __post_init__(self) -> None:
        """Check that the networks that claims read are there."""
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
    """Draw every network once and compute the statistics of every layer in every mode.

    Args:
        config: the settings.
        inputs: the images, of shape (images, pixels).
        draw: index of the draw.

    Returns:
        What the claims read, and the curves of each network and mode.
    """
    curves = all_curves(config, inputs, draw)
    return Draw(
        quantities(config, curves, inputs) | torch_quantities(config, draw),
        {"layers": curve_rows(curves)},
    )


# Measuring ---------------------------------------------------------------------------------------


def sizes(network: Network, inputs: int) -> tuple[int, ...]:
    """Return the widths of the input and of each layer.

    >>> sizes(Network(hidden=(8, 4), times=2, last=10), inputs=784)
    (784, 8, 4, 8, 4, 10)
    """
    return (inputs, *network.hidden * network.times, network.last)


def divisor(fan: FanName, fan_in: int, fan_out: int) -> float:
    """Return the number that a mode divides the variance by.

    >>> divisor("geometric", fan_in=8, fan_out=2)
    4.0
    """
    return sqrt(fan_in * fan_out) if fan == "geometric" else fan_for(fan, fan_in, fan_out)


def scheme(mode: Mode) -> Scheme:
    """Return the scheme that is propagated for a mode; that of fan_in for the geometric mean."""
    fan: Fan = "fan_in" if mode.fan == "geometric" else mode.fan
    return Scheme(activation(mode.activation), mode.weight_variance, fan)


def all_curves(config: Config, images: Tensor, draw: int) -> dict[tuple[str, str], Curves]:
    """Draw each network once and return its curves in every mode, by network and mode."""
    schemes = [scheme(mode) for mode in config.modes.values()]
    by_arm: dict[tuple[str, str], Curves] = {}
    for name, network in config.networks.items():
        widths = sizes(network, images.shape[1])
        layers = RandomLayers(widths, config.seed, draw, device=images.device)
        cotangent = layers.cotangent(len(images))
        statistics = propagate(images, layers, schemes, cotangent=cotangent)
        for (name_of_mode, mode), layer_statistics in zip(
            config.modes.items(), statistics, strict=True
        ):
            by_arm[name, name_of_mode] = relative(layer_statistics, widths, mode.fan)
    return by_arm


def relative(statistics: LayerStatistics, widths: Sequence[int], fan: FanName) -> Curves:
    """Divide each statistic by that of the layer with which its pass begins.

    A ReLU network is homogeneous in its weights, so the geometric mean follows from fan_in.

    Args:
        statistics: of all layers, for the network of :func:`scheme`.
        widths: of the input and of each layer.
        fan: the mode's fan.

    Returns:
        Of shape (depth,): the second moments of the signal over that of layer 1, of the gradient
        over that of the last layer, and of the weight gradients over that of layer 1.
    """
    forward = statistics.log2_preactivation_second_moment
    backward = statistics.log2_preactivation_gradient_second_moment
    weights = statistics.log2_weight_gradient_second_moment
    curves = {
        "signal": torch.exp2(forward - forward[0]),
        "gradient": torch.exp2(backward - backward[-1]),
        "weight_gradient": torch.exp2(weights - weights[0]),
    }
    if fan != "geometric":
        return curves
    ratio, reference = (
        {
            name: torch.tensor(numbers, dtype=torch.float64)
            for name, numbers in curves_by_law.items()
        }
        for curves_by_law in (law(widths, fan), law(widths, "fan_in"))
    )
    return {name: curve * ratio[name] / reference[name] for name, curve in curves.items()}


def quantities(
    config: Config, curves: Mapping[tuple[str, str], Curves], images: Tensor
) -> dict[str, float]:
    """Reduce the curves of one draw to the quantities that claims and the chapter read."""
    values: dict[str, float] = {}
    for (name, mode), by_quantity in curves.items():
        numbers = {
            "forward": by_quantity["signal"][-1].item(),
            "backward": by_quantity["gradient"][0].item(),
        }
        if name == WITH_HEAD:
            widths = sizes(config.networks[name], images.shape[1])
            numbers |= over_widths(by_quantity, widths, config.modes[mode].fan)
        if name == ALTERNATING:
            numbers |= alternating_quantities(by_quantity)
        values |= {f"{quantity}.{name}_{mode}": number for quantity, number in numbers.items()}
    return values


def over_widths(curves: Curves, widths: Sequence[int], fan: FanName) -> dict[str, float]:
    """Divide the change over the whole network by the ratio of widths that is its law.

    Args:
        curves: of the network in this mode.
        widths: of the input and of each layer.
        fan: the mode's fan.

    Returns:
        The change of the weight gradient over the network, and quantities that are 1 where their
        law holds.
    """
    inputs, first, before_last, last = (widths[index] for index in (0, 1, -2, -1))
    forward, backward = curves["signal"][-1], curves["gradient"][0]
    weights = curves["weight_gradient"][-1]
    numbers = {
        "forward_over_ends": forward * last / first,
        "directions_over_ends": forward / backward * last / first,
        "weight_gradient": weights,
        "weight_gradient_times_fan_in": weights * before_last / inputs,
        "weight_gradient_times_fan_out": weights * last / first,
        "weight_gradient_over_variance": weights
        * divisor(fan, before_last, last)
        / divisor(fan, inputs, first),
    }
    return {name: number.item() for name, number in numbers.items()}


def alternating_quantities(curves: Curves) -> dict[str, float]:
    """Reduce a network of alternating widths, wide ones first, to its quantities.

    Returns:
        The mean ratio of a narrow layer's signal to that of the wide one below; and the mean
        factor over two layers, of the signal, of the gradient, and their average.
    """
    signal, gradient = curves["signal"], curves["gradient"]
    forward = (signal[2:] / signal[:-2]).mean().item()
    backward = (gradient[:-2] / gradient[2:]).mean().item()
    return {
        "swing": (signal[1::2] / signal[:-1:2]).mean().item(),
        "two_layers_up": forward,
        "two_layers_down": backward,
        "two_layers": (forward + backward) / 2,
    }


def torch_quantities(config: Config, draw: int) -> dict[str, float]:
    """Return rows times variance of a matrix by torch's initialiser, for use as ``x @ w``."""
    matrix = torch.empty(config.matrix.rows, config.matrix.columns)
    seed = int(random_generator(config.seed, draw, 0).integers(2**63))
    nn.init.kaiming_normal_(
        matrix.T if config.matrix.transposed else matrix,
        nonlinearity="relu",
        generator=torch.Generator().manual_seed(seed),
    )
    variance = matrix.double().square().mean().item()
    return {"inputs_times_variance.matrix": config.matrix.rows * variance}


def curve_rows(curves: Mapping[tuple[str, str], Curves]) -> list[Row]:
    """Return every quantity of every layer of each network and mode, one row each."""
    return [
        {"network": name, "mode": mode, "quantity": quantity, "layer": layer, "sample": sample}
        for (name, mode), by_quantity in curves.items()
        for quantity, by_layer in by_quantity.items()
        for layer, sample in enumerate(by_layer.tolist(), start=1)
    ]


# The law -----------------------------------------------------------------------------------------


def law(widths: Sequence[int], fan: FanName) -> dict[str, list[float]]:
    r"""Return the curves of :func:`relative` by the law, for ReLU layers.

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
    forward = [fan_in / divisor(fan, fan_in, fan_out) for fan_in, fan_out in pairwise(widths)]
    backward = [fan_out / divisor(fan, fan_in, fan_out) for fan_in, fan_out in pairwise(widths)]
    depth = len(forward)
    products_above = [prod(backward[layer + 1 :], start=1.0) for layer in range(depth)]
    whole = products_above[0] or nan  # NaN where it underflows
    return {
        "signal": [prod(forward[1 : layer + 1], start=1.0) for layer in range(depth)],
        "gradient": products_above,
        "weight_gradient": [
            prod(forward[:layer]) * products_above[layer] / whole for layer in range(depth)
        ],
    }
