from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from math import log, log10
from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn

from study import catalogue
from study.errors import StudyError
from study.experiments.notes.equal_units_training import figures, method
from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.networks import linear_layers
from study.record.results import read_run, write_run
from tests.by_hand import Updates
from tests.configs import small_config

NAME = "equal_units_training"
PREDICTIONS = pytest.approx(
    {
        "zeros-hidden-units-stay-relu": 0,
        "zeros-hidden-units-stay-tanh": 0,
        "zeros-learn-class-shares": 1,
        "zeros-sigmoid-learns": None,
        "equal-units-equal-gradients-relu": 0,
        "equal-units-equal-gradients-tanh": 0,
        "equal-units-equal-gradients-sigmoid": 0,
        "equal-units-err-more-relu": None,
        "equal-units-err-more-tanh": None,
        "random-biases-shut-units-stay": 1,
        "random-biases-half-of-relus": 0.5,
        "random-biases-relus-are-multiples": 1,
        "random-biases-tell-units-apart": None,
        "rounding-parts-equal-units": None,
        "rounding-parts-equal-units-float32": None,
        "random-biases-err-more-than-weights": None,
        "zeros-softmax-regression-learns": None,
    }
)

small = partial(small_config, NAME, "brief", hidden=6)

RATES = {"descent": 0.1, "adam": 0.002}
OWN = {
    "activation": "tanh",
    "start": "random",
    "weight_variance": 1.0,
    "learning_rates": RATES,
    "precision": "double",
}
"""An arm as settings describe it."""


def in_one_course(
    optimiser: str, pixels: str, arms: Mapping[str, Any], times_rate: float = 2.0
) -> method.Config:
    """Return settings in which some arms are trained in one course beside the plain one."""
    course = {"optimiser": optimiser, "pixels": pixels, "times_rate": times_rate}
    config: method.Config = small(arms={**arms}, in_courses=[*arms], courses={"one": course})
    return config


def started(arm: str) -> list[nn.Linear]:
    config = small()
    layers = method.network(config, config.arms[arm], torch.ones(1, 4, dtype=torch.float64), 0)
    return linear_layers(layers)


def largest(parameter: torch.Tensor) -> float:
    return parameter.detach().abs().max().item()


def test_a_start_leaves_at_zero_what_it_names() -> None:
    size = {
        arm: [(largest(one.weight), largest(one.bias)) for one in started(arm)]
        for arm in ("zeros_relu", "constant_relu", "biases_relu", "random_relu", "zeros_none")
    }
    assert size["zeros_relu"] == [(0, 0), (0, 0)]
    assert size["zeros_none"] == [(0, 0)]
    assert size["constant_relu"] == [(0.25, 0), (pytest.approx(1 / 6), 0)]
    assert [(w, b > 0) for w, b in size["biases_relu"]] == [(0, True), (0, True)]
    assert [(w > 0, b) for w, b in size["random_relu"]] == [(True, 0), (True, 0)]


def test_units_are_compared_with_one_another_and_with_what_they_were() -> None:
    # Two pixels, a bias and ten classes. The first unit is shut and stays; the second moves.
    before = torch.zeros(2, 13)
    before[:, 2] = torch.tensor([-1.0, 0.5])
    after = before.clone()
    after[1, 0] = 0.25
    assert method.of_units(before, after) == {
        "log10_unit_difference": pytest.approx(log10(1.5)),
        "change": 0.25,
        "unmoved": 0.5,
        "unmoved_of_shut": 1.0,
    }


def test_a_unit_has_its_weights_its_bias_and_what_leads_out_of_it() -> None:
    below, above = started("biases_relu")
    layers = nn.Sequential(below, nn.ReLU(), above)
    rows = method.units(layers)
    assert rows.shape == (6, 4 + 1 + 10)
    assert torch.equal(rows[:, 4], below.bias)
    with torch.no_grad():
        above.weight[3, 5] = 7.0
    assert method.units(layers)[5, 4 + 1 + 3] == 7.0
    assert rows[5, 4 + 1 + 3] == 0.0  # a copy


