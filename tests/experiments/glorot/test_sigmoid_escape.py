from dataclasses import asdict
from math import sqrt
from typing import Any

import numpy as np
import pytest

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.glorot.sigmoid_escape import claims, method
from study.lab.mnist import Mnist
from study.lab.training import History
from study.record.draws import Draw

NAME = "sigmoid_escape"

PREDICTIONS = pytest.approx(
    {
        "five-sigmoid-layers-escape": None,
        "sigmoid-depth-costs-time": sqrt((4 * sqrt(3)) * (2 * sqrt(3))),
        "sigmoid-escape-goes-with-rate": 1.0,
    }
)


def config(scale: str, **changes: Any) -> method.Config:  # noqa: ANN401 - of settings
    settings = configuring.plain_settings(NAME, scale) | changes
    return configuring.checked(method.Config, settings)


def test_a_layer_passes_between_one_and_two_over_four_roots_of_three() -> None:
    """The root mean square and the largest of the singular values of the weights, by a quarter."""
    generator = np.random.Generator(np.random.PCG64(1))
    width = 400
    weights = generator.uniform(-1, 1, (width, width)) / sqrt(width)
    values = np.linalg.svd(weights, compute_uv=False)
    assert sqrt(np.mean(values**2)) / 4 == pytest.approx(1 / (4 * sqrt(3)), rel=0.02)
    assert values[0] / 4 == pytest.approx(1 / (2 * sqrt(3)), rel=0.03)
    (claim,) = [claim for claim in claims.CLAIMS if claim.id == "sigmoid-depth-costs-time"]
    assert (claim.band.low, claim.band.high) == pytest.approx((2 * sqrt(3), 4 * sqrt(3)))


def test_times_are_rates_times_updates() -> None:
    reference = config("reference")
    histories = {name: History([2.3] * 100 + [1.0] * 100, {}) for name in reference.arms}
    histories["five"] = History([2.3] * 50, {})
    values = method.quantities(reference, histories)
    assert values["rate.escaped.five"] == 0.0
    assert values["rate.escaped.four"] == 1.0
    assert values["updates.five"] == values["time.five"] == 50
    assert values["time.slow_four"] == pytest.approx(0.1 * values["updates.four"])
    assert values["time_ratio.slow_four_over_four"] == pytest.approx(0.1)
    assert values["time_ratio.slow_balanced_three_over_balanced_three"] == pytest.approx(0.1)


@pytest.mark.parametrize("scale", ["reference", "quick"])
def test_the_rates_that_are_compared_are_a_tenth_and_overshoot_nowhere(scale: str) -> None:
    full = config(scale)
    slow, fast = full.arms["slow_balanced_three"], full.arms["balanced_three"]
    assert slow.learning_rate == pytest.approx(fast.learning_rate / 10)
    assert slow.depth == fast.depth
    # What a step takes of an error of the logits, a; above 1 it comes out on the other side.
    assert fast.learning_rate * (1 + full.width / 4) / 10 < 1


@pytest.mark.parametrize("scale", ["reference", "quick"])
def test_names_say_how_many_layers_and_which_minibatches(scale: str) -> None:
    fewer = {"reference": 0, "quick": 1}[scale]
    depths = {"two": 2, "three": 3, "four": 4, "five": 5}
    for name, arm in config(scale).arms.items():
        kind, _, number = name.rpartition("_")
        assert arm.depth == depths[number] - fewer
        assert arm.minibatch == ("balanced" if kind.endswith("balanced") else "plain")
        assert arm.activation == "sigmoid"


def test_a_shallow_network_escapes(embedded: Mnist) -> None:
    settings = configuring.plain_settings(NAME, "quick")
    arms = {name: arm | {"depth": 1, "updates": 150} for name, arm in settings["arms"].items()}
    result = catalogue.load(NAME).run(config("quick", arms=arms, images=1000), embedded, [0])
    assert result.samples["rate.escaped.two"] == [1.0]
    assert result.samples["updates.two"][0] < 150
    rows = {row["arm"]: row for row in result.tables["escapes"]}
    assert rows["two"]["stayed"] == 0


def test_the_table_counts_the_draws_that_stayed() -> None:
    reference = config("reference")
    escapes = History([2.3] * 100 + [1.0] * 100, {})
    stays = History([2.3] * 50, {})
    draws = {
        at: Draw(method.quantities(reference, dict.fromkeys(reference.arms, history)))
        for at, history in enumerate((stays, escapes, stays))
    }
    rows = {str(row["arm"]): row for row in method.tables(reference, draws)["escapes"]}
    assert {row["stayed"] for row in rows.values()} == {2}
    updates = draws[1].values["updates.slow_four"]
    assert rows["slow_four"]["mean"] == pytest.approx(0.1 * (50 + updates + 50) / 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"batch": 8},
            (
                "batch=8, arms.balanced_five.minibatch=balanced: "
                "batch must be a multiple of the 10 classes"
            ),
        ),
        (
            {"batch": 200, "images": 150},
            "batch=200, images=150: the images do not fill one minibatch",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as refusal:
        config("quick", **changes)
    assert str(refusal.value) == f"experiment.{message}"


def test_arms_that_are_compared_cannot_be_missing() -> None:
    arms = {name: asdict(arm) for name, arm in config("quick").arms.items()}
    with pytest.raises(StudyError) as refusal:
        config("quick", arms={name: arm for name, arm in arms.items() if name == "four"})
    assert str(refusal.value) == (
        "experiment.arms=four: five, three, balanced_five, balanced_four, balanced_three, "
        "balanced_two, slow_four, slow_three, slow_balanced_three must be among them"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": 4001}, "images=4001: there are only 4000"),
        ({"looked_at": 501}, "looked_at=501: there are only 500"),
        ({"validation": 501}, "validation=501: there are only 500"),
        (
            {"images": 100, "batch": 100},
            (
                "batch=100: a balanced minibatch needs 10 images of each class, "
                "and the rarest of experiment.images=100 has 4"
            ),
        ),
    ],
)
def test_more_images_than_there_are_are_refused(
    changes: dict[str, Any], message: str, embedded: Mnist
) -> None:
    with pytest.raises(StudyError) as refusal:
        method.prepare(config("quick", **changes), embedded)
    assert str(refusal.value) == f"experiment.{message}"


def test_an_arm_of_the_readers_own_is_in_the_table(embedded: Mnist) -> None:
    settings = configuring.plain_settings(NAME, "quick", "brief")
    arms = settings["arms"] | {"mine": settings["arms"]["two"]}
    extended = configuring.checked(method.Config, settings | {"arms": arms, "images": 1000})
    result = catalogue.load(NAME).run(extended, embedded, [0])
    assert result.tables["escapes"][-1]["arm"] == "mine"
    assert "time.mine" in result.samples
