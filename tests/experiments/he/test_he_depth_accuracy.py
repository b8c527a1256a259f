from functools import partial
from math import inf, isnan, log, nan, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.he.he_depth_accuracy import figures, method
from study.lab.classification import Splits, Task
from study.lab.mnist import Mnist, Split
from study.lab.training import History, error_rate
from study.record.draws import Draw
from study.record.estimates import estimate
from study.record.results import Run
from tests.configs import small_config

NAME = "he_depth_accuracy"


small = partial(small_config, NAME, draws=2, width=24, updates=20, tail=10, evaluate_at=[0, 10, 20])
REFERENCE = configuring.plain_settings(NAME, "reference")
ERRORS = dict.fromkeys(REFERENCE["arms"], 1.0) | {
    "three": 2.0,
    "fourteen": 4.0,
    "thirty": 5.0,
    "fourteen_xavier": 6.0,
    "fourteen_xavier_same_rate": 7.0,
    "fourteen_slow": 4.5,
    "fourteen_pixels": 2.0,
    "fourteen_xavier_pixels": 1.0,
}


def history(validation: float, test: float, update: int = 20) -> History:
    return History([1.0] * update, {update: {"validation": validation, "test": test}})


def task(mnist: Mnist, draw: int = 0) -> Task:
    return Task(mnist.train, 1, draw)


@pytest.mark.parametrize(
    ("arm", "layers", "variance"),
    [("three", 3, 2.0), ("fourteen", 14, 2.0), ("thirty", 30, 2.0), ("fourteen_xavier", 14, 1.0)],
)
def test_an_arm_has_its_layers_and_its_variance(
    embedded: Mnist, arm: str, layers: int, variance: float
) -> None:
    kind = configuring.checked(method.Arm, REFERENCE["arms"][arm])
    network = method.make_network(
        small(width=200), kind.depth, kind.weight_variance, task(embedded)
    )
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    assert len(linear) == layers
    assert 200 * linear[1].weight.var().item() == pytest.approx(variance, rel=0.05)


def test_both_starts_share_their_random_numbers(embedded: Mnist) -> None:
    he, xavier = (
        method.make_network(small(), 5, variance, task(embedded)) for variance in (2.0, 1.0)
    )
    for he_parameter, xavier_parameter in zip(he.parameters(), xavier.parameters(), strict=True):
        torch.testing.assert_close(he_parameter, sqrt(2) * xavier_parameter, rtol=1e-6, atol=0)


def chosen(
    monkeypatch: pytest.MonkeyPatch, config: method.Config, errors: dict[float, list[float]]
) -> tuple[method.Choice, list[tuple[int, int]]]:
    # The validation error in the end by rate and draw; the test error would choose otherwise.
    asked: list[tuple[int, int]] = []

    def train(_config: method.Config, task: Task, job: method.Job, *_arguments: object) -> History:
        asked.append((task.seed, task.draw))
        error = errors[job[3]][task.draw]
        return History([error], {20: {"validation": error, "test": -error}})

    monkeypatch.setattr(method, "train", train)
    images = Splits(*[Split(torch.empty(0), torch.empty(0))] * 3)
    return method.choose(config, method.Inputs(images, images)), asked


def test_a_rate_is_chosen_by_the_validation_images_of_other_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = small(
        evaluate_at=[20],
        search={"seed": 9, "draws": 2},
        **{"arms.three.learning_rates": [0.1, 0.2, 0.4, 0.8]},
    )
    errors = {0.1: [5.0, 5.0], 0.2: [6.0, 2.0], 0.4: [1.0, 8.0], 0.8: [0.5, nan]}
    choice, asked = chosen(monkeypatch, config, errors)
    assert choice["learning_rates"]["three"] == 0.2
    assert choice["validation_errors"] == {
        "three": {"0.1": 5.0, "0.2": 4.0, "0.4": 4.5, "0.8": inf}
    }
    assert set(asked) == {(9, 0), (9, 1)}
    assert config.seed != 9
    assert choice["learning_rates"]["fourteen_slow"] == choice["learning_rates"]["thirty"]
    assert method.exact(config, None, choice)["at_an_edge.three"] == 0  # type: ignore[arg-type]


