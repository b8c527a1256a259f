"""Settings, one draw, and what is read of it."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import combinations, pairwise
from math import log2, nan
from statistics import fmean
from typing import Annotated, Literal, NamedTuple

import torch
from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional

from study.experiments.he import loss_gradients
from study.lab.inits import standard_normal_layers, weight_std
from study.lab.mnist import Mnist
from study.record.checks import check_names
from study.record.draws import Draw
from study.record.settings import STRICT, Count, Positive, Settings, Width
from study.theory.quotients import quotient

Depth = Annotated[int, Ge(2), Le(200)]


@dataclass(frozen=True, config=STRICT)
class Depths:
    """Numbers of weight matrices."""

    ten: Depth
    twenty_two: Depth
    thirty: Depth
    fifty: Depth

    def __post_init__(self) -> None:
        """Check that all depths differ, since networks of one depth are equal."""
        for (field, depth), (other_field, other_depth) in combinations(vars(self).items(), 2):
            if depth == other_depth:
                raise ValueError(f"{field}={depth}, {other_field}={other_depth}: must differ")


@dataclass(frozen=True, config=STRICT)
class WeightVariance:
    """Variance of a weight times its fan_in, in the two initialisations."""

    he: Positive
    xavier: Positive


@dataclass(frozen=True, config=STRICT)
class Unnormalised:
    """A network on images with a large pixel range, and a factor distributed over its layers."""

    depth: Depth
    width: Annotated[int, Ge(1), Le(4096)]
    low: float
    high: float
    factor: Annotated[float, Gt(0), Le(1)]


@dataclass(frozen=True, config=STRICT)
class LossGradient:
    """A network of which the gradient of a loss is followed through its hidden layers.

    ``cross_entropy`` asks for the class of an image, ``reconstruction`` for the image again, by
    half the squared error.
    """

    depth: Annotated[int, Ge(3), Le(200)]
    loss: Literal["cross_entropy", "reconstruction"]
    images: Literal["standardised", "pixels"]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the size of the networks, and a network on images that are not standardised."""

    width: Width
    images: Count
    activation: Literal["relu", "tanh"]
    depths: Depths
    weight_variance: WeightVariance
    loss_gradients: dict[str, LossGradient]
    unnormalised: Unnormalised

    def __post_init__(self) -> None:
        """Refuse settings without the losses that claims read."""
        check_names("loss_gradients", self.loss_gradients, LOSSES)


PIXELS, CLASSES = 784, 10
PLACES = ("first", "middle", "last")
LOSSES = ("cross_entropy", "pixels", "reconstruction")
"""Networks of which the gradient of a loss is followed."""


class Inputs(NamedTuple):
    """The images, raw and standardised, both (images, pixels), and labels, (images,)."""

    pixels: Tensor
    standardised_images: Tensor
    labels: Tensor


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split.

    Args:
        config: the settings.
        mnist: the data.
    """
    batch = mnist.train.first(config.images)
    return Inputs(batch.images, mnist.standardised(batch.images), batch.labels)


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Compare the two initialisations, and propagate unnormalised images through a network.

    Args:
        config: the settings.
        inputs: the images and their labels.
        draw: index of the draw.

    Returns:
        The quantities that claims read; and the ratio of the gradients at three places of each
        depth.
    """
    ratios, quantities = two_initialisations(
        config, inputs.standardised_images, inputs.labels, draw
    )
    rows = [
        {"depth": depth, "layer": place, "sample": ratios[name][place]}
        for name, depth in vars(config.depths).items()
        for place in PLACES
    ]
    return Draw(
        quantities
        | unnormalised_quantities(config, inputs.pixels, inputs.labels, draw)
        | loss_quantities(config, inputs, draw),
        {"gradients": rows},
    )


# Two initialisations -----------------------------------------------------------------------------


