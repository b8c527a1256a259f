from dataclasses import asdict
from functools import partial
from math import log, nan
from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib import pyplot as plt
from matplotlib.text import Text

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.batch_normalisation.weight_scale_training import figures, method
from study.lab.classification import Task
from study.lab.inits import random_generator
from study.lab.mnist import Mnist
from study.lab.networks import linear_layers
from study.lab.rate_search import is_coarse
from study.lab.training import History
from study.record.results import read_run, write_run
from tests.configs import small_config

NAME = "weight_scale_training"
PREDICTIONS = {
    "plain-descent-quarter-variance-costs": None,
    "plain-descent-four-variance-costs": None,
    "plain-adam-quarter-variance-costs": None,
    "plain-adam-four-variance-costs": None,
    "norm-descent-quarter-variance-costs-nothing": None,
    "norm-descent-four-variance-costs-nothing": None,
    "norm-adam-quarter-variance-costs-nothing": None,
    "norm-adam-four-variance-costs-nothing": None,
}


def network(norm: str, optimiser: str, rates: tuple[float, ...], **starts: float) -> dict[str, Any]:
    by_start = {
        start: {"weight_variance": variance, "learning_rates": [*rates]}
        for start, variance in starts.items()
    }
    return {"norm": norm, "optimiser": optimiser, "starts": by_start}


def networks(*rates: float) -> dict[str, Any]:
    starts = {"quarter": 0.5, "usual": 2.0, "four": 8.0}
    return {
        "plain_descent": network("none", "descent", rates, **starts),
        "norm_adam": network("layer", "adam", rates, **starts),
    }


small = partial(
    small_config,
    NAME,
    draws=2,
    images=40,
    width=6,
    hidden_layers=2,
    batch=10,
    updates=4,
    tail=2,
    networks=networks(0.01),
)


def task(mnist: Mnist) -> Task:
    return Task(mnist.train, 3, 0)


@pytest.mark.parametrize(
    ("start", "variances"), [("quarter", [0.5, 0.5, 2]), ("usual", [2, 2, 2]), ("four", [8, 8, 2])]
)
def test_hidden_weights_have_the_variance_of_their_start(
    embedded: Mnist, start: str, variances: list[float]
) -> None:
    arm = method.Arm("norm_adam", start, "unit")
    layers = linear_layers(method.make_network(small(width=200), task(embedded), arm))
    found = [one.weight.square().mean().item() * one.in_features for one in layers]
    assert found == pytest.approx(variances, rel=0.1)
    assert not any(one.bias.any() for one in layers)


def test_starts_share_their_random_numbers(embedded: Mnist) -> None:
    usual, four = (
        method.make_network(
            small(), task(embedded), method.Arm("plain_descent", start, "standardised")
        )
        for start in ("usual", "four")
    )
    pairs = zip(linear_layers(usual), linear_layers(four), (2, 2, 1), strict=True)
    for one, other, factor in pairs:
        torch.testing.assert_close(factor * one.weight, other.weight)


def test_every_network_has_every_start_at_both_scales() -> None:
    arms = method.arms(small())
    assert len(arms) == len(set(arms)) == 2 * 3 * 2
    assert {arm.usual for arm in arms} == {arm for arm in arms if arm.start == "usual"}
    assert method.Arm("norm_adam", "four", "unit").key == "norm_adam_four_unit"


def test_pixels_are_standardised_or_from_nothing_to_one(embedded: Mnist) -> None:
    inputs = method.prepare(small(), embedded)
    images = inputs["standardised"].images
    torch.testing.assert_close(images, embedded.standardised(embedded.train.images)[: len(images)])
    assert inputs["unit"].images.min() == 0
    assert inputs["unit"].images.max() == 1
    assert torch.equal(inputs["unit"].labels, inputs["standardised"].labels)


@pytest.mark.parametrize("scale", ["reference", "quick"])
def test_no_image_is_seen_twice(scale: str) -> None:
    settings = configuring.plain_settings(NAME, scale)
    assert settings["updates"] * settings["batch"] <= settings["images"]


def starts_at_reference() -> list[dict[str, Any]]:
    settings = configuring.plain_settings(NAME, "reference")
    return [one["starts"] for one in settings["networks"].values()]


def test_variances_are_a_quarter_and_four_times_the_usual_one() -> None:
    for starts in starts_at_reference():
        variances = {name: start["weight_variance"] for name, start in starts.items()}
        assert variances == {"quarter": 2 / 4, "usual": 2, "four": 4 * 2}


