from math import isclose

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from study.experiments.notes import pixels
from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split

BYTES = torch.tensor([[0, 255, 255, 3], [0, 0, 7, 255]])


def running_sum(numbers: NDArray[np.float32], chunks: int, accumulators: int, lanes: int) -> float:
    """Add number by number, in Python, in the order that the documentation gives."""
    width, length = accumulators * lanes, -(-len(numbers) // chunks)
    length += -length % width
    total = np.float32(0)
    for start in range(0, chunks * length, length):
        sums = [np.float32(0)] * width
        for at, number in enumerate(numbers[start : start + length]):
            sums[at % width] += number
        registers = [sums[at * lanes : (at + 1) * lanes] for at in range(accumulators)]
        while len(registers) > 1:
            pairs = zip(registers[0::2], registers[1::2], strict=True)
            registers = [[a + b for a, b in zip(*pair, strict=True)] for pair in pairs]
        chunk = np.float32(0)
        for number in registers[0]:
            chunk += number
        total += chunk
    return float(total)


@pytest.mark.parametrize("scale", [1.0, 255.0, 256.0])
def test_a_histogram_counts_the_bytes_whatever_they_were_divided_by(scale: float) -> None:
    histogram = pixels.histogram(BYTES.float() / scale, scale)
    assert (histogram.images, histogram.pixels) == (2, 8)
    assert {byte: count for byte, count in enumerate(histogram.counts) if count} == {
        0: 3,
        3: 1,
        7: 1,
        255: 3,
    }


def test_the_scale_is_read_off_the_brightest_pixel() -> None:
    assert pixels.pixel_scale(BYTES.float() / 256) == 256
    assert pixels.pixel_scale(BYTES.float() / 255) == 255


def test_moments_are_those_of_torch() -> None:
    moments = pixels.histogram(BYTES.float() / 256, 256.0).moments(256.0)
    deviation, mean = torch.std_mean(BYTES.double() / 256)
    assert moments == pytest.approx((float(mean), float(deviation)))


def test_two_histograms_make_one() -> None:
    total = pixels.histogram(BYTES.float(), 1.0)
    halves = [pixels.histogram(row[None].float(), 1.0) for row in BYTES]
    assert halves[0] + halves[1] == total


@pytest.mark.parametrize("count", [1, 63, 64, 1000, 4096])
@pytest.mark.parametrize(("chunks", "accumulators", "lanes"), [(1, 1, 1), (2, 4, 8), (3, 2, 4)])
def test_a_float32_mean_is_added_in_the_order_that_is_told(
    count: int, chunks: int, accumulators: int, lanes: int
) -> None:
    numbers = random_generator(0, 0, 0).random(count, dtype=np.float32)
    mean = pixels.float32_mean(numbers, chunks=chunks, accumulators=accumulators, lanes=lanes)
    total = running_sum(numbers, chunks, accumulators, lanes)
    assert mean == np.float32(total) / np.float32(count)
    assert isclose(mean, numbers.mean(dtype=np.float64), rel_tol=1e-5)


def test_a_long_sum_is_carried_from_block_to_block() -> None:
    numbers = random_generator(0, 1, 0).random(50_000, dtype=np.float32)
    mean = pixels.float32_mean(numbers, chunks=1, accumulators=1, lanes=1)
    assert mean == np.add.accumulate(numbers)[-1] / np.float32(50_000)


def test_a_standardiser_gives_mean_0_and_deviation_1() -> None:
    images = torch.from_numpy(random_generator(0, 2, 0).random((20, 30))) + 5
    deviation, mean = torch.std_mean(images)
    outputs = pixels.standardiser(float(mean), float(deviation))(images)
    assert float(outputs.mean()) == pytest.approx(0, abs=1e-12)
    assert float(outputs.std()) == pytest.approx(1)


@pytest.mark.parametrize("per_image", [False, True], ids=["one for all", "one per image"])
def test_the_large_product_can_be_made_before_the_images_are_scaled(per_image: bool) -> None:  # noqa: FBT001 - a case
    generator = random_generator(0, 3, 0)
    images = torch.from_numpy(generator.random((5, 7)))
    weights = torch.from_numpy(generator.standard_normal((3, 7)))
    factor, shift = torch.from_numpy(generator.random((2, 5, 1))) if per_image else (2.5, -0.4)
    layer = pixels.Affine(factor, shift)
    torch.testing.assert_close(
        pixels.affine_preactivation(layer, images @ weights.T, weights), layer(images) @ weights.T
    )


def test_a_blank_image_has_no_deviation() -> None:
    assert pixels.histogram(torch.zeros(2, 3), 1.0).moments(1.0) == (0.0, 0.0)


def of_bytes(*row: int) -> Split:
    return Split(torch.tensor([row]) / 256, torch.zeros(1, dtype=torch.int64))


@pytest.fixture
def four_pixels() -> Mnist:
    """Give three images of four pixels, of which one is the brightest byte."""
    train, validation = of_bytes(0, 0, 128, 255), of_bytes(0, 0, 64, 128)
    return Mnist("example", "", train, validation, of_bytes(0, 0, 0, 8))


def test_standardising_takes_its_mean_from_the_training_images(four_pixels: Mnist) -> None:
    of_training = pixels.read_pixels(four_pixels, "training")
    deviation, mean = torch.std_mean(four_pixels.train.images.double())
    assert (of_training.mean, of_training.deviation) == pytest.approx(
        (float(mean), float(deviation))
    )
    all_images = torch.cat([four_pixels.train.images, four_pixels.validation.images]).double()
    of_all = pixels.read_pixels(four_pixels, "all")
    assert of_all.mean == pytest.approx(float(all_images.mean()))
    assert of_all.deviation == pytest.approx(float(all_images.std()))


def test_a_part_of_the_data_is_what_its_name_says(four_pixels: Mnist) -> None:
    data = pixels.read_pixels(four_pixels, "training")
    assert data.split("training") is four_pixels.train
    assert data.split("validation") is four_pixels.validation
    assert data.split("test") is four_pixels.test


def test_the_shares_of_bins_are_those_of_their_bytes(four_pixels: Mnist) -> None:
    data = pixels.read_pixels(four_pixels, "training")
    rows = data.shares(bytes_per_bin=64)
    assert [(row["byte"], row["share"]) for row in rows] == [
        (0, 0.5),
        (64, 0.0),
        (128, 0.25),
        (192, 0.25),
    ]
    expected = [(byte / 256 - data.mean) / data.deviation for byte in range(0, 256, 64)]
    assert [row["standardised"] for row in rows] == pytest.approx(expected)
    bytes_by_moments = data.standardised_bytes(data.mean + data.deviation)
    assert bytes_by_moments == pytest.approx([value - 1 for value in data.standardised_bytes()])
