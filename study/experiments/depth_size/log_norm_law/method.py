"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import log, sqrt
from typing import Annotated, Literal, NamedTuple

import numpy as np
import torch
from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.depth_size.ensembles import (
    enter,
    log_norms,
    log_norms_both_ways,
    residual_log_norms,
)
from study.lab.mnist import Mnist
from study.record.checks import check_known, check_names
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Cell, Table
from study.record.settings import STRICT, Count, Named, Settings, Variance, Width
from study.theory import finite_width


@dataclass(frozen=True, config=STRICT)
class Ensemble:
    """Networks of one kind, whose widths alternate between two."""

    width: Width
    other_width: Width
    depth: Count
    networks: Annotated[int, Ge(1), Le(10_000)]
    activation: Literal["relu", "linear"]
    weight_variance: Variance


@dataclass(frozen=True, config=STRICT)
class Law:
    """The layer whose law is compared with: a ReLU's at slope 0, the identity's at slope 1."""

    width: Width
    slope: Annotated[float, Ge(0), Le(1)]


@dataclass(frozen=True, config=STRICT)
class Residual:
    """Residual networks whose branches are scaled by ``blocks ** -power``."""

    width: Width
    blocks: Count
    networks: Annotated[int, Ge(2), Le(10_000)]
    power: Annotated[float, Ge(0), Le(2)]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the networks of each kind that a draw makes."""

    images: Count
    small_mean: Annotated[float, Gt(0), Le(1)]
    ensembles: Named[Ensemble]
    laws: Named[Law]
    gradient: Ensemble
    ladder: Named[Ensemble]
    unobservable: Ensemble
    dying: Ensemble
    residual: Named[Residual]

    def __post_init__(self) -> None:
        """Refuse networks without what they are compared with."""
        check_names("ensembles", self.ensembles, ("relu",))
        check_names("residual", self.residual, ("few", "many"))
        for name, law in self.laws.items():
            if name in {"up", "down"}:
                raise ValueError(f"laws.{name}={asdict(law)}: the gradient has this name")
        check_known("laws", self.laws, self.ensembles)
        of_variance = {f"ensembles.{name}": self.ensembles[name] for name in ("relu", *self.laws)}
        for field, kind in (of_variance | {"gradient": self.gradient}).items():
            if kind.networks < 2:
                raise ValueError(f"{field}.networks={kind.networks}: a variance needs 2 at least")
        if self.gradient.other_width != self.gradient.width:
            raise ValueError(
                f"gradient.other_width={self.gradient.other_width}, "
                f"gradient.width={self.gradient.width}: must be equal"
            )


class Logs(NamedTuple):
    """The logarithms of all networks of one draw.

    Attributes:
        ensembles: for each ensemble the log of the mean square after each layer, that which enters
            having 0, of shape (networks, depth).
        ladder: the same for each rung.
        unobservable: the same.
        dying: the same.
        residual: the last value only, of shape (networks,), for each ensemble.
        up: the last value only, of the networks that a gradient goes down.
        down: the gradient's, at the first preactivation.
    """

    ensembles: Mapping[str, Tensor]
    ladder: Mapping[str, Tensor]
    unobservable: Tensor
    dying: Tensor
    residual: Mapping[str, Tensor]
    up: Tensor
    down: Tensor


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
    """Make all networks of one draw and measure the logarithms of their squared norms.

    Args:
        config: the settings.
        images: of shape (images, pixels).
        draw: index of the draw.

    Returns:
        What the claims read, and what the figures show.
    """
    logs = through_all(config, images[draw % config.images], draw)
    return Draw(quantities(config, logs), rows(config, logs))


def through_all(config: Config, image: Tensor, draw: int) -> Logs:
    """Send an image up through all networks of one draw, and a gradient down through some.

    Args:
        config: the settings.
        image: what enters, of shape (pixels,).
        draw: index of the draw.

    Returns:
        The logarithms of the mean squares.
    """
    seed = config.seed

    def entering(width: int) -> Tensor:
        return enter(image, width, seed, draw)

    def plain(kind: Ensemble) -> Tensor:
        return log_norms(entering(kind.width), kind, seed, draw)

    def residual(kind: Residual) -> Tensor:
        return residual_log_norms(
            entering(kind.width),
            blocks=kind.blocks,
            networks=kind.networks,
            branch_scale=kind.blocks**-kind.power,
            seed=seed,
            draw=draw,
        )

    up, down = log_norms_both_ways(entering(config.gradient.width), config.gradient, seed, draw)
    return Logs(
        ensembles={name: plain(kind) for name, kind in config.ensembles.items()},
        ladder={name: plain(kind) for name, kind in config.ladder.items()},
        unobservable=plain(config.unobservable),
        dying=plain(config.dying),
        residual={name: residual(kind) for name, kind in config.residual.items()},
        up=up,
        down=down,
    )


# Quantities --------------------------------------------------------------------------------------


def quantities(config: Config, logs: Logs) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        config: the settings.
        logs: of :func:`through_all`.

    Returns:
        Mean and variance of the log norm over their exact expectations, and what belongs to each
        other kind of network.
    """
    found: dict[str, float] = {}
    for name, law in config.laws.items():
        found |= over_law(name, logs.ensembles[name][:, -1], law, config.ensembles[name].depth)
    for name, both_ways in (("up", logs.up), ("down", logs.down)):
        law = Law(config.gradient.width, 0.0)
        found |= over_law(name, both_ways, law, config.gradient.depth)
    for name, kind in config.residual.items():
        found[f"residual_mean.{name}"] = float(logs.residual[name].mean())
        variance = float(logs.residual[name].var())
        found[f"residual_variance_times_width.{name}"] = variance * kind.width
    small = logs.unobservable[:, -1].exp().mean() < config.small_mean
    ratio = logs.residual["many"].var() / logs.residual["few"].var()
    above = logs.ensembles["relu"][:, -1] > 0
    return found | {
        "residual_variance_ratio.many_over_few": float(ratio),
        "above_expectation_share.relu": float(above.double().mean()),
        "correlation.up_and_down": correlation(config, logs.up, logs.down),
        "inside_share.ladder": inside_share(config, logs.ladder),
        "rate.mean_is_small.unobservable": float(small),
        "dead_share.dying": float(logs.dying[:, -1].isinf().double().mean()),
    }


