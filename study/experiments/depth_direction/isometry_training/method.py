"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from itertools import product
from math import log2, nan
from typing import Annotated, Literal, NamedTuple, TypeAlias

from annotated_types import Ge, Gt, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.classification import Task, splits
from study.lab.inits import over_fan_in
from study.lab.mnist import Mnist, Split
from study.lab.networks import ACTIVATIONS, classifier
from study.lab.training import Schedule, reached, sgd, updates_needed
from study.record.checks import check_at_most, check_batch, check_distinct
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table
from study.record.settings import STRICT, Count, Positive, Settings, Width

KINDS = ("linear", "tanh")
"""The activations of the networks."""

Law: TypeAlias = Literal["gaussian", "orthogonal"]


class Job(NamedTuple):
    """Which networks: their activation, what the law of their weights stands for, their depth."""

    activation: str
    arm: str
    depth: int


class Outcome(NamedTuple):
    """What the search over learning rates of one network found.

    Attributes:
        updates: to the target, with the best rate; the cap if no rate leads there.
        rate: the best rate, times the depth; NaN if no rate leads there.
        first_loss: before the first update.
        diverged_rates: the rates, times the depth, with which the loss became no number.
    """

    updates: float
    rate: float
    first_loss: float
    diverged_rates: tuple[float, ...]


@dataclass(frozen=True, config=STRICT)
class Kind:
    """How networks of one activation are trained.

    The learning rates are given times the depth: a network of depth L gets ``rate / L``.
    """

    depths: Annotated[tuple[Annotated[int, Ge(2), Le(10_000)], ...], MinLen(2)]
    width: Width
    learning_rates: Annotated[tuple[Annotated[float, Gt(0), Le(10_000)], ...], MinLen(1)]
    target: Positive
    cap: Count

    def __post_init__(self) -> None:
        """Refuse a depth or a learning rate given twice."""
        check_distinct("depths", self.depths)
        check_distinct("learning_rates", self.learning_rates)


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the data, the networks, how they are trained, and the law of each arm's weights.

    A network has learnt when the mean of its last ``window`` losses is down at the target.
    """

    images: Count
    input_scale: Positive
    batch: Count
    window: Count
    arms: dict[Literal["orthogonal", "gaussian"], Law]
    kinds: dict[Literal["linear", "tanh"], Kind]

    def __post_init__(self) -> None:
        """Refuse what no minibatch or no training fills, and a comparison of one side."""
        check_batch(self.batch, self.images)
        for name, kind in self.kinds.items():
            check_at_most("window", self.window, f"kinds.{name}.cap", kind.cap)
        for field, names in (("arms", ("orthogonal", "gaussian")), ("kinds", KINDS)):
            arms = getattr(self, field)
            if arms.keys() != set(names):
                raise ValueError(f"{field}={', '.join(arms)}: must be {' and '.join(names)}")


def prepare(config: Config, mnist: Mnist) -> Split:
    """Take the first images of the training split, standardised and scaled, and their labels.

    Args:
        config: the settings.
        mnist: the data.
    """
    training = splits(mnist, training=config.images).training
    return Split(config.input_scale * training.images, training.labels)


def measure(config: Config, inputs: Split, draw: int) -> Draw:
    """Find for every network the learning rate that needs the fewest updates.

    Args:
        config: the settings.
        inputs: the images and their labels.
        draw: index of the draw.

    Returns:
        The updates of each arm at the least and at the greatest depth, and their ratios; the
        updates by depth, and which learning rate was the best and which diverged.
    """
    jobs = [
        Job(activation, arm, depth)
        for activation, kind in config.kinds.items()
        for arm, depth in product(config.arms, kind.depths)
    ]
    outcomes = {job: quickest(config, job, Task(inputs, config.seed, draw)) for job in jobs}
    return Draw(
        quantities(config, outcomes),
        {"updates": update_rows(outcomes), "rates": rate_rows(config, outcomes)},
    )


# Training ----------------------------------------------------------------------------------------


def quickest(config: Config, job: Job, task: Task) -> Outcome:
    """Train a network with each learning rate, the largest first, until it has learnt.

    A training is given up when it has made as many updates as the best one before it, since it
    can no longer be the best.

    Args:
        config: the settings.
        job: which network.
        task: the draw with its scaled images.

    Returns:
        What was found.
    """
    kind = config.kinds[job.activation]  # type: ignore[index]  # jobs are made of its keys
    updates, best, first, diverged_rates = kind.cap, nan, nan, []
    for rate in sorted(kind.learning_rates, reverse=True):
        history = task.fit(
            lambda: make_network(config, job, task.draw, task.training.images),
            Schedule(config.batch, updates),
            sgd(rate / job.depth),
            stop_when=reached(kind.target, config.window),
            name=f"{job.activation}-{job.arm}-{job.depth}-{rate}",
        )
        first = history.losses[0]
        if not history.finite:
            diverged_rates.append(rate)
        count = updates_needed(history.losses, kind.target, config.window, cap=kind.cap)
        if count < updates:
            updates, best = int(count), rate
    return Outcome(float(updates), best, first, tuple(diverged_rates))


def make_network(config: Config, job: Job, draw: int, images: Tensor) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        job: which network.
        draw: index of the draw.
        images: of shape (images, pixels).

    Returns:
        Linear layers with the activation between them, and weights of variance 1 over fan_in.
        Orthogonal ones have orthonormal rows where a layer is no wider than the one below.
    """
    law, kind = config.arms[job.arm], config.kinds[job.activation]  # type: ignore[index]  # its keys
    return classifier(
        images,
        [kind.width] * (job.depth - 1),
        over_fan_in(1.0, law),
        ACTIVATIONS[job.activation],
        seed=config.seed,
        draw=draw,
    )


