from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from itertools import combinations
from math import inf, log, nan, sqrt
from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib import pyplot as plt
from matplotlib.text import Text
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.variance.tanh_gain_training import claims, figures, method
from study.lab.classification import Task
from study.lab.mnist import Mnist
from study.lab.rate_search import is_coarse
from study.lab.training import History
from study.record.results import read_run, write_run
from study.theory import moments
from study.theory.activations import activation
from tests.configs import small_config

NAME = "tanh_gain_training"


def depths(*layers: int, rates: Sequence[float] = (0.004,)) -> dict[str, Any]:
    return {
        name: {"layers": count, "learning_rates": [*rates]}
        for name, count in zip(method.DEPTHS, layers, strict=True)
    }


small = partial(
    small_config, NAME, draws=2, width=24, updates=6, tail=2, compared=8, depths=depths(2, 3, 4, 5)
)


def task(mnist: Mnist) -> Task:
    return Task(mnist.train, 3, 0)


# Networks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gain", "number"),
    [("one", 1.0), ("eleven_tenths", 1.1), ("five_quarters", 1.25), ("five_thirds", 5 / 3)],
)
def test_every_layer_but_the_last_has_the_gain(embedded: Mnist, gain: str, number: float) -> None:
    config = small(width=200)
    arm = method.Arm("hundred", gain, "standardised")
    network = method.make_network(config, task(embedded), arm)
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    assert len(linear) == 5
    deviations = [layer.weight.std().item() * sqrt(layer.in_features) for layer in linear]
    assert deviations[:-1] == pytest.approx([number] * 4, rel=0.03)
    assert deviations[-1] == pytest.approx(1.0, rel=0.05)


def test_the_gains_and_depths_are_those_that_they_are_named_after() -> None:
    settings = configuring.plain_settings(NAME, "reference")
    layers = {name: depth["layers"] for name, depth in settings["depths"].items()}
    assert layers == {"five": 5, "twenty": 20, "fifty": 50, "hundred": 100}
    gains = {"one": 1.0, "eleven_tenths": 1.1, "five_quarters": 1.25, "five_thirds": 5 / 3}
    assert settings["gains"] == pytest.approx(gains)
    assert settings["gains"]["five_thirds"] == nn.init.calculate_gain("tanh")


@pytest.mark.parametrize("scale", ["reference", "quick"])
def test_no_image_is_seen_twice(scale: str) -> None:
    settings = configuring.plain_settings(NAME, scale)
    assert settings["updates"] * settings["batch"] <= settings["images"]


def test_gains_share_their_random_numbers(embedded: Mnist) -> None:
    network, larger_network = (
        method.make_network(small(), task(embedded), method.Arm("five", gain, "unit"))
        for gain in ("one", "five_quarters")
    )
    pairs = [*zip(network.parameters(), larger_network.parameters(), strict=True)]
    factors = [1.25] * (len(pairs) - 2) + [1.0] * 2  # the last layer's weights and biases
    for factor, (parameter, larger_parameter) in zip(factors, pairs, strict=True):
        torch.testing.assert_close(factor * parameter, larger_parameter, rtol=1e-6, atol=0)


# What is read of a training ----------------------------------------------------------------------


def test_the_loss_in_the_end_is_a_mean_over_the_last_updates() -> None:
    config = small(tail=2)
    assert method.final_loss(config, History([9.0, 3.0, 1.0], {})) == 2.0


def planted(config: method.Config, **losses: float) -> dict[method.Arm, float]:
    return {arm: losses.get(arm.key, 1.0) for arm in method.arms(config)}


def test_pixels_are_standardised_or_from_nothing_to_one(embedded: Mnist) -> None:
    inputs = method.prepare(small(), embedded)
    images = inputs["standardised"].images
    torch.testing.assert_close(images, embedded.standardised(embedded.train.images)[: len(images)])
    assert inputs["unit"].images.min() == 0
    assert inputs["unit"].images.max() == 1
    assert torch.equal(inputs["unit"].labels, inputs["standardised"].labels)


