"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from typing import Annotated, NamedTuple, TypeAlias

import torch
from annotated_types import Ge, Le, Lt
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from study.experiments.notes.least_squares import gradient_descent, normal_equations
from study.experiments.notes.pixels import Affine, histogram, pixel_scale, standardiser
from study.lab.classification import Task
from study.lab.inits import over_fan_in
from study.lab.mnist import Mnist, Split
from study.lab.networks import classifier
from study.lab.rate_search import Search, search
from study.lab.training import Schedule, error_rate
from study.record.checks import check_batch, check_names
from study.record.draws import Draw
from study.record.settings import STRICT, Count, NonEmpty, Settings

Factor: TypeAlias = Annotated[float, Ge(1e-6), Le(1e6)]


@dataclass(frozen=True, config=STRICT)
class Scale:
    """A scale of the input: standardised or from 0 to 1, times factors."""

    standardise: bool
    factor: Factor
    upper_factor: Factor


@dataclass(frozen=True, config=STRICT)
class LeastSquares:
    """Least squares: on how many images, for how many updates, and the factor of the loss.

    Of fewer than 100 images the hundredth eigenvalue is 0.
    """

    images: Annotated[int, Ge(100), Le(1_000_000)]
    updates: Count
    loss_factor: Factor


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the network and its training, the scales, and least squares.

    A learning rate is given in units of two over the largest curvature of least squares.
    """

    hidden: Annotated[int, Ge(1), Le(16_384)]
    images: Count
    validation: Count
    updates: Count
    batch: Count
    far: Annotated[float, Ge(0), Lt(1)]
    learning_rates: NonEmpty[Factor]
    inputs: dict[str, Scale]
    curvature: LeastSquares

    def __post_init__(self) -> None:
        """Refuse images that fill no minibatch, and scales without one to compare others with."""
        check_batch(self.batch, self.images)
        check_names("inputs", self.inputs, ("standardised",))


class Inputs(NamedTuple):
    """The images, each split of shape (images, pixels), and what brings them to each scale.

    Attributes:
        training: the images that train.
        validation: the images on which the error is counted.
        gradient: as many training images, for the first gradient.
        curvature: the training images of least squares.
        layers: what brings the images to each scale.
    """

    training: Split
    validation: Split
    gradient: Split
    curvature: Split
    layers: Mapping[str, Affine]


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the images, and what standardises them.

    Args:
        config: the settings.
        mnist: the data.

    Raises:
        StudyError: if there are fewer images than the settings ask for.
    """
    images = mnist.train.images
    scale = pixel_scale(images)
    by_training = standardiser(*histogram(images, scale).moments(scale))
    unit_range = Affine(scale / 255, 0.0)
    return Inputs(
        training=mnist.train.first(config.images),
        validation=mnist.validation.first(config.validation, "validation"),
        gradient=mnist.train.first(config.validation, "validation"),
        curvature=mnist.train.first(config.curvature.images, "curvature.images"),
        layers={
            name: layer_of(arm, by_training if arm.standardise else unit_range, images)
            for name, arm in config.inputs.items()
        },
    )


def choose(config: Config, inputs: Inputs) -> dict[str, float]:
    """Study least squares on each scale; its largest curvature is what a learning rate goes by.

    Args:
        config: the settings.
        inputs: the images and their scales.

    Returns:
        The quantities of :func:`curvatures`.
    """
    return curvatures(config.curvature, inputs.curvature, inputs.layers)


def measure(config: Config, inputs: Inputs, draw: int, choice: Mapping[str, float]) -> Draw:
    """Train one network at each scale with each learning rate.

    Args:
        config: the settings.
        inputs: the images and their scales.
        draw: index of the draw.
        choice: the curvatures of least squares on each scale.

    Returns:
        How the best error and the gradients of each scale compare with those of standardised
        pixels; and the error by scale and learning rate.
    """
    units = {name: 2 / choice[f"largest_curvature.{name}"] for name in inputs.layers}
    trainings = search(
        inputs.layers,
        lambda _: config.learning_rates,
        lambda name, rate: error_after(
            config, inputs, inputs.layers[name], rate * units[name], draw
        ),
        score=float,
    )
    values = comparisons(trainings, config.far) | gradients(config, inputs, draw)
    rows = trainings.rows(lambda name: {"input": name}, float)
    return Draw(values, {"learning_rates": rows})


