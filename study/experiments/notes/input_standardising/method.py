"""Input statistics before and after standardising.

Mean and deviation of the pixels by several conventions, and as sums in float32 give them; what the
letters n, m and c of the notes count; and the size of a first layer on several inputs.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import numpy as np
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.mnist import Mnist
from study.experiments.notes.pixels import (
    PARTS,
    Affine,
    Images,
    Part,
    Pixels,
    float32_mean,
    read_pixels,
    standardiser,
    through,
)
from study.record.claims import Claim, Fault, Untested, around, printed
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run
from study.theory.sources import FROM_SCRATCH_NOTE, NORMALISATION_NOTE, SHORT_NOTE, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Count: TypeAlias = Annotated[int, Ge(1), Le(1_000_000)]


@dataclass(frozen=True, config=STRICT)
class Convention:
    """Of which images, and by which divisor of a byte, statistics are taken."""

    images: Images
    divisor: Annotated[float, Gt(0)]


@dataclass(frozen=True, config=STRICT)
class Sums:
    """How pixels are summed: exactly, or in float32 in the order of a kernel."""

    float32: bool
    chunks: Count
    accumulators: Literal[1, 2, 4, 8]
    lanes: Count


@dataclass(frozen=True, config=STRICT)
class Reading:
    """How words are read: what is to be near one, which axes n and m are, which activations."""

    near_one: Literal["mean", "deviation"]
    axis_of_n: Literal[0, 1]
    axis_of_m: Literal[0, 1]
    activations: Literal["all", "outputs"]


@dataclass(frozen=True, config=STRICT)
class Input:
    """Images given to a first layer: which, and standardised or from 0 to 1."""

    part: Part
    standardise: bool


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the conventions, sums and readings compared, the network, and the ways."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Count
    hidden: Annotated[int, Ge(1), Le(16_384)]
    standardised_by: Images
    statistics: Annotated[dict[str, Convention], MinLen(1)]
    sums: Annotated[dict[str, Sums], MinLen(1)]
    reading: Reading
    printed: tuple[int, int, int]
    inputs: dict[str, Input]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Compute the statistics of the pixels, and draw one first layer per draw.

    Args:
        config: the settings.
        mnist: the data.
        draws: the indices of the draws to make.

    Returns:
        Exact statistics; per draw, the second moments of the first layer; the histogram of pixels.
    """
    pixels = read_pixels(mnist, config.standardised_by)
    return Result.of(
        {draw: first_layer(config, pixels, draw) for draw in draws},
        tables={"pixels": pixels.shares(bytes_per_bin=8)},
        exact=conventions(config, pixels)
        | after_standardising(config, pixels)
        | shapes(config, pixels),
    )


# What no draw touches ----------------------------------------------------------------------------


def conventions(config: Config, pixels: Pixels) -> dict[str, float]:
    """Give the moments of the pixels by each convention, and how many pixels are constant.

    A constant pixel has the same value in all training images.
    """
    found: dict[str, float] = {}
    for name, convention in config.statistics.items():
        mean, deviation = pixels.of(convention.images).moments(convention.divisor)
        found |= {
            f"pixel_mean.{name}": mean,
            f"pixel_deviation.{name}": deviation,
            f"pixel_second_moment.{name}": deviation**2 + mean**2,
        }
    images = pixels.mnist.train.images
    constant = images.amax(dim=0) == images.amin(dim=0)
    return found | {"constant_pixels.training": float(constant.sum())}


def after_standardising(config: Config, pixels: Pixels) -> dict[str, float]:
    """Give mean and deviation of each part after standardising, by each way to sum.

    Torch's own mean, some 1e-8, is rounded, for its digits are those of the processor at hand.
    """
    found: dict[str, float] = {}
    for name, sums in config.sums.items():
        found[f"raw_mean.{name}"] = raw_mean(pixels, sums)
        for part, (mean, deviation) in standardised_moments(pixels, sums).items():
            found |= {f"{part}_mean.{name}": mean, f"{part}_deviation.{name}": deviation}
    counts, images = pixels.counts["training"], pixels.split("training").images
    raw, now = counts.moments(pixels.scale), counts.moments_of(pixels.standardised_bytes())
    named = ("mean", "deviation").index(config.reading.near_one)
    by_torch = (images - images.mean()) / images.std()
    return found | {
        "training_mean.torch": round(float(by_torch.mean()), 8),
        "distance_from_zero_and_one.training": without_rounding(max(abs(now[0]), abs(now[1] - 1))),
        "distance_from_one_left.as_read": abs(now[named] - 1) / abs(raw[named] - 1),
    }


