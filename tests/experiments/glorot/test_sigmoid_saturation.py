from dataclasses import asdict
from math import isfinite, isnan
from typing import Any

import pytest
import torch

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.glorot.sigmoid_saturation import method
from study.experiments.glorot.sigmoids import lawful_means
from study.lab.mnist import Mnist
from study.lab.training import History
from study.record.draws import Draw, Row
from tests.configs import small_config

NAME = "sigmoid_saturation"

FASTER = {"learning_rate_factor": 2.0, "updates_factor": 0.5, "images": "unit"}

PREDICTIONS = pytest.approx(
    {
        "gb-fig2-top-layer-saturates": None,
        "gb-fig2-order-of-means": None,
        "gb-fig2-slow-desaturation": None,
        "gb-fig2-first-layer-saturates-then": None,
        "constant-activations-are-biases": 1 / (1 + 100 * 0.5**2),  # 100 units at 1/2
        "gb-sigmoid-hypothesis-push-to-zero": 1.0,
        "class-noise-saturates": 1.0,
        "balanced-minibatches-do-not-saturate": 0.0,
        "plateau-without-saturation": 0.5,
        "frozen-biases-do-not-help": 1.0,
        "gb-sigmoid-hypothesis-centred": None,
    }
)


def small(**changes: Any) -> Any:  # noqa: ANN401 - of settings
    arms = configuring.plain_settings(NAME, "quick")["arms"]
    short = {name: arm | {"updates": 60} for name, arm in arms.items()}
    courses = configuring.plain_settings(NAME, "quick")["courses"]
    shorter = {name: course | {"updates_factor": 0.1} for name, course in courses.items()}
    tiny = {"draws": 1, "images": 1000, "width": 20, "arms": short, "courses": shorter}
    return small_config(NAME, **(tiny | changes))


def test_a_layer_on_its_way_to_an_end_has_lost_slope_by_hand() -> None:
    # 1 - 4 * (0.3 * 0.7 - 0.1**2) = 1 - 4 * 0.2
    assert method.slope_lost({"mean.2": 0.3, "deviation.2": 0.1}, 2) == pytest.approx(0.2)


def test_the_slope_is_that_of_the_activations_themselves() -> None:
    middle = torch.full((300, 20), 0.5)
    noise = torch.rand((300, 20), generator=torch.Generator().manual_seed(1))
    both_ends = (noise > 0.5).float()  # its mean is 1/2, and nothing is left of its slope
    by_update = {
        update: {"mean.2": h.mean().item(), "deviation.2": h.std().item()}
        for update, h in enumerate((middle, noise, both_ends))
    }
    for update, h in enumerate((middle, noise, both_ends)):
        expected = (4 * h * (1 - h)).mean().item()
        assert method.slope_lost(by_update[update], 2) == pytest.approx(1 - expected, abs=1e-3)


def test_the_arms_differ_in_one_cause_each() -> None:
    for scale in ("reference", "quick"):
        arms = configuring.plain_settings(NAME, scale)["arms"]
        length = {"updates", "stop"}
        plain = {key: value for key, value in arms["plain"].items() if key not in length}
        for name, arm in arms.items():
            changes = {key for key, value in plain.items() if arm[key] != value}
            assert len(changes) == (name != "plain"), name


def metrics(means: list[float], spread: float = 0.1) -> dict[str, float]:
    layers = {f"mean.{layer}": mean for layer, mean in enumerate(means, start=1)}
    return layers | {"spread.1": spread, "at_the_ends.1": spread / 2, "error": 0.9}


