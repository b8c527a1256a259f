import pytest
import torch
from torch import nn

from study.experiments.glorot.hidden_layers import (
    BINS,
    bin_middle,
    distribution,
    measure_layers,
    profiles_apart,
    share_of_sizes,
)
from study.experiments.glorot.initialisations import BY_NAME, Name
from study.lab.mnist import Mnist, Split
from study.lab.networks import classifier, linear_layers


@pytest.mark.parametrize("name", ["standard", "normalised"])
def test_weights_lie_within_the_bounds_of_the_paper(name: Name) -> None:
    network = classifier(torch.zeros(1, 784), [300, 300], BY_NAME[name], nn.Tanh, seed=1, draw=0)
    for layer in linear_layers(network):
        fan_in, fan_out = layer.in_features, layer.out_features
        bound = fan_in**-0.5 if name == "standard" else (6 / (fan_in + fan_out)) ** 0.5
        assert layer.weight.abs().max().item() == pytest.approx(bound, rel=0.01)
        assert layer.weight.abs().max().item() <= bound * (1 + 1e-6)
        assert layer.weight.var().item() == pytest.approx(bound**2 / 3, rel=0.05)
        assert not layer.bias.any()


def test_gradients_are_those_of_autograd_on_the_whole_network(embedded: Mnist) -> None:
    first = embedded.validation.first(40)
    batch = Split(embedded.standardised(first.images), first.labels)
    network = classifier(batch.images, [20, 20], BY_NAME["normalised"], nn.Softsign, seed=2, draw=0)
    metrics = measure_layers(network, batch)
    loss = nn.functional.cross_entropy(network(batch.images), batch.labels)
    loss.backward()  # type: ignore[no-untyped-call]  # torch's own
    for layer, at in ((1, 0), (2, 2)):
        linear = network[at]
        assert isinstance(linear, nn.Linear)
        assert linear.weight.grad is not None
        assert metrics[f"weight_gradient_{layer}"] == pytest.approx(linear.weight.grad.std().item())
    signal = batch.images
    for layer, at in ((1, 0), (2, 2)):
        free = network[at](signal).detach().requires_grad_()
        rest = nn.functional.cross_entropy(network[at + 1 :](free), batch.labels)
        (gradient,) = torch.autograd.grad(rest, free)
        assert metrics[f"gradient_{layer}"] == pytest.approx(gradient.std().item(), rel=1e-4)
        signal = network[at + 1](free)
    assert "gradient_3" not in metrics  # the output layer is no hidden layer


def test_a_distribution_is_summed_up() -> None:
    values = torch.linspace(-1, 1, 100_001)
    metrics = distribution(values)
    assert metrics["percentile"] == pytest.approx(0.98, abs=1e-4)
    assert metrics["saturated"] == pytest.approx(0.05, abs=1e-4)
    assert metrics["deviation"] == pytest.approx(3**-0.5, rel=1e-4)
    shares = [metrics[f"share_{bin_}"] for bin_ in range(BINS)]
    assert shares == pytest.approx([1 / BINS] * BINS, rel=1e-2)


def test_shares_of_sizes_are_those_of_whole_bins() -> None:
    metrics = {f"share_{bin_}_{layer}": 1.0 for bin_ in range(BINS) for layer in (1, 2)}
    assert share_of_sizes(metrics, [1, 2], 0.6, 0.8) == 2 * 8
    assert share_of_sizes(metrics, [1], 0.0, 0.2) == 8
    assert bin_middle(BINS - 1) == pytest.approx(0.975)


def test_profiles_differ_by_more_than_their_level() -> None:
    profile = [{"percentile_1": 0.9, "percentile_2": 0.5, "gradient_1": 7.0}]
    higher = [{"percentile_1": 1.0, "percentile_2": 0.6, "gradient_1": 1.0}]
    reverse = [{"percentile_1": 0.5, "percentile_2": 0.9, "gradient_1": 1.0}]
    assert profiles_apart(profile, higher) == pytest.approx(0)
    assert profiles_apart(profile, reverse) == pytest.approx(0.4)