def standardised_moments(pixels: Pixels, sums: Sums) -> dict[Part, tuple[float, float]]:
    """Standardise each part of the data, and sum all along as told.

    Args:
        pixels: the data.
        sums: how the means are summed. Deviations are exact, for they are printed to digits that
            rounding does not reach.

    Returns:
        Mean and deviation of each part.
    """
    mean = raw_mean(pixels, sums)
    values = pixels.standardised_bytes(mean)
    found = {part: counts.moments_of(values) for part, counts in pixels.counts.items()}
    if not sums.float32:
        return {part: (without_rounding(own), spread) for part, (own, spread) in found.items()}
    # The same operations on the same numbers as the note's, so that they round as there.
    shift, scale = np.float32(mean), np.float32(pixels.deviation)
    return {
        part: (rounded_mean((pixels.split(part).images.cpu().numpy() - shift) / scale, sums), own)
        for part, (_, own) in found.items()
    }


def without_rounding(number: float) -> float:
    """Cut off what a float64 cannot tell from 0 beside 1; the sum turns a -0 into 0."""
    return round(number, 12) + 0.0


def raw_mean(pixels: Pixels, sums: Sums) -> float:
    """Return the mean that standardises; in float32, that of the training images."""
    if not sums.float32:
        return pixels.mean
    return rounded_mean(pixels.split("training").images.cpu().numpy(), sums)


def rounded_mean(numbers: NDArray[np.float32], sums: Sums) -> float:
    """Return the mean of numbers that are summed in float32."""
    lanes = {"accumulators": sums.accumulators, "lanes": sums.lanes}
    return float(float32_mean(numbers, chunks=sums.chunks, **lanes))


