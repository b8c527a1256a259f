from itertools import pairwise
from math import nan
from typing import Any

import pytest
import torch
from torch import nn

from study import configuring
from study.experiments import glorot_training as experiment
from study.lab.hidden_layers import (
    BINS,
    bin_middle,
    distribution,
    initialised,
    look_at_layers,
    profiles_apart,
    share_of_sizes,
)
from study.lab.mnist import Mnist, Split
from study.record.claims import Verdict, judge
from study.record.estimates import estimate

NAME = "glorot_training"

PREDICTIONS = {
    "gb-fig3-tanh-sequential": 0.0,  # no layer above the one below
    "tanh-sequential-at-a-large-rate": 0.0,
    "gb-fig3-softsign-together": 0.0,  # no spread at all
    "gb-fig3-softsign-less": 0.5,
    "gb-fig4-end-histograms": 1.0,  # a uniform law of sizes
    "gb-fig4-softsign-shoulders": 1.0,
    "gb-fig7-reverses-in-training": 1.0,
    "gb-fig9-divergence-standard": 1.5,
    "gb-fig9-normalised-keeps-variance": 1.0,
    "normalised-diverges-more-slowly": 0.7,
    "gb-fig10-normalised-saturation": 0.5,
    "normalised-saturates-more": 1.0,
    "gb-softsign-like-tanhn": 0.0,
}


def small(**changes: Any) -> experiment.Config:  # noqa: ANN401 - of settings
    settings = configuring.plain_settings(NAME, "quick") | {
        "draws": 1,
        "images": 200,
        "validation": 60,
        "probed": 40,
        "width": 12,
        "updates": 8,
        "marks": [0, 2, 4, 8],
    }
    return configuring.checked(experiment.Config, settings | changes)


def probed(mnist: Mnist, count: int = 40) -> Split:
    first = mnist.validation.first(count)
    return Split(mnist.standardised(first.images), first.labels)


def test_every_prediction_is_known() -> None:
    assert {claim.id: claim.prediction for claim in experiment.CLAIMS} == PREDICTIONS


@pytest.mark.parametrize("initialisation", ["standard", "normalised"])
def test_weights_lie_within_the_bounds_of_the_paper(initialisation: Any) -> None:  # noqa: ANN401
    sizes = (784, 300, 300, 10)
    network = initialised("tanh", initialisation, sizes, seed=1, draw=0)
    layers = [layer for layer in network if isinstance(layer, nn.Linear)]
    for layer, (fan_in, fan_out) in zip(layers, pairwise(sizes), strict=True):
        bound = fan_in**-0.5 if initialisation == "standard" else (6 / (fan_in + fan_out)) ** 0.5
        assert layer.weight.abs().max().item() == pytest.approx(bound, rel=0.01)
        assert layer.weight.abs().max().item() <= bound * (1 + 1e-6)
        assert layer.weight.var().item() == pytest.approx(bound**2 / 3, rel=0.05)
        assert not layer.bias.any()


def test_gradients_are_those_of_autograd_on_the_whole_network(embedded: Mnist) -> None:
    batch = probed(embedded)
    network = initialised("softsign", "normalised", (784, 20, 20, 10), seed=2, draw=0)
    seen = look_at_layers(network, batch)
    loss = nn.functional.cross_entropy(network(batch.images), batch.labels)
    loss.backward()  # type: ignore[no-untyped-call]  # torch's own
    for layer, at in ((1, 0), (2, 2)):
        linear = network[at]
        assert isinstance(linear, nn.Linear)
        assert linear.weight.grad is not None
        assert seen[f"weight_gradient_{layer}"] == pytest.approx(linear.weight.grad.std().item())
    signal = batch.images
    for layer, at in ((1, 0), (2, 2)):
        free = network[at](signal).detach().requires_grad_()
        rest = nn.functional.cross_entropy(network[at + 1 :](free), batch.labels)
        (gradient,) = torch.autograd.grad(rest, free)
        assert seen[f"gradient_{layer}"] == pytest.approx(gradient.std().item(), rel=1e-4)
        signal = network[at + 1](free)
    assert "gradient_3" not in seen  # the output layer is no hidden layer


def test_a_distribution_is_summed_up() -> None:
    values = torch.linspace(-1, 1, 100_001)
    seen = distribution(values)
    assert seen["percentile"] == pytest.approx(0.98, abs=1e-4)
    assert seen["saturated"] == pytest.approx(0.05, abs=1e-4)
    assert seen["deviation"] == pytest.approx(3**-0.5, rel=1e-4)
    shares = [seen[f"share_{bin_}"] for bin_ in range(BINS)]
    assert shares == pytest.approx([1 / BINS] * BINS, rel=1e-2)