# What is read of it ------------------------------------------------------------------------------


def quantities(config: Config, outcomes: Mapping[Job, Outcome]) -> dict[str, float]:
    """Compare the numbers of updates of one draw.

    Args:
        config: the settings.
        outcomes: of the search for each network.

    Returns:
        The quantities by key. In an arm's name are the activation, the law that it stands for and
        which of its depths; a network that never learns counts with the cap.
    """
    result: dict[str, float] = {}
    for activation, kind in config.kinds.items():
        ends = {"shallowest": min(kind.depths), "deepest": max(kind.depths)}
        for arm in config.arms:
            by_depth = {
                depth: outcomes[Job(activation, arm, depth)] for depth in sorted(kind.depths)
            }
            updates = [outcome.updates for outcome in by_depth.values()]
            name = f"{activation}_{arm}"
            for end, depth in ends.items():
                result[f"updates.{name}_{end}"] = by_depth[depth].updates
                result[f"first_loss.{name}_{end}"] = by_depth[depth].first_loss
                result[f"rate.capped.{name}_{end}"] = float(by_depth[depth].updates >= kind.cap)
            result[f"slowdown.{name}"] = updates[-1] / updates[0]
            result[f"log2_slowdown.{name}"] = log2(updates[-1] / updates[0])
            result[f"slowdown_last.{name}"] = updates[-1] / updates[-2]
            result[f"rate.four_times_slower.{name}"] = float(updates[-1] >= 4 * updates[0])
        for end, depth in ends.items():
            gaussian, orthogonal = (
                outcomes[Job(activation, arm, depth)].updates for arm in ("gaussian", "orthogonal")
            )
            result[f"gaussian_over_orthogonal.{activation}_{end}"] = gaussian / orthogonal
            result[f"log2_gaussian_over_orthogonal.{activation}_{end}"] = log2(
                gaussian / orthogonal
            )
            # An order of this kind is known where the Gaussian network is cut off at the cap, too.
            result[f"rate.twice_as_fast.{activation}_{end}"] = float(gaussian >= 2 * orthogonal)
        result[f"at_edge.{activation}"] = float(
            sum(
                outcome.rate in {min(kind.learning_rates), max(kind.learning_rates)}
                for job, outcome in outcomes.items()
                if job.activation == activation
            )
        )
    return result


def update_rows(outcomes: Mapping[Job, Outcome]) -> list[Row]:
    """Return the updates of each network: rows of activation, arm and depth."""
    return [{**job._asdict(), "sample": outcome.updates} for job, outcome in outcomes.items()]


def rate_rows(config: Config, outcomes: Mapping[Job, Outcome]) -> list[Row]:
    """Return, 1 or 0, whether each learning rate was the best of its network, and diverged."""
    return [
        {
            **job._asdict(),
            "rate_times_depth": rate,
            "best": int(outcome.rate == rate),
            "diverged": int(rate in outcome.diverged_rates),
        }
        for job, outcome in outcomes.items()
        for rate in config.kinds[job.activation].learning_rates  # type: ignore[index]  # as above
    ]


def tables(_config: Config, draws: Draws) -> dict[str, Table]:
    """Average the updates over the draws, and count what each learning rate did.

    Args:
        _config: the settings.
        draws: the draws.

    Returns:
        The updates by depth; and of each learning rate, in how many draws it was the best of its
        network, and in how many it diverged.
    """
    same_rate = zip(*(draw.tables["rates"] for draw in draws.values()), strict=True)
    return {
        "updates": means(draws, "updates"),
        "rates": [
            {**rows[0]} | {key: sum(int(row[key]) for row in rows) for key in ("best", "diverged")}
            for rows in same_rate
        ],
    }
