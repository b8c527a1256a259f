"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from math import log10, sqrt
from typing import Annotated, Literal, TypeAlias

import torch
from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab import activations
from study.lab.inits import RandomLayers, random_generator
from study.lab.mnist import Mnist
from study.lab.propagation import Scheme, propagate
from study.lab.statistics import LayerStatistics
from study.record.checks import check_known
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Count, Named, Settings, Width
from study.theory import gains, moments
from study.theory.activations import activation

Gain: TypeAlias = Literal["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]


@dataclass(frozen=True, config=STRICT)
class Network:
    """An activation, the name whose gain torch gives for it, and a factor on that gain."""

    activation: str
    gain_of: Gain
    times: Annotated[float, Ge(1e-5), Le(100)]

    def __post_init__(self) -> None:
        """Check that the activation is known."""
        check_known("activation", [self.activation], activations.NAMES)


@dataclass(frozen=True, config=STRICT)
class Cut:
    """ReLU layers with truncated weights, and the arguments of torch's own functions."""

    depth: Annotated[int, Ge(2), Le(1000)]
    distribution: Literal["gaussian", "truncated"]
    asked: Literal["kaiming_normal", "trunc_normal"]
    deviation: Annotated[float, Gt(0), Le(1)]
    bound: Annotated[float, Gt(0), Le(10)]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the gains that torch documents, those it is asked for, and the networks."""

    images: Count
    mean_square: Annotated[float, Gt(0), Le(1000)]
    documented: Named[float]
    unknown: str
    preactivation_deviation: Annotated[float, Gt(0), Le(100)]
    width: Width
    depth: Annotated[int, Ge(4), Le(10_000)]
    networks: Named[Network]
    cut: Cut

    def __post_init__(self) -> None:
        """Refuse a gain that torch lacks among those documented, and no name to be refused."""
        for name, gain in self.documented.items():
            if torch_refuses(name):
                raise ValueError(f"documented.{name}={gain}: torch has no gain of this name")
        if not self.unknown.split():
            raise ValueError(f"unknown={self.unknown!r}: name at least one activation")


def prepare(config: Config, mnist: Mnist) -> Tensor:
    """Take the first images of the training split, all of one mean square.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The images, of shape (images, pixels), in float64.
    """
    images = mnist.standardised(mnist.train.first(config.images).images).double()
    return images * (config.mean_square / images.square().mean(dim=1, keepdim=True)).sqrt()


def measure(config: Config, inputs: Tensor, draw: int) -> Draw:
    """Propagate images and a gradient through networks that have torch's gains.

    Args:
        config: the settings.
        inputs: the images, of shape (images, pixels).
        draw: index of the draw.

    Returns:
        What the claims read, and the networks layer by layer.
    """
    networks = layer_statistics(config, inputs, draw)
    values = quantities(networks) | cut_off(config, inputs, draw)
    return Draw(values, {"layers": curves(networks)})


def layer_statistics(config: Config, inputs: Tensor, draw: int) -> dict[str, LayerStatistics]:
    """Propagate images and a random gradient through networks of the same random numbers."""
    widths = (inputs.shape[1], *[config.width] * config.depth)
    layers = RandomLayers(widths, config.seed, draw, dtype=inputs.dtype)
    schemes = [
        Scheme(activations.activation(network.activation), gain_of(network) ** 2)
        for network in config.networks.values()
    ]
    statistics = propagate(inputs, layers, schemes, cotangent=layers.cotangent(len(inputs)))
    return dict(zip(config.networks, statistics, strict=True))


def gain_of(network: Network) -> float:
    """Return the gain of a network: what torch gives for a name, multiplied."""
    return network.times * float(nn.init.calculate_gain(network.gain_of))


def quantities(networks: Mapping[str, LayerStatistics]) -> dict[str, float]:
    """Reduce the networks of a draw to the quantities that claims read.

    Args:
        networks: the statistics of each network.

    Returns:
        For each, over the upper half of its layers: the mean second moment of the activation, and
        the mean factor of the gradient's second moment per layer.
    """
    values = {}
    for name, layers in networks.items():
        half = len(layers.log2_activation_second_moment) // 2
        logs = layers.log2_preactivation_gradient_second_moment[half:]
        factors = torch.exp2(logs[:-1] - logs[1:])
        values[f"second_moment.{name}"] = float(layers.activation_second_moment[half:].mean())
        values[f"gradient_factor.{name}"] = float(factors.mean())
    return values


def curves(networks: Mapping[str, LayerStatistics]) -> list[Row]:
    """Return the size of signal and gradient in every layer, as logarithms to base 10.

    Args:
        networks: the statistics of each network.
    """
    return [
        {"network": name, "layer": layer, "quantity": quantity, "sample": log}
        for name, layers in networks.items()
        for quantity, log2 in (
            ("signal", layers.log2_activation_second_moment),
            ("gradient", layers.log2_preactivation_gradient_second_moment),
        )
        for layer, log in enumerate((log2 * log10(2)).tolist(), start=1)
    ]


def cut_off(config: Config, inputs: Tensor, draw: int) -> dict[str, float]:
    """Measure ReLU layers of truncated weights, and torch's functions for normal numbers.

    Args:
        config: the settings.
        inputs: the images, of shape (images, pixels).
        draw: index of the draw.

    Returns:
        The mean factor per layer with He's deviation before truncation, over that of the same
        numbers untruncated, which is 1 on average; the share of torch's weights of that deviation
        beyond twice of it; and the variance of ``trunc_normal_`` over the square of the deviation
        that it was asked for.
    """
    widths = (inputs.shape[1], *[config.width] * config.cut.depth)
    factors = {}
    for distribution in (config.cut.distribution, "gaussian"):
        layers = RandomLayers(widths, config.seed, draw, distribution, dtype=inputs.dtype)
        (statistics,) = propagate(inputs, layers, [Scheme(activations.activation("relu"), 2.0)])
        logs = statistics.log2_preactivation_second_moment
        factors[distribution] = torch.exp2(logs[1:] - logs[:-1]).mean()
    seed = int(random_generator(config.seed, draw, 0).integers(2**32))
    generator = torch.Generator().manual_seed(seed)
    shape, he = (config.width, config.width), sqrt(2 / config.width)
    if config.cut.asked == "kaiming_normal":
        weights = nn.init.kaiming_normal_(torch.empty(shape), generator=generator)
    else:
        weights = truncated(shape, he, 2 * he, generator)
    cut_weights = truncated(shape, config.cut.deviation, config.cut.bound, generator)
    beyond_bound = weights.abs() > 2.0001 * he  # past the rounding of float32
    return {
        "factor.truncated": float(factors[config.cut.distribution] / factors["gaussian"]),
        "share_beyond_two_deviations.torch": float(beyond_bound.double().mean()),
        "variance_over_asked.trunc_normal": float(
            cut_weights.double().square().mean() / config.cut.deviation**2
        ),
    }


def truncated(
    shape: tuple[int, ...], deviation: float, bound: float, generator: torch.Generator
) -> Tensor:
    """Let torch draw normal numbers within a bound."""
    weights = torch.empty(shape)
    return nn.init.trunc_normal_(weights, std=deviation, a=-bound, b=bound, generator=generator)


def exact(config: Config, _inputs: Tensor) -> dict[str, float]:
    """Ask torch for gains, documented and not.

    Args:
        config: the settings.

    Returns:
        The largest difference between a documented gain and the one returned; the share of unknown
        names that are refused; and for known activations torch's gain beside those by integrals.
    """
    differences = [
        abs(nn.init.calculate_gain(name) - gain)  # type: ignore[arg-type]  # any of its names
        for name, gain in config.documented.items()
    ]
    names = config.unknown.split()
    values = {
        "largest_difference.documented": max(differences),
        "share_refused.unknown": sum(map(torch_refuses, names)) / len(names),
    }
    deviation = config.preactivation_deviation
    tanh = moments.moments(activation("tanh"), deviation**2)
    values["deviation_before_over_after.tanh"] = deviation / sqrt(tanh.variance)
    for name in ("linear", "sigmoid", "tanh", "relu", "selu"):
        values[f"torch_gain.{name}"] = nn.init.calculate_gain(name)
        values[f"second_moment_gain.{name}"] = gains.second_moment_gain(activation(name))
        values[f"variance_gain.{name}"] = gains.variance_gain(activation(name))
        values[f"gradient_gain.{name}"] = gains.gradient_gain(activation(name))
    return values


def torch_refuses(name: str) -> bool:
    """Tell whether torch has no gain for a name."""
    try:
        nn.init.calculate_gain(name)  # type: ignore[arg-type]  # it is asked for what it may lack
    except ValueError:
        return True
    return False
