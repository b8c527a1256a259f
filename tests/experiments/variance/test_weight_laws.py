from functools import partial
from itertools import product
from math import isnan
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.variance.weight_laws import method
from study.lab.mnist import Mnist
from tests.configs import small_config

NAME = "weight_laws"
CPU = torch.device("cpu")
ARMS = configuring.plain_settings(NAME, "quick")["arms"]
FACTOR = configuring.plain_settings(NAME, "quick")["factor"]
DISTRIBUTIONS: tuple[method.Distribution, ...] = ("gaussian", "uniform", "signs")


PREDICTIONS = {
    "weights-of-signs-train-alike": None,
    "weight-law-does-not-matter": 1,
    "s004-gaussian-not-trained-well": None,
    "s000-careful-init-is-key": None,
    "careful-init-matters-little-when-shallow": None,
}


small = partial(small_config, NAME, draws=2, updates=2)


def test_the_factor_is_proportional_to_the_variance(embedded: Mnist) -> None:
    images = embedded.standardised(embedded.train.first(8).images)
    block = {"depth": 5, "width": 32, "images": 8}
    variances = {"gaussian": 2.0, "uniform": 2.0}
    large_run, small_run = (
        method.factor(
            small(factor=block | {"weight_variances": variances | {"signs": variance}}),
            images,
            0,
            "signs",
        )
        for variance in (2.0, 1.0)
    )
    assert large_run == pytest.approx(2 * small_run, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("relu_signs", 2 / 784),
        ("tanh_uniform", 2 / (784 + 64)),
        ("deep_ten", 100 * 2 / 784),
    ],
)
def test_the_weights_have_the_variance_of_their_network(
    embedded: Mnist, name: str, variance: float
) -> None:
    config = small()
    arm = config.arms[name]
    network = method.make_network(arm, embedded.train.images, seed=config.seed, draw=0)
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    activation = nn.ReLU if arm.activation == "relu" else nn.Tanh
    assert len(linear) == arm.hidden_layers + 1
    assert sum(isinstance(layer, activation) for layer in network) == arm.hidden_layers
    assert linear[0].weight.var().item() == pytest.approx(variance, rel=0.05)
    assert all(layer.bias.count_nonzero() == 0 for layer in linear)


def trained(**outcomes: tuple[float, float]) -> dict[method.Training, method.Trained]:
    return {
        method.Training(name, method.FIXED): method.Trained(*outcome)
        for name, outcome in outcomes.items()
    }


ONE_COURSE = {"fixed": {"optimiser": "descent", "pixels": "unit", "rate": "fixed"}}


def test_comparisons_are_made_in_pairs() -> None:
    trainings = trained(
        relu_gaussian=(2.0, 0.1),
        relu_signs=(1.0, 0.1),
        tanh_gaussian=(3.0, 0.1),
        tanh_uniform=(2.0, 0.1),
        deep_one=(0.1, 0.4),
        deep_tenth=(0.1, 0.9),
        deep_ten=(0.1, 1.0),
        shallow_one=(0.1, 0.1),
        shallow_tenth=(0.1, 0.2),
        shallow_ten=(0.1, 0.3),
    )
    assert method.compared(small(courses=ONE_COURSE), trainings) == pytest.approx(
        {
            "loss_over_gaussian.relu_signs": 0.5,
            "loss_over_uniform.tanh_gaussian": 1.5,
            "lost_share.deep": 1.0,
            "lost_share.shallow": 0.25,
        }
    )


def test_there_is_no_ratio_to_what_has_learnt_nothing() -> None:
    trainings = trained(**dict.fromkeys(method.COMPARED_ARMS, (1.0, 0.9)))
    values = method.compared(small(courses=ONE_COURSE), trainings)
    assert isnan(values["lost_share.deep"])


def test_weights_of_the_wrong_size_have_no_loss() -> None:
    trainings = trained(relu_signs=(1.0, 0.1), deep_ten=(1e20, 0.8))
    assert method.reached(trainings) == {
        "loss.relu_signs": 1.0,
        "error.relu_signs": 0.1,
        "error.deep_ten": 0.8,
    }


