from dataclasses import asdict
from functools import partial
from math import isnan, nan, sqrt
from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.glorot.glorot_conclusions import claims, method
from study.lab.mnist import Mnist
from study.lab.rate_search import Search
from study.lab.training import History
from study.record.draws import Draw, finite_means
from study.record.results import read_run, write_run
from tests.configs import small_config

NAME = "glorot_conclusions"
ARMS = ("sgd_standard", "sgd_normalised", "adam_standard", "adam_normalised")


def settings(scale: str = "reference", **changes: Any) -> method.Config:  # noqa: ANN401
    plain = configuring.plain_settings(NAME, scale)
    return configuring.checked(method.Config, configuring.with_overrides(plain, changes))


SHAPES = ("equal", "growing", "shrinking", "deep")
small = partial(small_config, NAME, **{f"shapes.{name}.updates": 20 for name in SHAPES})


def inputs(mnist: Mnist) -> torch.Tensor:
    return mnist.standardised(mnist.train.first(2).images)


def test_the_widths_go_in_even_steps() -> None:
    shapes = settings().shapes
    assert method.widths(shapes["growing"]) == [40, 120, 200, 280, 360]
    assert method.widths(shapes["shrinking"]) == [360, 280, 200, 120, 40]
    assert method.widths(shapes["equal"]) == [200] * 5
    assert len(method.widths(shapes["deep"])) == 20


@pytest.mark.parametrize("init", ["standard", "normalised"])
def test_weights_have_the_range_of_the_papers_equations(init: str, embedded: Mnist) -> None:
    network = method.make_network(settings(), "growing", init, 0, inputs(embedded))
    for layer in network:
        if isinstance(layer, nn.Linear):
            into, out = layer.in_features, layer.out_features
            # Equations 1 and 16.
            largest = 1 / sqrt(into) if init == "standard" else sqrt(6 / (into + out))
            limit = layer.weight.abs().max().item()
            assert 0.95 * largest < limit <= largest * (1 + 1e-5)


def test_orthogonal_weights_have_singular_values_of_one(embedded: Mnist) -> None:
    network = method.make_network(small(), "deep", "orthogonal", 0, inputs(embedded))
    middle = network[4]
    assert isinstance(middle, nn.Linear)
    values = torch.linalg.svdvals(middle.weight)
    torch.testing.assert_close(values, torch.ones_like(values), rtol=0, atol=1e-5)


def test_the_jacobian_is_that_of_autograd(embedded: Mnist) -> None:
    config, image = small(), inputs(embedded)[:1]
    values = method.singular_values(config, 0, image)
    for init in config.shapes["deep"].inits:
        layers = [*method.make_network(config, "deep", init, 0, image)]
        means, signal = [], layers[1](layers[0](image))
        for linear, tanh in zip(layers[2:-1:2], layers[3::2], strict=True):
            jacobian = torch.func.jacrev(lambda h, f=linear: torch.tanh(f(h)))(signal[0])
            means.append(torch.linalg.svdvals(jacobian).mean().item())
            signal = tanh(linear(signal))
        assert len(means) == 19
        assert values[f"singular_value.{init}"] == pytest.approx(sum(means) / 19, rel=1e-4)


def test_all_arms_search_as_many_learning_rates() -> None:
    for scale in ("reference", "quick"):
        counts = {len(method.learning_rates) for method in settings(scale).methods.values()}
        assert len(counts) == 1


def test_an_image_is_seen_once_at_reference_size() -> None:
    config = settings()
    assert config.batch * max(shape.updates for shape in config.shapes.values()) <= 50_000


def history(loss: float, updates: int = 20) -> History:
    return History([loss] * updates, {updates: {"error": loss / 10}})


def outcome(config: method.Config, losses: dict[str, float]) -> method.Trainings:
    histories = {
        arm: {
            rate: history(losses.get(arm.name, 2.0) + at)
            for at, rate in enumerate(config.methods[arm.method].learning_rates)
        }
        for arm in method.arms(config)
    }
    return Search(histories, partial(method.score, config))


def test_what_is_saved_is_a_share_of_the_loss_at_the_best_rate() -> None:
    config = small()
    losses = dict(zip([f"equal_{arm}" for arm in ARMS], [1.0, 0.5, 0.8, 0.4], strict=True))
    losses |= {f"{shape}_sgd_standard": 1.0 for shape in ("growing", "shrinking")}
    losses |= {"growing_sgd_normalised": 0.7, "shrinking_sgd_normalised": 0.6}
    values = method.quantities(config, outcome(config, losses))
    assert values["saved.adam_standard"] == pytest.approx(0.2)
    assert values["saved.adam_normalised"] == pytest.approx(0.2)
    assert values["saved.normalised_without_adam"] == pytest.approx(1 - 0.5 / 0.8)
    assert values["saved.equal"] == pytest.approx(0.5)
    assert values["saved_at_least.other_shapes"] == pytest.approx(0.3)
    assert values["saved_apart.other_shapes"] == pytest.approx(0.2)  # 0.3 and 0.4 beside 0.5
    assert values["error.equal_sgd_standard"] == pytest.approx(0.1)


