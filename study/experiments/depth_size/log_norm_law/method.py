"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import log, sqrt
from typing import Annotated, NamedTuple

import numpy as np
import torch
from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.depth_size.ensembles import (
    Ensemble,
    embed,
    log_norms_both_ways,
    residual_log_norms,
)
from study.lab.mnist import Mnist
from study.record.checks import check_known, check_names
from study.record.draws import Draw, Draws, Row, means
from study.record.results import Cell, Table
from study.record.settings import STRICT, Count, Named, Settings, Width
from study.theory import finite_width

HOMOGENEOUS = ("relu", "linear")
"""Activations with a law of the log norm."""


@dataclass(frozen=True, config=STRICT)
class LayerLaw:
    """Width and slope of the layer whose law is the prediction: ReLU at 0, the identity at 1."""

    width: Width
    slope: Annotated[float, Ge(0), Le(1)]


@dataclass(frozen=True, config=STRICT)
class ResidualEnsemble:
    """Residual networks whose branches are scaled by ``blocks ** -power``."""

    width: Width
    blocks: Count
    networks: Annotated[int, Ge(2), Le(10_000)]
    power: Annotated[float, Ge(0), Le(2)]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the ensembles of one draw.

    Attributes:
        images: how many images the draws take turns with.
        small_mean: below which the mean second moment of ``unobservable`` counts as small.
        ensembles: of which mean and variance of the log norm are compared with a law.
        laws: of which layer, for each ensemble.
        gradient: through which a gradient is propagated backward as well.
        ladder: of several widths and depths.
        unobservable: in which hardly any network reaches the expected norm.
        dying: narrow networks, many of which die.
        residual: with skip connections.
    """

    images: Count
    small_mean: Annotated[float, Gt(0), Le(1)]
    ensembles: Named[Ensemble]
    laws: Named[LayerLaw]
    gradient: Ensemble
    ladder: Named[Ensemble]
    unobservable: Ensemble
    dying: Ensemble
    residual: Named[ResidualEnsemble]

    def __post_init__(self) -> None:
        """Check that each ensemble has what it is compared with, and a homogeneous activation."""
        check_names("ensembles", self.ensembles, ("relu",))
        check_names("residual", self.residual, ("few", "many"))
        for name, law in self.laws.items():
            if name in {"up", "down"}:
                raise ValueError(f"laws.{name}={asdict(law)}: the gradient has this name")
        check_known("laws", self.laws, self.ensembles)
        plain_ensembles = {
            f"ensembles.{name}": ensemble for name, ensemble in self.ensembles.items()
        }
        plain_ensembles |= {f"ladder.{name}": ensemble for name, ensemble in self.ladder.items()}
        single = {"gradient": self.gradient, "unobservable": self.unobservable}
        for field, ensemble in (plain_ensembles | single | {"dying": self.dying}).items():
            check_known(f"{field}.activation", [ensemble.activation], HOMOGENEOUS)
        with_variance = {f"ensembles.{name}" for name in ("relu", *self.laws)} | {"gradient"}
        for field in sorted(with_variance):
            networks = (plain_ensembles | single)[field].networks
            if networks < 2:
                raise ValueError(f"{field}.networks={networks}: a variance needs 2 at least")
        if self.gradient.other_width != self.gradient.width:
            raise ValueError(
                f"gradient.other_width={self.gradient.other_width}, "
                f"gradient.width={self.gradient.width}: must be equal"
            )


class Logs(NamedTuple):
    """The logarithms of all networks of one draw.

    Attributes:
        ensembles: for each ensemble the log of the mean square of each layer, relative to the
            input, of shape (networks, depth).
        ladder: the same for each rung.
        unobservable: the same.
        dying: the same.
        residual: of the last layer, of shape (networks,), for each ensemble.
        forward: of the last layer of ``gradient``.
        backward: of the gradient at the first preactivation.
    """

    ensembles: Mapping[str, Tensor]
    ladder: Mapping[str, Tensor]
    unobservable: Tensor
    dying: Tensor
    residual: Mapping[str, Tensor]
    forward: Tensor
    backward: Tensor


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
    """Draw all networks and compute the logs of their squared norms.

    Args:
        config: the settings.
        images: of shape (images, pixels).
        draw: index of the draw.

    Returns:
        What the claims read, and what the figures show.
    """
    logs = all_log_norms(config, images[draw % config.images], draw)
    return Draw(quantities(config, logs), figure_rows(config, logs))


def all_log_norms(config: Config, image: Tensor, draw: int) -> Logs:
    """Propagate an image forward through all networks of one draw, and a gradient backward.

    Args:
        config: the settings.
        image: the input, of shape (pixels,).
        draw: index of the draw.

    Returns:
        The logarithms of the mean squares.
    """
    seed = config.seed

    def plain(ensemble: Ensemble) -> Tensor:
        return ensemble.log_norms(image, seed=seed, draw=draw)

    def residual(kind: ResidualEnsemble) -> Tensor:
        return residual_log_norms(
            embed(image, kind.width, seed, draw),
            blocks=kind.blocks,
            networks=kind.networks,
            branch_scale=kind.blocks**-kind.power,
            seed=seed,
            draw=draw,
        )

    inputs = embed(image, config.gradient.width, seed, draw)
    forward, backward = log_norms_both_ways(inputs, config.gradient, seed, draw)
    return Logs(
        ensembles={name: plain(kind) for name, kind in config.ensembles.items()},
        ladder={name: plain(kind) for name, kind in config.ladder.items()},
        unobservable=plain(config.unobservable),
        dying=plain(config.dying),
        residual={name: residual(kind) for name, kind in config.residual.items()},
        forward=forward,
        backward=backward,
    )


# Quantities --------------------------------------------------------------------------------------


def quantities(config: Config, logs: Logs) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        config: the settings.
        logs: of :func:`all_log_norms`.

    Returns:
        Mean and variance of the log norm over their exact expectations, and the quantities of each
        other ensemble.
    """
    values: dict[str, float] = {}
    for name, law in config.laws.items():
        values |= over_law(name, logs.ensembles[name][:, -1], law, config.ensembles[name].depth)
    for name, log_norms in (("up", logs.forward), ("down", logs.backward)):
        law = LayerLaw(config.gradient.width, 0.0)
        values |= over_law(name, log_norms, law, config.gradient.depth)
    for name, kind in config.residual.items():
        values[f"residual_mean.{name}"] = float(logs.residual[name].mean())
        variance = float(logs.residual[name].var())
        values[f"residual_variance_times_width.{name}"] = variance * kind.width
    small_mean = logs.unobservable[:, -1].exp().mean() < config.small_mean
    ratio = logs.residual["many"].var() / logs.residual["few"].var()
    above_expectation = logs.ensembles["relu"][:, -1] > 0
    return values | {
        "residual_variance_ratio.many_over_few": float(ratio),
        "above_expectation_share.relu": float(above_expectation.double().mean()),
        "correlation.up_and_down": correlation(config, logs.forward, logs.backward),
        "inside_share.ladder": inside_share(config, logs.ladder),
        "rate.mean_is_small.unobservable": float(small_mean),
        "dead_share.dying": float(logs.dying[:, -1].isinf().double().mean()),
    }


