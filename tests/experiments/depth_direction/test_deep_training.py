from collections.abc import Mapping
from functools import partial
from math import isnan, log, nan
from typing import Any

import pytest
import torch
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.depth_direction.deep_training import claims, method
from study.lab.classification import CHANCE_LOSS, Task
from study.lab.inits import random_generator
from study.lab.mnist import Mnist
from study.lab.rate_search import Search
from study.lab.training import minibatches
from study.record.claims import Verdict, judge
from study.record.draws import Draw
from study.record.estimates import estimate
from study.record.results import Table
from tests.by_hand import Updates
from tests.configs import small_config

NAME = "deep_training"
PREDICTIONS = {
    "right-size-is-not-enough": None,
    "orthogonal-tanh-thousand": None,
    "gaussian-tanh-thousand": None,
}
ENDINGS = ("", "_unit", "_adam")
SEARCHED = (
    "he_relu",
    *(f"{arm}{ending}" for arm in ("gaussian_tanh", "orthogonal_tanh") for ending in ENDINGS),
)
RESCALED = tuple(f"he_relu_rescaled{ending}" for ending in ENDINGS)


small = partial(small_config, NAME, draws=2, depth=6, width=12, images=64, updates=20)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        (
            {"batch": 65},
            "batch=65, images=64: the images do not fill one minibatch",
        ),
        (
            {"arms.he_relu.learning_rates": [0.1, 0.1]},
            "arms.he_relu.learning_rates=[0.1, 0.1]: must all differ",
        ),
    ],
)
def test_settings_that_clash_are_refused_in_one_line(changes: dict[str, Any], refusal: str) -> None:
    with pytest.raises(StudyError) as error:
        small(**changes)
    assert str(error.value) == f"experiment.{refusal}"


def tasks(config: method.Config, mnist: Mnist) -> method.Tasks:
    return method.tasks(method.prepare(config, mnist), config.seed, 0)


def task(config: method.Config, mnist: Mnist) -> Task:
    return tasks(config, mnist)["standardised"]


def test_orthogonal_layers_keep_the_length_of_a_signal(embedded: Mnist) -> None:
    config = small()
    network = method.make_network(config, config.arms["orthogonal_tanh"], task(config, embedded))
    layers = [layer for layer in network if isinstance(layer, nn.Linear)]
    assert len(layers) == 6
    for layer in layers[1:-1]:
        product = layer.weight @ layer.weight.T
        torch.testing.assert_close(product, torch.eye(12), rtol=0, atol=1e-5)


def test_gaussian_layers_have_the_variance_of_their_arm(embedded: Mnist) -> None:
    config = small(width=300)
    for arm, expected in (("he_relu", 2.0), ("gaussian_tanh", 1.0)):
        network = method.make_network(config, config.arms[arm], task(config, embedded))
        middle = network[2]
        assert isinstance(middle, nn.Linear)
        assert 300 * middle.weight.square().mean().item() == pytest.approx(expected, rel=0.03)


def test_a_rescaled_network_has_preactivations_of_second_moment_one(embedded: Mnist) -> None:
    config = small(depth=30)
    first = task(config, embedded)
    network = method.make_network(config, config.arms["he_relu_rescaled"], first)
    signal = first.training.images[: config.batch]
    for layer in network:
        signal = layer(signal)
        if isinstance(layer, nn.Linear):
            assert signal.square().mean().item() == pytest.approx(1, rel=1e-4)


def test_all_arms_see_the_same_images_and_a_shallow_network_learns(embedded: Mnist) -> None:
    result = catalogue.load(NAME).run(small(depth=3, updates=60), embedded, [0, 1])
    assert set(result.samples) == {
        *(f"learnt.{arm}" for arm in small().arms),
        *(f"diverged_rates.{arm}" for arm in RESCALED),
        *(f"rate.at_an_edge.{arm}" for arm in RESCALED),
    }
    assert min(result.samples["learnt.orthogonal_tanh"]) > 0.05
    first = {row["arm"]: row["mean"] for row in result.tables["losses"] if row["step"] == 10}
    assert set(first) == set(small().arms)
    assert all(1.5 < float(mean) < 4 for mean in first.values())


def test_the_rate_that_learns_most_on_average_in_the_search_is_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grid = {f"arms.{arm}.learning_rates": [0.1, 0.2, 0.4, 0.8] for arm in SEARCHED}
    config = small(search={"seed": 5, "draws": 2}, **grid)
    # 0.1 is the best in one draw and 0.2 on average; 0.4 diverges in one.
    shares = {0.1: (0.9, 0.0), 0.2: (0.5, 0.6), 0.4: (0.99, nan), 0.8: (0.0, 0.0)}

    def tasks(_inputs: object, seed: int, draw: int) -> tuple[int, int]:
        return seed, draw

    def train_arm(_config: object, task: tuple[int, int], arm: str, rate: float) -> list[float]:
        seed, draw = task
        assert (seed, arm in SEARCHED) == (5, True)
        return [CHANCE_LOSS * (1 - shares[rate][draw])] * 20

    monkeypatch.setattr(method, "tasks", tasks)
    monkeypatch.setattr(method, "train_arm", train_arm)
    nothing: method.Inputs = {}
    choice = method.choose(config, nothing)
    assert choice["learning_rates"] == dict.fromkeys(SEARCHED, 0.2)
    assert choice["learnt"]["he_relu"]["0.1"] == pytest.approx([0.9, 0.0])
    exact = method.exact(config, nothing, choice)
    assert exact["learning_rate.he_relu"] == 0.2
    assert exact["at_an_edge.he_relu"] == 0
    assert exact["rates.he_relu_rescaled"] == len(config.arms["he_relu_rescaled"].learning_rates)
    at_an_edge: method.Choice = {**choice, "learning_rates": dict.fromkeys(SEARCHED, 0.8)}
    assert method.exact(config, nothing, at_an_edge)["at_an_edge.orthogonal_tanh"] == 1
    rates = tables([1.0] * 20, config=config, choice=choice)["rates"]
    assert [row["diverged"] for row in rates if row["arm"] == "gaussian_tanh"] == [0, 0, 1, 0]


