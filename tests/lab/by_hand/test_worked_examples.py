"""The worked examples of the chapters The loss and The backward pass, number by number."""

from math import cbrt, exp, log, sqrt
from sys import float_info

import pytest
import torch
from torch import Tensor

from study.lab.by_hand.functions import (
    cross_entropy,
    cross_entropy_backward,
    leaky_relu,
    leaky_relu_backward,
    linear,
    linear_backward,
    log_softmax,
    mean_squared_error,
    mean_squared_error_backward,
    relu,
    relu_backward,
    shifted_relu,
    shifted_relu_backward,
    tanh,
    tanh_backward,
)


def near(tensor: Tensor, expected: object) -> bool:
    return torch.allclose(tensor, torch.tensor(expected, dtype=tensor.dtype), atol=1e-6)


# The loss ----------------------------------------------------------------------------------------

OUTPUTS, TARGETS = torch.tensor([[1.0], [2.0], [6.0]]), torch.tensor([0.0, 4.0, 5.0])


def test_the_squared_error_of_three_images() -> None:
    assert mean_squared_error(OUTPUTS, TARGETS).item() == pytest.approx(2)
    assert near(mean_squared_error_backward(OUTPUTS, TARGETS), [[2 / 3], [-4 / 3], [2 / 3]])


def test_the_cross_entropy_of_three_classes() -> None:
    logits, labels = torch.tensor([[0.0, log(2), log(5)]]), torch.tensor([1])
    assert near(log_softmax(logits).exp(), [[1 / 8, 2 / 8, 5 / 8]])
    assert cross_entropy(logits, labels).item() == pytest.approx(log(4))
    assert near(cross_entropy_backward(logits, labels), [[1 / 8, -6 / 8, 5 / 8]])


def test_the_cross_entropy_of_equal_logits_is_the_logarithm_of_the_classes() -> None:
    logits, labels = torch.zeros(2, 10), torch.tensor([3, 7])
    assert cross_entropy(logits, labels).item() == pytest.approx(log(10))


def test_a_logit_of_a_hundred_overflows_where_no_maximum_is_subtracted() -> None:
    logits = torch.tensor([[100.0, 99.0]])
    naive = logits.exp() / logits.exp().sum()
    assert logits.exp().isinf().all()
    assert naive.isnan().all()
    assert near(log_softmax(logits), [[-log(1 + exp(-1)), -1 - log(1 + exp(-1))]])


def test_the_largest_exponent_of_each_type() -> None:
    assert 88.7 < log(torch.finfo(torch.float32).max) < 88.8
    assert 709.7 < log(torch.finfo(torch.float64).max) < 709.8


# The backward pass: one layer at a time ----------------------------------------------------------

X = torch.tensor([[1.0, 2.0], [-1.0, 1.0]])
W1, B1 = torch.tensor([[1.0, -1.0], [1.0, 0.0]]), torch.tensor([1.0, 0.0])
W2, B2 = torch.tensor([[1.0], [-2.0]]), torch.tensor([1.0])
Y = torch.tensor([3.0, 1.0])


def loss(w1: Tensor) -> float:
    hidden = relu(linear(X.to(w1), w1, B1.to(w1)))
    return mean_squared_error(linear(hidden, W2.to(w1), B2.to(w1)), Y.to(w1)).item()


def test_the_network_of_two_layers_forwards() -> None:
    z = linear(X, W1, B1)
    assert z.tolist() == [[4, -1], [1, 1]]
    assert relu(z).tolist() == [[4, 0], [1, 1]]
    outputs = linear(relu(z), W2, B2)
    assert outputs.tolist() == [[5], [0]]
    assert mean_squared_error(outputs, Y).item() == 5 / 2


def test_the_network_of_two_layers_backwards() -> None:
    z = linear(X, W1, B1)
    h = relu(z)
    do = mean_squared_error_backward(linear(h, W2, B2), Y)
    assert do.tolist() == [[2], [-1]]
    dh, dw2, db2 = linear_backward(do, h, W2)
    assert dw2.tolist() == [[7], [-1]]
    assert db2.tolist() == [1]
    assert dh.tolist() == [[2, -4], [-1, 2]]
    dz = relu_backward(dh, z)
    assert dz.tolist() == [[2, 0], [-1, 2]]
    dx, dw1, db1 = linear_backward(dz, X, W1)
    assert dw1.tolist() == [[3, -2], [3, 2]]
    assert db1.tolist() == [1, 2]
    assert dx.tolist() == [[2, 2], [-3, -1]]


