"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Annotated

from annotated_types import Ge, Le, Lt, MinLen
from pydantic.dataclasses import dataclass

from study.experiments.glorot.sigmoids import Kind, lawful_means, trained, updates_until
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.lab.training import Course
from study.record.experiment import STRICT
from study.record.results import Cell, Result, mean_row

Rows = list[Mapping[str, Cell]]
PLAIN = "plain"
"""The arm of the figure; the others each lack one of its possible causes."""


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the data, when the networks are looked at, and the arms."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    width: Annotated[int, Ge(2), Le(4096)]
    images: Annotated[int, Ge(100)]
    looked_at: Annotated[int, Ge(1)]
    validation: Annotated[int, Ge(1)]
    batch: Annotated[int, Ge(1)]
    early: Annotated[int, Ge(1)]
    fall_after: Annotated[int, Ge(1)]
    marks: Annotated[tuple[Annotated[int, Ge(0)], ...], MinLen(1)]
    arms: dict[str, Kind]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Train every arm and follow the activations of each hidden layer.

    Args:
        config: the settings.
        mnist: the data, pixels between 0 and 1; the layers are looked at on images of the test
            split.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims read; over all draws, the activations by layer and update, and
        the top layer's mean beside the law of its fall.
    """
    split = mnist.train.first(config.images)
    watched = mnist.test.first(config.looked_at).images
    validation = mnist.validation.first(config.validation)
    marks = sorted({0, config.early, config.fall_after, *config.marks})
    made, courses = {}, []
    for draw in draws:

        def one(name: str, draw: int = draw) -> Course:
            return trained(
                config.arms[name],
                config.width,
                split,
                batch=config.batch,
                marks=marks,
                watched=watched,
                validation=validation,
                seed=config.seed,
                draw=draw,
                name=name,
            )

        courses.append(dict(zip(config.arms, side_by_side(one, config.arms), strict=True)))
        made[draw] = quantities(config, courses[-1])
    tables = {"layers": layer_rows(config, courses), "falls": fall_rows(config, courses)}
    return Result.of(made, tables)


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
    found["slope_lost.centred_over_plain"] = lost["centred"] / lost[PLAIN]
    found |= {f"fall_ratio.{x}_over_plain": falls[x] / falls[PLAIN] for x in ("balanced", "frozen")}
    return (
        found
        | of_the_plateau(plain, depth)
        | {
            "escape_ratio.balanced_over_plain": found["updates.balanced"] / found["updates.plain"],
            "fall_over_law.plain": falls[PLAIN] / (law[0] - law[-1]),
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
        "top_rise.plain": end[top] / bottom[top],
        "first_layer_spread.plain": end["spread.1"] / bottom["spread.1"],
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


def layer_rows(config: Config, courses: Sequence[Mapping[str, Course]]) -> Rows:
    """Average what is seen of the layers of two arms over the draws.

    Args:
        config: the settings.
        courses: for each draw, the trainings by arm.

    Returns:
        Rows of arm, update and layer, with mean and half width over draws of the layer's mean
        activation, its deviation and its spread over images; marks that all draws have reached.
    """
    rows: Rows = []
    for name in ("plain", "balanced"):
        for mark in common_marks(courses, name):
            looks = [course[name].looks[mark] for course in courses]
            for layer in range(1, config.arms[name].depth + 1):
                row = mean_row(
                    [x[f"mean.{layer}"] for x in looks], arm=name, update=mark, layer=layer
                )
                row["deviation"] = fmean(x[f"deviation.{layer}"] for x in looks)
                row["spread"] = fmean(x[f"spread.{layer}"] for x in looks)
                rows.append(row)
    return rows


def fall_rows(config: Config, courses: Sequence[Mapping[str, Course]]) -> Rows:
    """Average the top layer's mean over the draws, beside the law of its fall.

    Args:
        config: the settings.
        courses: for each draw, the trainings by arm.

    Returns:
        Rows of arm and update with mean and half width over draws, and the law's number.
    """
    rows: Rows = []
    for name in config.arms:
        arm = config.arms[name]
        law = lawful_means(arm.learning_rate, config.width, config.batch, arm.updates)
        for mark in common_marks(courses, name):
            means = [course[name].looks[mark][f"mean.{arm.depth}"] for course in courses]
            rows.append({**mean_row(means, arm=name, update=mark), "law": law[mark]})
    return rows


def common_marks(courses: Sequence[Mapping[str, Course]], name: str) -> list[int]:
    """Return the marks of an arm that every draw has reached."""
    return sorted(set.intersection(*(set(course[name].looks) for course in courses)))