def test_a_gradient_is_arranged_like_its_unit() -> None:
    layers = nn.Sequential(
        *[one for layer in started("constant_tanh") for one in (layer, nn.Tanh())][:-1]
    )
    examples = Split(torch.tensor([[1.0, 2.0, 0.0, -1.0]], dtype=torch.float64), torch.tensor([3]))
    rows = method.unit_gradients(layers, examples)
    # z = 1/2, and of six equal units each has h = tanh(1/2) and 1/6 of what comes back.
    shares = torch.full((10,), 0.1, dtype=torch.float64)
    shares[3] -= 1  # all outputs are alike, so every class has a tenth
    h = torch.tensor(0.5, dtype=torch.float64).tanh()
    torch.testing.assert_close(rows[2, 5:], shares * h)
    assert rows[:, :5].abs().max() == pytest.approx(
        0
    )  # equal last weights: what comes back adds to 0
    assert method.largest_difference(rows) == 0


def test_directions_count_how_units_differ() -> None:
    alike = torch.tensor([[0.0, 0.0], [1.0, 1.0], [5.0, 5.0]])
    apart = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    assert method.directions(alike) == pytest.approx(1)
    assert method.directions(apart) == pytest.approx(2)
    assert method.directions(torch.ones(3, 2)) == 0


def test_the_least_loss_of_one_class_is_nothing_and_of_ten_ln_ten() -> None:
    assert method.least_loss(torch.tensor([4, 4])) == 0
    assert method.least_loss(torch.arange(10)) == pytest.approx(log(10))


def test_errors_are_compared_with_those_from_random_weights() -> None:
    values = {"error.zeros_relu": 0.9, "error.random_relu": 0.1, "error.biases_tanh": 0.3}
    assert method.comparisons(values) == {
        "error_over_random.zeros_relu": pytest.approx(9),
        "error_less_random.zeros_relu": pytest.approx(0.8),
    }


def test_equal_units_are_one_unit_of_the_sum_of_their_weights(embedded: Mnist) -> None:
    # Six equal units as one whose last weights are six times as large and learn six times as fast:
    # then the first weights move alike, and so do the outputs.
    config = small()
    images = embedded.standardised(embedded.train.first(20).images).double()
    labels = embedded.train.first(20).labels
    six = method.network(config, config.arms["constant_tanh"], images, 0)
    below, above = linear_layers(six)
    first, bias = below.weight[:1].detach().clone(), below.bias[:1].detach().clone()
    last, offset = above.weight.sum(1, keepdim=True).detach(), above.bias.detach().clone()
    for _ in range(5):
        one = [tensor.requires_grad_() for tensor in (first, bias, last, offset)]
        outputs = (images @ first.T + bias).tanh() @ last.T + offset
        gradients = torch.autograd.grad(nn.functional.cross_entropy(outputs, labels), one)
        own = torch.autograd.grad(
            nn.functional.cross_entropy(six(images), labels), [*six.parameters()]
        )
        with torch.no_grad():
            for parameter, gradient in zip(six.parameters(), own, strict=True):
                parameter.sub_(0.1 * gradient)
            # A sixth of the gradient of the sum reaches each of six units.
            rates = (0.1 / 6, 0.1 / 6, 0.6, 0.1)
            first, bias, last, offset = (
                parameter - rate * gradient
                for parameter, rate, gradient in zip(one, rates, gradients, strict=True)
            )
    torch.testing.assert_close(below.weight[3:4].detach(), first)
    torch.testing.assert_close(above.weight.detach().sum(1, keepdim=True), last)


def test_what_starts_equal_or_shut_stays_so(embedded: Mnist) -> None:
    samples = catalogue.load(NAME).run(small(), embedded, [0, 1]).samples
    for arm in ("zeros_relu", "zeros_tanh"):
        assert samples[f"change.{arm}"] == [0.0, 0.0]
        labels = embedded.validation.first(100).labels
        at_start = log(10) / method.least_loss(labels)
        assert samples[f"loss_over_entropy.{arm}"][0] != pytest.approx(at_start, abs=1e-6)
    for arm in ("constant_relu", "constant_tanh", "constant_sigmoid", "zeros_sigmoid"):
        assert samples[f"gradient_difference.{arm}"] == pytest.approx([0, 0], abs=1e-15)
        assert samples[f"log10_unit_difference.{arm}"] == [-12.0, -12.0]
        assert samples[f"directions.{arm}"] == pytest.approx([1, 1])
    assert samples["unmoved_of_shut.biases_relu"] == [1.0, 1.0]
    assert samples["unmoved.random_relu"] == [0.0, 0.0]