def layer_of(scale: Scale, base: Affine, images: Tensor) -> Affine:
    """Return the layer that brings images to one scale.

    Args:
        scale: the scale.
        base: what standardises the images, or brings them between 0 and 1.
        images: whose pixels are scaled; those of the upper half of an image come first.

    Returns:
        The layer, with a factor for each pixel.
    """
    factor = images.new_full(images.shape[1:], scale.factor, dtype=torch.float64)
    factor[: len(factor) // 2] *= scale.upper_factor
    return Affine(base.factor * factor, base.shift * factor)


# Training ----------------------------------------------------------------------------------------


def make_body(config: Config, images: Tensor, draw: int) -> nn.Sequential:
    """Make the network of a draw, the same for all scales; He's variance keeps its signal.

    Args:
        config: the settings.
        images: what the network is for, of shape (images, pixels).
        draw: index of the draw.
    """
    return classifier(
        images, [config.hidden], over_fan_in(2.0), nn.ReLU, seed=config.seed, draw=draw
    ).double()


def error_after(
    config: Config, inputs: Inputs, layer: Affine, learning_rate: float, draw: int
) -> float:
    """Train the network of one draw at one scale with one learning rate.

    Args:
        config: the settings.
        inputs: the images.
        layer: what brings them to the scale.
        learning_rate: of every update.
        draw: index of the draw.

    Returns:
        The validation error; that of a training that diverged counts all images as wrong.
    """
    network = nn.Sequential(layer, make_body(config, inputs.training.images, draw))
    task = Task(inputs.training, config.seed, draw)
    task.descend(network, Schedule(config.batch, config.updates), learning_rate)
    return error_rate(network, inputs.validation.images, inputs.validation.labels)


def comparisons(trainings: Search[str, float], far: float) -> dict[str, float]:
    """Tell whether each scale, at its best learning rate, does worse than standardised pixels.

    The error itself is no sample: at scales that are not common to all pixels, training is so
    sensitive that the last digit of a sum moves it, and that differs between processors.

    Args:
        trainings: the errors of one draw.
        far: how much worse is far worse.

    Returns:
        For each scale 1 if it is worse, and 1 if it is far worse, else 0.
    """
    errors = {name: trainings.best(name) for name in trainings.outcomes}
    return {
        f"rate.{quantity}.{name}": float(error > errors["standardised"] + margin)
        for name, error in errors.items()
        for quantity, margin in (("worse", 0.0), ("far_worse", far))
    }


def gradients(config: Config, inputs: Inputs, draw: int) -> dict[str, float]:
    """Compare the first gradient of the upper pixels' weights with that of the lower ones'.

    Args:
        config: the settings.
        inputs: the images and their scales.
        draw: index of the draw.

    Returns:
        The ratio of the root mean squares, over that ratio for standardised pixels.
    """
    split = inputs.gradient
    ratios = {}
    for name, layer in inputs.layers.items():
        body = make_body(config, split.images, draw)
        loss = cross_entropy(nn.Sequential(layer, body)(split.images), split.labels)
        (gradient,) = torch.autograd.grad(loss, [next(body.parameters())])
        upper, lower = gradient.square().mean(dim=0).tensor_split(2)
        ratios[name] = (upper.mean() / lower.mean()).sqrt().item()
    return {
        f"gradient_ratio_over_standardised.{name}": ratio / ratios["standardised"]
        for name, ratio in ratios.items()
    }


# Least squares -----------------------------------------------------------------------------------


def exact(_config: Config, _inputs: Inputs, choice: Mapping[str, float]) -> dict[str, float]:
    """Return what least squares says of each scale, which was measured before the draws.

    Args:
        choice: the quantities of :func:`curvatures`.
    """
    return dict(choice)


def curvatures(
    settings: LeastSquares, split: Split, layers: Mapping[str, Affine]
) -> dict[str, float]:
    """Measure the Hessian of least squares on each scale, and the largest step it bears.

    The label itself is fitted, without a bias. Steps up to 1.125 times two over the largest
    eigenvalue are tried; one is too large if the loss at the end is above that at the start.

    Args:
        settings: for how many updates, and the factor of the loss.
        split: the images, of shape (images, pixels), and their labels.
        layers: what brings the images to each scale.

    Returns:
        For each scale the largest eigenvalue; that over the hundredth; that of the upper pixels
        alone over that of the lower ones; and the largest step times the largest eigenvalue, half
        way between the largest step borne and the next.
    """
    values: dict[str, float] = {}
    for name, layer in layers.items():
        hessian, correlation = normal_equations(layer(split.images), split.labels.double())
        eigenvalues = torch.linalg.eigvalsh(hessian).flip(0)
        relative = torch.arange(425, 1126, 50).to(hessian) / 1000
        weights = gradient_descent(
            hessian,
            correlation,
            2 * relative / eigenvalues[0],
            loss_factor=settings.loss_factor,
            updates=settings.updates,
        )
        values |= {
            f"largest_curvature.{name}": float(eigenvalues[0]),
            f"curvature_over_hundredth.{name}": float(eigenvalues[0] / eigenvalues[99]),
            f"upper_over_lower_curvature.{name}": upper_over_lower(hessian),
            f"largest_step_times_curvature.{name}": largest_borne(
                relative, change_of_loss(weights, hessian, correlation)
            ),
        }
    reference = values["upper_over_lower_curvature.standardised"]
    return values | {
        f"curvature_contrast_over_standardised.{name}": (
            values[f"upper_over_lower_curvature.{name}"] / reference
        )
        for name in layers
    }


def upper_over_lower(hessian: Tensor) -> float:
    """Return the largest eigenvalue of the upper pixels' block over that of the lower pixels'."""
    half = len(hessian) // 2
    blocks = (hessian[:half, :half], hessian[half:, half:])
    upper, lower = (float(torch.linalg.eigvalsh(block)[-1]) for block in blocks)
    return upper / lower


def change_of_loss(weights: Tensor, hessian: Tensor, correlation: Tensor) -> Tensor:
    """Return the loss at each column of weights less that at 0, but for its positive factor."""
    return (weights * (hessian @ weights - 2 * correlation[:, None])).sum(dim=0)


def largest_borne(relative: Tensor, change: Tensor) -> float:
    """Return twice the relative step half way between the last that is borne and the next."""
    borne = int((change < 0).sum())
    return float(relative[borne - 1 : borne + 1].sum())
