import pytest
import torch
from torch import nn

from study.lab.networks import dense

CPU = torch.device("cpu")


def network(*, std: float = 0.5, draw: int = 0, sizes: tuple[int, ...] = (6, 5, 4, 3)) -> nn.Module:
    stds = [std] * (len(sizes) - 1)
    return dense(sizes, stds, lambda _: nn.ReLU(), seed=1, draw=draw, device=CPU)


def test_the_layers_alternate_and_end_in_a_linear_one() -> None:
    kinds = [type(layer).__name__ for layer in network().children()]
    assert kinds == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]
    shapes = [tuple(weight.shape) for weight in network().parameters() if weight.ndim == 2]
    assert shapes == [(5, 6), (4, 5), (3, 4)]


def test_what_stands_between_is_told_the_width() -> None:
    made = dense((6, 5, 3), (1, 1), nn.BatchNorm1d, seed=1, draw=0, device=CPU)
    assert isinstance(made[1], nn.BatchNorm1d)
    assert made[1].num_features == 5


def test_weights_have_the_deviation_asked_for_and_biases_are_zero() -> None:
    made = dense((300, 200), (0.25,), lambda _: nn.ReLU(), seed=1, draw=0, device=CPU)
    # The deviation of 60,000 numbers strays by 1/sqrt(120,000) of itself, 0.3 per cent.
    assert next(made.parameters()).std().item() == pytest.approx(0.25, rel=0.02)
    bias = made[0].bias
    assert isinstance(bias, torch.Tensor)
    assert not bias.any()


def test_networks_of_one_draw_share_their_random_numbers() -> None:
    for one, two in zip(network(std=0.5).parameters(), network(std=1.0).parameters(), strict=True):
        assert torch.equal(2 * one, two)
    first, other = (next(network(draw=draw).parameters()) for draw in (0, 1))
    assert not torch.equal(first, other)


def test_each_layer_has_a_deviation() -> None:
    with pytest.raises(ValueError, match="zip"):
        dense((6, 5, 4), (1.0,), lambda _: nn.ReLU(), seed=1, draw=0, device=CPU)


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    network()
    assert torch.equal(torch.get_rng_state(), before)
