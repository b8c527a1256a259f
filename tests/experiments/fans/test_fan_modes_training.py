from dataclasses import asdict, replace
from functools import partial
from math import isnan, nan, sqrt
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from matplotlib import pyplot as plt
from matplotlib.text import Text
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.fans.fan_modes_training import figures, method
from study.lab.classification import Splits
from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.training import History, minibatches, train, updates_to
from study.record.results import read_run, write_run
from tests.configs import small_config

NAME = "fan_modes_training"
MODES = ("fan_in", "average", "fan_out", "fan_out_but_last")


PREDICTIONS = {
    "he-both-forms-converge": None,
    "modes-are-one-function": 1,
    "fan-out-costs-updates": None,
    "the-last-layer-decides": None,
}


small = partial(small_config, NAME, draws=2)


def wide_network(config: method.Config, mode: str, images: torch.Tensor) -> nn.Sequential:
    return method.make_network(config, ("wide", mode), 0, images, seed=config.seed)


def linear(network: nn.Module) -> list[nn.Linear]:
    return [layer for layer in network.modules() if isinstance(layer, nn.Linear)]


@pytest.mark.parametrize(
    ("mode", "first", "last"),
    [
        ("fan_in", 784, 256),
        ("average", (784 + 256) / 2, (256 + 10) / 2),
        ("fan_out", 256, 10),
        ("fan_out_but_last", 256, 256),
    ],
)
def test_the_weights_have_the_variance_of_their_mode(
    embedded: Mnist, mode: str, first: float, last: float
) -> None:
    layers = linear(wide_network(small(), mode, embedded.train.images))
    assert len(layers) == small().networks["wide"].layers + 1
    assert layers[0].weight.var().item() == pytest.approx(2 / first, rel=0.05)
    assert layers[-1].weight.var().item() == pytest.approx(2 / last, rel=0.1)
    assert all(layer.bias.count_nonzero() == 0 for layer in layers)


def test_modes_share_their_random_numbers(embedded: Mnist) -> None:
    with_fan_in, with_fan_out = (
        wide_network(small(), mode, embedded.train.images) for mode in ("fan_in", "fan_out")
    )
    for layer, counterpart in zip(linear(with_fan_in), linear(with_fan_out), strict=True):
        scale = sqrt(layer.in_features / layer.out_features)
        torch.testing.assert_close(counterpart.weight, scale * layer.weight, rtol=1e-6, atol=0)


def test_one_mode_trains_as_the_other_with_other_rates_and_a_factor(embedded: Mnist) -> None:
    images, labels = embedded.train.images[:20].double(), embedded.train.labels[:20]
    ours, theirs = (
        [
            layer.weight.detach().clone().requires_grad_()
            for layer in linear(wide_network(small(), mode, images))
        ]
        for mode in ("fan_in", "fan_out")
    )
    factor, rate = sqrt(784 / 10), 0.01

    def outputs(weights: list[torch.Tensor]) -> torch.Tensor:
        signal = images
        for weight in weights[:-1]:
            signal = (signal @ weight.T).relu()
        return signal @ weights[-1].T

    for _ in range(3):
        with torch.no_grad():
            torch.testing.assert_close(
                outputs(theirs), factor * outputs(ours), rtol=1e-4, atol=1e-5
            )
        for weights, scale in ((ours, factor), (theirs, 1.0)):
            loss = F.cross_entropy(scale * outputs(weights), labels)
            gradients = torch.autograd.grad(loss, weights)
            with torch.no_grad():
                for weight, gradient in zip(weights, gradients, strict=True):
                    fan_out, fan_in = weight.shape
                    weight.sub_((rate * fan_out / fan_in if weights is ours else rate) * gradient)


def test_the_start_is_measured_by_a_second_way(embedded: Mnist) -> None:
    held_out = embedded.validation.first(50)
    split = Split(embedded.standardised(held_out.images).double(), held_out.labels)
    values = method.at_the_start(small(), split, draw=0)
    assert values["same_outputs.wide"] == pytest.approx(1, abs=1e-9)
    ratio = values["output_size.wide_fan_out"] / values["output_size.wide_fan_in"]
    assert ratio == pytest.approx(sqrt(78.4), rel=1e-6)
    network = wide_network(small(), "average", split.images)
    signal = split.images
    for layer in linear(network)[:-1]:
        signal = (signal @ layer.weight.T).clamp(min=0)
    logits = (signal @ linear(network)[-1].weight.T).detach()
    chances = torch.exp(logits) / torch.exp(logits).sum(dim=1, keepdim=True)
    loss = -chances[torch.arange(50), split.labels].log().mean()
    assert values["first_loss.wide_average"] == pytest.approx(loss.item())