def draw_weights(
    width: int, depth: int, seed: int, draw: int, outputs: int = CLASSES
) -> list[Tensor]:
    """Draw standard normal weights of a network, each of shape (fan_out, fan_in)."""
    sizes = [PIXELS, *[width] * (depth - 1), outputs]
    shapes = [(fan_out, fan_in) for fan_in, fan_out in pairwise(sizes)]
    return standard_normal_layers(shapes, seed, draw, torch.device("cpu"))


def scaled(weights: Sequence[Tensor], weight_variance: float) -> list[Tensor]:
    """Give standard normal weights the variance ``weight_variance / fan_in``."""
    return [weight_std(matrix.shape[1], weight_variance) * matrix for matrix in weights]


def outputs_of(
    weights: Sequence[Tensor], inputs: Tensor, function: Callable[[Tensor], Tensor] = torch.relu
) -> Tensor:
    """Propagate images, (images, pixels), with an activation after each layer but the last."""
    activation = inputs
    for matrix in weights[:-1]:
        activation = function(activation @ matrix.T)
    return activation @ weights[-1].T


def gradients(
    weights: Sequence[Tensor],
    inputs: Tensor,
    labels: Tensor,
    function: Callable[[Tensor], Tensor],
) -> tuple[float, list[float]]:
    """Return the root mean square of the outputs, and that of the gradient of each weight matrix.

    Args:
        weights: of a classifier, each (fan_out, fan_in).
        inputs: the images.
        labels: their classes; the loss is the mean cross-entropy.
        function: the activation.

    **Shapes**: ``inputs`` (images, pixels), ``labels`` (images,); one gradient per layer.
    """
    parameters = [matrix.detach().requires_grad_() for matrix in weights]
    outputs = outputs_of(parameters, inputs, function)
    gradients_by_autograd = torch.autograd.grad(
        functional.cross_entropy(outputs, labels), parameters
    )
    return root_mean_square(outputs.detach()), [
        root_mean_square(gradient) for gradient in gradients_by_autograd
    ]


def two_initialisations(
    config: Config, inputs: Tensor, labels: Tensor, draw: int
) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Compare the outputs and the gradients of the two initialisations.

    Args:
        config: the settings.
        inputs: the images, of shape (images, pixels).
        labels: their classes.
        draw: index of the draw.

    Returns:
        For each depth the base-2 logarithm of the ratio, Xavier over He, of the gradient at three
        places; and the quantities that claims read.
    """
    depths, function = vars(config.depths), getattr(torch, config.activation)

    def ratios(depth: int, images: slice) -> tuple[float, list[float]]:
        matrices = draw_weights(config.width, depth, config.seed, draw)
        he, xavier = (
            gradients(scaled(matrices, variance), inputs[images], labels[images], function)
            for variance in (config.weight_variance.he, config.weight_variance.xavier)
        )
        return log2_ratios(he, xavier)

    batch_ratios = {name: ratios(depth, slice(None)) for name, depth in depths.items()}
    _, image_ratios = ratios(config.depths.thirty, slice(1))
    places = {
        name: {"first": layers[0], "middle": layers[len(layers) // 2], "last": layers[-1]}
        for name, (_, layers) in batch_ratios.items()
    }
    means = {name: sum(layers) / len(layers) for name, (_, layers) in batch_ratios.items()}
    first_minus_last = places["thirty"]["first"] - places["thirty"]["last"]
    quantities = {f"log2_gradient_ratio.{name}": mean for name, mean in means.items()} | {
        f"output_ratio_over_law.{name}": 2.0 ** (batch_ratios[name][0] + depth / 2)
        for name, depth in depths.items()
    }
    return places, quantities | {
        "log2_gradient_ratio_of_one_image.thirty": sum(image_ratios) / len(image_ratios),
        "log2_gradient_ratio_per_layer.ten_to_fifty": (
            (means["fifty"] - means["ten"]) / (config.depths.fifty - config.depths.ten)
        ),
        # NaN for two equal initialisations, whose difference is 0.
        "first_layers_share.thirty": quotient(first_minus_last, means["thirty"]),
    }


def log2_ratios(
    he: tuple[float, list[float]], xavier: tuple[float, list[float]]
) -> tuple[float, list[float]]:
    """Return the base-2 logarithms of the ratios, Xavier over He, of two networks' numbers."""
    return log2_ratio(xavier[0], he[0]), [
        log2_ratio(x, h) for h, x in zip(he[1], xavier[1], strict=True)
    ]


