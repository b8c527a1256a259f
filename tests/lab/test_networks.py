from collections.abc import Sequence

import pytest
import torch
from torch import nn

from study.lab.inits import Initialisation, over_fan_in
from study.lab.networks import ACTIVATIONS, classifier, dense, linear_layers

CPU = torch.device("cpu")


def network(
    *, variance: float = 0.5, draw: int = 0, sizes: tuple[int, ...] = (6, 5, 4, 3)
) -> nn.Module:
    initialisations = [over_fan_in(variance)] * (len(sizes) - 1)
    return dense(sizes, initialisations, lambda _: nn.ReLU(), seed=1, draw=draw, device=CPU)


def test_the_layers_alternate_and_end_in_a_linear_one() -> None:
    kinds = [type(layer).__name__ for layer in network().children()]
    assert kinds == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]
    shapes = [tuple(weight.shape) for weight in network().parameters() if weight.ndim == 2]
    assert shapes == [(5, 6), (4, 5), (3, 4)]


def test_what_stands_between_is_told_the_width() -> None:
    initialisations = [over_fan_in(1.0)] * 2
    made = dense((6, 5, 3), initialisations, nn.BatchNorm1d, seed=1, draw=0, device=CPU)
    assert isinstance(made[1], nn.BatchNorm1d)
    assert made[1].num_features == 5


def layer(initialisation: Initialisation, sizes: Sequence[int] = (300, 200)) -> nn.Linear:
    made = dense(sizes, [initialisation], lambda _: nn.ReLU(), seed=1, draw=0, device=CPU)
    (linear,) = linear_layers(made)
    return linear


def test_weights_have_the_variance_asked_for_and_biases_are_zero() -> None:
    linear = layer(over_fan_in(2.0))
    # The variance of 60,000 numbers strays by sqrt(2/60,000) of itself, 0.6 per cent.
    assert 300 * linear.weight.var().item() == pytest.approx(2.0, rel=0.03)
    assert not linear.bias.any()


def test_biases_have_the_variance_asked_for_and_leave_the_weights_as_they_were() -> None:
    linear = layer(Initialisation("gaussian", "fan_in", 2.0, bias_variance=4.0), (30, 4000))
    assert linear.bias.var().item() == pytest.approx(4.0, rel=0.1)
    assert torch.equal(linear.weight, layer(over_fan_in(2.0), (30, 4000)).weight)


def test_networks_of_one_draw_share_their_random_numbers() -> None:
    one, other = (network(variance=variance) for variance in (0.5, 2.0))
    for small, large in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(2 * small, large)
    first, second = (next(network(draw=draw).parameters()) for draw in (0, 1))
    assert not torch.equal(first, second)


def test_each_layer_has_an_initialisation() -> None:
    with pytest.raises(ValueError, match="zip"):
        dense((6, 5, 4), [over_fan_in(1.0)], lambda _: nn.ReLU(), seed=1, draw=0, device=CPU)


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    network()
    assert torch.equal(torch.get_rng_state(), before)


def test_a_classifier_goes_from_pixels_to_classes_with_its_own_last_layer() -> None:
    images = torch.zeros(2, 400)
    made = classifier(
        images, [300, 200], over_fan_in(1.0), nn.Tanh, last=over_fan_in(9.0), seed=1, draw=0
    )
    first, second, last = linear_layers(made)
    assert [type(part) for part in made][1::2] == [nn.Tanh, nn.Tanh]
    assert made(images).shape == (2, 10)
    assert 400 * first.weight.var().item() == pytest.approx(1.0, rel=0.05)
    assert 300 * second.weight.var().item() == pytest.approx(1.0, rel=0.05)
    assert 200 * last.weight.var().item() == pytest.approx(9.0, rel=0.15)


def test_a_classifier_without_hidden_layers_is_one_layer() -> None:
    made = classifier(torch.zeros(2, 400), [], over_fan_in(1.0), nn.ReLU, seed=1, draw=0, outputs=1)
    assert [tuple(part.weight.shape) for part in linear_layers(made)] == [(1, 400)]


def test_activations_are_those_of_their_names() -> None:
    at = torch.tensor([-1.0, 2.0])
    values = {name: make()(at).tolist() for name, make in ACTIVATIONS.items()}
    assert values["linear"] == [-1.0, 2.0]
    assert values["relu"] == [0.0, 2.0]
    assert values["softsign"] == pytest.approx([-1 / 2, 2 / 3])
    assert values["tanh"] == pytest.approx(at.tanh().tolist())
    assert values["sigmoid"] == pytest.approx(at.sigmoid().tolist())
