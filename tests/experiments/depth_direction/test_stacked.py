import pytest
import torch
from torch import nn
from torch.nn import functional

from study.experiments.depth_direction.stacked import Layers, stacked
from study.lab.inits import Initialisation
from study.lab.mnist import Split
from study.lab.networks import ACTIVATIONS, classifier
from study.lab.training import train

INITIALISATION = Initialisation("gaussian", "fan_in", 1.5, bias_variance=0.1)


def examples() -> Split:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(20, 7, dtype=torch.float64, generator=generator)
    return Split(images, torch.arange(20) % 10)


def network(activation: str) -> nn.Sequential:
    images = examples().images
    return classifier(
        images, [5] * 6, INITIALISATION, ACTIVATIONS[activation], seed=1, draw=0
    ).double()


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_stacked_layers_have_the_outputs_and_the_gradients_of_autograd(activation: str) -> None:
    images, labels = examples().images, examples().labels
    plain = network(activation)
    stack = stacked(plain)
    torch.testing.assert_close(stack(images), plain(images))
    ours, theirs = (
        torch.autograd.grad(functional.cross_entropy(model(images), labels), [*model.parameters()])
        for model in (stack, plain)
    )
    assert len(ours) == 6
    assert len(theirs) == 14
    for at, expected in (
        (0, theirs[0]),
        (1, theirs[1]),
        (2, torch.stack(theirs[2:-2:2])),
        (3, torch.stack(theirs[3:-2:2])),
        (4, theirs[-2]),
        (5, theirs[-1]),
    ):
        torch.testing.assert_close(ours[at], expected)


def test_the_gradient_of_the_signal_is_that_of_finite_differences() -> None:
    signal = examples().images[:3, :5].clone().requires_grad_()
    layers = stacked(network("tanh"))[2]
    assert isinstance(layers, Layers)
    assert torch.autograd.gradcheck(layers, (signal,))


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_stacked_layers_train_as_the_network_does(activation: str) -> None:
    batches = [torch.arange(10), torch.arange(10, 20)] * 3
    ours, theirs = (
        train(
            model,
            functional.cross_entropy,
            examples().images,
            examples().labels,
            batches,
            learning_rate=0.1,
        )
        for model in (stacked(network(activation)), network(activation))
    )
    assert ours == pytest.approx(theirs)