def log2_ratio(numerator: float, denominator: float) -> float:
    """Return the base-2 logarithm of a ratio; NaN if either is 0, as in a dead network.

    >>> log2_ratio(1.0, 8.0)
    -3.0
    """
    return log2(numerator / denominator) if numerator > 0 and denominator > 0 else nan


def root_mean_square(values: Tensor) -> float:
    """Return the root of the mean square of all entries, in float64."""
    return values.double().square().mean().sqrt().item()


# The gradient of a loss ---------------------------------------------------------------------------


def loss_quantities(config: Config, inputs: Inputs, draw: int) -> dict[str, float]:
    """Follow the gradient of a loss through hidden layers from He's weights.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        For each loss: by what the activations and the weights multiply the squared gradient, a mean
        over layers; how much of it lies along the activations; by what it grows on its way down,
        and that over its law.
    """
    values: dict[str, float] = {}
    for name, case in config.loss_gradients.items():
        images = inputs.pixels if case.images == "pixels" else inputs.standardised_images
        if case.loss == "cross_entropy":
            loss = partial(functional.cross_entropy, target=inputs.labels, reduction="sum")
            outputs = CLASSES
        else:
            loss = partial(half_squared_error, target=images)
            outputs = PIXELS
        weight_variance = config.weight_variance.he
        matrices = draw_weights(config.width, case.depth, config.seed, draw, outputs)
        record = loss_gradients.passes(
            scaled(matrices, weight_variance), images, loss, getattr(torch, config.activation)
        )
        aligned, grown = loss_gradients.alignment(record), loss_gradients.growth(record)
        law = loss_gradients.growth_law(aligned, case.depth - 2, config.width)
        values |= {
            f"loss_gradient_through_relu.{name}": fmean(loss_gradients.through_activations(record)),
            f"loss_gradient_through_weights.{name}": fmean(
                loss_gradients.through_weights(record, weight_variance)
            ),
            f"loss_gradient_alignment.{name}": aligned,
            f"loss_gradient_growth.{name}": grown,
            f"loss_gradient_growth_over_law.{name}": grown / law,
        }
    return values


def half_squared_error(outputs: Tensor, target: Tensor) -> Tensor:
    """Return half the squared error, summed over outputs and images."""
    return (outputs - target).square().sum() / 2


# Inputs that are not normalised ------------------------------------------------------------------


def unnormalised_quantities(
    config: Config, images: Tensor, labels: Tensor, draw: int
) -> dict[str, float]:
    """Propagate images with a large range of pixels, with and without the factor on the weights.

    Args:
        config: the settings.
        images: pixels between 0 and 1, of shape (images, pixels).
        labels: their classes.
        draw: index of the draw.

    Returns:
        For the network without (``raw``) and with the factor (``remedied``): the root mean square
        of the outputs; the share of images for which a naive softmax overflows; and torch's loss,
        which subtracts the largest logit first.
    """
    case = config.unnormalised
    inputs = images * (case.high - case.low) + case.low
    matrices = scaled(
        draw_weights(case.width, case.depth, config.seed, draw), config.weight_variance.he
    )
    values: dict[str, float] = {}
    for name, factor in (("raw", 1.0), ("remedied", case.factor ** (1 / case.depth))):
        outputs = outputs_of([factor * matrix for matrix in matrices], inputs)
        powers = outputs.exp()
        softmax = powers / powers.sum(dim=1, keepdim=True)
        overflows = ~softmax.isfinite().all(dim=1)
        values |= {
            f"output_deviation.{name}": root_mean_square(outputs),
            f"share_overflowing.{name}": overflows.double().mean().item(),
            f"loss.{name}": functional.cross_entropy(outputs, labels).item(),
        }
    return values
