"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from itertools import combinations, product
from math import copysign, inf, isfinite, log
from statistics import fmean
from typing import Annotated, Literal, NamedTuple, TypeAlias, TypedDict

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.classification import CHANCE_LOSS, Task, share_learnt, splits
from study.lab.inits import over_fan_in
from study.lab.mnist import Mnist, Split
from study.lab.networks import classifier
from study.lab.rate_search import search
from study.lab.training import History, Schedule, sgd
from study.record.checks import check_at_most, check_batch, check_names
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table, finite_row
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    Momentum,
    NonEmpty,
    Seed,
    Settings,
    Width,
)
from study.theory.quotients import quotient

DEPTHS = ("five", "twenty", "fifty", "hundred")
GAINS = ("eleven_tenths", "five_quarters", "five_thirds")
"""The names of the depths and of the gains that are compared."""
FLIPS = (("five_thirds", "five", "fifty"), ("five_quarters", "twenty", "hundred"))
"""Gains that are compared with 1.1 at two depths: whether the order flips from one to the other."""

Scale: TypeAlias = Literal["standardised", "unit"]
ENDINGS: Mapping[Scale, str] = {"standardised": "", "unit": "_unit"}
"""How the keys of quantities end, by the scale of the pixels."""
Inputs: TypeAlias = Mapping[Scale, Split]
"""The images and their labels by the scale of the pixels."""


class Arm(NamedTuple):
    """Which training: the names of the depth and of the gain, and the scale of the pixels."""

    depth: str
    gain: str
    scale: Scale

    @property
    def key(self) -> str:
        """What it is called in the key of a quantity."""
        return f"{self.gain}_at_{self.depth}{ENDINGS[self.scale]}"


@dataclass(frozen=True, config=STRICT)
class Depth:
    """How many layers with weights a network has, and the learning rates to choose from."""

    layers: Annotated[int, Ge(2), Le(1000)]
    learning_rates: NonEmpty[LearningRate]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: how deep the networks are, what they start from, and how they are trained.

    The loss in the end is the mean over the last ``tail`` updates. The depths and the gains have
    names, those of their numbers at reference size. How many angles are left at the top is told
    from the first ``compared`` images.
    """

    search_seed: Seed

    images: Count
    compared: Annotated[int, Ge(3), Le(2_000)]
    width: Width
    batch: Count
    momentum: Momentum
    updates: Count
    tail: Count
    depths: Annotated[dict[str, Depth], MinLen(1)]
    gains: Annotated[dict[str, Annotated[float, Gt(0), Le(100)]], MinLen(1)]

    def __post_init__(self) -> None:
        """Refuse more images or updates than those of which they are to be, and lone arms."""
        check_batch(self.batch, self.images)
        check_at_most("compared", self.compared, "images", self.images)
        check_at_most("tail", self.tail, "updates", self.updates)
        check_names("depths", self.depths, DEPTHS)
        check_names("gains", self.gains, GAINS)
        for (field, depth), (other_field, other_depth) in combinations(self.depths.items(), 2):
            if depth.layers == other_depth.layers:
                raise ValueError(
                    f"depths.{field}.layers={depth.layers}, "
                    f"depths.{other_field}.layers={other_depth.layers}: must differ, since a curve "
                    "has one point for each depth"
                )


class Choice(TypedDict):
    """What is decided before the draws.

    ``losses`` has the loss in the end of each training of the search, by arm and learning rate, NaN
    where it diverged; ``learning_rates`` the rate of each arm.
    """

    losses: dict[str, dict[str, float]]
    learning_rates: dict[str, float]


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split at both scales, with their labels.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        Images of shape (images, pixels), and their labels.
    """
    pixels = mnist.train.first(config.images, "images")
    unit = Split(pixels.images / mnist.train.images.max(), pixels.labels)
    return {"standardised": splits(mnist, training=config.images).training, "unit": unit}


def arms(config: Config) -> list[Arm]:
    """Return every depth with every gain at every scale."""
    return [Arm(*names) for names in product(config.depths, config.gains, ENDINGS)]


def choose(config: Config, inputs: Inputs) -> Choice:
    """Choose the learning rate of each arm: that with the smallest loss in the end of a trial.

    Args:
        config: the settings.
        inputs: the images to train on.

    Returns:
        The rates, and the losses of all trainings of the search, of weights that no draw has.
    """
    trials = search(
        arms(config),
        lambda arm: config.depths[arm.depth].learning_rates,
        lambda arm, rate: final_loss(
            config, train_arm(config, Task(inputs[arm.scale], config.search_seed, 0), arm, rate)
        ),
        score=float,
    )
    return Choice(
        losses={
            arm.key: {str(rate): loss for rate, loss in by_rate.items()}
            for arm, by_rate in trials.outcomes.items()
        },
        learning_rates={arm.key: trials.rate(arm) for arm in trials.outcomes},
    )


