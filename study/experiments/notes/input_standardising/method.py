"""Settings, one draw, and what is read of it."""

from math import sqrt
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from study.experiments.notes.pixels import (
    PARTS,
    Affine,
    ImageSet,
    Part,
    Pixels,
    affine_preactivation,
    float32_mean,
    read_pixels,
    standardiser,
)
from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.mnist import Mnist
from study.record.draws import Draw, Draws
from study.record.results import Table
from study.record.settings import STRICT, Count, Named, Settings, Units

MOST_SUMS = 1_000_000
"""How many running sums a kernel may have; each is a number for every chunk, register and lane."""


@dataclass(frozen=True, config=STRICT)
class Convention:
    """The images whose statistics are taken, and the divisor of a byte."""

    images: ImageSet
    divisor: Annotated[float, Ge(1e-6), Le(1e6)]


@dataclass(frozen=True, config=STRICT)
class Summation:
    """How pixels are summed: exactly, or in float32 in the order of a kernel."""

    float32: bool
    chunks: Count
    accumulators: Literal[1, 2, 4, 8]
    lanes: Count

    def __post_init__(self) -> None:
        """Check that the running sums fit into memory."""
        sums = self.chunks * self.accumulators * self.lanes
        if sums > MOST_SUMS:
            raise ValueError(
                f"chunks={self.chunks}, accumulators={self.accumulators}, lanes={self.lanes}: "
                f"their product must be at most {MOST_SUMS}"
            )


@dataclass(frozen=True, config=STRICT)
class Interpretation:
    """How the notes' ambiguous words are interpreted.

    Attributes:
        near_one: the statistic that should be near one.
        axis_of_n: the tensor axis that *n* denotes.
        axis_of_m: the tensor axis that *m* denotes.
        activations: those that are counted: of all layers, or the outputs.
    """

    near_one: Literal["mean", "deviation"]
    axis_of_n: Literal[0, 1]
    axis_of_m: Literal[0, 1]
    activations: Literal["all", "outputs"]


