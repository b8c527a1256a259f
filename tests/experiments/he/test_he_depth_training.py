from dataclasses import replace
from functools import partial
from math import exp, isfinite, log, log2, sqrt
from statistics import linear_regression
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.he.he_depth_training import claims, figures, method
from study.lab.classification import Splits
from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.training import History, Schedule, minibatches
from study.record.draws import Draw
from study.record.estimates import rate
from tests.configs import small_config

NAME = "he_depth_training"


COURSE = {"updates": 20, "evaluate_at": [0, 10, 20], "early": 10}
COURSES = {"twenty_two": 5, "thirty": 7, "thirty_slower": 7}
DOUBLINGS = ("xavier_doublings", "xavier_unbiased_doublings")
LADDERS = {
    **dict.fromkeys(("he", "xavier", "he_unbiased", "xavier_unbiased"), (3, 5)),
    **dict.fromkeys(DOUBLINGS, (2, 4, 8)),
}
small = partial(
    small_config,
    NAME,
    draws=2,
    width=24,
    **{f"courses.{name}": COURSE | {"depth": depth} for name, depth in COURSES.items()},
    **{
        f"ladders.{name}": {"depths": depths, "updates": 20, "growth_through": depths[-1]}
        for name, depths in LADDERS.items()
    },
    **{f"ladders.{name}": {"depths": [7], "updates": 20} for name in ("he_rates", "xavier_rates")},
)


def images(mnist: Mnist) -> torch.Tensor:
    return mnist.standardised(mnist.train.first(64).images)


def started(config: method.Config, arm: str, depth: int, mnist: Mnist) -> nn.Sequential:
    return method.make_network(config, config.arms[arm], depth, 0, images(mnist))


def linear(network: nn.Module) -> list[nn.Linear]:
    return [layer for layer in network.modules() if isinstance(layer, nn.Linear)]


# Networks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("arm", "variance"), [("he", 2.0), ("xavier", 1.0)])
def test_the_weights_have_their_variance_over_fan_in(
    embedded: Mnist, arm: str, variance: float
) -> None:
    layers = linear(started(small(width=200), arm, 4, embedded))
    assert len(layers) == 4
    for layer in layers[:3]:
        assert layer.weight.var().item() * layer.in_features == pytest.approx(variance, rel=0.05)
    assert all(layer.bias.count_nonzero() == 0 for layer in layers)


def test_both_starts_share_their_random_numbers(embedded: Mnist) -> None:
    he, xavier = (linear(started(small(), arm, 6, embedded)) for arm in ("he", "xavier"))
    for he_layer, xavier_layer in zip(he, xavier, strict=True):
        torch.testing.assert_close(
            he_layer.weight, sqrt(2) * xavier_layer.weight, rtol=1e-6, atol=0
        )


def test_frozen_biases_stay_zero_and_others_do_not(embedded: Mnist) -> None:
    config, split = small(), embedded.train.first(64)
    for arm, has_gradient in (("xavier_unbiased", False), ("xavier", True)):
        network = started(config, arm, 4, embedded)
        loss = F.cross_entropy(network(images(embedded)), split.labels)
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types for it
        assert (linear(network)[-1].bias.grad is not None) is has_gradient


def test_scaled_layers_have_unit_variance_from_either_start(embedded: Mnist) -> None:
    config, inputs = small(), images(embedded)
    from_xavier, from_he = (
        method.make_network(
            config, method.Arm(variance, biases=True, unit_variance=True), 12, 0, inputs
        )
        for variance in (1.0, 2.0)
    )
    signal = inputs[: config.batch]
    for layer in from_xavier:
        signal = layer(signal)
        if isinstance(layer, nn.Linear):
            assert signal.std().item() == pytest.approx(1.0, rel=1e-4)
    torch.testing.assert_close(from_xavier(inputs), from_he(inputs), rtol=1e-3, atol=1e-4)


# Training ----------------------------------------------------------------------------------------


def test_a_training_is_the_loop_that_one_would_write(embedded: Mnist) -> None:
    config = small()
    split = embedded.train.first(config.images)
    split = Split(embedded.standardised(split.images), split.labels)
    inputs = Splits(split, split.first(100), split)
    schedule = Schedule(config.batch, 5, (5,))
    course = method.train_job(config, inputs, 1, ("he", 4, 0.01), schedule)
    network = method.make_network(config, config.arms["he"], 4, 1, split.images)
    rule = torch.optim.SGD(network.parameters(), lr=0.01, momentum=config.momentum)
    batches = minibatches(config.images, config.batch, 5, random_generator(config.seed, 1, 0))
    for index, batch in enumerate(batches):
        rule.zero_grad()
        loss = F.cross_entropy(network(split.images[batch]), split.labels[batch])
        assert loss.item() == pytest.approx(course.losses[index], rel=1e-6)
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types for it
        rule.step()
    misses = network(split.images[:100]).argmax(dim=1) != split.labels[:100]
    assert course.metrics[5]["error"] == pytest.approx(misses.double().mean().item())


