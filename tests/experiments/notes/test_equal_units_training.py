from functools import partial
from math import log, log10
from pathlib import Path

import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn

from study import catalogue
from study.errors import StudyError
from study.experiments.notes.equal_units_training import figures, method
from study.lab.mnist import Mnist, Split
from study.lab.networks import linear_layers
from study.record.results import read_run, write_run
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


def test_an_arm_of_ones_own_is_trained_and_drawn(embedded: Mnist, tmp_path: Path) -> None:
    mine = {"activation": "tanh", "start": "zeros", "weight_variance": 1.0, "learning_rate": 0.1}
    mine["precision"] = "single"
    result = catalogue.load(NAME).run(small(arms={"mine": mine}), embedded, [0, 1])
    assert "error.mine" in result.samples
    write_run(tmp_path / "run", {"experiment": {"arms": {"mine": mine}}}, result, {})
    for figure in figures.FIGURES:
        plt.close(figure(read_run(tmp_path / "run")))


def test_evaluations_begin_before_training() -> None:
    with pytest.raises(StudyError, match="the first must be 0, before training"):
        small(evaluate_at=[1, 2])