def test_training_stops_where_the_target_is_reached_and_counts_the_same(embedded: Mnist) -> None:
    subset = embedded.train.first(200)
    split = Split(embedded.standardised(subset.images).double(), subset.labels)
    inputs: method.Inputs = {"standardised": Splits(split, split, split)}
    for target in (1.5, 1e-9):
        config, job = small(target_loss=target, batch=8), ("wide", "fan_in")
        history = method.train_job(config, inputs, config.seed, 0, job, 0.05)
        updates = config.networks["wide"].updates
        network = wide_network(config, "fan_in", split.images)
        batch_rng = random_generator(config.seed, 0, 0)
        whole = train(
            network,
            F.cross_entropy,
            split.images,
            split.labels,
            minibatches(200, 8, updates, batch_rng),
            learning_rate=0.05,
        )
        assert list(history.losses) == whole[: len(history.losses)]
        assert len(history.losses) < updates if target > 1 else len(history.losses) == updates
        count = method.score(config, job, history)
        assert count == (updates_to(whole, target, config.window) or updates)


def test_pixels_are_taken_at_both_scales(embedded: Mnist) -> None:
    inputs = method.prepare(small(images=40, validation=9), embedded)
    for split, whole in ((0, embedded.train), (1, embedded.validation)):
        unit, standardised = inputs["unit"][split].images, inputs["standardised"][split].images
        assert 0 == unit.min() < unit.max() <= 1
        assert unit.dtype == standardised.dtype == torch.float64
        torch.testing.assert_close(
            unit * embedded.train.images.max(), whole.images[: len(unit)].double()
        )
        # One scale is a straight line of the other.
        assert torch.corrcoef(torch.stack([unit.flatten(), standardised.flatten()]))[
            0, 1
        ] == pytest.approx(1)


def test_adam_is_adam(embedded: Mnist) -> None:
    config, job = small(images=64, validation=9, target_loss=1e-9), ("wide_adam", "fan_out")
    inputs = method.prepare(config, embedded)
    history = method.train_job(config, inputs, 3, 1, job, 0.001)
    images = inputs["standardised"].training.images
    labels = inputs["standardised"].training.labels
    network = method.make_network(config, job, 1, images, seed=3)
    optimiser = torch.optim.Adam([*network.parameters()], lr=0.001)
    found = []
    updates = config.networks["wide_adam"].updates
    for batch in minibatches(64, config.batch, updates, random_generator(3, 1, 0)):
        loss = F.cross_entropy(network(images[batch]), labels[batch])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        found.append(loss.item())
    assert list(history.losses) == pytest.approx(found)


def test_the_rate_with_the_smallest_mean_of_the_search_is_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = small(search={"seed": 5, "draws": 2})
    asked = []

    def train_job(
        _config: object, _inputs: object, seed: int, draw: int, job: method.Job, rate: float
    ) -> History:
        asked.append((seed, draw, job, rate))
        # The better of two in one draw is the worse on average.
        updates = {0.05: (10, 50), 0.1: (20, 30)}.get(rate, (9, 9))[draw]
        return History([3.0] * (updates - 1) + [0.0] * 61, {100: {"error": 0.5}})

    monkeypatch.setattr(method, "train_job", train_job)
    choice = method.choose(replace(config, window=1), {})
    assert choice["learning_rates"]["wide"] == dict.fromkeys(MODES, 0.1)
    assert choice["scores"]["wide"]["fan_in"] == {"0.05": [10, 50], "0.1": [20, 30]}
    assert {(seed, draw) for seed, draw, *_ in asked} == {(5, 0), (5, 1)}
    rows = method.tables(config, {}, choice)["rates"]
    means = {row["learning_rate"]: row["mean"] for row in rows if row["network"] == "wide"}
    assert means == {0.05: 30, 0.1: 25}
    values = method.exact(config, {}, choice)
    assert values["learning_rate.wide_average"] == 0.1
    assert values["at_an_edge.wide_average"] == 1


