from math import log
from typing import Any

import pytest
import torch
from torch import nn

from study import configuring
from study.experiments import deep_training as experiment
from study.lab.mnist import Mnist

NAME = "deep_training"


def small(**changes: Any) -> experiment.Config:  # noqa: ANN401 - of settings
    settings = configuring.plain_settings(NAME, "quick") | {
        "draws": 2,
        "depth": 6,
        "width": 12,
        "images": 64,
        "steps": 20,
    }
    return configuring.checked(experiment.Config, settings | changes)


def inputs(mnist: Mnist) -> torch.Tensor:
    return mnist.standardised(mnist.train.first(64).images)


def test_orthogonal_layers_keep_the_length_of_a_signal(embedded: Mnist) -> None:
    config = small()
    network = experiment.started(config, config.arms["orthogonal_tanh"], 0, inputs(embedded))
    layers = [layer for layer in network if isinstance(layer, nn.Linear)]
    assert len(layers) == 6
    for layer in layers[1:-1]:
        product = layer.weight @ layer.weight.T
        torch.testing.assert_close(product, torch.eye(12), rtol=0, atol=1e-5)


def test_gaussian_layers_have_the_variance_of_their_arm(embedded: Mnist) -> None:
    config = small(width=300)
    for arm, expected in (("he_relu", 2.0), ("gaussian_tanh", 1.0)):
        network = experiment.started(config, config.arms[arm], 0, inputs(embedded))
        middle = network[2]
        assert isinstance(middle, nn.Linear)
        assert 300 * middle.weight.square().mean().item() == pytest.approx(expected, rel=0.03)


def test_a_rescaled_network_has_preactivations_of_second_moment_one(embedded: Mnist) -> None:
    config, images = small(depth=30), inputs(embedded)
    network = experiment.started(config, config.arms["he_relu_rescaled"], 0, images)
    signal = images[: config.batch]
    for layer in network:
        signal = layer(signal)
        if isinstance(layer, nn.Linear):
            assert signal.square().mean().item() == pytest.approx(1, rel=1e-4)


def test_all_arms_see_the_same_images_and_a_shallow_network_learns(embedded: Mnist) -> None:
    result = experiment.run(small(depth=2, steps=60), embedded, [0, 1])
    assert set(result.samples) == {
        *(f"learnt.{arm}" for arm in small().arms),
        *(f"learnt_over_orthogonal.{arm}" for arm in small().arms if arm != "orthogonal_tanh"),
    }
    assert min(result.samples["learnt.orthogonal_tanh"]) > 0.05
    first = {row["arm"]: row["mean"] for row in result.tables["losses"] if row["step"] == 10}
    assert set(first) == set(small().arms)
    assert all(1.5 < float(mean) < 4 for mean in first.values())


def test_the_best_rate_counts_and_a_diverged_training_has_learnt_nothing(embedded: Mnist) -> None:
    one, both = (
        experiment.run(small(depth=2, learning_rates=rates), embedded, [0]).samples
        for rates in ([0.01], [0.01, 100.0])
    )
    assert one == both
    assert experiment.learnt([1.0] * 10 + [float("nan")] * 10) == 0.0
    assert experiment.learnt([9.0] + [log(10) / 2] * 10) == pytest.approx(0.5)


def test_a_piece_in_which_a_draw_diverged_is_left_out() -> None:
    fine, bad = [1.0] * 20, [3.0] * 10 + [float("inf")] * 10
    rows = experiment.rows([{"one": fine}, {"one": bad}])
    assert [(row["step"], row["mean"]) for row in rows] == [(10, 2.0)]
