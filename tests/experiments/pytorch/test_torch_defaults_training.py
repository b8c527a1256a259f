from functools import partial
from math import inf, isnan, log, sqrt
from typing import Any

import pytest
import torch
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.pytorch.torch_defaults_training import method
from study.experiments.pytorch.torch_defaults_training.method import Arm, Config, Course, Network
from study.lab.classification import Task
from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.networks import linear_layers
from study.lab.training import History, Schedule, error_rate, minibatches, sgd
from tests.configs import small_config

NAME = "torch_defaults_training"
PREDICTIONS: dict[str, None] = dict.fromkeys(
    [
        "torch-default-stalls",
        "torch-default-shallow-learns",
        "he-start-learns-where-default-stalls",
        "torch-default-eight-layers-do-not-begin",
        "torch-default-slower-by-descent",
        "torch-default-slower-by-adam",
        "torch-default-learns-by-adam",
    ]
)


small = partial(small_config, NAME, images=200, updates=20, cap=20, width=16)


FIXED = {"optimiser": "descent", "pixels": "standardised", "learning_rates": [0.1]}
BLANK = Split(torch.zeros(1, 784), torch.zeros(1, dtype=torch.int64))


def make(config: Config, network: Network) -> list[nn.Linear]:
    """Return the linear layers of a network before training."""
    return linear_layers(method.make_network(config, network, Task(BLANK, config.seed, 0)))


def test_the_default_start_is_that_of_torch() -> None:
    layers = make(small(width=400), Network(depth=3, start="default"))
    assert [layer.weight.shape for layer in layers] == [(400, 784), (400, 400), (10, 400)]
    for layer in layers[:2]:
        scale = sqrt(layer.in_features)
        for values in (layer.weight, layer.bias):
            assert values.abs().max().item() * scale == pytest.approx(1, abs=0.02)
            assert values.square().mean().item() * scale**2 == pytest.approx(1 / 3, rel=0.15)


def test_the_other_start_is_that_of_he() -> None:
    for layer in make(small(width=400), Network(depth=3, start="he"))[:2]:
        assert layer.weight.square().mean().item() * layer.in_features == pytest.approx(2, rel=0.02)
        assert not layer.bias.any()


def test_losses_are_averaged_in_pieces() -> None:
    assert method.pieces([1.0] * 10 + [3.0] * 10 + [9.0]) == [1, 3]


def test_pixels_are_standardised_or_between_0_and_1(embedded: Mnist) -> None:
    inputs = method.prepare(small(), embedded)
    for splits in inputs.values():
        assert splits.training.images.dtype == torch.float64
        assert splits.training.images.shape == (200, 784)
    unit, standardised = inputs["unit"].training.images, inputs["standardised"].training.images
    assert (unit.min().item(), unit.max().item()) == (0, 1)
    assert standardised.std().item() == pytest.approx(1, rel=0.1)
    # Both are the pixels but for a factor and a shift.
    assert torch.corrcoef(torch.stack([unit.ravel(), standardised.ravel()]))[0, 1] > 1 - 1e-6


def test_a_run_trains_what_it_says(embedded: Mnist) -> None:
    config = small(updates=20, cap=30)
    result = catalogue.load(NAME).run(config, embedded, [1])
    data = method.prepare(config, embedded)["standardised"]
    # The loop written out: plain descent at 0.1 on the draw's own order of the images.
    task = Task(data.training, config.seed, 1)
    model = method.make_network(config, config.networks["deep_he"], task)
    losses = task.descend(model, Schedule(config.batch, config.updates), 0.1)
    error = error_rate(model, data.validation.images, data.validation.labels)
    samples = result.samples
    last = sum(losses[-10:]) / 10 / log(10)
    assert samples["last_loss_over_chance.deep_he"] == pytest.approx([last])
    assert samples["error.deep_he"] == pytest.approx([error])
    curve = [
        row["mean"]
        for row in result.tables["losses"]
        if (row["network"], row["course"]) == ("deep_he", "fixed")
    ]
    assert curve[:2] == pytest.approx(method.pieces(losses))
    assert len(curve) == 3
    # A network whose output is blind to the image can do no better than guess.
    assert samples["last_loss_over_chance.deep_default"] == pytest.approx([1], rel=0.1)
    assert torch.get_default_dtype() == torch.float32


