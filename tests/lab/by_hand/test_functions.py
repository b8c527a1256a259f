from collections.abc import Callable, Sequence
from math import isnan, log

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from study.lab.by_hand import functions

Normal = Callable[..., Tensor]
Gradients = Callable[[Callable[..., Tensor], Sequence[Tensor], Tensor], list[Tensor]]
Check = Callable[[Sequence[Tensor], Sequence[Tensor]], None]

ROWS = st.integers(0, 5)
UNITS = st.integers(1, 5)
few = settings(max_examples=30)

# Each layer: what is called, its inputs for n rows and m units, and its gradients by hand.
LAYERS: dict[
    str,
    tuple[
        Callable[..., Tensor],
        Callable[[Normal, int, int], list[Tensor]],
        Callable[..., tuple[Tensor, ...]],
    ],
] = {
    "linear": (
        functions.linear,
        lambda normal, n, m: [normal(n, 3), normal(3, m, seed=1), normal(m, seed=2)],
        lambda gradient, x, w, _: functions.linear_backward(gradient, x, w),
    ),
    "relu": (
        functions.relu,
        lambda normal, n, m: [away_from_0(normal(n, m))],
        lambda gradient, z: (functions.relu_backward(gradient, z),),
    ),
    "shifted_relu": (
        functions.shifted_relu,
        lambda normal, n, m: [away_from_0(normal(n, m))],
        lambda gradient, z: (functions.shifted_relu_backward(gradient, z),),
    ),
    "leaky_relu": (
        functions.leaky_relu,
        lambda normal, n, m: [away_from_0(normal(n, m)), torch.tensor(0.25, dtype=torch.float64)],
        functions.leaky_relu_backward,
    ),
    "tanh": (
        functions.tanh,
        lambda normal, n, m: [normal(n, m)],
        lambda gradient, z: (functions.tanh_backward(gradient, functions.tanh(z)),),
    ),
}
every_layer = pytest.mark.parametrize("name", LAYERS)


def away_from_0(z: Tensor) -> Tensor:
    """Keep preactivations so far from the kink that a step of a finite difference stays clear."""
    return z + 0.01 * z.sign()


# Gradients ---------------------------------------------------------------------------------------


@every_layer
@few
@given(n=ROWS, m=UNITS)
def test_gradients_by_hand_are_those_of_autograd(  # noqa: PLR0913 - fixtures
    normal: Normal, autograd: Gradients, same: Check, *, name: str, n: int, m: int
) -> None:
    forward, inputs_of, backward = LAYERS[name]
    inputs, cotangent = inputs_of(normal, n, m), normal(n, m, seed=9)
    same(backward(cotangent, *inputs), autograd(forward, inputs, cotangent))


@every_layer
@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 2)])
def test_gradients_by_hand_are_those_of_finite_differences(  # noqa: PLR0913 - fixtures
    normal: Normal, differences: Gradients, near: Check, *, name: str, n: int, m: int
) -> None:
    forward, inputs_of, backward = LAYERS[name]
    inputs, cotangent = inputs_of(normal, n, m), normal(n, m, seed=9)
    near(backward(cotangent, *inputs), differences(forward, inputs, cotangent))


@few
@given(n=st.integers(1, 5))
def test_the_mean_squared_error_is_torchs_with_its_gradient(
    normal: Normal, autograd: Gradients, same: Check, n: int
) -> None:
    outputs, targets = normal(n, 1), normal(n, seed=1)

    def loss(outputs: Tensor) -> Tensor:
        return nn.functional.mse_loss(outputs.squeeze(1), targets)

    same([functions.mean_squared_error(outputs, targets)], [loss(outputs)])
    found = functions.mean_squared_error_backward(outputs, targets)
    one = torch.tensor(1.0, dtype=torch.float64)
    same([found], autograd(loss, [outputs], one))