def test_a_training_that_diverges_gets_every_image_wrong(embedded: Mnist) -> None:
    config = small(updates=10, images=200, validation=10, batch=20)
    inputs = method.prepare(config, embedded)
    training = method.Training("deep_ten", "fixed")
    assert method.train_arm(config, inputs, training, 1.0, seed=1, draw=0).error == 1.0


def test_the_rate_of_a_course_is_one_for_all_or_of_the_arm() -> None:
    config = small(learning_rate=0.03, reach=1, **{"arms.deep_one.rates.adam": 0.002})
    grids = method.grids(config)
    assert grids[method.Training("deep_one", "fixed_unit")] == (0.03,)
    assert grids[method.Training("deep_one", "adam")] == (0.001, 0.002, 0.004)


def test_weights_of_the_wrong_size_choose_by_the_error(
    embedded: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outcome_by_rate(*arguments: object, **_draw: int) -> method.Trained:
        rate = float(str(arguments[3]))
        return method.Trained(loss=rate, error=1 - rate)

    monkeypatch.setattr(method, "train_arm", outcome_by_rate)
    config = small(reach=1, **{"arms.relu_signs.rates.adam": 0.002})
    choice = method.choose(config, method.prepare(config, embedded))
    assert choice["learning_rates"]["relu_signs_adam"] == 0.001
    assert choice["learning_rates"]["deep_one_adam"] == 0.002
    values = method.exact(config, {}, choice)
    assert values["at_an_edge.deep_one_adam"] == 1.0
    rows = method.tables(config, {}, choice)["rates"]
    assert len(rows) == 3 * len(config.arms) * 3


def test_an_arm_of_the_readers_own_is_trained_beside_the_others(embedded: Mnist) -> None:
    arm = ARMS["relu_signs"] | {"distribution": "uniform", "hidden_layers": 1}
    config = small(arms=ARMS | {"mine": arm}, updates=1, images=200, validation=10)
    samples = catalogue.load(NAME).run(config, embedded, [0]).samples
    assert {"loss.mine", "error.mine"} <= set(samples)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"batch": 32, "images": 31},
            "experiment.batch=32, images=31: the images do not fill one minibatch",
        ),
        (
            {"images": 40, "factor": FACTOR | {"images": 41}},
            "experiment.factor.images=41, images=40: factor.images must be no more than images",
        ),
        (
            {"factor": FACTOR | {"weight_variances": {"signs": 1.0}}},
            "experiment.factor.weight_variances=signs: gaussian, uniform must be among them",
        ),
        (
            {"arms": {name: ARMS[name] for name in method.COMPARED_ARMS[2:]}},
            (
                "experiment.arms=tanh_gaussian, tanh_uniform, shallow_tenth, shallow_one, "
                "shallow_ten, deep_tenth, deep_one, deep_ten: "
                "relu_gaussian, relu_signs must be among them"
            ),
        ),
        (
            {"courses": ONE_COURSE | {"mine": ONE_COURSE["fixed"] | {"rate": "own"}}},
            (
                "experiment.arms.relu_gaussian.rates=descent, descent_unit, adam: "
                "mine must be among them"
            ),
        ),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(StudyError) as refusal:
        small(**changes)
    assert str(refusal.value) == message


def test_more_images_than_there_are_are_refused(embedded: Mnist) -> None:
    for field, count in (("images", 4000), ("validation", 500)):
        with pytest.raises(StudyError) as refusal:
            method.prepare(small(**{field: count + 1}), embedded)
        assert str(refusal.value) == f"experiment.{field}={count + 1}: there are only {count}"


def test_the_example_worked_by_hand() -> None:
    preactivations = np.array([w @ (1, 2) for w in map(np.array, product((-1, 1), repeat=2))])
    assert sorted(preactivations.tolist()) == [-3, -1, 1, 3]
    assert np.mean(preactivations**2) == 5
    assert np.mean(np.maximum(preactivations, 0) ** 2) == 5 / 2