def test_the_bottom_is_the_lowest_mean_before_the_escape() -> None:
    by_update = {
        0: metrics([0.5, 0.5, 0.5]),
        100: metrics([0.52, 0.6, 0.2]),
        200: metrics([0.53, 0.62, 0.1], spread=0.05),
        300: metrics([0.4, 0.4, 0.05]),
        400: metrics([0.4, 0.4, 0.4], spread=0.2),
    }
    history = History([2.3] * 220 + [1.0] * 180, by_update)
    values = method.of_the_plateau(history, 3)
    assert values["lowest_top_mean.plain"] == 0.1
    assert values["least_gap.plain"] == pytest.approx(0.03)
    assert values["top_rise.plain"] == pytest.approx(4)
    assert values["first_layer_spread.plain"] == pytest.approx(4)
    assert values["first_layer_at_the_ends.plain"] == 0.1


def test_equal_arms_fall_alike_and_unequal_ones_do_not(embedded: Mnist) -> None:
    result = catalogue.load(NAME).run(small(fall_after=50), embedded, [0])
    assert result.samples["fall_ratio.frozen_over_plain"][0] == pytest.approx(1, abs=0.3)
    assert result.samples["fall_ratio.balanced_over_plain"][0] < 0.2
    assert all(isfinite(numbers[0]) for numbers in result.samples.values())
    arms = small().arms
    equal_arms = small(fall_after=50, arms={name: asdict(arms["plain"]) for name in arms})
    equal_result = catalogue.load(NAME).run(equal_arms, embedded, [0])
    assert equal_result.samples["fall_ratio.balanced_over_plain"] == [1.0]
    assert equal_result.samples["escape_ratio.balanced_over_plain"] == [1.0]


def test_the_tables_hold_the_law_beside_the_means(embedded: Mnist) -> None:
    config = small()
    tables = catalogue.load(NAME).run(config, embedded, [0, 1]).tables
    plain = [row for row in tables["falls"] if row["arm"] == "plain"]
    law = lawful_means(config.arms["plain"].learning_rate, 20, 10, 60)
    assert [row["update"] for row in plain] == [0, 1, 3, 10, 30, 60]
    assert [row["law"] for row in plain] == [law[int(row["update"])] for row in plain]
    assert {row["layer"] for row in tables["layers"]} == {1, 2, 3}


def test_marks_that_a_draw_has_not_reached_are_left_out() -> None:
    config = small()

    def draw(*updates: int) -> Draw:
        rows: list[Row] = [
            {"arm": "plain", "update": at, "layer": 1, "sample": 0.5 - at} for at in updates
        ]
        falls: list[Row] = [{"arm": "plain", "update": at, "sample": 0.5 - at} for at in updates]
        return Draw({}, {**dict.fromkeys(("mean", "deviation", "spread"), rows), "falls": falls})

    tables = method.tables(config, {0: draw(0, 1, 10), 1: draw(0, 1, 3)})
    assert [row["update"] for row in tables["layers"]] == [0, 1]
    assert [row["mean"] for row in tables["falls"]] == [0.5, -0.5]
    assert [*tables["layers"][0]] == [
        *("arm", "update", "layer", "mean", "half_width", "deviation", "spread")
    ]


def test_two_arms_are_compared_at_the_end_of_the_shorter_training(embedded: Mnist) -> None:
    for longer, shorter in (("plain", "centred"), ("centred", "plain")):
        arms = {name: asdict(arm) for name, arm in small().arms.items()}
        arms[longer]["updates"], arms[shorter]["updates"] = 37, 23
        result = catalogue.load(NAME).run(small(arms=arms), embedded, [0])
        assert isfinite(result.samples["slope_lost.centred_over_plain"][0])


def test_a_rate_too_small_to_move_anything_decides_nothing(embedded: Mnist) -> None:
    arms = {name: asdict(arm) | {"learning_rate": 1e-12} for name, arm in small().arms.items()}
    result = catalogue.load(NAME).run(small(arms=arms), embedded, [0])
    assert isnan(result.samples["fall_ratio.frozen_over_plain"][0])
    assert isnan(result.samples["fall_over_law.plain"][0])


