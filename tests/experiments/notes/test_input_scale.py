from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from torch.nn import functional

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.notes.input_scale import figures, method
from study.experiments.notes.pixels import Affine
from study.lab.inits import random_generator
from study.lab.mnist import Mnist
from study.lab.training import minibatches
from study.record.results import read_run, write_run
from tests.by_hand import Updates
from tests.configs import small_config

NAME = "input_scale"


PREDICTIONS = pytest.approx(
    {
        "s003-input-scale": None,
        "mixed-scale-trains-worse": None,
        "large-scale-trains-worse": None,
        "largest-step": 2,
        "range-enters-curvature-squared": 1000**2,
    }
)


small = partial(
    small_config,
    NAME,
    **{
        "draws": 2,
        "images": 640,
        "updates": 5,
        "validation": 100,
        "optimisers.descent.learning_rates": [10.0, 20.0],
        "optimisers.adam.learning_rates": [0.004],
    },
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": 63}, "batch=64, images=63: the images do not fill one minibatch"),
        ({"batch": 641}, "batch=641, images=640: the images do not fill one minibatch"),
    ],
)
def test_images_that_do_not_fill_a_minibatch_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(StudyError) as refusal:
        small(**changes)
    assert str(refusal.value) == f"experiment.{message}"


def test_scales_without_the_one_they_are_compared_with_are_refused() -> None:
    settings = configuring.plain_settings(NAME, "quick")
    del settings["inputs"]["standardised"]
    with pytest.raises(StudyError) as refusal:
        configuring.checked(method.Config, settings)
    message = "experiment.inputs=unit_range, bytes, mixed: standardised must be among them"
    assert str(refusal.value) == message


def test_both_optimisers_must_have_learning_rates() -> None:
    settings = configuring.plain_settings(NAME, "quick")
    del settings["optimisers"]["adam"]
    with pytest.raises(StudyError) as refusal:
        configuring.checked(method.Config, settings)
    assert str(refusal.value) == "experiment.optimisers=descent: adam must be among them"


@pytest.mark.parametrize(
    ("field", "count", "there_are"),
    [("images", 4001, 4000), ("validation", 501, 500), ("curvature.images", 4001, 4000)],
)
def test_more_images_than_there_are_are_refused(
    embedded: Mnist, field: str, count: int, there_are: int
) -> None:
    with pytest.raises(StudyError) as refusal:
        method.prepare(small(**{field: count}), embedded)
    assert str(refusal.value) == f"experiment.{field}={count}: there are only {there_are}"


def test_a_scale_of_the_readers_own_is_measured_and_shown(embedded: Mnist, tmp_path: Path) -> None:
    config = small(**{"inputs.mine": {"standardise": True, "factor": 2.0, "upper_factor": 1.0}})
    result = catalogue.load(NAME).run(config, embedded, range(2))
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    figure = figures.error_by_learning_rate(read_run(tmp_path / "run"))
    plt.close(figure)
    _, labels = figure.axes[0].get_legend_handles_labels()
    assert labels == [*figures.LABELS.values(), "mine"]


def test_the_upper_half_of_an_image_is_scaled_by_both_factors() -> None:
    scale = method.Scale(standardise=False, factor=2.0, upper_factor=10.0)
    layer = method.layer_of(scale, Affine(3.0, -1.0), torch.zeros(1, 4))
    images = torch.tensor([[1.0, 2.0, 1.0, 2.0]])
    expected = torch.tensor([[40.0, 100.0, 4.0, 10.0]], dtype=torch.float64)
    torch.testing.assert_close(layer(images), expected)


def test_the_worked_example_of_the_chapter() -> None:
    second_moment = np.diag([1.0, 1.0])
    assert np.linalg.cond(second_moment) == 1
    ranges = np.diag([1.0, 10.0])
    hessian = ranges @ second_moment @ ranges
    assert np.linalg.cond(hessian) == pytest.approx(100)
    rate = 1 / 100  # half of the largest step, 2/100
    error = np.array([1.0, 1.0])
    for _ in range(100):
        error = error - rate * hessian @ error
    assert error[1] == pytest.approx(0)
    assert error[0] == pytest.approx(0.99**100)
    assert 0.36 < 0.99**100 < 0.37


