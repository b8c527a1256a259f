"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from functools import partial
from math import inf, sqrt
from statistics import fmean
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.dataclasses import dataclass

from study.experiments.glorot import initialisations
from study.experiments.glorot.rate_choice import Choice, RateSearch, chosen, search_rows
from study.lab.classification import Splits, Task, error_percentages, splits
from study.lab.mnist import Mnist
from study.lab.networks import ACTIVATIONS, classifier
from study.lab.rate_search import search
from study.lab.training import History, Schedule, last_evaluations, sgd
from study.record.checks import check_batch, check_evaluate_at, check_names, check_one_of
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    NonEmpty,
    Settings,
    Whole,
    Width,
)
from study.theory.quotients import geometric, quotient

OTHERS = ("tanh_n", "softsign", "softsign_n")
"""What the paper sets against the sigmoid and tanh with the common initialisation."""
ROWS = ("sigmoid", "tanh", *OTHERS)
"""The rows of the paper's table."""

PerCent = Annotated[float, Gt(0), Lt(100)]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """A row of the table: an activation, and the law of its weights by equation 1 or 16."""

    activation: Literal["sigmoid", "tanh", "softsign"]
    initialisation: initialisations.Name


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
    search: RateSearch
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


def prepare(config: Config, mnist: Mnist) -> Splits:
    """Take the first images of the training and of the validation split, and all of the test split.

    Args:
        config: the settings.
        mnist: the data; images are standardised.
    """
    return splits(mnist, training=config.images, validation=config.validation, test=None)


def choose(config: Config, inputs: Splits) -> Choice:
    """Choose the learning rate of each arm: that with the smallest validation error in a trial.

    Args:
        config: the settings.
        inputs: the splits.

    Returns:
        The rates, and the errors of all trials; these do not depend on one another.
    """
    trials = search(
        config.arms, lambda _: config.learning_rates, partial(trial, config, inputs), score=float
    )
    return chosen(trials)


def trial(config: Config, inputs: Splits, arm: str, rate: float) -> float:
    """Train one arm at one learning rate, with weights that no draw has.

    Args:
        config: the settings.
        inputs: the splits.
        arm: the network's name.
        rate: its learning rate.

    Returns:
        The validation error at the end, in per cent; infinite if the training diverged.
    """
    updates = config.search.updates
    schedule = Schedule(config.batch, updates, (updates,))
    task = Task(inputs.training, config.search.seed, draw=0)
    history = train(config, inputs, task, arm, rate, schedule)
    return history.metrics[updates]["validation"] if history.finite else inf


def measure(config: Config, inputs: Splits, draw: int, choice: Choice) -> Draw:
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
    task = Task(inputs.training, config.seed, draw)
    histories = {
        arm: train(config, inputs, task, arm, choice["learning_rates"][arm], schedule)
        for arm in config.arms
    }
    return Draw(quantities(config, histories), {"curves": curve_rows(config, histories)})


# Training ----------------------------------------------------------------------------------------


def train(  # noqa: PLR0913, PLR0917 - the parts of a training
    config: Config, inputs: Splits, task: Task, name: str, rate: float, schedule: Schedule
) -> History:
    """Train one network; return its losses, and its errors in per cent at each evaluation.

    Args:
        config: the settings.
        inputs: the splits, for the errors.
        task: the draw of the weights and of the order of the images.
        name: of the arm.
        rate: the learning rate.
        schedule: how long.
    """
    arm = config.arms[name]
    return task.fit(
        lambda: classifier(
            task.training.images,
            [config.width] * config.depth,
            initialisations.BY_NAME[arm.initialisation],
            ACTIVATIONS[arm.activation],
            seed=task.seed,
            draw=task.draw,
        ),
        schedule,
        sgd(rate),
        evaluate=error_percentages(validation=inputs.validation, test=inputs.test),
        name=f"{name}-{rate}-{task.seed}",
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
    updates = {arm: updates_needed(config, history) for arm, history in histories.items()}
    values = {
        f"{quantity}.{arm}": number
        for quantity, numbers in (
            ("test", test),
            ("early", early),
            ("loss", loss),
            ("needed", updates),
        )
        for arm, number in numbers.items()
    }
    values |= {
        f"test_less_printed.{arm}": test[arm] - config.printed[arm]
        for arm in test
        if arm in config.printed
    }
    return values | {
        "difference.sigmoid_tanh": test["sigmoid"] - test["tanh"],
        "difference.tanh_others": test["tanh"] - fmean(test[arm] for arm in OTHERS),
        "difference.tanh_tanh_n": test["tanh"] - test["tanh_n"],
        "difference.softsign_n_softsign": test["softsign_n"] - test["softsign"],
        "early_difference.tanh_tanh_n": early["tanh"] - early["tanh_n"],
        "needed_over_others.sigmoid": quotient(updates["sigmoid"], typical(updates)),
        "needed_over_others.tanh": quotient(updates["tanh"], typical(updates)),
        "loss_over_others.tanh": quotient(loss["tanh"], typical(loss)),
        "needed_over_standard.tanh_n": quotient(updates["tanh_n"], updates["tanh"]),
        "needed_over_standard.softsign_n": quotient(updates["softsign_n"], updates["softsign"]),
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
    updates, target = sorted(history.metrics), config.target_error
    errors = [history.metrics[update]["validation"] for update in updates]
    if errors[0] <= target:
        return float(updates[0])
    for index in range(1, len(updates)):
        if errors[index] <= target:
            share = (errors[index - 1] - target) / (errors[index - 1] - errors[index])
            return updates[index - 1] + share * (updates[index] - updates[index - 1])
    return float(config.updates)


def typical(numbers: Mapping[str, float]) -> float:
    """Return the geometric mean of a quantity over the other three networks; NaN if one is."""
    return geometric([numbers[arm] for arm in OTHERS])


# Exact -------------------------------------------------------------------------------------------


def exact(config: Config, _inputs: Splits, choice: Choice) -> dict[str, float]:
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
    values = {}
    for first, second in (("tanh", "tanh_n"), ("tanh", "softsign_n"), ("sigmoid", "tanh")):
        p, q = (config.printed[arm] / 100 for arm in (first, second))
        deviation = sqrt((p * (1 - p) + q * (1 - q)) / config.test_images)
        values[f"printed_images.{first}_{second}"] = (p - q) * config.test_images
        values[f"printed_z.{first}_{second}"] = (p - q) / deviation
    return values


# Tables ------------------------------------------------------------------------------------------


def curve_rows(config: Config, histories: Mapping[str, History]) -> list[Row]:
    """List the test errors of one draw: a row per arm and update."""
    return [
        {"arm": arm, "updates": update, "sample": histories[arm].metrics[update]["test"]}
        for arm in config.arms
        for update in config.evaluate_at
    ]


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
    rows = search_rows(choice, config.arms, config.learning_rates)
    return {"curves": means(draws, "curves"), "search": rows}
