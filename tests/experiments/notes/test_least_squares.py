import pytest
import torch

from study.experiments.notes.least_squares import gradient_descent, normal_equations
from study.lab.inits import random_generator


def problem() -> tuple[torch.Tensor, torch.Tensor]:
    generator = random_generator(0, 0, 0)
    inputs = torch.from_numpy(generator.standard_normal((40, 3)))
    return inputs, torch.from_numpy(generator.standard_normal(40))


def test_the_gradient_and_the_hessian_are_those_of_autograd() -> None:
    inputs, targets = problem()
    hessian, correlation = normal_equations(inputs, targets)

    def loss(weights: torch.Tensor) -> torch.Tensor:
        return (inputs @ weights - targets).square().mean() / 2

    weights = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(loss(weights), [weights])
    torch.testing.assert_close(gradient, hessian @ weights.detach() - correlation)
    second = torch.autograd.functional.hessian(loss, weights.detach())  # type: ignore[no-untyped-call]
    torch.testing.assert_close(second, hessian)


@pytest.mark.parametrize("loss_factor", [0.5, 1.0])
def test_descent_ends_at_the_solution_or_runs_away(loss_factor: float) -> None:
    inputs, targets = problem()
    hessian, correlation = normal_equations(inputs, targets)
    edge = 1 / (loss_factor * torch.linalg.eigvalsh(hessian)[-1])
    rates = edge * torch.tensor([0.9, 1.1], dtype=torch.float64)
    near, far = gradient_descent(
        hessian, correlation, rates, loss_factor=loss_factor, updates=500
    ).T
    torch.testing.assert_close(near, torch.linalg.solve(hessian, correlation))
    assert far.norm() > 1e6


def test_one_step_is_the_gradient_times_the_rate() -> None:
    hessian, correlation = torch.eye(2, dtype=torch.float64), torch.tensor([3.0, 4.0]).double()
    rates = torch.tensor([0.1, 0.2]).double()
    after = gradient_descent(hessian, correlation, rates, loss_factor=0.5, updates=1)
    torch.testing.assert_close(after, correlation[:, None] * rates)
