"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from math import inf, isfinite, sqrt
from statistics import fmean
from typing import Annotated, Literal, NamedTuple, TypedDict

import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.dataclasses import dataclass
from torch import nn

from study.experiments.glorot.hidden_layers import Initialisation, initialised
from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.training import History, Schedule, best_rate, error_rate, fit, last_evaluations, sgd
from study.record.checks import check_batch, check_evaluate_at, check_names, check_one_of
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    NonEmpty,
    Seed,
    Settings,
    Whole,
    Width,
)
from study.theory.quotients import geometric, quotient

DIGITS = 10
OTHERS = ("tanh_n", "softsign", "softsign_n")
"""What the paper sets against the sigmoid and tanh with the common initialisation."""
ROWS = ("sigmoid", "tanh", *OTHERS)
"""The rows of the paper's table."""

PerCent = Annotated[float, Gt(0), Lt(100)]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """A row of the table: an activation, and the law of its weights by equation 1 or 16."""

    activation: Literal["sigmoid", "tanh", "softsign"]
    initialisation: Initialisation


@dataclass(frozen=True, config=STRICT)
class Search:
    """How the learning rate of each arm is chosen: by trainings of their own."""

    seed: Seed
    updates: Count


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the networks, how they are trained and looked at, and the printed errors.

    ``early`` is the update of the early comparison, ``target_error`` the validation error, in per
    cent, that updates are counted to, and ``tail`` how many last updates make the loss and the test
    error at the end.
    """

    images: Count
    validation: Count
    width: Width
    depth: Annotated[int, Ge(1), Le(100)]
    batch: Count
    updates: Count
    evaluate_at: Annotated[tuple[Whole, ...], MinLen(2)]
    early: Whole
    target_error: PerCent
    tail: Count
    learning_rates: NonEmpty[LearningRate]
    search: Search
    test_images: Count
    arms: dict[str, Arm]
    printed: dict[str, PerCent]

    def __post_init__(self) -> None:
        """Refuse missing rows of the table, and evaluations and minibatches out of reach."""
        check_names("arms", self.arms, ROWS)
        check_names("printed", self.printed, ROWS)
        check_evaluate_at(self.evaluate_at, self.updates)
        check_batch(self.batch, self.images)
        check_one_of("early", self.early, "evaluate_at", self.evaluate_at)


class Inputs(NamedTuple):
    """The standardised splits."""

    training: Split
    validation: Split
    test: Split


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training and of the validation split, and all of the test split.

    Args:
        config: the settings.
        mnist: the data; images are standardised.
    """
    parts = (
        mnist.train.first(config.images),
        mnist.validation.first(config.validation, "validation"),
        mnist.test,
    )
    return Inputs(*map(mnist.standardised_split, parts))


class Choice(TypedDict):
    """What is decided before the draws.

    ``validation_errors`` has what each training of the search ended with, in per cent, by arm and
    by learning rate, infinite where it diverged; ``learning_rates`` the rate of each arm.
    """

    validation_errors: dict[str, dict[str, float]]
    learning_rates: dict[str, float]


def choose(config: Config, inputs: Inputs) -> Choice:
    """Choose the learning rate of each arm: that with the smallest validation error in a trial.

    Args:
        config: the settings.
        inputs: the splits.

    Returns:
        The rates, and the errors of all trials; these do not depend on one another.
    """
    errors = {
        arm: {str(rate): trial(config, inputs, arm, rate) for rate in config.learning_rates}
        for arm in config.arms
    }
    best = {
        arm: best_rate({float(rate): error for rate, error in own.items()})
        for arm, own in errors.items()
    }
    return Choice(validation_errors=errors, learning_rates=best)


