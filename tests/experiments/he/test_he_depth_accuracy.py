from collections.abc import Callable
from functools import partial
from math import isnan, log, nan, sqrt
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
from study.lab.mnist import Mnist
from study.lab.rate_search import Search, search
from study.lab.training import History, error_rate
from study.record.draws import Draw
from study.record.estimates import estimate
from study.record.results import Run
from tests.configs import small_config

NAME = "he_depth_accuracy"


small = partial(small_config, NAME, draws=2, width=24, updates=20, tail=10, evaluate_at=[0, 10, 20])


def history(validation: float, test: float, update: int = 20) -> History:
    return History([1.0] * update, {update: {"validation": validation, "test": test}})


def searched(config: method.Config, train: Callable[[str, float], History]) -> Search[str, History]:
    score = partial(method.final_error, config, split="validation")
    return search(config.arms, lambda _: config.learning_rates, train, score)


@pytest.mark.parametrize(
    ("arm", "layers", "variance"),
    [("three", 3, 2.0), ("fourteen", 14, 2.0), ("thirty", 30, 2.0), ("fourteen_xavier", 14, 1.0)],
)
def test_an_arm_has_its_layers_and_its_variance(
    embedded: Mnist, arm: str, layers: int, variance: float
) -> None:
    config = small(width=200)
    arms = configuring.plain_settings(NAME, "reference")["arms"]
    kind = configuring.checked(method.Arm, arms[arm])
    network = method.make_network(config, kind, 0, embedded.train.images)
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    assert len(linear) == layers
    assert 200 * linear[1].weight.var().item() == pytest.approx(variance, rel=0.05)


def test_both_starts_share_their_random_numbers(embedded: Mnist) -> None:
    he, xavier = (
        method.make_network(small(), small().arms[arm], 0, embedded.train.images)
        for arm in ("fourteen", "fourteen_xavier")
    )
    for he_parameter, xavier_parameter in zip(he.parameters(), xavier.parameters(), strict=True):
        torch.testing.assert_close(he_parameter, sqrt(2) * xavier_parameter, rtol=1e-6, atol=0)


def test_the_rate_is_chosen_by_the_validation_images_alone() -> None:
    config = small(learning_rates=[0.1, 0.2, 0.3])
    histories = {
        0.1: history(validation=5.0, test=1.0),
        0.2: history(validation=4.0, test=9.0),
        0.3: history(validation=nan, test=nan),
    }
    values = method.quantities(config, searched(config, lambda _, rate: histories[rate]))
    assert values["learning_rate.three"] == 0.2
    assert values["test_error.three"] == 9.0
    values = method.quantities(config, searched(config, lambda *_: history(nan, nan)))
    assert values["learning_rate.three"] == 0.1


def test_the_differences_are_those_of_one_draw() -> None:
    config = small(learning_rates=[0.1])
    errors = {"three": 2.0, "six": 2.5, "fourteen": 4.0, "thirty": 5.0, "fourteen_xavier": 6.0}
    values = method.quantities(config, searched(config, lambda arm, _: history(1.0, errors[arm])))
    assert values["test_error_ratio.xavier_over_he"] == 1.5
    assert values["log_test_error_ratio.xavier_over_he"] == pytest.approx(log(1.5))
    assert values["test_error_more.xavier_than_he"] == 2.0
    assert values["test_error_more.thirty_than_fourteen"] == 1.0
    assert values["test_error_more.fourteen_than_three"] == 2.0


def test_there_is_no_ratio_to_no_error() -> None:
    config = small(learning_rates=[0.1])
    values = method.quantities(config, searched(config, lambda *_: history(1.0, 0.0)))
    assert isnan(values["test_error_ratio.xavier_over_he"])
    assert isnan(values["log_test_error_ratio.xavier_over_he"])
    assert values["test_error_more.xavier_than_he"] == 0.0


def test_the_error_in_the_end_is_a_mean_over_the_last_evaluations() -> None:
    errors = {0: 90.0, 10: 50.0, 12: 8.0, 16: 4.0, 20: 6.0}
    training = History([1.0] * 20, {update: {"test": error} for update, error in errors.items()})
    assert method.final_error(small(evaluate_at=[*errors]), training, "test") == 6.0
    assert method.final_error(small(evaluate_at=[*errors], tail=1), training, "test") == 6.0
    assert method.final_error(small(evaluate_at=[*errors], tail=5), training, "test") == 5.0
    assert isnan(method.final_error(small(), history(nan, nan), "test"))


def test_a_rate_that_diverged_is_counted_and_left_out_of_the_mean() -> None:
    config = small(learning_rates=[0.1])
    errors = {0: history(1.0, 3.0), 1: history(nan, nan)}
    draws = {
        draw: Draw(
            {},
            {
                "rates": method.rate_rows(
                    config, Search({"three": {0.1: errors_by_arm}}, score=lambda _: 0.0)
                ),
                "errors": [{"arm": "three", "update": 20, "sample": 1.0}],
            },
        )
        for draw, errors_by_arm in errors.items()
    }
    (row,) = method.tables(config, draws)["rates"]
    assert (row["mean"], row["diverged"]) == (3.0, 1)


def test_a_network_that_diverges_is_no_crash(embedded: Mnist) -> None:
    result = catalogue.load(NAME).run(small(learning_rates=[1000.0]), embedded, [0])
    assert isnan(result.samples["test_error.thirty"][0])


def test_the_errors_are_those_of_unseen_images_in_per_cent(embedded: Mnist) -> None:
    config = small(learning_rates=[0.01])
    result = catalogue.load(NAME).run(config, embedded, [1])
    first = {row["arm"]: row["mean"] for row in result.tables["errors"] if row["update"] == 0}
    images = embedded.standardised(embedded.validation.first(config.validation).images)
    network = method.make_network(config, config.arms["three"], 1, images)
    labels = embedded.validation.first(config.validation).labels
    assert first["three"] == pytest.approx(100 * error_rate(network, images, labels))


def test_a_line_of_test_errors_goes_from_depth_to_depth() -> None:
    arms = configuring.plain_settings(NAME, "reference")["arms"]
    by_name = {name: arms[name] for name in sorted(arms)}  # as a run has them
    values = {f"test_error.{name}": estimate([1.0, 2.0]) for name in arms}
    run = Run(Path(), {"experiment": {"arms": by_name}}, values, {}, {})
    lines = [
        line for line in figures.error_by_depth(run).axes[0].lines if str(line.get_marker()) in "os"
    ]
    assert [np.asarray(line.get_xdata()).tolist() for line in lines] == [[3, 6, 14, 30], [14]]
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
            {"learning_rates": [0.1, 0.1]},
            "experiment.learning_rates=[0.1, 0.1]: must all differ",
        ),
        (
            {"arms": {"three": QUICK["arms"]["three"]}},
            "experiment.arms=three: fourteen, thirty, fourteen_xavier must be among them",
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
    arms = configuring.plain_settings(NAME, "reference")["arms"]
    assert {name: arm["depth"] for name, arm in arms.items()} == {
        "three": 3,
        "six": 6,
        "fourteen": 14,
        "thirty": 30,
        "fourteen_xavier": 14,
    }