def test_modes_are_compared_with_fan_in_and_the_worse_of_two_has_learnt_least() -> None:
    config = small()
    scores = {
        (name, mode): 60.0 if network.until_target else 0.3
        for name, network in config.networks.items()
        for mode in network.modes
    }
    scores |= {("wide", "fan_in"): 20.0, ("wide", "fan_out"): 50.0, ("deep", "fan_out"): 0.45}
    values = method.compared(config, scores | {("deep_unit", "fan_in"): nan})
    assert values["updates.wide_fan_in"] == 20
    assert values["updates_over_fan_in.wide_fan_out"] == 2.5
    assert values["updates_over_fan_in.wide_adam_fan_out"] == 1
    assert "updates_over_fan_in.wide_fan_in" not in values
    assert values["error.deep_fan_out"] == 0.45
    assert values["learnt_share.deep"] == 0.5
    assert values["error.deep_unit_fan_in"] == 1
    assert values["learnt_share.deep_unit"] < 0


def test_what_diverges_has_no_score() -> None:
    config, job = small(), ("deep", "fan_in")
    updates = config.networks["deep"].updates
    assert method.score(config, job, History([1.0], {updates: {"error": 0.3}})) == 0.3
    assert isnan(method.score(config, job, History([nan], {updates: {"error": 0.3}})))


def test_networks_and_modes_of_the_readers_own_are_trained_and_drawn(
    embedded: Mnist, tmp_path: Path
) -> None:
    settings = configuring.plain_settings(NAME, "quick")
    networks, modes = settings["networks"], settings["modes"]
    short = {"layers": 1, "width": 4, "updates": 12, "learning_rates": [0.1], "modes": ["mine"]}
    config = small(
        modes=modes | {"mine": {"hidden": "fan_out", "last": "average", "weight_variance": 1.0}},
        networks={
            "wide": networks["wide"] | short | {"modes": ["mine", "fan_out", "fan_in"]},
            "deep": networks["deep"] | short,
            "mine": networks["deep"] | short,
        },
        images=64,
        validation=20,
    )
    result = catalogue.load(NAME).run(config, embedded, range(2))
    assert {"updates_over_fan_in.wide_mine", "error.mine_mine"} <= set(result.samples)
    # The two networks are alike, and so is what they learn.
    assert result.samples["learnt_share.mine"] == result.samples["learnt_share.deep"]
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    figure = figures.updates_by_learning_rate(read_run(tmp_path / "run"))
    plt.close(figure)
    labels = {text.get_text() for text in figure.findobj(Text)}
    assert {"not reached", "fan_in", "fan_out", "mine"} <= labels


WIDE, DEEP = (
    configuring.plain_settings(NAME, "quick")["networks"][name] for name in ("wide", "deep")
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"batch": 32, "images": 31},
            "experiment.batch=32, images=31: the images do not fill one minibatch",
        ),
        ({"networks": {"wide": WIDE}}, "experiment.networks=wide: deep must be among them"),
        (
            {"networks": {"wide": WIDE, "deep": DEEP | {"modes": ["fan_in", "mine"]}}},
            (
                "experiment.networks.deep.modes=fan_in, mine: "
                "choose from fan_in, average, fan_out, fan_out_but_last"
            ),
        ),
        (
            {"networks": {"wide": WIDE | {"modes": ["fan_in", "average"]}, "deep": DEEP}},
            "experiment.networks.wide.modes=fan_in, average: fan_out must be among them",
        ),
        (
            {"networks": {"wide": WIDE, "deep": DEEP | {"until_target": True}}},
            ("experiment.networks.deep.until_target=True: must be False, since claims read it"),
        ),
        (
            {"window": 61},
            (
                "experiment.window=61, networks.wide.updates=60: "
                "window must be no more than networks.wide.updates"
            ),
        ),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(StudyError) as refusal:
        small(**changes)
    assert str(refusal.value) == message


def test_more_images_than_there_are_are_refused(embedded: Mnist) -> None:
    for field, there in (("images", 4000), ("validation", 500)):
        with pytest.raises(StudyError) as refusal:
            method.prepare(small(**{field: there + 1}), embedded)
        assert str(refusal.value) == f"experiment.{field}={there + 1}: there are only {there}"
