from math import inf, isnan, log2, nan, sqrt
from typing import Any

import pytest
import torch
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.depth_direction.isometry_training import method
from study.experiments.depth_direction.isometry_training.method import Job, Outcome
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
    network = method.make_network(config, Job(activation, arm, 9), 0, embedded.train.images)
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
        network = method.make_network(small(), Job("tanh", arm, 3), 1, images)
        twin = method.make_network(swapped_config, Job("tanh", other_arm, 3), 1, images)
        for weight, twin_weight in zip(weights(network), weights(twin), strict=True):
            torch.testing.assert_close(weight, twin_weight)


def descended(  # noqa: PLR0913, PLR0917 - a training by hand
    config: method.Config, job: Job, rate: float, data: Split, target: float, cap: int
) -> int | None:
    """Train by hand on all images at once, as the minibatch is all there is."""
    network = method.make_network(config, job, 0, data.images)
    losses: list[float] = []
    for _ in range(cap):
        loss = nn.functional.cross_entropy(network(data.images), data.labels)
        losses.append(loss.item())
        network.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            for parameter in network.parameters():
                assert parameter.grad is not None
                parameter.sub_(parameter.grad, alpha=rate / job.depth)
        if sum(losses[-config.window :]) / config.window <= target and len(losses) >= config.window:
            return len(losses)
    return None


def test_the_search_finds_the_rate_with_the_fewest_updates(embedded: Mnist) -> None:
    rates = [0.05, 0.2, 0.4, 50.0]
    config = small(
        linear={"learning_rates": rates, "target": 1.9, "cap": 40}, images=40, batch=40, window=3
    )
    data = method.prepare(config, embedded)
    job = Job("linear", "orthogonal", 4)
    by_hand = {rate: descended(config, job, rate, data, 1.9, cap=40) for rate in rates[:-1]}
    counts = {rate: count for rate, count in by_hand.items() if count is not None}
    best = min(counts, key=lambda rate: (counts[rate], -rate))
    outcome = method.quickest(config, job, Task(data, config.seed, 0))
    assert (outcome.rate, outcome.updates) == (best, float(counts[best]))
    assert len(set(by_hand.values())) > 1
    assert outcome.diverged_rates == (50.0,)


def test_a_network_that_never_learns_counts_with_the_cap(embedded: Mnist) -> None:
    config = small(linear={"learning_rates": [1e-6, 1e4], "target": 0.1, "cap": 20}, window=2)
    task = Task(method.prepare(config, embedded), config.seed, 0)
    outcome = method.quickest(config, Job("linear", "gaussian", 4), task)
    assert outcome.updates == 20
    assert isnan(outcome.rate)
    assert outcome.diverged_rates == (1e4,)
    assert 2 < outcome.first_loss < 5


def planted(updates: dict[Job, float], rate: float = 1.0) -> dict[Job, Outcome]:
    return {job: Outcome(count, rate, 2.3, ()) for job, count in updates.items()}


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
        }
    )
    result = method.quantities(config, outcomes)
    assert result["slowdown.linear_orthogonal"] == 1.5
    assert result["slowdown_last.linear_orthogonal"] == 1.25
    assert result["slowdown.linear_gaussian"] == 3.0
    assert result["log2_slowdown.linear_gaussian"] == pytest.approx(log2(3))
    assert result["log2_gaussian_over_orthogonal.tanh_deepest"] == 1.0
    assert result["slowdown.tanh_orthogonal"] == 2.5
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


def test_choices_at_the_edge_of_the_grid_are_counted() -> None:
    config = small(linear={"learning_rates": [0.5, 1.0, 2.0]})
    jobs = [
        Job(kind, arm, depth)
        for kind, depths in (("linear", (2, 4, 8)), ("tanh", (3, 9)))
        for arm in ("orthogonal", "gaussian")
        for depth in depths
    ]
    outcomes = planted(dict.fromkeys(jobs, 5.0), rate=1.0)
    assert method.quantities(config, outcomes)["at_edge.linear"] == 0
    outcomes[Job("linear", "gaussian", 8)] = Outcome(30.0, nan, 2.3, (2.0,))
    assert method.quantities(config, outcomes)["at_edge.linear"] == 0
    outcomes[Job("linear", "gaussian", 4)] = Outcome(30.0, 0.5, 2.3, (2.0,))
    outcomes[Job("linear", "orthogonal", 4)] = Outcome(30.0, 2.0, 2.3, ())
    assert method.quantities(config, outcomes)["at_edge.linear"] == 2
    draw = Draw(
        {}, {"updates": method.update_rows(outcomes), "rates": method.rate_rows(config, outcomes)}
    )
    rows = method.tables(config, {0: draw, 1: draw})["rates"]
    (row,) = (
        row
        for row in rows
        if (row["arm"], row["depth"], row["rate_times_depth"]) == ("gaussian", 4, 0.5)
    )
    assert (row["best"], row["diverged"]) == (2, 0)
    (row,) = (
        row
        for row in rows
        if (row["arm"], row["depth"], row["rate_times_depth"]) == ("gaussian", 8, 2.0)
        and row["activation"] == "linear"
    )
    assert (row["best"], row["diverged"]) == (0, 2)


def test_the_grid_is_the_same_for_both_laws_and_all_depths(embedded: Mnist) -> None:
    config = small(images=200)
    result = catalogue.load(NAME).run(config, embedded, [0])
    grids = {
        (row["activation"], row["arm"], row["depth"]): [
            other_row["rate_times_depth"]
            for other_row in result.tables["rates"]
            if all(other_row[key] == row[key] for key in ("activation", "arm", "depth"))
        ]
        for row in result.tables["rates"]
    }
    for (activation, _, _), rates in grids.items():
        kind = config.kinds["linear" if activation == "linear" else "tanh"]
        assert rates == list(kind.learning_rates)
    assert len(grids) == 2 * (3 + 2)


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