@few
@given(n=st.integers(1, 5), classes=UNITS)
def test_the_cross_entropy_is_torchs_with_its_gradient(
    normal: Normal, autograd: Gradients, same: Check, n: int, classes: int
) -> None:
    logits, labels = normal(n, classes), torch.arange(n) % classes

    def loss(logits: Tensor) -> Tensor:
        return nn.functional.cross_entropy(logits, labels)

    same([functions.cross_entropy(logits, labels)], [loss(logits)])
    found = functions.cross_entropy_backward(logits, labels)
    one = torch.tensor(1.0, dtype=torch.float64)
    same([found], autograd(loss, [logits], one))


def test_losses_have_the_gradients_of_finite_differences(
    normal: Normal, differences: Gradients, near: Check
) -> None:
    outputs, targets, one = normal(3, 1), normal(3, seed=1), torch.tensor(1.0, dtype=torch.float64)
    squared = differences(lambda o: functions.mean_squared_error(o, targets), [outputs], one)
    near([functions.mean_squared_error_backward(outputs, targets)], squared)
    logits, labels = normal(3, 4), torch.tensor([0, 3, 3])
    entropy = differences(lambda z: functions.cross_entropy(z, labels), [logits], one)
    near([functions.cross_entropy_backward(logits, labels)], entropy)


@every_layer
@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_gradients_keep_the_precision_of_the_inputs(
    normal: Normal, name: str, kind: torch.dtype
) -> None:
    forward, inputs_of, backward = LAYERS[name]
    inputs = [tensor.to(kind) for tensor in inputs_of(normal, 2, 3)]
    assert forward(*inputs).dtype == kind
    assert {tensor.dtype for tensor in backward(normal(2, 3).to(kind), *inputs)} == {kind}


# Values ------------------------------------------------------------------------------------------


def test_the_linear_layer_is_torchs_with_transposed_weights(normal: Normal, same: Check) -> None:
    x, w, b = normal(4, 3), normal(3, 2, seed=1), normal(2, seed=2)
    same([functions.linear(x, w, b)], [nn.functional.linear(x, w.T, b)])


def test_activations_are_torchs(normal: Normal) -> None:
    z = normal(4, 3)
    assert torch.equal(functions.relu(z), torch.relu(z))
    assert torch.equal(functions.shifted_relu(z), z.clamp_min(0.0) - 0.5)
    assert torch.equal(functions.leaky_relu(z, 0.25), nn.functional.leaky_relu(z, 0.25))
    assert torch.equal(functions.tanh(z), torch.tanh(z))


def test_at_exactly_0_a_relu_has_a_subgradient_that_programs_choose() -> None:
    z, one = torch.zeros(1, requires_grad=True), torch.ones(1)
    assert torch.autograd.grad(z.clamp_min(0.0), z)[0].item() == 1
    assert torch.autograd.grad(torch.relu(z), z)[0].item() == 0
    assert functions.relu_backward(one, z.detach()).item() == 0
    assert functions.shifted_relu_backward(one, z.detach()).item() == 0


def test_at_exactly_0_a_leaky_relu_has_its_negative_slope_as_in_torch() -> None:
    z = torch.zeros(1, requires_grad=True)
    expected = torch.autograd.grad(nn.functional.leaky_relu(z, 0.25), z)[0]
    dz, dslope = functions.leaky_relu_backward(torch.ones(1), z.detach(), 0.25)
    assert torch.equal(dz, expected)
    assert (dz.item(), dslope.item()) == (0.25, 0)


def test_a_slope_that_is_a_number_is_not_rounded_to_float32() -> None:
    z = torch.tensor([-1.0], dtype=torch.float64)
    dz, _ = functions.leaky_relu_backward(torch.ones_like(z), z, 0.1)
    assert (functions.leaky_relu(z, 0.1).item(), dz.item()) == (-0.1, 0.1)


# The cross-entropy of large logits ---------------------------------------------------------------


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
@pytest.mark.parametrize(("label", "loss"), [(0, 0.0), (1, 20_000.0)])
def test_the_cross_entropy_is_finite_where_exponentials_are_not(
    kind: torch.dtype, label: int, loss: float
) -> None:
    # exp(10000) overflows and exp(-10000) is 0, of which the logarithm is not finite.
    logits, labels = torch.tensor([[1e4, -1e4]], dtype=kind), torch.tensor([label])
    assert functions.cross_entropy(logits, labels).item() == loss
    expected = [[0.0, 0.0]] if label == 0 else [[1.0, -1.0]]
    assert functions.cross_entropy_backward(logits, labels).tolist() == expected


