"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Annotated, Literal, TypeAlias

from annotated_types import Ge
from pydantic.dataclasses import dataclass

from study.experiments.glorot.sigmoids import (
    Inputs,
    Kind,
    check_arms,
    inputs_for,
    lawful_means,
    train,
    updates_until,
)
from study.lab.mnist import Mnist
from study.lab.training import History
from study.record.checks import check_names
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table
from study.record.settings import (
    STRICT,
    Count,
    NonEmpty,
    Positive,
    Settings,
    Several,
    Whole,
    Width,
)
from study.theory.quotients import quotient

PLAIN = "plain"
"""The arm of the figure; the others each lack one of its possible causes."""
NEEDED = (PLAIN, "balanced", "centred", "frozen")
"""The arms that claims read."""
COURSE_ARMS = (PLAIN, "balanced", "centred")
"""The arms that every course trains."""
COURSE_NAMES = ("slower", "faster", "standardised")
"""The courses that claims read."""

Scale: TypeAlias = Literal["unit", "standardised"]
Images: TypeAlias = Mapping[Scale, Inputs]
"""The images by the scale of their pixels."""
Histories: TypeAlias = Mapping[str, History]
"""What trainings left behind, by arm."""


@dataclass(frozen=True, config=STRICT)
class Course:
    """Another way to train the arms: by what rates and updates are multiplied, and on what."""

    learning_rate_factor: Positive
    updates_factor: Positive
    images: Scale

    def updates(self, count: int) -> int:
        """Return how many updates stand for a number of them, one at least."""
        return max(1, round(self.updates_factor * count))

    def arms(self, arms: Mapping[str, Kind]) -> dict[str, Kind]:
        """Return the arms that are trained, as they are trained here."""
        return {
            name: replace(
                arms[name],
                learning_rate=self.learning_rate_factor * arms[name].learning_rate,
                updates=self.updates(arms[name].updates),
            )
            for name in COURSE_ARMS
        }


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the data, when the networks are looked at, the arms, and courses beside theirs."""

    width: Width
    images: Annotated[int, Ge(100)]
    looked_at: Several
    validation: Count
    batch: Count
    early: Count
    fall_after: Count
    evaluate_at: NonEmpty[Whole]
    arms: dict[str, Kind]
    courses: dict[str, Course]

    def __post_init__(self) -> None:
        """Refuse arms that are missing or too shallow, and minibatches that cannot be had."""
        check_arms(self.arms, NEEDED, batch=self.batch, images=self.images)
        depth = self.arms[PLAIN].depth
        if depth < 2:
            raise ValueError(
                f"arms.{PLAIN}.depth={depth}: must be 2 or more, for its layers are compared"
            )
        check_names("courses", self.courses, COURSE_NAMES)


def prepare(config: Config, mnist: Mnist) -> Images:
    """Take the first images of each split; the layers are measured on those of the test split.

    Args:
        config: the settings.
        mnist: the data, pixels between 0 and 1.
    """
    inputs = inputs_for(
        config.arms,
        mnist,
        images=config.images,
        probe=config.looked_at,
        validation=config.validation,
        batch=config.batch,
    )
    standardised = Inputs(
        mnist.standardised_split(inputs.training),
        mnist.standardised(inputs.probe),
        mnist.standardised_split(inputs.validation),
    )
    return {"unit": inputs, "standardised": standardised}


def measure(config: Config, images: Images, draw: int) -> Draw:
    """Train every arm, most again in each course, and follow the layers' activations.

    Args:
        config: the settings.
        images: the images by scale.
        draw: index of the draw.

    Returns:
        What the claims read; the activations by layer and update, and the top layer's mean.
    """

    def trainings(
        arms: Mapping[str, Kind], scale: Scale, marks: list[int], suffix: str
    ) -> Histories:
        return {
            name: train(
                arm,
                config.width,
                images[scale],
                batch=config.batch,
                evaluate_at=marks,
                seed=config.seed,
                draw=draw,
                name=name + suffix,
            )
            for name, arm in arms.items()
        }

    histories = trainings(config.arms, "unit", evaluations(config, config.arms), "")
    values = quantities(config, histories)
    for name, course in config.courses.items():
        arms = course.arms(config.arms)
        marks = evaluations(config, arms, course)
        values |= of_arms(
            config, arms, trainings(arms, course.images, marks, f"_{name}"), f"_{name}"
        )
    layers = {number: layer_rows(config, histories, number) for number in ("mean", *BESIDE)}
    return Draw(values, layers | {"falls": fall_rows(config, histories)})


def evaluations(
    config: Config, arms: Mapping[str, Kind], course: Course | None = None
) -> list[int]:
    """Return when networks are evaluated: for the curves, and wherever a claim reads one.

    Two arms are compared at the end of the shorter training.

    Args:
        config: the settings.
        arms: the networks, as they are trained.
        course: how, if not as the settings of the arms say.
    """
    marks = config.evaluate_at if course is None else map(course.updates, config.evaluate_at)
    ends = (arms[name].updates for name in (PLAIN, "centred"))
    return sorted({0, config.early, config.fall_after, *marks, *ends})


# Quantities --------------------------------------------------------------------------------------


def quantities(config: Config, histories: Histories) -> dict[str, float]:
    """Return what the claims read of the arms, as their settings say, in one draw.

    Args:
        config: the settings.
        histories: the trainings.

    Returns:
        The quantities, by key.
    """
    arms = config.arms
    falls = {name: fall(config, arms[name], histories[name]) for name in arms}
    law = lawful_means(arms[PLAIN].learning_rate, config.width, config.batch, config.fall_after)
    plain, centred = histories[PLAIN], histories["centred"]
    return (
        of_arms(config, arms, histories)
        | {f"fall.{name}": size for name, size in falls.items()}
        | {
            "fall_ratio.frozen_over_plain": quotient(falls["frozen"], falls[PLAIN]),
            "fall_over_law.plain": quotient(falls[PLAIN], law[0] - law[-1]),
            "by_bias.plain": plain.metrics[at(plain, config.early)]["by_bias"],
            "top_at_the_ends.centred": last(centred)[f"at_the_ends.{arms['centred'].depth}"],
            "spread_at_start.plain": plain.metrics[0][f"spread.{arms[PLAIN].depth}"],
        }
    )


def of_arms(
    config: Config, arms: Mapping[str, Kind], histories: Histories, suffix: str = ""
) -> dict[str, float]:
    """Return what the claims read of the arms that every course trains.

    Args:
        config: the settings.
        arms: the networks, as they are trained.
        histories: the trainings.
        suffix: of the keys, which says in which course.

    Returns:
        The quantities, by key. A network that stays on its plateau counts with all its updates.
    """
    falls = {name: fall(config, arms[name], histories[name]) for name in COURSE_ARMS}
    updates = {name: updates_until(histories[name]) for name in (PLAIN, "balanced")}
    update = at(histories[PLAIN], max(histories["centred"].metrics))
    losses = {
        name: slope_lost(histories[name].metrics[at(histories[name], update)], arms[name].depth)
        for name in (PLAIN, "centred")
    }
    values = (
        {f"updates.{name}": count for name, count in updates.items()}
        | {f"slope_lost.{name}": share for name, share in losses.items()}
        | {
            "slope_lost.centred_over_plain": quotient(losses["centred"], losses[PLAIN]),
            "fall_ratio.balanced_over_plain": quotient(falls["balanced"], falls[PLAIN]),
            "escape_ratio.balanced_over_plain": updates["balanced"] / updates[PLAIN],
        }
        | of_the_plateau(histories[PLAIN], arms[PLAIN].depth)
    )
    return {key + suffix: value for key, value in values.items()}


def of_the_plateau(history: History, depth: int) -> dict[str, float]:
    """Return what the activations of a network do on its plateau and after it.

    Args:
        history: its training.
        depth: its hidden layers.

    Returns:
        The quantities, by key. The bottom is the update on the plateau at which the mean of the top
        layer is lowest.
    """
    until, top = updates_until(history), f"mean.{depth}"
    bottom = min(
        (metrics for update, metrics in history.metrics.items() if not update > until),
        key=lambda metrics: metrics[top],
    )
    means = [0.5, *(bottom[f"mean.{layer}"] for layer in range(1, depth))]
    end = last(history)
    return {
        "lowest_top_mean.plain": bottom[top],
        "least_gap.plain": min(high - low for low, high in pairwise(means)),
        "top_rise.plain": quotient(end[top], bottom[top]),
        "first_layer_spread.plain": quotient(end["spread.1"], bottom["spread.1"]),
        "first_layer_at_the_ends.plain": end["at_the_ends.1"],
        "error_at_the_bottom.plain": bottom["error"],
        "error_at_the_end.plain": end["error"],
    }


def slope_lost(metrics: Mapping[str, float], depth: int) -> float:
    r"""Return the share of its greatest slope that the top layer has lost, by units at either end.

    .. math:: 1 - 4\, E[h (1 - h)] = 1 - 4\, \bigl(m (1 - m) - d^2\bigr)

    with the mean ``m`` and the deviation ``d`` of the sigmoid over units and images: 0 where all
    are at 1/2, and 1 where all are at the ends.
    """
    mean, deviation = metrics[f"mean.{depth}"], metrics[f"deviation.{depth}"]
    return 1 - 4 * (mean * (1 - mean) - deviation**2)


def last(history: History) -> dict[str, float]:
    """Return the metrics of the last evaluation."""
    return history.metrics[max(history.metrics)]


def at(history: History, update: int) -> int:
    """Return an update, or the last one if a training is shorter."""
    return min(update, max(history.metrics))


def fall(config: Config, arm: Kind, history: History) -> float:
    """Return by how much the mean of the top layer fell in the first updates."""
    top = f"mean.{arm.depth}"
    return history.metrics[0][top] - history.metrics[at(history, config.fall_after)][top]


# Tables ------------------------------------------------------------------------------------------

BESIDE = ("deviation", "spread")
"""What stands in the table beside the mean of a layer."""


def layer_rows(config: Config, histories: Histories, number: str) -> list[Row]:
    """List one number of each layer of the two arms that are drawn, by update."""
    return [
        {"arm": name, "update": update, "layer": layer, "sample": metrics[f"{number}.{layer}"]}
        for name in (PLAIN, "balanced")
        for update, metrics in sorted(histories[name].metrics.items())
        for layer in range(1, config.arms[name].depth + 1)
    ]


def fall_rows(config: Config, histories: Histories) -> list[Row]:
    """List the top layer's mean by arm and update."""
    return [
        {"arm": name, "update": update, "sample": metrics[f"mean.{arm.depth}"]}
        for name, arm in config.arms.items()
        for update, metrics in sorted(histories[name].metrics.items())
    ]