def over_law(name: str, logs: Tensor, law: Law, depth: int) -> dict[str, float]:
    """Return mean and variance of log norms over what a law says of as many layers."""
    expected = finite_width.log_norm(law.width, law.slope).after(depth)
    return {
        f"drift_over_law.{name}": float(logs.mean()) / expected.drift,
        f"variance_over_law.{name}": float(logs.var()) / expected.variance,
    }


def correlation(config: Config, up: Tensor, down: Tensor) -> float:
    """Return the mean product of the log norms up and down, each in units of its deviation."""
    law = finite_width.log_norm(config.gradient.width).after(config.gradient.depth)
    return float(((up - law.drift) * (down - law.drift)).mean()) / law.variance


def inside_share(config: Config, ladder: Mapping[str, Tensor]) -> float:
    """Return the share of the ladder's networks within two deviations of the expected log norm."""
    inside = []
    for name, kind in config.ladder.items():
        law = finite_width.log_norm(kind.width).after(kind.depth)
        inside.append((ladder[name][:, -1] - law.drift).abs() <= 2 * sqrt(law.variance))
    return float(torch.cat(inside).double().mean())


# Rows --------------------------------------------------------------------------------------------

DEPTHS = (2, 5, 20, 50, 100, 200, 500, 1000)


def rows(config: Config, logs: Logs) -> dict[str, list[Row]]:
    """Return what the figures show of one draw.

    Args:
        config: the settings.
        logs: of :func:`through_all`.

    Returns:
        ``ladder``, the log norm of each network; ``spread``, the variance of the log norm by
        depth; ``distribution``, the log norm of each network of the ensemble ``relu`` that is
        alive.
    """
    last = logs.ensembles["relu"][:, -1]
    return {
        "ladder": rungs(config, logs),
        "spread": spread(config, logs),
        "distribution": [{"sample": value} for value in last[last.isfinite()].tolist()],
    }


def rungs(config: Config, logs: Logs) -> list[Row]:
    """Return the log norm of each network of the ladder."""
    return [
        {"name": name, "width": kind.width, "depth": kind.depth, "log10_norm": value / log(10)}
        for name, kind in config.ladder.items()
        for value in logs.ladder[name][:, -1].tolist()
    ]


def spread(config: Config, logs: Logs) -> list[Row]:
    """Return the variance of the log norm by the number of layers.

    Of plain networks, those of the ensemble ``relu``; for more layers than they have, those of
    the narrowest width of the ladder, if there are several in a draw.
    """
    plain = config.ensembles["relu"]
    name, narrow = min(config.ladder.items(), key=lambda rung: rung[1].width)
    sources = [("relu", plain, logs.ensembles["relu"], 0)]
    if narrow.networks > 1:
        sources.append((name, narrow, logs.ladder[name], plain.depth))
    of_plain = [
        (name, "plain", kind.width, depth, of_kind[:, depth - 1])
        for name, kind, of_kind, low in sources
        for depth in DEPTHS
        if low < depth <= kind.depth
    ]
    of_residual = [
        (name, "residual", kind.width, 2 * kind.blocks, logs.residual[name])
        for name, kind in config.residual.items()
    ]
    return [
        {"name": name, "kind": kind, "width": width, "layers": layers, "sample": float(last.var())}
        for name, kind, width, layers, last in of_plain + of_residual
    ]


# Tables ------------------------------------------------------------------------------------------

BINS = 25


def tables(config: Config, draws: Draws) -> dict[str, Table]:
    """Collect what the figures show.

    Args:
        config: the settings.
        draws: the draws.

    Returns:
        ``ladder``, the log norm of each network of all draws, rung by rung; ``spread``, the
        variance of the log norm, averaged over the draws; ``distribution``, a histogram of the log
        norms of the ensemble ``relu``, left out if all of its networks are dead.
    """
    ladder = [
        row
        for name in config.ladder
        for one in draws.values()
        for row in one.tables["ladder"]
        if row["name"] == name
    ]
    alive = [row["sample"] for one in draws.values() for row in one.tables["distribution"]]
    found = {"ladder": unnamed(ladder), "spread": unnamed(means(draws, "spread"))}
    return found | {"distribution": histogram(alive)} if alive else found


def unnamed(rows: Table) -> Table:
    """Return rows without the name of the networks, which width and depth tell apart."""
    return [{label: cell for label, cell in row.items() if label != "name"} for row in rows]


def histogram(values: Sequence[Cell]) -> Table:
    """Return the density of values in bins of equal width."""
    density, edges = np.histogram(np.array(values), bins=BINS, density=True)
    return [
        {"low": low, "high": high, "density": height}
        for low, high, height in zip(
            edges[:-1].tolist(), edges[1:].tolist(), density.tolist(), strict=True
        )
    ]