def test_a_course_multiplies_rates_and_updates_and_nothing_else() -> None:
    arms = small().arms
    course = method.Course(learning_rate_factor=0.5, updates_factor=1.7, images="unit")
    for name, arm in course.arms(arms).items():
        as_set = {"learning_rate": arms[name].learning_rate, "updates": 60}
        assert (arm.learning_rate, arm.updates) == (arms[name].learning_rate / 2, 102)
        assert asdict(arm) | as_set == asdict(arms[name])
    assert course.updates(0) == 1
    marks = method.evaluations(small(evaluate_at=[10, 20]), course.arms(arms), course)
    assert {17, 34, 102} < {*marks}
    assert not {10, 20, 60} & {*marks}


def test_a_course_that_changes_nothing_measures_what_the_arms_measure(embedded: Mnist) -> None:
    same = {"learning_rate_factor": 1.0, "updates_factor": 1.0}
    courses = {name: same | {"images": "unit"} for name in ("slower", "faster")}
    standardised = {"standardised": same | {"images": "standardised"}}
    result = catalogue.load(NAME).run(small(courses=courses | standardised), embedded, [0])
    samples = result.samples
    keys = [key.removesuffix("_slower") for key in samples if key.endswith("_slower")]
    assert {"lowest_top_mean.plain", "escape_ratio.balanced_over_plain"} <= {*keys}
    for key in keys:
        assert samples[f"{key}_slower"] == samples[f"{key}_faster"] == samples[key], key
    assert samples["lowest_top_mean.plain_standardised"] != samples["lowest_top_mean.plain"]


def test_standardised_images_are_those_of_the_data_set(embedded: Mnist) -> None:
    images = method.prepare(small(), embedded)
    pixels = embedded.train.images.double()
    count = len(images["unit"].probe)
    expected = (embedded.test.images[:count].double() - pixels.mean()) / pixels.std()
    assert torch.allclose(images["standardised"].probe.double(), expected, atol=1e-5)
    assert torch.equal(images["standardised"].training.labels, images["unit"].training.labels)


def test_an_arm_of_the_readers_own_is_in_the_tables(embedded: Mnist) -> None:
    arms = {name: asdict(arm) for name, arm in small().arms.items()}
    result = catalogue.load(NAME).run(
        small(arms=arms | {"mine": arms["plain"] | {"depth": 1}}), embedded, [0]
    )
    assert {row["arm"] for row in result.tables["falls"]} == {*arms, "mine"}
    assert "fall.mine" in result.samples


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"batch": 8},
            "batch=8, arms.balanced.minibatch=balanced: batch must be a multiple of the 10 classes",
        ),
        ({"batch": 2000}, "batch=2000, images=1000: the images do not fill one minibatch"),
        (
            {"arms.plain.depth": 1},
            "arms.plain.depth=1: must be 2 or more, for its layers are compared",
        ),
        (
            {"looked_at": 1},
            "looked_at=1: input should be greater than or equal to 2",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused(changes: dict[str, Any], message: str) -> None:
    settings = configuring.with_overrides(asdict(small()), changes)
    with pytest.raises(StudyError) as refusal:
        configuring.checked(method.Config, settings)
    assert str(refusal.value) == f"experiment.{message}"


def test_arms_that_are_read_cannot_be_missing() -> None:
    arms = {name: asdict(arm) for name, arm in small().arms.items() if name != "frozen"}
    with pytest.raises(StudyError) as refusal:
        small(arms=arms)
    assert str(refusal.value) == (
        "experiment.arms=plain, balanced, centred: frozen must be among them"
    )


def test_courses_that_are_read_cannot_be_missing() -> None:
    with pytest.raises(StudyError) as refusal:
        small(courses={"faster": FASTER})
    assert str(refusal.value) == (
        "experiment.courses=faster: slower, standardised must be among them"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": 5000}, "images=5000: there are only 4000"),
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
        method.prepare(small(**changes), embedded)
    assert str(refusal.value) == f"experiment.{message}"
