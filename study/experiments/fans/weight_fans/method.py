"""Settings, one draw, and what is read of it."""

import inspect
from collections.abc import Callable
from typing import Annotated, Literal, NamedTuple

import torch
from annotated_types import Ge, Gt, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.lab.activations import activation
from study.lab.inits import (
    Fan,
    RandomLayers,
    random_generator,
    standard_normal,
    standard_normal_layers,
    weight_std,
)
from study.lab.mean_squares import mean_square
from study.lab.mnist import Mnist
from study.lab.propagation import Scheme, propagate
from study.record.checks import check_at_most
from study.record.draws import Draw
from study.record.settings import STRICT, Count, Settings, Several, Width

Mode = Literal["default", "fan_in", "fan_out"]


@dataclass(frozen=True, config=STRICT)
class NarrowingNetwork:
    """A network with layers of these widths; weights of variance weight_variance over a fan."""

    widths: Annotated[tuple[Width, ...], MinLen(3)]
    weight_variance: Annotated[float, Ge(1e-12), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class ImageConvolution:
    """One convolution of a one-channel image."""

    channels: Annotated[int, Ge(1), Le(1024)]
    kernel: Annotated[int, Ge(1), Le(28)]
    stride: Annotated[int, Ge(1), Le(28)]
    images: Count


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the matrix, the arguments of torch's initialisers, and the networks."""

    rows: Width
    columns: Width
    layer_variance: Annotated[float, Gt(0), Le(1000)]
    note_mode: Mode
    torch_mode: Mode
    nonlinearity: Literal["leaky_relu", "relu", "linear", "tanh"]
    transposed: bool
    slope: Annotated[float, Ge(0), Le(10)]
    attribute: str
    images: Several
    funnel: NarrowingNetwork
    convolution: ImageConvolution

    def __post_init__(self) -> None:
        """Refuse more pictures than images, of which they are the first."""
        check_at_most("convolution.images", self.convolution.images, "images", self.images)


class Inputs(NamedTuple):
    """The images, of shape (images, pixels), and the pictures, (images, 1, height, width)."""

    images: Tensor
    pictures: Tensor


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split, and some of them as pictures.

    Args:
        config: the settings.
        mnist: the data.
    """
    images = mnist.standardised(mnist.train.first(config.images).images)
    return Inputs(images, images[: config.convolution.images].view(-1, 1, 28, 28))


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Draw the matrix in every way and propagate images and gradients through it.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        Variances and factors.
    """
    return Draw(
        matrices(config, draw)
        | one_layer_factors(config, inputs.images, draw)
        | funnel_factors(config, inputs.images, draw)
        | convolution_quantities(config, inputs.pictures, draw)
    )


def initialised_matrix(
    shape: tuple[int, ...], fill: Callable[..., Tensor], seed: int, **options: object
) -> Tensor:
    """Draw a matrix by a function of torch, from a generator of its own."""
    return fill(torch.empty(shape), generator=torch.Generator().manual_seed(seed), **options)


def mode_argument(mode: Mode) -> dict[str, str]:
    """Return the keyword argument for a mode; none for torch's default."""
    return {} if mode == "default" else {"mode": mode}


def matrices(config: Config, draw: int) -> dict[str, float]:
    """Draw the matrix by torch's own functions and infer the fan they divided by.

    Args:
        config: the settings.
        draw: index of the draw.

    Returns:
        ``rows × variance`` of the note's matrix; and of matrices in torch's own layout the fan
        that was used, ``2 / variance``, and ``fan_in × variance``.
    """
    seed = int(random_generator(config.seed, draw, 0).integers(2**63))
    as_input_by_output = (config.rows, config.columns)
    as_output_by_input = (config.columns, config.rows)
    kaiming_normal, kaiming_uniform = nn.init.kaiming_normal_, nn.init.kaiming_uniform_
    note = initialised_matrix(
        as_input_by_output, kaiming_normal, seed, **mode_argument(config.note_mode)
    )
    default, wider = (
        initialised_matrix(
            shape,
            kaiming_normal,
            seed,
            nonlinearity=config.nonlinearity,
            **mode_argument(config.torch_mode),
        )
        for shape in (as_output_by_input, (config.columns, 4 * config.rows))
    )
    linear = initialised_matrix(as_output_by_input, kaiming_uniform, seed, a=config.slope)
    return {
        "rows_times_variance.note": config.rows * mean_square(note),
        "fan_used.kaiming_normal": 2 / mean_square(default),
        "fan_in_times_variance.kaiming_normal": config.rows * mean_square(default),
        "variance_over_that_of_four_times_the_inputs.kaiming_normal": (
            mean_square(default) / mean_square(wider)
        ),
        "fan_in_times_variance.linear": config.rows * mean_square(linear),
    }


def one_layer_factors(config: Config, images: Tensor, draw: int) -> dict[str, float]:
    """Propagate images and a random gradient through one ReLU layer ``relu(x @ w)``.

    Args:
        config: the settings.
        images: of shape (images, rows).
        draw: index of the draw.

    Returns:
        The factors of the second moment, forward to the preactivation and backward, for both
        variances.
    """
    rows, columns = images.shape[1], config.columns
    shapes = [(rows, columns), (len(images), columns)]
    normal, gradient = standard_normal_layers(shapes, config.seed, draw, images.device)
    values = {}
    for name, fan in (("fan_in", rows), ("fan_out", columns)):
        w = weight_std(fan, config.layer_variance) * normal
        z = images @ w
        input_gradient = (gradient * (z > 0)) @ w.T
        values[f"forward.{name}"] = mean_square(z) / mean_square(images)
        values[f"backward.{name}"] = mean_square(input_gradient) / mean_square(gradient)
    return values


def funnel_factors(config: Config, images: Tensor, draw: int) -> dict[str, float]:
    """Propagate images and a random gradient through a narrowing network, for both fans.

    Args:
        config: the settings.
        images: of shape (images, pixels).
        draw: index of the draw.

    Returns:
        By how much the second moment of the preactivation changes from the first layer to the
        last, and that of its gradient from the last layer to the first.
    """
    widths = (images.shape[1], *config.funnel.widths)
    layers = RandomLayers(widths, config.seed, draw, device=images.device)
    fans: tuple[Fan, ...] = ("fan_in", "fan_out")
    schemes = [Scheme(activation("relu"), config.funnel.weight_variance, fan) for fan in fans]
    values = {}
    for name, statistics in zip(
        fans,
        propagate(images, layers, schemes, cotangent=layers.cotangent(len(images))),
        strict=True,
    ):
        forward = statistics.preactivation_second_moment
        backward = statistics.preactivation_gradient_second_moment
        values[f"funnel_forward.{name}"] = (forward[-1] / forward[0]).item()
        values[f"funnel_backward.{name}"] = (backward[0] / backward[-1]).item()
    return values


def convolution_quantities(config: Config, pictures: Tensor, draw: int) -> dict[str, float]:
    """Convolve pictures with torch's default weights and with He's.

    Args:
        config: the settings.
        pictures: of shape (images, 1, height, width).
        draw: index of the draw.

    Returns:
        ``fan_in × variance`` of torch's default, and the deviation after a ReLU for both.
    """
    kernel = config.convolution.kernel
    shape = (config.convolution.channels, 1, kernel, kernel)
    generator = random_generator(config.seed, draw, len(config.funnel.widths) + 2)
    he = weight_std(kernel**2, 2.0) * standard_normal(shape, generator, pictures.device)
    seed = int(generator.integers(2**63))
    default = initialised_matrix(shape, nn.init.kaiming_uniform_, seed, a=config.slope).to(
        pictures.device
    )
    stride = config.convolution.stride
    deviations = {
        f"relu_deviation.{name}": functional.conv2d(pictures, w, stride=stride).relu().std().item()
        for name, w in (("conv_default", default), ("conv_he", he))
    }
    return deviations | {"fan_in_times_variance.conv": kernel**2 * mean_square(default)}


def exact(config: Config, _inputs: Inputs) -> dict[str, float]:
    """Read shapes, default weights and names off torch's layers.

    Args:
        config: the settings.

    Returns:
        Whether a linear layer's weights have one row per output; whether its and a convolution's
        default weights are those of kaiming_uniform_ with our slope; the default mode; whether an
        attribute exists.
    """
    rows, columns, conv = config.rows, config.columns, config.convolution
    default = inspect.signature(nn.init.kaiming_normal_).parameters["mode"].default
    layers: dict[str, Callable[[], nn.Linear | nn.Conv2d]] = {
        "linear": lambda: nn.Linear(rows, columns),
        "conv": lambda: nn.Conv2d(1, conv.channels, conv.kernel),
    }
    weight: Tensor = nn.Linear(rows, columns, device="meta").weight
    weight = weight.T if config.transposed else weight
    values = {
        "outputs_first.linear": float(weight.shape == (columns, rows)),
        "default_is_fan_in.kaiming_normal": float(default == "fan_in"),
        "exists.attribute": float(hasattr(nn.Conv2d, config.attribute)),
    }
    for name, layer in layers.items():
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            torch_weight = layer().weight
            torch.manual_seed(0)
            kaiming_weight = nn.init.kaiming_uniform_(
                torch.empty_like(torch_weight), a=config.slope
            )
        values[f"same_as_kaiming_uniform.{name}"] = float(torch.equal(torch_weight, kaiming_weight))
    return values
