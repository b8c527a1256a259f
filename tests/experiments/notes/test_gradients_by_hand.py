from functools import partial
from math import isnan
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.notes.gradients_by_hand import claims, method
from study.lab.by_hand import two_layers
from study.lab.by_hand.comparing import UpdateComparison, largest_difference
from study.lab.mnist import Mnist
from study.record.draws import Draw
from tests.configs import small_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import ThreeDraws

NAME = "gradients_by_hand"
ARMS = {f"{loss}_{kind}" for loss in ("mse", "cross_entropy") for kind in ("float32", "float64")}


PREDICTIONS = {
    "s001-promise-backward-linear": 0,
    "gradients-by-hand-float32": 0,
    "gradients-by-hand-cross-entropy": 0,
    "gradients-by-hand-finite-differences": 0,
    "s001-promise-backward-relu": 0,
    "relu-derivative-at-zero-by-hand": 0,
    "relu-derivative-at-zero-torch-relu": 0,
    "relu-derivative-at-zero-clamp-min": 1,
    "s001-promise-backward-loss": 0,
    "cross-entropy-gradient-by-hand": 0,
    "s001-promise-refactor": 0,
    "training-by-hand-float32": 0,
    "training-by-hand-float64": 0,
}


small = partial(
    small_config, NAME, draws=2, images=40, **{"training.updates": 3, "training.batch": 10}
)


def problems(config: method.Config, mnist: Mnist, draw: int) -> list[method.Problem]:
    return list(method.problems_for(config, method.prepare(config, mnist), draw))


# Networks ----------------------------------------------------------------------------------------


def test_the_networks_are_the_notes(embedded: Mnist) -> None:
    for problem in problems(small(), embedded, 0):
        outputs = 1 if problem.loss == "mse" else 10
        shapes = [tuple(tensor.shape) for tensor in problem.parameters]
        assert shapes == [(784, 50), (50,), (50, outputs), (outputs,)]
        w1, b1, w2, b2 = problem.parameters
        # A deviation of k normal numbers has the relative error 1/√(2k); four of them.
        assert w1.std().item() == pytest.approx((2 / 784) ** 0.5, rel=4 / (2 * w1.numel()) ** 0.5)
        assert w2.std().item() == pytest.approx((1 / 50) ** 0.5, rel=4 / (2 * w2.numel()) ** 0.5)
        assert not b1.any()
        assert not b2.any()


def test_both_losses_and_precisions_share_their_numbers(embedded: Mnist) -> None:
    mse32, entropy32, mse64, entropy64 = problems(small(), embedded, 0)
    assert [p.name for p in (mse32, mse64)] == ["mse_float32", "mse_float64"]
    assert torch.equal(mse32.parameters.w1, entropy32.parameters.w1)
    for single, double in ((mse32, mse64), (entropy32, entropy64)):
        assert single.inputs.dtype == torch.float32
        assert double.inputs.dtype == torch.float64
        assert torch.equal(single.inputs.double(), double.inputs)
        assert all(
            torch.equal(a.double(), b)
            for a, b in zip(single.parameters, double.parameters, strict=True)
        )
    assert torch.equal(mse64.targets, entropy64.targets.double())


def test_draws_differ(embedded: Mnist) -> None:
    first, second = (problems(small(), embedded, draw)[0].parameters for draw in (0, 1))
    assert not torch.equal(first.w1, second.w1)
    assert not torch.equal(first.w2, second.w2)


def test_training_leaves_the_problem_as_it_was(embedded: Mnist) -> None:
    config = small()
    (problem, *_) = problems(config, embedded, 0)
    before = [tensor.clone() for tensor in problem.parameters]
    method.compare_trainings(config, problem, 0)
    method.compare_gradients(config, problem, 0)
    assert all(map(torch.equal, before, problem.parameters))


# Quantities --------------------------------------------------------------------------------------


def test_the_gradients_compared_are_those_of_torch_nn(embedded: Mnist) -> None:
    # A second way: a network of torch.nn without the shift, which moves into the second bias:
    # (h − 1/2) w2 + b2 = h w2 + (b2 − Σ w2 / 2). So dw2 loses half of db2 in each row.
    for problem in problems(small(), embedded, 0):
        w1, b1, w2, b2 = problem.parameters
        first, second = nn.Linear(784, 50), nn.Linear(50, len(b2))
        network = nn.Sequential(first, nn.ReLU(), second).to(w1)
        state = {"0.weight": w1.T, "0.bias": b1, "2.weight": w2.T}
        network.load_state_dict(state | {"2.bias": b2 - w2.sum(dim=0) / 2})
        outputs = network(problem.inputs)
        if problem.loss == "mse":
            value = (outputs.squeeze(1) - problem.targets).pow(2).mean()
        else:
            value = nn.functional.cross_entropy(outputs, problem.targets)
        dw1, db1, dw2, db2 = torch.autograd.grad(value, list(network.parameters()))
        expected = (dw1.T, db1, dw2.T - db2 / 2, db2)
        _, (_, *gradients) = two_layers.by_chain(problem.inputs, problem.targets, problem.model())
        # Forty images and fifty units: the sums of 2,000 products stray by √2000 roundings.
        bound = 2000**0.5 * claims.ROUND_OFF[problem.name.split("_")[-1]]
        assert largest_difference(gradients, expected) < bound


def test_every_difference_is_measured_for_every_network(
    three_draws: "Callable[[str], ThreeDraws]",
) -> None:
    samples = three_draws(NAME).result().samples
    for quantity in (
        "gradient_difference",
        "loss_gradient_difference",
        "preactivation_gradient_difference",
        "stage_difference",
        "rate.same_bits",
        "training_loss_difference",
        "training_parameter_difference",
    ):
        assert {
            key.removeprefix(f"{quantity}.") for key in samples if key.startswith(quantity)
        } == ARMS
    assert {key for key in samples if key.startswith("finite")} == {
        f"finite_difference.{arm}" for arm in ARMS if arm.endswith("float64")
    }


