"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from statistics import fmean
from typing import Annotated

from annotated_types import Ge
from pydantic.dataclasses import dataclass

from study.experiments.glorot.sigmoids import (
    TARGET,
    WINDOW,
    Inputs,
    Kind,
    check_arms,
    inputs_for,
    train,
    updates_until,
)
from study.lab.mnist import Mnist
from study.lab.training import History, updates_to
from study.record.draws import Draw, Draws
from study.record.results import Table, mean_row
from study.record.settings import STRICT, Count, Settings, Width

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
class Config(Settings):
    """Settings: the data and the arms."""

    width: Width
    images: Annotated[int, Ge(100)]
    looked_at: Count
    validation: Count
    batch: Count
    arms: dict[str, Kind]

    def __post_init__(self) -> None:
        """Refuse arms that are missing, and minibatches that cannot be had."""
        names = [name for pair in COMPARED for name in pair]
        check_arms(self.arms, names, batch=self.batch, images=self.images)


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of each split; the layers are measured on those of the test split.

    Args:
        config: the settings.
        mnist: the data, pixels between 0 and 1.
    """
    return inputs_for(
        config.arms,
        mnist,
        images=config.images,
        probe=config.looked_at,
        validation=config.validation,
        batch=config.batch,
    )


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Train every arm until it leaves its plateau.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        The updates of each arm, and whether they were enough.
    """
    histories = {
        name: train(
            arm,
            config.width,
            inputs,
            batch=config.batch,
            evaluate_at=(),
            seed=config.seed,
            draw=draw,
            name=name,
        )
        for name, arm in config.arms.items()
    }
    return Draw(quantities(config, histories))


def quantities(config: Config, histories: Mapping[str, History]) -> dict[str, float]:
    """Return what the claims read in one draw.

    Args:
        config: the settings.
        histories: the trainings, by arm.

    Returns:
        The quantities, by key. A network that stays on its plateau counts with all its updates.
    """
    arms = config.arms
    values = {f"updates.{name}": updates_until(histories[name]) for name in arms}
    values |= {f"rate.escaped.{name}": float(has_escaped(histories[name])) for name in arms}
    values |= {f"first_loss.{name}": fmean(histories[name].losses[:10]) for name in arms}
    times = {name: values[f"updates.{name}"] * arms[name].learning_rate for name in arms}
    return (
        values
        | {f"time.{name}": time for name, time in times.items()}
        | {
            f"time_ratio.{above}_over_{below}": times[above] / times[below]
            for above, below in COMPARED
        }
    )


def has_escaped(history: History) -> bool:
    """Tell whether a network left its plateau."""
    return updates_to(history.losses, TARGET, WINDOW) is not None


def tables(config: Config, draws: Draws) -> dict[str, Table]:
    """Average the times to the escape, and count the draws that stayed on their plateau.

    Args:
        config: the settings.
        draws: the draws.

    Returns:
        ``escapes``: rows of arm, depth, learning rate, minibatch and the number of draws that
        stayed, with mean and half width of learning rate times updates; a draw that stayed counts
        with all of its.
    """
    rows = [
        mean_row(
            [draw.values[f"time.{name}"] for draw in draws.values()],
            arm=name,
            depth=arm.depth,
            learning_rate=arm.learning_rate,
            minibatch=arm.minibatch,
            stayed=sum(not draw.values[f"rate.escaped.{name}"] for draw in draws.values()),
        )
        for name, arm in config.arms.items()
    ]
    return {"escapes": rows}