def test_a_network_is_trained_once_for_all_that_is_read_of_it() -> None:
    config = configuring.checked(method.Config, configuring.plain_settings(NAME, "reference"))
    jobs = method.jobs(config)
    assert jobs["xavier", 30, 0.01].updates == config.courses["thirty"].updates
    assert jobs["xavier", 30, 0.01].evaluate_at == config.courses["thirty"].evaluate_at
    assert jobs["xavier", 34, 0.01].evaluate_at == ()
    for ladder in config.ladders.values():
        for course in config.courses.values():
            if ladder.arm in course.arms and course.learning_rate in ladder.learning_rates:
                # Else a ladder would count fewer updates at this depth than at others.
                assert course.depth not in ladder.depths or course.updates >= ladder.updates


def test_a_network_of_two_ladders_is_trained_as_long_as_either_asks() -> None:
    for first, second in ((7, 9), (9, 7)):
        changes = {"ladders.xavier.updates": first, "ladders.xavier_doublings.updates": second}
        settings = configuring.with_overrides(configuring.plain_settings(NAME, "quick"), changes)
        jobs = method.jobs(configuring.checked(method.Config, settings))
        assert jobs["xavier", 16, 0.012].updates == 9


def histories(config: method.Config, updates: int) -> dict[method.Job, History]:
    losses = [3.0] * (updates - 1) + [1.0] * 200
    return {
        job: History(losses, {update: {"error": 0.45} for update in schedule.evaluate_at})
        for job, schedule in method.jobs(config).items()
    }


def test_what_misses_the_target_counts_as_all_updates() -> None:
    config = small(window=1)
    counts_of_seven, counts_of_thirty = (
        method.counted(config, "he", histories(config, updates)) for updates in (7, 30)
    )
    assert set(counts_of_seven.values()) == {7}
    assert set(counts_of_thirty.values()) == {20}
    diverged_histories = {
        job: History([float("nan")] * 20, course.metrics)
        for job, course in histories(config, 7).items()
    }
    counts = method.counted(config, "he", diverged_histories)
    assert set(counts.values()) == {20}


def test_what_is_read_of_the_updates() -> None:
    config = small()
    updates = {
        name: {
            (depth, rate): (100 if "xavier" in name else 10) * depth
            for depth in ladder.depths
            for rate in ladder.learning_rates
        }
        for name, ladder in config.ladders.items()
    }
    values = method.in_updates(config, updates)
    assert values["log2_xavier_over_he.twenty_two"] == pytest.approx(log2(10))
    assert values["log2_xavier_over_he.best_rate"] == pytest.approx(log2(10))
    assert values["log2_without_over_with_biases.xavier"] == 0.0
    assert values["log_growth.xavier"] == pytest.approx(log(5 / 3) / 2)


def test_the_growth_is_that_of_an_independent_fit() -> None:
    config = small()
    depths = [10, 14, 18, 22, 26, 30]
    counts = [61.0, 136.6, 208.4, 328.0, 457.0, 642.6]
    ladder = method.Ladder("xavier", tuple(depths), (0.012,), 5000, 30)
    config = replace(config, ladders=config.ladders | {"measured": ladder})
    updates: dict[str, dict[tuple[int, float], float]] = {
        name: {(depth, rate): 10.0 for depth in steps.depths for rate in steps.learning_rates}
        for name, steps in config.ladders.items()
    }
    updates["measured"] = {
        (depth, 0.012): count for depth, count in zip(depths, counts, strict=True)
    }
    values = method.in_updates(config, updates)
    residuals = []
    for key, x in (("log_growth", np.array(depths)), ("log_log_growth", np.log(depths))):
        slope, intercept = np.polyfit(x, np.log(counts), 1)
        assert values[f"{key}.measured"] == pytest.approx(slope, rel=1e-9)
        residual = np.log(counts) - slope * x - intercept
        residuals.append(float(np.sqrt(np.mean(residual**2))))
    expected = log2(residuals[0] / residuals[1])
    assert values["log2_exponential_over_power_misfit.measured"] == pytest.approx(
        expected, rel=1e-6
    )
    assert values["log_log_growth.measured"] == pytest.approx(2.10, abs=0.005)
    assert residuals == pytest.approx([0.132, 0.036], abs=5e-4)
    assert values["log2_exponential_over_power_misfit.he"] == 0.0  # where nothing grows


