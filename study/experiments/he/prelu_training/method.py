"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isfinite, nan, prod, sqrt
from statistics import fmean, linear_regression
from typing import Annotated, Any, Literal, NamedTuple

import torch
from annotated_types import Ge, Gt, Le, MinLen
from pydantic.dataclasses import dataclass
from scipy.stats import rankdata
from torch import Tensor, nn

from study.lab.classification import Splits, Task, splits
from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.mnist import CLASSES, Mnist, Split
from study.lab.training import History, Optimiser, Schedule, error_rate
from study.record.checks import (
    check_at_most,
    check_distinct,
    check_evaluate_at,
    check_known,
    check_names,
)
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Table
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    Momentum,
    NonEmpty,
    Settings,
    Whole,
)
from study.theory.quotients import quotient

SIDE = 28
POOLED_LAYERS = (0, 2)
"""After which convolutions a pooling network pools: the first and the middle one."""
FIRST_KERNEL, KERNEL = 5, 3
COMPARED_ARMS = ("channel", "decayed")
"""Arms with learned slopes that are compared, and followed in the course of training."""

Channels = Annotated[int, Ge(1), Le(1024)]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """The images, whether a network pools, what its slopes are, and how fast they decay to 0.

    ``pixels`` are images between 0 and 1. ``none`` is a ReLU, ``fixed`` a slope that stays,
    ``channel`` a learned slope for each channel, ``shared`` one for each layer.
    """

    images: Literal["standardised", "pixels"]
    pooling: bool
    slopes: Literal["none", "fixed", "channel", "shared"]
    slope_decay: Annotated[float, Ge(0), Le(10)]

    @property
    def learned(self) -> bool:
        """Whether its slopes are trained."""
        return self.slopes in {"channel", "shared"}


@dataclass(frozen=True, config=STRICT)
class Longer:
    """Arms that are trained for more updates than the others."""

    arms: tuple[str, ...]
    updates: Count


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the network, how it is trained, its arms, and the slopes that the paper prints.

    ``slope_rate`` is the learning rate of the slopes over that of the weights; ``trained`` names
    the arms that are trained, of which some go on after the updates of all. Those of them that
    ``at_all_rates`` names are trained at ``other_rates``, too, multiples of the learning rate.
    """

    channels: Annotated[tuple[Channels, ...], MinLen(4)]
    hidden: Channels
    batch: Count
    updates: Count
    evaluate_at: NonEmpty[Whole]
    longer: Longer
    learning_rate: LearningRate
    other_rates: dict[str, Annotated[float, Gt(0), Le(10)]]
    at_all_rates: tuple[str, ...]
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
        check_known("longer.arms", self.longer.arms, self.arms)
        check_known("at_all_rates", self.at_all_rates, self.arms)
        check_at_most("updates", self.updates, "longer.updates", self.longer.updates)
        for name in COMPARED_ARMS:
            if not self.arms[name].learned:
                raise ValueError(
                    f"arms.{name}.slopes={self.arms[name].slopes}: must be learned, one for each "
                    "channel or shared"
                )

    @property
    def trainings(self) -> "dict[str, Training]":
        """Every training by its name: the trained arms, and some of them at other rates."""
        at_one_rate = {arm: Training(arm, 1.0) for arm in self.trained}
        return at_one_rate | {
            f"{arm}_{rate}": Training(arm, factor)
            for arm in self.at_all_rates
            if arm in self.trained
            for rate, factor in self.other_rates.items()
        }

    def evaluations(self, name: str) -> tuple[int, ...]:
        """Return after how many updates the network of a training is evaluated, its end included.

        Only those that are compared in the course of training are evaluated before.
        """
        after = {self.longer.updates} if name in self.longer.arms else set[int]()
        before = {*self.evaluate_at} if name in COMPARED_ARMS else set[int]()
        return tuple(sorted({self.updates} | after | before))

    def is_copy(self, name: str, original: str) -> bool:
        """Tell whether a training repeats another: network, rate, and no other evaluations."""
        training, model = self.trainings[name], self.trainings[original]
        return (self.arms[training.arm], training.rate) == (
            self.arms[model.arm],
            model.rate,
        ) and {*self.evaluations(name)} <= {*self.evaluations(original)}


class Training(NamedTuple):
    """The name of an arm, and its learning rate as a multiple of that of the settings."""

    arm: str
    rate: float


class Inputs(NamedTuple):
    """The images, standardised and between 0 and 1, each (images, 1, side, side), and labels."""

    standardised: Splits
    pixels: Splits


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the training and the test split.

    Args:
        config: the settings.
        mnist: the data.

    Raises:
        StudyError: if the images do not fill a minibatch.
    """
    mnist.train.first(config.batch, "batch")  # refused if there are not so many
    return Inputs(
        Splits(*map(square, splits(mnist, test=None))), Splits(*map(square, mnist.splits))
    )


