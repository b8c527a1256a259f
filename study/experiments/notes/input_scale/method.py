"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Annotated, TypeAlias

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from study.experiments.notes.least_squares import descend, normal_equations
from study.experiments.notes.pixels import Affine, histogram, pixel_scale, standardiser
from study.lab.inits import random_generator, weight_std
from study.lab.mnist import Mnist
from study.lab.networks import dense
from study.lab.parallel import side_by_side
from study.lab.training import error_rate, minibatches, train
from study.record.experiment import STRICT
from study.record.results import Cell, Result, mean_row

Count: TypeAlias = Annotated[int, Ge(1), Le(1_000_000)]
Factor: TypeAlias = Annotated[float, Gt(0), Le(1_000_000)]


@dataclass(frozen=True, config=STRICT)
class Scale:
    """A scale of the input: standardised or from 0 to 1, times factors."""

    standardise: bool
    factor: Factor
    upper_factor: Factor


@dataclass(frozen=True, config=STRICT)
class LeastSquares:
    """Least squares: on how many images, for how many steps, and the factor of the loss."""

    images: Count
    steps: Count
    loss_factor: Factor


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the network and its training, the scales, and least squares.

    A learning rate is given in units of two over the largest curvature of least squares.
    """

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Count
    hidden: Annotated[int, Ge(1), Le(16_384)]
    images: Count
    validation: Count
    steps: Count
    batch: Count
    far: Annotated[float, Ge(0), Lt(1)]
    learning_rates: Annotated[tuple[Factor, ...], MinLen(1)]
    inputs: Annotated[dict[str, Scale], MinLen(1)]
    curvature: LeastSquares


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Train one network per draw, scale and learning rate, and study least squares on each scale.

    Args:
        config: the settings; one of the inputs is called ``standardised``.
        mnist: the data.
        draws: the indices of the draws to make.

    Returns:
        Per draw, how the best error and the gradients of each scale compare; exactly, the
        Hessians; and the error by learning rate.
    """
    images = mnist.train.images
    scale = pixel_scale(images)
    by_training = standardiser(*histogram(images, scale).moments(scale))
    layers = {
        name: layer_of(arm, by_training if arm.standardise else Affine(scale / 255, 0.0), images)
        for name, arm in config.inputs.items()
    }
    exact = curvatures(config.curvature, mnist, layers)
    units = {name: 2 / exact[f"largest_curvature.{name}"] for name in layers}
    errors = {draw: train_all(config, mnist, layers, units, draw) for draw in draws}
    return Result.of(
        {
            draw: comparisons(by_rate, config.far) | gradients(config, mnist, layers, draw)
            for draw, by_rate in errors.items()
        },
        tables={"learning_rates": by_learning_rate(list(errors.values()))},
        exact=exact,
    )


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

Errors: TypeAlias = dict[str, dict[float, float]]
"""Error rates by scale and learning rate."""


def body_of(config: Config, mnist: Mnist, draw: int) -> nn.Sequential:
    """Draw the network of a draw, the same for all scales; He's variance keeps its signal."""
    sizes = (mnist.train.images.shape[1], config.hidden, 10)
    stds = [weight_std(fan_in, 2.0) for fan_in in sizes[:-1]]
    device = mnist.train.images.device
    made = dense(sizes, stds, lambda _: nn.ReLU(), seed=config.seed, draw=draw, device=device)
    return made.double()


def train_all(
    config: Config,
    mnist: Mnist,
    layers: Mapping[str, Affine],
    units: Mapping[str, float],
    draw: int,
) -> Errors:
    """Train the network of one draw at each scale with each learning rate.

    Args:
        config: the settings.
        mnist: the data.
        layers: what brings the images to each scale.
        units: of the learning rate at each scale.
        draw: index of the draw.

    Returns:
        The validation errors; those of a training that diverged count all images as wrong.
    """
    split, checked = mnist.train.first(config.images), mnist.validation.first(config.validation)

    def one(piece: tuple[str, float]) -> float:
        name, rate = piece
        network = nn.Sequential(layers[name], body_of(config, mnist, draw))
        order = random_generator(config.seed, draw, 0)
        batches = minibatches(config.images, config.batch, config.steps, order)
        rate *= units[name]
        train(network, cross_entropy, split.images, split.labels, batches, learning_rate=rate)
        return error_rate(network, checked.images, checked.labels)

    pieces = list(product(layers, config.learning_rates))
    found: Errors = {name: {} for name in layers}
    for (name, rate), error in zip(pieces, side_by_side(one, pieces), strict=True):
        found[name][rate] = error
    return found


