"""Mean and standard deviation of all pixels, exact and by float32 sums; and standardising."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import fsum, sqrt
from typing import Literal, TypeAlias, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from study.lab.mnist import Mnist, Split

BYTES = 256
"""How many values a byte has."""

Part: TypeAlias = Literal["training", "validation", "test"]
PARTS: tuple[Part, ...] = get_args(Part)
ImageSet: TypeAlias = Literal["training", "all"]
"""The training images, or these and the validation images."""


@dataclass(frozen=True)
class Histogram:
    """How many pixels have each byte value, and how many images they belong to.

    The counts are integers, so all statistics of the pixels follow without a rounded sum.
    """

    counts: tuple[int, ...]
    images: int

    @property
    def pixels(self) -> int:
        """Number of pixels of all images."""
        return sum(self.counts)

    def moments(self, divisor: float) -> tuple[float, float]:
        r"""Mean and standard deviation of byte over divisor, over all pixels of all images.

        .. math::
            \mu = \frac1N \sum_{b=0}^{255} c_b \frac{b}{d}, \qquad
            \sigma^2 = \frac{1}{N-1} \sum_{b=0}^{255} c_b \left(\frac{b}{d} - \mu\right)^2

        Args:
            divisor: ``d``, what a byte is divided by.

        Returns:
            The mean ``μ`` and the deviation ``σ``; as in ``torch.std`` by ``N - 1``, which for so
            many pixels changes no printed digit.
        """
        return self.moments_of([byte / divisor for byte in range(BYTES)])

    def moments_of(self, values: Iterable[float]) -> tuple[float, float]:
        """Mean and standard deviation of all pixels, given the value of each byte.

        Args:
            values: of each of the 256 bytes.

        Returns:
            The mean and the deviation, from sums that are rounded once.
        """
        pairs = list(zip(self.counts, values, strict=True))
        mean = fsum(count * value for count, value in pairs) / self.pixels
        squares = fsum(count * (value - mean) ** 2 for count, value in pairs)
        return mean, sqrt(squares / (self.pixels - 1))

    def __add__(self, addend: "Histogram") -> "Histogram":
        """Return the histogram of the images of both."""
        counts = tuple(a + b for a, b in zip(self.counts, addend.counts, strict=True))
        return Histogram(counts, self.images + addend.images)


def pixel_scale(images: Tensor) -> float:
    """Return what the bytes of images were divided by; the brightest pixel is the byte 255.

    >>> pixel_scale(torch.tensor([[0.0, 255 / 256]]))
    256.0
    """
    return 255 / float(images.max())


def histogram(images: Tensor, scale: float) -> Histogram:
    """Count the byte values of images.

    Args:
        images: pixels as byte over pixel scale.
        scale: what the bytes were divided by.

    Returns:
        The counts.

    **Shapes**: ``images`` (images, pixels).

    >>> histogram(torch.tensor([[0.0, 0.5]]), scale=2).counts[:2]
    (1, 1)
    """
    counts = np.zeros(BYTES, np.int64)
    for block in torch.split(images, 1000):  # to save memory
        byte_values = (block * scale).round().to(torch.uint8).cpu().numpy()
        counts += np.bincount(byte_values.ravel(), minlength=BYTES)
    return Histogram(tuple(counts.tolist()), len(images))


@dataclass(frozen=True)
class Pixels:
    """A data set with the histogram of each part.

    Attributes:
        mnist: the data.
        scale: what its bytes were divided by.
        counts: the histogram of each part.
        mean: subtracted to standardise.
        deviation: the divisor to standardise.
    """

    mnist: Mnist
    scale: float
    counts: Mapping[Part, Histogram]
    mean: float
    deviation: float

    def histogram(self, images: ImageSet) -> Histogram:
        """Return the histogram of the training images, or of these and the validation images."""
        training, validation = self.counts["training"], self.counts["validation"]
        return training if images == "training" else training + validation

    def split(self, part: Part) -> Split:
        """Return a part of the data."""
        mnist = self.mnist
        splits = {"training": mnist.train, "validation": mnist.validation, "test": mnist.test}
        return splits[part]

    def standardised_bytes(self, mean: float | None = None) -> list[float]:
        r"""Return the value of each of the 256 bytes :math:`b` after standardising.

        .. math:: \frac{b/d - \mu}{\sigma}

        Args:
            mean: ``μ``, if it is not the exact one.
        """
        shift = self.mean if mean is None else mean
        return [(byte / self.scale - shift) / self.deviation for byte in range(BYTES)]

    def shares(self, *, bytes_per_bin: int) -> list[Mapping[str, float]]:
        """Sort the training pixels into bins.

        Args:
            bytes_per_bin: how many byte values share a bin.

        Returns:
            Rows of the bin's lower end, before and after standardising, and the share of pixels.
        """
        training, values = self.counts["training"], self.standardised_bytes()
        return [
            {
                "byte": byte,
                "standardised": values[byte],
                "share": sum(training.counts[byte : byte + bytes_per_bin]) / training.pixels,
            }
            for byte in range(0, BYTES, bytes_per_bin)
        ]


def read_pixels(mnist: Mnist, standardised_by: ImageSet) -> Pixels:
    """Count the bytes of the data, independently of their divisor.

    Args:
        mnist: the data.
        standardised_by: the images whose mean and standard deviation standardise.

    Returns:
        The data with its histograms.
    """
    scale = pixel_scale(mnist.train.images)
    raw = Pixels(mnist, scale, {}, mean=0.0, deviation=1.0)
    counts = {part: histogram(raw.split(part).images, scale) for part in PARTS}
    pixels = replace(raw, counts=counts)
    mean, deviation = pixels.histogram(standardised_by).moments(scale)
    return replace(pixels, mean=mean, deviation=deviation)


def float32_mean(
    values: NDArray[np.float32], *, chunks: int, accumulators: int, lanes: int
) -> np.float32:
    r"""Mean of numbers whose sum is rounded to float32 after every addition.

    The numbers are cut into consecutive chunks, one per thread. Number :math:`i` of a chunk is
    added to running sum :math:`i \bmod (\text{accumulators} \cdot \text{lanes})`. In the end the
    accumulators of a chunk are added in pairs, then its lanes, then the chunks, each in order.
    With 2 chunks, 4 accumulators and 8 lanes this is the sum of two threads with vector registers
    of eight numbers.

    Args:
        values: the numbers, in the order of memory.
        chunks: into how many consecutive pieces they are cut.
        accumulators: vector registers of a chunk, a power of two.
        lanes: numbers in a register.

    Returns:
        The mean in float32. Additions of IEEE 754 are the same on every processor, so it is, too.

    **Shapes**: ``values`` of any shape.

    >>> large = np.array([2**24, 1, 1, 2], np.float32)  # 2**24 + 1 is no float32 number
    >>> 4 * float(float32_mean(large, chunks=1, accumulators=1, lanes=1)) - 2**24
    2.0
    """
    width = accumulators * lanes
    flat = values.reshape(-1)
    padding = -len(flat) % (chunks * width)
    numbers = np.concatenate([flat, np.zeros(padding, np.float32)]) if padding else flat
    total = np.float32(0)
    for chunk in numbers.reshape(chunks, -1, width):
        registers = _running_sums(chunk).reshape(accumulators, lanes)
        while len(registers) > 1:
            registers = registers[0::2] + registers[1::2]
        total += _running_sums(registers[0].reshape(-1, 1))[0]
    return np.float32(total / np.float32(flat.size))


def _running_sums(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add the rows one after the other; ``accumulate`` fixes that order, ``sum`` does not."""
    sums = np.zeros(rows.shape[1], np.float32)
    for block in np.array_split(rows, 1 + len(rows) // 2**14):  # to save memory
        sums = np.add.accumulate(np.concatenate([sums[None], block]), axis=0)[-1]
    return sums


class Affine(nn.Module):
    r"""Images times a factor plus a shift, in float64, as the first layer of a network.

    .. math:: x \mapsto a \odot x + s

    So one tensor of images serves networks that standardise it in different ways. In float64 a
    training run is the same on every processor, to many more digits than are stored.

    **Shapes**: images (images, pixels); factor and shift of a shape that broadcasts to it.
    """

    def __init__(self, factor: "Tensor | float", shift: "Tensor | float") -> None:
        super().__init__()
        self.factor, self.shift = factor, shift

    def forward(self, images: Tensor) -> Tensor:
        """Return the images, scaled and shifted."""
        return images.double() * self.factor + self.shift


def standardiser(mean: float, deviation: float) -> Affine:
    r"""Return the layer that subtracts a mean and divides by a deviation.

    .. math:: x \mapsto \frac{x - \mu}{\sigma} = \frac1\sigma\, x - \frac\mu\sigma

    Args:
        mean: ``μ``.
        deviation: ``σ``.

    Returns:
        The layer.

    >>> standardiser(3.0, 2.0)(torch.tensor([[1.0, 7.0]]))
    tensor([[-1.,  2.]], dtype=torch.float64)
    """
    return Affine(1 / deviation, -mean / deviation)


def affine_preactivation(layer: Affine, products: Tensor, weights: Tensor) -> Tensor:
    r"""Compute the preactivation of scaled and shifted images from that of the images.

    .. math:: (a x + s \mathbf 1)\, W = a\, (x W) + s\, (\mathbf 1 W)

    So the large product is computed once for all scales and shifts.

    Args:
        layer: scales by ``a`` and shifts by ``s``, each the same for all pixels of an image.
        products: of the images and the weights, ``x W``.
        weights: as ``torch.nn.Linear`` stores them, the transpose of ``W``.

    Returns:
        The preactivations without bias.

    **Shapes**: ``products`` (images, fan_out), ``weights`` (fan_out, fan_in).
    """
    return layer.factor * products + layer.shift * weights.sum(dim=1)
