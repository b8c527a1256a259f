from dataclasses import replace
from functools import partial
from math import exp, isfinite, log, log2, sqrt
from statistics import linear_regression
from typing import Any, Literal

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.he.he_depth_training import claims, figures, method
from study.lab.classification import Splits, Task
from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.training import History, Schedule, minibatches
from study.record.draws import Draw
from study.record.estimates import rate
from tests.configs import small_config

NAME = "he_depth_training"


COURSE = {"updates": 20, "evaluate_at": [0, 10, 20], "early": 10}
COURSES = {"twenty_two": 5, "thirty": 7, "thirty_unit": 7, "thirty_slower": 7}
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
    **{
        f"ladders.{name}": {"depths": [7], "updates": 20}
        for pair in method.RATE_PAIRS.values()
        for name in pair
    },
)


def images(mnist: Mnist) -> torch.Tensor:
    return mnist.standardised(mnist.train.first(64).images)


def task(config: method.Config, mnist: Mnist) -> Task:
    return Task(Split(images(mnist), mnist.train.first(64).labels), config.seed, 0)


def started(config: method.Config, arm: str, depth: int, mnist: Mnist) -> nn.Sequential:
    return method.make_network(config, config.arms[arm], depth, task(config, mnist))


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
            config,
            method.Arm(variance, biases=True, unit_variance=True),
            12,
            task(config, embedded),
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


@pytest.mark.parametrize("optimiser", ["momentum", "adam"])
@pytest.mark.parametrize("network", [0, 1])
def test_a_training_is_the_loop_that_one_would_write(
    embedded: Mnist, optimiser: Literal["momentum", "adam"], network: int
) -> None:
    config = small()
    split = embedded.train.first(config.images)
    split = Split(embedded.standardised(split.images), split.labels)
    inputs = Splits(split, split.first(100), split)
    schedule = Schedule(config.batch, 5, (5,))
    job = method.Job("he", 4, 0.01, optimiser, network=network)
    course = method.train_job(config, inputs, 23, 1, job, schedule)
    draw = (1, 100_001)[network]
    trained = method.make_network(config, config.arms["he"], 4, Task(split, 23, draw))
    rule = (
        torch.optim.SGD(trained.parameters(), lr=0.01, momentum=config.momentum)
        if optimiser == "momentum"
        else torch.optim.Adam(trained.parameters(), lr=0.01)
    )
    batches = minibatches(config.images, config.batch, 5, random_generator(23, draw, 0))
    for index, batch in enumerate(batches):
        rule.zero_grad()
        loss = F.cross_entropy(trained(split.images[batch]), split.labels[batch])
        assert loss.item() == pytest.approx(course.losses[index], rel=1e-6)
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types for it
        rule.step()
    misses = trained(split.images[:100]).argmax(dim=1) != split.labels[:100]
    assert course.metrics[5]["error"] == pytest.approx(misses.double().mean().item())


def test_the_images_are_there_at_both_scales(embedded: Mnist) -> None:
    config = small()
    inputs = method.prepare(config, embedded)
    for part in ("training", "validation"):
        standardised, unit = (getattr(inputs[scale], part) for scale in ("standardised", "unit"))
        assert torch.equal(standardised.labels, unit.labels)
        assert (unit.images.min().item(), unit.images.max().item()) == (0.0, 1.0)
        scale, shift = np.polyfit(unit.images[0].numpy(), standardised.images[0].numpy(), 1)
        pixels = unit.images * scale + shift
        torch.testing.assert_close(pixels.float(), standardised.images, rtol=1e-4, atol=1e-4)
        assert scale == pytest.approx(1 / 0.3081, rel=0.03)
        assert -shift / scale == pytest.approx(0.1307, rel=0.05)


def first_rates(config: method.Config) -> dict[str, float]:
    return {name: ladder.learning_rates[0] for name, ladder in config.ladders.items()}