def trial(config: Config, inputs: Inputs, arm: str, rate: float) -> float:
    """Train one arm at one learning rate, with weights that no draw has.

    Args:
        config: the settings.
        inputs: the splits.
        arm: the network's name.
        rate: its learning rate.

    Returns:
        The validation error at the end, in per cent; infinite if the training diverged.
    """
    seed, updates = config.search.seed, config.search.updates
    schedule = Schedule(config.batch, updates, (updates,))
    history = train(config, inputs, arm, rate, schedule, seed=seed, draw=0)
    return history.metrics[updates]["validation"] if history.finite else inf


def measure(config: Config, inputs: Inputs, draw: int, choice: Choice) -> Draw:
    """Train every arm at its learning rate.

    Args:
        config: the settings.
        inputs: the splits.
        draw: index of the draw; its arms share the order of the images.
        choice: the learning rates.

    Returns:
        What the claims read, and the test errors at the evaluations.
    """
    schedule = Schedule(config.batch, config.updates, config.evaluate_at)
    histories = {
        arm: train(
            config,
            inputs,
            arm,
            choice["learning_rates"][arm],
            schedule,
            seed=config.seed,
            draw=draw,
        )
        for arm in config.arms
    }
    return Draw(quantities(config, histories), {"curves": curve_rows(config, histories)})


# Training ----------------------------------------------------------------------------------------


def train(  # noqa: PLR0913 - two numbers name the draw
    config: Config,
    inputs: Inputs,
    arm: str,
    rate: float,
    schedule: Schedule,
    *,
    seed: int,
    draw: int,
) -> History:
    """Train one network; return its losses, and its errors in per cent at each update."""
    how = config.arms[arm]
    sizes = [inputs.training.images.shape[1], *[config.width] * config.depth, DIGITS]

    def evaluate(network: nn.Module) -> dict[str, float]:
        return {
            name: 100 * error_rate(network, part.images, part.labels)
            for name, part in (("validation", inputs.validation), ("test", inputs.test))
        }

    return fit(
        lambda: initialised(how.activation, how.initialisation, sizes, seed=seed, draw=draw),
        F.cross_entropy,
        inputs.training,
        schedule,
        random_generator(seed, draw, 0),
        optimiser=sgd(rate),
        evaluate=evaluate,
        name=f"{arm}-{rate}-{seed}-{draw}",
    )


# Quantities --------------------------------------------------------------------------------------


def quantities(config: Config, histories: Mapping[str, History]) -> dict[str, float]:
    """Return what the claims read of one draw, by key; differences in points of per cent."""
    end = last_evaluations(config.evaluate_at, config.tail)
    test = {
        arm: fmean(history.metrics[update]["test"] for update in end)
        for arm, history in histories.items()
    }
    early = {arm: history.metrics[config.early]["validation"] for arm, history in histories.items()}
    loss = {arm: fmean(history.losses[-config.tail :]) for arm, history in histories.items()}
    needed = {arm: updates_needed(config, history) for arm, history in histories.items()}
    found = {
        f"{what}.{arm}": number
        for what, numbers in (("test", test), ("early", early), ("loss", loss), ("needed", needed))
        for arm, number in numbers.items()
    }
    found |= {
        f"test_less_printed.{arm}": test[arm] - config.printed[arm]
        for arm in test
        if arm in config.printed
    }
    return found | {
        "difference.sigmoid_tanh": test["sigmoid"] - test["tanh"],
        "difference.tanh_others": test["tanh"] - fmean(test[arm] for arm in OTHERS),
        "difference.tanh_tanh_n": test["tanh"] - test["tanh_n"],
        "difference.softsign_n_softsign": test["softsign_n"] - test["softsign"],
        "early_difference.tanh_tanh_n": early["tanh"] - early["tanh_n"],
        "needed_over_others.sigmoid": quotient(needed["sigmoid"], typical(needed)),
        "needed_over_others.tanh": quotient(needed["tanh"], typical(needed)),
        "loss_over_others.tanh": quotient(loss["tanh"], typical(loss)),
        "needed_over_standard.tanh_n": quotient(needed["tanh_n"], needed["tanh"]),
        "needed_over_standard.softsign_n": quotient(needed["softsign_n"], needed["softsign"]),
        "early_over_standard.tanh_n": quotient(early["tanh_n"], early["tanh"]),
        "early_over_standard.softsign_n": quotient(early["softsign_n"], early["softsign"]),
        "early_over_standard.softsign_n_over_tanh_n": quotient(
            quotient(early["softsign_n"], early["softsign"]) * early["tanh"], early["tanh_n"]
        ),
    }


