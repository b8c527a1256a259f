"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from functools import partial
from itertools import combinations, product
from math import copysign, inf, isfinite, log
from statistics import fmean
from typing import Annotated, TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.classification import CHANCE_LOSS, Task, share_learnt, splits
from study.lab.inits import over_fan_in
from study.lab.mnist import Mnist, Split
from study.lab.networks import classifier
from study.lab.rate_search import Search, search
from study.lab.training import History, Schedule, sgd
from study.record.checks import check_at_most, check_batch, check_names
from study.record.draws import Draw, Draws, Row, finite_means, means
from study.record.results import Table
from study.record.settings import STRICT, Count, Momentum, NonEmpty, Positive, Settings, Width
from study.theory.quotients import quotient

DEPTHS = ("five", "twenty", "fifty", "hundred")
GAINS = ("eleven_tenths", "five_quarters", "five_thirds")
"""The names of the depths and of the gains that are compared."""

Arm: TypeAlias = tuple[str, str]
"""Which network: the names of its depth and of its gain."""


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: how deep the networks are, what they start from, and how they are trained.

    The loss in the end is the mean over the last ``tail`` updates. The depths and the gains have
    names, those of their numbers at reference size. How many angles are left at the top is told
    from the first ``compared`` images.
    """

    images: Count
    compared: Annotated[int, Ge(3), Le(2_000)]
    width: Width
    batch: Count
    momentum: Momentum
    updates: Count
    tail: Count
    learning_rates: NonEmpty[Positive]
    depths: Annotated[dict[str, Annotated[int, Ge(2), Le(1000)]], MinLen(1)]
    gains: Annotated[dict[str, Annotated[float, Gt(0), Le(100)]], MinLen(1)]

    def __post_init__(self) -> None:
        """Refuse more images or updates than those of which they are to be, and lone arms."""
        check_batch(self.batch, self.images)
        check_at_most("compared", self.compared, "images", self.images)
        check_at_most("tail", self.tail, "updates", self.updates)
        check_names("depths", self.depths, DEPTHS)
        check_names("gains", self.gains, GAINS)
        for (field, depth), (other_field, other_depth) in combinations(self.depths.items(), 2):
            if depth == other_depth:
                raise ValueError(
                    f"depths.{field}={depth}, depths.{other_field}={other_depth}: must differ, "
                    "since a curve has one point for each depth"
                )


def prepare(config: Config, mnist: Mnist) -> Split:
    """Take the first images of the training split, with their labels.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The standardised images, of shape (images, pixels), and their labels.
    """
    return splits(mnist, training=config.images).training


def measure(config: Config, inputs: Split, draw: int) -> Draw:
    """Train every network with every learning rate, and look at its angles before.

    Args:
        config: the settings.
        inputs: the images to train on.
        draw: index of the draw.

    Returns:
        The losses in the end and how they compare; the loss by learning rate, depth and gain, and
        what is left of the angles by depth and gain.
    """
    arms = list(product(config.depths, config.gains))
    trainings = search(
        arms,
        lambda _: config.learning_rates,
        partial(train_arm, config, inputs, draw),
        score=partial(final_loss, config),
    )
    images = inputs.images[: config.compared]
    angles = {
        arm: angles_left(make_network(config, arm, draw, inputs.images), images) for arm in arms
    }
    return Draw(
        quantities(config, trainings, angles),
        {"rates": rate_rows(config, trainings), "angles": angle_rows(config, angles)},
    )


def tables(_config: Config, draws: Draws) -> dict[str, Table]:
    """Average the losses over the draws in which a training did not diverge, the angles over all.

    Args:
        draws: the draws.
    """
    return {"rates": finite_means(draws, "rates"), "angles": means(draws, "angles")}


# Training ----------------------------------------------------------------------------------------


def train_arm(config: Config, training: Split, draw: int, arm: Arm, rate: float) -> History:
    """Train one network.

    Args:
        config: the settings.
        training: the standardised images to train on.
        draw: index of the draw.
        arm: its depth and its gain.
        rate: its learning rate.

    Returns:
        The losses.
    """
    depth, gain = arm
    return Task(training, config.seed, draw).fit(
        lambda: make_network(config, arm, draw, training.images),
        Schedule(config.batch, config.updates),
        sgd(rate, momentum=config.momentum),
        name=f"{depth}-{gain}-{rate}",
    )


def make_network(config: Config, arm: Arm, draw: int, images: Tensor) -> nn.Sequential:
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
    return classifier(
        images,
        [config.width] * (depth - 1),
        over_fan_in(1.0).scaled(gain),
        nn.Tanh,
        last=over_fan_in(1.0),
        seed=config.seed,
        draw=draw,
    )


def final_loss(config: Config, history: History) -> float:
    """Return the mean loss of the last updates; NaN if the training diverged."""
    return fmean(history.losses[-config.tail :])


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
    input_cosines = cosines(images)
    top_cosines = cosines(network[:-1](images))
    return float(torch.corrcoef(torch.stack([input_cosines, top_cosines]))[0, 1])


def cosines(signals: Tensor) -> Tensor:
    """Return the cosine of each pair of signals.

    Args:
        signals: one in each row.

    Returns:
        The cosines, in float64.

    **Shapes**: ``signals`` (images, units); (pairs,).
    """
    directions = F.normalize(signals.double(), dim=1)
    first, second = torch.triu_indices(len(signals), len(signals), offset=1)
    return (directions @ directions.T)[first, second]


# What is read of it ------------------------------------------------------------------------------


def quantities(
    config: Config, trainings: Search[Arm, History], angles: Mapping[Arm, float]
) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        config: the settings.
        trainings: the trainings of each network.
        angles: what is left of the angles in each network before training.

    Returns:
        For each depth and gain: the rate chosen, the loss with it, the share of the loss of a
        guess that is gone, and what is left of the angles. For each depth: the logarithm of the
        loss with 5/3 over that with 1.1, and the largest loss over the smallest. And how far the
        order of two gains flips with depth, see :func:`flip`.
    """
    best = {arm: settled(final_loss(config, trainings.best(arm))) for arm in angles}
    values: dict[str, float] = {}
    for depth, gain in angles:
        arm = f"{gain}_at_{depth}"
        values |= {
            f"loss.{arm}": best[depth, gain],
            f"learnt.{arm}": share_learnt(best[depth, gain], CHANCE_LOSS),
            f"learning_rate.{arm}": trainings.rate((depth, gain)),
            f"angles_left.{arm}": angles[depth, gain],
        }
    for depth in config.depths:
        losses = {gain: best[depth, gain] for gain in config.gains}
        smallest, largest = min(losses.values()), max(losses.values())
        values |= {
            f"log_ratio.at_{depth}": log_ratio(losses["five_thirds"], losses["eleven_tenths"]),
            f"spread.at_{depth}": quotient(largest, smallest),
        }
    return values | {
        "flip.five_thirds_from_five_to_fifty": flip(
            best, "five_thirds", "eleven_tenths", "five", "fifty"
        ),
        "flip.five_quarters_from_twenty_to_hundred": flip(
            best, "five_quarters", "eleven_tenths", "twenty", "hundred"
        ),
    }


