"""Settings, one draw, and what is read of it."""

from collections.abc import Callable, Mapping
from itertools import pairwise, product
from math import log2, nan, sqrt
from typing import Annotated, Literal, NamedTuple, TypeAlias

import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.networks import dense
from study.lab.training import Schedule, fit, reached, sgd, updates_needed
from study.record.checks import check_at_most, check_batch, check_distinct
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table
from study.record.settings import STRICT, Count, Positive, Settings, Width

CLASSES = 10
BETWEEN: Mapping[str, Callable[[int], nn.Module]] = {
    "linear": lambda _: nn.Identity(),
    "tanh": lambda _: nn.Tanh(),
}

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
        diverged: the rates, times the depth, with which the loss became no number.
    """

    updates: float
    rate: float
    first_loss: float
    diverged: tuple[float, ...]


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
        for field, names in (("arms", ("orthogonal", "gaussian")), ("kinds", tuple(BETWEEN))):
            given = getattr(self, field)
            if given.keys() != set(names):
                raise ValueError(f"{field}={', '.join(given)}: must be {' and '.join(names)}")


def prepare(config: Config, mnist: Mnist) -> Split:
    """Take the first images of the training split, standardised and scaled, and their labels.

    Args:
        config: the settings.
        mnist: the data.
    """
    split = mnist.standardised_split(mnist.train.first(config.images))
    return Split(config.input_scale * split.images, split.labels)


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
    found = {job: search(config, job, draw, inputs) for job in jobs}
    return Draw(
        quantities(config, found), {"updates": by_depth(found), "rates": by_rate(config, found)}
    )


# Training ----------------------------------------------------------------------------------------


def search(config: Config, job: Job, draw: int, examples: Split) -> Outcome:
    """Train a network with each learning rate, the largest first, until it has learnt.

    A training is given up when it has made as many updates as the best one before it, since it
    can no longer be the best.

    Args:
        config: the settings.
        job: which network.
        draw: index of the draw; the networks of a draw see the same minibatches in the same order.
        examples: the scaled images to train on.

    Returns:
        What was found.
    """
    kind = config.kinds[job.activation]  # type: ignore[index]  # jobs are made of its keys
    updates, best, first, diverged = kind.cap, nan, nan, []
    for rate in sorted(kind.learning_rates, reverse=True):
        history = fit(
            lambda: started(config, job, draw, examples.images),
            F.cross_entropy,
            examples,
            Schedule(config.batch, updates),
            random_generator(config.seed, draw, 0),
            optimiser=sgd(rate / job.depth),
            stop_when=reached(kind.target, config.window),
            name=f"{job.activation}-{job.arm}-{job.depth}-{rate}-{draw}",
        )
        first = history.losses[0]
        if not history.finite:
            diverged.append(rate)
        needed = updates_needed(history.losses, kind.target, config.window, cap=kind.cap)
        if needed < updates:
            updates, best = int(needed), rate
    return Outcome(float(updates), best, first, tuple(diverged))


def started(config: Config, job: Job, draw: int, images: Tensor) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        job: which network.
        draw: index of the draw.
        images: of shape (images, pixels).

    Returns:
        Linear layers with the activation between them. Gaussian weights have the variance
        1 over fan_in; orthogonal ones have orthonormal rows, or columns if those are fewer.
    """
    law, kind = config.arms[job.arm], config.kinds[job.activation]  # type: ignore[index]  # its keys
    sizes = (images.shape[1], *[kind.width] * (job.depth - 1), CLASSES)
    fans = [max(pair) if law == "orthogonal" else pair[0] for pair in pairwise(sizes)]
    return dense(
        sizes,
        [1 / sqrt(fan) for fan in fans],
        BETWEEN[job.activation],
        seed=config.seed,
        draw=draw,
        device=images.device,
        law=law,
    )


# What is read of it ------------------------------------------------------------------------------


def quantities(config: Config, found: Mapping[Job, Outcome]) -> dict[str, float]:
    """Compare the numbers of updates of one draw.

    Args:
        config: the settings.
        found: what the search found for each network.

    Returns:
        The quantities by key. In an arm's name are the activation, the law that it stands for and
        which of its depths; a network that never learns counts with the cap.
    """
    result: dict[str, float] = {}
    for activation, kind in config.kinds.items():
        ends = {"shallowest": min(kind.depths), "deepest": max(kind.depths)}
        for arm in config.arms:
            own = {depth: found[Job(activation, arm, depth)] for depth in sorted(kind.depths)}
            updates = [outcome.updates for outcome in own.values()]
            name = f"{activation}_{arm}"
            for end, depth in ends.items():
                result[f"updates.{name}_{end}"] = own[depth].updates
                result[f"first_loss.{name}_{end}"] = own[depth].first_loss
                result[f"rate.capped.{name}_{end}"] = float(own[depth].updates >= kind.cap)
            result[f"slowdown.{name}"] = updates[-1] / updates[0]
            result[f"log2_slowdown.{name}"] = log2(updates[-1] / updates[0])
            result[f"slowdown_last.{name}"] = updates[-1] / updates[-2]
        for end, depth in ends.items():
            slow, fast = (
                found[Job(activation, arm, depth)].updates for arm in ("gaussian", "orthogonal")
            )
            result[f"gaussian_over_orthogonal.{activation}_{end}"] = slow / fast
            result[f"log2_gaussian_over_orthogonal.{activation}_{end}"] = log2(slow / fast)
        result[f"at_edge.{activation}"] = float(
            sum(
                outcome.rate in {min(kind.learning_rates), max(kind.learning_rates)}
                for job, outcome in found.items()
                if job.activation == activation
            )
        )
    return result


def by_depth(found: Mapping[Job, Outcome]) -> list[Row]:
    """Return the updates of each network: rows of activation, arm and depth."""
    return [{**job._asdict(), "sample": outcome.updates} for job, outcome in found.items()]


def by_rate(config: Config, found: Mapping[Job, Outcome]) -> list[Row]:
    """Return, 1 or 0, whether each learning rate was the best of its network, and diverged."""
    return [
        {
            **job._asdict(),
            "rate_times_depth": rate,
            "best": int(outcome.rate == rate),
            "diverged": int(rate in outcome.diverged),
        }
        for job, outcome in found.items()
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