def test_two_doublings_tell_a_power_from_an_exponential() -> None:
    ladder = ("xavier_doublings", "xavier_unbiased_doublings")
    config = small()
    updates = {
        name: {
            (depth, rate): 3.0 * depth**2 if name == ladder[0] else exp(depth / 4)
            for depth in steps.depths
            for rate in steps.learning_rates
        }
        for name, steps in config.ladders.items()
    }
    values = method.in_updates(config, updates)
    assert values[f"second_doubling_over_first.{ladder[0]}"] == pytest.approx(1.0)
    assert values[f"second_doubling_over_first.{ladder[1]}"] == pytest.approx(2.0)
    assert method.second_over_first([20.0, 20.0, 30.0]) == 0.0


def test_half_an_error_of_a_guess_is_half_learnt() -> None:
    config = small()
    values = method.learnt(config, histories(config, 7))
    assert all(values[key] == pytest.approx(0.5) for key in values if key.startswith("learnt"))


def test_a_network_that_guesses_early_has_learnt_nothing() -> None:
    config = small()
    trainings = {
        (arm, depth, rate): History(
            course.losses,
            {update: {"error": 0.89 if arm == "xavier" else 0.8} for update in course.metrics},
        )
        for (arm, depth, rate), course in histories(config, 7).items()
    }
    values = method.learnt(config, trainings)
    assert values["rate.nothing_learnt_early.xavier_thirty"] == 1
    assert values["rate.nothing_learnt_early.he_thirty"] == 0


def test_all_of_the_draws_make_a_rate_of_more_than_half() -> None:
    for scales in ((), ("quick",)):
        draws = configuring.plain_settings(NAME, *scales)["draws"]
        assert rate([1.0] * draws).low > 0.5
    assert rate([1.0] * 6).low < 0.5


def test_tables_have_a_row_for_every_network(embedded: Mnist) -> None:
    config = small()
    result = catalogue.load(NAME).run(config, embedded, [0, 1])
    assert all(isfinite(number) for numbers in result.samples.values() for number in numbers)
    rows = {(row["ladder"], row["depth"], row["learning_rate"]) for row in result.tables["updates"]}
    assert ("xavier", 5, 0.012) in rows
    assert ("he_rates", 7, 0.02) in rows
    for row in result.tables["updates"]:
        assert 0 <= float(row["success"]) <= 1
        assert 0 <= int(row["censored"]) <= 2


def test_a_row_counts_the_draws_of_its_network() -> None:
    config = small(budget=10)
    draws = {
        index: Draw({}, {"updates": method.update_rows({"he": {(3, 0.012): count}})})
        for index, count in enumerate((5.0, 10.0, 20.0, 20.0))
    }
    (row,) = method.by_depth(config, draws)
    assert (row["mean"], row["censored"], row["success"]) == (13.75, 2, 0.5)
    assert row["success_half_width"] == rate([1.0, 1.0, 0.0, 0.0]).half_width


# What is refused ---------------------------------------------------------------------------------

QUICK = configuring.plain_settings(NAME, "quick")


def refused(settings: dict[str, Any]) -> str:
    with pytest.raises(StudyError) as error:
        configuring.checked(method.Config, settings)
    return str(error.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"batch": 4001},
            "experiment.batch=4001, images=4000: the images do not fill one minibatch",
        ),
        (
            {"courses.thirty.evaluate_at": [0, 100, 15]},
            "experiment.courses.thirty.evaluate_at=[0, 100, 15]: must ascend",
        ),
        (
            {"courses.thirty.updates": 100},
            (
                "experiment.courses.thirty.evaluate_at=[0, 15, 50, 100, 180, 260], updates=100: "
                "none may be after the last"
            ),
        ),
        (
            {"courses.thirty_slower.early": 7},
            (
                "experiment.courses.thirty_slower.early=7, evaluate_at=[0, 25, 100]: "
                "early must be one of evaluate_at"
            ),
        ),
        (
            {"courses.thirty.arms": ["he", "he"]},
            "experiment.courses.thirty.arms=he, he: must all differ",
        ),
        (
            {"courses.thirty.arms": ["he", "hee"]},
            (
                "experiment.courses.thirty.arms=he, hee: "
                "choose from he, xavier, he_unbiased, xavier_unbiased, lsuv"
            ),
        ),
        (
            {"ladders.he_rates.arm": "hee"},
            (
                "experiment.ladders.he_rates.arm=hee: "
                "choose from he, xavier, he_unbiased, xavier_unbiased, lsuv"
            ),
        ),
        (
            {"ladders.he.depths": [4, 4, 8]},
            "experiment.ladders.he.depths=[4, 4, 8]: must ascend",
        ),
        (
            {"ladders.he_rates.learning_rates": [0.1, 0.1]},
            "experiment.ladders.he_rates.learning_rates=[0.1, 0.1]: must all differ",
        ),
        (
            {"ladders.xavier_unbiased.depths": [6, 10, 12]},
            (
                "experiment.ladders.xavier_unbiased.depths=[6, 10, 12], "
                "ladders.xavier.depths=[6, 10, 14, 16]: 12 must be in both"
            ),
        ),
        (
            {"courses.mine": QUICK["courses"]["thirty"] | {"evaluate_at": [0, 15]}},
            (
                "experiment.courses.thirty.evaluate_at=[0, 15, 50, 100, 180, 260], "
                "courses.mine.evaluate_at=[0, 15]: must be the same, as both train he of 14 layers "
                "at one rate"
            ),
        ),
    ],
)
def test_settings_that_are_not_possible_together(changes: Any, message: str) -> None:  # noqa: ANN401 - of settings
    assert refused(configuring.with_overrides(QUICK, changes)) == message


