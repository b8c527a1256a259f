"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from math import isfinite
from typing import Annotated, Literal, NamedTuple, TypeAlias, TypedDict

import torch
from annotated_types import Ge, Le, Lt
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from study.experiments.notes.least_squares import gradient_descent, normal_equations
from study.experiments.notes.pixels import Affine, histogram, pixel_scale, standardiser
from study.lab.classification import Task, error_rates
from study.lab.inits import over_fan_in
from study.lab.mnist import Mnist, Split
from study.lab.networks import classifier
from study.lab.rate_search import Choice as Rates
from study.lab.rate_search import choose_rates, chosen_rates, searched
from study.lab.training import OPTIMISERS, Schedule
from study.record.checks import check_batch, check_names
from study.record.draws import Draw, Draws
from study.record.results import Table, finite_row
from study.record.settings import STRICT, Count, NonEmpty, Seed, Settings

Factor: TypeAlias = Annotated[float, Ge(1e-6), Le(1e6)]
Optimiser: TypeAlias = Literal["descent", "adam"]
ENDINGS: Mapping[Optimiser, str] = {"descent": "", "adam": "_adam"}
"""How the keys of quantities end, by the optimiser."""


@dataclass(frozen=True, config=STRICT)
class Scale:
    """A scale of the input: standardised or from 0 to 1, times factors."""

    standardise: bool
    factor: Factor
    upper_factor: Factor


@dataclass(frozen=True, config=STRICT)
class Grid:
    """The learning rates that every scale chooses from.

    Those of plain descent are in units of two over the largest curvature of least squares.
    """

    learning_rates: NonEmpty[Factor]


@dataclass(frozen=True, config=STRICT)
class Search:
    """How many draws, of a seed of their own, choose the learning rates."""

    seed: Seed
    draws: Count


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
    """Settings: the network and its training by either optimiser, the scales, and least squares."""

    hidden: Annotated[int, Ge(1), Le(16_384)]
    images: Count
    validation: Count
    updates: Count
    batch: Count
    far: Annotated[float, Ge(0), Lt(1)]
    search: Search
    optimisers: dict[Optimiser, Grid]
    inputs: dict[str, Scale]
    curvature: LeastSquares

    def __post_init__(self) -> None:
        """Refuse images that fill no minibatch, and what lacks something that claims compare."""
        check_batch(self.batch, self.images)
        check_names("optimisers", self.optimisers, OPTIMISERS)
        check_names("inputs", self.inputs, ("standardised",))


class Arm(NamedTuple):
    """A network's training but for its learning rate: the scale of its input, its optimiser."""

    scale: str
    optimiser: Optimiser

    @property
    def key(self) -> str:
        """What it is called in the key of a quantity."""
        return f"{self.scale}{ENDINGS[self.optimiser]}"


class Choice(TypedDict):
    """What is decided before the draws.

    ``least_squares`` has the quantities of :func:`curvatures`, and ``rates`` what the search for
    the learning rates found.
    """

    least_squares: dict[str, float]
    rates: Rates


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


def grids(config: Config) -> dict[Arm, tuple[float, ...]]:
    """Return the learning rates that each scale with each optimiser chooses from."""
    return {
        Arm(scale, optimiser): grid.learning_rates
        for optimiser, grid in config.optimisers.items()
        for scale in config.inputs
    }


def choose(config: Config, inputs: Inputs) -> Choice:
    """Study least squares on each scale, and choose the learning rates.

    Args:
        config: the settings.
        inputs: the images and their scales.

    Returns:
        The quantities of :func:`curvatures`, and the rates with the smallest error in trainings
        with weights and an order of the images that no draw has.
    """
    least_squares = curvatures(config.curvature, inputs.curvature, inputs.layers)

    def trial(arm: Arm, rate: float, draw: int) -> float:
        learning_rate = rate * unit(arm, least_squares)
        return error_after(config, inputs, arm, learning_rate, seed=config.search.seed, draw=draw)

    return Choice(
        least_squares=least_squares,
        rates=choose_rates(grids(config), trial, config.search.draws),
    )


def unit(arm: Arm, least_squares: Mapping[str, float]) -> float:
    """Return what the learning rates of an arm are multiples of.

    Args:
        arm: its scale and its optimiser.
        least_squares: the quantities of :func:`curvatures`.

    Returns:
        Of plain descent two over the largest curvature of least squares; of Adam 1.
    """
    return 2 / least_squares[f"largest_curvature.{arm.scale}"] if arm.optimiser == "descent" else 1


