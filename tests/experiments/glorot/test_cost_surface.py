from functools import partial

import numpy as np
import pytest
import torch
from torch.nn import functional

from study import catalogue
from study.errors import StudyError
from study.experiments.glorot.cost_surface import method
from study.lab.mnist import Mnist
from tests.configs import small_config

NAME = "cost_surface"


PREDICTIONS = dict.fromkeys(
    ("gb-fig5-cost-surface", "fig5-slopes", "fig5-relative-flatness", "fig5-far-plateaus")
)


small = partial(small_config, NAME, points=9, draws=2)


@pytest.mark.parametrize("cost", ["cross_entropy", "quadratic"])
def test_a_surface_is_that_of_torch(cost: method.Cost) -> None:
    generator = np.random.default_rng(1)
    x, t = generator.standard_normal(20), generator.integers(0, 2, 20).astype(np.float64)
    places = np.array([-2.0, 0.5, 3.0])
    surface = method.surface(cost, x, t, places)
    for row, second in enumerate(places):
        for column, first in enumerate(places):
            w = torch.tensor([first, second], dtype=torch.float64, requires_grad=True)
            output = w[1] * torch.tanh(w[0] * torch.from_numpy(x))
            target = torch.from_numpy(t)
            loss = (
                functional.binary_cross_entropy_with_logits(output, target)
                if cost == "cross_entropy"
                else functional.mse_loss(torch.sigmoid(output), target)
            )
            (gradient,) = torch.autograd.grad(loss, w)
            assert surface.cost[row, column] == pytest.approx(loss.item())
            assert surface.slope[row, column] == pytest.approx(gradient.norm().item(), abs=1e-12)


def test_the_quantities_compare_second_with_first() -> None:
    first = method.Surface(np.array([[0.0, 4.0]]), np.array([[0.002, 1.0]]))
    second = method.Surface(np.array([[0.0, 1.0]]), np.array([[0.001, 0.3]]))
    values = method.quantities(small(), first, second)
    assert values["range_ratio"] == pytest.approx(0.25)
    assert values["median_slope_ratio_absolute"] == pytest.approx(0.1505 / 0.501)
    assert values["median_slope_ratio_relative"] == pytest.approx(4 * 0.1505 / 0.501)
    assert values["flat_share_absolute_first"] == pytest.approx(0.5)
    assert values["flat_share_relative_second"] == pytest.approx(0.5)
    assert values["flat_ratio_absolute"] == pytest.approx(1)


def test_a_scaled_cost_is_flatter_absolutely_only() -> None:
    rough = method.Surface(np.array([[0.0, 4.0]]), np.array([[0.5, 1.0]]))
    tenth = method.Surface(rough.cost / 100, rough.slope / 100)
    assert method.flat_share(rough, "absolute", 0.01) == 0
    assert method.flat_share(tenth, "absolute", 0.01) == pytest.approx(0.5)
    assert method.flat_share(tenth, "relative", 0.2) == method.flat_share(rough, "relative", 0.2)


def test_both_costs_see_the_same_examples(embedded: Mnist) -> None:
    config = small(**{"costs.second": "cross_entropy"})
    samples = catalogue.load(NAME).run(config, embedded, [0, 1]).samples
    assert samples["range_ratio.near"] == [1.0, 1.0]
    assert samples["flat_ratio_relative.far"] == [1.0, 1.0]


def test_the_surfaces_are_those_of_the_first_draw(embedded: Mnist) -> None:
    two_draws, one_draw = (
        catalogue.load(NAME).run(small(), embedded, draws).tables for draws in ([1, 0], [1])
    )
    assert two_draws["surfaces"] == one_draw["surfaces"]
    assert len(two_draws["surfaces"]) == 5 * 5
    assert two_draws["flatness"] != one_draw["flatness"]


@pytest.mark.parametrize("square", ["near", "far"])
def test_a_square_in_which_there_is_only_rounding_is_refused(square: str) -> None:
    with pytest.raises(StudyError) as refusal:
        small(**{f"squares.{square}": 1e-9})
    assert str(refusal.value) == (
        f"experiment.squares.{square}=1e-09: input should be greater than or equal to 0.001"
    )
