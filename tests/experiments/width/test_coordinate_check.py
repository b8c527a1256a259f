from dataclasses import asdict
from functools import partial
from pathlib import Path

import pytest
import torch
from matplotlib import pyplot as plt

from study import catalogue
from study.errors import StudyError
from study.experiments.width import networks
from study.experiments.width.coordinate_check import figures, method
from study.lab.inits import random_generator, standard_normal
from study.lab.mnist import Mnist
from study.record.results import read_run, write_run
from tests.configs import small_config

NAME = "coordinate_check"
PREDICTIONS = pytest.approx(
    {
        "standard-descent-moves-first": -0.5,
        "standard-descent-moves-hidden": 0.5,
        "standard-descent-moves-last": 1.0,
        "standard-adam-moves-hidden": 1.0,
        "standard-adam-moves-last": 1.5,
        "maximal-descent-moves-first": 0.0,
        "maximal-descent-moves-hidden": 0.0,
        "maximal-descent-moves-last": 0.0,
        "maximal-adam-moves-hidden": 0.0,
        "maximal-adam-moves-last": 0.0,
        "maximal-descent-moves-hidden-later": 0.0,
        "maximal-adam-moves-hidden-later": 0.0,
    }
)

small = partial(small_config, NAME, draws=2, images=3, widths=(4, 8), base=4, updates=(1, 2))


def pair(width: int) -> dict[str, torch.nn.Sequential]:
    return {
        rule: networks.make_network(5, 2, width, 10, rule, base=4, seed=1, draw=0)
        for rule in ("standard", "maximal")
    }


def test_rules_agree_at_the_base_width_and_differ_in_the_last_layer_elsewhere() -> None:
    same, wide = pair(4), pair(16)
    for one, other in zip(same["standard"].parameters(), same["maximal"].parameters(), strict=True):
        assert torch.equal(one, other)
    wide_weights = [[layer.weight for _, layer in networks.places(one)] for one in wide.values()]
    first, hidden, last = (
        maximal / standard for standard, maximal in zip(*wide_weights, strict=True)
    )
    for ratio, expected in ((first, 1.0), (hidden, 1.0), (last, 0.5)):
        torch.testing.assert_close(ratio, torch.full_like(ratio, expected))


def test_rates_are_those_of_the_rule() -> None:
    network = pair(16)["maximal"]
    rates = {
        optimiser: [
            group["lr"]
            for group in networks.make_optimiser(
                network, optimiser, "maximal", 0.5, width=16, base=4
            ).param_groups
        ]
        for optimiser in ("descent", "adam")
    }
    assert rates == {"descent": [2.0, 0.5, 0.125], "adam": [0.5, 0.125, 0.125]}


def test_a_move_is_that_of_an_update_by_hand() -> None:
    config = small()
    images = torch.randn(3, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    arm = config.arms["standard_descent"]
    found = method.moved(config, arm, images, 8, draw=0)
    network = networks.make_network(
        5, 2, 8, 10, "standard", base=4, seed=config.seed, draw=0
    ).double()
    assert [kind for kind, _ in networks.places(network)] == ["first", "hidden", "last"]
    weights = [layer.weight for _, layer in networks.places(network)]
    generator = random_generator(config.seed, 0, 4)
    outputs = standard_normal((3, 10), generator, torch.device("cpu")).double()
    before = network(images)
    gradients = torch.autograd.grad(before, weights, outputs)
    step = images @ gradients[0].T * arm.learning_rate
    assert found["first", 1] == pytest.approx(step.square().mean().sqrt().item(), rel=1e-5)
    with torch.no_grad():
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.sub_(arm.learning_rate * gradient)
    change = (network(images) - before).square().mean().sqrt().item()
    assert found["last", 1] == pytest.approx(change, rel=1e-5)
    with torch.no_grad():
        weights[-1].add_(arm.learning_rate * gradients[-1])  # as it started
    change = (network(images) - before).square().mean().sqrt().item()
    assert found["through", 1] == pytest.approx(change, rel=1e-5)


def test_images_are_averaged_over_squares() -> None:
    image = torch.tensor([[1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0], [0.0] * 4, [0.0] * 4])
    assert networks.averaged_down(image.reshape(1, 16), 2).tolist() == [[2.0, 0.0, 0.0, 0.0]]


def test_an_arm_of_ones_own_is_measured_and_drawn(embedded: Mnist, tmp_path: Path) -> None:
    mine = {"rule": "standard", "optimiser": "adam", "learning_rate": 1e-6}
    config = small(arms={"mine": mine})
    result = catalogue.load(NAME).run(config, embedded, [0, 1])
    assert "power.mine_last_2" in result.samples
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    for figure in figures.FIGURES:
        plt.close(figure(read_run(tmp_path / "run")))


def test_widths_ascend() -> None:
    with pytest.raises(StudyError, match="widths"):
        small(widths=(8, 4))
