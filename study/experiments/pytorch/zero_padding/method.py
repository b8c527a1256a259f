"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise
from math import sqrt
from statistics import fmean
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional

from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.mean_squares import mean_square
from study.lab.mnist import Mnist
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table
from study.record.settings import STRICT, Count, Named, Settings
from study.theory.quotients import quotient

Padding: TypeAlias = Literal["none", "zeros", "reflect", "circular"]

SIDE, KERNEL = 28, 3
CIRCULAR = "_round"
"""Suffix of a network's name for the same network with circular padding."""


@dataclass(frozen=True, config=STRICT)
class Network:
    """One deep network: the side of its images and how they are padded."""

    side: Annotated[int, Ge(3), Le(SIDE)]
    padding: Literal["zeros", "reflect", "circular"]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: one layer on noise, and many layers with He's variance on images."""

    images: Count
    channels: Count
    depth: Annotated[int, Ge(4), Le(1000)]
    noise_side: Annotated[int, Ge(3), Le(SIDE)]
    one_layer: Named[Padding]
    networks: Named[Network]

    def __post_init__(self) -> None:
        """Check that no network has the name of another with circular padding."""
        for name, network in self.networks.items():
            base_name = name.removesuffix(CIRCULAR)
            if base_name != name and base_name in self.networks:
                raise ValueError(
                    f"networks.{name}={asdict(network)}: {base_name}, padded circularly, has this "
                    "name"
                )


class Inputs(NamedTuple):
    """The images, and what the law says of them.

    Attributes:
        images: of shape (images, 1, 28, 28).
        laws: by the name of each zero-padded network, the expected second moment of every layer.
    """

    images: Tensor
    laws: Mapping[str, list[float]]


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split.

    Args:
        config: the settings.
        mnist: the data.
    """
    images = mnist.standardised(mnist.train.first(config.images).images).view(-1, 1, SIDE, SIDE)
    laws = {}
    for name, network in config.networks.items():
        if network.padding == "zeros":
            pictures = functional.adaptive_avg_pool2d(images, network.side).double()
            laws[name] = second_moments(pictures.square().mean(dim=(0, 1)), config.depth)
    return Inputs(images, laws)


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Propagate noise through one layer and images through many, with several paddings.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        The factors of the second moment, and the zero-padded networks layer by layer.
    """
    moments = layer_moments(config, inputs.images, draw)
    values = one_layer_factors(config, draw) | factors(moments)
    return Draw(values, {"layers": curves(inputs.laws, moments)})


def exact(_config: Config, inputs: Inputs) -> dict[str, float]:
    """Return the share of the images' second moment that one zero-padded layer preserves.

    Args:
        inputs: the images.
    """
    return {"kept_by_edges.images": preserved_share(inputs.images.square().mean(dim=(0, 1)))}


def pad(x: Tensor, mode: Padding) -> Tensor:
    """Add one row or column at each of the four sides, or none."""
    if mode == "none":
        return x
    return functional.pad(x, (1,) * 4, mode="constant" if mode == "zeros" else mode)


def one_layer_factors(config: Config, draw: int) -> dict[str, float]:
    """Propagate noise through one layer with each padding, with the same weights.

    Args:
        config: the settings.
        draw: index of the draw.

    Returns:
        The factor of the second moment with variance 1/(9 · channels).
    """
    generator = random_generator(config.seed, draw, 0)
    shape = (config.images, config.channels, config.noise_side, config.noise_side)
    noise = standard_normal(shape, generator, torch.device("cpu"))
    weights = he_weights((config.channels, config.channels, KERNEL, KERNEL), generator) / sqrt(2)
    noise_moment = mean_square(noise)
    return {
        f"one_layer.{name}": mean_square(functional.conv2d(pad(noise, mode), weights))
        / noise_moment
        for name, mode in config.one_layer.items()
    }


def he_weights(shape: tuple[int, ...], generator: Any) -> Tensor:  # noqa: ANN401 - of NumPy
    """Draw Gaussian kernels of variance 2 over the kernel's area times the channels."""
    deviation = weight_std(shape[1] * shape[2] * shape[3], 2.0)
    return deviation * standard_normal(shape, generator, torch.device("cpu"))


