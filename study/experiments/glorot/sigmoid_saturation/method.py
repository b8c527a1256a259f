"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, NamedTuple

from annotated_types import Ge
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.glorot.sigmoids import (
    Kind,
    check_arms,
    check_classes,
    lawful_means,
    trained,
    updates_until,
)
from study.lab.mnist import Mnist, Split
from study.lab.training import Course
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table
from study.record.settings import STRICT, Count, NonEmpty, Settings, Several, Whole, Width
from study.theory.quotients import quotient

PLAIN = "plain"
"""The arm of the figure; the others each lack one of its possible causes."""
NEEDED = (PLAIN, "balanced", "centred", "frozen")
"""The arms that claims read."""


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the data, when the networks are looked at, and the arms."""

    width: Width
    images: Annotated[int, Ge(100)]
    looked_at: Several
    validation: Count
    batch: Count
    early: Count
    fall_after: Count
    marks: NonEmpty[Whole]
    arms: dict[str, Kind]

    def __post_init__(self) -> None:
        """Refuse arms that are missing or too shallow, and minibatches that cannot be had."""
        check_arms(self.arms, NEEDED, batch=self.batch, images=self.images)
        depth = self.arms[PLAIN].depth
        if depth < 2:
            raise ValueError(
                f"arms.{PLAIN}.depth={depth}: must be 2 or more, for its layers are compared"
            )


class Inputs(NamedTuple):
    """The training images, those on which layers are looked at, and those of the error.

    **Shapes**: ``watched`` (images, pixels). **Units**: pixels between 0 and 1.
    """

    training: Split
    watched: Tensor
    validation: Split


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of each split; the layers are looked at on those of the test split.

    Args:
        config: the settings.
        mnist: the data, pixels between 0 and 1.
    """
    training = mnist.train.first(config.images)
    check_classes(config.arms, training, config.batch)
    return Inputs(
        training,
        mnist.test.first(config.looked_at, "looked_at").images,
        mnist.validation.first(config.validation, "validation"),
    )


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Train every arm and follow the activations of each hidden layer.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What the claims read; the activations by layer and update, and the top layer's mean.
    """
    courses = {
        name: trained(
            arm,
            config.width,
            inputs.training,
            batch=config.batch,
            marks=marks(config),
            watched=inputs.watched,
            validation=inputs.validation,
            seed=config.seed,
            draw=draw,
            name=name,
        )
        for name, arm in config.arms.items()
    }
    layers = {number: layer_rows(config, courses, number) for number in ("mean", *BESIDE)}
    return Draw(quantities(config, courses), layers | {"falls": fall_rows(config, courses)})


def marks(config: Config) -> list[int]:
    """Return when networks are looked at: for the curves, and wherever a claim reads one.

    Two arms are compared at the end of the shorter training.
    """
    ends = (config.arms[name].updates for name in (PLAIN, "centred"))
    return sorted({0, config.early, config.fall_after, *config.marks, *ends})


# Quantities --------------------------------------------------------------------------------------


def quantities(config: Config, courses: Mapping[str, Course]) -> dict[str, float]:
    """Return what the claims read in one draw.

    Args:
        config: the settings.
        courses: the trainings, by arm.

    Returns:
        The quantities, by key. A network that stays on its plateau counts with all its updates.
    """
    arms = config.arms
    falls = {name: fall(config, arms[name], courses[name]) for name in arms}
    law = lawful_means(arms[PLAIN].learning_rate, config.width, config.batch, config.fall_after)
    plain, depth = courses[PLAIN], arms[PLAIN].depth
    found = {f"updates.{name}": updates_until(courses[name]) for name in (PLAIN, "balanced")}
    found |= {f"fall.{name}": down for name, down in falls.items()}
    mark = at(plain, max(courses["centred"].looks))
    lost = {
        name: slope_lost(courses[name].looks[at(courses[name], mark)], arms[name].depth)
        for name in (PLAIN, "centred")
    }
    found |= {f"slope_lost.{name}": share for name, share in lost.items()}
    found["slope_lost.centred_over_plain"] = quotient(lost["centred"], lost[PLAIN])
    found |= {
        f"fall_ratio.{name}_over_plain": quotient(falls[name], falls[PLAIN])
        for name in ("balanced", "frozen")
    }
    return (
        found
        | of_the_plateau(plain, depth)
        | {
            "escape_ratio.balanced_over_plain": found["updates.balanced"] / found["updates.plain"],
            "fall_over_law.plain": quotient(falls[PLAIN], law[0] - law[-1]),
            "by_bias.plain": plain.looks[at(plain, config.early)]["by_bias"],
            "top_at_the_ends.centred": last(courses["centred"])[
                f"at_the_ends.{arms['centred'].depth}"
            ],
            "spread_at_start.plain": plain.looks[0][f"spread.{depth}"],
        }
    )


def of_the_plateau(course: Course, depth: int) -> dict[str, float]:
    """Return what the activations of a network do on its plateau and after it.

    Args:
        course: its training.
        depth: its hidden layers.

    Returns:
        The quantities, by key. The bottom is the mark on the plateau at which the mean of the top
        layer is lowest.
    """
    until, top = updates_until(course), f"mean.{depth}"
    bottom = min(
        (look for mark, look in course.looks.items() if not mark > until),
        key=lambda look: look[top],
    )
    means = [0.5, *(bottom[f"mean.{layer}"] for layer in range(1, depth))]
    end = last(course)
    return {
        "lowest_top_mean.plain": bottom[top],
        "least_gap.plain": min(high - low for low, high in pairwise(means)),
        "top_rise.plain": quotient(end[top], bottom[top]),
        "first_layer_spread.plain": quotient(end["spread.1"], bottom["spread.1"]),
        "first_layer_at_the_ends.plain": end["at_the_ends.1"],
        "error_at_the_bottom.plain": bottom["error"],
        "error_at_the_end.plain": end["error"],
    }


def slope_lost(look: Mapping[str, float], depth: int) -> float:
    r"""Return the share of its greatest slope that the top layer has lost, by units at either end.

    .. math:: 1 - 4\, E[h (1 - h)] = 1 - 4\, \bigl(m (1 - m) - d^2\bigr)

    with the mean ``m`` and the deviation ``d`` of the sigmoid over units and images: 0 where all
    are at 1/2, and 1 where all are at the ends.
    """
    mean, deviation = look[f"mean.{depth}"], look[f"deviation.{depth}"]
    return 1 - 4 * (mean * (1 - mean) - deviation**2)


def last(course: Course) -> dict[str, float]:
    """Return what was seen last."""
    return course.looks[max(course.looks)]


def at(course: Course, mark: int) -> int:
    """Return a mark, or the last one if a training is shorter."""
    return min(mark, max(course.looks))


def fall(config: Config, arm: Kind, course: Course) -> float:
    """Return by how much the mean of the top layer fell in the first updates."""
    top = f"mean.{arm.depth}"
    return course.looks[0][top] - course.looks[at(course, config.fall_after)][top]


# Tables ------------------------------------------------------------------------------------------

BESIDE = ("deviation", "spread")
"""What stands in the table beside the mean of a layer."""


def layer_rows(config: Config, courses: Mapping[str, Course], number: str) -> list[Row]:
    """List one number of each layer of the two arms that are drawn, by update."""
    return [
        {"arm": name, "update": mark, "layer": layer, "sample": look[f"{number}.{layer}"]}
        for name in (PLAIN, "balanced")
        for mark, look in sorted(courses[name].looks.items())
        for layer in range(1, config.arms[name].depth + 1)
    ]


def fall_rows(config: Config, courses: Mapping[str, Course]) -> list[Row]:
    """List the top layer's mean by arm and update."""
    return [
        {"arm": name, "update": mark, "sample": look[f"mean.{arm.depth}"]}
        for name, arm in config.arms.items()
        for mark, look in sorted(courses[name].looks.items())
    ]


def tables(config: Config, draws: Draws) -> dict[str, Table]:
    """Average over the draws what is seen at the updates that all of them have reached.

    Args:
        config: the settings.
        draws: the draws.

    Returns:
        ``layers``, the mean activation with the means of its deviation and of its spread over
        images; ``falls``, the mean of the top layer and what the law of its fall gives.
    """
    draws = reached_by_all(draws)
    layers = [
        mean | {name: other["mean"] for name, other in zip(BESIDE, others, strict=True)}
        for mean, *others in zip(*(means(draws, name) for name in ("mean", *BESIDE)), strict=True)
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
    """Leave out the marks of an arm that one of the draws, having left its plateau, never saw."""
    reached = set.intersection(
        *({(row["arm"], row["update"]) for row in draw.tables["falls"]} for draw in draws.values())
    )
    return {
        at: Draw(
            draw.values,
            {
                name: [row for row in rows if (row["arm"], row["update"]) in reached]
                for name, rows in draw.tables.items()
            },
        )
        for at, draw in draws.items()
    }