def test_grids_are_fine_at_reference_size() -> None:
    grids = [start["learning_rates"] for one in starts_at_reference() for start in one.values()]
    assert len(grids) == 4 * 3
    assert not any(is_coarse(grid) for grid in grids)
    settings = configuring.plain_settings(NAME, "reference")
    assert settings["search"]["seed"] != settings["seed"]


def test_the_rate_with_the_smallest_mean_is_chosen_with_weights_that_no_draw_has(
    embedded: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small(networks=networks(0.1, 0.2, 0.4), search={"seed": 5, "draws": 2})
    # The better of two in one draw is the worse on average, and one diverges in one draw.
    losses = {0.1: (1.0, 4.0), 0.2: (2.0, 2.0), 0.4: (0.5, nan)}
    seeds = set()

    def train(_config: object, task: Task, _arm: object, rate: float) -> History:
        seeds.add(task.seed)
        return History([9.0, losses[rate][task.draw], losses[rate][task.draw]], {})

    monkeypatch.setattr(method, "train_arm", train)
    inputs = method.prepare(config, embedded)
    choice = method.choose(config, inputs)
    assert set(choice["learning_rates"].values()) == {0.2}
    assert seeds == {5}
    values = method.exact(config, inputs, choice)
    assert values["learning_rate.norm_adam_four_unit"] == 0.2
    assert values["at_an_edge.norm_adam_four_unit"] == 0
    assert method.measure(config, inputs, 1, choice).values["loss.norm_adam_usual"] == 2
    assert seeds == {5, config.seed}
    table = method.tables(config, {}, choice)["rates"]
    assert [row["diverged"] for row in table] == [0, 0, 1] * 12


def test_one_rate_at_the_end_of_its_grid_is_told(embedded: Mnist) -> None:
    config = small()
    inputs = method.prepare(config, embedded)
    values = method.exact(config, inputs, method.choose(config, inputs))
    assert values["at_an_edge.plain_descent_usual"] == 1


def test_the_loss_in_the_end_is_a_mean_over_the_last_updates() -> None:
    assert method.final_loss(small(), History([9.0, 3.0, 1.0], {})) == 2.0


def test_each_start_is_set_against_the_usual_one_on_the_same_images() -> None:
    losses = {
        method.Arm("mine", "usual", "standardised"): 0.5,
        method.Arm("mine", "usual", "unit"): 0.25,
        method.Arm("mine", "four", "standardised"): 1.0,
        method.Arm("mine", "four", "unit"): nan,
    }
    assert method.compared(losses) == pytest.approx(
        {
            "loss.mine_usual": 0.5,
            "loss.mine_usual_unit": 0.25,
            "loss.mine_four": 1.0,
            "loss.mine_four_unit": log(10),
            "log_cost.mine_four": log(2),
            "log_cost.mine_four_unit": log(log(10) / 0.25),
        }
    )


def test_a_training_is_one_by_hand(embedded: Mnist) -> None:
    config = small(updates=2)
    inputs = method.prepare(config, embedded)
    arm = method.Arm("plain_descent", "quarter", "unit")
    draw = Task(inputs["unit"], 3, 0)
    history = method.train_arm(config, draw, arm, 0.5)
    order = torch.from_numpy(random_generator(3, 0, 0).permutation(40))
    layers = method.make_network(config, draw, arm)
    losses = []
    for batch in (order[:10], order[10:20]):
        loss = torch.nn.functional.cross_entropy(
            layers(inputs["unit"].images[batch]), inputs["unit"].labels[batch]
        )
        gradients = torch.autograd.grad(loss, [*layers.parameters()])
        with torch.no_grad():
            for parameter, gradient in zip(layers.parameters(), gradients, strict=True):
                parameter.sub_(gradient, alpha=0.5)
        losses.append(loss.item())
    assert history.losses == pytest.approx(losses)


def test_networks_and_variances_of_the_readers_own_are_trained_and_drawn(
    embedded: Mnist, tmp_path: Path
) -> None:
    config = small(networks={"mine": network("rms", "adam", (0.01,), usual=2.0, mine=3.0)})
    result = catalogue.load(NAME).run(config, embedded, range(2))
    assert "log_cost.mine_mine_unit" in result.samples
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    for figure in figures.FIGURES:
        picture = figure(read_run(tmp_path / "run"))
        plt.close(picture)
        assert "mine" in {text.get_text() for text in picture.findobj(Text)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"batch": 41},
            "experiment.batch=41, images=40: the images do not fill one minibatch",
        ),
        ({"tail": 5}, "experiment.tail=5, updates=4: tail must be no more than updates"),
        (
            {"networks": {"mine": network("none", "adam", (0.01,), four=8.0)}},
            "experiment.networks.mine.starts=four: usual must be among them",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(StudyError) as refusal:
        small(**changes)
    assert str(refusal.value) == message
