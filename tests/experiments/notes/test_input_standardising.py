from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from study.errors import StudyError
from study.experiments.notes.input_standardising import claims, method
from study.experiments.notes.pixels import PARTS, Pixels, histogram, read_pixels
from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from tests.configs import small_config

if TYPE_CHECKING:
    from tests.conftest import ThreeDraws

NAME = "input_standardising"


PREDICTIONS = pytest.approx(
    {
        "s000-train-stats": 0.1304,
        "s000-train-stats-deviation": 0.3073,
        "all-images-mean": 0.1307,
        "all-images-deviation": 0.3081,
        "s000-normalised-residual": 3.0614e-05,
        "s000-normalised-residual-deviation": 1,
        "rounded-residual": 3.0614e-05,
        "s004-normalise-why": 0,
        "s000-valid-stats": -0.0058,
        "s000-valid-stats-deviation": 0.9924,
        "rounded-validation-mean": -0.0058,
        "validation-images-check-as-well": 0.99245,
        "test-images-check-as-well": 1.0064,
        "s000-shapes": 1,
        "s004-nm-definition": 1 / 2,
        "s004-c-definition": 1,
        "unit-range-second-moment": 0.11231318,
    }
)


small = partial(small_config, NAME, draws=2)


def of_bytes(*rows: list[int]) -> Split:
    return Split(torch.tensor(rows) / 256, torch.zeros(len(rows), dtype=torch.int64))


@pytest.fixture
def four_pixels() -> Mnist:
    """Give three images of four pixels, of which one is the brightest byte."""
    train = of_bytes([0, 0, 128, 255])
    return Mnist("example", "", train, of_bytes([0, 0, 64, 128]), of_bytes([0, 0, 0, 8]))


@pytest.fixture(scope="module")
def embedded_pixels(embedded: Mnist) -> Pixels:
    return read_pixels(embedded, "training")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"sums.kernel.chunks": 1000, "sums.kernel.lanes": 1000},
            "kernel.chunks=1000, accumulators=4, lanes=1000",
        ),
        (
            {"sums.exact.lanes": 1_000_000},
            "exact.chunks=2, accumulators=4, lanes=1000000",
        ),
    ],
)
def test_more_running_sums_than_memory_holds_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(StudyError) as refusal:
        small(**changes)
    at_most = "their product must be at most 1000000"
    assert str(refusal.value) == f"experiment.sums.{message}: {at_most}"


def test_the_worked_example_of_the_chapter() -> None:
    training = np.array([0.0, 0.0, 2.0, 6.0])
    assert (training.mean(), training.var()) == (2.0, 6.0)
    training_pixels = (training - 2) / np.sqrt(6)
    assert training_pixels.mean() == pytest.approx(0)
    assert training_pixels.std() == pytest.approx(1)
    validation = np.array([0.0, 0.0, 1.0, 3.0])
    assert (validation.mean(), validation.var()) == (1.0, 1.5)
    by_validation = (validation - 1) / np.sqrt(1.5)
    np.testing.assert_allclose(
        by_validation, training_pixels
    )  # the dimmer image becomes the same image
    by_training = (validation - 2) / np.sqrt(6)
    stretch = np.sqrt(6 / 1.5)
    offset = (2 - 1) / np.sqrt(1.5)
    np.testing.assert_allclose(by_validation, stretch * by_training + offset)
    assert (stretch, offset) == (2.0, pytest.approx(np.sqrt(2 / 3)))


def test_the_sum_of_the_chapter_that_stops_growing() -> None:
    unit, large = np.float32(1), np.float32(2**24)
    assert large + unit == large
    assert (large + unit) + unit == large
    assert large + (unit + unit) == large + np.float32(2)


@pytest.mark.parametrize("float32", [False, True])
def test_moments_after_standardising_are_those_of_the_standardised_images(
    embedded: Mnist,
    embedded_pixels: Pixels,
    float32: bool,  # noqa: FBT001 - a case
) -> None:
    sums = replace(small().sums["kernel"], float32=float32)
    values = method.standardised_moments(embedded_pixels, sums)
    for part in PARTS:
        split = embedded_pixels.split(part)
        deviation, mean = torch.std_mean(embedded.standardised(split.images).double())
        assert values[part] == pytest.approx((float(mean), float(deviation)), abs=2e-6)


def test_exact_moments_owe_nothing_to_the_scale_of_the_data(embedded: Mnist) -> None:
    half_data = replace(
        embedded,
        **{
            part: replace(getattr(embedded, part), images=getattr(embedded, part).images / 2)
            for part in ("train", "validation", "test")
        },
    )
    config = small()
    values, half_values = (
        method.after_standardising(config, read_pixels(data, "training"))
        for data in (embedded, half_data)
    )
    assert half_values["validation_mean.exact"] == pytest.approx(values["validation_mean.exact"])


def test_constant_pixels_are_counted(four_pixels: Mnist) -> None:
    two = replace(four_pixels, train=of_bytes([0, 7, 1, 255], [0, 7, 2, 255]))
    pixels = read_pixels(two, "training")
    assert method.conventions(small(), pixels)["constant_pixels.training"] == 3