def layer_moments(config: Config, images: Tensor, draw: int) -> dict[str, list[float]]:
    """Propagate images through every network, and through the same with circular padding.

    Args:
        config: the settings.
        images: of shape (images, 1, 28, 28), averaged down to the side of each network.
        draw: index of the draw; all networks of a draw have the same weights.

    Returns:
        The second moment of every layer's preactivation, by the name of the network, with the
        suffix ``CIRCULAR`` for circular padding.
    """
    weights = []
    for index in range(config.depth):
        generator = random_generator(config.seed, draw, 1 + index)
        inputs = config.channels if index else 1
        weights.append(he_weights((config.channels, inputs, KERNEL, KERNEL), generator))
    paddings: dict[str, tuple[int, Padding]] = {}
    for name, network in config.networks.items():
        paddings[name] = (network.side, network.padding)
        paddings[f"{name}{CIRCULAR}"] = (network.side, "circular")

    def moments(side: int, padding: Padding) -> list[float]:
        signal, by_layer = functional.adaptive_avg_pool2d(images, side), []
        for kernels in weights:
            signal = functional.conv2d(pad(signal, padding), kernels)
            by_layer.append(mean_square(signal))
            signal = signal.relu()
        return by_layer

    by_padding = {key: moments(*key) for key in dict.fromkeys(paddings.values())}
    return {name: by_padding[key] for name, key in paddings.items()}


def factors(moments: Mapping[str, list[float]]) -> dict[str, float]:
    """Return the factor per layer over the upper half, divided by that with circular padding.

    The latter is 1 on average, and its deviations are correlated with those of the former. It is
    NaN where all units are dead.
    """
    return {
        f"factor.{name}": quotient(mean_factor(by_layer), mean_factor(moments[f"{name}{CIRCULAR}"]))
        for name, by_layer in moments.items()
        if f"{name}{CIRCULAR}" in moments
    }


def mean_factor(moments: list[float]) -> float:
    """Return the mean factor from layer to layer over the upper half of the layers."""
    upper = moments[len(moments) // 2 :]
    return fmean(quotient(upper_moment, lower) for lower, upper_moment in pairwise(upper))


def curves(laws: Mapping[str, list[float]], moments: Mapping[str, list[float]]) -> list[Row]:
    """Return the zero-padded networks layer by layer, beside what the law says of these images.

    Args:
        laws: the expected second moments of each zero-padded network's layers.
        moments: those measured.

    Returns:
        Rows of network, layer and law, relative to the law's first layer, as the sample is.
    """
    return [
        {
            "network": name,
            "layer": layer,
            "law": expected / law[0],
            "sample": moment / law[0],
        }
        for name, law in laws.items()
        for layer, (expected, moment) in enumerate(zip(law, moments[name], strict=True), start=1)
    ]


def tables(_config: Config, draws: Draws) -> dict[str, Table]:
    """Average the zero-padded networks over the draws.

    Args:
        draws: the draws.

    Returns:
        ``layers``, with the law behind what was measured; nothing if no network is zero-padded.
    """
    if not all(draw.tables["layers"] for draw in draws.values()):
        return {}
    columns = ("network", "layer", "mean", "half_width", "law")
    return {"layers": [{name: row[name] for name in columns} for row in means(draws, "layers")]}


# Laws --------------------------------------------------------------------------------------------


def sums_of_neighbours(squares: Tensor) -> Tensor:
    """Add to each entry its eight neighbours; beyond the edges there are zeros."""
    kernel = torch.ones(1, 1, KERNEL, KERNEL, dtype=squares.dtype)
    return functional.conv2d(squares[None, None], kernel, padding=1)[0, 0]


def second_moments(squares: Tensor, depth: int) -> list[float]:
    """Return the expected second moment of every layer of a zero-padded network with He's weights.

    Args:
        squares: the mean square of every pixel of the input.
        depth: how many layers.

    Returns:
        The second moments of the preactivations, averaged over places.

    **Shapes**: ``squares`` (side, side).
    """
    expected, profile = [], 2 * sums_of_neighbours(squares) / KERNEL**2
    for _ in range(depth):
        expected.append(profile.mean().item())
        profile = sums_of_neighbours(profile) / KERNEL**2
    return expected


def preserved_share(squares: Tensor) -> float:
    """Return the share of the pixels' second moment that one zero-padded layer preserves."""
    neighbour_means = sums_of_neighbours(squares.double()).mean() / KERNEL**2
    return (neighbour_means / squares.double().mean()).item()
