from dataclasses import asdict
from functools import partial
from math import log
from pathlib import Path

import pytest
import torch
from matplotlib import pyplot as plt
from torch.nn import functional

from study import catalogue
from study.errors import StudyError
from study.experiments.notes.first_loss_scale import claims, figures, method
from study.lab.inits import random_generator, standard_normal
from study.lab.mnist import Mnist, Split
from study.record.results import read_run, write_run
from tests.configs import small_config

NAME = "first_loss_scale"
PREDICTIONS = pytest.approx(
    {
        "first-loss-small-last-layer": log(10) + 0.01 * 0.45 - 0.01**2 / 4 * 0.09,
        "first-loss-unit-last-layer": 1,
        "first-loss-four-times": 1,
        "first-loss-unscaled": 1,
        "share-bias-first-loss": 1,
        "share-bias-spares-first-updates": None,
        "share-bias-no-end": None,
        "unscaled-last-layer-costs": None,
        "zero-last-layer-costs-nothing": None,
    },
    abs=1e-6,
)

small = partial(small_config, NAME, "brief", images=20, networks=3, common=60, training_images=64)


def test_the_numbers_of_the_statements() -> None:
    assert claims.excess(1.0) == pytest.approx(0.43, abs=0.005)
    assert claims.excess(16.0) == pytest.approx(4.2, abs=0.005)
    assert claims.excess(128.0) + log(10) == pytest.approx(17.5, abs=0.05)
    assert claims.second_order_over_law(16.0) * claims.excess(16.0) == pytest.approx(7.2)


def test_skewed_images_are_so_many_of_each_digit() -> None:
    labels = torch.arange(10).repeat(5)
    split = Split(torch.arange(50.0)[:, None], labels)
    skewed = method.skewed_split(split, common=4, rare=2)
    assert torch.bincount(skewed.labels).tolist() == [4, *[2] * 9]
    assert skewed.images[:4, 0].tolist() == [0, 10, 20, 30]
    message = "experiment.common=6: there are only 5 of the digit 0"
    with pytest.raises(StudyError, match=f"^{message}$"):
        method.skewed_split(split, common=6, rare=1)


def test_biases_of_shares_give_each_class_its_share() -> None:
    labels = torch.tensor([0] * 11 + list(range(1, 10)))
    shares = method.share_biases(labels).softmax(0)
    torch.testing.assert_close(shares, torch.tensor([0.55, *[0.05] * 9]))


def test_a_first_loss_is_that_of_torch_over_its_law(embedded: Mnist) -> None:
    config = small(networks=1)
    inputs = method.prepare(config, embedded)
    values = method.first_losses(config, inputs, 0)
    split = inputs.measured["balanced"]
    first, last = (
        standard_normal(shape, random_generator(config.seed, 0, layer), torch.device("cpu"))
        for layer, shape in ((1, (config.hidden, 784)), (2, (10, config.hidden)))
    )
    hidden = (split.images @ first.T * (2 / 784) ** 0.5).relu()
    logits = 4 * hidden @ last.T / config.hidden**0.5
    loss = functional.cross_entropy(logits, split.labels).item()
    assert values["first_loss.four"] == pytest.approx(loss, rel=1e-5)
    variances = 16 * hidden.square().mean(dim=1)
    law = sum(claims.excess(v) for v in variances.tolist()) / len(variances)
    assert values["excess_over_law.four"] == pytest.approx((loss - log(10)) / law, rel=2e-3)
    assert values["first_loss.none"] == pytest.approx(log(10))
    assert "excess_over_law.none" not in values


def test_a_small_last_layer_with_shares_starts_at_their_entropy(embedded: Mnist) -> None:
    config = small(**{"starts.skewed_shares.last_variance": 0.0})
    inputs = method.prepare(config, embedded)
    values = method.first_losses(config, inputs, 0)
    assert values["first_loss_over_entropy.skewed_shares"] == pytest.approx(1, rel=1e-5)
    least = method.exact(config, inputs)["entropy.skewed"]
    shares = [60 / 78, *[2 / 78] * 9]
    assert least == pytest.approx(-sum(share * log(share) for share in shares))


def test_the_best_rate_counts_in_the_end_and_the_first_in_the_beginning() -> None:
    config = small(head=1, tail=1)
    trainings = {"randn": [[3.0, 2.0], [5.0, 1.0]], "unit": [[2.0, 0.5], [2.0, float("nan")]]}
    values = method.of_trainings(config, trainings)
    assert values["last_loss.randn"] == 1.0
    assert values["last_loss.unit"] == 0.5
    assert values["log_last_loss.randn_over_unit"] == pytest.approx(log(2))
    assert values["early_loss_difference.randn_less_unit"] == 1.0


def test_what_is_trained_must_be_a_start() -> None:
    with pytest.raises(StudyError, match=r"trained=mine: choose from none, tenth"):
        small(trained=["mine"])


def test_a_start_of_ones_own_is_measured_and_drawn(embedded: Mnist, tmp_path: Path) -> None:
    mine = {"last_variance": 4.0, "bias": "zeros", "data": "balanced"}
    config = small(starts={"mine": mine}, trained=["mine"])
    result = catalogue.load(NAME).run(config, embedded, [0, 1])
    assert {"first_loss.mine", "excess_over_law.mine", "last_loss.mine"} <= result.samples.keys()
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    for figure in figures.FIGURES:
        plt.close(figure(read_run(tmp_path / "run")))
