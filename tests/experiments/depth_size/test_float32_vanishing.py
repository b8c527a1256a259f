from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt

from study.experiments.depth_size.float32_vanishing import claims, figures, method
from study.lab.inits import standard_normal_layers
from study.lab.mnist import Mnist
from study.record.draws import Draw
from study.record.results import Result, read_run, write_run
from tests.configs import small_config

NAME = "float32_vanishing"
PREDICTIONS = {"s004-thousand-layers-vanish": None, "float32-dies-at-298": 298}


small = partial(small_config, NAME, width=32, images=3)


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
    assert method.largest_activations(config, method.prepare(config, embedded), 2) == pytest.approx(
        expected, rel=1e-5
    )


def test_a_dead_signal_ends_the_network(embedded: Mnist) -> None:
    config = small(weight_variance=1e-6)
    curve = method.largest_activations(config, method.prepare(config, embedded), 0)
    assert curve[-1] == 0 < curve[-2]
    assert method.first_zero(curve) == len(curve) < 100


def test_a_signal_that_lives_has_no_dead_layer(embedded: Mnist) -> None:
    config = small(depth=30, weight_variance=2.0)
    curve = method.largest_activations(config, method.prepare(config, embedded), 0)
    assert method.first_zero(curve) == 31
    assert len(method.exponents(curve)) == 30


def pooled(*curves: list[float]) -> dict[str, Any]:
    """Pool networks whose largest entries are given."""
    config = small()
    draws = [Draw({}, {"layers": method.exponents(curve)}) for curve in curves]
    return dict(method.tables(config, dict(enumerate(draws))))


def test_the_curve_ends_with_the_first_network_to_die() -> None:
    rows = pooled([4.0, 2.0, 1.0, 0.0], [4.0, 8.0, 0.0])["layers"]
    assert [(row["layer"], row["mean"]) for row in rows] == [(1, 2.0), (2, 2.0)]


def test_networks_that_are_never_alive_have_no_curve_and_an_empty_figure(tmp_path: Path) -> None:
    assert pooled([4.0, 0.0], [0.0]) == {}
    result = Result((0,), {"first_dead_layer": [1.0]}, tables={})
    write_run(tmp_path / "run", {}, result, {})
    figure = figures.size_by_layer(read_run(tmp_path / "run"))
    plt.close(figure)
    assert np.size(figure.axes[0].lines[0].get_xdata()) == 0
