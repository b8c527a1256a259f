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
from study.lab.mnist import Mnist
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table
from study.record.settings import STRICT, Count, Named, Settings
from study.theory.quotients import quotient

Padding: TypeAlias = Literal["none", "zeros", "reflect", "circular"]

SIDE, KERNEL = 28, 3
TWIN = "_round"
"""What the name of a network's twin ends in, which goes round the edges."""


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
        """Refuse a network with the name of another's twin."""
        for name, network in self.networks.items():
            other = name.removesuffix(TWIN)
            if other != name and other in self.networks:
                raise ValueError(
                    f"networks.{name}={asdict(network)}: the twin of {other} is so named"
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
            small = functional.adaptive_avg_pool2d(images, network.side).double()
            laws[name] = second_moments(small.square().mean(dim=(0, 1)), config.depth)
    return Inputs(images, laws)


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Send noise through one layer and images through many, with several ways to pad.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        The factors of the second moment, and the zero-padded networks layer by layer.
    """
    moments = through_depth(config, inputs.images, draw)
    values = one_layer(config, draw) | factors(moments)
    return Draw(values, {"layers": curves(inputs.laws, moments)})


def exact(_config: Config, inputs: Inputs) -> dict[str, float]:
    """Return what one zero-padded layer leaves of the second moment of these images.

    Args:
        inputs: the images.
    """
    return {"kept_by_edges.images": kept_by_edges(inputs.images.square().mean(dim=(0, 1)))}


def pad(x: Tensor, mode: Padding) -> Tensor:
    """Add one row or column at each of the four sides, or none."""
    if mode == "none":
        return x
    return functional.pad(x, (1,) * 4, mode="constant" if mode == "zeros" else mode)


def one_layer(config: Config, draw: int) -> dict[str, float]:
    """Send noise through one layer for each way to pad, with the same weights.

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
    before = second_moment(noise)
    return {
        f"one_layer.{name}": second_moment(functional.conv2d(pad(noise, mode), weights)) / before
        for name, mode in config.one_layer.items()
    }


def he_weights(shape: tuple[int, ...], generator: Any) -> Tensor:  # noqa: ANN401 - of NumPy
    """Draw Gaussian kernels of variance 2 over the kernel's area times the channels."""
    deviation = weight_std(shape[1] * shape[2] * shape[3], 2.0)
    return deviation * standard_normal(shape, generator, torch.device("cpu"))


def through_depth(config: Config, images: Tensor, draw: int) -> dict[str, list[float]]:
    """Send images through every network, and through its twin that goes round the edges.

    Args:
        config: the settings.
        images: of shape (images, 1, 28, 28), averaged down to the side of each network.
        draw: index of the draw; all networks of a draw have the same weights.

    Returns:
        The second moment of every layer's preactivation, by the name of the network, that of its
        twin with ``TWIN`` behind it.
    """
    weights = []
    for at in range(config.depth):
        generator = random_generator(config.seed, draw, 1 + at)
        inputs = config.channels if at else 1
        weights.append(he_weights((config.channels, inputs, KERNEL, KERNEL), generator))
    ways: dict[str, tuple[int, Padding]] = {}
    for name, network in config.networks.items():
        ways[name] = (network.side, network.padding)
        ways[f"{name}{TWIN}"] = (network.side, "circular")

    def moments(side: int, padding: Padding) -> list[float]:
        signal, found = functional.adaptive_avg_pool2d(images, side), []
        for kernels in weights:
            signal = functional.conv2d(pad(signal, padding), kernels)
            found.append(second_moment(signal))
            signal = signal.relu()
        return found

    known = {way: moments(*way) for way in dict.fromkeys(ways.values())}
    return {name: known[way] for name, way in ways.items()}


def factors(moments: Mapping[str, list[float]]) -> dict[str, float]:
    """Return each network's factor per layer over the upper half, over that of its twin.

    The twin's own factor is 1 on average, and strays in the same draws to the same side. Where all
    is dead there is no number.
    """
    return {
        f"factor.{name}": quotient(mean_factor(of_layers), mean_factor(moments[f"{name}{TWIN}"]))
        for name, of_layers in moments.items()
        if f"{name}{TWIN}" in moments
    }


def mean_factor(moments: list[float]) -> float:
    """Return the mean factor from layer to layer over the upper half of the layers."""
    upper = moments[len(moments) // 2 :]
    return fmean(quotient(after, before) for before, after in pairwise(upper))


def second_moment(values: Tensor) -> float:
    """Return the mean square, summed in float64."""
    return values.double().square().mean().item()


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
            "sample": measured / law[0],
        }
        for name, law in laws.items()
        for layer, (expected, measured) in enumerate(zip(law, moments[name], strict=True), start=1)
    ]


def tables(_config: Config, draws: Draws) -> dict[str, Table]:
    """Average the zero-padded networks over the draws.

    Args:
        draws: the draws.

    Returns:
        ``layers``, with the law behind what was measured; nothing if no network is zero-padded.
    """
    if not all(one.tables["layers"] for one in draws.values()):
        return {}
    columns = ("network", "layer", "mean", "half_width", "law")
    return {"layers": [{name: row[name] for name in columns} for row in means(draws, "layers")]}


# Laws --------------------------------------------------------------------------------------------


def sums_of_neighbours(squares: Tensor) -> Tensor:
    """Add to each entry its eight neighbours; beyond the edges there are zeros."""
    ones = torch.ones(1, 1, KERNEL, KERNEL, dtype=squares.dtype)
    return functional.conv2d(squares[None, None], ones, padding=1)[0, 0]


def second_moments(squares: Tensor, depth: int) -> list[float]:
    """Return the expected second moment of every layer of a zero-padded network with He's weights.

    Args:
        squares: the mean square of every pixel of the input.
        depth: how many layers.

    Returns:
        The second moments of the preactivations, averaged over places.

    **Shapes**: ``squares`` (side, side).
    """
    found, profile = [], 2 * sums_of_neighbours(squares) / KERNEL**2
    for _ in range(depth):
        found.append(profile.mean().item())
        profile = sums_of_neighbours(profile) / KERNEL**2
    return found


def kept_by_edges(squares: Tensor) -> float:
    """Return what one zero-padded layer leaves of the second moment of given pixels."""
    kept = sums_of_neighbours(squares.double()).mean() / KERNEL**2
    return (kept / squares.double().mean()).item()
