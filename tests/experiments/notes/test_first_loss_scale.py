from dataclasses import asdict
from functools import partial
from math import log, nan
from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib import pyplot as plt
from torch.nn import functional

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.notes.first_loss_scale import claims, figures, method
from study.lab.classification import Task
from study.lab.inits import random_generator, standard_normal
from study.lab.mnist import Mnist, Split
from study.lab.networks import linear_layers
from study.lab.rate_search import is_coarse
from study.record.draws import Draw
from study.record.results import read_run, write_run
from tests.by_hand import Updates
from tests.configs import small_config

NAME = "first_loss_scale"
PREDICTIONS = pytest.approx(
    {
        "first-loss-small-last-layer": log(10) + 0.01 * 0.45 - 0.01**2 / 4 * 0.09,
        "first-loss-unit-last-layer": 1,
        "first-loss-four-times": 1,
        "first-loss-unscaled": 1,
        "share-bias-first-loss": 1,
        "share-bias-spares-first-updates": None,
        "share-bias-no-end": None,
        "unscaled-last-layer-costs": None,
        "zero-last-layer-costs-nothing": None,
    },
    abs=1e-6,
)

small = partial(small_config, NAME, "brief", images=20, networks=3, common=60, training_images=64)


@pytest.fixture(scope="module")
def inputs(embedded: Mnist) -> method.Inputs:
    """What draws of small settings share."""
    return method.prepare(small(), embedded)


def test_the_numbers_of_the_statements() -> None:
    assert claims.excess(1.0) == pytest.approx(0.43, abs=0.005)
    assert claims.excess(16.0) == pytest.approx(4.2, abs=0.005)
    assert claims.excess(128.0) + log(10) == pytest.approx(17.5, abs=0.05)
    assert claims.second_order_over_law(16.0) * claims.excess(16.0) == pytest.approx(7.2)


def test_skewed_images_are_so_many_of_each_digit() -> None:
    labels = torch.arange(10).repeat(5)
    split = Split(torch.arange(50.0)[:, None], labels)
    skewed = method.skewed_split(split, common=4, rare=2)
    assert torch.bincount(skewed.labels).tolist() == [4, *[2] * 9]
    assert skewed.images[:4, 0].tolist() == [0, 10, 20, 30]
    message = "experiment.common=6: there are only 5 of the digit 0"
    with pytest.raises(StudyError, match=f"^{message}$"):
        method.skewed_split(split, common=6, rare=1)


def test_biases_of_shares_give_each_class_its_share() -> None:
    labels = torch.tensor([0] * 11 + list(range(1, 10)))
    shares = method.share_biases(labels).softmax(0)
    torch.testing.assert_close(shares, torch.tensor([0.55, *[0.05] * 9]))


def test_a_first_loss_is_that_of_torch_over_its_law(inputs: method.Inputs) -> None:
    config = small(networks=1)
    values = method.first_losses(config, inputs, 0)
    split = inputs.measured["balanced"]
    first, last = (
        standard_normal(shape, random_generator(config.seed, 0, layer), torch.device("cpu"))
        for layer, shape in ((1, (config.hidden, 784)), (2, (10, config.hidden)))
    )
    hidden = (split.images @ first.T * (2 / 784) ** 0.5).relu()
    logits = 4 * hidden @ last.T / config.hidden**0.5
    loss = functional.cross_entropy(logits, split.labels).item()
    assert values["first_loss.four"] == pytest.approx(loss, rel=1e-5)
    variances = 16 * hidden.square().mean(dim=1)
    law = sum(claims.excess(v) for v in variances.tolist()) / len(variances)
    assert values["excess_over_law.four"] == pytest.approx((loss - log(10)) / law, rel=2e-3)
    assert values["first_loss.none"] == pytest.approx(log(10))
    assert "excess_over_law.none" not in values


