from dataclasses import asdict
from functools import partial
from math import inf
from pathlib import Path

import pytest
import torch
from matplotlib import pyplot as plt

from study import catalogue
from study.experiments.variance.repeated_matrix_growth import figures, method
from study.lab.mnist import Mnist
from study.record.results import read_run, write_run
from tests.configs import small_config

NAME = "repeated_matrix_growth"
# 0.5 log2(1.139323) for tanh; the mixtures are sums of squared binomials, worked out in fractions.
PREDICTIONS = pytest.approx(
    {
        "repeated-gaussian-keeps-size-early": 1.00323,
        "repeated-gaussian-late-is-radius": 1,
        "gaussian-spectral-radius": 1,
        "power-stretches-more-than-radius": 4.80542,
        "repeated-orthogonal-keeps-size": 1,
        "identity-beside-repeated-matrix": -0.687068,
        "identity-beside-fresh-matrices": -0.942261,
        "relu-identity-holds-state": 0,
        "repeated-relu-scatters-more": None,
        "repeated-tanh-settles": 0.352602,
        "repeated-tanh-gradient": 0.0940852,
        "default-rnn-gradient": -0.792481,
        "default-gru-gradient": -0.687068,
        "default-lstm-gradient": -0.687068,
    },
    rel=2e-4,
)

small = partial(small_config, NAME, draws=2, width=5, images=2, early=2, power=3)


def images() -> torch.Tensor:
    return torch.arange(24.0).reshape(2, 3, 4) / 10


@pytest.mark.parametrize("name", ["tanh_repeated", "relu_fresh", "relu_identity"])
def test_states_and_gradients_are_those_of_torch(name: str) -> None:
    config = small(**{f"arms.{name}.steps": 6, f"arms.{name}.rows": True})
    arm = config.arms[name]
    course = method.run(config, arm, images(), 0)
    parts = method.read(config, images(), 0, rows=True)
    state = torch.zeros(2, 5, requires_grad=True)
    states = [state]
    for step, matrix in enumerate(method.matrices(config, arm, 0)):
        below = parts[step] if step < 3 else torch.zeros(2, 5)
        z = torch.nn.functional.linear(state, matrix) + below
        state = z.tanh() if arm.activation == "tanh" else z.relu()
        states.append(state)
    gradients = torch.autograd.grad(state, states, method.numbers(config, 2, 0))
    for ours, of_torch in zip(course.states, states, strict=True):
        torch.testing.assert_close(ours, of_torch.detach())
    for mine, of_autograd in zip(course.gradients, gradients, strict=True):
        torch.testing.assert_close(mine, of_autograd)
    assert course.fed == pytest.approx(sum(part.square().mean().item() for part in parts))


def test_one_matrix_is_the_first_of_the_fresh_ones() -> None:
    config = small()
    one = [*method.matrices(config, config.arms["tanh_repeated"], 1)]
    fresh = [*method.matrices(config, config.arms["relu_fresh"], 1)]
    assert len(one) == 60
    assert torch.equal(one[0], one[-1])
    torch.testing.assert_close(one[0] / 1.5, fresh[0] / 2**0.5)
    assert not torch.equal(fresh[0], fresh[1])
    mixture = next(method.matrices(config, config.arms["mixture_repeated"], 1))
    orthogonal = next(method.matrices(config, config.arms["orthogonal_repeated"], 1))
    # The same numbers, of variance 1/48 and not 2.25, and half an identity.
    torch.testing.assert_close(mixture, 0.5 * torch.eye(5) + one[0] / (48 * 2.25) ** 0.5)
    torch.testing.assert_close(orthogonal @ orthogonal.T, torch.eye(5))


def test_growth_is_held_against_the_eigenvalues() -> None:
    config = small(power=2)
    arm = config.arms["orthogonal_repeated"]
    matrix = torch.tensor([[0.0, 4.0], [1.0, 0.0]])  # eigenvalues 2 and -2, of square 4
    states = [torch.tensor([[2.0, 1.0]]) * 2.0**step for step in range(101)]
    course = method.Course(states, 2.5, states)
    values = method.of_matrix(config, arm, course, matrix)
    # The square is 4 times an identity of two of them, whose mean square is 16 at width 2.
    expected = {"mean_square_of_power": 16.0 * 5 / 2, "radius": 2.0}
    expected |= {"stretch": 4.0, "late_over_radius": 1.0}
    assert values == pytest.approx(expected, rel=1e-6)
    quantities = method.of_course(config, arm, course)
    assert quantities["growth"] == 1
    assert quantities["factor"] == 4**100
    assert quantities["gradient_rate"] == -1


def test_cells_are_told_apart_and_drawn_within_the_bound() -> None:
    config = small(width=40)
    for name, cell in method.CELLS.items():
        gradients = method.cell_gradients(config, name, images(), 0)
        assert len(gradients) == 4
        assert torch.equal(gradients[-1], method.numbers(config, 2, 0))
        wider = method.cell_gradients(small(width=40, bound=2.0), name, images(), 0)
        assert not torch.equal(wider[0], gradients[0])
        assert len([*cell(3, 4).parameters()]) == 4
    rows = method.gradient_rows("x", [torch.ones(2), torch.full((2,), 4.0)])
    assert [row["sample"] for row in rows] == [0, -2]
    assert [row["step"] for row in rows] == [0, 1]
    assert method.rate([torch.ones(2), torch.zeros(2)]) == -inf


def test_an_arm_of_ones_own_is_measured_and_drawn(embedded: Mnist, tmp_path: Path) -> None:
    config = small(width=16, **{f"arms.{name}.steps": 8 for name in small().arms})
    result = catalogue.load(NAME).run(config, embedded, [0, 1])
    assert "growth.mixture_fresh" in result.samples
    assert "growth.rows_repeated" not in result.samples
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    for figure in figures.FIGURES:
        plt.close(figure(read_run(tmp_path / "run")))
