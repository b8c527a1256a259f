"""Settings, one draw, and what is read of it."""

import dataclasses as plain
from collections.abc import Iterable, Mapping, Sequence
from math import inf, isfinite, nan, sqrt
from statistics import fmean, geometric_mean
from typing import Annotated, Literal, TypeAlias

import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.dataclasses import dataclass
from torch import nn

from study.experiments.glorot.hidden_layers import Initialisation, initialised
from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.parallel import side_by_side
from study.lab.training import Course, Recipe, best_rate, error_rate, fit, last_marks, sgd
from study.record.experiment import STRICT
from study.record.results import Result, mean_row

DIGITS = 10
OTHERS = ("tanh_n", "softsign", "softsign_n")
"""What the paper sets against the sigmoid and tanh with the common initialisation."""

Rows: TypeAlias = list[Mapping[str, str | int | float]]
PerCent = Annotated[float, Gt(0), Lt(100)]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """A row of the table: an activation, and the law of its weights by equation 1 or 16."""

    activation: Literal["sigmoid", "tanh", "softsign"]
    initialisation: Initialisation


@dataclass(frozen=True, config=STRICT)
class Search:
    """How the learning rate of each arm is chosen: by trainings of their own."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    updates: Annotated[int, Ge(1)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the networks, how they are trained and looked at, and the printed errors.

    ``early`` is the mark of the early comparison, ``target_error`` the validation error, in per
    cent, that updates are counted to, and ``tail`` how many last updates make the loss and the test
    error at the end.
    """

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(1)]
    validation: Annotated[int, Ge(1)]
    width: Annotated[int, Ge(2), Le(4096)]
    depth: Annotated[int, Ge(1), Le(100)]
    batch: Annotated[int, Ge(1)]
    updates: Annotated[int, Ge(1)]
    marks: Annotated[tuple[Annotated[int, Ge(0)], ...], MinLen(2)]
    early: Annotated[int, Ge(0)]
    target_error: PerCent
    tail: Annotated[int, Ge(1)]
    learning_rates: Annotated[tuple[Annotated[float, Gt(0), Le(100)], ...], MinLen(1)]
    search: Search
    test_images: Annotated[int, Ge(1)]
    arms: Annotated[dict[str, Arm], MinLen(1)]
    printed: dict[str, PerCent]


