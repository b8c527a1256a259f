from itertools import pairwise
from math import isnan

import numpy as np
import pytest
import torch
from torch import Tensor

from study.experiments.he import loss_gradients


def matrices(*widths: int, seed: int = 0) -> list[Tensor]:
    generator = np.random.default_rng(seed)
    return [
        torch.tensor(generator.normal(size=(fan_out, fan_in)) * (2 / fan_in) ** 0.5)
        for fan_in, fan_out in pairwise(widths)
    ]


def half_square(outputs: Tensor) -> Tensor:
    return outputs.square().sum() / 2


def record(*widths: int, images: int = 3) -> tuple[loss_gradients.Passes, Tensor]:
    weights = matrices(*widths)
    inputs = torch.tensor(np.random.default_rng(1).normal(size=(images, widths[0])))
    outputs = inputs
    for matrix in weights[:-1]:
        outputs = torch.relu(outputs @ matrix.T)
    outputs @= weights[-1].T
    return loss_gradients.passes(weights, inputs, half_square, torch.relu), outputs


def test_activations_and_gradients_have_one_scalar_product_in_all_layers() -> None:
    passes, outputs = record(5, 8, 8, 8, 4)
    expected = outputs.square().sum(dim=1)
    for signal, gradient in zip(passes.activations, passes.activation_gradients, strict=True):
        assert torch.allclose((signal * gradient).sum(dim=1), expected)


def test_the_gradient_of_half_the_square_enters_as_the_outputs() -> None:
    passes, outputs = record(5, 8, 8, 4)
    assert len(passes.activations) == len(passes.activation_gradients) == 2
    assert torch.allclose(passes.preactivation_gradients[-1], outputs)


def by_hand() -> loss_gradients.Passes:
    # Two units, of which the second is shut; the weights below swap and double.
    first, last = Tensor([[3.0, 4.0]]), Tensor([[1.0, 0.0]])
    return loss_gradients.Passes(
        [first, last],
        [Tensor([[0.0, 6.0]]), Tensor([[3.0, 4.0]])],
        [Tensor([[0.0, 6.0]]), Tensor([[3.0, 0.0]]), Tensor([[5.0]])],
    )


def test_what_activations_let_through() -> None:
    assert loss_gradients.through_activations(by_hand()) == [1.0, 9 / 25]


def test_by_what_weights_multiply() -> None:
    assert loss_gradients.through_weights(by_hand(), 2.0) == [36 / 9 / 2, 25 / 25 / 2]


def test_a_gradient_along_the_activations_is_as_many_times_chance_as_there_are_units() -> None:
    along = Tensor([[3.0, 4.0, 0.0]])
    across = Tensor([[4.0, -3.0, 0.0]])

    def of(gradient: Tensor) -> float:
        return loss_gradients.alignment(loss_gradients.Passes([along], [gradient], []))

    assert of(2 * along) == pytest.approx(3)
    assert of(across) == pytest.approx(0)
    assert of(along + across) == pytest.approx(1.5)


def test_growth_is_from_the_last_hidden_layer_to_the_first() -> None:
    assert loss_gradients.growth(by_hand()) == 36 / 25


def test_a_dead_network_has_no_growth() -> None:
    zero = torch.zeros(1, 2)
    dead = loss_gradients.Passes([zero, zero], [zero, zero], [zero, zero, zero])
    assert isnan(loss_gradients.growth(dead))
    assert all(map(isnan, loss_gradients.through_activations(dead)))


def test_the_law_of_growth_is_its_step_repeated() -> None:
    width, square, along = 32, 5.0, 1.5
    expected = square
    for _ in range(7):
        expected = expected * (1 - 2 / width) + 2 * along
    law = loss_gradients.growth_law(width * along / square, 7, width)
    assert law == pytest.approx(expected / square)


def test_the_law_of_one_step_holds_on_average_over_weights() -> None:
    # A layer below fixed activations, and weights above it that are drawn given what they give:
    # along the activations they are known, and across them they are new.
    generator = np.random.default_rng(2)
    width, draws = 6, 40_000
    signal = np.abs(generator.normal(size=width))
    preactivation = generator.normal(size=width)
    gradient = generator.normal(size=width) + preactivation
    normal = generator.normal(size=(draws, width, width)) * (2 / width) ** 0.5
    across = normal - np.einsum("dij,j,k->dik", normal, signal, signal) / (signal @ signal)
    weights = across + np.outer(preactivation, signal) / (signal @ signal)
    assert np.allclose(weights @ signal, preactivation)
    squares = np.square(np.einsum("dij,i->dj", weights, gradient)).sum(axis=1)
    along = (preactivation @ gradient) ** 2 / (signal @ signal)
    expected = along + 2 / width * (width - 1) * (gradient @ gradient)
    assert squares.mean() == pytest.approx(expected, rel=0.02)
