"""Few bits: against numbers that torch rounds, networks that it rounds, and integrals."""

import math

import pytest
import torch
from scipy.integrate import quad

from study.errors import StudyError
from study.theory.rounding import (
    SIGNIFICANT_BITS,
    error_after,
    gradient_error_after,
    lost_updates,
    relative_rounding,
)

FORMATS = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def gaussian(count: int, std: float, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return std * torch.randn(count, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("std", [0.07, 1.0, 1.41])
def test_numbers_that_torch_rounds_have_the_error_of_the_law(name: str, std: float) -> None:
    numbers = gaussian(400_000, std, 1)
    errors = numbers.to(FORMATS[name]).double() - numbers
    measured = (errors.square().mean() / numbers.square().mean()).item()
    assert relative_rounding(std, SIGNIFICANT_BITS[name]) == pytest.approx(measured, rel=0.01)


def test_the_bits_are_those_of_torch() -> None:
    for name, bits in SIGNIFICANT_BITS.items():
        assert torch.finfo(getattr(torch, name)).eps == 2.0 ** (1 - bits)


def test_the_mean_over_scales_is_that_of_a_mantissa_of_equal_logarithms() -> None:
    # E[1/m²] for a mantissa m whose logarithm is uniform between 0 and ln 2.
    inverse = quad(lambda m: 1 / (m * m * m * math.log(2)), 1, 2)[0]
    scales = [relative_rounding(2.0 ** (i / 64), 8) * 12 * 4.0**7 for i in range(64)]
    assert sum(scales) / 64 == pytest.approx(inverse, rel=1e-3)


@pytest.mark.parametrize("name", FORMATS)
def test_weights_that_an_update_leaves_alone(name: str) -> None:
    for std, update in ((0.05, 5e-5), (0.07, 2e-5), (1.0, 0.01)):
        weights = gaussian(300_000, std, 2).to(FORMATS[name])
        updated = (weights.double() + gaussian(300_000, update, 3)).to(FORMATS[name])
        share = (updated == weights).double().mean().item()
        bits = SIGNIFICANT_BITS[name]
        assert lost_updates(std, update, bits) == pytest.approx(share, abs=0.005)


def test_the_gradient_errs_by_the_units_that_are_open_in_one_network_only() -> None:
    # One layer: gates of two Gaussian signals at the angle of the error.
    error = 0.01
    signal, noise = gaussian(400_000, 1.0, 4), gaussian(400_000, math.sqrt(error), 5)
    flipped = ((signal > 0) != (signal + noise > 0)).double().mean().item()
    # A unit that is open in one only adds its square to the error, and half of all are open.
    assert gradient_error_after(1, error, 0.0) == pytest.approx(2 * flipped, rel=0.03)
    assert error_after(3, 1.0, 2.0) == 9
    small = gradient_error_after(50, 1e-8, 1e-8)
    sums = sum(2 * math.sqrt(2e-8 * layer) / math.pi for layer in range(1, 51))
    assert small == pytest.approx(sums, rel=0.01)


@pytest.mark.parametrize(
    ("std", "update", "bits", "message"),
    [
        (0.0, 1.0, 8, "std: 0 is not above 0"),
        (1.0, -1.0, 8, "std: -1 is not above 0"),
        (1.0, 1.0, 0, "bits: 0 is less than 1"),
    ],
)
def test_what_makes_no_sense_is_refused(std: float, update: float, bits: int, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        lost_updates(std, update, bits)
