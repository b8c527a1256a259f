"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from dataclasses import asdict
from math import inf, log2, sqrt
from statistics import stdev

import torch
from pydantic.dataclasses import dataclass
from scipy.special import ndtri
from torch import Tensor

from study.experiments.depth_size.ensembles import embed
from study.experiments.depth_size.formats import (
    FormatEnsemble,
    LayerSizes,
    cannot_learn,
    gradient_layers,
    layer_sizes,
)
from study.lab.mnist import Mnist
from study.lab.statistics import first_true_layer
from study.record.checks import check_names
from study.record.draws import Draw, Draws, Row, means, samples
from study.record.results import Table, mean_row
from study.record.settings import STRICT, Count, Named, Settings
from study.theory import finite_width
from study.theory.finite_width import Crossing


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the arms, and the networks of single quantities.

    Attributes:
        images: how many images the draws take turns with.
        arms: networks that are compared with the prediction.
        two: of variance 2/n.
        near: of a variance near 2/n.
        gradient: whose gradient is followed.
        thousand: which is asked whether it can learn at all.
    """

    images: Count
    arms: Named[FormatEnsemble]
    two: FormatEnsemble
    near: FormatEnsemble
    gradient: FormatEnsemble
    thousand: FormatEnsemble

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
    """Propagate an image forward, and a gradient backward, until they under- or overflow.

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

    def signal(arm: FormatEnsemble) -> Tensor:
        return embed(image, arm.width, config.seed, draw)

    arms = {**config.arms, "two": config.two, "near": config.near}
    sizes = {name: layer_sizes(signal(arm), arm, config.seed, draw) for name, arm in arms.items()}
    layers = gradient_layers(signal(config.gradient), config.gradient, config.seed, draw)
    nothing_learnt = cannot_learn(signal(config.thousand), config.thousand, config.seed, draw)
    values = quantities(config, sizes) | {
        "gradient_layers.one_float32": float(layers.mean()),
        "rate.nothing_left.thousand": float(nothing_learnt),
    }
    return Draw(values, {"sizes": size_rows(config, sizes), "layers": endings(config, sizes)})


def quantities(config: Config, sizes: Mapping[str, LayerSizes]) -> dict[str, float]:
    """Compare the layers at which the networks of one draw end with those predicted.

    Args:
        config: the settings.
        sizes: the sizes of the layers of each arm.

    Returns:
        The mean layer of each arm; the share of all networks that end within two deviations of
        the prediction; the layers of the networks near 2/n over those predicted; and the layer at
        which the mean of the squares ends.
    """
    last = {name: float(arm_sizes.ending_layers().mean()) for name, arm_sizes in sizes.items()}
    inside_band = [
        inside_interval(sizes[name].ending_layers(), predicted_crossing(arm))
        for name, arm in config.arms.items()
    ]
    return {f"last_layer.{name}": layer for name, layer in last.items()} | {
        "inside_share.all": float(torch.cat(inside_band).double().mean()),
        "over_pencil.two": last["two"] / (predicted_crossing(config.two).layer + 0.5),
        "over_pencil.near": last["near"] / (predicted_crossing(config.near).layer + 0.5),
        "last_square.one_float32": float(sizes["one_float32"].square_ending_layers().mean()),
    }


# In closed form ----------------------------------------------------------------------------------


def median_largest(width: int) -> float:
    r"""Return the median of the largest of ``n`` standard normal numbers.

    .. math:: \Phi(m)^n = 1/2
    """
    return float(ndtri(0.5 ** (1 / width)))


def predicted_crossing(arm: FormatEnsemble, start: float = sqrt(2.0)) -> Crossing:
    """Return the layer at which the largest entry leaves the format, by the law of log norms.

    It leaves at the lower end if the rate of the log norm is negative, which at a finite width it
    is a little above variance 2/n, too.

    Args:
        arm: the networks.
        start: the standard deviation of the preactivations by the law, extrapolated to layer 0.

    Returns:
        The layer, and two deviations to either side. The first whole layer beyond lies half a
        layer higher on average; where a signal dies slowly, rounding adds a layer or two.
    """
    start_exponent = log2(start * median_largest(arm.width))
    end = finite_width.LARGEST[arm.format]
    half_smallest = finite_width.SMALLEST[arm.format] - 1
    rate, _ = finite_width.log2_rms(arm.weight_variance, width=arm.width)
    if rate > 0:
        return finite_width.overflowing_layer(
            arm.weight_variance, 0.0, end, width=arm.width, start=start_exponent
        )
    return finite_width.vanishing_layer(
        arm.weight_variance, 0.0, half_smallest, width=arm.width, start=start_exponent
    )


def inside_interval(last: Tensor, crossing: Crossing) -> Tensor:
    """Tell which networks end within two deviations, up to the next whole layer."""
    return (last >= crossing.early) & (last <= crossing.late + 1)


# Rows and tables ---------------------------------------------------------------------------------

POINTS = 30
"""About how many layers of a curve are shown."""


def size_rows(config: Config, sizes: Mapping[str, LayerSizes]) -> list[Row]:
    """Return the exponents of two of each layer's sizes, as far as all networks are alive.

    Args:
        config: the settings.
        sizes: the sizes of the layers of each arm.

    Returns:
        Rows of arm, quantity and layer, one for each network.
    """
    rows: list[Row] = []
    for name in config.arms:
        for quantity in ("largest", "mean_square"):
            curves = getattr(sizes[name], quantity).log2()
            alive = int(first_true_layer(~curves.isfinite()).min()) - 1
            rows += [
                {"arm": name, "quantity": quantity, "layer": layer, "sample": exponent}
                for layer, of_layer in enumerate(curves[:, :alive].T.tolist(), start=1)
                for exponent in of_layer
            ]
    return rows


def endings(config: Config, sizes: Mapping[str, LayerSizes]) -> list[Row]:
    """Return the layer at which each network of each arm ends."""
    return [
        {"arm": name, "sample": layer}
        for name in config.arms
        for layer in sizes[name].ending_layers().tolist()
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
    alive_layers = [
        {(row["arm"], row["quantity"]): int(row["layer"]) for row in draw.tables["sizes"]}
        for draw in draws.values()
    ]
    rows = []
    for row in means(draws, "sizes") if all(alive_layers) else []:
        alive = min(of_draw.get((row["arm"], row["quantity"]), 0) for of_draw in alive_layers)
        step = max(1, alive // POINTS)
        if int(row["layer"]) in range(1, alive + 1, step):
            rows.append(row)
    return rows


def last_layers(config: Config, draws: Draws) -> Table:
    """Collect mean and deviation of the layers at which the networks of each arm end."""
    rows, samples_by_arm = [], samples(draws, "layers")
    for name, arm in config.arms.items():
        ends = samples_by_arm[name,]
        crossing = predicted_crossing(arm)
        rows.append(
            mean_row(ends, arm=name)
            | {"deviation": stdev(ends) if len(ends) > 1 else inf}
            | {"predicted": crossing.layer + 0.5}
            | {"early": crossing.early, "late": crossing.late + 1}
        )
    return rows
