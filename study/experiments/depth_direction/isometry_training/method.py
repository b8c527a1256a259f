"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from itertools import product
from math import inf, isfinite, log2, nan
from statistics import fmean
from typing import Annotated, Literal, NamedTuple, TypeAlias, TypedDict

from annotated_types import Ge, Gt, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.classification import Task, splits
from study.lab.inits import over_fan_in
from study.lab.mnist import Mnist, Split
from study.lab.networks import ACTIVATIONS, classifier
from study.lab.rate_search import search
from study.lab.training import Schedule, reached, sgd, updates_needed
from study.record.checks import check_at_most, check_batch, check_distinct
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table
from study.record.settings import STRICT, Count, Positive, Seed, Settings, Width

KINDS = ("linear", "tanh")
"""The activations of the networks."""

Law: TypeAlias = Literal["gaussian", "orthogonal"]


Input: TypeAlias = Literal["standardised", "unit"]
"""Scales of the images: standardised and scaled down, or pixels from 0 to 1."""


class Job(NamedTuple):
    """Which networks: activation, what the law of their weights stands for, depth and images."""

    activation: str
    arm: str
    depth: int
    input: Input = "standardised"

    @property
    def key(self) -> str:
        """Its name."""
        return f"{self.activation}-{self.arm}-{self.depth}-{self.input}"


class Outcome(NamedTuple):
    """What training one network with one learning rate came to.

    Attributes:
        updates: to the target; the cap if it is not reached.
        first_loss: before the first update.
        last_loss: the mean of the last losses; not finite if the training diverged.
    """

    updates: float
    first_loss: float
    last_loss: float

    def score(self, cap: int) -> float:
        """Rank it: by the updates, and where the target is missed by the last loss; inf for none.

        Args:
            cap: all updates allowed.
        """
        if not isfinite(self.last_loss):
            return inf
        return self.updates if self.updates < cap else cap + self.last_loss


class Choice(TypedDict):
    """The mean scores of each network's rates, and the rate of each, by its name."""

    scores: dict[str, dict[str, float]]
    learning_rates: dict[str, float]


@dataclass(frozen=True, config=STRICT)
class Kind:
    """How networks of one activation are trained.

    The learning rates are given times the depth: a network of depth L gets ``rate / L``. They are
    chosen by ``search_draws`` trainings each.
    """

    depths: Annotated[tuple[Annotated[int, Ge(2), Le(10_000)], ...], MinLen(2)]
    width: Width
    learning_rates: Annotated[tuple[Annotated[float, Gt(0), Le(10_000)], ...], MinLen(1)]
    search_draws: Count
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
    search_seed: Seed
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


def prepare(config: Config, mnist: Mnist) -> dict[Input, Split]:
    """Take the first images of the training split at both scales, and their labels.

    Args:
        config: the settings.
        mnist: the data.
    """
    standardised = splits(mnist, training=config.images).training
    raw = mnist.train.first(config.images)
    return {
        "standardised": Split(config.input_scale * standardised.images, standardised.labels),
        "unit": Split(raw.images / mnist.train.images.max(), raw.labels),
    }


def jobs(config: Config) -> list[Job]:
    """Return the networks.

    Pixels from 0 to 1 are given to the orthogonal networks of the least and the greatest depth, by
    which a slowdown is judged.

    Args:
        config: the settings.
    """
    return [
        *(
            Job(activation, arm, depth)
            for activation, kind in config.kinds.items()
            for arm, depth in product(config.arms, kind.depths)
        ),
        *(
            Job(activation, "orthogonal", depth, "unit")
            for activation, kind in config.kinds.items()
            for depth in (min(kind.depths), max(kind.depths))
        ),
    ]


def choose(config: Config, inputs: Mapping[Input, Split]) -> Choice:
    """Choose the learning rate of each network by trainings with weights that no draw has.

    Args:
        config: the settings.
        inputs: the images and their labels.

    Returns:
        The rate with the fewest updates to the target on average, and all averages.
    """

    def mean_score(job: Job, rate: float) -> float:
        kind = kind_of(config, job)
        tasks = (Task(inputs[job.input], config.search_seed, k) for k in range(kind.search_draws))
        return fmean(trained(config, job, rate, task).score(kind.cap) for task in tasks)

    trials = search(
        jobs(config), lambda job: kind_of(config, job).learning_rates, mean_score, score=float
    )
    return Choice(
        scores={
            job.key: {str(rate): score for rate, score in by_rate.items()}
            for job, by_rate in trials.outcomes.items()
        },
        learning_rates={job.key: trials.rate(job) for job in trials.outcomes},
    )


def measure(config: Config, inputs: Mapping[Input, Split], draw: int, choice: Choice) -> Draw:
    """Train every network at its learning rate until it has learnt.

    Args:
        config: the settings.
        inputs: the images and their labels.
        draw: index of the draw.
        choice: the learning rates.

    Returns:
        The updates of each arm at the least and at the greatest depth, and their ratios; and the
        updates by depth.
    """
    outcomes = {
        job: trained(
            config,
            job,
            choice["learning_rates"][job.key],
            Task(inputs[job.input], config.seed, draw),
        )
        for job in jobs(config)
    }
    return Draw(quantities(config, outcomes), {"updates": update_rows(outcomes)})


# Training ----------------------------------------------------------------------------------------


