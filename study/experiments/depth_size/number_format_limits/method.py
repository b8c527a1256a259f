"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from dataclasses import asdict
from math import inf, log2, sqrt
from statistics import stdev
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from scipy.special import ndtri
from torch import Tensor

from study.experiments.depth_size.ensembles import enter
from study.experiments.depth_size.formats import Ascent, gradient_layers, nothing_left, send_up
from study.lab.mnist import Mnist
from study.lab.statistics import first_true_layer
from study.record.checks import check_names
from study.record.draws import Draw, Draws, Row, means, samples
from study.record.results import Table, mean_row
from study.record.settings import STRICT, Count, Named, Settings, Several, Variance, Width
from study.theory import finite_width
from study.theory.finite_width import Crossing


@dataclass(frozen=True, config=STRICT)
class Arm:
    """ReLU networks in a format, of one width and at most some layers."""

    format: Literal["float32", "bfloat16", "float16"]
    weight_variance: Variance
    width: Width
    depth: Several
    networks: Annotated[int, Ge(1), Le(10_000)]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the arms, and the networks of other questions."""

    images: Count
    arms: Named[Arm]
    two: Arm
    near: Arm
    gradient: Arm
    thousand: Arm

    def __post_init__(self) -> None:
        """Refuse arms without that of the squares, or with the name of another network."""
        check_names("arms", self.arms, ("one_float32",))
        for name in ("two", "near"):
            if name in self.arms:
                arm = asdict(self.arms[name])
                raise ValueError(f"arms.{name}={arm}: other networks have this name")


def prepare(config: Config, mnist: Mnist) -> Tensor:
    """Take the first images of the training split.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The images, of shape (images, pixels); each draw takes one of them.
    """
    return mnist.standardised(mnist.train.first(config.images).images)


def measure(config: Config, images: Tensor, draw: int) -> Draw:
    """Send an image up, and a gradient down, until nothing is left.

    Args:
        config: the settings.
        images: of shape (images, pixels).
        draw: index of the draw.

    Returns:
        The layers at which the networks end; in ``sizes``, a row for each network, the exponents
        of two of its sizes by layer; in ``layers``, a row for each network, the layer at which it
        ends.
    """
    image = images[draw % config.images]

    def entering(arm: Arm) -> Tensor:
        return enter(image, arm.width, config.seed, draw)

    arms = {**config.arms, "two": config.two, "near": config.near}
    ascents = {name: send_up(entering(arm), arm, config.seed, draw) for name, arm in arms.items()}
    survived = gradient_layers(entering(config.gradient), config.gradient, config.seed, draw)
    gone = nothing_left(entering(config.thousand), config.thousand, config.seed, draw)
    values = quantities(config, ascents) | {
        "gradient_layers.one_float32": float(survived.mean()),
        "rate.nothing_left.thousand": float(gone),
    }
    return Draw(values, {"sizes": sizes(config, ascents), "layers": endings(config, ascents)})


def quantities(config: Config, ascents: Mapping[str, Ascent]) -> dict[str, float]:
    """Compare the layers at which the networks of one draw end with those predicted.

    Args:
        config: the settings.
        ascents: the sizes in each arm.

    Returns:
        The mean layer of each arm; the share of all networks that end within two deviations of
        the prediction; the layers of the networks near 2/n over those predicted; and the layer at
        which the mean of the squares ends.
    """
    last = {name: float(ascent.ending_layers().mean()) for name, ascent in ascents.items()}
    inside = [
        inside_interval(ascents[name].ending_layers(), crossing(arm))
        for name, arm in config.arms.items()
    ]
    return {f"last_layer.{name}": layer for name, layer in last.items()} | {
        "inside_share.all": float(torch.cat(inside).double().mean()),
        "over_pencil.two": last["two"] / (crossing(config.two).layer + 0.5),
        "over_pencil.near": last["near"] / (crossing(config.near).layer + 0.5),
        "last_square.one_float32": float(ascents["one_float32"].square_ending_layers().mean()),
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


# Rows and tables ---------------------------------------------------------------------------------

SHOWN = 30
"""About how many layers of a curve are shown."""


def sizes(config: Config, ascents: Mapping[str, Ascent]) -> list[Row]:
    """Return the exponents of two of each layer's sizes, as far as all networks are alive.

    Args:
        config: the settings.
        ascents: the sizes in each arm.

    Returns:
        Rows of arm, quantity and layer, one for each network.
    """
    rows: list[Row] = []
    for name in config.arms:
        for quantity in ("largest", "mean_square"):
            curves = getattr(ascents[name], quantity).log2()
            alive = int(first_true_layer(~curves.isfinite()).min()) - 1
            rows += [
                {"arm": name, "quantity": quantity, "layer": layer, "sample": exponent}
                for layer, of_layer in enumerate(curves[:, :alive].T.tolist(), start=1)
                for exponent in of_layer
            ]
    return rows


def endings(config: Config, ascents: Mapping[str, Ascent]) -> list[Row]:
    """Return the layer at which each network of each arm ends."""
    return [
        {"arm": name, "sample": layer}
        for name in config.arms
        for layer in ascents[name].ending_layers().tolist()
    ]


def tables(config: Config, draws: Draws) -> dict[str, Table]:
    """Pool the networks of all draws.

    Args:
        config: the settings.
        draws: the draws.

    Returns:
        ``sizes``, left out where no layer has all networks alive, and ``layers``.
    """
    curves = average_sizes(draws)
    layers = {"layers": last_layers(config, draws)}
    return {"sizes": curves} | layers if curves else layers


def average_sizes(draws: Draws) -> Table:
    """Average the exponents of some layers over all networks, as far as all are alive."""
    reached = [
        {(row["arm"], row["quantity"]): int(row["layer"]) for row in one.tables["sizes"]}
        for one in draws.values()
    ]
    rows = []
    for row in means(draws, "sizes") if all(reached) else []:
        alive = min(of_draw.get((row["arm"], row["quantity"]), 0) for of_draw in reached)
        step = max(1, alive // SHOWN)
        if int(row["layer"]) in range(1, alive + 1, step):
            rows.append(row)
    return rows


def last_layers(config: Config, draws: Draws) -> Table:
    """Collect mean and deviation of the layers at which the networks of each arm end."""
    rows, ends_of = [], samples(draws, "layers")
    for name, arm in config.arms.items():
        ends = ends_of[name,]
        predicted = crossing(arm)
        rows.append(
            mean_row(ends, arm=name)
            | {"deviation": stdev(ends) if len(ends) > 1 else inf}
            | {"predicted": predicted.layer + 0.5}
            | {"early": predicted.early, "late": predicted.late + 1}
        )
    return rows