def comparisons(errors: Errors, far: float) -> dict[str, float]:
    """Tell whether each scale, at its best learning rate, does worse than standardised pixels.

    The error itself is no sample: at scales that are not common to all pixels, training is so
    sensitive that the last digit of a sum moves it, and that differs between processors.

    Args:
        errors: of one draw.
        far: how much worse is far worse.

    Returns:
        For each scale 1 if it is worse, and 1 if it is far worse, else 0.
    """
    best = {name: min(by_rate.values()) for name, by_rate in errors.items()}
    return {
        f"rate.{quantity}.{name}": float(error > best["standardised"] + margin)
        for name, error in best.items()
        for quantity, margin in (("worse", 0.0), ("far_worse", far))
    }


def gradients(
    config: Config, mnist: Mnist, layers: Mapping[str, Affine], draw: int
) -> dict[str, float]:
    """Compare the first gradient of the upper pixels' weights with that of the lower ones'.

    Args:
        config: the settings.
        mnist: the data.
        layers: what brings the images to each scale.
        draw: index of the draw.

    Returns:
        The ratio of the root mean squares, over that ratio for standardised pixels.
    """
    split = mnist.train.first(config.validation)
    ratios = {}
    for name, layer in layers.items():
        body = body_of(config, mnist, draw)
        loss = cross_entropy(nn.Sequential(layer, body)(split.images), split.labels)
        (gradient,) = torch.autograd.grad(loss, [next(body.parameters())])
        upper, lower = gradient.square().mean(dim=0).tensor_split(2)
        ratios[name] = (upper.mean() / lower.mean()).sqrt().item()
    return {
        f"gradient_ratio_over_standardised.{name}": ratio / ratios["standardised"]
        for name, ratio in ratios.items()
    }


def by_learning_rate(per_draw: Sequence[Errors]) -> list[Mapping[str, Cell]]:
    """Average the error of each scale and learning rate over the draws.

    Returns:
        Rows of input, learning rate in units of two over the curvature, mean and half width.
    """
    return [
        mean_row([errors[name][rate] for errors in per_draw], input=name, learning_rate=rate)
        for name, by_rate in per_draw[0].items()
        for rate in by_rate
    ]


# Least squares -----------------------------------------------------------------------------------


def curvatures(
    settings: LeastSquares, mnist: Mnist, layers: Mapping[str, Affine]
) -> dict[str, float]:
    """Measure the Hessian of least squares on each scale, and the largest step it bears.

    The label itself is fitted, without a bias. Steps up to 1.125 times two over the largest
    eigenvalue are tried; one is too large if the loss at the end is above that at the start.

    Args:
        settings: on how many images, for how many steps, and the factor of the loss.
        mnist: the data.
        layers: what brings the images to each scale.

    Returns:
        For each scale the largest eigenvalue; that over the hundredth; that of the upper pixels
        alone over that of the lower ones; and the largest step times the largest eigenvalue, half
        way between the largest step borne and the next.
    """
    split = mnist.train.first(settings.images)
    found: dict[str, float] = {}
    for name, layer in layers.items():
        hessian, correlation = normal_equations(layer(split.images), split.labels.double())
        eigenvalues = torch.linalg.eigvalsh(hessian).flip(0)
        relative = torch.arange(425, 1126, 50).to(hessian) / 1000
        weights = descend(
            hessian,
            correlation,
            2 * relative / eigenvalues[0],
            loss_factor=settings.loss_factor,
            steps=settings.steps,
        )
        found |= {
            f"largest_curvature.{name}": float(eigenvalues[0]),
            f"curvature_over_hundredth.{name}": float(eigenvalues[0] / eigenvalues[99]),
            f"upper_over_lower_curvature.{name}": upper_over_lower(hessian),
            f"largest_step_times_curvature.{name}": largest_borne(
                relative, change_of_loss(weights, hessian, correlation)
            ),
        }
    standardised = found["upper_over_lower_curvature.standardised"]
    return found | {
        f"curvature_contrast_over_standardised.{name}": (
            found[f"upper_over_lower_curvature.{name}"] / standardised
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
