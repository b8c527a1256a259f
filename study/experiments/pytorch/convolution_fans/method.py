"""How many terms a convolution adds up, and how many torch counts from the shape of its kernels.

Grouped, strided and transposed convolutions of MNIST images and of noise, upwards and downwards,
round the edges, so that no edge disturbs the count.
"""

from collections.abc import Callable, Iterable
from math import sqrt
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import numpy as np
import torch
from annotated_types import Ge, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.lab.inits import random_generator, standard_normal
from study.lab.mnist import Mnist
from study.record.claims import Claim, Fault, around, within
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run
from study.theory.sources import HE_2015, PYTORCH, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Count = Annotated[int, Ge(1), Le(4096)]
Mode: TypeAlias = Literal["fan_in", "fan_out"]
FANS: tuple[Mode, Mode] = ("fan_in", "fan_out")

SIDE, CUT = 28, 4
"""An image framed to 32 by 32 becomes CUT² channels, and CUT images become one input."""


@dataclass(frozen=True, config=STRICT)
class Kind:
    """One convolution that goes round the edges; the stride divides the side of its input."""

    inputs: Count
    outputs: Count
    kernel: Annotated[int, Ge(1), Le(8)]
    stride: Annotated[int, Ge(1), Le(4)]
    groups: Count
    transposed: bool

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape of torch's kernels: inputs and outputs change places if it is transposed."""
        first, second = self.outputs, self.inputs
        if self.transposed:
            first, second = second, first
        return first, second // self.groups, self.kernel, self.kernel

    @property
    def torch_fans(self) -> tuple[int, int]:
        """Fan_in and fan_out as torch reads them off the shape."""
        first, second, height, width = self.shape
        return second * height * width, first * height * width

    @property
    def terms(self) -> tuple[float, float]:
        """How many terms an output adds up, and the gradient of an input, averaged over places."""
        up, down = (n * self.kernel**2 / self.groups for n in (self.inputs, self.outputs))
        stride = self.stride**2
        return (up / stride, down) if self.transposed else (up, down / stride)


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the layers of each kind, and whether the backward pass by hand flips kernels."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(CUT)]
    kinds: Annotated[dict[str, Kind], MinLen(1)]
    nonlinearity: Literal["linear", "relu"]
    flipped: bool


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Send images, noise and gradients through convolutions of every kind.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the factors by which second moments change; exact, how large the weights of a
        new transposed convolution of torch are.
    """
    inputs = in_channels(mnist.standardised(mnist.train.first(config.images).images))
    return Result.of(
        {draw: of_kinds(config, inputs, draw) for draw in draws},
        tables={},
        exact={"largest_over_documented.transposed": largest_weight(config.kinds["transposed"])},
    )


def in_channels(images: Tensor) -> Tensor:
    """Frame images with their background to 32 by 32 and make their pixels into channels.

    **Shapes**: ``images`` (images, 784); the result (images // 4, 64, 8, 8).
    """
    frame = (32 - SIDE) // 2
    background = images.min().item()
    framed = functional.pad(images.view(-1, 1, SIDE, SIDE), (frame,) * 4, value=background)
    cut = functional.pixel_unshuffle(framed, CUT)
    return cut[: len(cut) // CUT * CUT].reshape(-1, CUT**3, *cut.shape[-2:])


def convolve(kind: Kind, x: Tensor, weights: Tensor) -> Tensor:
    """Convolve round the edges, so that every input enters equally many outputs.

    Args:
        kind: what to do.
        x: the input.
        weights: torch's kernels.

    Returns:
        The output, smaller or larger by the stride.

    **Shapes**: ``x`` (n, inputs, side, side).
    """
    if not kind.transposed:
        more = kind.kernel - kind.stride
        x = functional.pad(x, (0, more, 0, more), mode="circular")
        return functional.conv2d(x, weights, stride=kind.stride, groups=kind.groups)
    side = kind.stride * x.shape[-1]
    z = functional.conv_transpose2d(x, weights, stride=kind.stride, groups=kind.groups)
    for axis in (2, 3):  # what hangs over the far edges comes in again at the near ones
        over = z.narrow(axis, side, z.shape[axis] - side)
        z = z.narrow(axis, 0, side).clone()
        z.narrow(axis, 0, over.shape[axis]).add_(over)
    return z


def of_kinds(config: Config, inputs: Tensor, draw: int) -> dict[str, float]:
    """Measure each kind of layer.

    Args:
        config: the settings.
        inputs: the images in channels.
        draw: index of the draw.

    Returns:
        What :func:`of_kind` returns, and by how much a gradient by hand is off.
    """
    found: dict[str, float] = {}
    for at, (name, kind) in enumerate(config.kinds.items(), start=1):
        generator = random_generator(config.seed, draw, at)
        found |= of_kind(config, name, kind, inputs, generator)
    generator = random_generator(config.seed, draw, 0)
    shape = (len(inputs), 8, *inputs.shape[2:])
    x, cotangent = (standard_normal(shape, generator, inputs.device).double() for _ in range(2))
    weights = standard_normal((8, 8, 3, 3), generator, inputs.device).double()
    return found | {"difference.backward_by_hand": by_hand(config, x, weights, cotangent)}


def of_kind(
    config: Config, name: str, kind: Kind, inputs: Tensor, generator: np.random.Generator
) -> dict[str, float]:
    """Fill a layer by torch's function for either fan, and send signals through.

    Args:
        config: the settings.
        name: of the kind.
        kind: the layer.
        inputs: the images in channels.
        generator: of the random numbers.

    Returns:
        With variance 1/fan_in, the factor of the second moment of images and of noise; with
        variance 1/fan_out, that of a random gradient; and the second moment of the outputs at even
        places over that at odd ones.
    """
    seed = int(generator.integers(2**32))
    # The same numbers twice, as large as torch thinks that either direction needs.
    up, down = (filled(config, kind, mode, seed) for mode in FANS)
    noise = standard_normal(tuple(inputs.shape), generator, inputs.device)
    z = convolve(kind, noise, up)
    cotangent = standard_normal(tuple(z.shape), generator, inputs.device)
    gradient = pulled_back(lambda x: convolve(kind, x, down), noise, cotangent)
    even, odd = (second_moment(z[:, :, at::2, at::2]) for at in (0, 1))
    return {
        f"forward.{name}": second_moment(convolve(kind, inputs, up)) / second_moment(inputs),
        f"forward_of_noise.{name}": second_moment(z) / second_moment(noise),
        f"backward.{name}": second_moment(gradient) / second_moment(cotangent),
        f"even_over_odd_places.{name}": even / odd,
    }


def largest_weight(kind: Kind) -> float:
    """Make a layer of torch and compare its largest weight with what the documentation gives."""
    make = nn.ConvTranspose2d if kind.transposed else nn.Conv2d
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layer = make(kind.inputs, kind.outputs, kind.kernel, groups=kind.groups)
    documented = sqrt(kind.groups / (kind.outputs * kind.kernel**2))
    return layer.weight.abs().max().item() / documented


def filled(config: Config, kind: Kind, mode: Mode, seed: int) -> Tensor:
    """Let torch fill kernels with variance 1 over the fan that it counts, if asked for linear."""
    return nn.init.kaiming_uniform_(
        torch.empty(kind.shape),
        mode=mode,
        nonlinearity=config.nonlinearity,
        generator=torch.Generator().manual_seed(seed),
    )


def pulled_back(function: Callable[[Tensor], Tensor], x: Tensor, cotangent: Tensor) -> Tensor:
    """Return the gradient that autograd sends through a function to its input."""
    inputs = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(function(inputs), inputs, cotangent)
    return gradient


def by_hand(config: Config, x: Tensor, weights: Tensor, cotangent: Tensor) -> float:
    """Compare the backward pass of a zero-padded convolution with one by rearranged kernels.

    Args:
        config: the settings, which say whether the kernels are flipped.
        x: the input.
        weights: the kernels, of odd side.
        cotangent: the gradient with respect to the output.

    Returns:
        The largest difference from autograd, relative to the largest entry.
    """
    padding = weights.shape[-1] // 2
    rearranged = (weights.flip(2, 3) if config.flipped else weights).transpose(0, 1)
    ours = functional.conv2d(cotangent, rearranged, padding=weights.shape[-1] - 1 - padding)
    theirs = pulled_back(lambda h: functional.conv2d(h, weights, padding=padding), x, cotangent)
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()


def second_moment(values: Tensor) -> float:
    """Return the mean square, summed in float64."""
    return values.double().square().mean().item()


# Claims ------------------------------------------------------------------------------------------

CHAPTER = "chapter What PyTorch really does, section “The fans of a convolution”"
MODE = "torch.nn.init.kaiming_normal_, parameter mode, "
TERMS = "derivation-convolution-fans"
FIVE_PER_CENT = "Five per cent, for the draws; what is claimed against it is off by 2 or more."
ROUND = "Round the edges, so that padding takes no part."


def forward(kind: Kind) -> float:
    """Return the factor of the second moment when the variance is 1 over torch's fan_in."""
    return kind.terms[0] / kind.torch_fans[0]


def backward(kind: Kind) -> float:
    """Return the factor of the gradient when the variance is 1 over torch's fan_out."""
    return kind.terms[1] / kind.torch_fans[1]


GROUPED = Kind(inputs=64, outputs=64, kernel=3, stride=1, groups=4, transposed=False)
DEPTHWISE = Kind(inputs=64, outputs=64, kernel=3, stride=1, groups=64, transposed=False)
STRIDED = Kind(inputs=64, outputs=64, kernel=4, stride=2, groups=1, transposed=False)
TRANSPOSED = Kind(inputs=64, outputs=32, kernel=3, stride=1, groups=1, transposed=True)
UPSAMPLING = Kind(inputs=64, outputs=32, kernel=4, stride=2, groups=1, transposed=True)
UNGROUPED = Fault("Make it one group.", {"kinds.grouped.groups": 1})
DOUBLED = Fault("Ask for the gain of a ReLU.", {"nonlinearity": "relu"})
NOT_TRANSPOSED = Fault("Make it a plain one.", {"kinds.transposed.transposed": False})

CLAIMS = (
    Claim(
        id="convolution-fan-in-on-images",
        statement="A convolution of images with variance 1/(k²c) keeps their second moment.",
        source=THIS_STUDY.at(CHAPTER),
        quantity="forward.plain",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason=FIVE_PER_CENT,
        departure=f"{ROUND} MNIST images cut into 64 channels.",
        remark="Neighbouring pixels are alike, and may be: only the weights are independent.",
        fault=DOUBLED,
        derivation=TERMS,
    ),
    Claim(
        id="he-eq11",
        statement="The gradient is carried down by a convolution with rearranged kernels.",
        source=HE_2015.at("equation 11"),
        quantity="difference.backward_by_hand",
        prediction=0.0,
        band=around(0.0, 1e-9),
        reason="An identity: what is left is the rounding of float64.",
        departure="One layer of 3 by 3 with padding; the paper speaks of any layer.",
        remark=(
            "The rearrangement exchanges inputs and outputs and turns each kernel by half a turn. "
            "The largest difference from autograd, relative to the largest entry."
        ),
        fault=Fault("Leave the kernels unturned.", {"flipped": False}),
        derivation=TERMS,
    ),
    Claim(
        id="grouped-fan-in",
        statement="fan_in keeps the signal of a grouped convolution.",
        source=PYTORCH.at(f"{MODE}“Choosing 'fan_in' preserves”"),
        quantity="forward.grouped",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason=FIVE_PER_CENT,
        departure=f"{ROUND} Four groups of 16 channels.",
        remark=(
            "Each kernel has the depth of its group, so the shape tells the number of terms. "
            "It does so in torch's layout, outputs first."
        ),
        fault=DOUBLED,
        derivation=TERMS,
    ),
    Claim(
        id="grouped-fan-out",
        statement="fan_out keeps the gradient of a grouped convolution.",
        source=PYTORCH.at(f"{MODE}“Choosing 'fan_out' preserves”"),
        quantity="backward.grouped",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason=FIVE_PER_CENT,
        departure=f"{ROUND} Four groups of 16 channels. A random gradient.",
        remark=(
            "It loses a factor of the number of groups (grouped-fan-out-law): torch counts all "
            "outputs, and an input reaches only those of its group."
        ),
        fault=UNGROUPED,
        derivation=TERMS,
    ),
    Claim(
        id="grouped-fan-out-law",
        statement="With g groups, fan_out leaves 1/g of the gradient's second moment.",
        source=THIS_STUDY.at(CHAPTER),
        quantity="backward.grouped",
        prediction=backward(GROUPED),
        band=within(backward(GROUPED), 0.05),
        reason=FIVE_PER_CENT,
        departure="Here g is 4.",
        remark="The remedy is to divide the fan_out by the number of groups.",
        fault=UNGROUPED,
        derivation=TERMS,
    ),
    Claim(
        id="depthwise-fan-out",
        statement="For a depthwise convolution fan_out is too large by the number of channels.",
        source=PYTORCH.at("issue 23854, “Expected behavior”"),
        quantity="backward.depthwise",
        prediction=backward(DEPTHWISE),
        band=within(backward(DEPTHWISE), 0.05),
        reason=FIVE_PER_CENT,
        departure="64 channels, the issue has 4.",
        remark=(
            "A depthwise convolution has as many groups as channels. Its fan_in, k², is right in "
            "torch's layout, outputs first; where kernels are stored as (k, k, channels, "
            "multiplier), as in Keras, it is the other way round."
        ),
        fault=Fault("Make it one group.", {"kinds.depthwise.groups": 1}),
        derivation=TERMS,
    ),
    Claim(
        id="strided-fan-out",
        statement="With stride s, fan_out leaves 1/s² of the gradient's second moment.",
        source=THIS_STUDY.at(CHAPTER),
        quantity="backward.strided",
        prediction=backward(STRIDED),
        band=within(backward(STRIDED), 0.05),
        reason=FIVE_PER_CENT,
        departure="Stride 2 and kernels of 4 by 4.",
        remark="Averaged over the inputs: each enters only every s-th output in either direction.",
        fault=Fault("Take stride 1.", {"kinds.strided.stride": 1}),
        derivation=TERMS,
    ),
    Claim(
        id="transposed-fan-in",
        statement="fan_in keeps the signal of a transposed convolution.",
        source=PYTORCH.at(f"{MODE}“Choosing 'fan_in' preserves”"),
        quantity="forward.transposed",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason=FIVE_PER_CENT,
        departure=f"{ROUND} From 64 channels to 32, stride 1.",
        remark=(
            "Its weights are stored with the inputs first, so torch's fan_in is the number of "
            "outputs times k² (transposed-fans-swapped)."
        ),
        fault=Fault("Make inputs and outputs equal.", {"kinds.transposed.outputs": 64}),
        derivation=TERMS,
    ),
    Claim(
        id="transposed-fans-swapped",
        statement=(
            "With stride 1, fan_in changes a transposed convolution's signal by inputs over "
            "outputs, if every output place is reached by all taps of a kernel."
        ),
        source=THIS_STUDY.at(CHAPTER),
        quantity="forward.transposed",
        prediction=forward(TRANSPOSED),
        band=within(forward(TRANSPOSED), 0.05),
        reason=FIVE_PER_CENT,
        departure=f"{ROUND} From 64 channels to 32, stride 1.",
        remark=(
            "And fan_out changes the gradient by outputs over inputs. So the fans are swapped, and "
            "that is all there is to it at stride 1 and away from edges. With stride s only k²/s² "
            "taps reach a place (upsampling-fan-in). On a small map without padding fewer do: from "
            "one place, one."
        ),
        fault=NOT_TRANSPOSED,
        derivation=TERMS,
    ),
    Claim(
        id="upsampling-fan-in",
        statement=(
            "With stride s, fan_in changes a transposed convolution's signal by inputs over "
            "outputs, and divides it by s², away from edges."
        ),
        source=THIS_STUDY.at(CHAPTER),
        quantity="forward.upsampling",
        prediction=forward(UPSAMPLING),
        band=within(forward(UPSAMPLING), 0.05),
        reason=FIVE_PER_CENT,
        departure=(
            f"{ROUND} From 64 channels to 32, stride 2, kernels of 4 by 4: a step of a usual "
            "decoder, but for the edges."
        ),
        remark=(
            "Half of what He et al. want for halved channels and doubled sides. Each output is "
            "reached by only k²/s² entries of a kernel; at edges without padding by fewer."
        ),
        fault=Fault("Take stride 1.", {"kinds.upsampling.stride": 1}),
        derivation=TERMS,
    ),
    Claim(
        id="transposed-default-bound",
        statement="New transposed convolutions are uniform within ±√(groups/(outputs · k²)).",
        source=PYTORCH.at("torch.nn.ConvTranspose2d, attribute weight"),
        quantity="largest_over_documented.transposed",
        prediction=1.0,
        band=around(1.0, 0.01),
        reason="One per cent: the largest of thousands of uniform numbers.",
        departure="None: a layer of torch, read as it is made.",
        remark="So its default too is divided by what the gradient adds up, not the signal.",
        fault=NOT_TRANSPOSED,
        derivation=TERMS,
    ),
    Claim(
        id="transposed-checkerboard",
        statement="A transposed convolution of 3 by 3 and stride 2 starts as a checkerboard.",
        source=THIS_STUDY.at(CHAPTER),
        quantity="even_over_odd_places.uneven",
        prediction=4.0,
        band=within(4.0, 0.05),
        reason=FIVE_PER_CENT,
        departure="On noise; the second moments of two places one step down and one across.",
        remark=(
            "The places add up 4, 2, 2 and 1 entries of a kernel, since the stride does not divide "
            "its side. No variance of the weights mends that; kernels of 4 by 4 do."
        ),
        fault=Fault("Take kernels of 4 by 4.", {"kinds.uneven.kernel": 4}),
        derivation=TERMS,
    ),
)


# Figures -----------------------------------------------------------------------------------------

UPWARD = {
    "plain": "plain",
    "strided": "stride 2",
    "grouped": "4 groups",
    "depthwise": "depthwise",
    "transposed": "transposed",
    "upsampling": "transposed,\nstride 2",
}


def what_the_fans_of_torch_keep(run: Run) -> "Figure":
    """What the fan_in of torch keeps of signals and its fan_out of gradients, by kind of layer."""
    figure, axes = plt.subplots()
    shown = {
        "forward": ("o", "images, 1/fan_in"),
        "forward_of_noise": ("s", "noise, 1/fan_in"),
        "backward": ("^", "gradient, 1/fan_out"),
    }
    kinds = run.settings["experiment"]["kinds"]
    for at, (quantity, (marker, label)) in enumerate(shown.items()):
        places = [place + (at - 1) / 5 for place in range(len(UPWARD))]
        values = [run.values[f"{quantity}.{name}"] for name in UPWARD]
        axes.errorbar(
            places,
            [value.mean for value in values],
            [value.half_width for value in values],
            fmt=marker,
            capsize=3,
            label=label,
        )
        law = backward if quantity == "backward" else forward
        for place, name in zip(places, UPWARD, strict=True):
            height = law(Kind(**kinds[name]))
            axes.plot([place - 0.1, place + 0.1], [height] * 2, color=f"C{at}")
    axes.axhline(1, linestyle="--", linewidth=0.8, color="C4")
    axes.set_yscale("log", base=2)
    axes.set_xticks(range(len(UPWARD)), [*UPWARD.values()], fontsize=8)
    axes.set(ylabel="factor of the second moment")
    axes.legend(loc="lower left")
    return figure


EXPERIMENT = Experiment(
    config=Config, run=run, claims=CLAIMS, figures=(what_the_fans_of_torch_keep,)
)