@plain.dataclass(frozen=True)
class Data:
    """The standardised splits."""

    training: Split
    validation: Split
    test: Split


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Choose a learning rate for every arm, then train them all in each draw.

    Args:
        config: the settings.
        mnist: the data.
        draws: the indices of the draws to make; the arms of one share the order of the images.

    Returns:
        Per draw, what the claims read; over all draws, the curves; exact, the chosen rates and
        what the printed errors can tell apart.
    """
    data = Data(
        *(
            Split(mnist.standardised(part.images), part.labels)
            for part in (
                mnist.train.first(config.images),
                mnist.validation.first(config.validation),
                mnist.test,
            )
        )
    )
    found = search(config, data)
    rates = {arm: best_rate(errors) for arm, errors in found.items()}
    made, courses = {}, []
    for draw in draws:

        def one(arm: str, draw: int = draw) -> Course:
            recipe = Recipe(config.batch, config.updates, config.marks)
            return train(config, data, arm, rates[arm], recipe, seed=config.seed, draw=draw)

        courses.append(dict(zip(config.arms, side_by_side(one, config.arms), strict=True)))
        made[draw] = quantities(config, courses[-1])
    return Result.of(
        made,
        tables={"curves": curve_rows(config, courses), "search": search_rows(found)},
        exact={f"learning_rate.{arm}": rate for arm, rate in rates.items()} | resolved(config),
    )


# Training ----------------------------------------------------------------------------------------


def train(  # noqa: PLR0913 - two numbers name the draw
    config: Config, data: Data, arm: str, rate: float, recipe: Recipe, *, seed: int, draw: int
) -> Course:
    """Train one network; return its losses, and its errors in per cent at each mark."""
    how = config.arms[arm]
    sizes = [data.training.images.shape[1], *[config.width] * config.depth, DIGITS]

    def look(network: nn.Module) -> dict[str, float]:
        return {
            name: 100 * error_rate(network, part.images, part.labels)
            for name, part in (("validation", data.validation), ("test", data.test))
        }

    return fit(
        lambda: initialised(how.activation, how.initialisation, sizes, seed=seed, draw=draw),
        F.cross_entropy,
        data.training,
        recipe,
        random_generator(seed, draw, 0),
        optimiser=sgd(rate),
        look=look,
        name=f"{arm}-{rate}-{seed}-{draw}",
    )


def search(config: Config, data: Data) -> dict[str, dict[float, float]]:
    """Train every arm once at each learning rate, with weights that no draw has.

    Args:
        config: the settings.
        data: the splits.

    Returns:
        The validation errors in per cent by arm and rate; infinite where a training diverged.
    """
    jobs = [(arm, rate) for arm in config.arms for rate in config.learning_rates]
    updates = config.search.updates
    recipe = Recipe(config.batch, updates, (updates,))

    def one(job: tuple[str, float]) -> float:
        course = train(config, data, *job, recipe, seed=config.search.seed, draw=0)
        return course.looks[updates]["validation"] if course.finite else inf

    errors = dict(zip(jobs, side_by_side(one, jobs), strict=True))
    return {arm: {rate: errors[arm, rate] for rate in config.learning_rates} for arm in config.arms}


# Quantities --------------------------------------------------------------------------------------


def quantities(config: Config, courses: Mapping[str, Course]) -> dict[str, float]:
    """Return what the claims read of one draw, by key; differences in points of per cent."""
    end = last_marks(config.marks, config.tail)
    test = {
        arm: fmean(course.looks[mark]["test"] for mark in end) for arm, course in courses.items()
    }
    early = {arm: course.looks[config.early]["validation"] for arm, course in courses.items()}
    loss = {arm: fmean(course.losses[-config.tail :]) for arm, course in courses.items()}
    needed = {arm: updates_needed(config, course) for arm, course in courses.items()}
    found = {
        f"{what}.{arm}": number
        for what, numbers in (("test", test), ("early", early), ("loss", loss), ("needed", needed))
        for arm, number in numbers.items()
    }
    found |= {f"test_less_printed.{arm}": test[arm] - config.printed[arm] for arm in test}
    return found | {
        "difference.sigmoid_tanh": test["sigmoid"] - test["tanh"],
        "difference.tanh_others": test["tanh"] - fmean(test[arm] for arm in OTHERS),
        "difference.tanh_tanh_n": test["tanh"] - test["tanh_n"],
        "difference.softsign_n_softsign": test["softsign_n"] - test["softsign"],
        "early_difference.tanh_tanh_n": early["tanh"] - early["tanh_n"],
        "needed_over_others.sigmoid": needed["sigmoid"] / typical(needed),
        "needed_over_others.tanh": needed["tanh"] / typical(needed),
        "loss_over_others.tanh": loss["tanh"] / typical(loss),
        "needed_over_standard.tanh_n": needed["tanh_n"] / needed["tanh"],
        "needed_over_standard.softsign_n": needed["softsign_n"] / needed["softsign"],
        "early_over_standard.tanh_n": early["tanh_n"] / early["tanh"],
        "early_over_standard.softsign_n": early["softsign_n"] / early["softsign"],
        "early_over_standard.softsign_n_over_tanh_n": early["softsign_n"]
        / early["softsign"]
        * early["tanh"]
        / early["tanh_n"],
    }


def updates_needed(config: Config, course: Course) -> float:
    """Count the updates to the target validation error, between marks along a straight line.

    Args:
        config: the settings.
        course: what the training left behind.

    Returns:
        The number; all updates where the target is missed.
    """
    marks, target = sorted(course.looks), config.target_error
    errors = [course.looks[mark]["validation"] for mark in marks]
    for at in range(1, len(marks)):
        if errors[at] <= target:
            share = (errors[at - 1] - target) / (errors[at - 1] - errors[at])
            return marks[at - 1] + share * (marks[at] - marks[at - 1])
    return float(config.updates)


def typical(numbers: Mapping[str, float]) -> float:
    """Return the geometric mean of a quantity over the other three networks; NaN if one is."""
    chosen = [numbers[arm] for arm in OTHERS]
    return geometric_mean(chosen) if all(map(isfinite, chosen)) else nan


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


def curve_rows(config: Config, courses: Sequence[Mapping[str, Course]]) -> Rows:
    """Average the test errors over the draws: a row per arm and mark."""
    return [
        mean_row([course[arm].looks[mark]["test"] for course in courses], arm=arm, updates=mark)
        for arm in config.arms
        for mark in config.marks
    ]


def search_rows(found: Mapping[str, Mapping[float, float]]) -> Rows:
    """Write down the search: a row per arm and learning rate, 100 for a divergence."""
    return [
        {"arm": arm, "learning_rate": rate, "validation_error": error if isfinite(error) else 100.0}
        for arm, errors in found.items()
        for rate, error in errors.items()
    ]
