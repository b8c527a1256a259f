from collections.abc import Callable
from dataclasses import dataclass, fields
from itertools import pairwise
from math import sqrt

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from study.lab.inits import random_generator, standard_normal
from study.lab.propagation import LayerStatistics, propagate

CPU = torch.device("cpu")
QUANTITIES = [field.name for field in fields(LayerStatistics)]


@dataclass(frozen=True)
class Network:
    """A batch, the gradient at the top and the standard normal matrices between."""

    inputs: Tensor
    cotangent: Tensor
    weights: list[Tensor]

    def to(self, target: torch.dtype | torch.device) -> "Network":
        moved = [matrix.to(target) for matrix in self.weights]
        return Network(self.inputs.to(target), self.cotangent.to(target), moved)

    def propagate(self, weight_variance: float, slope: float) -> LayerStatistics:
        return propagate(
            self.inputs,
            self.cotangent,
            self.weights,
            weight_variance=weight_variance,
            slope=slope,
        )


def network(images: int, widths: list[int], seed: int = 0) -> Network:
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    return Network(
        normal(images, widths[0]),
        normal(images, widths[-1]),
        [normal(out, into) for into, out in pairwise(widths)],
    )


def statistics_by_autograd(net: Network, weight_variance: float, slope: float) -> dict[str, Tensor]:
    """Build the same network of torch's own modules and let hooks and autograd measure it."""
    layers: list[nn.Module] = []
    for matrix in net.weights:
        fan_out, fan_in = matrix.shape
        linear = nn.Linear(fan_in, fan_out, bias=False, dtype=matrix.dtype)
        linear.weight = nn.Parameter(matrix * sqrt(weight_variance / fan_in))
        layers += [linear, nn.LeakyReLU(slope)]
    outputs: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        output.retain_grad()
        outputs.append(output)

    for layer in layers:
        layer.register_forward_hook(keep)
    nn.Sequential(*layers)(net.inputs).backward(net.cotangent)

    def by_layer(values: list[Tensor], reduce: Callable[[Tensor], Tensor]) -> Tensor:
        return torch.stack([reduce(value.detach()) for value in values])

    def mean(values: Tensor) -> Tensor:
        return values.mean()

    def second_moment(values: Tensor) -> Tensor:
        return (values**2).mean()

    def variance(values: Tensor) -> Tensor:
        return values.var(dim=1, correction=0).mean()

    def gradients(values: list[Tensor]) -> list[Tensor]:
        return [value.grad for value in values if value.grad is not None]

    z, h = outputs[::2], outputs[1::2]
    return {
        "preactivation_mean": by_layer(z, mean),
        "preactivation_second_moment": by_layer(z, second_moment),
        "preactivation_variance": by_layer(z, variance),
        "activation_mean": by_layer(h, mean),
        "activation_second_moment": by_layer(h, second_moment),
        "activation_variance": by_layer(h, variance),
        "activation_gradient_second_moment": by_layer(gradients(h), second_moment),
        "preactivation_gradient_second_moment": by_layer(gradients(z), second_moment),
    }


@settings(deadline=None, max_examples=60)
@given(
    images=st.integers(1, 5),
    widths=st.lists(st.integers(1, 6), min_size=2, max_size=6),
    weight_variance=st.floats(0.1, 10),
    slope=st.integers(-100, 200).map(lambda hundredths: hundredths / 100),
    seed=st.integers(0, 10_000),
)
def test_all_statistics_are_those_of_autograd(
    images: int, widths: list[int], weight_variance: float, slope: float, seed: int
) -> None:
    net = network(images, widths, seed)
    ours = net.propagate(weight_variance, slope)
    theirs = statistics_by_autograd(net, weight_variance, slope)
    assert set(theirs) == set(QUANTITIES)
    for name, expected in theirs.items():
        # float64 leaves 1e-15 or so per operation. A mean or a variance may be a small difference
        # of large numbers, so its error is measured against the second moment it comes from.
        size = theirs[name.replace("mean", "second_moment").replace("variance", "second_moment")]
        unit = size.sqrt() if name.endswith("mean") else size
        error = (getattr(ours, name) - expected).abs()
        assert (error <= 1e-12 * unit).all(), name


def test_statistics_are_one_number_per_layer_in_float64() -> None:
    ours = network(3, [5, 4, 2, 6]).to(torch.float32).propagate(2.0, 0.0)
    for name in QUANTITIES:
        assert getattr(ours, name).shape == (3,)
        assert getattr(ours, name).dtype == torch.float64


def test_float32_agrees_with_float64() -> None:
    net = network(16, [64] * 6)
    single, double = net.to(torch.float32).propagate(2.0, 0.25), net.propagate(2.0, 0.25)
    for name in QUANTITIES:
        # Sums of 64 products in float32 lose 64 * 6e-8 at worst, five layers twenty times that.
        torch.testing.assert_close(
            getattr(single, name), getattr(double, name), rtol=1e-4, atol=1e-5
        )


def test_arguments_stay_as_they_are() -> None:
    net, before = network(3, [5, 4, 2]), network(3, [5, 4, 2])
    net.propagate(2.0, 0.25)
    assert torch.equal(net.inputs, before.inputs)
    assert torch.equal(net.cotangent, before.cotangent)
    assert all(map(torch.equal, net.weights, before.weights))


def test_differences_between_images_are_no_part_of_a_variance() -> None:
    one_unit = [torch.ones(3, 1, dtype=torch.float64)]  # three equal units per image
    images = torch.tensor([[1.0], [5.0]], dtype=torch.float64)
    ours = propagate(images, torch.ones(2, 3).double(), one_unit, weight_variance=1.0, slope=0.0)
    assert ours.preactivation_mean.item() == 3
    assert ours.preactivation_second_moment.item() == 13
    assert ours.preactivation_variance.item() == pytest.approx(0, abs=1e-12)


def test_layers_that_do_not_fit_each_other_are_refused() -> None:
    net = network(3, [5, 4, 2])
    with pytest.raises(RuntimeError):
        propagate(net.inputs, net.cotangent, net.weights[::-1], weight_variance=1.0, slope=0.0)


@pytest.mark.gpu
def test_statistics_on_the_gpu_are_those_on_the_cpu() -> None:
    widths = [784, 256, 256, 256, 256]
    net = Network(
        standard_normal((64, widths[0]), random_generator(1, 0, 0), CPU),
        standard_normal((64, widths[-1]), random_generator(1, 0, 9), CPU),
        [
            standard_normal((out, into), random_generator(1, 0, layer), CPU)
            for layer, (into, out) in enumerate(pairwise(widths), start=1)
        ],
    )
    cpu = net.propagate(2.0, 0.25)
    gpu = net.to(torch.device("cuda")).propagate(2.0, 0.25)
    for name in QUANTITIES:
        # Both are float32 and sum in another order: 784 * 6e-8 at worst in the first layer.
        torch.testing.assert_close(getattr(gpu, name), getattr(cpu, name), rtol=2e-4, atol=2e-5)
