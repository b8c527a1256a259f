from dataclasses import asdict
from functools import partial
from math import isnan, nan, sqrt
from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib import pyplot as plt
from torch.nn import functional

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.glorot.cost_functions import figures, method
from study.lab.mnist import Mnist
from study.lab.rate_search import Search, is_coarse, search
from study.lab.training import History
from study.record.results import read_run, write_run
from tests.configs import small_config

NAME = "cost_functions"

PREDICTIONS = {
    "squared-error-is-a-fifth": 2 / 10,
    "squared-error-keeps-up-from-small-weights": None,
    "squared-error-stays-wrong": None,
}


def start(output_scale: float, *learning_rates: float, scale: str = "standardised") -> Any:  # noqa: ANN401 - as in YAML
    return {"output_scale": output_scale, "scale": scale, "learning_rates": [*learning_rates]}


small = partial(
    small_config,
    NAME,
    images=500,
    validation=100,
    test=100,
    width=16,
    evaluate_at=[0, 10, 20],
    early=10,
    starts={"small": start(1.0, 0.1, 0.3), "large": start(30.0, 0.1, 0.3)},
)


def gradient(cost: method.Cost, logits: torch.Tensor, label: int) -> torch.Tensor:
    leaf = logits.clone().requires_grad_()
    loss = method.COSTS[cost](leaf[None], torch.tensor([label]))
    (gradients,) = torch.autograd.grad(loss, leaf)
    return gradients


def test_squared_error_is_that_of_torch() -> None:
    logits, labels = torch.randn(5, 10, generator=torch.Generator().manual_seed(1)), torch.arange(5)
    target = functional.one_hot(labels, 10).float()
    expected = 10 * functional.mse_loss(logits.softmax(1), target)
    torch.testing.assert_close(method.squared(logits, labels), expected)


def test_the_gradient_has_the_derivative_of_the_softmax_as_a_factor() -> None:
    logits = torch.tensor([0.3, -1.0, 2.0, 0.0], dtype=torch.float64)
    p = logits.softmax(0)
    miss = p - torch.tensor([0.0, 1.0, 0.0, 0.0])
    torch.testing.assert_close(gradient("cross_entropy", logits, 1), miss)
    torch.testing.assert_close(gradient("squared", logits, 1), 2 * p * (miss - (p * miss).sum()))


def test_a_guess_has_a_fifth_of_the_gradient() -> None:
    logits = torch.zeros(10, dtype=torch.float64)
    fifth = gradient("cross_entropy", logits, 3) / 5
    torch.testing.assert_close(gradient("squared", logits, 3), fifth)


def test_the_example_of_the_chapter() -> None:
    """Two classes, the wrong one with the probability 0.99."""
    logits = torch.tensor([0.99, 0.01], dtype=torch.float64).log()
    assert gradient("cross_entropy", logits, 1).tolist() == pytest.approx([0.99, -0.99])
    assert gradient("squared", logits, 1).tolist() == pytest.approx([0.019602 * 2, -0.019602 * 2])
    assert pytest.approx(0.039204) == 4 * 0.99 * 0.01 * 0.99


def test_the_best_rate_has_the_least_validation_error_of_the_finite_ones() -> None:
    config = small()

    def history(error: float, *, finite: bool = True) -> History:
        metrics = {
            update: {"validation": error, "test": 2 * error} for update in config.evaluate_at
        }
        return History([1.0 if finite else nan], metrics)

    histories: dict[method.Job, dict[float, History]] = {
        ("small", "squared"): {0.1: history(0.3), 0.3: history(0.2)},
        ("large", "squared"): {0.1: history(0.3), 0.3: history(0.2, finite=False)},
        ("small", "cross_entropy"): {0.1: history(0.1), 0.3: history(0.4)},
        ("large", "cross_entropy"): {0.1: history(0.1), 0.3: history(0.4)},
    }
    score = partial(method.validation_error, config)
    values = method.quantities(config, Search(histories, score))
    assert values["end_error_ratio.small"] == pytest.approx(2)
    assert values["end_error_ratio.large"] == pytest.approx(3)
    assert values["rate.chosen_at_an_edge.small_first"] == 1.0
    for by_rate in histories.values():
        by_rate |= {0.01: history(1.0), 1.0: history(1.0)}
    values = method.quantities(config, Search(histories, score))
    assert values["rate.chosen_at_an_edge.small_second"] == 0.0
    assert values["end_error_ratio.small"] == pytest.approx(2)


