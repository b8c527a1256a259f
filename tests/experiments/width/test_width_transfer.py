from dataclasses import asdict
from functools import partial
from pathlib import Path

import pytest
import torch
from matplotlib import pyplot as plt

from study import catalogue
from study.errors import StudyError
from study.experiments.width.width_transfer import figures, method
from study.lab.mnist import Mnist, Split
from study.record.results import read_run, write_run
from tests.configs import small_config

NAME = "width_transfer"
PREDICTIONS = {
    "standard-adam-transfer-costs": None,
}

small = partial(
    small_config,
    NAME,
    draws=2,
    images=40,
    side=2,
    widths=(4, 8),
    batch=5,
    updates=4,
    tail=2,
    descent_rates=(0.1, 0.2, 0.4),
    adam_rates=(0.01, 0.02),
)


def chosen() -> method.Choice:
    return {
        "losses": {},
        "learning_rates": {
            "standard_descent_4": 0.4,
            "standard_descent_8": 0.1,
            "standard_adam_4": 0.01,
            "standard_adam_8": 0.01,
        },
    }


def two_arms() -> method.Config:
    arms = {
        f"standard_{optimiser}": {"rule": "standard", "optimiser": optimiser}
        for optimiser in ("descent", "adam")
    }
    found: method.Config = small(arms=arms)
    return found


def examples() -> Split:
    generator = torch.Generator().manual_seed(0)
    return Split(torch.randn(40, 4, generator=generator), torch.arange(40) % 10)


def test_rates_are_compared_by_doublings_of_the_width() -> None:
    values = method.exact(two_arms(), examples(), chosen())
    assert values["rate_power.standard_descent"] == -2.0
    assert values["rate_power.standard_adam"] == 0.0
    assert values["rates.at_an_edge"] == 4.0


def test_a_price_is_that_of_two_trainings_of_the_widest_network() -> None:
    config, inputs = two_arms(), examples()
    values = method.measure(config, inputs, 0, chosen()).values
    assert values["log2_cost.standard_adam"] == 0.0
    assert values["log2_cost.standard_descent"] != 0.0
    wide = method.Place("standard_descent", 8)
    own = method.last_loss(config, inputs, wide, 0.1, config.seed, 0)
    assert values["own_loss.standard_descent"] == pytest.approx(own)


def test_rules_are_compared_where_both_are_there() -> None:
    losses = {"transferred_loss.maximal_adam": 0.5, "transferred_loss.standard_adam": 2.0}
    losses["transferred_loss.maximal_descent"] = 1.0
    assert method.over_standard(losses) == {"log2_over_standard.maximal_adam": -2.0}


def test_a_training_that_diverges_has_the_cap() -> None:
    config = two_arms()
    place = method.Place("standard_descent", 8)
    assert method.last_loss(config, examples(), place, 1e6, config.seed, 0) == config.cap


def test_the_least_mean_loss_over_other_draws_is_chosen() -> None:
    choice = method.choose(two_arms(), examples())
    for key, losses in choice["losses"].items():
        assert losses[str(choice["learning_rates"][key])] == min(losses.values())
    assert {*choice["losses"]} == {*chosen()["learning_rates"]}


def test_an_arm_of_ones_own_is_trained_and_drawn(embedded: Mnist, tmp_path: Path) -> None:
    mine = {"rule": "maximal", "optimiser": "adam"}
    config = small(arms={"mine": mine})
    result = catalogue.load(NAME).run(config, embedded, [0, 1])
    assert "log2_cost.mine" in result.samples
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    for figure in figures.FIGURES:
        plt.close(figure(read_run(tmp_path / "run")))


def test_a_loss_is_taken_over_updates_that_are_made() -> None:
    with pytest.raises(StudyError, match="tail=9, updates=4: tail must be no more than updates"):
        small(tail=9)
