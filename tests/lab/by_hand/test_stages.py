"""The stages of the refactoring against each other, against torch.nn and finite differences."""

from collections.abc import Callable, Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from study.lab.by_hand import functions, in_torch, layers, modules, two_layers

Normal = Callable[..., Tensor]
Check = Callable[[Sequence[Tensor], Sequence[Tensor]], None]
Gradients = Callable[[Callable[..., Tensor], Sequence[Tensor], Tensor], list[Tensor]]

LOSSES = {"mse": two_layers.MEAN_SQUARED_ERROR, "cross_entropy": two_layers.CROSS_ENTROPY}
every_loss = pytest.mark.parametrize("loss", LOSSES)


def problem(
    normal: Normal, loss: str, n: int, hidden: int
) -> tuple[Tensor, Tensor, two_layers.Parameters]:
    outputs = 1 if loss == "mse" else 3
    targets = normal(n, seed=5) if loss == "mse" else torch.arange(n) % 3
    return (
        normal(n, 4),
        targets,
        two_layers.Parameters(
            normal(4, hidden, seed=1),
            normal(hidden, seed=2),
            normal(hidden, outputs, seed=3),
            normal(outputs, seed=4),
        ),
    )


@every_loss
@settings(max_examples=30)
@given(n=st.integers(0, 5), hidden=st.integers(1, 4))
def test_stages_one_to_four_give_the_same_bits(
    normal: Normal, loss: str, n: int, hidden: int
) -> None:
    # They call the same functions in the same order; not a bit may differ.
    x, targets, parameters = problem(normal, loss, n, hidden)
    stages = LOSSES[loss]
    value, first = two_layers.by_functions(x, targets, parameters, stages.function, stages.backward)
    chain = two_layers.chain(parameters, stages.module())
    for other, gradients in (
        two_layers.by_layers(x, targets, parameters, stages.layer()),
        two_layers.by_chain(x, targets, chain),
    ):
        assert torch.equal(value, other) or (n == 0 and other.isnan())
        assert all(map(torch.equal, first, gradients))
    assert [gradient.shape for gradient in first] == [x.shape, *(p.shape for p in parameters)]


@every_loss
@settings(max_examples=30)
@given(n=st.integers(1, 5), hidden=st.integers(1, 4))
def test_stage_five_gives_the_same_numbers(
    normal: Normal, same: Check, loss: str, n: int, hidden: int
) -> None:
    x, targets, parameters = problem(normal, loss, n, hidden)
    chain = two_layers.chain(parameters, LOSSES[loss].module())
    value, gradients = two_layers.by_chain(x, targets, chain)
    network, torchs = in_torch.as_torch(chain)
    same([value], [torchs(network(x), targets).detach()])
    same(gradients, in_torch.gradients_by_autograd(x, targets, chain))


@every_loss
def test_the_network_has_the_gradients_of_finite_differences(
    normal: Normal, differences: Gradients, near: Check, loss: str
) -> None:
    x, targets, parameters = problem(normal, loss, 3, 2)
    stages = LOSSES[loss]
    z = functions.linear(x, *parameters[:2])
    assert z.abs().min() > 0.01  # no step of a finite difference reaches the kink

    def forward(x: Tensor, *parameters: Tensor) -> Tensor:
        return two_layers.chain(two_layers.Parameters(*parameters), stages.module())(x, targets)

    chain = two_layers.chain(parameters, stages.module())
    _, gradients = two_layers.by_chain(x, targets, chain)
    one = torch.tensor(1.0, dtype=torch.float64)
    near(gradients, differences(forward, [x, *parameters], one))


def test_the_example_of_the_chapter() -> None:
    x, targets = torch.tensor([[1.0, 2.0]]), torch.tensor([5.0])
    w1, w2 = torch.tensor([[1.0, -1.0], [1.0, 0.0]]), torch.tensor([[2.0], [1.0]])
    parameters = two_layers.Parameters(w1, torch.zeros(2), w2, torch.ones(1))
    value, (dx, dw1, db1, dw2, db2) = two_layers.by_functions(
        x,
        targets,
        parameters,
        functions.mean_squared_error,
        functions.mean_squared_error_backward,
    )
    assert value.item() == 1 / 4
    assert (dw2.tolist(), db2.tolist()) == ([[5 / 2], [-1 / 2]], [1])
    assert (dw1.tolist(), db1.tolist()) == ([[2, 0], [4, 0]], [2, 0])
    assert dx.tolist() == [[2, 2]]


# Chains of all modules ---------------------------------------------------------------------------