def test_ladders_that_are_compared_are_there() -> None:
    ladders = {name: ladder for name, ladder in QUICK["ladders"].items() if name == "he"}
    assert refused(QUICK | {"ladders": ladders}) == (
        "experiment.ladders=he: xavier, xavier_unbiased, he_rates, xavier_rates must be among them"
    )


def test_a_depth_of_one_start_alone_is_not_compared(embedded: Mnist) -> None:
    settings = configuring.plain_settings(NAME, "quick", "brief")
    changes = {"courses.twenty_two.depth": 16}  # which is among the depths of Xavier's ladder
    config = configuring.checked(method.Config, configuring.with_overrides(settings, changes))
    samples = catalogue.load(NAME).run(config, embedded, [0]).samples
    assert "log2_xavier_over_he.twenty_two" not in samples
    assert "log2_xavier_over_he.thirty" in samples


# The derivation ----------------------------------------------------------------------------------


def test_the_chain_of_the_worked_example() -> None:
    # Four layers, one number each: da/dt = a^3 from a = 1/√2 to 1 takes (2 - 1)/2.
    a, step, time = 1 / sqrt(2), 1e-5, 0.0
    while a < 1:
        a += step * a**3
        time += step
    assert time == pytest.approx(0.5, abs=1e-3)
    assert figures.plateau(4) == pytest.approx(0.5)
    assert figures.plateau(2) == pytest.approx(figures.plateau(2 + 1e-6), rel=1e-5)
    assert figures.plateau(10) == pytest.approx(1.875)
    assert figures.plateau(22) == pytest.approx(51.15)
    assert figures.plateau(30) == pytest.approx(585.1, abs=0.05)


def test_a_chain_of_equal_layers_stays_equal_and_has_the_gradient_of_the_law() -> None:
    start = torch.full((6,), 1 / sqrt(2), dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(start.prod(), start)
    torch.testing.assert_close(gradient, torch.full((6,), 2 ** (-5 / 2), dtype=torch.float64))


def law_of_growth() -> float:
    depths = [10, 14, 18, 22]
    times = [log(figures.plateau(depth)) for depth in depths]
    return linear_regression(depths, times).slope


def test_the_power_that_the_law_comes_to_over_the_depths_with_biases() -> None:
    depths = [10, 14, 18, 22, 26, 30]
    logs = [log(depth) for depth in depths]
    slope = linear_regression(logs, [log(figures.plateau(depth)) for depth in depths]).slope
    assert slope == pytest.approx(5.2, abs=0.05)
    settings = configuring.plain_settings(NAME, "reference")["ladders"]["xavier"]
    assert [d for d in settings["depths"] if d <= settings["growth_through"]] == depths


PREDICTIONS = pytest.approx(
    {
        "he-22-layers-both-converge": None,
        "he-22-layers-he-earlier": None,
        "he-30-layers-xavier-stalls": None,
        "xavier-stalls-at-first": None,
        "he-extremely-deep-trainable": None,
        "plateau-growth-without-biases": round(law_of_growth(), 3),
        "plateau-exponential-without-biases": round(
            method.second_over_first([figures.plateau(depth) for depth in (6, 12, 24)]), 1
        ),
        "plateau-growth-with-biases": 2.1,  # of an earlier run
        "he-no-plateau": None,
        "biases-shorten-the-plateau": None,
        "stall-at-every-rate": None,
        "lsuv-thirty": None,
    },
    rel=1e-9,
)


def test_the_depths_of_the_prediction_are_those_of_the_settings() -> None:
    settings = configuring.plain_settings(NAME, "reference")
    assert settings["ladders"]["xavier_unbiased"]["depths"] == [10, 14, 18, 22]
    assert settings["ladders"]["xavier_unbiased_doublings"]["depths"] == [6, 12, 24]
    assert settings["courses"]["twenty_two"]["depth"] == 22
    assert settings["courses"]["thirty"]["depth"] == 30
    quick = configuring.plain_settings(NAME, "quick")["courses"]
    depths = quick["twenty_two"]["depth"], quick["thirty"]["depth"]
    assert f"{depths[0]} and {depths[1]} layers" in claims.DENSE