def test_the_searched_arms_train_at_the_rate_that_was_chosen(embedded: Mnist) -> None:
    config = small(depth=3)
    inputs = method.prepare(config, embedded)
    slow, fast = (
        method.measure(config, inputs, 0, {"learnt": {}, "learning_rates": rates}).values
        for rates in (dict.fromkeys(SEARCHED, 1e-9), dict.fromkeys(SEARCHED, 0.1))
    )
    for arm in SEARCHED:
        draw = method.tasks(inputs, config.seed, 0)
        losses = method.train_arm(config, draw, arm, 0.1)
        assert fast[f"learnt.{arm}"] == method.learnt(losses) != slow[f"learnt.{arm}"]
    assert [fast[f"learnt.{arm}"] for arm in RESCALED] == [
        slow[f"learnt.{arm}"] for arm in RESCALED
    ]


def test_a_draw_takes_the_best_of_the_rates_that_do_not_diverge(embedded: Mnist) -> None:
    rates = "arms.he_relu_rescaled.learning_rates"
    one_rate, two_rates = (
        catalogue.load(NAME).run(small(depth=12, **{rates: grid}), embedded, [0])
        for grid in ([0.0005], [0.0005, 1000.0])
    )
    assert one_rate.samples["diverged_rates.he_relu_rescaled"] == [0.0]
    assert two_rates.samples["diverged_rates.he_relu_rescaled"] == [1.0]
    key = "learnt.he_relu_rescaled"
    assert one_rate.samples[key] == two_rates.samples[key]
    assert two_rates.exact["rates.he_relu_rescaled"] == 2.0
    rows = [row for row in two_rates.tables["rates"] if row["arm"] == "he_relu_rescaled"]
    assert [(row["learning_rate"], row["diverged"]) for row in rows] == [(0.0005, 0), (1000.0, 1)]


def test_a_diverged_training_shows_nothing_rather_than_that_nothing_was_learnt() -> None:
    diverged_losses, flat_losses, halved_losses = (
        [1.0] * 10 + [nan] * 10,
        [2.3] * 20,
        [2.3] * 10 + [log(10) / 2] * 10,
    )
    trainings = searched(diverged_losses, halved_losses, flat_losses)
    assert trainings.best("one") == halved_losses
    assert method.of_the_rates(trainings) == {
        "diverged_rates.one": 1.0,
        "rate.at_an_edge.one": 0.0,
    }
    assert method.learnt(halved_losses) == pytest.approx(0.5)
    lost = method.learnt(searched(diverged_losses, diverged_losses).best("one"))
    assert isnan(lost)
    values = {f"learnt.{arm}": estimate([lost, 0.0]) for arm in RESCALED}
    (claim,) = [claim for claim in claims.CLAIMS if claim.id == "right-size-is-not-enough"]
    assert judge(claim, values, "mnist") is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("name", "optimiser", "scale"),
    [
        ("orthogonal_tanh", "descent", "standardised"),
        ("orthogonal_tanh_unit", "descent", "unit"),
        ("orthogonal_tanh_adam", "adam", "standardised"),
    ],
)
def test_a_network_is_trained_as_its_arm_says(
    embedded: Mnist, name: str, optimiser: str, scale: str
) -> None:
    config, rate = small(depth=3), 0.02
    losses = method.train_arm(config, tasks(config, embedded), name, rate)
    whole = embedded.train.images.double()
    ways = {
        "standardised": (whole - whole.mean()) / whole.std(correction=0),
        "unit": whole / whole.max(),
    }
    images, labels = ways[scale][: config.images], embedded.train.labels[: config.images]
    network = method.make_network(config, config.arms[name], task(config, embedded))
    network.double()
    updates = Updates(network.parameters(), optimiser, rate)
    generator = random_generator(config.seed, 0, 0)
    expected = []
    for batch in minibatches(config.images, config.batch, config.updates, generator):
        loss = nn.functional.cross_entropy(network(images[batch]), labels[batch])
        updates.make(loss)
        expected.append(loss.item())
    assert losses == pytest.approx(expected, rel=1e-3)
    assert losses[-1] < 0.9 * losses[0]


def test_training_stops_where_it_diverges(embedded: Mnist) -> None:
    config = small(depth=3)
    losses = method.train_arm(config, tasks(config, embedded), "he_relu", 1e30)
    assert len(losses) == 20
    assert all(map(isnan, losses[10:]))
    assert isnan(method.learnt(losses))


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


def searched(*losses: method.Losses) -> Search[str, method.Losses]:
    """Return the trainings of one arm with as many learning rates, by their losses."""
    by_rate: dict[float, method.Losses] = dict(enumerate(losses, start=1))
    return Search({"one": by_rate}, lambda losses: -method.learnt(losses))


def tables(
    *losses: method.Losses,
    config: method.Config | None = None,
    choice: method.Choice | None = None,
) -> Mapping[str, Table]:
    """Return the tables of draws of one arm with one learning rate, by their losses."""
    config = config or small()
    no_shares = {
        arm: {str(rate): [0.0] for rate in config.arms[arm].learning_rates} for arm in SEARCHED
    }
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
    return method.tables(config, draws, choice or {"learnt": no_shares, "learning_rates": {}})
