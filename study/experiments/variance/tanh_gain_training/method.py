"""Which gain trains a network of tanh units: torch's 5/3, or one nearer to 1, by depth.

Fully connected tanh networks on MNIST of several depths, the weights of each with several gains,
each trained for less than an epoch with every learning rate of one grid.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import exp, isfinite, log, sqrt
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.networks import dense
from study.lab.parallel import side_by_side
from study.lab.training import Course, Recipe, best_rate, fit, sgd
from study.record.claims import Band, Claim, Fault, around
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, finite_row, mean_row
from study.theory import activations, phases
from study.theory.sources import PYTORCH, SCHOENHOLZ_2017, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLASSES = 10
GUESS = log(CLASSES)
"""The cross-entropy of a network that gives every class the same probability."""

Arm: TypeAlias = tuple[str, str]
"""Which network: the names of its depth and of its gain."""
Job: TypeAlias = tuple[str, str, float]
"""Which training: the arm and the learning rate."""
Row: TypeAlias = Mapping[str, str | int | float]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how deep the networks are, what they start from, and how they are trained.

    The loss in the end is the mean over the last ``tail`` updates. The depths and the gains have
    names, those of their numbers at reference size. How many angles are left at the top is told
    from the first ``compared`` images.
    """

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(1)]
    compared: Annotated[int, Ge(3), Le(2_000)]
    width: Annotated[int, Ge(2), Le(4096)]
    batch: Annotated[int, Ge(1)]
    momentum: Annotated[float, Ge(0), Lt(1)]
    updates: Annotated[int, Ge(1)]
    tail: Annotated[int, Ge(1)]
    learning_rates: Annotated[tuple[Annotated[float, Gt(0)], ...], MinLen(1)]
    depths: Annotated[dict[str, Annotated[int, Ge(2), Le(1000)]], MinLen(1)]
    gains: Annotated[dict[str, Annotated[float, Gt(0), Le(100)]], MinLen(1)]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Train every network of every draw with every learning rate.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the losses in the end and how they compare; over all draws, the loss by learning
        rate, depth and gain, and what is left of the angles by depth and gain.
    """
    part = mnist.train.first(config.images)
    training = Split(mnist.standardised(part.images), part.labels)
    arms = [(depth, gain) for depth in config.depths for gain in config.gains]
    jobs = [(*arm, rate) for arm in arms for rate in config.learning_rates]
    samples, losses, kept = {}, [], []
    for draw in draws:

        def one(job: Job, draw: int = draw) -> float:
            return loss_in_the_end(config, train_one(config, job, draw, training))

        def left(arm: Arm, draw: int = draw) -> float:
            network = started(config, arm, draw, training.images)
            return angles_left(network, training.images[: config.compared])

        losses.append(dict(zip(jobs, side_by_side(one, jobs), strict=True)))
        kept.append({arm: left(arm) for arm in arms})
        samples[draw] = quantities(config, losses[-1], kept[-1])
    tables = {"rates": by_rate(losses), "angles": by_depth(config, kept)}
    return Result.of(samples, tables)


# Training ----------------------------------------------------------------------------------------


def train_one(config: Config, job: Job, draw: int, training: Split) -> Course:
    """Train one network.

    Args:
        config: the settings.
        job: its depth, its gain and its learning rate.
        draw: index of the draw.
        training: the standardised images to train on.

    Returns:
        The losses.
    """
    depth, gain, rate = job
    return fit(
        lambda: started(config, (depth, gain), draw, training.images),
        F.cross_entropy,
        training,
        Recipe(config.batch, config.updates),
        random_generator(config.seed, draw, 0),
        optimiser=sgd(rate, momentum=config.momentum),
        name=f"{depth}-{gain}-{rate}-{draw}",
    )


def started(config: Config, arm: Arm, draw: int, images: Tensor) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        arm: its depth and its gain, which the last layer, linear as it is, does not have.
        draw: index of the draw; networks of one draw and depth share their random numbers.
        images: of shape (images, pixels).

    Returns:
        Linear layers with tanh between them.
    """
    depth, gain = config.depths[arm[0]], config.gains[arm[1]]
    sizes = (images.shape[1], *[config.width] * (depth - 1), CLASSES)
    gains = [gain] * (depth - 1) + [1.0]
    stds = [own / sqrt(fan_in) for own, (fan_in, _) in zip(gains, pairwise(sizes), strict=True)]
    return dense(
        sizes, stds, lambda _: nn.Tanh(), seed=config.seed, draw=draw, device=images.device
    )


