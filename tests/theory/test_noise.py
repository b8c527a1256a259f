"""Dropout against torch's own."""

from itertools import pairwise
from math import sqrt

import pytest
import torch
from torch import nn

from study.errors import StudyError
from study.theory import mean_field, noise
from study.theory.activations import activation

RELU = activation("relu")


def sizes(gain: float, keep: float, layers: int = 6) -> tuple[list[float], list[float]]:
    """Return the second moments behind each layer, in training and in evaluation."""
    width, generator = 1500, torch.Generator().manual_seed(0)
    torch.manual_seed(1)  # of the masks
    drop = nn.Dropout(1 - keep)
    start = torch.randn(20, width, generator=generator)
    training, evaluation, both = start, start, []
    for _ in range(layers):
        weight = torch.randn(width, width, generator=generator) * gain / sqrt(width)
        training = drop(torch.relu(training)) @ weight.T
        evaluation = torch.relu(evaluation) @ weight.T
        both.append((training.square().mean().item(), evaluation.square().mean().item()))
    rows = list(zip(*both, strict=True))
    return list(rows[0]), list(rows[1])


@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_one_gain_keeps_the_signal_in_training_and_the_other_in_evaluation(keep: float) -> None:
    for gain in (sqrt(2), noise.training_gain(sqrt(2), keep)):
        laws = noise.factors(gain, sqrt(2), keep)
        for measured, law in zip(sizes(gain, keep), laws, strict=True):
            for low, high in pairwise(measured):
                assert high / low == pytest.approx(law, rel=0.1)
    training, evaluation = noise.factors(noise.training_gain(sqrt(2), keep), sqrt(2), keep)
    assert training == pytest.approx(1)
    assert evaluation == pytest.approx(keep)


def test_the_gradient_meets_the_same_mask() -> None:
    torch.manual_seed(0)
    keep, drop = 0.25, nn.Dropout(0.75)
    h = torch.ones(1, 100_000, requires_grad=True)
    (gradient,) = torch.autograd.grad(drop(h).sum(), h)
    assert gradient.square().mean().item() == pytest.approx(
        noise.noise_second_moment(keep), rel=0.03
    )


@pytest.mark.parametrize("gap", [0.0, 0.5])
def test_two_masks_tell_equal_signals_apart(gap: float) -> None:
    keep, c, bias = 0.8, 1.5, 0.1
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    first, other = torch.randn(2, 100_000, generator=generator)
    second = (1 - gap) * first + sqrt(1 - (1 - gap) ** 2) * other
    drop = nn.Dropout(1 - keep)
    h = [drop(torch.relu(z)) for z in (first, second)]
    squares = [c * one.square().mean() + bias for one in h]
    cosine = (c * (h[0] * h[1]).mean() + bias) / (squares[0] * squares[1]).sqrt()
    law = noise.noisy_gap_map(RELU, 1.0, gap, c, bias, keep)
    assert 1 - cosine.item() == pytest.approx(law, abs=0.01)
    assert law > mean_field.gap_map(RELU, 1.0, gap, c, bias)
    quiet = noise.noisy_gap_map(RELU, 1.0, gap, c, bias, 1.0)
    assert quiet == pytest.approx(mean_field.gap_map(RELU, 1.0, gap, c, bias), abs=1e-12)


@pytest.mark.parametrize("keep", [0.0, -0.1, 1.1])
def test_no_probability_is_refused(keep: float) -> None:
    with pytest.raises(StudyError, match="is not a probability above 0"):
        noise.noise_second_moment(keep)
