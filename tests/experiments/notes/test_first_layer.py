from collections.abc import Callable
from math import pi, sqrt

import pytest
import torch
from torch import Tensor

from study.errors import StudyError
from study.experiments.notes.first_layer import (
    ImageStatistics,
    image_statistics,
    layer_law,
    layer_statistics,
    mean_and_deviation,
    preactivation,
    sample,
    second_moment,
    shifted_activation,
)
from study.lab.by_hand.functions import linear, relu, shifted_relu
from study.lab.inits import random_generator, standard_normal

CPU = torch.device("cpu")


def random_tensor(*shape: int, layer: int = 1) -> Tensor:
    return standard_normal(shape, random_generator(7, 0, layer), CPU)


def test_images_are_measured_by_their_three_numbers() -> None:
    images = image_statistics(torch.tensor([[1.0, 1.0], [3.0, -3.0]]))
    assert images.second_moment == pytest.approx((1 + 1 + 9 + 9) / 4)
    assert images.size == pytest.approx((1 + 3) / 2)
    assert images.mean_image == pytest.approx((2**2 + 1**2) / 2)  # the mean image is (2, −1)


@pytest.mark.parametrize(
    ("slope", "shift", "by_hand"),
    [
        (1.0, 0.0, lambda z: z),
        (0.0, 0.0, relu),
        (0.0, 0.5, shifted_relu),
    ],
    ids=["linear", "relu", "shifted"],
)
@pytest.mark.parametrize("weight_variance", [784.0, 1.0, 2.0])
def test_a_layer_is_that_of_the_notes(
    slope: float,
    shift: float,
    by_hand: Callable[[Tensor], Tensor],
    weight_variance: float,
) -> None:
    inputs, standard = random_tensor(5, 784), random_tensor(784, 3, layer=2)
    weights = (standard * sqrt(weight_variance / 784)).double()
    expected = by_hand(linear(inputs.double(), weights, torch.zeros(3)))
    values = shifted_activation(
        preactivation(inputs, standard),
        weight_variance=weight_variance,
        slope=slope,
        shift=shift,
    )
    torch.testing.assert_close(values, expected, rtol=1e-5, atol=1e-4)


def test_mean_and_deviation_are_those_that_torch_prints() -> None:
    values = random_tensor(6, 4)
    numbers = mean_and_deviation(values)
    assert numbers == pytest.approx((values.mean().item(), values.std().item()), rel=1e-6)


def test_the_second_moment_is_variance_plus_squared_mean() -> None:
    values = random_tensor(6, 4).double() + 3
    variance = values.var(correction=0).item()
    assert second_moment(values) == pytest.approx(variance + values.mean().item() ** 2)


def test_statistics_are_ratios_to_the_input() -> None:
    images = ImageStatistics(torch.zeros(2, 8), second_moment=4.0, size=1.5, mean_image=0.25)
    values = torch.tensor([[1.0, 3.0], [5.0, 3.0]])
    assert layer_statistics(values, images, weight_variance=2.0) == pytest.approx(
        {
            "mean": 3,
            "deviation": sqrt(8 / 3),
            "mean_over_size": 2,
            "deviation_over_input": sqrt(8 / 3) / 2,
            "second_moment_over_input": 11 / 4,
            "squared_mean_over_law": 9 * 2 / (2 * 0.25),
        }
    )


UNIT = ImageStatistics(torch.zeros(1, 1), second_moment=1.0, size=1.0, mean_image=0.3)


@pytest.mark.parametrize(
    ("weight_variance", "slope", "shift", "mean", "moment"),
    [
        (784.0, 1.0, 0.0, 0, 784),
        (1.0, 1.0, 0.5, -1 / 2, 5 / 4),
        (1.0, 0.0, 0.0, 1 / sqrt(2 * pi), 1 / 2),
        (2.0, 0.0, 0.0, 1 / sqrt(pi), 1),
        (2.0, 0.0, 0.5, 1 / sqrt(pi) - 1 / 2, 1 - 1 / sqrt(pi) + 1 / 4),
    ],
)
def test_the_law_of_inputs_of_size_one(
    weight_variance: float, slope: float, shift: float, mean: float, moment: float
) -> None:
    law = layer_law(UNIT, weight_variance=weight_variance, slope=slope, shift=shift)
    assert law == pytest.approx(
        {
            "mean": mean,
            "second_moment_over_input": moment,
            "deviation": sqrt(moment - mean**2),
        }
    )


def test_the_law_is_the_mean_over_many_units() -> None:
    # Units are independent draws of the weights, so a very wide layer shows the expectations.
    inputs = torch.tensor([[1.0, 0.0, 2.0], [0.5, -1.0, 0.0]])
    images = image_statistics(inputs)
    unit = preactivation(inputs, random_tensor(3, 400_000))
    arm = {"weight_variance": 2.0, "slope": 0.0, "shift": 0.5}
    values, expected = (
        layer_statistics(shifted_activation(unit, **arm), images, 2.0),
        layer_law(images, **arm),
    )
    for quantity, number in expected.items():
        assert values[quantity] == pytest.approx(number, rel=0.01, abs=0.005)


# Printed numbers ---------------------------------------------------------------------------------

DRAWN = {"mean.relu": 0.5, "mean.linear": 0.0, "deviation.relu": 0.8, "deviation.linear": 1.0}


@pytest.mark.parametrize(("printout", "below"), [(0.51, 1.0), (0.5, 0.0), (0.49, 0.0)])
def test_a_printed_number_is_placed_below_or_above_a_draw(printout: float, below: float) -> None:
    values = sample(DRAWN, ["deviation.linear"], {"mean": {"relu": printout}}, prefix="lower.")
    assert values == {"deviation.linear": 1.0, "mean.relu": 0.5, "lower.mean.relu": below}


def test_a_second_printed_number_is_placed_in_the_same_draw() -> None:
    printouts = {"mean": {"relu": 0.6, "relu_again": 0.4}}
    assert sample(DRAWN, [], printouts, prefix="lower.") == {
        "mean.relu": 0.5,
        "mean.relu_again": 0.5,
        "lower.mean.relu": 1.0,
        "lower.mean.relu_again": 0.0,
    }


@pytest.mark.parametrize(
    ("printouts", "message"),
    [
        ({"median": {"relu": 1.0}}, r"printed\.median: choose from deviation, mean$"),
        ({"mean": {"tanh": 1.0}}, r"printed\.mean\.tanh: choose from linear, relu$"),
        ({"mean": {"tanh_again": 1.0}}, r"mean\.tanh_again: choose from linear, relu$"),
    ],
)
def test_a_printed_number_of_what_is_not_measured_is_refused(
    printouts: dict[str, dict[str, float]], message: str
) -> None:
    with pytest.raises(StudyError, match=message):
        sample(DRAWN, [], printouts, prefix="lower.")