def test_a_training_that_diverges_is_never_the_best() -> None:
    config = small()
    trainings = outcome(config, {})
    arm, by_rate = next(iter(trainings.outcomes.items()))
    assert isinstance(by_rate, dict)
    first_rate, second_rate, *_ = by_rate
    by_rate[first_rate] = History([1.0, nan], {20: {"error": nan}})
    assert trainings.best(arm) is by_rate[second_rate]
    rows = finite_means({0: Draw({}, {"rates": method.rate_rows(trainings)})}, "rates")
    assert [row["diverged"] for row in rows][:2] == [1, 0]
    by_rate |= dict.fromkeys(by_rate, History([nan], {20: {"error": nan}}))
    assert isnan(method.mean_loss(trainings.best(arm)))


def test_updates_are_all_where_the_target_is_not_reached() -> None:
    config = small(window=5)
    assert method.updates_of_deep(config, history(2.0)) == 20.0
    assert method.updates_of_deep(config, History([2.0] * 5 + [0.5] * 15, {})) == 9.0
    assert method.updates_of_deep(config, History([nan] * 20, {})) == 20.0


def test_a_draw_measures_all_that_is_claimed(embedded: Mnist) -> None:
    result = catalogue.load(NAME).run(small(), embedded, [0])
    assert {claim.quantity for claim in claims.CLAIMS} <= set(result.samples)
    assert result.samples["updates.standard"] == [20.0]
    assert {row["shape"] for row in result.tables["losses"]} == {"equal", "growing", "shrinking"}
    assert len(result.tables["deep"]) == 6


# The paper prints no numbers here, and no law predicts any: all bands have one end.
PREDICTIONS = dict.fromkeys(
    (
        "adam-gains-from-standard-weights",
        "normalised-descent-leads-adam",
        "adam-adds-little-to-normalised-weights",
        "gb-layer-sizes",
        "gb-jacobian-near-one-helps",
        "gb-jacobian-orthogonal",
    )
)


def test_the_statements_say_what_is_trained() -> None:
    config = settings()
    equal, deep, funnel = (config.shapes[name] for name in ("equal", "deep", "growing"))
    assert (equal.layers, equal.first, equal.updates, config.batch) == (5, 200, 1000, 20)
    assert (deep.layers, deep.first, deep.last) == (20, 100, 100)
    assert (funnel.first, funnel.last) == (40, 360)
    assert {len(method.learning_rates) for method in config.methods.values()} == {4}


MINE = {
    "layers": 2,
    "first": 6,
    "last": 6,
    "updates": 20,
    "methods": ["adam"],
    "inits": ["standard"],
}


def test_a_shape_of_the_readers_own_is_trained_and_drawn(embedded: Mnist, tmp_path: Path) -> None:
    plain = configuring.plain_settings(NAME, "quick", "brief")
    shapes = {name: {"first": 8, "last": 8} for name in plain["shapes"]}
    mine = MINE | {"methods": ["sgd_deep", "sgd"], "inits": ["standard", "my_own"]}
    init = {
        "distribution": "gaussian",
        "fan": "fan_out",
        "weight_variance": 1.0,
        "bias_variance": 0.0,
    }
    changes = {"inits": {"my_own": init}, "shapes": shapes | {"mine": mine}}
    config = configuring.checked(method.Config, configuring.merged(plain, changes))
    experiment = catalogue.load(NAME)
    result = experiment.run(config, embedded, [0, 1])
    assert "loss.mine_sgd_deep_my_own" in result.samples
    assert "saved.mine" not in result.samples  # it has no normalised weights
    write_run(
        tmp_path / "run",
        {"experiment": asdict(config)},
        result,
        {"data": {"name": "mnist_5k"}},
    )
    for figure in experiment.figures:
        plt.close(figure(read_run(tmp_path / "run")))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"shapes.equal.methods": ["sgd"]},
            "shapes.equal.methods=sgd: adam must be among them",
        ),
        (
            {"shapes.growing.inits": ["normalised"]},
            "shapes.growing.inits=normalised: standard must be among them",
        ),
        (
            {"shapes.deep.inits": ["standard", "orthogonal"]},
            "shapes.deep.inits=standard, orthogonal: normalised must be among them",
        ),
        (
            {"shapes.deep.methods": ["sgd", "adam"]},
            (
                "shapes.deep.methods=sgd, adam: must be one, at whose rates the updates of the "
                "weights are compared"
            ),
        ),
        (
            {"shapes.mine": MINE | {"methods": ["newton"]}},
            "shapes.mine.methods=newton: choose from sgd, sgd_deep, adam",
        ),
        (
            {"shapes.mine": MINE | {"inits": ["mine"]}},
            "shapes.mine.inits=mine: choose from standard, normalised, orthogonal",
        ),
        (
            {"shapes.equal.methods": ["sgd", "adam", "adam"]},
            "shapes.equal.methods=sgd, adam, adam: must all differ",
        ),
    ],
)
def test_shapes_that_cannot_be_compared_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as refusal:
        settings("quick", **changes)
    assert str(refusal.value) == f"experiment.{message}"


def test_a_shape_that_is_read_cannot_be_missing() -> None:
    plain = configuring.plain_settings(NAME, "quick")
    shapes = {name: shape for name, shape in plain["shapes"].items() if name != "shrinking"}
    with pytest.raises(StudyError) as refusal:
        configuring.checked(method.Config, plain | {"shapes": shapes})
    assert str(refusal.value) == (
        "experiment.shapes=equal, growing, deep: shrinking must be among them"
    )


def test_a_minibatch_has_no_more_images_than_there_are(embedded: Mnist) -> None:
    with pytest.raises(StudyError) as refusal:
        method.prepare(small(batch=4001), embedded)
    assert str(refusal.value) == "experiment.batch=4001: there are only 4000"