def test_a_common_factor_divides_the_step_by_its_square(embedded: Mnist) -> None:
    images = embedded.train.images
    layers = {
        name: method.layer_of(
            method.Scale(standardise=False, factor=factor, upper_factor=1.0),
            Affine(1.0, 0.0),
            images,
        )
        for name, factor in (("standardised", 1.0), ("times_ten", 10.0))
    }
    settings = small().curvature
    values = method.curvatures(settings, embedded.train.first(settings.images), layers)
    usual, large = values["largest_curvature.standardised"], values["largest_curvature.times_ten"]
    assert large == pytest.approx(100 * usual)
    for name in layers:
        assert values[f"largest_step_times_curvature.{name}"] == pytest.approx(2)


def test_the_curvature_is_that_of_the_second_moment_matrix(embedded: Mnist) -> None:
    settings = small().curvature
    layers = {"standardised": Affine(2.0, -0.5)}
    numbers = method.curvatures(settings, embedded.train.first(settings.images), layers)
    inputs = 2.0 * embedded.train.images[: settings.images].double() - 0.5
    values = torch.linalg.svdvals(inputs).square() / settings.images
    assert numbers["largest_curvature.standardised"] == pytest.approx(float(values[0]))
    ratio = float(values[0] / values[99])
    assert numbers["curvature_over_hundredth.standardised"] == pytest.approx(ratio)


def test_the_largest_step_lies_half_way_to_the_next() -> None:
    relative = torch.tensor([0.5, 0.75, 1.0])
    assert method.largest_borne(relative, torch.tensor([-1.0, -1.0, 3.0])) == 1.75


ERRORS = {
    method.Arm("standardised", "descent"): 0.1,
    method.Arm("other", "descent"): 0.15,
    method.Arm("standardised", "adam"): 0.3,
    method.Arm("other", "adam"): 0.25,
}


def test_a_scale_is_compared_with_standardised_pixels_by_the_same_optimiser() -> None:
    assert method.comparisons(ERRORS, far=0.04) == {
        "rate.worse.standardised": 0,
        "rate.far_worse.standardised": 0,
        "rate.worse.other": 1,
        "rate.far_worse.other": 1,
        "rate.worse.standardised_adam": 0,
        "rate.far_worse.standardised_adam": 0,
        "rate.worse.other_adam": 0,
        "rate.far_worse.other_adam": 0,
    }
    assert method.comparisons(ERRORS, far=0.06)["rate.far_worse.other"] == 0


def test_rates_of_plain_descent_are_in_units_of_the_largest_step_of_least_squares() -> None:
    least_squares = {"largest_curvature.bytes": 4.0}
    assert method.unit(method.Arm("bytes", "descent"), least_squares) == 0.5
    assert method.unit(method.Arm("bytes", "adam"), least_squares) == 1


def test_the_draws_that_are_judged_do_not_choose_the_rates(embedded: Mnist) -> None:
    config = small()
    inputs = method.prepare(config, embedded)
    arm = method.Arm("standardised", "descent")
    choice = method.choose(config, inputs)
    scores = choice["rates"]["scores"]
    assert {*scores} == {*config.inputs}  # Adam has one rate and nothing to choose
    rate = 20.0 * method.unit(arm, choice["least_squares"])
    seeds = (config.search.seed, config.seed)
    searched, judged = (
        method.error_after(config, inputs, arm, rate, seed=seed, draw=0) for seed in seeds
    )
    assert scores[arm.key]["20.0"] == [searched]
    assert searched != judged