def test_a_choice_at_the_edge_of_its_grid_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    config = small(
        evaluate_at=[20],
        search={"seed": 9, "draws": 1},
        **{"arms.three.learning_rates": [0.1, 0.2]},
    )
    choice, _ = chosen(monkeypatch, config, {0.1: [5.0], 0.2: [4.0]})
    values = method.exact(config, None, choice)  # type: ignore[arg-type]
    assert values["learning_rate.three"] == 0.2
    assert values["at_an_edge.three"] == 1
    assert values["at_an_edge.thirty"] == 0  # it has no choice


def test_the_reference_grids_of_the_compared_starts_are_the_same() -> None:
    arms = REFERENCE["arms"]
    for scale in ("", "_pixels"):
        he, xavier = arms[f"fourteen{scale}"], arms[f"fourteen_xavier{scale}"]
        assert he["learning_rates"] == xavier["learning_rates"]


def test_the_differences_are_those_of_one_draw() -> None:
    config = small()
    values = method.quantities(config, {arm: history(1.0, error) for arm, error in ERRORS.items()})
    assert values["test_error_ratio.xavier_over_he"] == 1.5
    assert values["log_test_error_ratio.xavier_over_he"] == pytest.approx(log(1.5))
    assert values["test_error_ratio.xavier_over_he_same_rate"] == 1.75
    assert values["test_error_ratio.xavier_over_he_pixels"] == 0.5
    assert values["test_error_more.xavier_than_he"] == 2.0
    assert values["test_error_more.thirty_than_fourteen"] == 1.0
    assert values["test_error_more.thirty_than_fourteen_slow"] == 0.5
    assert values["test_error_more.fourteen_than_three"] == 2.0


def test_there_is_no_ratio_to_no_error() -> None:
    values = method.quantities(small(), {arm: history(1.0, 0.0) for arm in ERRORS})
    assert isnan(values["test_error_ratio.xavier_over_he"])
    assert isnan(values["log_test_error_ratio.xavier_over_he"])
    assert values["test_error_more.xavier_than_he"] == 0.0


def test_arms_of_one_network_and_one_rate_are_trained_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jobs: list[method.Job] = []

    def train(_config: method.Config, _inputs: object, _draw: int, job: method.Job) -> History:
        jobs.append(job)
        error = 9.0 if job[2] == "pixels" else 1.0
        return History(
            [error], {update: {"validation": error, "test": error} for update in (0, 10, 20)}
        )

    monkeypatch.setattr(method, "train_job", train)
    config = small()
    rates = dict.fromkeys(config.arms, 0.1)
    choice = method.Choice(validation_errors={}, learning_rates=rates)
    values = method.measure(config, None, 0, choice).values  # type: ignore[arg-type]
    assert len(jobs) == len(set(jobs)) < len(config.arms)
    assert values["test_error.fourteen_pixels"] == 9.0


def test_the_error_in_the_end_is_a_mean_over_the_last_evaluations() -> None:
    errors = {0: 90.0, 10: 50.0, 12: 8.0, 16: 4.0, 20: 6.0}
    training = History([1.0] * 20, {update: {"test": error} for update, error in errors.items()})
    assert method.final_error(small(evaluate_at=[*errors]), training, "test") == 6.0
    assert method.final_error(small(evaluate_at=[*errors], tail=1), training, "test") == 6.0
    assert method.final_error(small(evaluate_at=[*errors], tail=5), training, "test") == 5.0
    assert isnan(method.final_error(small(), history(nan, nan), "test"))


def test_a_rate_at_which_a_training_diverged_has_a_hundred_per_cent() -> None:
    draws = {0: Draw({}, {"errors": [{"arm": "three", "update": 20, "sample": 1.0}]})}
    choice = method.Choice(validation_errors={"three": {"0.1": 3.0, "0.2": inf}}, learning_rates={})
    rows = method.tables(small(), draws, choice)["rates"]
    assert rows == [
        {"arm": "three", "learning_rate": 0.1, "validation_error": 3.0},
        {"arm": "three", "learning_rate": 0.2, "validation_error": 100.0},
    ]


