from collections.abc import Callable
from math import isnan

import pytest
import torch
from torch import Tensor

from study.lab.by_hand import comparing, in_torch, modules, two_layers
from study.lab.inits import random_generator

Normal = Callable[..., Tensor]


class Doubled(modules.Linear):
    """A linear layer with a mistake: its weights' gradient is twice what it should be."""

    def differentiate(
        self, gradient: Tensor, x: Tensor, w: Tensor, b: Tensor
    ) -> tuple[Tensor, ...]:
        dx, dw, db = super().differentiate(gradient, x, w, b)
        return dx, 2 * dw, db


def chain(normal: Normal, first: type[modules.Linear] = modules.Linear) -> modules.Model:
    return modules.Model(
        [
            first(normal(4, 3, seed=1), normal(3, seed=2)),
            modules.Tanh(),
            modules.Linear(normal(3, 1, seed=3), normal(1, seed=4)),
        ],
        modules.MeanSquaredError(),
    )


def test_a_difference_is_relative_to_the_second() -> None:
    assert comparing.difference(torch.tensor([0.0]), torch.tensor([2.0])) == 1
    assert comparing.difference(torch.tensor([2.0]), torch.tensor([2.0])) == 0
    assert isnan(comparing.difference(torch.zeros(2), torch.zeros(2)))
    pairs = [torch.tensor([1.0]), torch.tensor([3.0])], [torch.tensor([1.0]), torch.tensor([2.0])]
    assert comparing.largest_difference(*pairs) == 0.5


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_autograd_through_the_notes_code_gives_each_tensor_and_its_gradient(
    normal: Normal, loss: str
) -> None:
    mse = loss == "mse"
    stages = two_layers.MEAN_SQUARED_ERROR if mse else two_layers.CROSS_ENTROPY
    outputs, targets = (1, normal(5)) if mse else (3, torch.arange(5) % 3)
    parameters = two_layers.Parameters(
        normal(4, 6, seed=1), normal(6, seed=2), normal(6, outputs, seed=3), normal(outputs)
    )
    x = normal(5, 4, seed=4)
    torchs = in_torch.module_as_torch(stages.module())
    found = comparing.by_autograd(x, targets, parameters, torchs)
    _, by_hand = two_layers.by_functions(x, targets, parameters, stages.function, stages.backward)
    expected = [found[name] for name in ("dx", "dw1", "db1", "dw2", "db2")]
    # Sums of fewer than ten products: ten roundings.
    assert comparing.largest_difference(by_hand, expected) < 10 * 2**-53
    assert torch.equal(found["h"], torch.relu(found["z"]) - 0.5)
    assert not any(tensor.requires_grad for tensor in found.values())


def test_finite_differences_find_a_mistake_and_put_parameters_back(normal: Normal) -> None:
    x, targets = normal(5, 4, seed=5), normal(5, seed=6)
    for first, low, high in ((modules.Linear, 0.0, 1e-8), (Doubled, 0.1, 0.5)):
        model = chain(normal, first)
        before = [parameter.clone() for parameter in model.parameters()]
        found = comparing.finite_difference(
            model, x, targets, step=2.0**-17, entries=20, generator=random_generator(0, 0, 0)
        )
        # Differences of this step are off by 1e-9; half of a doubled gradient is missing.
        assert low <= found <= high * 1.001
        assert all(map(torch.equal, before, model.parameters()))


def test_a_module_is_compared_up_and_down(normal: Normal) -> None:
    x, cotangent = normal(2, 1, 4, 4), normal(2, 2, 3, 3, seed=1)
    w, b = normal(2, 1, 2, 2, seed=2), normal(2, seed=3)
    module = modules.Convolution(w, b, stride=1, padding=0)
    twin = in_torch.module_as_torch(module)
    assert comparing.module_difference(module, twin, x, cotangent) < 100 * 2**-53
    flipped = modules.Convolution(w.flip(2, 3), b, stride=1, padding=0)
    assert comparing.module_difference(flipped, twin, x, cotangent) > 0.1


def test_training_by_hand_is_training_in_torch_step_by_step(normal: Normal) -> None:
    x, targets = normal(12, 4, seed=5), normal(12, seed=6)
    batches = [*torch.arange(12).reshape(3, 4)]
    steps = comparing.train_both(chain(normal), x, targets, batches, 0.1)
    assert len(steps) == 3
    # Three steps, of sums of fewer than ten products each: thirty roundings.
    assert max(step.parameter_difference for step in steps) < 30 * 2**-53
    assert max(step.loss_difference for step in steps) < 30 * 2**-53
    wrong = comparing.train_both(chain(normal, Doubled), x, targets, batches, 0.1)
    assert wrong[0].loss_difference < 30 * 2**-53
    assert wrong[0].parameter_difference > 0.01
    assert wrong[1].loss_difference > 0.001


def test_the_difference_to_a_loss_of_nothing_is_no_number(normal: Normal) -> None:
    x, model = normal(4, 4, seed=5), chain(normal)
    for parameter in model.parameters():
        parameter.zero_()
    # All outputs are 0, and so are the targets.
    (step,) = comparing.train_both(model, x, 0 * x[:, 0], [torch.arange(4)], 0.5)
    assert step.loss_by_hand == step.loss_in_torch == 0
    assert isnan(step.loss_difference)


def test_training_by_hand_changes_the_chain_as_the_formula_says(normal: Normal) -> None:
    x, targets, model = normal(4, 4, seed=5), normal(4, seed=6), chain(normal)
    _, (_, *gradients) = two_layers.by_chain(x, targets, model)
    expected = [p - 0.5 * g for p, g in zip(model.parameters(), gradients, strict=True)]
    (step,) = comparing.train_both(model, x, targets, [torch.arange(4)], 0.5)
    assert all(map(torch.equal, model.parameters(), expected))
    assert step.loss_by_hand == pytest.approx(step.loss_in_torch, rel=1e-15)
