"""Settings, one draw, and what is read of it."""

import dataclasses
from math import prod, sqrt
from statistics import fmean
from typing import Annotated, NamedTuple

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.lab.inits import random_generator, standard_normal
from study.lab.mean_squares import mean_square, unit_mean_square
from study.lab.mnist import Mnist
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Settings, Several, Width

PIXELS, SIDE = 784, 28


@dataclass(frozen=True, config=STRICT)
class LinearNetwork:
    """A network of linear layers of equal width, a ReLU after each."""

    width: Width
    depth: Annotated[int, Ge(4), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class ConvolutionalNetwork:
    """A network of convolutions with equally many channels, a ReLU after each."""

    channels: Annotated[int, Ge(1), Le(1024)]
    kernel: Annotated[int, Ge(1), Le(7)]
    depth: Annotated[int, Ge(3), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: how layers are initialised, and the two networks."""

    images: Several
    slope: Annotated[float, Ge(0), Le(10)]
    bias_scale: Annotated[float, Ge(0), Le(10)]
    linear: LinearNetwork
    convolution: ConvolutionalNetwork


@dataclasses.dataclass(frozen=True)
class PreactivationStatistics:
    """Statistics of the preactivations of every layer of one network.

    ``of_biases`` is the second moment for an input of zeros, which the biases alone make; the
    others are over the images.

    **Shapes**: each tensor (depth,), in float64; entry 0 belongs to layer 1.
    """

    second_moment: Tensor
    of_biases: Tensor
    image_variance: Tensor
    gradient_second_moment: Tensor


class Inputs(NamedTuple):
    """The images, each of mean square 1.

    **Shapes**: ``images`` (images, 784); ``pictures``, at a quarter of the resolution,
    (images, 1, 7, 7).
    """

    images: Tensor
    pictures: Tensor


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split.

    Args:
        config: the settings.
        mnist: the data.
    """
    images = unit_mean_square(mnist.standardised(mnist.train.first(config.images).images))
    every_fourth = images.view(-1, 1, SIDE, SIDE)[:, :, ::4, ::4].flatten(1)
    return Inputs(images, unit_mean_square(every_fourth).view(-1, 1, SIDE // 4, SIDE // 4))


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Initialise networks as torch does and propagate images and a random gradient.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What the claims read, and the curves of the linear network.
    """
    layers = propagate_linear(config, inputs.images, draw)
    values = (
        quantities(layers)
        | parameter_quantities(config, draw)
        | convolution_quantities(config, inputs.pictures, draw)
    )
    return Draw(values, {"layers": curves(layers)})


def initialised_layer(
    config: Config, shape: tuple[int, ...], draw: int, layer: int
) -> tuple[Tensor, Tensor]:
    """Draw weights and biases as torch's layers do, from a generator of their own.

    Args:
        config: the settings; by torch's defaults the bound of both is ``1/√fan_in``.
        shape: of the weights, outputs first.
        draw: index of the draw.
        layer: index of the layer.

    Returns:
        The weights and the biases.
    """
    seed = int(random_generator(config.seed, draw, layer).integers(2**32))
    return initialised_by(config, shape, torch.Generator().manual_seed(seed))


def initialised_by(
    config: Config, shape: tuple[int, ...], generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw weights and biases in the order of torch's ``reset_parameters``."""
    weights = nn.init.kaiming_uniform_(torch.empty(shape), a=config.slope, generator=generator)
    bound = config.bias_scale / sqrt(prod(shape[1:]))
    biases = nn.init.uniform_(torch.empty(shape[0]), -bound, bound, generator=generator)
    return weights, biases


def linear_shapes(config: Config) -> list[tuple[int, int]]:
    """Return the shapes of the weights of the linear network, first layer first."""
    width, depth = config.linear.width, config.linear.depth
    return [(width, PIXELS), *[(width, width)] * (depth - 1)]


def propagate_linear(config: Config, images: Tensor, draw: int) -> PreactivationStatistics:
    """Draw a linear network and a gradient, and propagate images forward and it backward.

    In float64 after the weights are drawn: the variance over the images falls below the rounding
    of float32 within the depth of this network.

    Args:
        config: the settings.
        images: of shape (images, pixels).
        draw: index of the draw.

    Returns:
        The statistics of each layer.
    """
    shapes = linear_shapes(config)
    parameters = [
        initialised_layer(config, shape, draw, layer) for layer, shape in enumerate(shapes, start=1)
    ]
    activation = torch.cat([images, torch.zeros_like(images[:1])]).double()
    preactivations = []
    for weights, biases in parameters:
        preactivations.append(activation @ weights.double().T + biases.double())
        activation = preactivations[-1].relu()
    generator = random_generator(config.seed, draw, 0)
    on_activation = standard_normal((len(images), shapes[-1][0]), generator, images.device).double()
    gradient_moments = []
    for (weights, _), z in zip(reversed(parameters), reversed(preactivations), strict=True):
        on_preactivation = on_activation * (z[:-1] > 0)
        gradient_moments.append(on_preactivation.square().mean())
        on_activation = on_preactivation @ weights.double()
    return PreactivationStatistics(
        torch.stack([z[:-1].square().mean() for z in preactivations]),
        torch.stack([z[-1].square().mean() for z in preactivations]),
        torch.stack([z[:-1].var(dim=0, correction=0).mean() for z in preactivations]),
        torch.stack(gradient_moments[::-1]),
    )


def quantities(layers: PreactivationStatistics) -> dict[str, float]:
    """Reduce one linear network to the quantities that claims read.

    Args:
        layers: its statistics.

    Returns:
        The factor of the second moment from layer 1 to 2; the last second moment; in the upper
        half, where the biases dominate, the mean factor per layer of the variance over images; the
        mean factor of the gradient; and the first layer in which the biases outweigh the image.
    """
    moments, differences = layers.second_moment, layers.image_variance
    upper = differences[len(differences) // 2 :]
    gradients = layers.gradient_second_moment
    of_image = moments - layers.of_biases
    bias_layers = (layers.of_biases > of_image).nonzero()
    return {
        "first_factor.linear": float(moments[1] / moments[0]),
        "last_second_moment.linear": float(moments[-1]),
        "image_factor.linear": float((upper[1:] / upper[:-1]).mean()),
        "gradient_factor.linear": float((gradients[:-1] / gradients[1:]).mean()),
        "bias_outweighs_image.linear": float(bias_layers[0] + 1 if len(bias_layers) else 0),
    }


def parameter_quantities(config: Config, draw: int) -> dict[str, float]:
    """Measure the weights of the first layer and the biases of all layers.

    Args:
        config: the settings.
        draw: index of the draw.

    Returns:
        The largest weight times the root of the fan_in; and of the biases of all layers the mean
        square, each times the root of its fan_in.
    """
    shapes = linear_shapes(config)
    weights, _ = initialised_layer(config, shapes[0], draw, 1)
    biases = [
        initialised_layer(config, shape, draw, layer)[1] * sqrt(shape[1])
        for layer, shape in enumerate(shapes, start=1)
    ]
    return {
        "largest_times_root_fan_in.linear": weights.abs().max().item() * sqrt(PIXELS),
        "fan_in_times_variance.bias": mean_square(torch.cat(biases)),
    }


def convolution_quantities(config: Config, pictures: Tensor, draw: int) -> dict[str, float]:
    """Propagate images through convolutions with circular padding, with and without biases.

    Args:
        config: the settings.
        pictures: of shape (images, 1, height, width).
        draw: index of the draw.

    Returns:
        Without biases, the mean factor per layer; with them, the second moment times the fan_in,
        over the last third of the layers.
    """
    channels, kernel = config.convolution.channels, config.convolution.kernel
    padding = (kernel // 2, (kernel - 1) // 2) * 2
    moments: dict[bool, list[float]] = {}
    for with_biases in (False, True):
        signal, moments[with_biases] = pictures, []
        for index in range(config.convolution.depth):
            shape = (channels, signal.shape[1], kernel, kernel)
            weights, biases = initialised_layer(
                config, shape, draw, config.linear.depth + 1 + index
            )
            signal = functional.conv2d(
                functional.pad(signal, padding, mode="circular"),
                weights,
                biases if with_biases else None,
            )
            moments[with_biases].append(mean_square(signal))
            signal = signal.relu()
    without_biases = torch.tensor(moments[False], dtype=torch.float64)
    factors = without_biases[1:] / without_biases[:-1]  # NaN where all units are dead
    last = moments[True][-(config.convolution.depth // 3) :]
    return {
        "factor.convolution": fmean(factors.tolist()),
        "second_moment_times_fan_in.convolution": fmean(last) * channels * kernel**2,
    }


def exact(config: Config, _inputs: Inputs) -> dict[str, float]:
    """Compare new layers of torch with ours, drawn from the same seed, bit by bit.

    Args:
        config: the settings.

    Returns:
        1 for each kind of layer whose weights and biases are the same numbers, else 0.
    """
    width, conv = config.linear.width, config.convolution
    values = {}
    for name in ("linear", "convolution"):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            state = (
                nn.Linear(PIXELS, width)
                if name == "linear"
                else nn.Conv2d(conv.channels, conv.channels, conv.kernel)
            ).state_dict()
        shape = tuple(state["weight"].shape)
        weights, biases = initialised_by(config, shape, torch.Generator().manual_seed(0))
        equal = torch.equal(state["weight"], weights) and torch.equal(state["bias"], biases)
        values[f"same_as_torch.{name}"] = float(equal)
    return values


def curves(layers: PreactivationStatistics) -> list[Row]:
    """Return every statistic of every layer.

    Args:
        layers: the statistics of the linear network.
    """
    return [
        {"layer": layer, "quantity": quantity, "sample": sample}
        for quantity, by_layer in vars(layers).items()
        for layer, sample in enumerate(by_layer.tolist(), start=1)
    ]