def over_law(name: str, logs: Tensor, law: LayerLaw, depth: int) -> dict[str, float]:
    """Return mean and variance of log norms, divided by those of a law after as many layers."""
    expected = finite_width.log_norm(law.width, law.slope).after(depth)
    return {
        f"drift_over_law.{name}": float(logs.mean()) / expected.drift,
        f"variance_over_law.{name}": float(logs.var()) / expected.variance,
    }


def correlation(config: Config, forward: Tensor, backward: Tensor) -> float:
    """Return the correlation of forward and backward log norms, given mean and variance."""
    law = finite_width.log_norm(config.gradient.width).after(config.gradient.depth)
    return float(((forward - law.drift) * (backward - law.drift)).mean()) / law.variance


def inside_share(config: Config, ladder: Mapping[str, Tensor]) -> float:
    """Return the share of the ladder's networks within two standard deviations of the law."""
    inside_band = []
    for name, kind in config.ladder.items():
        law = finite_width.log_norm(kind.width).after(kind.depth)
        inside_band.append((ladder[name][:, -1] - law.drift).abs() <= 2 * sqrt(law.variance))
    return float(torch.cat(inside_band).double().mean())


# Rows --------------------------------------------------------------------------------------------

DEPTHS = (2, 5, 20, 50, 100, 200, 500, 1000)
"""At which the figure shows the variance of the log norm."""