def test_stages_two_to_four_give_the_same_bits(
    three_draws: "Callable[[str], ThreeDraws]",
) -> None:
    samples = three_draws(NAME).result().samples
    assert {x for arm in ARMS for x in samples[f"rate.same_bits.{arm}"]} == {1.0}


@pytest.mark.parametrize(
    ("fault", "value", "quantity", "size"),
    [
        ("weight_factor", 1.25, "gradient_difference.mse_float64", 0.25),
        ("weight_factor", 1.25, "training_parameter_difference.mse_float64", None),
        ("loss_factor", 0.5, "loss_gradient_difference.cross_entropy_float32", 0.5),
        ("loss_factor", 0.5, "preactivation_gradient_difference.mse_float32", 0.5),
        ("opens_above", 1e9, "preactivation_gradient_difference.mse_float64", 1.0),
        ("stale", True, "stage_difference.mse_float64", None),
    ],
)
def test_a_planted_mistake_is_as_large_as_it_is_made(
    embedded: Mnist, fault: str, value: float, quantity: str, size: float | None
) -> None:
    config = small(**{f"planted.{fault}": value})
    (difference,) = catalogue.load(NAME).run(config, embedded, [0]).samples[quantity]
    if size is None:
        assert difference > 1e-3
    else:
        assert difference == pytest.approx(size, rel=1e-5)


def test_the_kink_can_be_read_beside_0() -> None:
    negative_side, positive_side = method.derivatives_at(-1.0), method.derivatives_at(1.0)
    assert set(negative_side.values()) == {0.0}
    assert set(positive_side.values()) == {1.0}
    assert method.derivatives_at(0.0) == {
        "derivative_at_zero.by_hand": 0.0,
        "derivative_at_zero.torch_relu": 0.0,
        "derivative_at_zero.clamp_min": 1.0,
    }


# Training ----------------------------------------------------------------------------------------


def test_a_draw_trains_for_the_steps_asked_for(embedded: Mnist) -> None:
    config = small(**{"training.updates": 9})  # more than the four batches of one epoch
    runs = [method.compare_trainings(config, p, 0) for p in problems(config, embedded, 0)]
    assert [len(run) for run in runs] == [9] * 4
    # Both precisions see the same minibatches: the losses differ by rounding of float32 only.
    for single, double in ((runs[0], runs[2]), (runs[1], runs[3])):
        for step32, step64 in zip(single, double, strict=True):
            assert step32.loss_by_hand == pytest.approx(step64.loss_by_hand, rel=1e-4)


def test_a_minibatch_larger_than_the_data_is_refused() -> None:
    message = "experiment.training.batch=41, images=40: the images do not fill one minibatch"
    with pytest.raises(StudyError, match=f"^{message}$"):
        small(**{"training.batch": 41})


def test_a_loss_without_a_learning_rate_is_refused() -> None:
    settings = configuring.plain_settings(NAME, "quick")
    settings["training"]["learning_rates"] = {"mse": 0.1}
    message = "experiment.training.learning_rates=mse: cross_entropy must be among them"
    with pytest.raises(StudyError, match=f"^{message}$"):
        configuring.checked(method.Config, settings)


def test_a_gradient_that_is_0_has_no_finite_difference_in_its_units(embedded: Mnist) -> None:
    samples = (
        catalogue.load(NAME).run(small(**{"planted.weight_factor": 0.0}), embedded, [0]).samples
    )
    assert all(isnan(samples[f"finite_difference.{loss}_float64"][0]) for loss in method.LOSSES)
    assert samples["gradient_difference.mse_float64"] == [1.0]


def test_curves_hold_mean_losses_and_largest_differences() -> None:
    steps = [UpdateComparison(1.0, 2.0, 0.5, 0.1), UpdateComparison(3.0, 6.0, 0.25, 0.2)]
    draws = {
        at: Draw({}, {"training": method.training_rows({"a": [step]})})
        for at, step in enumerate(steps)
    }
    (row,) = method.tables(small(), draws)["training"]
    assert row == {
        "arm": "a",
        "step": 1,
        "loss_by_hand": 2.0,
        "loss_in_torch": 4.0,
        "loss_difference": 0.5,
        "parameter_difference": 0.2,
    }


def test_a_sample_is_the_largest_difference_of_all_steps() -> None:
    steps = [
        UpdateComparison(1, 1, 0.5, 0.1),
        UpdateComparison(1, 1, 0.25, 0.3),
        UpdateComparison(1, 1, 0.1, 0.2),
    ]
    assert method.training_quantities("mse_float32", steps) == {
        "training_loss_difference.mse_float32": 0.5,
        "training_parameter_difference.mse_float32": 0.3,
    }


def test_training_lowers_both_losses(
    three_draws: "Callable[[str], ThreeDraws]",
) -> None:
    rows = three_draws(NAME).result().tables["training"]
    for arm in ARMS:
        losses = [float(row["loss_by_hand"]) for row in rows if row["arm"] == arm]
        assert losses[-1] < losses[0] / 2


# Claims ------------------------------------------------------------------------------------------


def test_the_bands_count_the_images_and_steps_of_the_reference() -> None:
    settings = configuring.plain_settings(NAME, "reference")
    assert settings["images"] == claims.IMAGES
    assert settings["training"]["updates"] == claims.STEPS
    for precision, unit in claims.ROUND_OFF.items():
        assert torch.finfo(method.PRECISIONS[precision]).eps == 2 * unit
    assert claims.roundings(3, "float64").high == 3 * 2.0**-53