def test_a_small_last_layer_with_shares_starts_at_their_entropy(inputs: method.Inputs) -> None:
    config = small(**{"starts.skewed_shares.last_variance": 0.0})
    values = method.first_losses(config, inputs, 0)
    assert values["first_loss_over_entropy.skewed_shares"] == pytest.approx(1, rel=1e-5)
    shares = [60 / 78, *[2 / 78] * 9]
    entropy = -sum(share * log(share) for share in shares)
    assert method.guess(inputs, "skewed") == pytest.approx(entropy)


# Ways to train -----------------------------------------------------------------------------------


def test_pixels_are_standardised_or_from_nothing_to_one(
    embedded: Mnist, inputs: method.Inputs
) -> None:
    whole = embedded.standardised(embedded.train.images)
    for data, unit in inputs.training["unit"].items():
        standardised = inputs.training["standardised"][data]
        assert (unit.images.min().item(), unit.images.max().item()) == (0, 1)
        torch.testing.assert_close(
            standardised.images, whole.min() + unit.images * (whole.max() - whole.min())
        )
        assert torch.equal(standardised.labels, unit.labels)


@pytest.mark.parametrize(
    ("start", "course"), [("randn", "descent"), ("skewed_shares", "adam_unit")]
)
def test_a_training_is_one_by_hand(inputs: method.Inputs, start: str, course: str) -> None:
    config = small(hidden=5)
    arm = method.Arm(start, course)
    task = method.training_task(config, inputs, arm, seed=3, draw=1)
    losses = method.loss_curve(config, inputs, task, arm, 0.01, updates=2)
    network = method.make_network(config, inputs, task, config.starts[start])
    weights = [(layer.weight, layer.bias) for layer in linear_layers(network)]
    (first, first_bias), (last, last_bias) = weights
    updates = Updates([*weights[0], *weights[1]], course.removesuffix("_unit"), 0.01)
    by_data = inputs.training["unit" if course.endswith("unit") else "standardised"]
    examples = by_data["skewed" if start.startswith("skewed") else "balanced"]
    images, labels = examples.images, examples.labels
    order = torch.from_numpy(random_generator(3, 1, 0).permutation(len(labels)))
    for batch, loss in zip((order[:25], order[25:50]), losses, strict=True):
        hidden = (images[batch] @ first.T + first_bias).clamp(min=0)
        logits = hidden @ last.T + last_bias
        right = logits.gather(1, labels[batch][:, None])[:, 0]
        mine = (logits.exp().sum(dim=1).log() - right).mean()
        assert loss == pytest.approx(mine.item(), rel=1e-4)
        updates.make(mine)


def test_starts_of_one_draw_differ_by_their_last_layer(inputs: method.Inputs) -> None:
    config = small()
    task = Task(inputs.training["unit"]["balanced"], 3, 0)
    unit, randn, shares = (
        linear_layers(method.make_network(config, inputs, task, config.starts[start]))
        for start in ("unit", "randn", "skewed_shares")
    )
    assert torch.equal(unit[0].weight, randn[0].weight)
    torch.testing.assert_close(unit[1].weight * 1000**0.5, randn[1].weight)
    assert torch.equal(shares[1].bias, inputs.biases["skewed"])
    assert not any(layer.bias.any() for layer in (*unit, *randn, shares[0]))


def test_every_start_is_trained_in_every_course_and_begins_at_given_rates_on_skewed_images() -> (
    None
):
    config = small()
    assert [arm.key for arm in method.arms(config)][:5] == [
        "none",
        "none_descent_unit",
        "none_adam",
        "none_adam_unit",
        "unit",
    ]
    assert len(method.arms(config)) == 5 * 4
    beginnings = method.beginnings(config)
    assert {arm.start for arm in beginnings} == {"skewed_zeros", "skewed_shares"}
    assert len(beginnings) == 2 * 4 * 3


def test_grids_are_fine_at_reference_size_and_searched_with_a_seed_of_their_own() -> None:
    settings = configuring.plain_settings(NAME, "reference")
    assert settings["search"]["seed"] != settings["seed"]
    for course in settings["courses"].values():
        assert not is_coarse(course["learning_rates"])
        fixed, half, twice = (course["beginnings"][name] for name in ("fixed", "half", "twice"))
        assert (2 * half, twice / 2) == pytest.approx((fixed, fixed))