def square(split: Split) -> Split:
    """Return images of shape (images, 1, side, side) for those of shape (images, pixels)."""
    return Split(split.images.view(len(split.images), 1, SIDE, SIDE), split.labels)


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Make every training, and look at its slopes.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        The slopes of each layer and what the claims read; and the slopes at the end and at each
        update.
    """
    histories = train_all(config, inputs, draw)
    in_the_course = slopes_by_update(config, histories)
    at_the_end = [
        {"arm": row["arm"], "layer": row["layer"], "sample": row["sample"]}
        for row in in_the_course
        if row["update"] == config.updates
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
        weight = std * standard_normal(shape, generator, torch.device("cpu"))
        # In this order of memory a processor pools several times as fast.
        order = torch.channels_last if len(shape) > 2 else torch.contiguous_format
        layer.weight = nn.Parameter(weight.clone(memory_format=order))
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


def optimiser(config: Config, arm: Arm, learning_rate: float) -> Optimiser:
    r"""Make descent with momentum, with a learning rate and a decay of its own for the slopes.

    .. math::
        v \leftarrow \mu v + \frac{\partial L}{\partial a} + \lambda a, \qquad
        a \leftarrow a - \eta v

    Args:
        config: the settings.
        arm: how fast the slopes decay.
        learning_rate: of the weights.

    Returns:
        What makes the optimiser of a network.

    **Source**: He et al. (2015), equation 4, there without the decay.
    """

    def make(network: nn.Module) -> torch.optim.Optimizer:
        slopes = slopes_of(network)
        parameters = [p for p in network.parameters() if not any(p is slope for slope in slopes)]
        slope_rate = learning_rate * config.slope_rate
        groups: list[dict[str, Any]] = [
            {"params": parameters},
            {"params": slopes, "lr": slope_rate, "weight_decay": arm.slope_decay},
        ]
        return torch.optim.SGD(groups, lr=learning_rate, momentum=config.momentum, fused=True)

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


def train(config: Config, inputs: Inputs, draw: int, name: str) -> History:
    """Train one network.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.
        name: of the training.

    Returns:
        What is left of the training.
    """
    training = config.trainings[name]
    arm = config.arms[training.arm]
    images = inputs.pixels if arm.images == "pixels" else inputs.standardised
    evaluations = config.evaluations(name)
    return Task(images.training, config.seed, draw).fit(
        lambda: make_network(config, arm, draw),
        Schedule(config.batch, evaluations[-1], evaluations),
        optimiser(config, arm, training.rate * config.learning_rate),
        evaluate=lambda network: evaluate(network, images.test),
        name=name,
    )


def train_all(config: Config, inputs: Inputs, draw: int) -> dict[str, History]:
    """Make every training; a copy of an earlier one is not made again.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What is left of each training, by its name.
    """
    histories: dict[str, History] = {}
    for name in config.trainings:
        original = next((model for model in histories if config.is_copy(name, model)), None)
        histories[name] = histories[original] if original else train(config, inputs, draw, name)
    return histories


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
        "change_per_layer": change_per_layer(slopes),
    }


def mean_loss(history: History, updates: int) -> float:
    """Return the mean loss over the first updates of a training; NaN if it diverged."""
    return fmean(history.losses[:updates]) if history.finite else nan


def change_per_layer(slopes: Sequence[float]) -> float:
    """Return by how much slopes change from a layer to the next, by least squares.

    >>> round(change_per_layer([0.6, 0.3, 0.0]), 9)
    -0.3
    """
    return linear_regression(range(len(slopes)), slopes).slope


def quantities(config: Config, histories: Mapping[str, History]) -> dict[str, float]:
    """Read the slopes at the end of the trainings of one draw, and what they are worth.

    Args:
        config: the settings.
        histories: what is left of each training, by its name.

    Returns:
        The mean slope of every layer, how slopes go with depth, the loss and the error, what decay
        takes from the slopes, NaN if they are 0 without it, and what learned slopes save; of arms
        that are trained for longer the slopes once more at their end, as ``late``.
    """
    values: dict[str, float] = {}
    for name, history in histories.items():
        end = history.metrics[config.updates]
        values[f"loss.{name}"] = mean_loss(history, config.updates)
        values[f"error.{name}"] = end["error"]
        if not config.arms[config.trainings[name].arm].learned:
            continue
        values |= of_slopes(config, name, end)
        if name in config.longer.arms:
            late = of_slopes(config, name, history.metrics[config.longer.updates])
            values |= {f"late_{key}": value for key, value in late.items()}
    endings = ["", "_pixels", *(f"_{rate}" for rate in config.other_rates)]
    for ending in endings:
        decayed, learned = f"decayed{ending}", f"channel{ending}"
        if {decayed, learned} <= histories.keys():
            left = quotient(values[f"size.{decayed}"], values[f"size.{learned}"])
            values[f"size_lost.{decayed}"] = 1 - left
    baselines = {f"relu{ending}": f"channel{ending}" for ending in endings}
    for baseline, learned in (baselines | {"leaky": "channel"}).items():
        if {baseline, learned} <= histories.keys():
            losses = [values[f"loss.{baseline}"]]
            values[f"loss_saved.over_{baseline}"] = share_saved(values[f"loss.{learned}"], losses)
            error_saved = values[f"error.{baseline}"] - values[f"error.{learned}"]
            values[f"error_saved.over_{baseline}"] = error_saved
    if "relu" in histories:
        names = ["relu", *(f"relu_{rate}" for rate in config.other_rates)]
        losses = [values[f"loss.{name}"] for name in names if name in histories]
        values["loss_saved.over_relu_at_best"] = share_saved(values["loss.channel"], losses)
    return values


def share_saved(loss: float, baselines: Sequence[float]) -> float:
    """Return what a loss saves of the smallest finite one of baselines; NaN if there is none.

    >>> share_saved(0.75, [1.0, 2.0, nan])
    0.25
    """
    return 1 - loss / min(filter(isfinite, baselines), default=nan)


def of_slopes(config: Config, training: str, metrics: Mapping[str, float]) -> dict[str, float]:
    """Read the slopes of one network.

    Args:
        config: the settings.
        training: its name.
        metrics: what was measured of it.

    Returns:
        The mean slope of every layer, and how slopes go with depth.
    """
    names = layers(config)
    every = range(1, len(names) + 1)
    slopes = [metrics[f"mean_{layer}"] for layer in every]
    middle = POOLED_LAYERS[-1]
    neighbours = fmean((slopes[middle - 1], slopes[middle + 1]))
    quantities_of_training = of_convolutions(slopes[:-1]) | {
        "middle_over_neighbours": slopes[middle] - neighbours,
        "whole_rank_correlation": rank_correlation(slopes),
        "last_over_convolutions": slopes[-1] - fmean(slopes[:-1]),
        "size": fmean(metrics[f"size_{layer}"] for layer in every),
        "largest": max(metrics[f"largest_{layer}"] for layer in every),
    }
    return {
        f"slope.{training}_{name}": slope for name, slope in zip(names, slopes, strict=True)
    } | {f"{key}.{training}": value for key, value in quantities_of_training.items()}


def slopes_by_update(config: Config, histories: Mapping[str, History]) -> list[Row]:
    """Return the learned slopes at each update, a mean over the channels of a layer.

    Args:
        config: the settings.
        histories: what is left of each training, by its name.

    Returns:
        Rows of training, as ``arm``, layer and update.
    """
    return [
        {
            "arm": name,
            "layer": layer,
            "update": update,
            "sample": history.metrics[update][f"mean_{index}"],
        }
        for name, history in histories.items()
        if config.arms[config.trainings[name].arm].learned
        for index, layer in enumerate(layers(config), start=1)
        for update in config.evaluations(name)
    ]


def exact(config: Config, _inputs: Inputs) -> dict[str, float]:
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
