"""Settings, one draw, and what is read of it."""

from collections.abc import Callable
from math import sqrt
from typing import Annotated, Literal, TypeAlias

import numpy as np
import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.lab.inits import random_generator, standard_normal
from study.lab.mean_squares import mean_square
from study.lab.mnist import Mnist
from study.record.checks import check_names
from study.record.draws import Draw
from study.record.settings import STRICT, Count, Named, Settings

Mode: TypeAlias = Literal["fan_in", "fan_out"]
FANS: tuple[Mode, Mode] = ("fan_in", "fan_out")

SIDE, FRAMED_SIDE, PATCH_SIDE = 28, 32, 4
"""An image framed to 32 by 32 becomes CUT² channels, and PATCH_SIDE images become one input."""
CHANNELS, PLACES = PATCH_SIDE**3, FRAMED_SIDE // PATCH_SIDE
"""Of an input: its channels, and the places along a side."""


@dataclass(frozen=True, config=STRICT)
class CircularConvolution:
    """A convolution with circular padding, whose stride divides the side of its input."""

    inputs: Count
    outputs: Count
    kernel: Annotated[int, Ge(1), Le(8)]
    stride: Annotated[int, Ge(1), Le(4)]
    groups: Count
    transposed: bool

    def __post_init__(self) -> None:
        """Refuse what torch cannot make, and what would not count every input equally often."""
        for side in ("inputs", "outputs"):
            channels = getattr(self, side)
            if channels % self.groups:
                raise ValueError(
                    f"groups={self.groups}, {side}={channels}: {side} must be a multiple of groups"
                )
        if self.kernel < self.stride:
            raise ValueError(
                f"kernel={self.kernel}, stride={self.stride}: a kernel smaller than the stride "
                "leaves places out"
            )
        if not self.transposed and PLACES % self.stride:
            raise ValueError(
                f"stride={self.stride}: must divide the {PLACES} places of a side of the input"
            )

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape of torch's kernels: inputs and outputs change places if it is transposed."""
        first, second = self.outputs, self.inputs
        if self.transposed:
            first, second = second, first
        return first, second // self.groups, self.kernel, self.kernel

    @property
    def torch_fans(self) -> tuple[int, int]:
        """Fan_in and fan_out as torch reads them off the shape."""
        first, second, height, width = self.shape
        return second * height * width, first * height * width

    @property
    def terms(self) -> tuple[float, float]:
        """How many terms an output adds up, and the gradient of an input, averaged over places."""
        forward, backward = (n * self.kernel**2 / self.groups for n in (self.inputs, self.outputs))
        stride = self.stride**2
        if self.transposed:
            return forward / stride, backward
        return forward, backward / stride


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the layers, and whether the backward pass by hand flips the kernels."""

    images: Annotated[int, Ge(PATCH_SIDE)]
    kinds: Named[CircularConvolution]
    nonlinearity: Literal["linear", "relu"]
    flipped: bool

    def __post_init__(self) -> None:
        """Refuse kinds that images do not fit, or kinds without the one made by torch."""
        check_names("kinds", self.kinds, ("transposed",))
        for name, kind in self.kinds.items():
            if kind.inputs != CHANNELS:
                raise ValueError(
                    f"kinds.{name}.inputs={kind.inputs}: images enter in {CHANNELS} channels"
                )


def prepare(config: Config, mnist: Mnist) -> Tensor:
    """Take the first images of the training split.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The images in channels, of shape (images // 4, 64, 8, 8).
    """
    return in_channels(mnist.standardised(mnist.train.first(config.images).images))


def measure(config: Config, inputs: Tensor, draw: int) -> Draw:
    """Propagate images, noise and gradients through every convolution.

    Args:
        config: the settings.
        inputs: the images in channels.
        draw: index of the draw.

    Returns:
        What :func:`layer_quantities` returns for each layer, and the error of a gradient by hand.
    """
    values: dict[str, float] = {}
    for layer, (name, kind) in enumerate(config.kinds.items(), start=1):
        generator = random_generator(config.seed, draw, layer)
        values |= layer_quantities(config, name, kind, inputs, generator)
    generator = random_generator(config.seed, draw, 0)
    shape = (len(inputs), 8, *inputs.shape[2:])
    x, cotangent = (standard_normal(shape, generator, inputs.device).double() for _ in range(2))
    weights = standard_normal((8, 8, 3, 3), generator, inputs.device).double()
    return Draw(values | {"difference.backward_by_hand": by_hand(config, x, weights, cotangent)})


def exact(config: Config, _inputs: Tensor) -> dict[str, float]:
    """Measure the weights of a new transposed convolution of torch.

    Args:
        config: the settings.

    Returns:
        The largest weight over the bound that the documentation gives.
    """
    return {"largest_over_documented.transposed": largest_weight(config.kinds["transposed"])}


def in_channels(images: Tensor) -> Tensor:
    """Frame images with their background to 32 by 32 and make their pixels into channels.

    **Shapes**: ``images`` (images, 784); the result (images // 4, 64, 8, 8).
    """
    frame = (FRAMED_SIDE - SIDE) // 2
    background = images.min().item()
    pictures = functional.pad(images.view(-1, 1, SIDE, SIDE), (frame,) * 4, value=background)
    patches = functional.pixel_unshuffle(pictures, PATCH_SIDE)
    return patches[: len(patches) // PATCH_SIDE * PATCH_SIDE].reshape(-1, CHANNELS, PLACES, PLACES)


def convolve(kind: CircularConvolution, x: Tensor, weights: Tensor) -> Tensor:
    """Convolve with circular padding, so that every input contributes to equally many outputs.

    Args:
        kind: the layer.
        x: the input.
        weights: torch's kernels.

    Returns:
        The output, smaller or larger by the stride.

    **Shapes**: ``x`` (n, inputs, side, side).
    """
    if not kind.transposed:
        margin = kind.kernel - kind.stride
        x = functional.pad(x, (0, margin, 0, margin), mode="circular")
        return functional.conv2d(x, weights, stride=kind.stride, groups=kind.groups)
    side = kind.stride * x.shape[-1]
    z = functional.conv_transpose2d(x, weights, stride=kind.stride, groups=kind.groups)
    for axis in (2, 3):  # what lies beyond the far edges is added at the near ones
        overhang = z.narrow(axis, side, z.shape[axis] - side)
        z = z.narrow(axis, 0, side).clone()
        z.narrow(axis, 0, overhang.shape[axis]).add_(overhang)
    return z


def layer_quantities(
    config: Config,
    name: str,
    kind: CircularConvolution,
    inputs: Tensor,
    generator: np.random.Generator,
) -> dict[str, float]:
    """Initialise a layer by torch's function for either fan, and propagate signals.

    Args:
        config: the settings.
        name: of the kind.
        kind: the layer.
        inputs: the images in channels.
        generator: of the random numbers.

    Returns:
        With variance 1/fan_in, the factor of the second moment of images and of noise; with
        variance 1/fan_out, that of a random gradient; and the second moment of the outputs at even
        places over that at odd ones.
    """
    seed = int(generator.integers(2**32))
    # The same random numbers, scaled by what torch counts as fan_in and as fan_out.
    for_forward, for_backward = (initialised_kernels(config, kind, mode, seed) for mode in FANS)
    noise = standard_normal(tuple(inputs.shape), generator, inputs.device)
    z = convolve(kind, noise, for_forward)
    cotangent = standard_normal(tuple(z.shape), generator, inputs.device)
    gradient = input_gradient(lambda x: convolve(kind, x, for_backward), noise, cotangent)
    even, odd = (mean_square(z[:, :, parity::2, parity::2]) for parity in (0, 1))
    return {
        f"forward.{name}": mean_square(convolve(kind, inputs, for_forward)) / mean_square(inputs),
        f"forward_of_noise.{name}": mean_square(z) / mean_square(noise),
        f"backward.{name}": mean_square(gradient) / mean_square(cotangent),
        f"even_over_odd_places.{name}": even / odd,
    }


def largest_weight(kind: CircularConvolution) -> float:
    """Make a layer of torch and compare its largest weight with what the documentation gives."""
    layer_class = nn.ConvTranspose2d if kind.transposed else nn.Conv2d
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layer = layer_class(kind.inputs, kind.outputs, kind.kernel, groups=kind.groups)
    bound = sqrt(kind.groups / (kind.outputs * kind.kernel**2))
    return layer.weight.abs().max().item() / bound


def initialised_kernels(config: Config, kind: CircularConvolution, mode: Mode, seed: int) -> Tensor:
    """Draw kernels by torch's function, of variance 1 over the fan that it counts if linear."""
    return nn.init.kaiming_uniform_(
        torch.empty(kind.shape),
        mode=mode,
        nonlinearity=config.nonlinearity,
        generator=torch.Generator().manual_seed(seed),
    )


def input_gradient(function: Callable[[Tensor], Tensor], x: Tensor, cotangent: Tensor) -> Tensor:
    """Return the vector-Jacobian product of a function, by autograd."""
    inputs = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(function(inputs), inputs, cotangent)
    return gradient


def by_hand(config: Config, x: Tensor, weights: Tensor, cotangent: Tensor) -> float:
    """Compare the backward pass of a zero-padded convolution with one by rearranged kernels.

    Args:
        config: the settings, which say whether the kernels are flipped.
        x: the input.
        weights: the kernels, of odd side.
        cotangent: the gradient with respect to the output.

    Returns:
        The largest difference from autograd, relative to the largest entry.
    """
    padding = weights.shape[-1] // 2
    kernels = (weights.flip(2, 3) if config.flipped else weights).transpose(0, 1)
    gradient = functional.conv2d(cotangent, kernels, padding=weights.shape[-1] - 1 - padding)
    autograd_gradient = input_gradient(
        lambda h: functional.conv2d(h, weights, padding=padding), x, cotangent
    )
    return ((gradient - autograd_gradient).abs().max() / autograd_gradient.abs().max()).item()