def test_last_weights_are_scaled(embedded: Mnist) -> None:
    small_start, large_start = (
        method.make_network(small(width=100), scale, 0, embedded.train.images)
        for scale in (1.0, 30.0)
    )
    for at, factor in ((0, 1.0), (2, 1.0), (4, 30.0)):
        first, second = small_start[at].weight, large_start[at].weight
        assert isinstance(first, torch.Tensor)
        assert isinstance(second, torch.Tensor)
        torch.testing.assert_close(second, factor * first)
        assert first.std().item() == pytest.approx(1 / sqrt(3 * first.shape[1]), rel=0.1)


def test_each_start_has_images_of_its_own_scale(embedded: Mnist) -> None:
    config = small(starts={"mine": start(1.0, 0.1), "mine_pixels": start(1.0, 0.1, scale="pixels")})
    inputs = method.prepare(config, embedded)
    pixels, standardised = inputs["pixels"].test.images, inputs["standardised"].test.images
    assert (pixels.min().item(), pixels.max().item()) == (0, 255 / 256)
    all_pixels = embedded.train.images.double()
    expected = (pixels.double() - all_pixels.mean()) / all_pixels.std()
    torch.testing.assert_close(standardised, expected.float())
    samples = catalogue.load(NAME).run(config, embedded, [0]).samples
    assert samples["end_error.mine_first"] != samples["end_error.mine_pixels_first"]


@pytest.mark.parametrize("scale", ["standardised", "pixels"])
def test_both_costs_search_the_same_fine_grid_at_either_scale(scale: str) -> None:
    starts = configuring.plain_settings(NAME, "reference")["starts"]
    grids = [start["learning_rates"] for start in starts.values() if start["scale"] == scale]
    assert len(grids) == 2
    assert not any(map(is_coarse, grids))


def test_equal_costs_are_equal(embedded: Mnist) -> None:
    result = catalogue.load(NAME).run(small(second="cross_entropy"), embedded, [0])
    assert result.samples["end_error_ratio.small"] == [1.0]
    assert result.samples["early_error_ratio.large"] == [1.0]
    assert result.samples["gradient_ratio.small"] == [1.0]
    assert {row["cost"] for row in result.tables["errors"]} == {"cross_entropy"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"early": 7},
            "experiment.early=7, evaluate_at=[0, 10, 20]: early must be one of evaluate_at",
        ),
        ({"evaluate_at": [0, 20, 10]}, "experiment.evaluate_at=[0, 20, 10]: must ascend"),
        ({"evaluate_at": [0, 10, 10]}, "experiment.evaluate_at=[0, 10, 10]: must ascend"),
        (
            {"batch": 32, "images": 31},
            "experiment.batch=32, images=31: the images do not fill one minibatch",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(StudyError) as refusal:
        small(**changes)
    assert str(refusal.value) == message


@pytest.mark.parametrize(("field", "there"), [("images", 4000), ("validation", 500), ("test", 500)])
def test_more_images_than_there_are_are_refused(field: str, there: int, embedded: Mnist) -> None:
    with pytest.raises(StudyError) as refusal:
        method.prepare(small(**{field: 9999}), embedded)
    assert str(refusal.value) == f"experiment.{field}=9999: there are only {there}"


def test_nothing_is_compared_with_no_errors() -> None:
    config = small(starts={"small": start(1.0, 0.1)})
    errors = dict(zip(method.costs(config), (0.0, 0.5), strict=True))

    def history(job: method.Job, _: float) -> History:
        error = errors[job[1]]
        metrics = {"validation": error, "test": error}
        return History([1.0], dict.fromkeys(config.evaluate_at, metrics))

    jobs: list[method.Job] = [("small", cost) for cost in errors]
    score = partial(method.validation_error, config)
    values = method.quantities(config, search(jobs, lambda _: (0.1,), history, score))
    assert values["end_error.small_second"] == 0.5
    assert isnan(values["end_error_ratio.small"])


def test_a_scale_of_the_readers_own_is_drawn(embedded: Mnist, tmp_path: Path) -> None:
    config = small(starts={"small": start(1.0, 0.1), "mine": start(5.0, 0.1)}, draws=2)
    result = catalogue.load(NAME).run(config, embedded, range(2))
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    figure = figures.error_by_update(read_run(tmp_path / "run"))
    plt.close(figure)
    assert [axes.get_title() for axes in figure.axes] == ["small weights", "mine weights"]
    for axes in figure.axes:
        _, labels = axes.get_legend_handles_labels()
        assert labels == ["cross-entropy", "squared"]
