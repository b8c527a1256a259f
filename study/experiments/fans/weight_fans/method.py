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
from study.lab.mnist import Mnist
from study.lab.propagation import Scheme, propagate
from study.record.checks import check_at_most
from study.record.draws import Draw
from study.record.settings import STRICT, Count, Settings, Several

Mode = Literal["default", "fan_in", "fan_out"]
Size = Annotated[int, Ge(2), Le(16_384)]


@dataclass(frozen=True, config=STRICT)
class Funnel:
    """A network with layers of these widths; weights of variance weight_variance over a fan."""

    widths: Annotated[tuple[Size, ...], MinLen(3)]
    weight_variance: Annotated[float, Ge(1e-12), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class Convolution:
    """One convolution of a one-channel image."""

    channels: Annotated[int, Ge(1), Le(1024)]
    kernel: Annotated[int, Ge(1), Le(28)]
    stride: Annotated[int, Ge(1), Le(28)]
    images: Count


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the matrix, how torch is asked to fill it, and the networks it is used in."""

    rows: Size
    columns: Size
    layer_variance: Annotated[float, Gt(0), Le(1000)]
    note_mode: Mode
    torch_mode: Mode
    nonlinearity: Literal["leaky_relu", "relu", "linear", "tanh"]
    transposed: bool
    slope: Annotated[float, Ge(0), Le(10)]
    attribute: str
    images: Several
    funnel: Funnel
    convolution: Convolution

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
    """Fill the matrix in every way there is and send images and gradients through it.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        Variances and factors.
    """
    return Draw(
        matrices(config, draw)
        | one_layer(config, inputs.images, draw)
        | funnel(config, inputs.images, draw)
        | convolved(config, inputs.pictures, draw)
    )


def filled(shape: tuple[int, ...], fill: Callable[..., Tensor], seed: int, **how: object) -> Tensor:
    """Let torch fill a matrix from a generator of its own."""
    return fill(torch.empty(shape), generator=torch.Generator().manual_seed(seed), **how)


def mode_argument(mode: Mode) -> dict[str, str]:
    """Return the argument that asks for a mode; none asks for torch's default."""
    return {} if mode == "default" else {"mode": mode}


def matrices(config: Config, draw: int) -> dict[str, float]:
    """Fill the matrix by torch's own functions and read off the fan they divided by.

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
    note = filled(as_input_by_output, kaiming_normal, seed, **mode_argument(config.note_mode))
    default, wider = (
        filled(
            shape,
            kaiming_normal,
            seed,
            nonlinearity=config.nonlinearity,
            **mode_argument(config.torch_mode),
        )
        for shape in (as_output_by_input, (config.columns, 4 * config.rows))
    )
    linear = filled(as_output_by_input, kaiming_uniform, seed, a=config.slope)
    return {
        "rows_times_variance.note": config.rows * second_moment(note),
        "fan_used.kaiming_normal": 2 / second_moment(default),
        "fan_in_times_variance.kaiming_normal": config.rows * second_moment(default),
        "variance_over_that_of_four_times_the_inputs.kaiming_normal": (
            second_moment(default) / second_moment(wider)
        ),
        "fan_in_times_variance.linear": config.rows * second_moment(linear),
    }


def one_layer(config: Config, images: Tensor, draw: int) -> dict[str, float]:
    """Send images and a random gradient through one ReLU layer ``relu(x @ w)``.

    Args:
        config: the settings.
        images: of shape (images, rows).
        draw: index of the draw.

    Returns:
        What the layer multiplies second moments by, on the way up to the preactivation and on
        the way down, for both variances.
    """
    rows, columns = images.shape[1], config.columns
    shapes = [(rows, columns), (len(images), columns)]
    normal, gradient = standard_normal_layers(shapes, config.seed, draw, images.device)
    found = {}
    for name, fan in (("fan_in", rows), ("fan_out", columns)):
        w = weight_std(fan, config.layer_variance) * normal
        z = images @ w
        down = (gradient * (z > 0)) @ w.T
        found[f"forward.{name}"] = second_moment(z) / second_moment(images)
        found[f"backward.{name}"] = second_moment(down) / second_moment(gradient)
    return found


def funnel(config: Config, images: Tensor, draw: int) -> dict[str, float]:
    """Send images and a random gradient through a narrowing network, for both fans.

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
    found = {}
    for name, measured in zip(
        fans,
        propagate(images, layers, schemes, cotangent=layers.cotangent(len(images))),
        strict=True,
    ):
        up = measured.preactivation_second_moment
        down = measured.preactivation_gradient_second_moment
        found[f"funnel_forward.{name}"] = (up[-1] / up[0]).item()
        found[f"funnel_backward.{name}"] = (down[0] / down[-1]).item()
    return found


def convolved(config: Config, pictures: Tensor, draw: int) -> dict[str, float]:
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
    default = filled(shape, nn.init.kaiming_uniform_, seed, a=config.slope).to(pictures.device)
    stride = config.convolution.stride
    deviations = {
        f"relu_deviation.{name}": functional.conv2d(pictures, w, stride=stride).relu().std().item()
        for name, w in (("conv_default", default), ("conv_he", he))
    }
    return deviations | {"fan_in_times_variance.conv": kernel**2 * second_moment(default)}


def exact(config: Config, _inputs: Inputs) -> dict[str, float]:
    """Ask torch's layers for their shapes, numbers and names.

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
    found = {
        "outputs_first.linear": float(weight.shape == (columns, rows)),
        "default_is_fan_in.kaiming_normal": float(default == "fan_in"),
        "exists.attribute": float(hasattr(nn.Conv2d, config.attribute)),
    }
    for name, layer in layers.items():
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            theirs = layer().weight
            torch.manual_seed(0)
            ours = nn.init.kaiming_uniform_(torch.empty_like(theirs), a=config.slope)
        found[f"same_as_kaiming_uniform.{name}"] = float(torch.equal(theirs, ours))
    return found


def second_moment(values: Tensor) -> float:
    """Return the mean square, summed in float64."""
    return values.double().square().mean().item()