def measure(config: Config, inputs: Inputs, draw: int, choice: Choice) -> Draw:
    """Train every network at its learning rate, and look at its angles before.

    Args:
        config: the settings.
        inputs: the images to train on.
        draw: index of the draw.
        choice: the learning rates.

    Returns:
        The losses in the end and how they compare, and what is left of the angles of standardised
        images by depth and gain.
    """
    tasks = {scale: Task(split, config.seed, draw) for scale, split in inputs.items()}
    losses = {
        arm: final_loss(
            config, train_arm(config, tasks[arm.scale], arm, choice["learning_rates"][arm.key])
        )
        for arm in arms(config)
    }
    task = tasks["standardised"]
    images = task.training.images[: config.compared]
    angles = {
        arm: angles_left(make_network(config, task, arm), images)
        for arm in losses
        if arm.scale == "standardised"
    }
    return Draw(quantities(config, losses, angles), {"angles": angle_rows(config, angles)})


def exact(config: Config, _inputs: Inputs, choice: Choice) -> dict[str, float]:
    """Return the learning rate of each arm.

    Args:
        config: the settings.
        choice: what the search found.
    """
    return {f"learning_rate.{arm.key}": choice["learning_rates"][arm.key] for arm in arms(config)}


def tables(config: Config, draws: Draws, choice: Choice) -> dict[str, Table]:
    """Average the angles over the draws, and write down the search.

    Args:
        config: the settings.
        draws: the draws.
        choice: what the search found.

    Returns:
        ``rates``, the loss of the search by depth, gain, scale and learning rate; ``angles``, what
        is left of the angles by gain and layers.
    """
    rates: Table = [
        finite_row(
            [choice["losses"][arm.key][str(rate)]],
            depth=arm.depth,
            gain=arm.gain,
            scale=arm.scale,
            learning_rate=rate,
        )
        for arm in arms(config)
        for rate in config.depths[arm.depth].learning_rates
    ]
    return {"rates": rates, "angles": means(draws, "angles")}


# Training ----------------------------------------------------------------------------------------


def train_arm(config: Config, task: Task, arm: Arm, rate: float) -> History:
    """Train one network.

    Args:
        config: the settings.
        task: the images to train on, and the draw.
        arm: its depth and its gain.
        rate: its learning rate.

    Returns:
        The losses.
    """
    return task.fit(
        lambda: make_network(config, task, arm),
        Schedule(config.batch, config.updates),
        sgd(rate, momentum=config.momentum),
        name=f"{task.seed}-{arm.key}-{rate}",
    )


def make_network(config: Config, task: Task, arm: Arm) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        task: the images, and the draw; networks of one draw and depth share their random numbers.
        arm: its depth and its gain, which the last layer, linear as it is, does not have.

    Returns:
        Linear layers with tanh between them.
    """
    return classifier(
        task.training.images,
        [config.width] * (config.depths[arm.depth].layers - 1),
        over_fan_in(1.0).scaled(config.gains[arm.gain]),
        nn.Tanh,
        last=over_fan_in(1.0),
        seed=task.seed,
        draw=task.draw,
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
    config: Config, losses: Mapping[Arm, float], angles: Mapping[Arm, float]
) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        config: the settings.
        losses: in the end, of each arm.
        angles: what is left of them in each network before training.

    Returns:
        For each arm: the loss and the share of the loss of a guess that is gone; for each network
        what is left of the angles. For each depth and scale: the logarithm of the loss with 5/3
        over that with 1.1, and the largest loss over the smallest. And how far the order of two
        gains flips with depth, see :func:`flip`.
    """
    values = {f"angles_left.{arm.key}": correlation for arm, correlation in angles.items()}
    settled_losses = {arm: settled(loss) for arm, loss in losses.items()}
    for arm, loss in settled_losses.items():
        values |= {
            f"loss.{arm.key}": loss,
            f"learnt.{arm.key}": share_learnt(loss, CHANCE_LOSS),
        }
    for scale, ending in ENDINGS.items():
        best = {
            (arm.depth, arm.gain): loss
            for arm, loss in settled_losses.items()
            if arm.scale == scale
        }
        for depth in config.depths:
            by_gain = {gain: best[depth, gain] for gain in config.gains}
            spread = quotient(max(by_gain.values()), min(by_gain.values()))
            ratio = log_ratio(by_gain["five_thirds"], by_gain["eleven_tenths"])
            values |= {f"log_ratio.at_{depth}{ending}": ratio, f"spread.at_{depth}{ending}": spread}
        for large_gain, shallow_depth, deep_depth in FLIPS:
            key = f"flip.{large_gain}_from_{shallow_depth}_to_{deep_depth}{ending}"
            values[key] = flip(best, large_gain, "eleven_tenths", shallow_depth, deep_depth)
    return values


def flip(
    best: Mapping[tuple[str, str], float],
    large_gain: str,
    small_gain: str,
    shallow_depth: str,
    deep_depth: str,
) -> float:
    """Tell how far a large gain is better in a shallow network and a small one in a deep one.

    Args:
        best: the loss by depth and gain.
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
    """Return a loss, and that of a guess where the training has diverged."""
    return loss if isfinite(loss) else CHANCE_LOSS


def angle_rows(config: Config, angles: Mapping[Arm, float]) -> list[Row]:
    """Return what is left of the angles by gain and by depth in layers."""
    return [
        {"gain": arm.gain, "layers": config.depths[arm.depth].layers, "sample": correlation}
        for arm, correlation in angles.items()
    ]
