from dataclasses import asdict
from functools import partial
from pathlib import Path

import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn

from study import catalogue
from study.experiments.batch_normalisation import normalising
from study.experiments.batch_normalisation.normalised_gradients import figures, method
from study.lab.mnist import Mnist
from study.lab.networks import linear_layers
from study.record.results import read_run, write_run
from tests.configs import small_config

NAME = "normalised_gradients"
PREDICTIONS = pytest.approx(
    {
        "norm-gradient-inverse-scale-rms": -1,
        "norm-gradient-inverse-scale-layer": -1,
        "norm-gradient-inverse-scale-batch": -1,
        "norm-descent-rate-square-rms": 0,
        "norm-descent-rate-square-layer": 0,
        "norm-adam-rate-first-power-layer": 0,
        "norm-adam-rate-first-power-batch": 0,
        "adam-first-step-inverse-scale": -1,
        "plain-gradient-power-of-depth": 3,
    }
)

small = partial(small_config, NAME, draws=2, width=5, images=40, batch=10, updates=4)
made = partial(normalising.network, epsilon=1e-30, seed=1, draw=0)


@pytest.mark.parametrize("norm", ["rms", "layer", "batch"])
def test_a_norm_is_the_one_that_is_written_down(norm: normalising.Norm) -> None:
    z = torch.tensor([[1.0, 2.0, 6.0], [0.0, -1.0, 4.0]], dtype=torch.float64)
    axis = 0 if norm == "batch" else 1
    centred = z if norm == "rms" else z - z.mean(axis, keepdim=True)
    expected = centred / centred.square().mean(axis, keepdim=True).sqrt()
    torch.testing.assert_close(normalising.NORMS[norm](3, 1e-30)(z), expected)


@pytest.mark.parametrize("norm", ["rms", "layer", "batch"])
def test_powers_of_two_cancel_bit_by_bit(norm: normalising.Norm) -> None:
    # A power of two moves the exponent alone, so that nothing is rounded otherwise.
    images = torch.randn(6, 4, generator=torch.Generator().manual_seed(3))
    outputs, gradients = [], []
    for variance in (2.0, 8.0):
        layers = made(images, norm, (5, 5), (variance, 1.0))
        outputs.append(layers(images))
        hidden = normalising.hidden_parameters(layers)
        gradients.append(torch.autograd.grad(outputs[-1].square().sum(), hidden))
    assert torch.equal(outputs[0], outputs[1])
    for usual, large in zip(*gradients, strict=True):
        assert torch.equal(usual, 2 * large)


def test_a_network_has_the_variances_that_are_asked_for() -> None:
    images = torch.ones(2, 400, dtype=torch.float64)
    first, second, last = linear_layers(made(images, "none", (300, 200), (8.0, 0.5)))
    sizes = [one.weight.square().mean().item() * one.in_features for one in (first, second, last)]
    assert sizes == pytest.approx([8, 8, 0.5], rel=0.1)
    assert first.weight.dtype == torch.float64


def test_each_layer_has_its_rate() -> None:
    layers = made(torch.ones(2, 4), "layer", (3,), (2.0, 1.0))
    assert len(normalising.hidden_parameters(layers)) == 2
    for kind in ("descent", "adam"):
        rule = normalising.optimiser(layers, kind, (0.5, 0.25))
        assert [(group["lr"], len(group["params"])) for group in rule.param_groups] == [
            (0.5, 2),
            (0.25, 2),
        ]


def test_the_loss_and_its_gradients_are_left_in_the_network() -> None:
    linear = nn.Linear(1, 2)
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    loss = method.backward(linear, torch.tensor([[3.0]]), torch.tensor([0]))
    assert loss == pytest.approx(0.693147)
    torch.testing.assert_close(linear.weight.grad, torch.tensor([[-1.5], [1.5]]))


def test_norms_and_matched_rates_are_exact_and_others_are_not(embedded: Mnist) -> None:
    samples = catalogue.load(NAME).run(small(), embedded, [0, 1]).samples
    for arm in ("rms_descent", "layer_descent", "layer_adam", "batch_descent", "batch_adam"):
        assert samples[f"gradient_power.{arm}"] == pytest.approx([-1, -1], abs=1e-9)
        assert samples[f"loss_difference.{arm}"] == pytest.approx([0, 0], abs=1e-8)
    assert samples["step_power.layer_descent"] == pytest.approx([0, 0], abs=1e-9)  # matched
    assert min(samples["loss_difference.plain_descent"]) > 1e-6


def test_an_arm_of_ones_own_is_measured_and_drawn(embedded: Mnist, tmp_path: Path) -> None:
    mine = {"norm": "rms", "optimiser": "adam", "learning_rate": 0.01, "rate_power": 1}
    config = small(arms={"mine": mine})
    result = catalogue.load(NAME).run(config, embedded, [0, 1])
    assert "step_power.mine" in result.samples
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    for figure in figures.FIGURES:
        plt.close(figure(read_run(tmp_path / "run")))