def test_the_network_of_two_layers_agrees_with_torch() -> None:
    leaves = [leaf.clone().requires_grad_() for leaf in (X, W1, B1, W2, B2)]
    x, w1, b1, w2, b2 = leaves
    outputs = ((x @ w1 + b1).relu() @ w2 + b2).squeeze(-1)
    gradients = torch.autograd.grad((outputs - Y).square().mean(), leaves)
    expected = [[[2, 2], [-3, -1]], [[3, -2], [3, 2]], [1, 2], [[7], [-1]], [1]]
    assert [gradient.tolist() for gradient in gradients] == expected


@pytest.mark.parametrize("h", [1e-1, 1e-2, 1e-3])
def test_the_loss_of_one_changed_weight_is_a_parabola(h: float) -> None:
    nudge = torch.tensor([[h, 0.0], [0.0, 0.0]], dtype=torch.float64)
    up, down = loss(W1 + nudge), loss(W1 - nudge)
    assert up == pytest.approx(5 / 2 + 3 * h + h**2)
    assert (up - loss(W1.double())) / h == pytest.approx(3 + h)
    assert (up - down) / (2 * h) == pytest.approx(3)


def test_a_gradient_of_one_image_is_an_axis_short_if_output_and_target_lost_theirs() -> None:
    output, target, hidden = torch.ones(1, 1), torch.zeros(1), torch.ones(1, 50)
    short = (output.squeeze() - target.squeeze()).unsqueeze(-1)
    right = (output.squeeze(-1) - target).unsqueeze(-1)
    assert (hidden.T @ short).shape == (50,)
    assert (hidden.T @ right).shape == (50, 1)


def test_a_step_against_the_gradient_lowers_the_loss_by_its_squared_norm() -> None:
    rate = 1e-3
    gradient = torch.tensor([[3.0, -2.0], [3.0, 2.0]], dtype=torch.float64)
    lowered = loss(W1.double()) - loss(W1 - rate * gradient)
    assert lowered / rate == pytest.approx(26, rel=0.02)


def test_three_activations_at_three_places() -> None:
    z, gradient = torch.tensor([-2.0, 0.0, 3.0]), torch.tensor([10.0, 10.0, 10.0])
    assert shifted_relu(z).tolist() == [-0.5, -0.5, 2.5]
    assert shifted_relu_backward(gradient, z).tolist() == [0, 0, 10]
    assert leaky_relu(z, 0.25).tolist() == [-0.5, 0, 3]
    dz, dslope = leaky_relu_backward(gradient, z, 0.25)
    assert dz.tolist() == [2.5, 2.5, 10]
    assert float(dslope) == -20


def test_the_tangent_from_its_own_value() -> None:
    z = torch.tensor([log(2), 0.0])  # tanh(log 2) = (2 - 1/2)/(2 + 1/2) = 3/5
    h = tanh(z)
    assert near(h, [3 / 5, 0])
    assert near(tanh_backward(torch.tensor([1.0, 1.0]), h), [16 / 25, 1])


# Checking a gradient -----------------------------------------------------------------------------


ROUNDING_UNIT = float_info.epsilon / 2


def central(h: float) -> float:
    """Return the error of the central difference of the exponential function at 1."""
    return abs((exp(1 + h) - exp(1 - h)) / (2 * h) - exp(1))


def test_the_best_step_of_a_central_difference_is_the_cube_root_of_the_rounding_unit() -> None:
    best = cbrt(3 * ROUNDING_UNIT)
    assert best == pytest.approx(7e-6, rel=0.02)
    assert central(best) < 1e-9
    assert central(1000 * best) == pytest.approx(exp(1) * (1000 * best) ** 2 / 6, rel=0.01)
    assert central(best / 1e5) > 100 * central(best)
    assert cbrt(3 * 2**-24) == pytest.approx(6e-3, rel=0.1)


def test_the_best_step_of_a_one_sided_difference_is_the_square_root_of_it() -> None:
    best = 2 * sqrt(ROUNDING_UNIT)
    error = abs((exp(1 + best) - exp(1)) / best - exp(1))
    assert 1e-9 < error < 1e-6