def measure(config: Config, inputs: Inputs, draw: int, choice: Choice) -> Draw:
    """Train one network at each scale by each optimiser, at the learning rate chosen for both.

    Args:
        config: the settings.
        inputs: the images and their scales.
        draw: index of the draw.
        choice: the learning rates, and the curvatures of least squares on each scale.

    Returns:
        How the error and the gradients of each scale compare with those of standardised pixels.
    """
    rates = choice["rates"]["learning_rates"]
    errors = {
        arm: error_after(
            config,
            inputs,
            arm,
            rates[arm.key] * unit(arm, choice["least_squares"]),
            seed=config.seed,
            draw=draw,
        )
        for arm in grids(config)
    }
    return Draw(comparisons(errors, config.far) | gradients(config, inputs, draw))


def exact(config: Config, _inputs: Inputs, choice: Choice) -> dict[str, float]:
    """Return what was measured before the draws.

    Args:
        config: the settings.
        _inputs: the images.
        choice: what least squares says of each scale, and what the search found.

    Returns:
        Both, and which of the chosen rates lie at an edge of their grid.
    """
    return choice["least_squares"] | chosen_rates(grids(config), choice["rates"])


def tables(config: Config, _draws: Draws, choice: Choice) -> dict[str, Table]:
    """Write down the search.

    Args:
        config: the settings.
        _draws: the draws.
        choice: what the search found.

    Returns:
        ``learning_rates``, the error by input scale, optimiser and learning rate, if there is a
        choice of rates.
    """
    rows: Table = [
        finite_row(
            choice["rates"]["scores"][arm.key][str(rate)],
            input=arm.scale,
            optimiser=arm.optimiser,
            learning_rate=rate,
        )
        for arm in searched(grids(config))
        for rate in grids(config)[arm]
    ]
    return {"learning_rates": rows} if rows else {}


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


def make_body(config: Config, images: Tensor, *, seed: int, draw: int) -> nn.Sequential:
    """Make the network of a draw, the same for all scales; He's variance keeps its signal.

    Args:
        config: the settings.
        images: what the network is for, of shape (images, pixels).
        seed: of the draws, or of the search.
        draw: index of the draw.
    """
    return classifier(
        images, [config.hidden], over_fan_in(2.0), nn.ReLU, seed=seed, draw=draw
    ).double()


def error_after(  # noqa: PLR0913 - two numbers name the draw
    config: Config, inputs: Inputs, arm: Arm, learning_rate: float, *, seed: int, draw: int
) -> float:
    """Train the network of one draw.

    Args:
        config: the settings.
        inputs: the images, and what brings them to each scale.
        arm: the scale and the optimiser.
        learning_rate: of every update.
        seed: of the draws, or of the search.
        draw: index of the draw.

    Returns:
        The validation error; that of a training that diverged counts all images as wrong.
    """
    layer, training = inputs.layers[arm.scale], inputs.training
    history = Task(training, seed, draw).fit(
        lambda: nn.Sequential(layer, make_body(config, training.images, seed=seed, draw=draw)),
        Schedule(config.batch, config.updates, evaluate_at=(config.updates,)),
        OPTIMISERS[arm.optimiser](learning_rate),
        evaluate=error_rates(error=inputs.validation),
        name=f"{seed}-{arm.key}-{learning_rate}",
    )
    error = history.metrics[config.updates]["error"]
    return error if isfinite(error) else 1.0


def comparisons(errors: Mapping[Arm, float], far: float) -> dict[str, float]:
    """Tell whether each scale does worse than standardised pixels with the same optimiser.

    The error itself is no sample: at scales that are not common to all pixels, training is so
    sensitive that the last digit of a sum moves it, and that differs between processors.

    Args:
        errors: of one draw, from 0 to 1.
        far: how much worse is far worse.

    Returns:
        For each arm 1 if it is worse, and 1 if it is far worse, else 0.
    """
    return {
        f"rate.{quantity}.{arm.key}": float(
            error > errors[Arm("standardised", arm.optimiser)] + margin
        )
        for arm, error in errors.items()
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
        body = make_body(config, split.images, seed=config.seed, draw=draw)
        loss = cross_entropy(nn.Sequential(layer, body)(split.images), split.labels)
        (gradient,) = torch.autograd.grad(loss, [next(body.parameters())])
        upper, lower = gradient.square().mean(dim=0).tensor_split(2)
        ratios[name] = (upper.mean() / lower.mean()).sqrt().item()
    return {
        f"gradient_ratio_over_standardised.{name}": ratio / ratios["standardised"]
        for name, ratio in ratios.items()
    }


# Least squares -----------------------------------------------------------------------------------


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
