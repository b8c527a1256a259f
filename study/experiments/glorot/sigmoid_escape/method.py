"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Annotated

from annotated_types import Ge, Le, Lt
from pydantic.dataclasses import dataclass

from study.experiments.glorot.sigmoids import TARGET, WINDOW, Kind, trained, updates_until
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.lab.training import Course, updates_to
from study.record.experiment import STRICT
from study.record.results import Cell, Result, mean_row

COMPARED = (
    ("five", "four"),
    ("four", "three"),
    ("balanced_five", "balanced_four"),
    ("balanced_four", "balanced_three"),
    ("balanced_three", "balanced_two"),
    ("slow_four", "four"),
    ("slow_four", "slow_three"),
    ("slow_balanced_three", "balanced_three"),
)
"""Arms whose learning rate times updates are compared."""


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the data and the arms."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    width: Annotated[int, Ge(2), Le(4096)]
    images: Annotated[int, Ge(100)]
    looked_at: Annotated[int, Ge(1)]
    validation: Annotated[int, Ge(1)]
    batch: Annotated[int, Ge(1)]
    arms: dict[str, Kind]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Train every arm until it leaves its plateau.

    Args:
        config: the settings.
        mnist: the data, pixels between 0 and 1.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the updates of each arm and whether they were enough; over all draws, learning
        rate times updates by arm.
    """
    split = mnist.train.first(config.images)
    watched = mnist.test.first(config.looked_at).images
    validation = mnist.validation.first(config.validation)
    made, courses = {}, []
    for draw in draws:

        def one(name: str, draw: int = draw) -> Course:
            return trained(
                config.arms[name],
                config.width,
                split,
                batch=config.batch,
                marks=(),
                watched=watched,
                validation=validation,
                seed=config.seed,
                draw=draw,
                name=name,
            )

        courses.append(dict(zip(config.arms, side_by_side(one, config.arms), strict=True)))
        made[draw] = quantities(config, courses[-1])
    return Result.of(made, {"escapes": escape_rows(config, courses)})


def quantities(config: Config, courses: Mapping[str, Course]) -> dict[str, float]:
    """Return what the claims read in one draw.

    Args:
        config: the settings.
        courses: the trainings, by arm.

    Returns:
        The quantities, by key. A network that stays on its plateau counts with all its updates.
    """
    arms = config.arms
    found = {f"updates.{name}": updates_until(courses[name]) for name in arms}
    found |= {f"rate.escaped.{name}": float(has_escaped(courses[name])) for name in arms}
    found |= {f"first_loss.{name}": fmean(courses[name].losses[:10]) for name in arms}
    times = {name: found[f"updates.{name}"] * arms[name].learning_rate for name in arms}
    return (
        found
        | {f"time.{name}": time for name, time in times.items()}
        | {
            f"time_ratio.{above}_over_{below}": times[above] / times[below]
            for above, below in COMPARED
        }
    )


def has_escaped(course: Course) -> bool:
    """Tell whether a network left its plateau."""
    return updates_to(course.losses, TARGET, WINDOW) is not None


def escape_rows(
    config: Config, courses: Sequence[Mapping[str, Course]]
) -> list[Mapping[str, Cell]]:
    """Average the updates to the escape over the draws.

    Args:
        config: the settings.
        courses: for each draw, the trainings by arm.

    Returns:
        Rows of arm, depth, learning rate, minibatch and the number of draws that stayed, with mean
        and half width of learning rate times updates; a draw that stayed counts with all of its.
    """
    rows: list[Mapping[str, Cell]] = []
    for name, arm in config.arms.items():
        own = [course[name] for course in courses]
        times = [arm.learning_rate * updates_until(course) for course in own]
        labels: dict[str, Cell] = {
            "arm": name,
            "depth": arm.depth,
            "learning_rate": arm.learning_rate,
            "minibatch": arm.minibatch,
            "stayed": sum(not has_escaped(course) for course in own),
        }
        rows.append(mean_row(times, **labels))
    return rows