def test_the_rate_with_the_smallest_loss_is_chosen_with_weights_that_no_draw_has(
    embedded: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small(depths=depths(2, 3, 4, 5, rates=(0.1, 0.2, 0.3)))
    losses = {0.1: 1.0, 0.2: 0.5, 0.3: nan}
    seeds = set()

    def train(_config: object, task: Task, _arm: object, rate: float) -> History:
        seeds.add(task.seed)
        return History([losses[rate]], {})

    monkeypatch.setattr(method, "train_arm", train)
    inputs = method.prepare(config, embedded)
    choice = method.choose(config, inputs)
    assert set(choice["learning_rates"].values()) == {0.2}
    assert seeds == {config.search_seed}
    assert config.search_seed != config.seed
    values = method.measure(config, inputs, 0, choice).values
    assert values["loss.one_at_five"] == 0.5
    assert method.exact(config, inputs, choice)["learning_rate.one_at_five_unit"] == 0.2
    assert seeds == {config.search_seed, config.seed}
    table = method.tables(config, {}, choice)["rates"]
    assert [row["diverged"] for row in table] == [0, 0, 1] * 4 * 4 * 2


def test_each_scale_is_trained_on_its_own_images(
    embedded: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small()
    inputs = method.prepare(config, embedded)

    def train(_config: object, task: Task, _arm: object, _rate: float) -> History:
        return History([float(task.training.images.min())], {})

    choice = method.choose(config, inputs)
    monkeypatch.setattr(method, "train_arm", train)
    values = method.measure(config, inputs, 0, choice).values
    assert values["loss.one_at_five"] == float(inputs["standardised"].images.min())
    assert values["loss.one_at_five_unit"] == 0


def test_grids_are_fine_at_reference_size() -> None:
    settings = configuring.plain_settings(NAME, "reference")
    assert not any(is_coarse(depth["learning_rates"]) for depth in settings["depths"].values())


def test_a_gain_that_diverged_is_a_guess() -> None:
    values = method.quantities(small(), planted(small(), five_thirds_at_hundred=nan), {})
    assert values["loss.five_thirds_at_hundred"] == log(10)
    assert values["learnt.five_thirds_at_hundred"] == 0


def test_the_quantities_are_those_they_are_named_after() -> None:
    config = small()
    losses = planted(
        config,
        five_thirds_at_five=0.5,
        five_thirds_at_fifty=2.0,
        eleven_tenths_at_fifty=0.5,
        five_quarters_at_twenty=0.8,
        five_quarters_at_hundred=1.5,
        five_thirds_at_fifty_unit=3.0,
    )
    angles = {
        arm: 0.01 * index
        for index, arm in enumerate(arm for arm in losses if arm.scale == "standardised")
    }
    values = method.quantities(config, losses, angles)
    assert values["log_ratio.at_five"] == pytest.approx(log(0.5))
    assert values["log_ratio.at_fifty"] == pytest.approx(log(4))
    assert values["log_ratio.at_fifty_unit"] == pytest.approx(log(3))
    assert values["log_ratio.at_five_unit"] == 0
    assert values["spread.at_five"] == 2
    assert values["spread.at_twenty"] == pytest.approx(1 / 0.8)
    assert values["spread.at_fifty"] == 4
    assert values["spread.at_fifty_unit"] == 3
    assert values["flip.five_thirds_from_five_to_fifty"] == pytest.approx(log(2))
    assert values["flip.five_quarters_from_twenty_to_hundred"] == pytest.approx(log(1.25))
    assert values["flip.five_thirds_from_five_to_fifty_unit"] == 0
    assert values["angles_left.eleven_tenths_at_five"] == 0.01


@pytest.mark.parametrize(
    ("loss_of_few", "loss_of_many", "expected"),
    [(1 / 2, 4.0, 2.0), (1 / 4, 2.0, 2.0), (2.0, 4.0, 1 / 2), (1 / 2, 1 / 4, 1 / 4)],
)
def test_an_order_flips_if_each_gain_is_better_at_its_own_depth(
    loss_of_few: float, loss_of_many: float, expected: float
) -> None:
    best = {
        ("few", "l"): loss_of_few,
        ("few", "s"): 1.0,
        ("many", "l"): loss_of_many,
        ("many", "s"): 1.0,
    }
    assert method.flip(best, "l", "s", "few", "many") == pytest.approx(log(expected))


def test_a_network_that_diverges_is_no_crash(embedded: Mnist) -> None:
    config = small(depths=depths(2, 3, 4, 5, rates=(1000.0,)))
    result = catalogue.load(NAME).run(config, embedded, [0])
    assert result.samples["loss.one_at_five"][0] > 0


@pytest.mark.parametrize(
    ("loss", "other_loss", "expected"),
    [(2.0, 1.0, log(2)), (0.0, 1.0, -inf), (1.0, 0.0, inf), (0.0, 0.0, 0.0)],
)
def test_a_loss_may_come_to_nothing(loss: float, other_loss: float, expected: float) -> None:
    assert method.log_ratio(loss, other_loss) == expected


def test_depths_and_gains_of_the_readers_own_are_trained_and_drawn(
    embedded: Mnist, tmp_path: Path
) -> None:
    config = small(
        depths=depths(2, 3, 4, 5) | {"mine": {"layers": 6, "learning_rates": [0.004]}},
        gains=small().gains | {"mine": 1.0000001},
        updates=2,
    )
    result = catalogue.load(NAME).run(config, embedded, range(2))
    assert "loss.mine_at_mine" in result.samples
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    for figure in figures.FIGURES:
        picture = figure(read_run(tmp_path / "run"))
        plt.close(picture)
        words = {word for text in picture.findobj(Text) for word in text.get_text().split()}
        assert "mine" in words


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"batch": 16, "images": 15},
            "experiment.batch=16, images=15: the images do not fill one minibatch",
        ),
        (
            {"compared": 30, "images": 29},
            "experiment.compared=30, images=29: compared must be no more than images",
        ),
        (
            {"tail": 3, "updates": 2},
            "experiment.tail=3, updates=2: tail must be no more than updates",
        ),
        (
            {"depths": {"five": {"layers": 5, "learning_rates": [0.1]}}},
            ("experiment.depths=five: twenty, fifty, hundred must be among them"),
        ),
        (
            {"gains": {"one": 1.0, "five_thirds": 1.5}},
            ("experiment.gains=one, five_thirds: eleven_tenths, five_quarters must be among them"),
        ),
        (
            {"depths": depths(5, 8, 8, 9)},
            (
                "experiment.depths.twenty.layers=8, depths.fifty.layers=8: must differ, since a "
                "curve has one point for each depth"
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


# Angles ------------------------------------------------------------------------------------------


def test_cosines_are_those_of_all_pairs() -> None:
    signals = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    expected = [
        torch.cosine_similarity(signals[i], signals[j], dim=0).item()
        for i, j in combinations(range(4), 2)
    ]
    assert method.cosines(signals).tolist() == pytest.approx(expected, abs=1e-6)


def test_a_rotation_leaves_all_angles_and_noise_leaves_none(embedded: Mnist) -> None:
    images = embedded.train.images[:30]
    turn = nn.Linear(images.shape[1], images.shape[1], bias=False)
    with torch.no_grad():
        turn.weight.copy_(torch.eye(images.shape[1]).flip(0))
    last_layer = nn.Linear(images.shape[1], 10)
    assert method.angles_left(nn.Sequential(turn, last_layer), images) == pytest.approx(1, abs=1e-5)

    class Noise(nn.Module):
        def forward(self, signal: torch.Tensor) -> torch.Tensor:
            return torch.randn(signal.shape, generator=torch.Generator().manual_seed(1))

    assert abs(method.angles_left(nn.Sequential(Noise(), last_layer), images)) < 0.2


def slope(gain: float) -> float:
    """Return the slope at 0 of the map of the cosine, by iterating the recursion of the length."""
    tanh, q = activation("tanh"), 1.0
    for _ in range(2000):
        q = gain**2 * moments.second_moment(tanh, q)
    # E[f'(z)] = E[z f(z)] / q for Gaussian z; by quadrature with numpy's nodes.
    nodes = torch.linspace(-9, 9, 20001, dtype=torch.float64)
    weights = torch.exp(-(nodes**2) / 2)
    mean = (weights / torch.cosh(sqrt(q) * nodes) ** 2).sum() / weights.sum()
    return gain**2 * float(mean) ** 2


@pytest.mark.parametrize("gain", [1.1, 1.25, 5 / 3])
def test_the_depth_scale_is_that_of_the_slope(gain: float) -> None:
    assert claims.depth_scale(gain) == pytest.approx(-1 / log(slope(gain)), rel=1e-3)


def test_the_law_of_the_angles_adds_noise_layer_by_layer() -> None:
    signal, noise = 0.2, 0.0
    for _ in range(7):
        signal, noise = signal * slope(5 / 3), noise * slope(5 / 3) ** 2 + 1 / 50
    law = claims.law_of_angles(5 / 3, layers=7, width=50, deviation=0.2)
    assert law == pytest.approx(signal / sqrt(signal**2 + noise), rel=1e-3)


def test_the_depths_lie_beyond_and_within_six_depth_scales() -> None:
    scale = claims.depth_scale(5 / 3)
    assert scale == pytest.approx(12.1, abs=0.05)
    assert 50 < 6 * scale < 100
    assert claims.depth_scale(1.1) == pytest.approx(200, abs=0.5)


def test_what_is_left_of_the_angles_sinks_below_the_noise_as_the_chapter_says() -> None:
    law = [claims.law_of_angles(5 / 3, layers, 128) for layers in range(100)]
    over_noise = [r / sqrt(1 - r**2) if r < 1 else inf for r in law]
    assert over_noise[2] > 1 > over_noise[3]
    assert over_noise[23] > 0.1 > over_noise[24]


@pytest.mark.mnist
def test_the_cosines_of_the_images_scatter_as_the_law_takes_for_granted(
    data_set: Callable[[str], Mnist],
) -> None:
    config = configuring.plain_settings(NAME, "reference")
    mnist = data_set("mnist")
    cosines = method.cosines(mnist.standardised(mnist.train.first(config["compared"]).images))
    assert round(cosines.std().item(), 2) == 0.16
    assert round(cosines.mean().item(), 1) == 0.3


def test_the_example_by_hand() -> None:
    a, n, s = 1 / 2, 3, 1 / 2
    noise = (1 + a**2) / n
    assert noise == pytest.approx(5 / 12)
    assert s * a**2 / sqrt((s * a**2) ** 2 + noise) == pytest.approx(sqrt(3 / 83))


def angles_at_fifty() -> float:
    a = slope(5 / 3)
    noise = (1 - a**98) / (1 - a**2) / 128
    return 0.16 * a**49 / sqrt((0.16 * a**49) ** 2 + noise)


PREDICTIONS = pytest.approx(
    {
        "tanh-gain-depth-crossover": None,
        "tanh-gain-fifty-layers": None,
        "tanh-gain-hundred-layers": None,
        "tanh-gain-hundred-layers-near-one": None,
        "tanh-gain-hardly-matters-shallow": None,
        "tanh-gain-matters-little-at-twenty": None,
        "tanh-five-thirds-loses-angles": angles_at_fifty(),
    },
    rel=0.01,
)