def loss_in_the_end(config: Config, trained: Course) -> float:
    """Return the mean loss of the last updates; NaN if the training diverged."""
    return fmean(trained.losses[-config.tail :])


# What is left of the angles ----------------------------------------------------------------------


@torch.no_grad()
def angles_left(network: nn.Sequential, images: Tensor) -> float:
    """Tell how far the angles between images at the top of a network are those at its bottom.

    Args:
        network: before training.
        images: are sent through all of it but its last layer.

    Returns:
        The correlation, over all pairs of images, of the cosine of their last activations with
        that of the images.
    """
    below = cosines(images)
    above = cosines(network[:-1](images))
    return float(torch.corrcoef(torch.stack([below, above]))[0, 1])


def cosines(signals: Tensor) -> Tensor:
    """Return the cosine of each pair of signals.

    Args:
        signals: one in each row.

    Returns:
        The cosines, in float64.

    **Shapes**: ``signals`` (images, units); (pairs,).
    """
    along = F.normalize(signals.double(), dim=1)
    first, second = torch.triu_indices(len(signals), len(signals), offset=1)
    return (along @ along.T)[first, second]


# What is read of it ------------------------------------------------------------------------------


def quantities(
    config: Config, losses: Mapping[Job, float], kept: Mapping[Arm, float]
) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        config: the settings.
        losses: in the end, of each training; NaN where it diverged.
        kept: what is left of the angles in each network before training.

    Returns:
        For each depth and gain: the rate chosen, the loss with it, the share of the loss of a
        guess that is gone, and what is left of the angles. For each depth: the logarithm of the
        loss with 5/3 over that with 1.1, and the largest loss over the smallest. And how far the
        order of two gains flips with depth, see :func:`flip`.
    """
    rates = {arm: chosen(config, arm, losses) for arm in kept}
    best = {arm: settled(losses[*arm, rate]) for arm, rate in rates.items()}
    found: dict[str, float] = {}
    for depth, gain in kept:
        arm = f"{gain}_at_{depth}"
        found |= {
            f"loss.{arm}": best[depth, gain],
            f"learnt.{arm}": 1 - best[depth, gain] / GUESS,
            f"learning_rate.{arm}": rates[depth, gain],
            f"angles_left.{arm}": kept[depth, gain],
        }
    for depth in config.depths:
        own = {gain: best[depth, gain] for gain in config.gains}
        found |= {
            f"log_ratio.at_{depth}": log(own["five_thirds"] / own["eleven_tenths"]),
            f"spread.at_{depth}": max(own.values()) / min(own.values()),
        }
    return found | {
        "flip.five_thirds_from_five_to_fifty": flip(
            best, "five_thirds", "eleven_tenths", "five", "fifty"
        ),
        "flip.five_quarters_from_twenty_to_hundred": flip(
            best, "five_quarters", "eleven_tenths", "twenty", "hundred"
        ),
    }


def flip(best: Mapping[Arm, float], large: str, small: str, shallow: str, deep: str) -> float:
    """Tell how far a large gain is better in a shallow network and a small one in a deep one.

    Args:
        best: the loss of each arm.
        large: the name of the large gain.
        small: the name of the small one.
        shallow: the name of a depth.
        deep: the name of a larger one.

    Returns:
        The smaller of the two advantages in the logarithm of the loss; below 0 where one of them
        is none.
    """
    return min(
        log(best[shallow, small] / best[shallow, large]),
        log(best[deep, large] / best[deep, small]),
    )


def chosen(config: Config, arm: Arm, losses: Mapping[Job, float]) -> float:
    """Choose the learning rate of an arm: that with the smallest loss in the end."""
    return best_rate({rate: losses[*arm, rate] for rate in config.learning_rates})


def settled(loss: float) -> float:
    """Return a loss, and that of a guess where every training of the arm has diverged."""
    return loss if isfinite(loss) else GUESS


def by_rate(per_draw: Sequence[Mapping[Job, float]]) -> list[Row]:
    """Average the loss of each learning rate over the draws in which it did not diverge.

    Args:
        per_draw: for each draw, the losses in the end.

    Returns:
        Rows of depth, gain, learning rate, in how many draws it diverged, and the mean of the
        others.
    """
    found: list[Row] = []
    for depth, gain, rate in per_draw[0]:
        losses = [losses[depth, gain, rate] for losses in per_draw]
        found.append(finite_row(losses, depth=depth, gain=gain, learning_rate=rate))
    return found


def by_depth(config: Config, per_draw: Sequence[Mapping[Arm, float]]) -> list[Row]:
    """Average what is left of the angles: rows of gain, depth in layers, and the mean."""
    return [
        mean_row([kept[arm] for kept in per_draw], gain=arm[1], layers=config.depths[arm[0]])
        for arm in per_draw[0]
    ]


# The law -----------------------------------------------------------------------------------------


def law_of_angles(gain: float, layers: int, width: int, deviation: float = 0.16) -> float:
    r"""What a chaotic tanh network of finite width leaves of the angles, roughly.

    Per layer a cosine is multiplied by :math:`a`, its slope at 0, and a width of ``n`` units adds
    to it a random part of variance :math:`1/n`.

    .. math::
        r = \frac{s a^l}{\sqrt{s^2 a^{2l} + v}}, \qquad
        v = \frac1n \frac{1 - a^{2l}}{1 - a^2}

    Args:
        gain: ``g``, above 1.
        layers: ``l``.
        width: ``n``.
        deviation: ``s``, of the cosines of the images from their mean; that of MNIST's first
            hundred training images, to two digits.

    Returns:
        The correlation of the cosines at the top with those at the bottom.
    """
    slope = exp(-1 / depth_scale(gain))
    noise = (1 - slope ** (2 * layers)) / (1 - slope**2) / width
    signal = deviation * slope**layers
    return signal / sqrt(signal**2 + noise)


def depth_scale(gain: float) -> float:
    """Return the depth scale of the cosine of tanh layers without biases, in layers."""
    return phases.correlation_depth_scale(activations.activation("tanh"), gain**2, 0.0)


# Claims ------------------------------------------------------------------------------------------

FIVE_THIRDS = 5 / 3
HERE = "chapter The gain of tanh, section “What was measured: training”"
LABEL = "the-gain-of-tanh-in-training"
MEASURED = (
    "Fully connected networks of width 128 on MNIST, 200 updates with momentum 0.9, all with the "
    "same grid of learning rates, of which the best counts. The gain is that of the layers before "
    "a tanh; the last has the gain 1. At quick size the networks are narrower and less deep."
)
CHOICE = (
    "The loss is the mean over the last updates, each before its update and on images that no "
    "update has seen before. Rate and loss are read from the same training, for every gain alike."
)
FIRST = (
    "The prediction is what a first trial gave, whose learning rates ended at 0.01, below what "
    "suits five layers."
)
SAME = Fault(
    "Take the gain 1.1 in place of 5/3, so that the two do not differ.", {"gains.five_thirds": 1.1}
)
FAR_OFF = Fault(
    "Take the gain 0.1, of which the signal fades, in place of 1, and the gain 3 in place of 1.1.",
    {"gains.one": 0.1, "gains.eleven_tenths": 3.0},
)

CLAIMS = (
    Claim(
        id="tanh-gain-depth-crossover",
        statement="The gain 5/3 trains better than 1.1 with 5 layers, and worse with 50.",
        source=THIS_STUDY.at(f"{HERE}, the first trial"),
        quantity="flip.five_thirds_from_five_to_fifty",
        prediction=log(0.247 / 0.231),
        band=Band(0.0, 10.0),
        reason=f"Any flip of the order. {FIRST}",
        departure=MEASURED,
        remark=(
            "The smaller of two advantages in the logarithm of the loss: of 5/3 with 5 layers, and "
            f"of 1.1 with 50. {CHOICE}"
        ),
        fault=SAME,
        derivation=LABEL,
    ),
    Claim(
        id="tanh-gain-five-thirds-shallow",
        statement="With 5 layers the recommended gain 5/3 trains better than 1.1.",
        source=PYTORCH.at("torch.nn.init.calculate_gain, “recommended gain value”"),
        quantity="log_ratio.at_five",
        prediction=log(0.231 / 0.247),
        band=Band(-10.0, 0.0),
        reason=f"Any advantage. {FIRST}",
        departure=f"torch names no depth and promises nothing. {MEASURED}",
        remark=f"The logarithm of the loss with 5/3 over that with 1.1. {CHOICE}",
        fault=SAME,
        derivation=LABEL,
    ),
    Claim(
        id="tanh-gain-fifty-layers",
        statement="With 50 layers the recommended gain 5/3 costs a quarter more loss than 1.1.",
        source=THIS_STUDY.at(HERE),
        quantity="log_ratio.at_fifty",
        prediction=log(1.21 / 0.422),
        band=Band(log(1.25), 10.0),
        reason=(
            "By a quarter of the loss at the least, the same as in the claim that the gain hardly "
            "matters with 5 layers. The prediction is what a first trial gave."
        ),
        departure=MEASURED,
        remark=f"The logarithm of the loss with 5/3 over that with 1.1. {CHOICE}",
        fault=SAME,
        derivation=LABEL,
    ),
    Claim(
        id="tanh-gain-hundred-layers",
        statement="With 100 layers, more than six depth scales, the gain 5/3 learns nothing.",
        source=SCHOENHOLZ_2017.at("section 6, the comparison with multiples of the depth scale"),
        quantity="learnt.five_thirds_at_hundred",
        prediction=0.0,
        band=around(0.0, 0.05),
        reason="A twentieth of the loss of a guess. The paper lets networks train to six scales.",
        departure=f"The paper trains longer, with one learning rate. {MEASURED}",
        remark=(
            "The share of the loss of a guess that is gone, at any rate of the grid, whose lowest "
            "most draws choose; lower ones were not tried. The depth scale of the cosine is 12 "
            f"layers with this gain. {CHOICE}"
        ),
        fault=SAME,
        derivation=LABEL,
    ),
    Claim(
        id="tanh-gain-hundred-layers-near-one",
        statement="With 100 layers, half a depth scale, the gain 1.1 learns.",
        source=SCHOENHOLZ_2017.at("section 6, the comparison with multiples of the depth scale"),
        quantity="learnt.eleven_tenths_at_hundred",
        prediction=1 - 0.600 / GUESS,
        band=Band(0.1, 1.0),
        reason=(
            "A tenth of the loss of a guess, of which a network that learns nothing strays by a "
            "hundredth. The prediction is what a first trial gave."
        ),
        departure=f"The paper trains longer, with one learning rate. {MEASURED}",
        remark=f"The depth scale is 200 layers with this gain. {CHOICE}",
        fault=FAR_OFF,
        derivation=LABEL,
    ),
    Claim(
        id="tanh-gain-hardly-matters-shallow",
        statement="With 5 layers all gains from 1 to 5/3 train alike, to a quarter of the loss.",
        source=THIS_STUDY.at(HERE),
        quantity="spread.at_five",
        prediction=1.05,
        band=Band(1.0, 1.25),
        reason=(
            "A quarter of the loss, about what a step of the grid of rates makes. In trial "
            "runs with other seeds the spread was a twentieth, the prediction."
        ),
        departure=MEASURED,
        remark=f"The largest loss over the smallest, of four gains, in one draw. {CHOICE}",
        fault=FAR_OFF,
        derivation=LABEL,
    ),
    Claim(
        id="tanh-gain-matters-little-at-twenty",
        statement="With 20 layers no gain from 1 to 5/3 costs more than half as much loss again.",
        source=THIS_STUDY.at(HERE),
        quantity="spread.at_twenty",
        prediction=1.25,
        band=Band(1.0, 1.5),
        reason=(
            "A half of the loss, twice what is allowed with 5 layers. In a trial run with another "
            "seed the spread was a quarter, the prediction."
        ),
        departure=MEASURED,
        remark=f"The largest loss over the smallest, of four gains, in one draw. {CHOICE}",
        fault=FAR_OFF,
        derivation=LABEL,
    ),
    Claim(
        id="tanh-five-thirds-loses-angles",
        statement="With 50 layers and the gain 5/3 the angles at the top tell no images apart.",
        source=THIS_STUDY.at(HERE),
        quantity="angles_left.five_thirds_at_fifty",
        prediction=law_of_angles(FIVE_THIRDS, layers=49, width=128),
        band=around(law_of_angles(FIVE_THIRDS, layers=49, width=128), 0.15),
        reason=(
            "Fifteen hundredths of a correlation: in trial runs with other seeds draws scattered "
            "by some hundredths, and the gain 1.1 left two tenths."
        ),
        departure="Before training, of some images; at quick size 34 layers of width 64.",
        remark=(
            "The correlation, over pairs of images, of the cosine after 49 layers with that of the "
            "images. The law has the cosine's slope at 0 and a random part of variance 1/n."
        ),
        fault=SAME,
        derivation=LABEL,
    ),
)


# Figures -----------------------------------------------------------------------------------------

LABELS = {"one": "1", "eleven_tenths": "1.1", "five_quarters": "5/4", "five_thirds": "5/3"}
MARKS = dict(zip(LABELS, "osD^", strict=True))
LOSSES = (0.2, 0.5, 1, 2)
"""Where the axes of losses have a mark."""


def in_order(run: Run, field: str) -> dict[str, float]:
    """Return a setting's numbers by name, the smallest first: stored settings are by name."""
    return dict(sorted(run.settings["experiment"][field].items(), key=lambda item: item[1]))


