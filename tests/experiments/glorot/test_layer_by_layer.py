import pytest
import torch
from torch import Tensor
from torch.nn import functional

from study.experiments.glorot.layer_by_layer import (
    forward_and_backward,
    unit_weights,
    within_bound,
)
from study.lab.activations import activation
from study.lab.mean_squares import mean_square


def network(name: str) -> tuple[list[Tensor], Tensor, Tensor]:
    units = unit_weights([7, 6, 5, 4], "uniform", seed=3, draw=1)
    generator = torch.Generator().manual_seed(5)
    inputs = torch.randn(9, 7, generator=generator, dtype=torch.float64)
    labels = torch.randint(0, 4, (9,), generator=generator)
    scale = 1.0 if name == "linear" else 2.0
    return [scale * w.double() for w in within_bound(units, 3.0, "average")], inputs, labels


@pytest.mark.parametrize("name", ["linear", "tanh", "sigmoid"])
def test_the_gradients_are_those_of_autograd(name: str) -> None:
    weights, inputs, labels = network(name)
    function = activation(name)
    record = forward_and_backward(weights, inputs, labels, function)
    leaves = [w.clone().requires_grad_() for w in weights]
    signals, preactivations = [inputs], []
    for at, matrix in enumerate(leaves):
        preactivations.append(signals[-1] @ matrix.T)
        if at < len(leaves) - 1:
            signals.append(function.function(preactivations[-1]))
    loss = functional.cross_entropy(preactivations[-1], labels)
    gradients = torch.autograd.grad(loss, [*preactivations, *leaves])
    for layer in range(1, len(leaves) + 1):
        torch.testing.assert_close(record.gradients[layer - 1], gradients[layer - 1] * len(inputs))
        torch.testing.assert_close(
            record.weight_gradient(layer), gradients[len(leaves) + layer - 1]
        )
    for z, signal in zip(record.activations, signals, strict=True):
        torch.testing.assert_close(z, signal.detach())


def test_the_weight_gradient_of_single_images_is_the_mean_over_them() -> None:
    weights, inputs, labels = network("tanh")
    function = activation("tanh")
    record = forward_and_backward(weights, inputs, labels, function)
    for layer in (1, 2, 3):
        alone = [
            mean_square(
                forward_and_backward(
                    weights, inputs[at : at + 1], labels[at : at + 1], function
                ).weight_gradient(layer)
            )
            for at in range(len(inputs))
        ]
        assert record.weight_gradient_per_image(layer) == pytest.approx(sum(alone) / len(alone))


def test_slopes_are_the_derivatives() -> None:
    weights, inputs, labels = network("tanh")
    record = forward_and_backward(weights, inputs, labels, activation("tanh"))
    for z, slope in zip(record.activations[1:], record.slopes, strict=True):
        torch.testing.assert_close(slope, 1 - z**2)


@pytest.mark.parametrize(
    ("squared_bound", "fan", "bound"),
    [(1.0, "fan_in", 50**-0.5), (3.0, "average", (6 / 90) ** 0.5)],
)
def test_weights_lie_within_their_bound(squared_bound: float, fan: str, bound: float) -> None:
    units = unit_weights([50, 40], "uniform", seed=3, draw=1)
    (matrix,) = within_bound(units, squared_bound, fan)  # type: ignore[arg-type]  # parametrised
    assert matrix.shape == (40, 50)
    assert 0.99 * bound < matrix.abs().max() < bound * (1 + 1e-6)
    assert mean_square(matrix) == pytest.approx(bound**2 / 3, rel=0.1)