def flip(
    best: Mapping[Arm, float], large_gain: str, small_gain: str, shallow_depth: str, deep_depth: str
) -> float:
    """Tell how far a large gain is better in a shallow network and a small one in a deep one.

    Args:
        best: the loss of each arm.
        large_gain: the name of the large gain.
        small_gain: the name of the small one.
        shallow_depth: the name of a depth.
        deep_depth: the name of a larger one.

    Returns:
        The smaller of the two advantages in the logarithm of the loss; below 0 where one of them
        is none.
    """
    return min(
        log_ratio(best[shallow_depth, small_gain], best[shallow_depth, large_gain]),
        log_ratio(best[deep_depth, large_gain], best[deep_depth, small_gain]),
    )


def log_ratio(loss: float, other_loss: float) -> float:
    """Return the logarithm of a loss over another; both may have come to 0.

    >>> log_ratio(1.0, 1.0), log_ratio(0.0, 1.0)
    (0.0, -inf)
    """
    if loss and other_loss:
        return log(loss / other_loss)
    return copysign(inf, loss - other_loss) if loss != other_loss else 0.0


def settled(loss: float) -> float:
    """Return a loss, and that of a guess where every training of the arm has diverged."""
    return loss if isfinite(loss) else CHANCE_LOSS


def rate_rows(config: Config, trainings: Search[Arm, History]) -> list[Row]:
    """Return the loss in the end by depth, gain and learning rate, NaN where it diverged."""
    return [
        *trainings.rows(lambda arm: {"depth": arm[0], "gain": arm[1]}, partial(final_loss, config))
    ]


def angle_rows(config: Config, angles: Mapping[Arm, float]) -> list[Row]:
    """Return what is left of the angles by gain and by depth in layers."""
    return [
        {"gain": gain, "layers": config.depths[depth], "sample": correlation}
        for (depth, gain), correlation in angles.items()
    ]