def kind_of(config: Config, job: Job) -> Kind:
    """Return how the networks of a job are trained."""
    return config.kinds[job.activation]  # type: ignore[index]  # jobs are made of its keys


def trained(config: Config, job: Job, rate: float, task: Task) -> Outcome:
    """Train a network with one learning rate until it has learnt.

    Args:
        config: the settings.
        job: which network.
        rate: the learning rate, times the depth.
        task: the draw with its scaled images.

    Returns:
        What it came to.
    """
    kind = kind_of(config, job)
    history = task.fit(
        lambda: make_network(config, job, task.draw, task.training.images, seed=task.seed),
        Schedule(config.batch, kind.cap),
        sgd(rate / job.depth),
        stop_when=reached(kind.target, config.window),
        name=f"{job.key}-{rate}-{task.seed}",
    )
    updates = updates_needed(history.losses, kind.target, config.window, cap=kind.cap)
    return Outcome(updates, history.losses[0], fmean(history.losses[-config.window :]))


def make_network(
    config: Config, job: Job, draw: int, images: Tensor, *, seed: int
) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        job: which network.
        draw: index of the draw.
        images: of shape (images, pixels).
        seed: of the draws, or of the search.

    Returns:
        Linear layers with the activation between them, and weights of variance 1 over fan_in.
        Orthogonal ones have orthonormal rows where a layer is no wider than the one below.
    """
    law, kind = config.arms[job.arm], kind_of(config, job)  # type: ignore[index]  # its keys
    return classifier(
        images,
        [kind.width] * (job.depth - 1),
        over_fan_in(1.0, law),
        ACTIVATIONS[job.activation],
        seed=seed,
        draw=draw,
    )


# What is read of it ------------------------------------------------------------------------------


def quantities(config: Config, outcomes: Mapping[Job, Outcome]) -> dict[str, float]:
    """Compare the numbers of updates of one draw.

    Args:
        config: the settings.
        outcomes: of each network.

    Returns:
        The quantities by key. In an arm's name are the activation, the law that it stands for and
        which of its depths, and ``unit`` for pixels from 0 to 1; a network that never learns counts
        with the cap.
    """
    result: dict[str, float] = {}
    for activation, kind in config.kinds.items():
        ends = {"shallowest": min(kind.depths), "deepest": max(kind.depths)}
        for arm in config.arms:
            name = f"{activation}_{arm}"
            for end, depth in ends.items():
                outcome = outcomes[Job(activation, arm, depth)]
                result[f"updates.{name}_{end}"] = outcome.updates
                result[f"first_loss.{name}_{end}"] = outcome.first_loss
                result[f"rate.capped.{name}_{end}"] = float(outcome.updates >= kind.cap)
            updates = [outcomes[Job(activation, arm, at)].updates for at in sorted(kind.depths)]
            result |= slowdowns(name, updates)
            result[f"slowdown_last.{name}"] = updates[-1] / updates[-2]
        jobs_in_unit = [Job(activation, "orthogonal", at, "unit") for at in ends.values()]
        updates = [outcomes[job].updates for job in jobs_in_unit]
        result |= slowdowns(f"{activation}_orthogonal_unit", updates)
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
    return result


def slowdowns(name: str, updates: Sequence[float]) -> dict[str, float]:
    """Compare the updates of the deepest network with those of the shallowest.

    Args:
        name: of the arm.
        updates: by depth, ascending.
    """
    slowdown = updates[-1] / updates[0]
    return {
        f"slowdown.{name}": slowdown,
        f"log2_slowdown.{name}": log2(slowdown),
        f"rate.four_times_slower.{name}": float(slowdown >= 4),
    }


def update_rows(outcomes: Mapping[Job, Outcome]) -> list[Row]:
    """Return the updates of each network: rows of activation, arm, depth and input."""
    return [{**job._asdict(), "sample": outcome.updates} for job, outcome in outcomes.items()]


def exact(config: Config, _inputs: object, choice: Choice) -> dict[str, float]:
    """Count the networks whose chosen rate lies at an end of its grid: a better may lie beyond.

    Args:
        config: the settings.
        _inputs: the images and their labels; they are not read.
        choice: the learning rates.
    """
    return {
        f"at_edge.{activation}": float(
            sum(
                choice["learning_rates"][job.key]
                in {min(kind.learning_rates), max(kind.learning_rates)}
                for job in jobs(config)
                if job.activation == activation
            )
        )
        for activation, kind in config.kinds.items()
    }


def tables(config: Config, draws: Draws, choice: Choice) -> dict[str, Table]:
    """Average the updates over the draws, and write down the search.

    Args:
        config: the settings.
        draws: the draws.
        choice: what the search found.

    Returns:
        The updates by depth; and of each learning rate the mean number of updates in the search,
        NaN where a training diverged, and 1 where it was chosen, else 0. Where the target was
        missed, the last loss is added to the cap.
    """
    return {
        "updates": means(draws, "updates"),
        "rates": [
            {
                **job._asdict(),
                "rate_times_depth": rate,
                "best": int(choice["learning_rates"][job.key] == rate),
                "updates": score if isfinite(score) else nan,
            }
            for job in jobs(config)
            for rate in kind_of(config, job).learning_rates
            for score in [choice["scores"][job.key][str(rate)]]
        ],
    }