def test_draws_are_trained_at_the_chosen_rates(
    embedded: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small()
    inputs = method.prepare(config, embedded)
    choice = method.choose(config, inputs)
    arms = [method.Arm(scale, way) for way in ("descent", "adam") for scale in config.inputs]
    chosen = {arm.key: 0.1 * place for place, arm in enumerate(arms, start=1)}
    choice["rates"]["learning_rates"] = chosen
    trained = {}

    def train(*parts: Any, seed: int, draw: int) -> float:  # noqa: ANN401 - as the method calls it
        assert (seed, draw) == (config.seed, 1)
        _config, _inputs, arm, rate = parts
        trained[arm] = rate
        return 0.5

    monkeypatch.setattr(method, "error_after", train)
    method.measure(config, inputs, 1, choice)
    curvature = choice["least_squares"]["largest_curvature.bytes"]
    assert {*trained} == {*arms}
    assert trained[method.Arm("bytes", "adam")] == chosen["bytes_adam"]
    assert trained[method.Arm("bytes", "descent")] == chosen["bytes"] * 2 / curvature


@pytest.mark.parametrize("optimiser", ["descent", "adam"])
def test_a_training_is_one_by_hand(embedded: Mnist, optimiser: method.Optimiser) -> None:
    config, rate = small(updates=20), 0.01
    inputs = method.prepare(config, embedded)
    arm = method.Arm("standardised", optimiser)
    network = method.make_body(config, inputs.training.images, seed=1, draw=0)
    updates = Updates(network.parameters(), optimiser, rate)
    whole = embedded.train.images.double()
    center, deviation = whole.mean(), whole.std(correction=0)
    images, labels = inputs.training.images.double(), inputs.training.labels
    generator = random_generator(1, 0, 0)
    for batch in minibatches(config.images, config.batch, config.updates, generator):
        scaled = (images[batch] - center) / deviation
        updates.make(functional.cross_entropy(network(scaled), labels[batch]))
    held_out = (inputs.validation.images.double() - center) / deviation
    wrong = network(held_out).argmax(dim=1) != inputs.validation.labels
    error = method.error_after(config, inputs, arm, rate, seed=1, draw=0)
    assert error == pytest.approx(wrong.double().mean().item(), abs=0.011)
    assert error < 0.6


def test_a_training_that_diverges_counts_all_images_as_wrong(embedded: Mnist) -> None:
    config = small()
    inputs = method.prepare(config, embedded)
    arm = method.Arm("bytes", "descent")
    assert method.error_after(config, inputs, arm, 1e300, seed=1, draw=0) == 1


def test_the_gradient_of_a_weight_is_proportional_to_its_input() -> None:
    # With one common layer above, and a thousandfold below no change of what is above: a linear
    # map whose weights for the upper pixels are 0 sends up the same signal at either scale.
    images = torch.rand(6, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    gradient_above = torch.rand(
        6, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )
    ranges = torch.tensor([1000.0, 1000.0, 1.0, 1.0], dtype=torch.float64)
    gradient, mixed_gradient = images.T @ gradient_above, (images * ranges).T @ gradient_above
    torch.testing.assert_close(mixed_gradient, gradient * ranges[:, None])


def test_arms_of_equal_scale_share_all_random_numbers(embedded: Mnist) -> None:
    twin = {"standardise": True, "factor": 1.0, "upper_factor": 1.0}
    config = small(**{"inputs.twin": twin})
    inputs = method.prepare(config, embedded)
    error, error_of_twin = (
        method.error_after(config, inputs, method.Arm(name, "adam"), 0.004, seed=1, draw=0)
        for name in ("standardised", "twin")
    )
    assert error == error_of_twin


def test_a_network_of_a_draw_is_the_same_each_time(embedded: Mnist) -> None:
    images = embedded.train.images
    weights, repetition, second_draw = (
        torch.nn.utils.parameters_to_vector(
            method.make_body(small(), images, seed=1, draw=draw).parameters()
        )
        for draw in (0, 0, 1)
    )
    assert torch.equal(weights, repetition)
    assert not torch.equal(weights, second_draw)
