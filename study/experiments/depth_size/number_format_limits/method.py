"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf, log2, sqrt
from statistics import stdev
from typing import Annotated, Any, Literal

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.dataclasses import dataclass
from scipy.special import ndtri
from torch import Tensor

from study.experiments.depth_size.ensembles import enter
from study.experiments.depth_size.formats import Ascent, gradient_layers, nothing_left, send_up
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.lab.statistics import first
from study.record.experiment import STRICT
from study.record.results import Result, mean_row
from study.theory import finite_width
from study.theory.finite_width import Crossing


@dataclass(frozen=True, config=STRICT)
class Arm:
    """ReLU networks in a format, of one width and at most some layers."""

    format: Literal["float32", "bfloat16", "float16"]
    weight_variance: Annotated[float, Gt(0), Le(1000)]
    width: Annotated[int, Ge(2), Le(16_384)]
    depth: Annotated[int, Ge(2), Le(1_000_000)]
    networks: Annotated[int, Ge(1), Le(10_000)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the arms, and the networks of other questions."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(1)]
    arms: Annotated[dict[str, Arm], MinLen(1)]
    two: Arm
    near: Arm
    gradient: Arm
    thousand: Arm


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Send images up, and gradients down, until nothing is left, for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; each draw takes one of the first images of its training split.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the layers at which the networks end; over the draws, their sizes by layer.
    """
    images = mnist.standardised(mnist.train.first(config.images).images)
    measured = {draw: measure(config, images[draw % config.images], draw) for draw in draws}
    ascents = [ascents for ascents, _ in measured.values()]
    return Result.of(
        {draw: found for draw, (_, found) in measured.items()},
        tables={"sizes": sizes(config, ascents), "layers": last_layers(config, ascents)},
    )


def measure(config: Config, image: Tensor, draw: int) -> tuple[dict[str, Ascent], dict[str, float]]:
    """Measure all networks of one draw.

    Args:
        config: the settings.
        image: what enters, of shape (pixels,).
        draw: index of the draw.

    Returns:
        The sizes in each arm, and the quantities that claims read.
    """

    def entering(arm: Arm) -> Tensor:
        return enter(image, arm.width, config.seed, draw)

    def up(arm: Arm) -> Ascent:
        return send_up(entering(arm), arm, config.seed, draw)

    arms = {**config.arms, "two": config.two, "near": config.near}
    ascents = dict(zip(arms, side_by_side(up, arms.values()), strict=True))
    found = {f"last_layer.{name}": float(a.ending_layers().mean()) for name, a in ascents.items()}
    inside = [
        inside_interval(ascents[name].ending_layers(), crossing(arm))
        for name, arm in config.arms.items()
    ]
    survived = gradient_layers(entering(config.gradient), config.gradient, config.seed, draw)
    gone = nothing_left(entering(config.thousand), config.thousand, config.seed, draw)
    return ascents, found | {
        "inside_share.all": float(torch.cat(inside).double().mean()),
        **{
            f"over_pencil.{name}": found[f"last_layer.{name}"] / (crossing(arm).layer + 0.5)
            for name, arm in (("two", config.two), ("near", config.near))
        },
        "last_square.one_float32": float(ascents["one_float32"].square_ending_layers().mean()),
        "gradient_layers.one_float32": float(survived.mean()),
        "rate.nothing_left.thousand": float(gone),
    }


# With pencil -------------------------------------------------------------------------------------


def median_largest(width: int) -> float:
    r"""Return the median of the largest of ``n`` standard normal numbers.

    .. math:: \Phi(m)^n = 1/2
    """
    return float(ndtri(0.5 ** (1 / width)))


def crossing(arm: Arm, start: float = sqrt(2.0)) -> Crossing:
    """Return the layer at which the largest entry leaves the format, by the law of log norms.

    It leaves at the lower end if the rate of the log norm is negative, which at a finite width it
    is a little above variance 2/n, too.

    Args:
        arm: the networks.
        start: the deviation of the preactivations, as the straight line of the law has it at
            layer 0.

    Returns:
        The layer, and two deviations to either side. The first whole layer beyond lies half a
        layer higher on average; where a signal dies slowly, rounding adds a layer or two.
    """
    starting = log2(start * median_largest(arm.width))
    end = finite_width.LARGEST[arm.format]
    half_smallest = finite_width.SMALLEST[arm.format] - 1
    rate, _ = finite_width.log2_rms(arm.weight_variance, width=arm.width)
    if rate > 0:
        return finite_width.overflowing_layer(
            arm.weight_variance, 0.0, end, width=arm.width, start=starting
        )
    return finite_width.vanishing_layer(
        arm.weight_variance, 0.0, half_smallest, width=arm.width, start=starting
    )


def inside_interval(last: Tensor, predicted: Crossing) -> Tensor:
    """Tell which networks end within two deviations, up to the next whole layer."""
    return (last >= predicted.early) & (last <= predicted.late + 1)


# Tables ------------------------------------------------------------------------------------------


def sizes(config: Config, ascents: Sequence[Mapping[str, Ascent]]) -> list[Mapping[str, Any]]:
    """Average the exponents of two of some layers' sizes over all networks.

    Args:
        config: the settings.
        ascents: the sizes of each draw, by arm.

    Returns:
        Rows of arm, quantity, layer, mean and half width, as far as all networks are alive.
    """
    rows: list[Mapping[str, Any]] = []
    for name in config.arms:
        for quantity in ("largest", "mean_square"):
            curves = [row for a in ascents for row in getattr(a[name], quantity).log2()]
            alive = min(int(first(~c.isfinite())) - 1 for c in curves)
            step = max(1, alive // 30)
            for at in range(0, alive, step):
                exponents = [float(curve[at]) for curve in curves]
                rows.append(mean_row(exponents, arm=name, quantity=quantity, layer=at + 1))
    return rows


def last_layers(config: Config, ascents: Sequence[Mapping[str, Ascent]]) -> list[Mapping[str, Any]]:
    """Collect mean and deviation of the layers at which the networks of each arm end."""
    rows: list[Mapping[str, Any]] = []
    for name, arm in config.arms.items():
        ends = [layer for a in ascents for layer in a[name].ending_layers().tolist()]
        predicted = crossing(arm)
        rows.append(
            mean_row(ends, arm=name)
            | {"deviation": stdev(ends) if len(ends) > 1 else inf}
            | {"predicted": predicted.layer + 0.5}
            | {"early": predicted.early, "late": predicted.late + 1}
        )
    return rows