def updates_needed(config: Config, history: History) -> float:
    """Count the updates to the target validation error, between evaluations along a straight line.

    Args:
        config: the settings.
        history: what the training left behind.

    Returns:
        The number; all updates where the target is missed.
    """
    evaluate_at, target = sorted(history.metrics), config.target_error
    errors = [history.metrics[update]["validation"] for update in evaluate_at]
    if errors[0] <= target:
        return float(evaluate_at[0])
    for at in range(1, len(evaluate_at)):
        if errors[at] <= target:
            share = (errors[at - 1] - target) / (errors[at - 1] - errors[at])
            return evaluate_at[at - 1] + share * (evaluate_at[at] - evaluate_at[at - 1])
    return float(config.updates)


def typical(numbers: Mapping[str, float]) -> float:
    """Return the geometric mean of a quantity over the other three networks; NaN if one is."""
    return geometric([numbers[arm] for arm in OTHERS])


# Exact -------------------------------------------------------------------------------------------


def exact(config: Config, _inputs: Inputs, choice: Choice) -> dict[str, float]:
    """Return the chosen learning rates, and what the printed errors can tell apart.

    Args:
        config: the settings.
        _inputs: the splits; they are not read.
        choice: the learning rates.
    """
    rates = choice["learning_rates"]
    return {f"learning_rate.{arm}": rates[arm] for arm in config.arms} | resolved(config)


def resolved(config: Config) -> dict[str, float]:
    r"""Say what the printed errors can tell apart.

    .. math:: z = \frac{p_1 - p_2}{\sqrt{p_1 (1 - p_1)/n + p_2 (1 - p_2)/n}}

    Args:
        config: the settings, with the printed errors and the number ``n`` of test images.

    Returns:
        For pairs of rows the difference in images, and in deviations of a binomial difference.
    """
    found = {}
    for one, other in (("tanh", "tanh_n"), ("tanh", "softsign_n"), ("sigmoid", "tanh")):
        p, q = (config.printed[arm] / 100 for arm in (one, other))
        deviation = sqrt((p * (1 - p) + q * (1 - q)) / config.test_images)
        found[f"printed_images.{one}_{other}"] = (p - q) * config.test_images
        found[f"printed_z.{one}_{other}"] = (p - q) / deviation
    return found


# Tables ------------------------------------------------------------------------------------------


def curve_rows(config: Config, histories: Mapping[str, History]) -> list[Row]:
    """List the test errors of one draw: a row per arm and update."""
    return [
        {"arm": arm, "updates": update, "sample": histories[arm].metrics[update]["test"]}
        for arm in config.arms
        for update in config.evaluate_at
    ]


def search_rows(config: Config, choice: Choice) -> list[Row]:
    """Write down the search: a row per arm and learning rate, 100 for a divergence."""
    rows: list[Row] = []
    for arm in config.arms:
        for rate in config.learning_rates:
            error = choice["validation_errors"][arm][str(rate)]
            shown = error if isfinite(error) else 100.0
            rows.append({"arm": arm, "learning_rate": rate, "validation_error": shown})
    return rows


def tables(config: Config, draws: Draws, choice: Choice) -> dict[str, Table]:
    """Average the curves over the draws, and write down the search.

    Args:
        config: the settings.
        draws: the draws.
        choice: what the search found.

    Returns:
        ``curves``, the test error by arm and update; ``search``, the validation error by arm and
        learning rate.
    """
    return {"curves": means(draws, "curves"), "search": search_rows(config, choice)}
