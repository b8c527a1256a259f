from typing import Any

import numpy as np
import pytest
import torch

from study import configuring
from study.experiments.depth_size.float32_vanishing import claims, method
from study.lab.inits import standard_normal_layers
from study.lab.mnist import Mnist

NAME = "float32_vanishing"
PREDICTIONS = {"s004-thousand-layers-vanish": 298, "float32-dies-at-298": 298}


def small(**changes: Any) -> method.Config:  # noqa: ANN401 - of settings
    settings = configuring.plain_settings(NAME, "quick") | {"width": 32, "images": 3}
    return configuring.checked(method.Config, settings | changes)


@pytest.mark.parametrize("claim", claims.CLAIMS, ids=lambda claim: claim.id)
def test_a_prediction_is_the_number_of_its_statement(claim: Any) -> None:  # noqa: ANN401 - a Claim
    assert claim.prediction == PREDICTIONS[claim.id]


def test_every_prediction_is_checked_above() -> None:
    assert set(PREDICTIONS) == {claim.id for claim in claims.CLAIMS}


def test_the_smallest_number_is_that_of_float32() -> None:
    assert np.nextafter(np.float32(0), np.float32(1)) == 2.0**-claims.SMALLEST
    assert np.float32(2.0 ** -(claims.SMALLEST + 1)) == 0


def test_the_sizes_are_those_of_the_same_network_in_torch(embedded: Mnist) -> None:
    config = small(depth=5)
    shapes = [(32, 784), *[(32, 32)] * 4]
    signal = embedded.standardised(embedded.train.first(3).images).double()
    expected = []
    for matrix in standard_normal_layers(shapes, config.seed, 2, signal.device):
        signal = torch.relu(signal @ (matrix.double() / matrix.shape[1] ** 0.5).T)
        expected.append(signal.max().item())
    assert method.sizes(config, embedded, 2) == pytest.approx(expected, rel=1e-5)


def test_a_dead_signal_ends_the_network(embedded: Mnist) -> None:
    curve = method.sizes(small(weight_variance=1e-6), embedded, 0)
    assert curve[-1] == 0 < curve[-2]
    assert method.first_zero(curve) == len(curve) < 100


def test_a_signal_that_lives_has_no_dead_layer(embedded: Mnist) -> None:
    config = small(depth=30, weight_variance=2.0)
    assert method.first_zero(method.sizes(config, embedded, 0)) == 31


def test_the_curve_ends_with_the_first_network_to_die() -> None:
    rows = method.averaged([[4.0, 2.0, 1.0, 0.0], [4.0, 8.0, 0.0]])
    assert [(row["layer"], row["mean"]) for row in rows] == [(1, 2.0), (2, 2.0)]
