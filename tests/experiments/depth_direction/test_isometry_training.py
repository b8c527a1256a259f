from math import inf, isnan, log2, sqrt
from typing import Any

import pytest
import torch
from torch import nn

from study import configuring
from study.errors import StudyError
from study.experiments.depth_direction.isometry_training import method
from study.experiments.depth_direction.isometry_training.method import Input, Job, Outcome
from study.lab.classification import Task
from study.lab.mnist import Mnist, Split
from study.record.draws import Draw
from study.theory.learning_time import learning_time
from tests.configs import small_config

NAME = "isometry_training"


SHORT = {
    "kinds.linear": {"depths": [2, 4, 8], "width": 16, "cap": 30},
    "kinds.tanh": {"depths": [3, 9], "width": 16, "cap": 20},
}


def small(linear: Any = None, **changes: Any) -> Any:  # noqa: ANN401 - of settings
    kinds = SHORT | {"kinds.linear": SHORT["kinds.linear"] | (linear or {})}
    return small_config(NAME, **{"draws": 2, **kinds, **changes})


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"batch": 4001}, "batch=4001, images=4000: the images do not fill one minibatch"),
        (
            {"window": 21},
            "window=21, kinds.tanh.cap=20: window must be no more than kinds.tanh.cap",
        ),
        ({"linear": {"depths": [4, 4]}}, "kinds.linear.depths=[4, 4]: must all differ"),
        (
            {"linear": {"learning_rates": [0.5, 0.5]}},
            "kinds.linear.learning_rates=[0.5, 0.5]: must all differ",
        ),
        ({"arms": {"gaussian": "gaussian"}}, "arms=gaussian: must be orthogonal and gaussian"),
    ],
)
def test_settings_that_clash_are_refused_in_one_line(changes: dict[str, Any], refusal: str) -> None:
    with pytest.raises(StudyError) as error:
        small(**changes)
    assert str(error.value) == f"experiment.{refusal}"


def weights(network: nn.Module) -> list[torch.Tensor]:
    return [layer.weight.double() for layer in network.modules() if isinstance(layer, nn.Linear)]


@pytest.mark.parametrize("activation", ["linear", "tanh"])
@pytest.mark.parametrize("arm", ["orthogonal", "gaussian"])
def test_a_network_has_its_layers_and_weights_that_keep_the_mean_square(
    embedded: Mnist, activation: str, arm: str
) -> None:
    config = small()
    network = method.make_network(config, Job(activation, arm, 9), 0, embedded.train.images, seed=1)
    matrices = weights(network)
    assert len(matrices) == 9
    assert [type(layer) for layer in network][1] is (
        nn.Tanh if activation == "tanh" else nn.Identity
    )
    for weight in matrices[1:-1]:
        if arm == "orthogonal":
            torch.testing.assert_close(weight @ weight.T, torch.eye(16).double(), atol=1e-5, rtol=0)
        else:
            assert weight.square().sum().item() == pytest.approx(16, rel=0.4)
    first, last = matrices[0], matrices[-1]
    if arm == "orthogonal":  # rows of unit length, since they are the fewer
        torch.testing.assert_close(first @ first.T, torch.eye(16).double(), atol=1e-5, rtol=0)
        torch.testing.assert_close(last @ last.T, torch.eye(10).double(), atol=1e-5, rtol=0)


def test_the_law_behind_an_arm_is_the_one_that_is_set(embedded: Mnist) -> None:
    swapped_config = small(arms={"orthogonal": "gaussian", "gaussian": "orthogonal"})
    images = embedded.train.images
    for arm, other_arm in (("orthogonal", "gaussian"), ("gaussian", "orthogonal")):
        network = method.make_network(small(), Job("tanh", arm, 3), 1, images, seed=1)
        twin = method.make_network(swapped_config, Job("tanh", other_arm, 3), 1, images, seed=1)
        for weight, twin_weight in zip(weights(network), weights(twin), strict=True):
            torch.testing.assert_close(weight, twin_weight)


