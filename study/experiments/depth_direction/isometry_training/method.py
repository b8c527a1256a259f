"""How many updates a deep network needs: from orthogonal weights, and from Gaussian ones.

Networks without an activation and tanh networks, all with weights that keep the mean square of a
signal, of several depths; each is trained with every learning rate of one grid until its loss is
down at a target.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise, product
from math import log2, nan, sqrt
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, TypeAlias

import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.networks import dense
from study.lab.parallel import side_by_side
from study.lab.training import Recipe, fit, reached, sgd, updates_needed
from study.record.claims import Band, Claim, Fault
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, mean_row
from study.theory.sources import PENNINGTON_2017, SAXE_2013, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLASSES = 10
BETWEEN: Mapping[str, Callable[[int], nn.Module]] = {
    "linear": lambda _: nn.Identity(),
    "tanh": lambda _: nn.Tanh(),
}

Law: TypeAlias = Literal["gaussian", "orthogonal"]
Row: TypeAlias = Mapping[str, str | int | float]


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
    width: Annotated[int, Ge(2), Le(4096)]
    learning_rates: Annotated[tuple[Annotated[float, Gt(0), Le(10_000)], ...], MinLen(1)]
    target: Annotated[float, Gt(0)]
    cap: Annotated[int, Ge(1)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the data, the networks, how they are trained, and the law of each arm's weights.

    A network has learnt when the mean of its last ``window`` losses is down at the target.
    """

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(1)]
    input_scale: Annotated[float, Gt(0)]
    batch: Annotated[int, Ge(1)]
    window: Annotated[int, Ge(1)]
    arms: dict[Literal["orthogonal", "gaussian"], Law]
    kinds: dict[Literal["linear", "tanh"], Kind]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Find for every network the learning rate that needs the fewest updates.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the updates of each arm at the least and at the greatest depth, and their ratios;
        over all draws, the updates by depth, and which learning rate was the best how often.
    """
    split = mnist.train.first(config.images)
    examples = Split(config.input_scale * mnist.standardised(split.images), split.labels)
    jobs = [
        Job(activation, arm, depth)
        for activation, kind in config.kinds.items()
        for arm, depth in product(config.arms, kind.depths)
    ]
    longest_first = sorted(jobs, key=lambda job: job.depth, reverse=True)  # no core waits for long
    samples, per_draw = {}, []
    for draw in draws:

        def one(job: Job, draw: int = draw) -> Outcome:
            return search(config, job, draw, examples)

        found = dict(zip(longest_first, side_by_side(one, longest_first), strict=True))
        per_draw.append({job: found[job] for job in jobs})
        samples[draw] = quantities(config, per_draw[-1])
    return Result.of(samples, {"updates": by_depth(per_draw), "rates": by_rate(config, per_draw)})


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
        course = fit(
            lambda: started(config, job, draw, examples.images),
            F.cross_entropy,
            examples,
            Recipe(config.batch, updates),
            random_generator(config.seed, draw, 0),
            optimiser=sgd(rate / job.depth),
            until=reached(kind.target, config.window),
            name=f"{job.activation}-{job.arm}-{job.depth}-{rate}-{draw}",
        )
        first = course.losses[0]
        if not course.finite:
            diverged.append(rate)
        needed = updates_needed(course.losses, kind.target, config.window, cap=kind.cap)
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


def by_depth(per_draw: Sequence[Mapping[Job, Outcome]]) -> list[Row]:
    """Average the updates over the draws: rows of activation, arm, depth and mean."""
    return [
        mean_row([found[job].updates for found in per_draw], **job._asdict()) for job in per_draw[0]
    ]


def by_rate(config: Config, per_draw: Sequence[Mapping[Job, Outcome]]) -> list[Row]:
    """Count in how many draws each learning rate was the best, and in how many it diverged."""
    return [
        {
            **job._asdict(),
            "rate_times_depth": rate,
            "best": sum(found[job].rate == rate for found in per_draw),
            "diverged": sum(rate in found[job].diverged for found in per_draw),
        }
        for job in per_draw[0]
        for rate in config.kinds[job.activation].learning_rates  # type: ignore[index]  # as above
    ]


# Claims ------------------------------------------------------------------------------------------

CHAPTER = "chapter Orthogonal weights and the time to learn"
SWAPPED = Fault(
    "Swap the two laws of the weights.",
    {"arms.orthogonal": "gaussian", "arms.gaussian": "orthogonal"},
)
LINEAR = (
    "Fully connected networks without an activation, 128 wide, 4 to 128 layers, on MNIST scaled "
    "by 0.3; plain descent with minibatches on the cross-entropy, down to a loss of 0.6, with the "
    "best learning rate of each network; the theory has the squared error and all images at once. "
    "At quick size fewer, narrower layers and a higher target."
)
TANH = (
    "Networks of 100 and 200 layers, 128 wide, on MNIST scaled by 0.3; plain descent down to a "
    "training loss of 1, with the best learning rate of each network; the paper's networks are "
    "trained to the end, on other data. At quick size 32 and 54 narrower layers."
)
TWICE = "the prediction is twice the least that counts"
AGAIN = (
    "A first run of four draws, with another seed, left some of these claims open; in it ratios "
    "were judged and not their logarithms, which scatter more evenly."
)
CENSORED = (
    "A network that is not down at the target after all updates allowed, whatever the rate, "
    "counts with their number, so that the ratio is a lower bound where that happens."
)

CLAIMS = (
    Claim(
        id="saxe-depth-independent",
        statement=(
            "Deep linear networks that start from random orthogonal weights learn in a time that "
            "does not depend on their depth, but for a finite delay relative to shallow ones."
        ),
        source=SAXE_2013.at("abstract, “depth independent learning times”"),
        quantity="log2_slowdown.linear_orthogonal",
        prediction=0.0,
        band=Band(-1.0, 1.0),
        reason=(
            "A factor of 2 over a range of depths of 32. The exact course of one mode from half of "
            "its strength to nine tenths has a delay of less than a quarter from 4 layers to "
            "infinitely many; the grid of learning rates allows another factor in between."
        ),
        departure=LINEAR,
        remark=(
            "The logarithm to base two of the ratio of updates, of the deepest network to the "
            f"shallowest, within a draw. {AGAIN}"
        ),
        fault=SWAPPED,
        derivation="derivation-learning-time",
    ),
    Claim(
        id="gaussian-linear-slows",
        statement="From scaled Gaussian weights deep linear networks learn ever more slowly.",
        source=SAXE_2013.at("abstract, “scaled random Gaussian initializations cannot”"),
        quantity="log2_slowdown.linear_gaussian",
        prediction=3.0,
        band=Band(2.0, 14.0),
        reason=(
            "A factor of 4 at least, twice what counts as none for orthogonal weights. The paper "
            f"gives no number; {TWICE}."
        ),
        departure=LINEAR,
        remark=(
            "The logarithm to base two of the ratio of updates, of the deepest network to the "
            f"shallowest. {CENSORED} {AGAIN}"
        ),
        fault=SWAPPED,
        derivation="derivation-gaussian-learning-time",
    ),
    Claim(
        id="isometry-speeds-up-linear",
        statement="In deep linear networks orthogonal weights dramatically speed up learning.",
        source=PENNINGTON_2017.at("abstract, “dramatically speed up learning”"),
        quantity="log2_gaussian_over_orthogonal.linear_deepest",
        prediction=3.0,
        band=Band(2.0, 14.0),
        reason=(
            "Four times as fast at least is taken to be dramatic; the paper gives no number, and "
            f"{TWICE}."
        ),
        departure=LINEAR,
        remark=(
            "The logarithm to base two of the ratio of updates, from Gaussian weights to "
            f"orthogonal ones. {CENSORED} {AGAIN}"
        ),
        fault=SWAPPED,
        derivation="derivation-gaussian-learning-time",
    ),
    Claim(
        id="orthogonal-vs-gaussian-tanh",
        statement=(
            "Deep tanh networks with orthogonal weights learn much faster than with Gaussian ones, "
            "though both are critical."
        ),
        source=PENNINGTON_2017.at("abstract, “learn orders of magnitude faster”"),
        quantity="log2_gaussian_over_orthogonal.tanh_shallowest",
        prediction=2.0,
        band=Band(1.0, 14.0),
        reason=f"Twice as fast is the least that counts; {TWICE}.",
        departure=TANH,
        remark=(
            "The logarithm to base two of the ratio of updates. Both laws have a variance of 1 "
            f"over the width. Here at 100 layers. {CENSORED} So it does not decide between a "
            f"factor of some units and orders of magnitude. {AGAIN}"
        ),
        fault=SWAPPED,
        derivation="derivation-tanh-learning-time",
    ),
    Claim(
        id="orthogonal-vs-gaussian-tanh-deeper",
        statement="The same holds of networks of 200 layers.",
        source=PENNINGTON_2017.at("abstract, “learn orders of magnitude faster”"),
        quantity="log2_gaussian_over_orthogonal.tanh_deepest",
        prediction=2.0,
        band=Band(1.0, 14.0),
        reason="As for 100 layers.",
        departure=TANH,
        remark=f"As for 100 layers. {CENSORED} {AGAIN}",
        fault=SWAPPED,
        derivation="derivation-tanh-learning-time",
    ),
    Claim(
        id="orthogonal-tanh-slows",
        statement=(
            "Tanh networks of unit gain do need more updates the deeper they are, also from "
            "orthogonal weights."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “With tanh”"),
        quantity="log2_slowdown.tanh_orthogonal",
        prediction=0.5,
        band=Band(0.25, 3.0),
        reason=(
            "Below a quarter, a fifth more updates, there would be no slowing worth the name. The "
            "prediction is what the argument for one mode gives, the root of the ratio of the "
            "depths; it leaves out what a finite width adds, and trial runs with other seeds "
            "needed more, so the band is wide above."
        ),
        departure=TANH,
        remark=(
            "The logarithm to base two of the ratio of updates, of the deeper network to the "
            "other, within a draw. A tanh network of unit gain has no full isometry: all its "
            f"singular values fall together. {AGAIN}"
        ),
        fault=SWAPPED,
        derivation="derivation-tanh-learning-time",
    ),
)


# Figures -----------------------------------------------------------------------------------------


MARKED = (30, 100, 300)
"""Updates that have a mark on their axis."""


def _updates(run: Run, activation: str) -> "Figure":
    figure, axes = plt.subplots()
    kind = run.settings["experiment"]["kinds"][activation]
    for arm, marker in (("orthogonal", "o"), ("gaussian", "s")):
        own = [
            row
            for row in run.tables["updates"]
            if row["activation"] == activation and row["arm"] == arm
        ]
        depths, means, half = (
            [float(row[key]) for row in own] for key in ("depth", "mean", "half_width")
        )
        label = "Gaussian" if arm == "gaussian" else arm
        axes.errorbar(depths, means, yerr=half, marker=marker, capsize=3, label=label)
    axes.axhline(kind["cap"], color="grey", linewidth=1, linestyle=":")
    axes.set(xlabel="layers", ylabel="updates", xscale="log", yscale="log")
    axes.set_xticks(kind["depths"], [str(depth) for depth in kind["depths"]])
    axes.set_yticks(MARKED, [str(updates) for updates in MARKED])
    axes.minorticks_off()
    axes.legend()
    return figure


def linear_updates(run: Run) -> "Figure":
    """Updates by depth without activation: level for orthogonal weights, rising for Gaussian."""
    return _updates(run, "linear")


def tanh_updates(run: Run) -> "Figure":
    """Updates by depth with tanh: fewer from orthogonal weights, but they rise as well."""
    return _updates(run, "tanh")


EXPERIMENT = Experiment(
    config=Config, run=run, claims=CLAIMS, figures=(linear_updates, tanh_updates)
)
