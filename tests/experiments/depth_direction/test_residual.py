from math import inf, nan, pi

import pytest
import torch
from torch.nn import functional

from study.experiments.depth_direction.residual import (
    Chain,
    Residual,
    chain,
    layer_weights,
    normalised_relu,
    output_change,
    residual,
    sizes_while_finite,
    without_subnormals,
)
from study.lab.inits import Initialisation, over_fan_in
from study.lab.mnist import Split

CPU = torch.device("cpu")
ORTHOGONAL = Initialisation("orthogonal", "larger", 1.0, bias_variance=0.0)


def a_chain(*, layers: int = 4, draw: int = 0) -> Chain:
    sizes = (8, 6, 3)
    return chain(sizes, layers, torch.tanh, over_fan_in(1.0), seed=1, draw=draw, device=CPU)


def a_residual(
    *, blocks: int = 3, width: int = 6, variance: float = 2.0, zeros: bool = False
) -> Residual:
    return residual(
        (8, width, 3),
        blocks,
        inner_variance=variance,
        zero_outer=zeros,
        zero_last=zeros,
        seed=1,
        draw=0,
        device=CPU,
    )


@pytest.fixture
def images() -> torch.Tensor:
    return layer_weights((5, 8), over_fan_in(8.0), seed=2, draw=0, layer=1, device=CPU)


def test_a_chain_is_linear_layers_with_the_activation_between(images: torch.Tensor) -> None:
    network = a_chain(layers=5)
    weights = [network.first, *network.hidden, network.last]
    assert len(weights) == 5
    signal = images
    for weight in weights[:-1]:
        signal = torch.tanh(functional.linear(signal, weight))
    torch.testing.assert_close(network(images), functional.linear(signal, weights[-1]))


def test_residual_blocks_add_their_branches(images: torch.Tensor) -> None:
    network = a_residual()
    with torch.no_grad():
        network.biases.add_(0.3)
    signal = images @ network.first.T
    for block in range(3):
        activation = (signal @ network.inner[block].T + network.biases[block]).relu()
        signal = signal + activation @ network.outer[block].T
    torch.testing.assert_close(network(images), signal @ network.last.T)
    assert len([*network.signals(images)]) == 4


def test_a_residual_network_that_starts_at_zero_gives_zeros(images: torch.Tensor) -> None:
    network = a_residual(zeros=True)
    first, *_, last = network.signals(images)
    assert torch.equal(first, last)
    assert not network(images).any()


def test_weights_have_the_variance_asked_for() -> None:
    network = a_residual(blocks=20, width=40, variance=0.5)
    assert 40 * network.inner.var().item() == pytest.approx(0.5, rel=0.05)
    assert 40 * network.outer.var().item() == pytest.approx(1.0, rel=0.05)
    assert not network.biases.any()


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (5, 5)])
def test_orthogonal_weights_of_variance_one_are_orthonormal(shape: tuple[int, int]) -> None:
    weight = layer_weights(shape, ORTHOGONAL, seed=1, draw=0, layer=1, device=CPU)
    gram = weight @ weight.T if shape[0] <= shape[1] else weight.T @ weight
    torch.testing.assert_close(gram, torch.eye(min(shape)), rtol=0, atol=1e-5)


def test_deeper_networks_of_a_draw_begin_with_the_weights_of_shallower_ones() -> None:
    short, long = a_residual(blocks=2), a_residual(blocks=5)
    assert torch.equal(short.inner, long.inner[:2])
    assert torch.equal(short.outer, long.outer[:2])
    assert torch.equal(short.last, long.last)
    assert len({weight[0, 0].item() for weight in [*long.inner, *long.outer]}) == 10
    assert torch.equal(a_chain(layers=4).hidden, a_chain(layers=6).hidden[:2])
    assert not torch.equal(a_chain(draw=0).hidden, a_chain(draw=1).hidden)


def test_the_global_generator_is_left_alone() -> None:
    state = torch.get_rng_state()
    a_chain()
    a_residual()
    assert torch.equal(torch.get_rng_state(), state)


def test_normalised_units_have_mean_zero_and_variance_one_before_the_relu() -> None:
    activations = normalised_relu(torch.tensor([[1.0, 5.0], [3.0, 1.0]]))
    torch.testing.assert_close(
        activations, torch.tensor([[0.0, 1.0], [1.0, 0.0]]), rtol=1e-4, atol=1e-4
    )


def test_a_wide_normalised_layer_multiplies_gradients_by_pi_over_pi_minus_one() -> None:
    wide, batch = 1500, 512
    preactivations = layer_weights(
        (batch, wide), over_fan_in(wide), seed=3, draw=0, layer=1, device=CPU
    )
    weight = layer_weights((wide, wide), over_fan_in(2.0), seed=3, draw=0, layer=2, device=CPU)
    cotangent = layer_weights((batch, wide), over_fan_in(wide), seed=3, draw=0, layer=3, device=CPU)
    activations = normalised_relu(preactivations).requires_grad_()
    (gradient,) = torch.autograd.grad(
        normalised_relu(activations @ weight.T), activations, cotangent
    )
    ratio = (gradient.square().mean() / cotangent.square().mean()).item()
    assert ratio == pytest.approx(pi / (pi - 1), rel=0.02)


@pytest.mark.parametrize("end", [inf, nan])
def test_sizes_end_where_a_value_is_no_number(end: float) -> None:
    rows = torch.tensor([[2.0, -2.0], [8.0, 0.0], [end, 1.0], [1.0, 1.0]])
    assert sizes_while_finite(rows) == pytest.approx([1.0, 2.5])


def test_sizes_near_the_end_of_float32_are_measured() -> None:
    assert sizes_while_finite(torch.tensor([[2.0**127, 2.0**127]])) == [127.0]


def test_subnormal_numbers_are_back_afterwards() -> None:
    small = torch.full((64,), 1e-30)
    with pytest.raises(RuntimeError, match="planted"), without_subnormals():
        raise RuntimeError("planted")
    assert (small * 1e-12).all()


@pytest.mark.parametrize(
    ("blocks", "inner", "expected_change"), [(100, 2.0, 400.0), (100, 0.2, 4.0)]
)
def test_the_example_of_the_chapter(blocks: int, inner: float, expected_change: float) -> None:
    unit = torch.ones(1, 1, dtype=torch.float64)
    units = torch.ones(blocks, 1, 1, dtype=torch.float64)
    # Two classes; the second output is always zero, so that the softmax is a sigmoid.
    network = Residual(unit, inner * units, 0 * units, torch.tensor([[1.0], [0.0]]).double())
    batch = Split(unit, torch.tensor([1]))
    probability = torch.sigmoid(torch.tensor(1.0)).item()  # of the first, whose output is 1
    change = output_change(network, batch, 1e-7)
    # One of two outputs moves; a root mean square over both is 1/sqrt(2) of it.
    assert change == pytest.approx(expected_change * probability / 2**0.5, rel=1e-3)