def loss_by_depth(run: Run) -> "Figure":
    """Loss by depth and gain: the same with few layers, and a guess with 5/3 and a hundred."""
    figure, axes = plt.subplots()
    depths = in_order(run, "depths")
    for gain in in_order(run, "gains"):
        found = [run.values[f"loss.{gain}_at_{name}"] for name in depths]
        axes.errorbar(
            [*depths.values()],
            [value.mean for value in found],
            yerr=[value.half_width for value in found],
            marker=MARKS[gain],
            capsize=3,
            label=LABELS[gain],
        )
    axes.axhline(GUESS, color="grey", linewidth=1, linestyle=":")
    axes.set(xlabel="layers", ylabel="cross-entropy", xscale="log", yscale="log")
    axes.set_xticks([*depths.values()], [str(depth) for depth in depths.values()])
    axes.set_yticks(LOSSES, [str(loss) for loss in LOSSES])
    axes.minorticks_off()
    axes.legend(title="gain")
    return figure


def loss_by_rate(run: Run) -> "Figure":
    """Loss by learning rate at each depth: the best rate falls with depth."""
    depths = in_order(run, "depths")
    figure, panels = plt.subplots(2, 2, sharex=True, sharey=True)
    for axes, (name, depth) in zip(panels.flat, depths.items(), strict=False):
        for gain in in_order(run, "gains"):
            own = [
                row for row in run.tables["rates"] if (row["depth"], row["gain"]) == (name, gain)
            ]
            rates, means = ([float(row[key]) for row in own] for key in ("learning_rate", "mean"))
            axes.plot(rates, means, marker=MARKS[gain], label=LABELS[gain])
        axes.set(title=f"{depth} layers", xscale="log", yscale="log")
        axes.set_yticks(LOSSES, [str(loss) for loss in LOSSES])
        axes.minorticks_off()
    figure.supxlabel("learning rate")
    figure.supylabel("cross-entropy")
    panels[0, 0].legend(title="gain", loc="upper right", fontsize="small")
    return figure


def angles_by_depth(run: Run) -> "Figure":
    """What is left of the angles by depth: with the gain 5/3 nothing after fifty layers."""
    figure, axes = plt.subplots()
    width = run.settings["experiment"]["width"]
    depths = [*in_order(run, "depths").values()]
    for gain, number in in_order(run, "gains").items():
        own = [row for row in run.tables["angles"] if row["gain"] == gain]
        layers, means, half = (
            [float(row[key]) for row in own] for key in ("layers", "mean", "half_width")
        )
        axes.errorbar(layers, means, half, fmt=MARKS[gain], capsize=3, label=LABELS[gain])
        if number > 1:
            at = range(2, int(depths[-1]) + 1)
            law = [law_of_angles(number, layer - 1, width) for layer in at]
            axes.plot(at, law, "--", color=axes.lines[-1].get_color())
    axes.axhline(0, color="grey", linewidth=1)
    axes.set(xlabel="layers", ylabel="correlation of the cosines", xscale="log")
    axes.set_xticks(depths, [str(depth) for depth in depths])
    axes.minorticks_off()
    axes.legend(title="gain")
    return figure


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(loss_by_depth, loss_by_rate, angles_by_depth),
)
