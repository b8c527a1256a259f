"""Settings, one draw, and what is read of it."""

from collections.abc import Sequence
from itertools import pairwise
from math import log2, sqrt
from statistics import fmean
from typing import Annotated, Literal, NamedTuple, TypeAlias

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.inits import RandomLayers
from study.lab.mean_squares import mean_square, unit_mean_square
from study.lab.mnist import Mnist
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Named, Settings, Several, Variance, Width
from study.theory.quotients import quotient
from study.theory.residual import Placement

Pairs: TypeAlias = Sequence[tuple[Tensor, ...]]
"""The two matrices of each block, in order."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of block: where and how it normalises, and how its branch is scaled.

    A branch is multiplied by ``blocks ** -power``; ``zero`` starts its last layer at zero.
    """

    placement: Placement
    norm: Literal["rms", "layer"]
    power: Annotated[float, Ge(0), Le(2)]
    first_variance: Variance
    zero: bool


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: how many blocks, how wide, on how many images, and the arms."""

    blocks: Annotated[int, Ge(2), Le(1_000)]
    width: Width
    images: Several
    arms: Named[Arm]


class Pass(NamedTuple):
    """What images leave on their way up, in all arms at once.

    Attributes:
        streams: before the first block and behind each, of shape (arms, images, width).
        branches: what each block added, of that shape.
        divisors: of each block's sum, of shape (arms, images, 1): all 1 but for post-norm.
        preactivations: of each branch.
    """

    streams: list[Tensor]
    branches: list[Tensor]
    divisors: list[Tensor]
    preactivations: list[Tensor]


def prepare(config: Config, mnist: Mnist) -> Tensor:
    """Take the first images of the training split, each scaled to unit mean square.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The images, of shape (images, pixels).
    """
    return unit_mean_square(mnist.standardised(mnist.train.first(config.images).images))


def measure(config: Config, inputs: Tensor, draw: int) -> Draw:
    """Draw one network, and send images up and a gradient down in every arm.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What the claims read; stream and gradient by block.
    """
    first, pairs, cotangent = random_numbers(config, inputs, draw)
    signals = forward(config, inputs @ first.T, pairs)
    places = [*signals.streams, signals.preactivations[0], signals.branches[0]]
    gradients = torch.autograd.grad(
        signals.streams[-1], places, cotangent.expand(len(config.arms), -1, -1)
    )
    values: dict[str, float] = {}
    rows: list[Row] = []
    for at, (name, arm) in enumerate(config.arms.items()):
        arm_pass = Pass(*([tensor[at].detach() for tensor in tensors] for tensors in signals))
        *downwards, inner, outer = (gradient[at] for gradient in gradients)
        sizes = [mean_square(stream) for stream in arm_pass.streams]
        moments = [mean_square(gradient) for gradient in downwards]
        quantities = (
            {"stream": sizes[-1] / sizes[0]}
            | of_shares(arm_pass)
            | of_gradient(moments)
            | {"inner_over_outer_gradient": of_first_branch(config, arm, arm_pass, inner, outer)}
        )
        values |= {f"{quantity}.{name}": number for quantity, number in quantities.items()}
        rows += [
            {"arm": name, "quantity": quantity, "block": block, "sample": log2(moment)}
            for quantity, numbers in (("signal", sizes), ("gradient", relative(moments)))
            for block, moment in enumerate(numbers)
        ]
    return Draw(values, {"blocks": rows})


def random_numbers(config: Config, inputs: Tensor, draw: int) -> tuple[Tensor, Pairs, Tensor]:
    """Draw the weights and the gradient at the top.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        The matrix of the linear layer, of variance 1/pixels; two standard normal ones for each
        block; and the gradient, of shape (images, width).
    """
    pixels = inputs.shape[1]
    widths = (pixels, *[config.width] * (2 * config.blocks + 1))
    layers = RandomLayers(widths, config.seed, draw, device=inputs.device)
    pairs = [
        (layers.weights(2 * block), layers.weights(2 * block + 1))
        for block in range(1, config.blocks + 1)
    ]
    return layers.weights(1) / sqrt(pixels), pairs, layers.cotangent(len(inputs))


def forward(config: Config, signal: Tensor, pairs: Pairs) -> Pass:
    """Send a signal up through all blocks, of all arms at once.

    Args:
        config: the settings.
        signal: what the linear layer makes of the images at a variance of 1/pixels.
        pairs: standard normal matrices, two for each block.

    Returns:
        What the pass leaves.
    """
    arms = [*config.arms.values()]

    def column(*numbers: float) -> Tensor:
        return torch.tensor(numbers, device=signal.device)[:, None, None]

    pre, post = (column(*(arm.placement == name for arm in arms)) for name in ("pre", "post"))
    centred = column(*(arm.norm == "layer" for arm in arms))
    scales = column(*(0.0 if arm.zero else config.blocks**-arm.power for arm in arms))
    x = (column(*(sqrt(arm.first_variance) for arm in arms)) * signal).requires_grad_()
    result = Pass([x], [], [], [])
    for inner, outer in pairs:
        branch_input = torch.where(pre, normalised(centred, x)[0], x)
        z = branch_input @ (sqrt(2 / config.width) * inner).T
        branch = scales * (z.relu() @ (outer / sqrt(config.width)).T)
        total = x + branch
        norm, divisor = normalised(centred, total)
        x = torch.where(post, norm, total)
        result.streams.append(x)
        result.branches.append(branch)
        result.divisors.append(torch.where(post, divisor, 1.0))
        result.preactivations.append(z)
    return result


def normalised(centred: Tensor, signal: Tensor) -> tuple[Tensor, Tensor]:
    r"""Normalise each image's signal over the units, without a gain, a shift or an epsilon.

    .. math::
        \text{RMSNorm: } \frac{x}{\sqrt{\overline{x^2}}}, \qquad
        \text{LayerNorm: } \frac{x - \bar x}{\sqrt{\overline{(x - \bar x)^2}}}

    Args:
        centred: whether the mean is taken away first: true is LayerNorm, false RMSNorm.
        signal: of which the last axis are the units.

    Returns:
        The result, of mean square 1 in each image, and what each image was divided by.

    >>> normalised(torch.tensor([True]), torch.tensor([[3.0, 5.0]]))
    (tensor([[-1.,  1.]]), tensor([[1.]]))
    """
    signal = signal - centred * signal.mean(dim=-1, keepdim=True)
    divisor = signal.square().mean(dim=-1, keepdim=True).sqrt()
    return signal / divisor, divisor


# What is read of it ------------------------------------------------------------------------------


def of_shares(signals: Pass) -> dict[str, float]:
    """Read the shares of the input and of the blocks in the last stream.

    Args:
        signals: of a pass.

    Returns:
        By name: the share of the input, of the first branch and of the last one, by mean squares
        after the normalisations above; that of the last branch over that of the first, and the
        power of two by which a share grows from one block to the next. The last two are not a
        number where branches are zero.
    """
    above = torch.ones(1)
    moments = []
    for branch, divisor in zip(signals.branches[::-1], signals.divisors[::-1], strict=True):
        above = above * divisor
        moments.append(mean_square(branch / above))
    last, first = moments[0], moments[-1]
    top = mean_square(signals.streams[-1])
    ratio = quotient(last, first)
    return {
        "share_of_input": mean_square(signals.streams[0] / above) / top,
        "share_of_first": first / top,
        "share_of_last": last / top,
        "last_share_over_first": ratio,
        "log2_share_growth": log2(ratio) / (len(moments) - 1),
    }


def relative(moments: Sequence[float]) -> list[float]:
    """Return second moments over the last of them.

    >>> relative([6.0, 3.0, 2.0])
    [3.0, 1.5, 1.0]
    """
    return [moment / moments[-1] for moment in moments]


def of_gradient(moments: Sequence[float]) -> dict[str, float]:
    """Read the gradient by the stream.

    Args:
        moments: its second moments before the first block and behind each.

    Returns:
        By name: that at the bottom over that at the top; the same for the first block alone; and
        the mean of such factors over all blocks.

    >>> of_gradient([12.0, 6.0, 2.0])
    {'gradient': 6.0, 'first_block_gradient': 2.0, 'block_gradient': 2.5}
    """
    factors = [below / top for below, top in pairwise(moments)]
    return {
        "gradient": moments[0] / moments[-1],
        "first_block_gradient": factors[0],
        "block_gradient": fmean(factors),
    }


def of_first_branch(config: Config, arm: Arm, signals: Pass, inner: Tensor, outer: Tensor) -> float:
    """Compare the gradients by the weights of the two layers of the first branch.

    Args:
        config: the settings.
        arm: the kind of block.
        signals: of its pass, of shape (images, width).
        inner: the gradient by the branch's preactivations.
        outer: that by what the branch adds.

    Returns:
        The mean square of the gradient by the first layer over that by the last one, each by the
        standard normal numbers of the layer.
    """
    branch_input, z = signals.streams[0], signals.preactivations[0]
    if arm.placement == "pre":
        branch_input = normalised(torch.tensor(arm.norm == "layer"), branch_input)[0]
    scale = config.blocks**-arm.power  # also where the last layer is zero
    return quotient(
        2 * mean_square(inner.T @ branch_input), scale**2 * mean_square(outer.T @ z.relu())
    )
