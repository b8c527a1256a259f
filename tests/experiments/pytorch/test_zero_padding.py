import re
from dataclasses import asdict
from functools import partial
from math import cos, isnan, pi, sin
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn
from torch.nn import functional

from study import catalogue
from study.errors import StudyError
from study.experiments.pytorch.zero_padding import claims, figures, method
from study.lab.inits import random_generator, standard_normal
from study.lab.mnist import Mnist
from study.record.results import read_run, write_run
from tests.configs import small_config

NAME = "zero_padding"
PREDICTIONS = pytest.approx(
    {
        "he-eq5-eq6": 1,
        "padding-edge-loss": (19 / 21) ** 2,
        "zero-padding-leak-four": ((1 + 2 * cos(pi / 5)) / 3) ** 2,
        "zero-padding-leak": ((1 + 2 * cos(pi / 8)) / 3) ** 2,
        "zero-padding-leak-fourteen": ((1 + 2 * cos(pi / 15)) / 3) ** 2,
        "padding-by-reflection-keeps": 1,
    }
)


small = partial(small_config, NAME, channels=8, depth=6)


def band_matrix(side: int) -> Any:  # noqa: ANN401 - of NumPy
    return np.eye(side) + np.eye(side, k=1) + np.eye(side, k=-1)


@pytest.mark.parametrize("side", [3, 4, 7, 14, 28])
def test_the_leak_is_the_largest_eigenvalue_of_the_band_matrix(side: int) -> None:
    values, vectors = np.linalg.eigh(band_matrix(side))
    assert claims.leak(side) == pytest.approx((values[-1] / 3) ** 2)
    profile = np.array([sin(pi * place / (side + 1)) for place in range(1, side + 1)])
    assert np.abs(vectors[:, -1]) == pytest.approx(profile / np.linalg.norm(profile))
    # The whole spectrum, as the chapter has it.
    all_of_them = [1 + 2 * cos(j * pi / (side + 1)) for j in range(side, 0, -1)]
    assert values == pytest.approx(all_of_them)


def test_the_example_of_the_chapter() -> None:
    # Side 3: from (1, 1, 1) to (2, 3, 2)/3 along an axis, and a leak of ((1 + √2)/3)².
    assert band_matrix(3) @ np.ones(3) == pytest.approx([2, 3, 2])
    assert claims.kept_of_noise(3) == pytest.approx((7 / 9) ** 2)
    assert claims.leak(3) == pytest.approx(((1 + 2**0.5) / 3) ** 2)
    assert claims.leak(3) == pytest.approx(0.6476, abs=1e-4)
    assert claims.kept_of_noise(28) == pytest.approx(0.953, abs=5e-4)
    assert 1 - claims.leak(28) < 0.01
    # The approximation for large sides.
    for side in (14, 28):
        assert claims.leak(side) == pytest.approx(1 - 2 * pi**2 / 3 / (side + 1) ** 2, abs=5e-4)


