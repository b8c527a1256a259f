"""Settings, one draw, and what is read of it."""

from collections.abc import Callable
from typing import Annotated, Literal, TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.by_hand.normalisation import batch_normalisation
from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.mnist import Mnist
from study.record.checks import check_batch
from study.record.draws import Draw
from study.record.settings import STRICT, Named, Positive, Settings, Several


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the layer, its batch, its bias and scales, and the batches that are compared."""

    images: Several
    units: Annotated[int, Ge(1), Le(4096)]
    batch: Annotated[int, Ge(4), Le(1024)]
    epsilon: Positive
    statistics: Literal["batch", "running"]
    bias: Positive
    scales: Named[Positive]
    watched: Annotated[int, Ge(1), Le(1024)]
    company: Annotated[tuple[Annotated[int, Ge(4), Le(4096)], ...], MinLen(1)]

    def __post_init__(self) -> None:
        """Check that there are enough images for all batches."""
        check_batch(self.batch, self.images)
        largest = max(self.company)
        fewest = self.watched + 2 * largest
        if self.images < fewest:
            raise ValueError(
                f"images={self.images}, watched={self.watched}, company={list(self.company)}: "
                f"at least {self.watched} + 2 * {largest} = {fewest} images are needed"
            )


class Layer:
    """One linear layer of one draw: its weights, its batch, and its output for all images.

    **Shapes**: ``weights`` (pixels, units); ``batch`` (batch, pixels); ``cotangent`` (batch,
    units), the gradient with respect to its output; ``everything`` (images, units), the
    preactivations of all images in a random order, the batch first, and ``mean`` and ``variance``
    (units,) over them.
    """

    def __init__(self, config: Config, inputs: Tensor, draw: int) -> None:
        """Draw weights of variance 1 / fan_in, the order of the images and a gradient."""
        order, for_weights, for_cotangent = (
            random_generator(config.seed, draw, layer) for layer in range(3)
        )
        pixels, device = inputs.shape[1], inputs.device
        weights = standard_normal((pixels, config.units), for_weights, device).double()
        self.weights = weight_std(pixels, 1.0) * weights
        images = inputs[torch.from_numpy(order.permutation(len(inputs))).to(device)]
        self.batch = images[: config.batch]
        self.cotangent = standard_normal(
            (config.batch, config.units), for_cotangent, device
        ).double()
        self.everything = images @ self.weights
        self.variance, self.mean = torch.var_mean(self.everything, dim=0, correction=0)


def prepare(config: Config, mnist: Mnist) -> Tensor:
    """Return the first images of the training split, of shape (images, pixels), in float64.

    Args:
        config: the settings.
        mnist: the data.
    """
    return mnist.standardised(mnist.train.first(config.images).images).double()


def measure(config: Config, inputs: Tensor, draw: int) -> Draw:
    """Measure one normalised layer of random weights, and its batches.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What the claims read.
    """
    layer = Layer(config, inputs, draw)
    return Draw(
        bias_quantities(config, layer)
        | batch_quantities(config, layer)
        | company_quantities(config, layer)
        | scale_quantities(config, layer)
    )


Normalise: TypeAlias = Callable[[Config, Layer, Tensor], Tensor]


# One normalisation -------------------------------------------------------------------------------


def in_training(config: Config, layer: Layer, preactivation: Tensor) -> Tensor:
    """Normalise as in training: by the settings, with the batch's own statistics.

    Args:
        config: the settings.
        layer: whose statistics of all images replace those of the batch if the settings say so.
        preactivation: of shape (rows, units).

    Returns:
        A tensor of the same shape; the gain is 1 and the shift 0.
    """
    if config.statistics == "running":
        return in_inference(config, layer, preactivation)
    return F.batch_norm(preactivation, None, None, training=True, eps=config.epsilon)


def in_inference(config: Config, layer: Layer, preactivation: Tensor) -> Tensor:
    """Normalise as in inference, with the statistics of all images; the arguments are the same."""
    units = preactivation.shape[1]
    return F.batch_norm(
        preactivation, layer.mean[:units], layer.variance[:units], eps=config.epsilon
    )


def rms(values: Tensor) -> float:
    """Return the root of the mean square."""
    return float(values.square().mean().sqrt())


def gradients(config: Config, layer: Layer, scale: float) -> tuple[Tensor, Tensor]:
    """Return the gradients of the weights and of a bias before a normalisation.

    Args:
        config: the settings.
        layer: its cotangent is with respect to the normalised preactivations.
        scale: what the weights are multiplied by.

    Returns:
        The gradients, of shapes (pixels, units) and (units,).
    """
    weights = (scale * layer.weights).requires_grad_()
    bias = torch.zeros_like(layer.mean).requires_grad_()
    outputs = in_training(config, layer, layer.batch @ weights + bias)
    on_weights, on_bias = torch.autograd.grad(outputs, (weights, bias), layer.cotangent)
    return on_weights, on_bias


def bias_quantities(config: Config, layer: Layer) -> dict[str, float]:
    """Return the effect of a bias before the normalisation, and its gradient.

    Args:
        config: the settings; biases are in standard deviations of the preactivation.
        layer: the layer.

    Returns:
        The root mean square change of the output, in training and in inference, and the norm of the
        bias's gradient over that of the weights.
    """
    preactivation = layer.batch @ layer.weights
    with_bias = preactivation + config.bias * layer.variance.sqrt()
    on_weights, on_bias = gradients(config, layer, 1.0)
    values = {
        f"bias_effect.{mode}": rms(normalise(config, layer, with_bias) - plain)
        for mode, normalise in (("training", in_training), ("inference", in_inference))
        for plain in [normalise(config, layer, preactivation)]
    }
    return values | {"bias_gradient.training": float(on_bias.norm() / on_weights.norm())}


def jacobian(normalise: Normalise, config: Config, layer: Layer) -> Tensor:
    r"""Return the Jacobian of the normalised values of the first unit over the batch.

    .. math:: \partial y_i / \partial x_j

    Args:
        normalise: :func:`in_training` or :func:`in_inference`.
        config: the settings.
        layer: the layer.

    Returns:
        The derivatives, of one unit only, as the units are normalised one by one.

    **Shapes**: (batch, batch), row ``i`` and column ``j``.
    """
    first_unit = (layer.batch @ layer.weights)[:, :1]
    outputs = normalise(config, layer, first_unit.requires_grad_())
    rows = [torch.autograd.grad(y, first_unit, retain_graph=True)[0] for y in outputs]
    return torch.cat(rows, dim=1).T


def mate_share(normalise: Normalise, config: Config, layer: Layer) -> float:
    r"""Return the off-diagonal share of the squared Jacobian, times half of the batch size.

    .. math:: \frac n2 \sum_{i \ne j} J_{ij}^2 \Big/ \sum_{ij} J_{ij}^2

    Args:
        normalise: :func:`in_training` or :func:`in_inference`.
        config: the settings.
        layer: the layer.

    Returns:
        The scaled share: the influence of the rest of the batch on a row.
    """
    squares = jacobian(normalise, config, layer).square()
    return float(len(squares) / 2 * (1 - squares.diagonal().sum() / squares.sum()))


def batch_quantities(config: Config, layer: Layer) -> dict[str, float]:
    """Return how the rows of a batch depend on each other, and on which statistics.

    Args:
        config: the settings.
        layer: the layer.

    Returns:
        The quantities by name. The standard deviation that makes the Jacobian a projector is that
        of the batch.
    """
    preactivation = layer.batch @ layer.weights
    outputs = in_training(config, layer, preactivation)
    divisor = (preactivation[:, 0].var(correction=0) + config.epsilon).sqrt()
    trace = jacobian(in_training, config, layer).trace()
    unit_scale, no_shift = torch.ones_like(layer.mean), torch.zeros_like(layer.mean)
    by_batch = batch_normalisation(preactivation, unit_scale, no_shift, config.epsilon)
    by_data = (preactivation - layer.mean) / layer.variance.sqrt()
    return {
        "directions_lost.training": float(config.batch - divisor * trace),
        "mate_share.training": mate_share(in_training, config, layer),
        "formula_error.data_set": rms(outputs - by_data),
        "formula_error.batch": rms(outputs - by_batch),
        "output_variance.training": float(outputs.var(dim=0, correction=0).mean()),
    }


def company_quantities(config: Config, layer: Layer) -> dict[str, float]:
    """Return the change of some images' outputs when the rest of their batch is exchanged.

    Args:
        config: how many images are watched, and the sizes of the batches.
        layer: the layer.

    Returns:
        For each size of batch, the root of the mean square of the change, and that mean square over
        its law for a Gaussian preactivation, 3 over the size.
    """
    rows, mates = layer.everything[: config.watched], layer.everything[config.watched :]
    values = {}
    for size in config.company:
        outputs, exchanged_outputs = (
            torch.stack([in_training(config, layer, torch.vstack([row, rest]))[0] for row in rows])
            for rest in (mates[: size - 1], mates[size : 2 * size - 1])
        )
        change = rms(outputs - exchanged_outputs)
        values[f"moved_by_mates.{size}"] = change
        values[f"moved_squared_over_law.{size}"] = change**2 * size / 3
    return values


def scale_quantities(config: Config, layer: Layer) -> dict[str, float]:
    """Return the effect of a scale of the weights on their gradient, and its direction.

    Args:
        config: the settings.
        layer: the layer.

    Returns:
        For each scale, the norm of the gradient times the scale, over that at scale 1; and the mean
        over units of the absolute cosine between weights and gradient.
    """
    gradient_at_1, _ = gradients(config, layer, 1.0)
    cosines = torch.cosine_similarity(layer.weights, gradient_at_1, dim=0)
    values = {"gradient_along_weights.training": float(cosines.abs().mean())}
    for name, scale in config.scales.items():
        gradient, _ = gradients(config, layer, scale)
        values[f"gradient_times_scale.{name}"] = float(
            scale * gradient.norm() / gradient_at_1.norm()
        )
    return values


# Exact numbers ----------------------------------------------------------------------------


def exact(config: Config, inputs: Tensor) -> dict[str, float]:
    """Return the dependence of rows on each other in inference: 0 for any weights.

    Args:
        config: the settings.
        inputs: the images.
    """
    layer = Layer(config, inputs, 0)
    return {"mate_share.inference": mate_share(in_inference, config, layer)}