def test_a_network_is_trained_once_for_all_that_is_read_of_it() -> None:
    config = configuring.checked(method.Config, configuring.plain_settings(NAME, "reference"))
    jobs = method.jobs(config, first_rates(config) | {"xavier_rates": 0.01})
    job = method.Job("xavier", 30, 0.01)
    assert jobs[job].updates == config.courses["thirty"].updates
    assert jobs[job].evaluate_at == config.courses["thirty"].evaluate_at
    assert jobs[job._replace(depth=26)].evaluate_at == ()
    assert jobs[job._replace(images="unit")].evaluate_at == jobs[job].evaluate_at
    assert {job.network for job in jobs if job.optimiser == "adam"} == {0, 1, 2, 3}
    for ladder in config.ladders.values():
        for course in config.courses.values():
            if ladder.arm in course.arms and course.learning_rate in ladder.learning_rates:
                # Else a ladder would count fewer updates at this depth than at others.
                assert course.depth not in ladder.depths or course.updates >= ladder.updates


def test_a_network_of_two_ladders_is_trained_as_long_as_either_asks() -> None:
    for first, second in ((7, 9), (9, 7)):
        changes = {"ladders.xavier.updates": first, "ladders.xavier_doublings.updates": second}
        settings = configuring.with_overrides(configuring.plain_settings(NAME, "quick"), changes)
        config = configuring.checked(method.Config, settings)
        jobs = method.jobs(config, first_rates(config))
        assert jobs[method.Job("xavier", 16, 0.012)].updates == 9


def histories(config: method.Config, updates: int) -> dict[method.Job, History]:
    losses = [3.0] * (updates - 1) + [1.0] * 200
    return {
        job: History(losses, {update: {"error": 0.45} for update in schedule.evaluate_at})
        for job, schedule in method.jobs(config, first_rates(config)).items()
    }


def test_what_misses_the_target_counts_as_all_updates() -> None:
    config = small(window=1)
    counts_of_seven, counts_of_thirty = (
        method.counted(config, "he", 0.012, histories(config, updates)) for updates in (7, 30)
    )
    assert set(counts_of_seven.values()) == {7}
    assert set(counts_of_thirty.values()) == {20}
    diverged_histories = {
        job: History([float("nan")] * 20, course.metrics)
        for job, course in histories(config, 7).items()
    }
    counts = method.counted(config, "he", 0.012, diverged_histories)
    assert set(counts.values()) == {20}


def test_networks_of_one_draw_count_by_their_mean() -> None:
    names = method.RATE_PAIRS["best_rate_adam"]
    config = small(window=1, **{f"ladders.{name}.networks": 3 for name in names})
    rate = config.ladders["he_rates_adam"].learning_rates[0]
    trainings = {
        job: History([3.0] * (15 if job.network == 0 else 3) + [1.0] * 20, {})
        for job in method.jobs(config, first_rates(config))
        if job.optimiser == "adam"
    }
    assert {job.network for job in trainings} == {0, 1, 2}
    assert method.counted(config, "he_rates_adam", rate, trainings) == {7: 8.0}  # 16, 4 and 4


def test_the_rate_of_the_search_is_that_of_the_fewest_updates(embedded: Mnist) -> None:
    pairs = {
        f"ladders.{name}.{field}": value
        for pair in method.RATE_PAIRS.values()
        for name in pair
        for field, value in {"learning_rates": [1e-6, 0.02], "depths": [2], "updates": 30}.items()
    }
    config = small(**pairs, search={"seed": 3, "draws": 2})
    inputs = method.prepare(config, embedded)
    choice = method.choose(config, inputs)
    assert choice["updates"]["he_rates"]["1e-06"] == [30.0, 30.0]
    assert max(choice["updates"]["he_rates"]["0.02"]) < 30
    assert choice["learning_rates"]["he_rates"] == 0.02
    assert choice["learning_rates"]["he"] == 0.012
    assert "he" not in choice["updates"]
    exact = method.exact(config, inputs, choice)
    assert exact["learning_rate.he_rates"] == 0.02
    assert exact["at_an_edge.he_rates"] == 1.0
    assert "learning_rate.he" not in exact