@pytest.mark.parametrize(("axis", "share"), [(0, 0.5), (1, 1.0)])
def test_half_of_the_images_leave_half_of_n_and_all_of_m(
    embedded_pixels: Pixels, axis: int, share: float
) -> None:
    config = small(**{"reading.axis_of_n": axis, "reading.axis_of_m": axis})
    values = method.shapes(config, embedded_pixels)
    assert values["axis_left_by_half_of_the_images.n"] == share
    assert values["axis_left_by_half_of_the_images.m"] == share


def test_c_is_compared_with_one_output_for_each_digit_that_occurs(
    embedded: Mnist, embedded_pixels: Pixels
) -> None:
    key = "classes_over_activations.as_read"
    assert method.shapes(small(), embedded_pixels)[key] == 1
    every = small(hidden=30, **{"reading.activations": "all"})
    assert method.shapes(every, embedded_pixels)[key] == 10 / 40
    without_3 = embedded.train.labels.clone()
    without_3[without_3 == 3] = 4
    gap = replace(embedded, train=replace(embedded.train, labels=without_3))
    pixels = replace(embedded_pixels, mnist=gap)
    assert method.shapes(small(), pixels)[key] == pytest.approx(10 / 9)


def test_the_shares_of_the_histogram_add_up(
    three_draws: "Callable[[str], ThreeDraws]",
) -> None:
    rows = three_draws(NAME).result().tables["pixels"]
    assert len(rows) == 32
    assert sum(float(row["share"]) for row in rows) == pytest.approx(1)


def test_the_first_layer_is_that_of_the_standardised_images(
    embedded: Mnist, embedded_pixels: Pixels
) -> None:
    values = method.measure(small(hidden=3), embedded_pixels, 0).values
    generator = random_generator(small().seed, 0, 1)
    weights = torch.from_numpy(generator.standard_normal((3, 784), dtype=np.float32)) / 28
    for part, split in (("training", embedded.train), ("test", embedded.test)):
        layer = embedded.standardised(split.images) @ weights.T
        expected = layer.double().square().mean().item()
        assert values[f"second_moment.{part}"] == pytest.approx(expected, rel=1e-4)
    unit = embedded.train.images * (256 / 255) @ weights.T
    expected = unit.double().square().mean().item() / values["second_moment.training"]
    assert values["second_moment_over_first.unit_range"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.mnist
def test_the_numbers_of_the_notes_come_out(data_set: Callable[[str], Mnist]) -> None:
    config = small()
    pixels = read_pixels(data_set("mnist"), "training")
    values = method.conventions(config, pixels) | method.after_standardising(config, pixels)
    printouts = {
        "pixel_mean.notes": "0.1304",
        "pixel_deviation.notes": "0.3073",
        "pixel_mean.all_over_255": "0.1307",
        "pixel_deviation.all_over_255": "0.3081",
        "validation_mean.exact": "-0.0059",
        "validation_mean.kernel": "-0.0058",
        "validation_deviation.exact": "0.9924",
    }
    assert {key: f"{values[key]:.4f}" for key in printouts} == printouts
    assert f"{values['training_mean.kernel']:.4e}" == "3.0614e-05"
    assert str(values["training_mean.exact"]) == "0.0"
    assert abs(values["training_mean.torch"]) < 1e-6


@pytest.mark.mnist
def test_the_constants_of_the_first_layer_are_those_of_the_data(
    data_set: Callable[[str], Mnist],
) -> None:
    mnist = data_set("mnist")
    train, test = mnist.train.images.double(), mnist.test.images.double()
    validation = mnist.validation.images.double()
    unit_range = float((train * 256 / 255).square().mean())
    assert unit_range == pytest.approx(claims.UNIT_RANGE, abs=5e-5)
    values = method.conventions(small(), read_pixels(mnist, "training"))
    assert values["pixel_second_moment.over_255"] == pytest.approx(unit_range)
    deviation, mean = torch.std_mean(train)
    size = ((test - mean) / deviation).square().mean().sqrt()
    assert f"{float(size):.4f}" == "1.0064"
    size = ((validation - mean) / deviation).square().mean().sqrt()
    assert float(size) == pytest.approx(claims.VALIDATION_SIZE, abs=5e-7)


@pytest.mark.parametrize(
    ("number", "remainder"), [(-4.6e-17, "0.0"), (-0.0, "0.0"), (0.25, "0.25")]
)
def test_what_is_left_of_a_rounding_error_is_0_without_a_sign(
    number: float, remainder: str
) -> None:
    assert str(method.without_rounding(number)) == remainder


@pytest.mark.mnist
def test_running_sums_of_pixels_are_exact_up_to_65536_and_fall_behind_from_there(
    data_set: Callable[[str], Mnist],
) -> None:
    train = data_set("mnist").train
    counts = histogram(train.images, 256.0).counts
    assert max(range(1, 256), key=counts.__getitem__) == 253
    chunk = train.images[:25_000].numpy().reshape(-1, 32)
    float32_sums = np.add.accumulate(chunk, axis=0)
    sums = np.add.accumulate(chunk, axis=0, dtype=np.float64)
    np.testing.assert_array_equal(float32_sums[sums <= 2**16], sums[sums <= 2**16])
    assert np.all(float32_sums[-1] < sums[-1])
    crossings = (sums > 2**16).argmax(axis=0) / len(sums)
    assert 0.8 < crossings.min() <= crossings.max() < 0.85
