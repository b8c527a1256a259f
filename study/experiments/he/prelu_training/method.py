"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isfinite, nan, prod, sqrt
from statistics import fmean
from typing import Annotated, Any, Literal

import torch
from annotated_types import Ge, Gt, Le, MinLen
from pydantic.dataclasses import dataclass
from scipy.stats import rankdata
from torch import Tensor, nn

from study.lab.classification import Splits, Task, splits
from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.mnist import CLASSES, Mnist, Split
from study.lab.training import History, Optimiser, Schedule, error_rate
from study.record.checks import check_distinct, check_evaluate_at, check_known, check_names
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table
from study.record.settings import STRICT, Count, Momentum, NonEmpty, Settings, Whole
from study.theory.quotients import quotient

SIDE = 28
POOLED_LAYERS = (0, 2)
"""After which convolutions a pooling network pools: the first and the middle one."""
FIRST_KERNEL, KERNEL = 5, 3
COMPARED_ARMS = ("channel", "decayed")
"""Arms with learned slopes that are compared."""

Channels = Annotated[int, Ge(1), Le(1024)]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """Whether a network pools, what its slopes are, and how fast they decay to 0.

    ``none`` is a ReLU, ``fixed`` a slope that stays, ``channel`` a learned slope for each channel,
    ``shared`` one for each layer.
    """

    pooling: bool
    slopes: Literal["none", "fixed", "channel", "shared"]
    slope_decay: Annotated[float, Ge(0), Le(10)]

    @property
    def learned(self) -> bool:
        """Whether its slopes are trained."""
        return self.slopes in {"channel", "shared"}


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the network, how it is trained, its arms, and the slopes that the paper prints.

    ``slope_rate`` is the learning rate of the slopes over that of the weights; ``trained`` names
    the arms that are trained.
    """

    channels: Annotated[tuple[Channels, ...], MinLen(4)]
    hidden: Channels
    batch: Count
    updates: Count
    evaluate_at: NonEmpty[Whole]
    learning_rate: Annotated[float, Gt(0), Le(10)]
    momentum: Momentum
    slope_rate: Annotated[float, Ge(0), Le(10)]
    slope_start: Annotated[float, Ge(-1), Le(1)]
    arms: dict[str, Arm]
    trained: NonEmpty[str]
    printed: dict[str, Annotated[tuple[float, ...], MinLen(2)]]

    def __post_init__(self) -> None:
        """Refuse evaluations that no training passes, and arms that are missing or unknown."""
        check_evaluate_at(self.evaluate_at, self.updates)
        check_known("trained", self.trained, self.arms)
        check_distinct("trained", self.trained)
        check_names("trained", self.trained, COMPARED_ARMS)
        for name in COMPARED_ARMS:
            if not self.arms[name].learned:
                raise ValueError(
                    f"arms.{name}.slopes={self.arms[name].slopes}: must be learned, one for each "
                    "channel or shared"
                )


def prepare(config: Config, mnist: Mnist) -> Splits:
    """Standardise the training and the test split.

    Args:
        config: the settings.
        mnist: the data.

    Raises:
        StudyError: if the images do not fill a minibatch.
    """
    mnist.train.first(config.batch, "batch")  # refused if there are not so many
    parts = splits(mnist, test=None)
    return Splits(*map(square, parts))


def square(split: Split) -> Split:
    """Return images of shape (images, 1, side, side) for those of shape (images, pixels)."""
    return Split(split.images.view(len(split.images), 1, SIDE, SIDE), split.labels)


def measure(config: Config, inputs: Splits, draw: int) -> Draw:
    """Train the network of every arm, and look at its slopes.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        The slopes of each layer and what the claims read; and the slopes at the end and at each
        update.
    """
    histories = {name: train_arm(config, inputs, draw, name) for name in config.trained}
    in_the_course = slopes_by_update(config, histories)
    at_the_end = [
        {"arm": row["arm"], "layer": row["layer"], "sample": row["sample"]}
        for row in in_the_course
        if row["update"] == config.evaluate_at[-1]
    ]
    return Draw(
        quantities(config, histories),
        {"slopes": at_the_end, "course": in_the_course},
    )


# The network -------------------------------------------------------------------------------------


def activation(config: Config, arm: Arm, channels: int) -> nn.Module:
    """Make what stands after a layer.

    Args:
        config: the settings.
        arm: which slopes.
        channels: of the layer.

    Returns:
        A ReLU, a leaky one or a PReLU.
    """
    if arm.slopes == "none":
        return nn.ReLU()
    if arm.slopes == "fixed":
        return nn.LeakyReLU(config.slope_start)
    return nn.PReLU(channels if arm.slopes == "channel" else 1, config.slope_start)


def make_network(config: Config, arm: Arm, draw: int) -> nn.Sequential:
    """Make a network as it is before training.

    Args:
        config: the settings.
        arm: which network.
        draw: index of the draw.

    Returns:
        Convolutions, two linear layers, and an activation after each but the last; each weight
        Gaussian of variance 2/((1 + a²) fan_in), a the slope that the network starts with.

    **Source**: He et al. (2015), equation 15.
    """
    slope = 0.0 if arm.slopes == "none" else config.slope_start
    modules: list[nn.Module] = []

    def add(layer: "nn.Conv2d | nn.Linear") -> None:
        """Draw the weights of a layer that is on no device, and append it."""
        # On no device nothing is drawn; torch's own initialisation uses the global generator.
        layer = layer.to_empty(device="cpu")
        shape = tuple(layer.weight.shape)
        std = weight_std(prod(shape[1:]), 2 / (1 + slope**2))
        layers_before = sum(isinstance(module, nn.Conv2d | nn.Linear) for module in modules)
        generator = random_generator(config.seed, draw, layers_before + 1)
        with torch.no_grad():
            layer.weight.copy_(std * standard_normal(shape, generator, torch.device("cpu")))
            torch.nn.init.zeros_(layer.get_parameter("bias"))
        modules.append(layer)

    for index, (inputs, outputs) in enumerate(pairwise((1, *config.channels))):
        size = KERNEL if index else FIRST_KERNEL
        stride = 1 if index else 2 if arm.pooling else 4
        add(nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, device="meta"))
        modules.append(activation(config, arm, outputs))
        if arm.pooling and index in POOLED_LAYERS:
            modules.append(nn.MaxPool2d(2))
    last_side = 3 if arm.pooling else 7
    modules.append(nn.Flatten())
    add(nn.Linear(config.channels[-1] * last_side**2, config.hidden, device="meta"))
    modules.append(activation(config, arm, config.hidden))
    add(nn.Linear(config.hidden, CLASSES, device="meta"))
    return nn.Sequential(*modules)


def slopes_of(network: nn.Module) -> list[Tensor]:
    """Return the learned slopes of each layer, of shape (channels,) or (1,)."""
    return [module.weight for module in network.modules() if isinstance(module, nn.PReLU)]


# Training ----------------------------------------------------------------------------------------


def optimiser(config: Config, arm: Arm) -> Optimiser:
    r"""Make descent with momentum, with a learning rate and a decay of its own for the slopes.

    .. math::
        v \leftarrow \mu v + \frac{\partial L}{\partial a} + \lambda a, \qquad
        a \leftarrow a - \eta v

    Args:
        config: the settings.
        arm: how fast the slopes decay.

    Returns:
        What makes the optimiser of a network.

    **Source**: He et al. (2015), equation 4, there without the decay.
    """

    def make(network: nn.Module) -> torch.optim.Optimizer:
        slopes = slopes_of(network)
        parameters = [p for p in network.parameters() if not any(p is slope for slope in slopes)]
        rate = config.learning_rate * config.slope_rate
        groups: list[dict[str, Any]] = [
            {"params": parameters},
            {"params": slopes, "lr": rate, "weight_decay": arm.slope_decay},
        ]
        return torch.optim.SGD(
            groups, lr=config.learning_rate, momentum=config.momentum, fused=True
        )

    return make


def evaluate(network: nn.Module, test: Split) -> dict[str, float]:
    """Measure a network on the way.

    Args:
        network: as it is.
        test: the images for the error.

    Returns:
        The error, and of the slopes of each layer the mean, the mean size and the largest size.
    """
    metrics = {"error": error_rate(network, test.images, test.labels)}
    for layer, slopes in enumerate(slopes_of(network), start=1):
        values = slopes.detach().double()
        metrics[f"mean_{layer}"] = values.mean().item()
        metrics[f"size_{layer}"] = values.abs().mean().item()
        metrics[f"largest_{layer}"] = values.abs().max().item()
    return metrics


def train_arm(config: Config, inputs: Splits, draw: int, name: str) -> History:
    """Train the network of one arm.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.
        name: of the arm.

    Returns:
        What is left of the training.
    """
    arm = config.arms[name]
    return Task(inputs.training, config.seed, draw).fit(
        lambda: make_network(config, arm, draw),
        Schedule(config.batch, config.updates, config.evaluate_at),
        optimiser(config, arm),
        evaluate=lambda network: evaluate(network, inputs.test),
        name=name,
    )


def layers(config: Config) -> list[str]:
    """Name the layers that have slopes."""
    return [f"conv{layer}" for layer in range(1, len(config.channels) + 1)] + ["fc1"]


# What is read ------------------------------------------------------------------------------------


def rank_correlation(slopes: Sequence[float]) -> float:
    """Return Spearman's rank correlation of slope and depth; 0 where all slopes are alike.

    Args:
        slopes: one for each layer, the first layer first.

    Returns:
        -1 if they fall from each layer to the next, 1 if they rise.

    >>> rank_correlation([0.6, 0.3, 0.2])
    -1.0
    """
    if not all(map(isfinite, slopes)):
        return nan
    ranks = rankdata(slopes)
    depth = rankdata(range(len(slopes)))
    spread = sqrt(float(ranks.var() * depth.var()))
    covariance = float(((ranks - ranks.mean()) * (depth - depth.mean())).mean())
    return covariance / spread if spread else 0.0


def of_convolutions(slopes: Sequence[float]) -> dict[str, float]:
    """Return how the slopes of convolutions go with depth, by name of the quantity."""
    return {
        "rank_correlation": rank_correlation(slopes),
        "first_over_others": slopes[0] - fmean(slopes[1:]),
    }


def mean_loss(history: History) -> float:
    """Return the mean loss over the course of a training; NaN if it diverged."""
    return fmean(history.losses) if history.finite else nan


def quantities(config: Config, histories: Mapping[str, History]) -> dict[str, float]:
    """Read the slopes at the end of the trainings of one draw, and what they are worth.

    Args:
        config: the settings.
        histories: what is left of each training, by arm.

    Returns:
        The mean slope of every layer, how slopes go with depth, the loss and the error, what decay
        takes from the slopes, NaN if they are 0 without it, and what learned slopes save.
    """
    values = {}
    names = layers(config)
    for arm, history in histories.items():
        end = history.metrics[config.evaluate_at[-1]]
        values[f"loss.{arm}"] = mean_loss(history)
        values[f"error.{arm}"] = end["error"]
        if not config.arms[arm].learned:
            continue
        slopes = [end[f"mean_{layer}"] for layer in range(1, len(names) + 1)]
        values |= {f"slope.{arm}_{name}": a for name, a in zip(names, slopes, strict=True)}
        values |= {f"{key}.{arm}": a for key, a in of_convolutions(slopes[:-1]).items()}
        middle = POOLED_LAYERS[-1]
        neighbours = fmean((slopes[middle - 1], slopes[middle + 1]))
        values[f"middle_over_neighbours.{arm}"] = slopes[middle] - neighbours
        values[f"whole_rank_correlation.{arm}"] = rank_correlation(slopes)
        values[f"last_over_convolutions.{arm}"] = slopes[-1] - fmean(slopes[:-1])
        values[f"size.{arm}"] = fmean(end[f"size_{layer}"] for layer in range(1, len(names) + 1))
        values[f"largest.{arm}"] = max(
            end[f"largest_{layer}"] for layer in range(1, len(names) + 1)
        )
    values["size_lost.decayed"] = 1 - quotient(values["size.decayed"], values["size.channel"])
    for arm in ("relu", "leaky"):
        if arm in histories:
            saved_share = 1 - values["loss.channel"] / values[f"loss.{arm}"]
            values[f"loss_saved.over_{arm}"] = saved_share
            values[f"error_saved.over_{arm}"] = values[f"error.{arm}"] - values["error.channel"]
    return values


def slopes_by_update(config: Config, histories: Mapping[str, History]) -> list[Row]:
    """Return the learned slopes at each update, a mean over the channels of a layer.

    Args:
        config: the settings.
        histories: what is left of each training, by arm.

    Returns:
        Rows of arm, layer and update.
    """
    return [
        {
            "arm": arm,
            "layer": name,
            "update": update,
            "sample": history.metrics[update][f"mean_{index}"],
        }
        for arm, history in histories.items()
        if config.arms[arm].learned
        for index, name in enumerate(layers(config), start=1)
        for update in config.evaluate_at
    ]


def exact(config: Config, _inputs: Splits) -> dict[str, float]:
    """Read the slopes that the paper prints as those of a draw.

    Args:
        config: the settings.
        _inputs: the images, which do not matter.
    """
    return {
        f"{name}.paper_{arm}": number
        for arm, slopes in config.printed.items()
        for name, number in of_convolutions(slopes).items()
    }


def tables(_config: Config, draws: Draws) -> dict[str, Table]:
    """Average the slopes over the draws; in a row the mean and its half width stand first.

    Args:
        _config: the settings.
        draws: the draws.
    """
    return {
        name: [
            {"mean": row["mean"], "half_width": row["half_width"], **row}
            for row in means(draws, name)
        ]
        for name in ("slopes", "course")
    }