@dataclass(frozen=True, config=STRICT)
class Input:
    """Inputs of a first layer: which images, standardised or from 0 to 1."""

    part: Part
    standardise: bool


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the conventions, summations and interpretation, the network, and its inputs."""

    hidden: Units
    standardised_by: ImageSet
    statistics: Named[Convention]
    sums: Named[Summation]
    reading: Interpretation
    printed: tuple[int, int, int]
    inputs: Named[Input]


def prepare(config: Config, mnist: Mnist) -> Pixels:
    """Count the bytes of the data, and compute mean and standard deviation from the counts.

    Args:
        config: the settings.
        mnist: the data.
    """
    return read_pixels(mnist, config.standardised_by)


def measure(config: Config, pixels: Pixels, draw: int) -> Draw:
    """Measure one first layer, of weight variance 1/n, on each input.

    Args:
        config: the settings.
        pixels: the data.
        draw: index of the draw.

    Returns:
        The second moment of the preactivations of each input, that over the first input's, and
        the size, its root, over the first input's; and the histogram of the training pixels,
        which does not depend on the draw.
    """
    images = pixels.split("training").images
    generator = random_generator(config.seed, draw, 1)
    weights = standard_normal((config.hidden, images.shape[1]), generator, images.device)
    weights *= weight_std(images.shape[1], 1.0)
    products = {part: pixels.split(part).images @ weights.T for part in PARTS}
    standard_layer = standardiser(pixels.mean, pixels.deviation)
    unit_range = Affine(pixels.scale / 255, 0.0)  # from 0 to 1, for any divisor of the bytes
    second_moments = {}
    for name, inputs in config.inputs.items():
        layer = standard_layer if inputs.standardise else unit_range
        preactivation = affine_preactivation(layer, products[inputs.part], weights)
        second_moments[name] = preactivation.double().square().mean().item()
    first = next(iter(second_moments.values()))
    values = {
        f"{quantity}.{name}": value
        for name, second_moment in second_moments.items()
        for quantity, value in (
            ("second_moment", second_moment),
            ("second_moment_over_first", second_moment / first),
            ("size_over_first", sqrt(second_moment / first)),
        )
    }
    return Draw(values, {"pixels": pixels.shares(bytes_per_bin=8)})


def tables(_config: Config, draws: Draws) -> dict[str, Table]:
    """Return the histogram of the pixels; all draws have the same."""
    first = next(iter(draws.values()))
    return {"pixels": list(first.tables["pixels"])}


def exact(config: Config, pixels: Pixels) -> dict[str, float]:
    """Compute the statistics of the pixels, before and after standardising, and their counts.

    Args:
        config: the settings.
        pixels: the data.
    """
    return (
        conventions(config, pixels) | after_standardising(config, pixels) | shapes(config, pixels)
    )


def conventions(config: Config, pixels: Pixels) -> dict[str, float]:
    """Return the moments of the pixels by each convention, and the number of constant pixels.

    A constant pixel has the same value in all training images.
    """
    values: dict[str, float] = {}
    for name, convention in config.statistics.items():
        mean, deviation = pixels.histogram(convention.images).moments(convention.divisor)
        values |= {
            f"pixel_mean.{name}": mean,
            f"pixel_deviation.{name}": deviation,
            f"pixel_second_moment.{name}": deviation**2 + mean**2,
        }
    images = pixels.mnist.train.images
    constant = images.amax(dim=0) == images.amin(dim=0)
    return values | {"constant_pixels.training": float(constant.sum())}


def after_standardising(config: Config, pixels: Pixels) -> dict[str, float]:
    """Return mean and standard deviation of each part after standardising, by each summation.

    Torch's own mean, some 1e-8, is rounded, since its digits depend on the processor.
    """
    values: dict[str, float] = {}
    for name, sums in config.sums.items():
        values[f"raw_mean.{name}"] = raw_mean(pixels, sums)
        for part, (mean, deviation) in standardised_moments(pixels, sums).items():
            values |= {f"{part}_mean.{name}": mean, f"{part}_deviation.{name}": deviation}
    counts, images = pixels.counts["training"], pixels.split("training").images
    raw_moments, moments = (
        counts.moments(pixels.scale),
        counts.moments_of(pixels.standardised_bytes()),
    )
    statistic = ("mean", "deviation").index(config.reading.near_one)
    by_torch = (images - images.mean()) / images.std()
    return values | {
        "training_mean.torch": round(float(by_torch.mean()), 8),
        "distance_from_zero_and_one.training": without_rounding(
            max(abs(moments[0]), abs(moments[1] - 1))
        ),
        "distance_from_one_left.as_read": abs(moments[statistic] - 1)
        / abs(raw_moments[statistic] - 1),
    }


def standardised_moments(pixels: Pixels, sums: Summation) -> dict[Part, tuple[float, float]]:
    """Standardise each part of the data and compute its moments by a summation.

    Args:
        pixels: the data.
        sums: of the means. Standard deviations are exact, since rounding does not change their
            printed digits.

    Returns:
        Mean and deviation of each part.
    """
    mean = raw_mean(pixels, sums)
    values = pixels.standardised_bytes(mean)
    moments = {part: counts.moments_of(values) for part, counts in pixels.counts.items()}
    if not sums.float32:
        return {
            part: (without_rounding(mean_), deviation)
            for part, (mean_, deviation) in moments.items()
        }
    # The same operations as in the note, so that they are rounded alike.
    shift, scale = np.float32(mean), np.float32(pixels.deviation)
    return {
        part: (
            rounded_mean((pixels.split(part).images.cpu().numpy() - shift) / scale, sums),
            exact_mean,
        )
        for part, (_, exact_mean) in moments.items()
    }


def without_rounding(number: float) -> float:
    """Round to 12 decimals; adding 0 turns -0 into 0."""
    return round(number, 12) + 0.0


def raw_mean(pixels: Pixels, sums: Summation) -> float:
    """Return the mean that standardises; in float32, that of the training images."""
    if not sums.float32:
        return pixels.mean
    return rounded_mean(pixels.split("training").images.cpu().numpy(), sums)


def rounded_mean(numbers: NDArray[np.float32], sums: Summation) -> float:
    """Return the mean of numbers that are summed in float32."""
    lanes = {"accumulators": sums.accumulators, "lanes": sums.lanes}
    return float(float32_mean(numbers, chunks=sums.chunks, **lanes))


def shapes(config: Config, pixels: Pixels) -> dict[str, float]:
    """Count what n, m and c denote, by the interpretation of the notes' words."""
    split, reading = pixels.mnist.train, config.reading
    count, width = pixels.histogram(config.standardised_by).images, split.images.shape[1]
    classes = int(split.labels.max()) + 1
    half = split.images[: len(split.images) // 2]
    ratios = [part / whole for part, whole in zip(half.shape, split.images.shape, strict=True)]
    outputs = len(set(split.labels.tolist()))  # one for each digit
    hidden_units = config.hidden if reading.activations == "all" else 0
    return {
        "images.training": float(count),
        "pixels.training": float(width),
        "classes.training": float(classes),
        "shapes_as_printed.training": float((count, width, classes) == config.printed),
        "axis_left_by_half_of_the_images.n": ratios[reading.axis_of_n],
        "axis_left_by_half_of_the_images.m": ratios[reading.axis_of_m],
        "classes_over_activations.as_read": classes / (hidden_units + outputs),
    }
