"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from functools import partial
from math import sqrt
from typing import Annotated, Literal, TypeAlias

import torch
from annotated_types import Ge, Le, MinLen
from pydantic.dataclasses import dataclass
from scipy.stats import spearmanr
from torch import Tensor, nn

from study.lab.activations import activation
from study.lab.classification import CHANCE_LOSS, Pixels, Task, splits
from study.lab.inits import RandomLayers
from study.lab.mean_squares import unit_mean_square
from study.lab.mnist import CLASSES, Mnist, Split
from study.lab.training import Schedule, adam, sgd
from study.record.checks import check_ascending, check_at_most, check_batch, check_names
from study.record.draws import Draw, Row
from study.record.settings import (
    STRICT,
    BiasVariance,
    Count,
    Fraction,
    Named,
    Positive,
    Settings,
    Variance,
    Width,
)
from study.theory import activations, phases

OPTIMISERS = {"descent": sgd, "adam": adam}
COURSES = ("plain", "slower", "faster", "unit", "adam", "adam_slower", "adam_faster")
"""The courses that claims read; what is read of the first has keys without an ending."""

Inputs: TypeAlias = Mapping[Pixels, Split]
"""The images by the scale that their pixels had before each image got the mean square 1."""


@dataclass(frozen=True, config=STRICT)
class Course:
    """A way to train: by which optimiser, at which learning rate, and on which images."""

    optimiser: Literal["descent", "adam"]
    learning_rate: Annotated[float, Ge(0)]
    pixels: Pixels


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: how many draws, how large the networks, how they are trained, and what is read."""

    images: Count
    evaluated: Count
    width: Width
    batch: Count
    updates: Annotated[int, Ge(1), Le(100_000)]
    courses: Named[Course]
    activation: Literal["linear", "tanh"]
    bias_variance: BiasVariance
    weight_variances: Annotated[tuple[Variance, ...], MinLen(2)]
    depths: Annotated[tuple[Annotated[int, Ge(1), Le(1000)], ...], MinLen(1)]
    begun: Fraction
    far: Positive

    def __post_init__(self) -> None:
        """Refuse more images than there are, and weights or depths that do not rise."""
        check_at_most("evaluated", self.evaluated, "images", self.images)
        check_batch(self.batch, self.images)
        check_ascending("weight_variances", self.weight_variances)
        check_ascending("depths", self.depths)
        check_names("courses", self.courses, COURSES)


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split, each of mean square 1, and their labels.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        Those made of standardised images and those made of pixels from 0 to 1.
    """
    standardised = splits(mnist, training=config.images).training
    training: Inputs = {"standardised": standardised, "unit": mnist.train.first(config.images)}
    # In float64, since deep chaotic networks enlarge every rounding error.
    return {
        pixels: Split(unit_mean_square(split.images.double()), split.labels)
        for pixels, split in training.items()
    }


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Train the networks of every depth in every course, from the same random numbers.

    Args:
        config: the settings.
        inputs: the images and their labels.
        draw: index of the draw.

    Returns:
        What the claims read, and what each network has learnt.
    """
    learnt = {
        name: torch.stack(
            [train(config, name, inputs[course.pixels], draw, depth) for depth in config.depths]
        )
        for name, course in config.courses.items()
    }
    values = {
        key if name == COURSES[0] else f"{key}_{name}": value
        for name, shares in learnt.items()
        for key, value in quantities(config, shares).items()
    }
    table = [row for name, shares in learnt.items() for row in rows(config, name, shares)]
    return Draw(values, {"networks": table})


# Training ----------------------------------------------------------------------------------------


def train(config: Config, name: str, training: Split, draw: int, depth: int) -> Tensor:
    """Train the networks of one depth.

    Args:
        config: the settings.
        name: of the course.
        training: its images, of shape (images, pixels), and their labels.
        draw: index of the draw.
        depth: how many layers the networks have below the last one.

    Returns:
        What was learnt, by :func:`shares_learnt`.

    **Shapes**: (networks,).
    """
    course, images = config.courses[name], training.images
    widths = (images.shape[1], *[config.width] * depth, CLASSES)
    layers = RandomLayers(widths, config.seed, draw, dtype=images.dtype, device=images.device)
    history = Task(training, config.seed, draw, loss=sum_of_losses).fit(
        lambda: Networks(config, layers),
        Schedule(config.batch, config.updates, (config.updates,)),
        OPTIMISERS[course.optimiser](course.learning_rate),
        evaluate=partial(shares_learnt, training.first(config.evaluated)),
        name=f"{name}-{depth}",
    )
    return torch.tensor([*history.metrics[config.updates].values()], dtype=torch.float64)


def shares_learnt(examples: Split, networks: nn.Module) -> dict[str, float]:
    r"""Return what each of several networks has learnt, by its number.

    It is :math:`1 - L/\ln 10`, where :math:`L` is the loss on the examples; 0 where the loss is no
    number or above that of chance.
    """
    with torch.no_grad():
        shares = 1 - losses(networks(examples.images), examples.labels) / CHANCE_LOSS
    # An infinite loss is clamped.
    return {
        str(number): share
        for number, share in enumerate(shares.nan_to_num(nan=0.0).clamp(min=0).tolist())
    }


class Networks(nn.Module):
    """Networks of one depth side by side, which differ by how large their weights are.

    **Shapes**: a batch of images (images, pixels) goes to outputs (networks, images, classes).
    """

    def __init__(self, config: Config, layers: RandomLayers) -> None:
        super().__init__()
        variances = layers.weights(1).new_tensor(config.weight_variances)[:, None, None]
        depth = len(layers.widths) - 2
        self.function = activation(config.activation).function
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for layer in range(1, depth + 1):
            matrix = layers.weights(layer).T
            bias = layers.biases(layer) * sqrt(config.bias_variance)
            self.weights.append(nn.Parameter((variances / len(matrix)).sqrt() * matrix))
            self.biases.append(nn.Parameter(bias.expand(len(variances), 1, -1).clone()))
        last = layers.weights(depth + 1).T / sqrt(config.width)
        self.last = nn.Parameter(last.expand(len(variances), -1, -1).clone())

    def forward(self, images: Tensor) -> Tensor:
        """Return the outputs of each network for each image."""
        signal = images.expand(len(self.last), -1, -1)
        for weight, bias in zip(self.weights, self.biases, strict=True):
            signal = self.function(torch.baddbmm(bias, signal, weight))
        return torch.bmm(signal, self.last)


def losses(outputs: Tensor, labels: Tensor) -> Tensor:
    """Return the cross-entropy of each network.

    Args:
        outputs: of all networks.
        labels: the class of each image.

    Returns:
        The mean over the images.

    **Shapes**: ``outputs`` (networks, images, classes); ``labels`` (images,); (networks,).
    """
    logs = outputs.log_softmax(dim=2)
    targets = labels.expand(len(outputs), -1)[:, :, None]
    return -logs.gather(2, targets)[:, :, 0].mean(dim=1)


def sum_of_losses(outputs: Tensor, labels: Tensor) -> Tensor:
    """Add up the losses of all networks, so that each has the gradient of its own.

    A network whose loss is no finite number does not count, so that the others are trained on.
    """
    by_network = losses(outputs, labels)
    return by_network.where(by_network.isfinite(), 0.0).sum()


# What is read of it ------------------------------------------------------------------------------


def depths_in_scales(config: Config) -> Tensor:
    """Return the depth of each network over the depth scale of its cosine.

    **Shapes**: (depths, networks).
    """
    scales = [tanh_scale(c, config.bias_variance) for c in config.weight_variances]
    return torch.tensor([[depth / scale for scale in scales] for depth in config.depths])


def tanh_scale(weight_variance: float, bias_variance: float) -> float:
    """Return the depth scale of the cosine for tanh; infinite on the edge of chaos."""
    tanh = activations.activation("tanh")
    return phases.correlation_depth_scale(tanh, weight_variance, bias_variance)


def quantities(config: Config, learnt: Tensor) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        config: the settings.
        learnt: by each network, of shape (depths, networks).

    Returns:
        Minus the rank correlation of what is learnt, as far as a network has begun to, with the
        depth in scales; the depth in scales that has as many networks below it as have begun to
        learn; and what those far beyond their scale have learnt, those on the edge at the largest
        depth, and at that depth the ordered ones of less than half the weights.
    """
    scales = depths_in_scales(config)
    far_shares = learnt[scales > config.far]
    on_edge = scales[-1].argmin()
    shares = torch.where(learnt > config.begun, learnt, 0.0)
    correlation = 0.0
    if shares.any():
        correlation = float(-spearmanr(scales.flatten(), shares.flatten()).statistic)
    values = {
        "rank_correlation.tanh": correlation,
        "threshold.tanh": threshold(scales.flatten(), learnt.flatten() > config.begun),
        "learnt.far": float(far_shares.mean()),
        "learnt.edge": float(learnt[-1, on_edge]),
        "learnt.ordered": float(learnt[-1, : int(on_edge) // 2].mean()),
    }
    # Both are bounded, and so are judged by their medians.
    return values | {
        f"median.{key}": values[key] for key in ("rank_correlation.tanh", "learnt.far")
    }


def threshold(places: Tensor, outcomes: Tensor) -> float:
    """Return the place below which as many lie as happened; between two, their geometric mean.

    >>> threshold(torch.tensor([1.0, 4.0, 9.0]), torch.tensor([True, True, False]))
    6.0
    """
    count, sorted_places = int(outcomes.sum()), places.sort().values
    ends = sorted_places[max(count - 1, 0)], sorted_places[min(count, len(sorted_places) - 1)]
    return float((ends[0] * ends[1]).sqrt())


def rows(config: Config, course: str, learnt: Tensor) -> list[Row]:
    """List what each network has learnt: by course, depth, weight variance and depth in scales."""
    scales = depths_in_scales(config)
    return [
        {
            "course": course,
            "depth": depth,
            "weight_variance": c,
            "depth_in_scales": float(scales[row, index]),
            "sample": float(learnt[row, index]),
        }
        for row, depth in enumerate(config.depths)
        for index, c in enumerate(config.weight_variances)
    ]