def test_sums_of_neighbours_are_two_products_with_the_band_matrix() -> None:
    squares = torch.rand(5, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected = band_matrix(5) @ squares.numpy() @ band_matrix(5)
    np.testing.assert_allclose(method.sums_of_neighbours(squares).numpy(), expected)
    assert method.preserved_share(torch.ones(7, 7)) == pytest.approx(claims.kept_of_noise(7))


def test_the_expected_second_moments_are_the_mean_of_many_networks(embedded: Mnist) -> None:
    config = small(depth=4, channels=6)
    images = embedded.standardised(embedded.train.first(1).images).view(-1, 1, 28, 28)
    picture = functional.adaptive_avg_pool2d(images, 4)
    law = method.second_moments(picture.double().square().mean(dim=(0, 1)), 4)
    moments = [method.layer_moments(config, images, draw)["four"] for draw in range(1500)]
    assert np.mean(moments, axis=0) == pytest.approx(law, rel=0.12)


def test_many_layers_later_only_the_top_eigenvector_is_left() -> None:
    squares = torch.rand(7, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    moments = method.second_moments(squares, 80)
    assert moments[-1] / moments[-2] == pytest.approx(claims.leak(7))


def test_a_deep_network_is_that_of_modules(embedded: Mnist) -> None:
    config = small()
    images = embedded.standardised(embedded.train.first(2).images).view(-1, 1, 28, 28)
    moments_of_networks = method.layer_moments(config, images, 3)
    paddings: list[tuple[str, Literal["zeros", "reflect", "circular"], int]] = [
        ("seven", "zeros", 7),
        ("reflected", "reflect", 7),
        ("four_round", "circular", 4),
    ]
    for name, mode, side in paddings:
        signal, moments = functional.adaptive_avg_pool2d(images, side), []
        for layer_index in range(config.depth):
            inputs = config.channels if layer_index else 1
            with torch.random.fork_rng(devices=[]):
                layer = nn.Conv2d(
                    inputs, config.channels, 3, padding=1, padding_mode=mode, bias=False
                )
            shape = tuple(layer.weight.shape)
            generator = random_generator(config.seed, 3, 1 + layer_index)
            layer.load_state_dict({"weight": method.he_weights(shape, generator)})
            signal = layer(signal)
            moments.append(signal.square().mean().item())
            signal = signal.relu()
        assert moments_of_networks[name] == pytest.approx(moments, rel=1e-4)


def test_a_network_is_measured_against_its_twin() -> None:
    moments = {"a": [8.0, 8.0, 4.0, 1.0], "a_round": [8.0, 8.0, 8.0, 4.0], "b": [1.0] * 4}
    assert method.factors(moments) == {"factor.a": 0.5}
    config = small(**{"networks.seven.padding": "circular"})
    images = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    assert method.factors(method.layer_moments(config, images, 0))["factor.seven"] == 1


def test_a_dead_network_has_no_factor() -> None:
    moments = {"a": [8.0, 8.0, 0.0, 0.0], "a_round": [8.0] * 4}
    assert isnan(method.factors(moments)["factor.a"])
    moments = {"a": [8.0] * 4, "a_round": [8.0, 8.0, 4.0, 0.0]}
    assert isnan(method.factors(moments)["factor.a"])


def test_the_table_has_what_was_measured_beside_its_law(embedded: Mnist) -> None:
    config = small()
    inputs = method.prepare(config, embedded)
    assert list(inputs.laws) == ["four", "seven", "fourteen"]
    rows = catalogue.load(NAME).run(config, embedded, [3]).tables["layers"]
    network_rows = [row for row in rows if row["network"] == "seven"]
    law = inputs.laws["seven"]
    moments = method.layer_moments(config, inputs.images, 3)["seven"]
    assert [row["layer"] for row in network_rows] == [1, 2, 3, 4, 5, 6]
    assert [row["mean"] for row in network_rows] == pytest.approx([q / law[0] for q in moments])
    assert [row["law"] for row in network_rows] == pytest.approx([q / law[0] for q in law])


def test_without_zero_padding_there_is_no_table(embedded: Mnist, tmp_path: Path) -> None:
    config = small(**{f"networks.{name}.padding": "circular" for name in small().networks})
    result = catalogue.load(NAME).run(config, embedded, [0])
    assert result.tables == {}
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    for draw in figures.FIGURES:
        plt.close(draw(read_run(tmp_path / "run")))


def test_the_name_of_a_twin_is_taken() -> None:
    network = {"side": 7, "padding": "zeros"}
    message = f"experiment.networks.seven_round={network}: seven, padded circularly, has this name"
    with pytest.raises(StudyError, match=f"^{re.escape(message)}$"):
        small(**{"networks.seven_round": network})


def test_one_layer_is_that_of_modules() -> None:
    config = small()
    factors = method.one_layer_factors(config, 0)
    generator = random_generator(config.seed, 0, 0)
    noise = standard_normal((config.images, config.channels, 7, 7), generator, torch.device("cpu"))
    shape = (config.channels, config.channels, 3, 3)
    weights = method.he_weights(shape, generator) / 2**0.5
    z = functional.conv2d(noise, weights, padding=1)
    expected = (z.square().mean() / noise.square().mean()).item()
    assert factors["one_layer.zeros"] == pytest.approx(expected, rel=1e-5)
    inner_factor = (z[:, :, 1:-1, 1:-1].square().mean() / noise.square().mean()).item()
    assert factors["one_layer.none"] == pytest.approx(inner_factor, rel=1e-5)
