from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from itertools import pairwise
from math import nan, sqrt
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from matplotlib import pyplot as plt
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.fans.fan_modes_training import figures, method
from study.lab.classification import Splits
from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.rate_search import Search, search
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
    layers = linear(method.make_network(small(), ("wide", mode), 0, embedded.train.images))
    assert len(layers) == small().networks["wide"].layers + 1
    assert layers[0].weight.var().item() == pytest.approx(2 / first, rel=0.05)
    assert layers[-1].weight.var().item() == pytest.approx(2 / last, rel=0.1)
    assert all(layer.bias.count_nonzero() == 0 for layer in layers)


def test_modes_share_their_random_numbers(embedded: Mnist) -> None:
    with_fan_in, with_fan_out = (
        method.make_network(small(), ("wide", mode), 0, embedded.train.images)
        for mode in ("fan_in", "fan_out")
    )
    for layer, counterpart in zip(linear(with_fan_in), linear(with_fan_out), strict=True):
        scale = sqrt(layer.in_features / layer.out_features)
        torch.testing.assert_close(counterpart.weight, scale * layer.weight, rtol=1e-6, atol=0)


def test_one_mode_trains_as_the_other_with_other_rates_and_a_factor(embedded: Mnist) -> None:
    images, labels = embedded.train.images[:20].double(), embedded.train.labels[:20]
    ours, theirs = (
        [
            layer.weight.detach().clone().requires_grad_()
            for layer in linear(method.make_network(small(), ("wide", mode), 0, images))
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
    network = method.make_network(small(), ("wide", "average"), 0, split.images)
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
    for target in (1.5, 1e-9):
        config = small(target_loss=target, batch=8)
        history = method.train_job(config, Splits(split, split, split), 0, ("wide", "fan_in"), 0.05)
        at_best = history.losses
        updates = config.networks["wide"].updates
        network = method.make_network(config, ("wide", "fan_in"), 0, split.images)
        batch_rng = random_generator(config.seed, 0, 0)
        whole = train(
            network,
            F.cross_entropy,
            split.images,
            split.labels,
            minibatches(200, 8, updates, batch_rng),
            learning_rate=0.05,
        )
        assert list(at_best) == whole[: len(at_best)]
        assert len(at_best) < updates if target > 1 else len(at_best) == updates
        count = method.updates_of_wide(config, history)
        assert count == (updates_to(whole, target, config.window) or updates)


def searched(
    config: method.Config, name: str, train: Callable[[method.Job, float], History]
) -> Search[method.Job, History]:
    """Return the trainings of one network in all its modes with two rates."""
    rates = (0.05, 0.1) if name == "wide" else (0.01, 0.02)
    jobs = [(name, mode) for mode in config.networks[name].modes]
    return search(jobs, lambda _: rates, train, score=partial(method.score, config))


def test_modes_are_compared_at_the_best_rate_of_each() -> None:
    config = small(window=1)
    counts = {("fan_in", 0.1): 20, ("fan_out", 0.05): 50, ("average", 0.1): 30}

    def train(job: method.Job, rate: float) -> History:
        updates = counts.get((job[1], rate), 60)
        return History([3.0] * (updates - 1) + [0.0] * (61 - updates), {})

    values = method.in_updates(config, searched(config, "wide", train))
    assert values["updates.wide_fan_in"] == 20
    assert values["updates_over_fan_in.wide_fan_out"] == 2.5
    assert values["updates_over_fan_in.wide_average"] == 1.5
    assert "updates_over_fan_in.wide_fan_in" not in values


def test_what_is_learnt_is_that_of_the_worse_form_at_its_best_rate() -> None:
    errors = {"fan_in": (0.2, 0.9), "fan_out": (1.0, 0.45)}
    config = small()

    def train(job: method.Job, rate: float) -> History:
        return History([], {100: {"error": errors[job[1]][rate == 0.02]}})

    values = method.learnt(config, searched(config, "deep", train))
    assert values == pytest.approx(
        {"error.deep_fan_in": 0.2, "error.deep_fan_out": 0.45, "learnt_share.deep": 0.5}
    )


def test_what_diverges_has_learnt_nothing() -> None:
    config = small()

    def train(job: method.Job, rate: float) -> History:
        return History([nan], {100: {"error": 0.3 if (job[1], rate) == ("fan_in", 0.02) else nan}})

    values = method.learnt(config, searched(config, "deep", train))
    assert values["error.deep_fan_in"] == 0.3
    assert values["error.deep_fan_out"] == 1.0
    assert values["learnt_share.deep"] < 0


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
    legend = figure.axes[0].get_legend()
    assert legend is not None
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["not reached", "fan_in", "fan_out", "mine"]


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


def test_neighbouring_learning_rates_are_close() -> None:
    rates = configuring.plain_settings(NAME, "reference")["networks"]["wide"]["learning_rates"]
    assert rates == sorted(rates)
    assert max(high / low for low, high in pairwise(rates)) < 3