def figure_rows(config: Config, logs: Logs) -> dict[str, list[Row]]:
    """Return what the figures show of one draw.

    Args:
        config: the settings.
        logs: of :func:`all_log_norms`.

    Returns:
        ``ladder``, the log norm of each network; ``spread``, the variance of the log norm by
        depth; ``distribution``, the log norm of each network of the ensemble ``relu`` that is
        alive.
    """
    last = logs.ensembles["relu"][:, -1]
    return {
        "ladder": rungs(config, logs),
        "spread": variance_rows(config, logs),
        "distribution": [{"sample": value} for value in last[last.isfinite()].tolist()],
    }


def rungs(config: Config, logs: Logs) -> list[Row]:
    """Return the log norm of each network of the ladder."""
    return [
        {"name": name, "width": kind.width, "depth": kind.depth, "log10_norm": value / log(10)}
        for name, kind in config.ladder.items()
        for value in logs.ladder[name][:, -1].tolist()
    ]


def variance_rows(config: Config, logs: Logs) -> list[Row]:
    """Return the variance of the log norm by the number of layers.

    Of plain networks, those of the ensemble ``relu``; for more layers than they have, those of
    the narrowest width of the ladder, if there are several in a draw.
    """
    relu = config.ensembles["relu"]
    name, narrowest = min(config.ladder.items(), key=lambda rung: rung[1].width)
    sources = [("relu", relu, logs.ensembles["relu"], 0)]
    if narrowest.networks > 1:
        sources.append((name, narrowest, logs.ladder[name], relu.depth))
    plain_norms = [
        (name, "plain", kind.width, depth, by_layer[:, depth - 1])
        for name, kind, by_layer, low in sources
        for depth in DEPTHS
        if low < depth <= kind.depth
    ]
    residual_norms = [
        (name, "residual", kind.width, 2 * kind.blocks, logs.residual[name])
        for name, kind in config.residual.items()
    ]
    return [
        {"name": name, "kind": kind, "width": width, "layers": layers, "sample": float(last.var())}
        for name, kind, width, layers, last in plain_norms + residual_norms
    ]


# Tables ------------------------------------------------------------------------------------------

BINS = 25
"""Of the histogram of log norms."""


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
        for draw in draws.values()
        for row in draw.tables["ladder"]
        if row["name"] == name
    ]
    alive = [row["sample"] for draw in draws.values() for row in draw.tables["distribution"]]
    curves = {"ladder": unnamed(ladder), "spread": unnamed(means(draws, "spread"))}
    return curves | {"distribution": density_rows(alive)} if alive else curves


def unnamed(rows: Table) -> Table:
    """Return rows without the name of the networks, which width and depth tell apart."""
    return [{label: cell for label, cell in row.items() if label != "name"} for row in rows]


def density_rows(values: Sequence[Cell]) -> Table:
    """Return the density of values in bins of equal width."""
    density, edges = np.histogram(np.array(values), bins=BINS, density=True)
    return [
        {"low": low, "high": high, "density": height}
        for low, high, height in zip(
            edges[:-1].tolist(), edges[1:].tolist(), density.tolist(), strict=True
        )
    ]
