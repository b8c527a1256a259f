from math import inf, log2

import pytest
import torch

from study.lab.activations import activation
from study.lab.inits import RandomLayers
from study.lab.propagation import Scheme, propagate
from study.lab.statistics import FIELDS
from tests.lab.faithful import first_infinite_layer, first_zero_layer, propagate_faithfully

RELU = activation("relu")
FORMATS = [torch.float32, torch.bfloat16, torch.float16]


def test_where_nothing_is_lost_it_is_the_other_propagation() -> None:
    layers = RandomLayers((12, *[24] * 5), 1, 0, dtype=torch.float64)
    inputs = torch.randn(6, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for name in ("relu", "tanh", "gelu"):
        scheme = Scheme(activation(name), 1.5, "average", bias_variance=0.1)
        cotangent = layers.cotangent(6)
        (fast,) = propagate(inputs, layers, [scheme], cotangent=cotangent)
        slow = propagate_faithfully(
            inputs, layers, scheme, dtype=torch.float64, cotangent=cotangent
        )
        for field in FIELDS:
            torch.testing.assert_close(
                getattr(slow, field), getattr(fast, field), rtol=1e-11, atol=1e-12
            )


@pytest.mark.parametrize("dtype", FORMATS)
def test_a_signal_ends_where_the_format_does(dtype: torch.dtype) -> None:
    # One unit of weight 1/2 in each layer: the signal is 2^-l, without any rounding.
    halving = Scheme(activation("linear"), 0.25)
    layers = RandomLayers((1,) * 201, 0, 0, "signs")
    ours = propagate_faithfully(torch.ones(1, 1), layers, halving, dtype=dtype)
    smallest = int(log2(torch.finfo(dtype).smallest_normal * torch.finfo(dtype).eps))
    assert first_zero_layer(ours) == 1 - smallest  # half of the smallest rounds to even, to zero
    logs = ours.log2_activation_second_moment
    assert logs[:-smallest].tolist() == [-2.0 * layer for layer in range(1, 1 - smallest)]
    assert (logs[-smallest:] == -inf).all()
    assert first_infinite_layer(ours) == 201


@pytest.mark.parametrize("dtype", FORMATS)
def test_a_signal_becomes_infinite_where_the_format_ends(dtype: torch.dtype) -> None:
    doubling = Scheme(activation("linear"), 4.0)
    layers = RandomLayers((1,) * 201, 0, 0, "signs")
    ours = propagate_faithfully(torch.ones(1, 1), layers, doubling, dtype=dtype)
    assert first_infinite_layer(ours) == int(log2(torch.finfo(dtype).max)) + 1
    assert first_zero_layer(ours) == 201


def test_a_gradient_ends_as_a_signal_does() -> None:
    halving = Scheme(activation("linear"), 0.25)
    layers = RandomLayers((1,) * 201, 0, 0, "signs")
    ones = torch.ones(1, 1)
    ours = propagate_faithfully(ones, layers, halving, dtype=torch.float32, cotangent=ones)
    gradient = ours.log2_activation_gradient_second_moment
    alive = gradient.isfinite()
    assert int(alive.sum()) == 150  # 2^0 at the top, 2^-149 at the last
    assert alive[-150:].all()
    assert (ours.log2_weight_gradient_second_moment == -inf).all()


def test_weights_are_rounded_to_the_format() -> None:
    layers = RandomLayers((50, 40), 3, 0)
    ours = propagate_faithfully(torch.eye(50), layers, Scheme(RELU, 2.0), dtype=torch.bfloat16)
    rounded = (0.2 * layers.weights(1)).to(torch.bfloat16).double()
    assert ours.preactivation_second_moment.item() == pytest.approx(
        rounded.square().mean().item(), rel=1e-12
    )
