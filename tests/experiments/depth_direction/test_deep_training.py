from functools import partial
from math import inf, isnan, log, nan
from typing import Any

import pytest
import torch
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.depth_direction.deep_training import claims, method
from study.lab.mnist import Mnist
from study.lab.rate_search import Search
from study.record.claims import Verdict, judge
from study.record.draws import Draw
from study.record.estimates import estimate
from study.record.results import Table
from tests.configs import small_config

NAME = "deep_training"
PREDICTIONS = {
    "right-size-is-not-enough": None,
    "orthogonal-tanh-thousand": None,
    "gaussian-tanh-thousand": None,
}


small = partial(small_config, NAME, draws=2, depth=6, width=12, images=64, updates=20)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        (
            {"batch": 65},
            "batch=65, images=64: the images do not fill one minibatch",
        ),
        ({"learning_rates": [0.1, 0.1]}, "learning_rates=[0.1, 0.1]: must all differ"),
    ],
)
def test_settings_that_clash_are_refused_in_one_line(changes: dict[str, Any], refusal: str) -> None:
    with pytest.raises(StudyError) as error:
        small(**changes)
    assert str(error.value) == f"experiment.{refusal}"


def inputs(mnist: Mnist) -> torch.Tensor:
    return mnist.standardised(mnist.train.first(64).images)


def test_orthogonal_layers_keep_the_length_of_a_signal(embedded: Mnist) -> None:
    config = small()
    network = method.make_network(config, config.arms["orthogonal_tanh"], 0, inputs(embedded))
    layers = [layer for layer in network if isinstance(layer, nn.Linear)]
    assert len(layers) == 6
    for layer in layers[1:-1]:
        product = layer.weight @ layer.weight.T
        torch.testing.assert_close(product, torch.eye(12), rtol=0, atol=1e-5)


def test_gaussian_layers_have_the_variance_of_their_arm(embedded: Mnist) -> None:
    config = small(width=300)
    for arm, expected in (("he_relu", 2.0), ("gaussian_tanh", 1.0)):
        network = method.make_network(config, config.arms[arm], 0, inputs(embedded))
        middle = network[2]
        assert isinstance(middle, nn.Linear)
        assert 300 * middle.weight.square().mean().item() == pytest.approx(expected, rel=0.03)


def test_a_rescaled_network_has_preactivations_of_second_moment_one(embedded: Mnist) -> None:
    config, images = small(depth=30), inputs(embedded)
    network = method.make_network(config, config.arms["he_relu_rescaled"], 0, images)
    signal = images[: config.batch]
    for layer in network:
        signal = layer(signal)
        if isinstance(layer, nn.Linear):
            assert signal.square().mean().item() == pytest.approx(1, rel=1e-4)


def test_all_arms_see_the_same_images_and_a_shallow_network_learns(embedded: Mnist) -> None:
    result = catalogue.load(NAME).run(small(depth=2, updates=60), embedded, [0, 1])
    assert set(result.samples) == {
        *(f"learnt.{arm}" for arm in small().arms),
        *(f"learnt_over_orthogonal.{arm}" for arm in small().arms if arm != "orthogonal_tanh"),
        *(f"diverged_rates.{arm}" for arm in small().arms),
    }
    assert min(result.samples["learnt.orthogonal_tanh"]) > 0.05
    first = {row["arm"]: row["mean"] for row in result.tables["losses"] if row["step"] == 10}
    assert set(first) == set(small().arms)
    assert all(1.5 < float(mean) < 4 for mean in first.values())


def test_the_best_rate_counts_of_those_that_do_not_diverge(embedded: Mnist) -> None:
    arms = small().arms
    single_rate, two_rates = (
        catalogue.load(NAME).run(small(depth=12, learning_rates=rates), embedded, [0])
        for rates in ([0.01], [0.01, 100.0])
    )
    for arm in arms:
        assert single_rate.samples[f"learnt.{arm}"] == two_rates.samples[f"learnt.{arm}"]
        assert single_rate.samples[f"diverged_rates.{arm}"] == [0.0]
    at_hundred = [row for row in two_rates.tables["rates"] if row["learning_rate"] == 100.0]
    assert [row["arm"] for row in at_hundred] == list(arms)
    for row in at_hundred:
        assert two_rates.samples[f"diverged_rates.{row['arm']}"] == [float(row["diverged"])]
    assert sum(int(row["diverged"]) for row in at_hundred) > 0
    assert two_rates.exact == {"rates.all": 2.0}


def test_a_diverged_training_shows_nothing_rather_than_that_nothing_was_learnt() -> None:
    diverged_losses, flat_losses, halved_losses = (
        [1.0] * 10 + [nan] * 10,
        [2.3] * 20,
        [2.3] * 10 + [log(10) / 2] * 10,
    )
    assert searched(diverged_losses, flat_losses, halved_losses).best("one") == halved_losses
    assert isnan(method.learnt(searched(diverged_losses, diverged_losses).best("one")))
    assert method.learnt(halved_losses) == pytest.approx(0.5)
    # A network that recovers has diverged all the same.
    assert isnan(method.learnt([inf] + [0.0] * 19))
    quantities = method.quantities(
        {"orthogonal_tanh": halved_losses, "he_relu_rescaled": diverged_losses}
    )
    values = {key: estimate([number, 0.0]) for key, number in quantities.items()}
    (claim,) = [claim for claim in claims.CLAIMS if claim.id == "right-size-is-not-enough"]
    assert judge(claim, values, "mnist") is Verdict.INCONCLUSIVE


def test_training_stops_where_it_diverges(embedded: Mnist) -> None:
    config = small(depth=2)
    losses = method.train_arm(config, method.prepare(config, embedded), 0, "he_relu", 1e30)
    assert len(losses) == 20
    assert all(map(isnan, losses[10:]))


def test_the_statements_say_what_is_measured() -> None:
    settings = configuring.plain_settings(NAME, "reference")
    sizes = settings["depth"], settings["width"], settings["updates"]
    assert sizes == (claims.DEPTH, claims.WIDTH, claims.UPDATES)
    quick = configuring.plain_settings(NAME, "quick")
    assert f"{quick['depth']} layers, {quick['updates']} updates" in claims.BUDGET


def test_a_piece_in_which_a_draw_diverged_is_left_out() -> None:
    finite_losses, diverged_losses = [1.0] * 20, [3.0] * 10 + [float("inf")] * 10
    rows = tables(finite_losses, diverged_losses)["losses"]
    assert [(row["step"], row["mean"]) for row in rows] == [(10, 2.0)]


def test_where_all_diverged_at_once_there_is_no_curve() -> None:
    assert set(tables([nan] * 20)) == {"rates"}


def searched(*losses: list[float]) -> Search[str, method.Losses]:
    """Return the trainings of one arm with as many learning rates, by their losses."""
    by_rate: dict[float, method.Losses] = dict(enumerate(losses, start=1))
    return Search({"one": by_rate}, lambda losses: -method.learnt(losses))


def tables(*losses: list[float]) -> dict[str, Table]:
    """Return the tables of draws of one arm with one learning rate, by their losses."""
    draws = {
        index: Draw(
            {},
            {
                "losses": method.loss_rows({"one": numbers}),
                "rates": method.rate_rows(searched(numbers)),
            },
        )
        for index, numbers in enumerate(losses)
    }
    return method.tables(small(), draws)