@pytest.mark.parametrize("logit", [-1e4, 0.0, 1e4])
def test_equal_logits_of_any_size_are_equal_chances(logit: float) -> None:
    logits, labels = torch.full((3, 10), logit, dtype=torch.float64), torch.tensor([0, 5, 9])
    # The logarithm of 10 is rounded once here and once in torch.
    assert functions.cross_entropy(logits, labels).item() == pytest.approx(log(10), rel=2**-51)


def test_a_constant_added_to_all_logits_changes_nothing(normal: Normal) -> None:
    logits = (normal(3, 4) * 2**10).round()  # whole numbers, so that the sum is not rounded
    assert torch.equal(functions.log_softmax(logits), functions.log_softmax(logits + 1024))


def test_the_gradient_of_each_image_sums_to_0(normal: Normal) -> None:
    found = functions.cross_entropy_backward(normal(5, 10), torch.arange(5)).sum(dim=1)
    # Ten roundings of numbers below 1.
    assert found.abs().max() < 10 * 2**-53


# Edges -------------------------------------------------------------------------------------------


@every_layer
def test_no_rows_give_no_rows_and_gradients_of_0(normal: Normal, name: str) -> None:
    forward, inputs_of, backward = LAYERS[name]
    inputs = inputs_of(normal, 0, 2)
    assert forward(*inputs).shape == (0, 2)
    dx, *others = backward(normal(0, 2), *inputs)
    assert dx.shape == inputs[0].shape
    assert all((tensor == 0).all() for tensor in others)


def test_a_mean_over_no_rows_is_not_a_number_and_its_gradient_is_empty() -> None:
    outputs, targets = torch.empty(0, 1), torch.empty(0)
    logits, labels = torch.empty(0, 10), torch.empty(0, dtype=torch.int64)
    assert isnan(functions.mean_squared_error(outputs, targets).item())
    assert isnan(functions.cross_entropy(logits, labels).item())
    assert functions.mean_squared_error_backward(outputs, targets).shape == (0, 1)
    assert functions.cross_entropy_backward(logits, labels).shape == (0, 10)


@pytest.mark.parametrize(
    ("outputs", "targets"),
    [((3, 1), (3, 1)), ((3,), (3,)), ((3, 10), (3,)), ((3, 1), (1,)), ((), ()), ((3, 1, 1), (3,))],
)
def test_the_mean_squared_error_refuses_shapes_that_would_broadcast(
    outputs: tuple[int, ...], targets: tuple[int, ...]
) -> None:
    for loss in (functions.mean_squared_error, functions.mean_squared_error_backward):
        with pytest.raises(ValueError, match="are wanted") as told:
            loss(torch.zeros(outputs), torch.zeros(targets))
        assert str(outputs) in str(told.value)
        assert str(targets) in str(told.value)


@pytest.mark.parametrize(("logits", "labels"), [((3, 10), (2,)), ((3, 10), (3, 1)), ((3,), (3,))])
def test_the_cross_entropy_refuses_labels_that_do_not_match(
    logits: tuple[int, ...], labels: tuple[int, ...]
) -> None:
    for loss in (functions.cross_entropy, functions.cross_entropy_backward):
        with pytest.raises(ValueError, match="are wanted") as told:
            loss(torch.zeros(logits), torch.zeros(labels, dtype=torch.int64))
        assert str(logits) in str(told.value)
        assert str(labels) in str(told.value)


@pytest.mark.parametrize("label", [-1, 10])
def test_the_cross_entropy_refuses_a_label_that_no_output_has(label: int) -> None:
    for loss in (functions.cross_entropy, functions.cross_entropy_backward):
        with pytest.raises(RuntimeError):
            loss(torch.zeros(1, 10), torch.tensor([label]))