def descended(config: method.Config, job: Job, rate: float, data: Split, *, seed: int) -> Outcome:
    """Train by hand on all images at once, as the minibatch is all there is."""
    kind = method.kind_of(config, job)
    network = method.make_network(config, job, 0, data.images, seed=seed)
    losses: list[float] = []
    while len(losses) < kind.cap:
        loss = nn.functional.cross_entropy(network(data.images), data.labels)
        losses.append(loss.item())
        network.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            for parameter in network.parameters():
                assert parameter.grad is not None
                parameter.sub_(parameter.grad, alpha=rate / job.depth)
        last = sum(losses[-config.window :]) / config.window
        if len(losses) >= config.window and last <= kind.target:
            return Outcome(float(len(losses)), losses[0], last)
    return Outcome(float(kind.cap), losses[0], sum(losses[-config.window :]) / config.window)


@pytest.mark.parametrize("images", ["standardised", "unit"])
def test_a_network_is_trained_until_it_has_learnt(embedded: Mnist, images: Input) -> None:
    linear = {"target": 1.9, "cap": 60}
    config = small(linear=linear, images=40, batch=40, window=3)
    data = method.prepare(config, embedded)[images]
    job, task = Job("linear", "orthogonal", 4, images), Task(data, config.seed, 0)
    by_hand = descended(config, job, 0.4, data, seed=config.seed)
    outcome = method.trained(config, job, 0.4, task)
    assert outcome.updates == by_hand.updates < 60
    assert outcome.first_loss == pytest.approx(by_hand.first_loss)
    assert outcome.score(60) == outcome.updates


def test_a_network_that_does_not_learn_counts_with_the_cap(embedded: Mnist) -> None:
    config = small(linear={"target": 0.1, "cap": 20}, window=2)
    data = method.prepare(config, embedded)["standardised"]
    job, task = Job("linear", "gaussian", 4), Task(data, config.seed, 0)
    slow = method.trained(config, job, 1e-6, task)
    assert slow.updates == 20
    assert slow.score(20) == pytest.approx(20 + slow.last_loss)
    diverged = method.trained(config, job, 1e4, task)
    assert diverged.updates == 20
    assert diverged.score(20) == inf


def test_the_rate_is_that_of_the_fewest_updates_in_draws_of_their_own(embedded: Mnist) -> None:
    rates = [0.05, 0.2, 0.4, 1000.0]
    linear = {"learning_rates": rates, "search_draws": 1, "target": 1.9, "cap": 40}
    config = small(linear=linear, images=40, batch=40, window=3)
    inputs = method.prepare(config, embedded)
    choice = method.choose(config, inputs)
    job = Job("linear", "orthogonal", 4)
    data = inputs["standardised"]
    scores = {
        rate: descended(config, job, rate, data, seed=config.search_seed).score(40)
        for rate in rates[:-1]
    }
    best = min(scores, key=lambda rate: (scores[rate], rate))
    assert choice["learning_rates"][job.key] == best
    found = choice["scores"][job.key]
    assert [found[str(rate)] for rate in rates[:-1]] == pytest.approx([*scores.values()], abs=1e-3)
    assert len(set(scores.values())) > 1
    assert choice["scores"][job.key].keys() == {str(rate) for rate in rates}


def planted(updates: dict[Job, float]) -> dict[Job, Outcome]:
    return {job: Outcome(count, 2.3, 1.0) for job, count in updates.items()}