def shapes(config: Config, pixels: Pixels) -> dict[str, float]:
    """Count what n, m and c stand for, and try the words that the notes have for them."""
    split, reading = pixels.mnist.train, config.reading
    count, width = pixels.of(config.standardised_by).images, split.images.shape[1]
    classes = int(split.labels.max()) + 1
    half = split.images[: len(split.images) // 2]
    left = [part / whole for part, whole in zip(half.shape, split.images.shape, strict=True)]
    outputs = len(set(split.labels.tolist()))  # one for each digit
    others = config.hidden if reading.activations == "all" else 0
    return {
        "images.training": float(count),
        "pixels.training": float(width),
        "classes.training": float(classes),
        "shapes_as_printed.training": float((count, width, classes) == config.printed),
        "axis_left_by_half_of_the_images.n": left[reading.axis_of_n],
        "axis_left_by_half_of_the_images.m": left[reading.axis_of_m],
        "classes_over_activations.as_read": classes / (others + outputs),
    }


# What is measured over draws ---------------------------------------------------------------------


def first_layer(config: Config, pixels: Pixels, draw: int) -> dict[str, float]:
    """Measure the size of one first layer of weight variance 1/n on each input.

    Args:
        config: the settings.
        pixels: the data.
        draw: index of the draw.

    Returns:
        The second moment of the preactivations of each input, that over the first input's, and
        the size, its root, over the first input's.
    """
    images = pixels.split("training").images
    generator = random_generator(config.seed, draw, 1)
    weights = standard_normal((config.hidden, images.shape[1]), generator, images.device)
    weights *= weight_std(images.shape[1], 1.0)
    products = {part: pixels.split(part).images @ weights.T for part in PARTS}
    second_moments = {}
    for name, given in config.inputs.items():
        mean, deviation = pixels.mean, pixels.deviation
        unit_range = Affine(pixels.scale / 255, 0.0)  # from 0 to 1, whatever the bytes came in
        layer = standardiser(mean, deviation) if given.standardise else unit_range
        preactivation = through(layer, products[given.part], weights)
        second_moments[name] = preactivation.double().square().mean().item()
    first = next(iter(second_moments.values()))
    return {
        f"{quantity}.{name}": value
        for name, second_moment in second_moments.items()
        for quantity, value in (
            ("second_moment", second_moment),
            ("second_moment_over_first", second_moment / first),
            ("size_over_first", sqrt(second_moment / first)),
        )
    }


# Claims ------------------------------------------------------------------------------------------

CHAPTER = "chapter Standardising the input, section “{}”"
WHOLE = "None: all 39,200,000 pixels are summed without rounding."
DIGITS_PRINTED = "Half a unit of the last printed digit."
EXACTLY = Fault("Sum without rounding.", {"sums.kernel.float32": False})
ROUNDED = Fault("Sum in float32, in the order of the kernel.", {"sums.exact.float32": True})
WITH_ALL = Fault(
    "Standardise by all 60,000 images, validation included.", {"standardised_by": "all"}
)
PRINTED_STATISTICS = SHORT_NOTE.at("code “train_mean,train_std = x_train.mean(),x_train.std()”")
PRINTED_RESIDUAL = SHORT_NOTE.at("output “(tensor(3.0614e-05), tensor(1.))”")
PRINTED_VALIDATION = SHORT_NOTE.at("output of “x_valid.mean(),x_valid.std()”")
TRAINING_ONLY = Fault(
    "Leave out the validation images.", {"statistics.all_over_255.images": "training"}
)
SIZES = FROM_SCRATCH_NOTE.at("section 1.2, “n,m: size of the training set”")
HALVED = around(0.5, 0.01)
HALVED_REASON = "A size is halved with the set; the band leaves room for an odd number of images."
UNIT_RANGE = (0.3073**2 + 0.1304**2) * (256 / 255) ** 2
BY_255 = Fault("Divide a byte by 255, its largest value.", {"statistics.notes.divisor": 255.0})

CLAIMS = (
    Claim(
        id="s000-train-stats",
        statement="The training pixels have the mean 0.1304.",
        source=PRINTED_STATISTICS,
        quantity="pixel_mean.notes",
        prediction=0.1304,
        band=printed(0.1304, digits=4),
        reason=DIGITS_PRINTED,
        departure=WHOLE,
        remark="It takes the first 50,000 images and a division by 256, not by 255.",
        fault=BY_255,
        data="mnist",
        derivation="derivation-standardising",
    ),
    Claim(
        id="s000-train-stats-deviation",
        statement="The training pixels have the standard deviation 0.3073.",
        source=PRINTED_STATISTICS,
        quantity="pixel_deviation.notes",
        prediction=0.3073,
        band=printed(0.3073, digits=4),
        reason=DIGITS_PRINTED,
        departure=WHOLE,
        remark="It takes the first 50,000 images and a division by 256, not by 255.",
        fault=BY_255,
        data="mnist",
        derivation="derivation-standardising",
    ),
    Claim(
        id="all-images-mean",
        statement="The mean 0.1307 is that of all 60,000 images, a byte divided by 255.",
        source=THIS_STUDY.at(CHAPTER.format("Which images, which divisor")),
        quantity="pixel_mean.all_over_255",
        prediction=0.1307,
        band=printed(0.1307, digits=4),
        reason=DIGITS_PRINTED,
        departure=WHOLE,
        remark="The number in wide use for MNIST; it includes what the notes keep for validation.",
        fault=TRAINING_ONLY,
        data="mnist",
    ),
    Claim(
        id="all-images-deviation",
        statement="The deviation 0.3081 is that of all 60,000 images, a byte divided by 255.",
        source=THIS_STUDY.at(CHAPTER.format("Which images, which divisor")),
        quantity="pixel_deviation.all_over_255",
        prediction=0.3081,
        band=printed(0.3081, digits=4),
        reason=DIGITS_PRINTED,
        departure=WHOLE,
        remark="The number in wide use for MNIST; it includes what the notes keep for validation.",
        fault=TRAINING_ONLY,
        data="mnist",
    ),
    Claim(
        id="s000-normalised-residual",
        statement="After standardising, the training pixels have the mean 3.0614e-05.",
        source=PRINTED_RESIDUAL,
        quantity="training_mean.exact",
        prediction=3.0614e-05,
        band=printed(3.0614e-05, digits=9),
        reason=DIGITS_PRINTED,
        departure=WHOLE,
        remark="The mean is 0; what was printed is the rounding of a sum, see rounded-residual.",
        fault=ROUNDED,
        data="mnist",
        derivation="derivation-float32-sums",
    ),
    Claim(
        id="s000-normalised-residual-deviation",
        statement="After standardising, the training pixels have the standard deviation 1.",
        source=PRINTED_RESIDUAL,
        quantity="training_deviation.exact",
        prediction=1.0,
        band=printed(1.0, digits=4),
        reason=DIGITS_PRINTED,
        departure=WHOLE,
        remark="Exactly 1, whatever the pixels are.",
        fault=WITH_ALL,
        data="mnist",
        derivation="derivation-standardising",
    ),
    Claim(
        id="rounded-residual",
        statement=(
            "A sum in float32, in two chunks of 32 running sums each, gives the printed residual."
        ),
        source=THIS_STUDY.at(CHAPTER.format("Why the printed mean is not 0")),
        quantity="training_mean.kernel",
        prediction=3.0614e-05,
        band=printed(3.0614e-05, digits=9),
        reason=DIGITS_PRINTED,
        departure="How the note's machine summed is not on record; the five digits say how.",
        remark="The mean of the raw pixels is summed in the same way, and is too small already.",
        fault=EXACTLY,
        data="mnist",
        derivation="derivation-float32-sums",
    ),
    Claim(
        id="s004-normalise-why",
        statement="Subtracting the mean and dividing by the deviation gives mean 0, deviation 1.",
        source=FROM_SCRATCH_NOTE.at("section 1.1, “after normalize, mean is close to zero”"),
        quantity="distance_from_zero_and_one.training",
        prediction=0.0,
        band=around(0.0, 1e-6),
        reason="A millionth: no fault of the formula is so small, no rounding here so large.",
        departure="None.",
        remark="Not close but exact, for any numbers that are not all equal.",
        fault=WITH_ALL,
        derivation="derivation-standardising",
    ),
    Claim(
        id="s000-closer-to-one-comment",
        statement="After standardising, the mean is much closer to 1 than before.",
        source=SHORT_NOTE.at("comment “mean and std now are much closer to 1”"),
        quantity="distance_from_one_left.as_read",
        prediction=0.0,
        band=around(0.0, 0.5),
        reason="Much closer: less than half of the distance from 1 is left.",
        departure="The comment names mean and deviation in one breath; judged is the mean.",
        remark="The mean moves away from 1, to 0; only the deviation comes to 1.",
        fault=Fault("Judge the deviation instead.", {"reading.near_one": "deviation"}),
        derivation="derivation-standardising",
    ),
    Claim(
        id="s000-valid-stats",
        statement="Standardised by the training statistics, the validation mean is -0.0058.",
        source=PRINTED_VALIDATION,
        quantity="validation_mean.exact",
        prediction=-0.0058,
        band=printed(-0.0058, digits=4),
        reason=DIGITS_PRINTED,
        departure=WHOLE,
        remark="It is -0.0059 to four digits; what was printed inherits the rounded training mean.",
        fault=ROUNDED,
        data="mnist",
        derivation="derivation-float32-sums",
    ),
    Claim(
        id="s000-valid-stats-deviation",
        statement="Standardised by the training statistics, the validation deviation is 0.9924.",
        source=PRINTED_VALIDATION,
        quantity="validation_deviation.exact",
        prediction=0.9924,
        band=printed(0.9924, digits=4),
        reason=DIGITS_PRINTED,
        departure=WHOLE,
        remark="The ratio of the two deviations; with its own statistics it would be 1.",
        fault=WITH_ALL,
        data="mnist",
        derivation="derivation-own-statistics",
    ),
    Claim(
        id="rounded-validation-mean",
        statement="With sums in float32 all along, the validation mean is the printed -0.0058.",
        source=THIS_STUDY.at(CHAPTER.format("Why the printed mean is not 0")),
        quantity="validation_mean.kernel",
        prediction=-0.0058,
        band=printed(-0.0058, digits=4),
        reason=DIGITS_PRINTED,
        departure="The kernel is the one that gives the printed residual; see rounded-residual.",
        remark="One error in the training mean explains both odd digits.",
        fault=EXACTLY,
        data="mnist",
        derivation="derivation-float32-sums",
    ),
    Claim(
        id="s004-why-validation-only",
        statement="To check the initialisation, the validation images alone suffice.",
        source=FROM_SCRATCH_NOTE.at("section 2.1.1, “Why we did init, normalize with only”"),
        quantity="size_over_first.validation",
        prediction=1.0,
        band=around(1.0, 0.03),
        reason="Three per cent, less than one draw of 50 units differs from another.",
        departure="The note asks why and guesses; judged is what its question takes for granted.",
        remark=(
            "There is no deeper reason: the layer has the size of the images it is given, and any "
            "part of the data serves; see test-images-check-as-well."
        ),
        fault=Fault(
            "Do not standardise the validation images.", {"inputs.validation.standardise": False}
        ),
        derivation="derivation-input-scale",
    ),
    Claim(
        id="test-images-check-as-well",
        statement="On the test images the first layer is 1.0064 times as large as in training.",
        source=THIS_STUDY.at(CHAPTER.format("The first layer")),
        quantity="size_over_first.test",
        prediction=1.0064,
        band=around(1.0064, 0.002),
        reason="A fifth of a per cent, a third of the distance from 1.",
        departure="None.",
        remark="The ratio of the root mean squares of the two parts, whatever the weights are.",
        fault=Fault("Do not standardise the test images.", {"inputs.test.standardise": False}),
        data="mnist",
        derivation="derivation-input-scale",
    ),
    Claim(
        id="s000-shapes",
        statement="n, m and c are 50000, 784 and 10.",
        source=SHORT_NOTE.at("output “(50000, 784, tensor(10))”"),
        quantity="shapes_as_printed.training",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason="It is 1 if all three numbers are as printed, else 0.",
        departure="None.",
        remark="Training images, pixels of an image, and the largest label plus one.",
        fault=WITH_ALL,
        data="mnist",
    ),
    Claim(
        id="s004-nm-definition",
        statement="n, the first of “n,m”, is the size of the training set.",
        source=SIZES,
        quantity="axis_left_by_half_of_the_images.n",
        prediction=0.5,
        band=HALVED,
        reason=HALVED_REASON,
        departure="The note says it of n and m at once; for m see s004-nm-definition-m.",
        remark="n counts the training images, so half of them have half of it.",
        fault=Fault("Look at m instead of n.", {"reading.axis_of_n": 1}),
    ),
    Claim(
        id="s004-c-definition",
        statement="c is the number of activations that the model needs.",
        source=FROM_SCRATCH_NOTE.at("section 1.2, “c: the number of activations we need”"),
        quantity="classes_over_activations.as_read",
        prediction=1.0,
        band=around(1.0, 0.01),
        reason="A count; one output more or less would show.",
        departure="Read as the note goes on, “output to have 10 activations”: one for each digit.",
        remark=(
            "The note's word activations means outputs here; counted with the hidden ones it "
            "would be false."
        ),
        fault=Fault("Count the hidden activations, too.", {"reading.activations": "all"}),
    ),
    Claim(
        id="unit-range-second-moment",
        statement="Pixels from 0 to 1 give the first layer about a ninth of the second moment.",
        source=THIS_STUDY.at(CHAPTER.format("The first layer")),
        quantity="second_moment_over_first.unit_range",
        prediction=UNIT_RANGE,
        band=around(UNIT_RANGE, 0.05 * UNIT_RANGE),
        reason=(
            "Five per cent, for the draws. The constant is (σ² + μ²)(256/255)², of the printed "
            "mean and deviation, known to four digits from the histogram of the pixels."
        ),
        departure="None.",
        remark=(
            "Squashing leaves the mean square of the pixels as it is, standardising makes it 1: "
            "the words may be interchangeable, the operations are not."
        ),
        fault=Fault("Standardise in both cases.", {"inputs.unit_range.standardise": True}),
        data="mnist",
        derivation="derivation-input-scale",
    ),
)

UNTESTED = (
    Untested(
        id="s004-nm-definition-m",
        statement="m, the second of “n,m”, is the size of the training set.",
        source=SIZES,
        reason="A definition, and n by m is the size of the tensor that holds the set.",
        remark="m alone counts the pixels of one image, however many images there are.",
    ),
    Untested(
        id="s003-normalise-vs-standardise",
        statement="The words normalisation and standardisation seem to be used interchangeably.",
        source=NORMALISATION_NOTE.at("section Inputs, “used somewhat interchangeably”"),
        reason="A remark on the usage of words, and true of it; there is nothing to measure.",
        remark=(
            "The note tells the operations apart itself. They give the first layer different "
            "second moments; see unit-range-second-moment."
        ),
        derivation="derivation-input-scale",
    ),
)


# Figures -----------------------------------------------------------------------------------------


def pixels_before_and_after(run: Run) -> "Figure":
    """Histogram of the training pixels; standardising changes the scale of its axis and no more."""
    figure, axes = plt.subplots()
    rows: Sequence[Mapping[str, Any]] = run.tables["pixels"]
    width = rows[1]["byte"] - rows[0]["byte"]
    axes.bar(
        [row["byte"] for row in rows], [row["share"] for row in rows], width=width, align="edge"
    )
    step = (rows[1]["standardised"] - rows[0]["standardised"]) / width
    start = rows[0]["standardised"]
    after = axes.secondary_xaxis(
        "top", functions=(lambda byte: start + step * byte, lambda x: (x - start) / step)
    )
    after.set_xlabel("standardised pixel")
    axes.set_yscale("log")
    axes.set(xlabel="pixel, as a byte", ylabel="share of the pixels")
    return figure


EXPERIMENT = Experiment(
    config=Config, run=run, claims=CLAIMS, figures=(pixels_before_and_after,), untested=UNTESTED
)
