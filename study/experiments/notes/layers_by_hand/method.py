"""Settings, one draw, and what is read of it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, NamedTuple, TypeAlias

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.by_hand import in_torch, matrix_product, modules, two_layers
from study.lab.by_hand.comparing import difference, module_difference
from study.lab.by_hand.normalisation import batch_statistics
from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.mnist import Mnist
from study.record.draws import Draw
from study.record.settings import STRICT, Count, Positive, Settings, Several, Whole

Numbers: TypeAlias = dict[str, float]

PIXELS = 784


@dataclass(frozen=True, config=STRICT)
class Outputs:
    """How many outputs the network of each loss has."""

    mse: Count
    cross_entropy: Count


@dataclass(frozen=True, config=STRICT)
class Product:
    """Shape of the matrix product that is implemented in several ways."""

    rows: Count
    columns: Count


@dataclass(frozen=True, config=STRICT)
class Convolution:
    """One convolution of MNIST images."""

    images: Count
    channels: Count
    kernel: Annotated[int, Ge(1), Le(28)]
    stride: Count
    padding: Whole


@dataclass(frozen=True, config=STRICT)
class Normalisation:
    """One batch normalisation of the hidden preactivations of MNIST images."""

    images: Several
    epsilon: Positive
    momentum: Annotated[float, Ge(0), Le(1)]


@dataclass(frozen=True, config=STRICT)
class Planted:
    """Mistakes in the layers by hand, for negative controls.

    ``products_left_out`` shortens the inner sum of a matrix product; ``kernel_flipped`` makes the
    convolution that of mathematics; ``constant_statistics`` propagates no gradient through the mean
    and the variance of a batch; ``column_removed`` makes the model return a vector;
    ``bias_left_out`` removes the biases of the last layer.
    """

    products_left_out: Annotated[int, Ge(0), Le(PIXELS)]
    kernel_flipped: bool
    constant_statistics: bool
    column_removed: bool
    bias_left_out: bool


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the shapes of layers and products."""

    hidden: Count
    outputs: Outputs
    product: Product
    convolution: Convolution
    normalisation: Normalisation
    planted: Planted


PRODUCT, KERNELS, BIASES, COTANGENT, WEIGHTS, GAIN = range(1, 7)
"""The layers whose generators draw each tensor."""


class Inputs(NamedTuple):
    """What all draws share.

    **Shapes**: ``images`` (images, pixels), the first of the training split, standardised, in
    float64; ``validation`` (validation images, pixels), all of them, not standardised.
    """

    images: Tensor
    validation: Tensor


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take as many images of the training split as the largest layer needs.

    Args:
        config: the settings.
        mnist: the data.

    Raises:
        StudyError: if there are fewer.
    """
    images_by_field = {
        "product.rows": config.product.rows,
        "convolution.images": config.convolution.images,
        "normalisation.images": config.normalisation.images,
    }
    parts = [mnist.train.first(count, field).images for field, count in images_by_field.items()]
    images = max(parts, key=len)
    return Inputs(mnist.standardised(images).double(), mnist.validation.images)


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Compare products and layers by hand with those of torch.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        The relative differences, in float64.
    """
    values = products(config, inputs.images, draw) | {
        "convolution_difference.float64": convolution_difference(config, inputs.images, draw),
        "normalisation_difference.float64": normalisation_difference(config, inputs.images, draw),
    }
    return Draw(values)


def gaussian(config: Config, draw: int, layer: int, shape: Sequence[int]) -> Tensor:
    """Draw standard normal numbers, from the beginning of the generator of a layer."""
    generator = random_generator(config.seed, draw, layer)
    return standard_normal(tuple(shape), generator, torch.device("cpu")).double()


