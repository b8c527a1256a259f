import numpy as np
import pytest
import torch
from torch import nn

from study.errors import StudyError
from study.theory.activations import LEAK, NAMES, activation, leaky

PLACES = np.array([-7.0, -4.0, -2.5, -1.5, -0.3, 0.2, 0.7, 1.4, 2.6, 3.5, 5.5, 7.0])
TORCH = {
    "linear": nn.Identity(),
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(),
    "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(),
    "softsign": nn.Softsign(),
    "elu": nn.ELU(),
    "selu": nn.SELU(),
    "gelu": nn.GELU(),
    "gelu_tanh": nn.GELU(approximate="tanh"),
    "silu": nn.SiLU(),
    "mish": nn.Mish(),
    "softplus": nn.Softplus(),
    "hardtanh": nn.Hardtanh(),
    "hardsigmoid": nn.Hardsigmoid(),
    "hardswish": nn.Hardswish(),
    "relu6": nn.ReLU6(),
}


def test_every_activation_of_torch_is_compared() -> None:
    assert set(NAMES) - set(TORCH) == {"erf"}  # a function of torch, no module


@pytest.mark.parametrize("name", TORCH)
def test_values_and_derivatives_are_those_of_torch(name: str) -> None:
    z = torch.tensor(PLACES, requires_grad=True)
    values = TORCH[name](z)
    (derivatives,) = torch.autograd.grad(values.sum(), z)
    ours = activation(name)
    assert ours.function(PLACES) == pytest.approx(values.detach().numpy(), abs=1e-8)
    assert ours.derivative(PLACES) == pytest.approx(derivatives.numpy(), abs=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_the_derivative_is_the_slope_of_the_function(name: str) -> None:
    ours, step = activation(name), 1e-5
    slopes = (ours.function(PLACES + step) - ours.function(PLACES - step)) / (2 * step)
    assert ours.derivative(PLACES) == pytest.approx(slopes, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_overflows_far_out(name: str) -> None:
    far = np.array([-1e150, -1e4, 1e4, 1e150])
    with np.errstate(over="ignore", invalid="ignore"):  # the cube in the approximate GELU
        assert not np.isnan(activation(name).function(far)).any()
    for derivative in activation(name).derivative(np.array([-1e4, 1e4])):
        assert derivative == pytest.approx(round(float(derivative)), abs=0.06)


def test_a_slope_is_given_to_the_leaky_family_only() -> None:
    assert {name for name in NAMES if activation(name).slope is not None} == {
        "linear",
        "relu",
        "leaky_relu",
    }
    assert activation("leaky_relu").slope == LEAK
    assert activation("leaky_relu", slope=0.5).function(np.array([-2.0])) == -1
    assert leaky(1.0).kinks == ()


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(StudyError, match="activation step: not one of linear, relu"):
        activation("step")