def long_chain(normal: Normal) -> modules.Model:
    def of(*shape: int, seed: int) -> Tensor:
        return normal(*shape, seed=seed) / 3

    return modules.Model(
        [
            modules.Convolution(of(2, 1, 3, 3, seed=1), of(2, seed=2), stride=2, padding=1),
            modules.LeakyRelu(torch.tensor(0.25, dtype=torch.float64)),
            modules.Flatten(),
            modules.Linear(of(2 * 3 * 3, 4, seed=3), of(4, seed=4)),
            modules.BatchNormalisation(of(4, seed=5), of(4, seed=6), epsilon=1e-5, momentum=0.1),
            modules.Tanh(),
            modules.Linear(of(4, 5, seed=7), of(5, seed=8)),
            modules.Relu(),
            modules.Linear(of(5, 3, seed=9), of(3, seed=10)),
        ],
        modules.CrossEntropy(),
    )


@pytest.mark.parametrize("training", [True, False])
def test_a_chain_of_all_modules_is_that_of_torch(
    normal: Normal, same: Check, *, training: bool
) -> None:
    chain = long_chain(normal)
    normalisation = chain.modules[4]
    assert isinstance(normalisation, modules.BatchNormalisation)
    normalisation.training = training
    network, loss = in_torch.as_torch(chain)
    x, targets = normal(6, 1, 5, 5), torch.arange(6) % 3
    leaf = x.clone().requires_grad_()
    value = loss(network(leaf), targets)
    expected = torch.autograd.grad(value, [leaf, *network.parameters()])
    same([chain(x, targets)], [value.detach()])
    found = [chain.backward(), *chain.gradients()]
    assert len(found) == len(expected) == 1 + len(chain.parameters())
    for one, other in zip(found, expected, strict=True):
        transposed = other.T if other.ndim == 2 else other
        same([one], [transposed.reshape(one.shape)])  # a PReLU's slope has an axis in torch
    twin = network[4]
    assert isinstance(twin, nn.BatchNorm1d)
    assert isinstance(twin.running_mean, Tensor)
    assert isinstance(twin.running_var, Tensor)
    same([normalisation.mean, normalisation.variance], [twin.running_mean, twin.running_var])


def test_a_network_in_torch_has_weights_of_its_own(normal: Normal) -> None:
    x, targets, parameters = problem(normal, "mse", 3, 2)
    chain = two_layers.chain(parameters, modules.MeanSquaredError())
    network, _ = in_torch.as_torch(chain)
    before = network(x).detach().clone()
    two_layers.by_chain(x, targets, chain)
    chain.update(0.1)
    assert torch.equal(network(x), before)


def test_building_in_torch_leaves_the_global_generator_alone(normal: Normal) -> None:
    before = torch.get_rng_state()
    in_torch.as_torch(long_chain(normal))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_module_without_counterpart_is_named() -> None:
    class Unknown(modules.Module):
        pass

    with pytest.raises(TypeError, match="Unknown"):
        in_torch.module_as_torch(Unknown())


# Remembering -------------------------------------------------------------------------------------


def test_a_layer_goes_back_through_what_it_saw_last(normal: Normal) -> None:
    w, b, gradient = normal(3, 2), normal(2, seed=1), normal(4, 2, seed=2)
    old, new = normal(4, 3, seed=3), normal(4, 3, seed=4)
    expected = functions.linear_backward(gradient, new, w)
    layer, module = layers.Linear(w, b), modules.Linear(w, b)
    for linear in (layer, module):
        linear(old)
        linear(new)
        assert torch.equal(linear.backward(gradient), expected[0])
    assert torch.equal(layer.dw, expected[1])
    assert torch.equal(module.gradients["w"], expected[1])


@pytest.mark.parametrize("relu", [layers.Relu(), modules.Relu()])
def test_a_plain_relu_is_a_layer_and_a_module(
    normal: Normal, relu: layers.Relu | modules.Relu
) -> None:
    z, gradient = normal(3, 2), normal(3, 2, seed=1)
    assert torch.equal(relu(z), torch.relu(z))
    assert torch.equal(relu.backward(gradient), functions.relu_backward(gradient, z))


def test_a_layer_that_has_seen_nothing_cannot_go_back() -> None:
    for relu in (layers.Relu(), modules.Relu()):
        with pytest.raises(AttributeError):
            relu.backward(torch.ones(1, 1))


def test_a_step_moves_each_parameter_against_its_gradient(normal: Normal) -> None:
    x, targets, parameters = problem(normal, "mse", 5, 3)
    before = [parameter.clone() for parameter in parameters]
    chain = two_layers.chain(parameters, modules.MeanSquaredError())
    _, gradients = two_layers.by_chain(x, targets, chain)
    chain.update(0.5)
    for old, new, gradient in zip(before, chain.parameters(), gradients[1:], strict=True):
        assert torch.equal(new, old - 0.5 * gradient)  # one half is a power of two: no rounding


def test_the_running_statistics_move_while_training_only(normal: Normal) -> None:
    ones = torch.ones(2, dtype=torch.float64)
    module = modules.BatchNormalisation(ones, 0 * ones, epsilon=1e-5, momentum=0.1)
    module(normal(4, 2))
    mean = module.mean
    assert mean.any()
    module.training = False
    module(normal(4, 2, seed=1))
    assert torch.equal(module.mean, mean)