def products(config: Config, images: Tensor, draw: int) -> Numbers:
    """Compare each implementation of a matrix product with torch's operator."""
    rows = images[: config.product.rows]
    shape = (rows.shape[1], config.product.columns)
    weights = weight_std(shape[0], 1.0) * gaussian(config, draw, PRODUCT, shape).to(rows)
    product_of_torch = matrix_product.operator(rows, weights)
    inner = shape[0] - config.planted.products_left_out
    differences = {
        product.__name__: difference(product(rows[:, :inner], weights[:inner]), product_of_torch)
        for product in (matrix_product.loops, matrix_product.broadcasting, matrix_product.einsum)
    }
    differences["largest"] = max(differences.values())
    return {f"matrix_product_difference.{name}": number for name, number in differences.items()}


def convolution_difference(config: Config, images: Tensor, draw: int) -> float:
    """Compare forward and backward pass of a convolution of images."""
    settings = config.convolution
    x = images[: settings.images].reshape(-1, 1, 28, 28)
    shape = (settings.channels, 1, settings.kernel, settings.kernel)
    w = weight_std(settings.kernel**2, 1.0) * gaussian(config, draw, KERNELS, shape).to(x)
    b = gaussian(config, draw, BIASES, shape[:1]).to(x)
    strides = {"stride": settings.stride, "padding": settings.padding}
    counterpart = in_torch.module_as_torch(modules.Convolution(w, b, **strides))
    module = modules.Convolution(w.flip(2, 3) if config.planted.kernel_flipped else w, b, **strides)
    return module_difference(
        module, counterpart, x, gaussian(config, draw, COTANGENT, module(x).shape).to(x)
    )


def normalisation_difference(config: Config, images: Tensor, draw: int) -> float:
    """Compare forward and backward pass of a batch normalisation of the hidden layer."""
    pixels = images[: config.normalisation.images]
    shape = (pixels.shape[1], config.hidden)
    x = pixels @ (weight_std(shape[0], 2.0) * gaussian(config, draw, WEIGHTS, shape).to(pixels))
    gain = gaussian(config, draw, GAIN, x.shape[1:]).to(x)
    settings = config.normalisation
    module = modules.BatchNormalisation(
        gain, torch.zeros_like(gain), epsilon=settings.epsilon, momentum=settings.momentum
    )
    counterpart = in_torch.module_as_torch(module)
    if config.planted.constant_statistics:
        module.training = False
        module.mean, module.variance = batch_statistics(x)
    return module_difference(
        module, counterpart, x, gaussian(config, draw, COTANGENT, x.shape).to(x)
    )


def exact(config: Config, inputs: Inputs) -> Numbers:
    """Return counts and shapes, which do not depend on the draw.

    Args:
        config: the settings.
        inputs: the validation images.
    """
    return architecture(config, inputs.validation)


def architecture(config: Config, images: Tensor) -> Numbers:
    """Count the parameters and read the shapes of both networks on the validation images."""
    shapes, counts, tensors = {}, {}, {}
    for loss, outputs in asdict(config.outputs).items():
        sizes = [(PIXELS, config.hidden), (config.hidden,), (config.hidden, outputs), (outputs,)]
        parameters = two_layers.Parameters(*(images.new_zeros(size) for size in sizes))
        chain = two_layers.chain(parameters, modules.MeanSquaredError())
        result = chain.outputs(images)
        result = result.squeeze(1) if config.planted.column_removed else result
        shapes[loss] = [tuple(tensor.shape) for tensor in (result, *parameters)]
        counts[loss] = sum(tensor.numel() for tensor in parameters)
        if config.planted.bias_left_out:
            del chain.modules[-1].parameters["b"]
        tensors[loss] = len(chain.parameters())
    notes_shapes = {
        loss: [(len(images), outputs), (784, 50), (50,), (50, outputs), (outputs,)]
        for loss, outputs in (("mse", 1), ("cross_entropy", 10))
    }
    return {f"parameters.{loss}": float(count) for loss, count in counts.items()} | {
        "parameter_tensors.mse": float(tensors["mse"]),
        "shape_asserted.mse": float(shapes["mse"][0] == (len(images), 1)),
        "shape_printed.mse": float(shapes["mse"][0] == (10_000, 1)),
        "shapes_described.both": float(shapes == notes_shapes),
    }