def test_adam_moves_every_weight_by_its_rate_at_first(embedded: Mnist) -> None:
    config = small()
    task = Task(method.prepare(config, embedded)["unit"].training, config.seed, 0)
    before, after = (
        method.make_network(config, config.networks["deep_he"], task) for _ in range(2)
    )
    (first,) = minibatches(200, config.batch, 1, random_generator(config.seed, 0, 0))
    loss = nn.functional.cross_entropy(
        after(task.training.images[first]), task.training.labels[first]
    )
    for weight, gradient in zip(
        after.parameters(), torch.autograd.grad(loss, [*after.parameters()]), strict=True
    ):
        weight.grad = gradient
    rule = method.OPTIMISERS["adam"](0.004)(after)
    rule.step()
    for old, new in zip(before.parameters(), after.parameters(), strict=True):
        moved = (new - old).abs()
        assert moved.max().item() == pytest.approx(0.004, rel=1e-3)


def histories(**updates: int) -> dict[Arm, History]:
    """Return trainings of 40 updates that come to half the loss of a guess after so many."""
    return {
        Arm(*name.split("__")): History(
            [log(10)] * (count - 10) + [0.0] * (50 - count), {20: {"error": 0.25}}
        )
        for name, count in updates.items()
    }


def test_how_much_longer_the_default_takes_is_the_logarithm_of_a_ratio() -> None:
    config = small(updates=20, cap=40, courses={"fixed": FIXED})
    values = method.quantities(config, histories(deep_default__fixed=25, deep_he__fixed=15))
    # Half of the last ten losses are 0 five updates before they all are.
    assert values["median.updates.deep_default"] == 20
    assert values["median.updates.deep_he"] == 10
    assert values["median.log2_slowdown.fixed"] == 1
    assert values["error.deep_he"] == 0.25
    assert values["last_loss_over_chance.deep_he"] == 0
    assert values["last_loss_over_chance.deep_default"] == pytest.approx(0.5)


def test_a_rate_is_chosen_with_weights_that_no_draw_has(embedded: Mnist) -> None:
    rates = [1e-9, 0.05, 1000.0]
    config = small(courses={"fixed": FIXED, "own": FIXED | {"learning_rates": rates}})
    inputs = method.prepare(config, embedded)
    choice = method.choose(config, inputs)
    task = Task(inputs["standardised"].training, config.search_seed, 0)
    for name, network in config.networks.items():
        losses = task.descend(
            method.make_network(config, network, task), Schedule(config.batch, 20), 1e-9
        )
        assert choice["losses"][f"{name}_own"]["1e-09"] == pytest.approx(sum(losses) / 20)
    assert choice["learning_rates"]["shallow_he_own"] == 0.05
    assert choice["learning_rates"]["shallow_he"] == 0.1
    exact = method.exact(config, inputs, choice)
    assert exact["rates.searched"] == 4
    assert exact["learning_rate.shallow_he_own"] == 0.05
    choice["losses"]["deep_he_own"]["1000.0"] = inf
    rows = method.tables(config, {0: method.measure(config, inputs, 0, choice)}, choice)["search"]
    assert [row["learning_rate"] for row in rows] == rates * 4
    (row,) = (row for row in rows if (row["network"], row["learning_rate"]) == ("deep_he", 1000.0))
    assert isnan(float(row["mean_loss"]))


def test_the_least_and_the_greatest_rate_are_at_an_edge() -> None:
    course = Course(optimiser="adam", pixels="unit", learning_rates=(0.1, 0.2, 0.4))
    assert [method.at_an_edge(course, rate) for rate in (0.1, 0.2, 0.4)] == [True, False, True]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch": 201}, "batch=201, images=200: the images do not fill one minibatch"),
        ({"updates": 21}, "updates=21, cap=20: updates must be no more than cap"),
    ],
)
def test_settings_that_clash_are_refused_in_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as error:
        small(**changes)
    assert str(error.value) == f"experiment.{message}"


def test_eight_default_layers_begin_to_learn_with_momentum(embedded: Mnist) -> None:
    # The chapter says so of the reference's eight layers of 128 units, in as many steps.
    reference = configuring.checked(Config, configuring.plain_settings(NAME, "reference"))
    task = Task(embedded.standardised_split(embedded.train).double(), seed=3, draw=0)
    losses = task.fit(
        lambda: method.make_network(reference, reference.networks["deep_default"], task),
        Schedule(reference.batch, reference.updates),
        sgd(0.1, momentum=0.9),
        name="momentum",
    ).losses
    assert sum(losses[-10:]) / 10 < 0.75 * log(10)