def test_a_rate_within_its_grid_is_at_no_edge(embedded: Mnist) -> None:
    config = small(**{"ladders.he_rates.learning_rates": [0.01, 0.02, 0.04]})
    rates = first_rates(config) | {"he_rates": 0.02}
    choice = method.Choice(updates={}, learning_rates=rates)
    exact = method.exact(config, method.prepare(config, embedded), choice)
    assert exact["at_an_edge.he_rates"] == 0.0


def test_what_is_read_of_the_updates() -> None:
    config = small()
    updates = {
        name: {depth: (100.0 if "xavier" in name else 10.0) * depth for depth in ladder.depths}
        for name, ladder in config.ladders.items()
    }
    updates["xavier_rates_adam"] = {7: 140.0}
    values = method.in_updates(config, updates)
    assert values["log2_xavier_over_he.twenty_two"] == pytest.approx(log2(10))
    assert values["log2_xavier_over_he.best_rate"] == pytest.approx(log2(10))
    assert values["log2_xavier_over_he.best_rate_adam"] == pytest.approx(1.0)
    assert values["updates.xavier_rates_adam"] == 140.0
    assert values["log2_without_over_with_biases.xavier"] == 0.0
    assert values["log_growth.xavier"] == pytest.approx(log(5 / 3) / 2)


def test_the_growth_is_that_of_an_independent_fit() -> None:
    config = small()
    depths = [10, 14, 18, 22, 26, 30]
    counts = [61.0, 136.6, 208.4, 328.0, 457.0, 642.6]
    ladder = method.Ladder("xavier", tuple(depths), "momentum", (0.012,), 1, 5000, 30)
    config = replace(config, ladders=config.ladders | {"measured": ladder})
    updates = {name: dict.fromkeys(steps.depths, 10.0) for name, steps in config.ladders.items()}
    updates["measured"] = dict(zip(depths, counts, strict=True))
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
            depth: 3.0 * depth**2 if name == ladder[0] else exp(depth / 4) for depth in steps.depths
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
        job: History(
            course.losses,
            {update: {"error": 0.89 if job.arm == "xavier" else 0.8} for update in course.metrics},
        )
        for job, course in histories(config, 7).items()
    }
    values = method.learnt(config, trainings)
    assert values["rate.nothing_learnt_early.xavier_thirty_unit"] == 1
    assert values["rate.nothing_learnt_early.xavier_thirty"] == 1
    assert values["rate.nothing_learnt_early.he_thirty"] == 0


def test_all_of_the_draws_make_a_rate_of_more_than_half() -> None:
    for scales in ((), ("control",)):
        draws = configuring.plain_settings(NAME, *scales)["draws"]
        assert rate([1.0] * draws).low > 0.5
    assert rate([1.0] * 6).low < 0.5


def test_tables_have_a_row_for_every_network(embedded: Mnist) -> None:
    config = small()
    result = catalogue.load(NAME).run(config, embedded, [0, 1])
    assert all(isfinite(number) for numbers in result.samples.values() for number in numbers)
    rows = {(row["ladder"], row["depth"], row["learning_rate"]) for row in result.tables["updates"]}
    assert ("xavier", 5, 0.012) in rows
    assert {(ladder, depth) for ladder, depth, _ in rows} >= {
        ("he_rates", 7),
        ("xavier_rates_adam", 7),
    }
    searched = {(row["ladder"], row["learning_rate"]) for row in result.tables["rates"]}
    assert ("he_rates", 0.02) in searched
    assert {row["course"] for row in result.tables["errors"]} == {*COURSES}
    for row in result.tables["updates"]:
        assert 0 <= float(row["success"]) <= 1
        assert 0 <= int(row["censored"]) <= 2


def test_a_row_counts_the_draws_of_its_network() -> None:
    config = small(budget=10)
    draws = {
        index: Draw({}, {"updates": method.update_rows({"he": {3: count}}, {"he": 0.012})})
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
            {"ladders.he_rates.depths": [7, 14]},
            (
                "experiment.ladders.he_rates.learning_rates=[0.012, 0.02], depths=[7, 14]: "
                "a choice of rates needs one depth"
            ),
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
        "experiment.ladders=he: xavier, xavier_unbiased, he_rates, xavier_rates, he_rates_adam, "
        "xavier_rates_adam must be among them"
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