@pytest.mark.parametrize(("optimiser", "pixels"), [("descent", "unit"), ("adam", "standardised")])
def test_a_course_trains_by_its_optimiser_on_its_pixels(
    embedded: Mnist, optimiser: str, pixels: str
) -> None:
    config = in_one_course(optimiser, pixels, {"mine": OWN})
    values = method.measure(config, method.prepare(config, embedded), 0).values

    raw = embedded.train.images.double()
    shift, scale = (0.0, raw.max()) if pixels == "unit" else (raw.mean(), raw.std())

    def seen(split: Split) -> torch.Tensor:
        return (split.images.double() - shift) / scale

    training = embedded.train.first(config.images)
    start = method.network(config, config.arms["mine"], seen(training), 0)
    parameters = [parameter.detach().clone().requires_grad_() for parameter in start.parameters()]
    first, bias, last, offset = parameters
    updates = Updates(parameters, optimiser, 2 * RATES[optimiser])

    def loss(images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        logits = (images @ first.T + bias).tanh() @ last.T + offset
        return (logits.logsumexp(dim=1) - logits[range(len(labels)), labels]).mean()

    order = random_generator(config.seed, 0, 0).permutation(config.images)
    for batch in order[: 10 * config.batch].reshape(10, config.batch):
        updates.make(loss(seen(training)[batch], training.labels[batch]))
    held_out = embedded.validation.first(config.validation)
    entropy = method.least_loss(held_out.labels)
    by_hand = loss(seen(held_out), held_out.labels).item() / entropy
    assert values["loss_over_entropy.mine_one"] == pytest.approx(by_hand, rel=1e-5)


def test_a_course_that_comes_to_the_same_is_not_trained_again(
    embedded: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = in_one_course("descent", "standardised", {"mine": OWN}, times_rate=1.0)
    made: list[method.Training] = []
    train = method.train

    def counted(*arguments: Any) -> method.Metrics:  # noqa: ANN401 - of the one that it stands for
        made.append(arguments[2])
        return train(*arguments)

    monkeypatch.setattr(method, "train", counted)
    values = method.measure(config, method.prepare(config, embedded), 0).values
    assert made == [method.Training("mine", "descent", "standardised", 0.1)]
    assert values["error.mine_one"] == values["error.mine"]


def test_errors_are_compared_within_a_course(embedded: Mnist) -> None:
    arms = {"zeros_tanh": OWN | {"start": "zeros"}, "random_tanh": OWN}
    config = in_one_course("adam", "standardised", arms)
    values = method.measure(config, method.prepare(config, embedded), 0).values
    difference = values["error.zeros_tanh_one"] - values["error.random_tanh_one"]
    assert values["error_less_random.zeros_tanh_one"] == difference


def test_by_adam_zeros_and_shut_units_stay_and_open_ones_part(embedded: Mnist) -> None:
    # By descent open units stay multiples of one; Adam's steps are alike, whatever the bias.
    relu = OWN | {"activation": "relu", "learning_rates": {"descent": 0.01, "adam": 0.01}}
    arms = {start: relu | {"start": start} for start in ("zeros", "biases")}
    config = in_one_course("adam", "standardised", arms, times_rate=1.0)
    config = replace(config, evaluate_at=(0, 40))
    values = method.measure(config, method.prepare(config, embedded), 0).values
    assert values["change.zeros_one"] == 0
    assert values["unmoved_of_shut.biases_one"] == 1
    assert values["directions.biases"] == pytest.approx(1)
    assert values["directions.biases_one"] > 1.001


def test_courses_of_arms_that_are_not_and_arms_without_a_rate_are_refused() -> None:
    with pytest.raises(StudyError, match=r"^experiment\.in_courses=mine: choose from"):
        small(in_courses=["mine"])
    arm = OWN | {"learning_rates": {"descent": 0.1}}
    with pytest.raises(StudyError, match=r"^experiment\.arms\.mine\.learning_rates=.*adam must be"):
        small(arms={"mine": arm}, in_courses=[])


def test_an_arm_of_ones_own_is_trained_and_drawn(embedded: Mnist, tmp_path: Path) -> None:
    mine = OWN | {"start": "zeros", "precision": "single"}
    result = catalogue.load(NAME).run(small(arms={"mine": mine}, in_courses=[]), embedded, [0, 1])
    assert "error.mine" in result.samples
    write_run(tmp_path / "run", {"experiment": {"arms": {"mine": mine}}}, result, {})
    for figure in figures.FIGURES:
        plt.close(figure(read_run(tmp_path / "run")))


def test_evaluations_begin_before_training() -> None:
    with pytest.raises(StudyError, match="the first must be 0, before training"):
        small(evaluate_at=[1, 2])