def test_no_balanced_image_is_seen_twice() -> None:
    for scale in ("reference", "quick"):
        settings = configuring.plain_settings(NAME, scale)
        assert settings["updates"] * settings["batch"] <= settings["training_images"]


def test_the_rate_with_the_smallest_mean_is_chosen_with_weights_that_no_draw_has(
    inputs: method.Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = {"learning_rates": [0.1, 0.2, 0.4]}
    courses = {"descent": configuring.plain_settings(NAME)["courses"]["descent"] | rates}
    config = small(courses=courses, search={"seed": 5, "draws": 2}, trained=["unit"], tail=2)
    # The better of two in one draw is the worse on average, and one diverges in one draw.
    losses = {0.1: (1.0, 4.0), 0.2: (2.0, 2.0), 0.4: (0.5, nan)}
    seeds = set()

    def train(*parts: Any) -> list[float]:  # noqa: ANN401 - as the method calls it
        task, rate = parts[2], parts[4]
        seeds.add(task.seed)
        return [9.0, losses[rate][task.draw], losses[rate][task.draw]]

    monkeypatch.setattr(method, "loss_curve", train)
    choice = method.choose(config, inputs)
    assert choice["learning_rates"] == {"unit": 0.2}
    assert seeds == {5}
    values = method.exact(config, inputs, choice)
    assert (values["learning_rate.unit"], values["at_an_edge.unit"]) == (0.2, 0)
    assert method.last_loss(config, [9.0, 2.0, 3.0]) == 2.5
    rows = method.tables(config, {0: Draw({}, {"losses": []})}, choice)["rates"]
    assert [(row["learning_rate"], row["diverged"]) for row in rows] == [
        (0.1, 0),
        (0.2, 0),
        (0.4, 1),
    ]


def test_draws_are_trained_at_the_chosen_rates_and_begin_at_the_given_ones(
    inputs: method.Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small(trained=["skewed_zeros", "skewed_shares"])
    chosen = {arm.key: 0.1 * place for place, arm in enumerate(method.arms(config), start=1)}
    trained = {}

    def train(*parts: Any) -> list[float]:  # noqa: ANN401 - as the method calls it
        _config, _inputs, task, arm, rate, updates = parts
        assert (task.seed, task.draw) == (config.seed, 1)
        trained[arm] = rate, updates
        return [1.0] * updates

    monkeypatch.setattr(method, "loss_curve", train)
    method.measure(config, inputs, 1, {"learning_rates": chosen, "scores": {}})
    whole = {arm: (chosen[arm.key], config.updates) for arm in method.arms(config)}
    begun = {
        arm: (config.courses[arm.course].beginnings[arm.rate], config.head)
        for arm in method.beginnings(config)
    }
    assert trained == whole | begun
    assert trained[method.Arm("skewed_zeros", "adam", "half")] == (0.0005, config.head)


# What is read of it ------------------------------------------------------------------------------


def test_losses_at_the_end_are_set_against_each_other_in_their_course(
    embedded: Mnist, inputs: method.Inputs
) -> None:
    config = small(tail=2)
    trainings = {
        method.Arm("randn", "descent"): [3.0, 1.5, 0.5],
        method.Arm("unit", "descent"): [2.0, 0.25, 0.25],
        method.Arm("randn", "adam"): [3.0, nan, nan],
        method.Arm("unit", "adam"): [2.0, 0.5, 0.5],
        method.Arm("none", "adam_unit"): [2.0, 1.0, 1.0],
    }
    guess = method.guess(inputs, "balanced")
    shares = torch.bincount(embedded.train.labels[:64]) / 64
    assert guess == pytest.approx(-(shares * shares.log()).sum().item())
    assert method.ends(config, inputs, trainings) == pytest.approx(
        {
            "last_loss.randn": 1.0,
            "last_loss.unit": 0.25,
            "last_loss.randn_adam": guess,
            "last_loss.unit_adam": 0.5,
            "last_loss.none_adam_unit": 1.0,
            "log_last_loss.randn_over_unit": log(4),
            "log_last_loss.randn_over_unit_adam": log(2 * guess),
        }
    )


def test_first_losses_of_skewed_images_are_set_against_each_other_at_their_rate() -> None:
    config = small(head=2)
    trainings = {
        method.Arm("skewed_zeros", "descent", "fixed"): [2.0, 1.0],
        method.Arm("skewed_shares", "descent", "fixed"): [0.5, 0.5],
        method.Arm("skewed_zeros", "adam", "half"): [2.0, 2.0],
        method.Arm("skewed_shares", "adam", "half"): [0.5, 0.0],
        method.Arm("skewed_zeros", "adam"): [1.0, 1.0, 9.0],
        method.Arm("unit", "adam"): [1.0, 1.0, 9.0],
    }
    values = method.early_losses(config, trainings)
    assert values == {
        "early_loss.skewed_zeros": 1.5,
        "early_loss.skewed_shares": 0.5,
        "early_loss.skewed_zeros_adam_half": 2.0,
        "early_loss.skewed_shares_adam_half": 0.25,
        "early_loss.skewed_zeros_adam_own": 1.0,
        "early_loss_difference.skewed_zeros_less_skewed_shares": 1.0,
        "early_loss_difference.skewed_zeros_less_skewed_shares_adam_half": 1.75,
    }


def test_a_beginning_is_the_beginning_of_the_whole_training(inputs: method.Inputs) -> None:
    config = small()
    arm = method.Arm("skewed_zeros", "adam")
    task = method.training_task(config, inputs, arm, seed=3, draw=0)
    whole, head = (
        method.loss_curve(config, inputs, task, arm, 0.001, updates) for updates in (4, 2)
    )
    assert whole[:2] == head


def test_the_readings_name_what_first_updates_have() -> None:
    settings = configuring.plain_settings(NAME, "reference")["courses"]
    claim = next(one for one in claims.CLAIMS if one.id == "share-bias-spares-first-updates")
    choices = {reading.quantity: reading.choice for reading in claim.readings}
    choices[claim.quantity] = claim.choice
    assert len(choices) == 4 * 4
    for course, ending in zip(settings, ("", "_descent_unit", "_adam", "_adam_unit"), strict=True):
        rates = settings[course]["beginnings"]
        optimiser = {"descent": "Plain descent", "adam": "Adam"}[settings[course]["optimiser"]]
        pixels = {"standardised": "standardised images", "unit": "pixels from 0 to 1"}
        start = f"{optimiser}, {pixels[settings[course]['pixels']]}"
        key = f"{claim.quantity}{ending}"
        assert choices[key] == f"{start}, at a rate of {rates['fixed']}."
        assert choices[f"{key}_half"] == f"{start}, at a rate of {rates['half']}."
        assert choices[f"{key}_twice"] == f"{start}, at a rate of {rates['twice']}."
        assert choices[f"{key}_own"] == f"{start}, each start at its own best rate."


def test_what_is_trained_must_be_a_start() -> None:
    with pytest.raises(StudyError, match=r"trained=mine: choose from none, tenth"):
        small(trained=["mine"])


def test_the_usual_course_must_be_there() -> None:
    courses = {"adam": configuring.plain_settings(NAME)["courses"]["adam"]}
    with pytest.raises(StudyError, match=r"courses=adam: descent must be among them"):
        small(courses=courses)


def test_a_start_of_ones_own_is_measured_and_drawn(embedded: Mnist, tmp_path: Path) -> None:
    mine = {"last_variance": 4.0, "bias": "zeros", "data": "balanced"}
    config = small(starts={"mine": mine}, trained=["mine"])
    result = catalogue.load(NAME).run(config, embedded, [0, 1])
    assert {"first_loss.mine", "excess_over_law.mine", "last_loss.mine"} <= result.samples.keys()
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    for figure in figures.FIGURES:
        plt.close(figure(read_run(tmp_path / "run")))