def test_the_ratios_are_those_of_one_draw() -> None:
    config = small()
    outcomes = planted(
        {
            Job("linear", "orthogonal", 2): 10.0,
            Job("linear", "orthogonal", 4): 12.0,
            Job("linear", "orthogonal", 8): 15.0,
            Job("linear", "gaussian", 2): 10.0,
            Job("linear", "gaussian", 4): 20.0,
            Job("linear", "gaussian", 8): 30.0,
            Job("tanh", "orthogonal", 3): 4.0,
            Job("tanh", "orthogonal", 9): 10.0,
            Job("tanh", "gaussian", 3): 8.0,
            Job("tanh", "gaussian", 9): 20.0,
            Job("linear", "orthogonal", 2, "unit"): 8.0,
            Job("linear", "orthogonal", 8, "unit"): 16.0,
            Job("tanh", "orthogonal", 3, "unit"): 5.0,
            Job("tanh", "orthogonal", 9, "unit"): 20.0,
        }
    )
    result = method.quantities(config, outcomes)
    assert result["slowdown.linear_orthogonal"] == 1.5
    assert result["slowdown_last.linear_orthogonal"] == 1.25
    assert result["slowdown.linear_gaussian"] == 3.0
    assert result["log2_slowdown.linear_gaussian"] == pytest.approx(log2(3))
    assert result["log2_gaussian_over_orthogonal.tanh_deepest"] == 1.0
    assert result["slowdown.tanh_orthogonal"] == 2.5
    assert result["log2_slowdown.linear_orthogonal_unit"] == 1.0
    assert result["log2_slowdown.tanh_orthogonal_unit"] == 2.0
    assert result["gaussian_over_orthogonal.linear_shallowest"] == 1.0
    assert result["gaussian_over_orthogonal.linear_deepest"] == 2.0
    assert result["gaussian_over_orthogonal.tanh_shallowest"] == 2.0
    assert result["updates.linear_gaussian_deepest"] == 30.0
    assert result["rate.twice_as_fast.linear_deepest"] == 1.0
    assert result["rate.twice_as_fast.linear_shallowest"] == 0.0
    assert result["rate.four_times_slower.linear_gaussian"] == 0.0
    # 30 updates are all that a network without an activation gets here, 20 a tanh network
    assert result["rate.capped.linear_gaussian_deepest"] == 1.0
    assert result["rate.capped.linear_orthogonal_deepest"] == 0.0
    assert result["rate.capped.tanh_gaussian_deepest"] == 1.0
    assert result["first_loss.tanh_gaussian_deepest"] == 2.3


def test_choices_at_the_edge_of_the_grid_are_counted_and_told() -> None:
    config = small(linear={"learning_rates": [0.5, 1.0, 2.0]})
    jobs = method.jobs(config)
    assert len(jobs) == 2 * (3 + 2) + 2 * 2
    rates = {job.key: 1.0 if job.activation == "linear" else 2.8 for job in jobs}
    scores = {
        job.key: {str(rate): 12.0 for rate in method.kind_of(config, job).learning_rates}
        for job in jobs
    }
    choice = method.Choice(scores=scores, learning_rates=rates)
    assert method.exact(config, None, choice)["at_edge.linear"] == 0
    edge = Job("linear", "gaussian", 4)
    rates[edge.key] = 0.5
    rates[Job("linear", "orthogonal", 8, "unit").key] = 2.0
    assert method.exact(config, None, choice)["at_edge.linear"] == 2
    scores[edge.key]["2.0"] = inf
    draw = Draw({}, {"updates": []})
    rows = method.tables(config, {0: draw}, choice)["rates"]
    of_edge = [row for row in rows if Job(*[row[key] for key in Job._fields]) == edge]  # type: ignore[arg-type]
    assert [(row["rate_times_depth"], row["best"]) for row in of_edge] == [
        (0.5, 1),
        (1.0, 0),
        (2.0, 0),
    ]
    assert [isnan(float(row["updates"])) for row in of_edge] == [False, False, True]


def test_both_scales_are_those_they_are_called(embedded: Mnist) -> None:
    inputs = method.prepare(small(input_scale=0.3), embedded)
    assert inputs["standardised"].images.std().item() == pytest.approx(0.3, rel=0.05)
    unit = inputs["unit"].images
    assert (unit.min().item(), unit.max().item()) == (0, 1)


PREDICTIONS = pytest.approx(
    {
        "saxe-depth-independent": None,
        "gaussian-linear-slows": None,
        "isometry-speeds-up-linear": None,
        "orthogonal-vs-gaussian-tanh-deeper": None,
        "orthogonal-tanh-slows": log2(sqrt(200 / 100)),
    },
    rel=1e-6,
)


def test_the_claims_name_the_depths_that_are_set() -> None:
    kinds = configuring.plain_settings(NAME, "reference")["kinds"]
    assert (min(kinds["linear"]["depths"]), max(kinds["linear"]["depths"])) == (4, 128)
    assert kinds["linear"]["depths"][-1] == 2 * kinds["linear"]["depths"][-2]
    assert kinds["tanh"]["depths"] == [100, 200]
    assert kinds["linear"]["width"] == kinds["tanh"]["width"] == 128


def test_the_delay_of_one_mode_that_the_bands_rest_on() -> None:
    start, end = 0.5, 0.9
    assert 1.1 < learning_time(inf, start, end) / learning_time(4, start, end) < 1.25
    for loss in (0.1, 0.5):
        assert learning_time(128, loss, end) / learning_time(64, loss, end) < 1.03