def test_shares_of_sizes_are_those_of_whole_bins() -> None:
    look = {f"share_{bin_}_{layer}": 1.0 for bin_ in range(BINS) for layer in (1, 2)}
    assert share_of_sizes(look, [1, 2], 0.6, 0.8) == 2 * 8
    assert share_of_sizes(look, [1], 0.0, 0.2) == 8
    assert bin_middle(BINS - 1) == pytest.approx(0.975)


def test_profiles_differ_by_more_than_their_level() -> None:
    one = [{"percentile_1": 0.9, "percentile_2": 0.5, "gradient_1": 7.0}]
    higher = [{"percentile_1": 1.0, "percentile_2": 0.6, "gradient_1": 1.0}]
    turned = [{"percentile_1": 0.5, "percentile_2": 0.9, "gradient_1": 1.0}]
    assert profiles_apart(one, higher) == pytest.approx(0)
    assert profiles_apart(one, turned) == pytest.approx(0.4)


def looks(percentiles: list[float], gradients: list[float]) -> dict[str, float]:
    found = {"error": 5.0}
    for layer, (size, gradient) in enumerate(zip(percentiles, gradients, strict=True), start=1):
        found |= {
            f"percentile_{layer}": size,
            f"gradient_{layer}": gradient,
            f"weight_gradient_{layer}": 2 * gradient,
            f"saturated_{layer}": size / 10,
            **{f"share_{bin_}_{layer}": 1 / BINS for bin_ in range(BINS)},
        }
    return found


def test_quantities_are_read_off_the_looks() -> None:
    config = small(depth=3, marks=[0, 2, 4, 8])
    even, steep = looks([0.8, 0.7, 0.7], [1, 1, 1]), looks([0.9, 0.5, 0.6], [4, 2, 1])
    course = {arm: dict.fromkeys(config.marks, even) for arm in config.arms}
    course["tanh"] = {0: even, 2: even, 4: even, 8: steep}
    found = experiment.quantities(config, course)
    assert found["smallest_drop.tanh"] == pytest.approx(-0.1)
    assert found["smallest_drop.tanh_fast"] == pytest.approx(0.0)
    assert found["lead.tanh"] == pytest.approx(0.3)
    assert found["spread_over_tanh.tanh_n"] == pytest.approx(0.1 / 0.4)
    assert found["level_over_tanh.softsign"] == pytest.approx(2.2 / 2.0)
    assert found["backward.tanh_early"] == 1
    assert found["backward.tanh_end"] == 4
    assert found["weights.tanh_late"] == pytest.approx(2)  # the geometric mean of 1 and 4
    assert found["weights_over_standard.tanh_n"] == pytest.approx(0.5)
    assert found["edge.tanh"] == pytest.approx(0.09 / 0.05)
    assert found["shoulder.softsign"] == pytest.approx(1)
    assert found["nearer_to_tanh_n.softsign"] == 0


def test_a_network_that_diverges_decides_nothing() -> None:
    config = small(depth=3)
    even = looks([0.8, 0.7, 0.6], [1, 1, 1])
    course = {arm: dict.fromkeys(config.marks, even) for arm in config.arms}
    course["tanh"] = course["tanh"] | {8: dict.fromkeys(even, nan)}
    found = experiment.quantities(config, course)
    values = {key: estimate([number, number]) for key, number in found.items()}
    claims = [claim for claim in experiment.CLAIMS if claim.quantity.endswith((".tanh", "h_late"))]
    assert len(claims) > 2
    for claim in claims:
        assert judge(claim, values, "mnist") is Verdict.INCONCLUSIVE


def test_all_arms_start_from_the_same_random_numbers(embedded: Mnist) -> None:
    result = experiment.run(small(), embedded, [0])
    at_start = {
        (row["arm"], row["layer"]): row["mean"]
        for row in result.tables["layers"]
        if row["updates"] == 0 and row["quantity"] == "percentile"
    }
    assert at_start["tanh", 1] == at_start["tanh_fast", 1]
    assert float(at_start["tanh_n", 1]) > float(at_start["tanh", 1])
    assert {row["activation"] for row in result.tables["histograms"]} == {
        bin_middle(bin_) for bin_ in range(BINS)
    }


def test_the_common_rate_is_common_and_the_fast_one_is_twice_it() -> None:
    for scale in ("reference", "quick", "paper"):
        rates = {
            arm: settings["learning_rate"]
            for arm, settings in configuring.plain_settings(NAME, scale)["arms"].items()
        }
        assert rates["tanh"] == rates["tanh_n"] == rates["softsign"] == rates["tanh_fast"] / 2