def test_a_network_that_diverges_is_no_crash(embedded: Mnist) -> None:
    config = small(**{"arms.thirty.learning_rates": [1000.0]})
    result = catalogue.load(NAME).run(config, embedded, [0])
    assert isnan(result.samples["test_error.thirty"][0])


def test_the_errors_are_those_of_unseen_images_in_per_cent(embedded: Mnist) -> None:
    config = small()
    result = catalogue.load(NAME).run(config, embedded, [1])
    first = {row["arm"]: row["mean"] for row in result.tables["errors"] if row["update"] == 0}
    held_out = embedded.validation.first(config.validation)
    for arm, images in (
        ("fourteen", embedded.standardised(held_out.images)),
        ("fourteen_pixels", held_out.images),
    ):
        depth = config.arms[arm].depth
        network = method.make_network(config, depth, 2.0, Task(held_out, config.seed, 1))
        error = error_rate(network, images, held_out.labels)
        assert first[arm] == pytest.approx(100 * error)


def test_a_line_of_test_errors_goes_from_depth_to_depth() -> None:
    arms = configuring.plain_settings(NAME, "reference")["arms"]
    by_name = {name: arms[name] for name in sorted(arms)}  # as a run has them
    values = {f"test_error.{name}": estimate([1.0, 2.0]) for name in arms}
    run = Run(Path(), {"experiment": {"arms": by_name}}, values, {}, {})
    lines = [
        line for line in figures.error_by_depth(run).axes[0].lines if str(line.get_marker()) in "os"
    ]
    assert [np.asarray(line.get_xdata()).tolist() for line in lines] == [[3, 6, 14, 30], [14.4]]
    plt.close("all")


QUICK = configuring.plain_settings(NAME, "quick")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"batch": 4001},
            "experiment.batch=4001, images=4000: the images do not fill one minibatch",
        ),
        (
            {"evaluate_at": [0, 400, 200]},
            "experiment.evaluate_at=[0, 400, 200]: must ascend",
        ),
        (
            {"evaluate_at": [0, 401]},
            "experiment.evaluate_at=[0, 401], updates=400: none may be after the last",
        ),
        (
            {
                "arms": QUICK["arms"]
                | {"three": QUICK["arms"]["three"] | {"learning_rates": [0.1, 0.1]}}
            },
            "experiment.arms.three.learning_rates=[0.1, 0.1]: must all differ",
        ),
        (
            {
                "arms": QUICK["arms"]
                | {"three": QUICK["arms"]["three"] | {"rate_of": "fourteen_slow"}}
            },
            (
                "experiment.arms.three.rate_of=fourteen_slow: choose from three, six, fourteen, "
                "thirty, fourteen_xavier, fourteen_pixels, fourteen_xavier_pixels"
            ),
        ),
        (
            {"arms": {"three": QUICK["arms"]["three"]}},
            (
                "experiment.arms=three: fourteen, thirty, fourteen_xavier, "
                "fourteen_xavier_same_rate, fourteen_slow, fourteen_pixels, "
                "fourteen_xavier_pixels must be among them"
            ),
        ),
    ],
)
def test_settings_that_are_not_possible_together(changes: Any, message: str) -> None:  # noqa: ANN401 - of settings
    with pytest.raises(StudyError) as error:
        configuring.checked(method.Config, QUICK | changes)
    assert str(error.value) == message


def test_no_more_images_than_there_are(embedded: Mnist) -> None:
    with pytest.raises(StudyError, match=r"^experiment\.validation=501: there are only 500$"):
        method.prepare(small(validation=501), embedded)


PREDICTIONS = pytest.approx(
    {
        "he-no-accuracy-advantage": log(33.90) - log(33.82),
        "he-deeper-not-better": None,
    },
    rel=1e-9,
)


def test_the_arms_have_the_depths_that_they_are_named_after() -> None:
    arms = REFERENCE["arms"]
    assert {name: arm["depth"] for name, arm in arms.items()} == {
        "three": 3,
        "six": 6,
        "fourteen": 14,
        "thirty": 30,
        "fourteen_xavier": 14,
        "fourteen_xavier_same_rate": 14,
        "fourteen_slow": 14,
        "fourteen_pixels": 14,
        "fourteen_xavier_pixels": 14,
    }