def tables(config: Config, draws: Draws) -> dict[str, Table]:
    """Average over the draws what is measured at the updates that all of them have reached.

    Args:
        config: the settings.
        draws: the draws.

    Returns:
        ``layers``, the mean activation with the means of its deviation and of its spread over
        images; ``falls``, the mean of the top layer and what the law of its fall gives.
    """
    draws = reached_by_all(draws)
    layers = [
        mean | {name: row["mean"] for name, row in zip(BESIDE, statistics, strict=True)}
        for mean, *statistics in zip(
            *(means(draws, name) for name in ("mean", *BESIDE)), strict=True
        )
    ]
    laws = {
        name: lawful_means(arm.learning_rate, config.width, config.batch, arm.updates)
        for name, arm in config.arms.items()
    }
    falls = [
        row | {"law": laws[str(row["arm"])][int(row["update"])]} for row in means(draws, "falls")
    ]
    return {"layers": layers, "falls": falls}


def reached_by_all(draws: Draws) -> dict[int, Draw]:
    """Leave out an arm's evaluations that a draw, having left its plateau, never came to."""
    common = set.intersection(
        *({(row["arm"], row["update"]) for row in draw.tables["falls"]} for draw in draws.values())
    )
    return {
        index: Draw(
            draw.values,
            {
                name: [row for row in rows if (row["arm"], row["update"]) in common]
                for name, rows in draw.tables.items()
            },
        )
        for index, draw in draws.items()
    }
