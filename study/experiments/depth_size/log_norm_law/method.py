"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping, Sequence
from math import log, sqrt
from typing import Annotated, Any, Literal

import numpy as np
import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.depth_size.ensembles import (
    enter,
    log_norms,
    log_norms_both_ways,
    residual_log_norms,
)
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.record.experiment import STRICT
from study.record.results import Result, mean_row
from study.theory import finite_width

Count = Annotated[int, Ge(1), Le(1_000_000)]
Width = Annotated[int, Ge(2), Le(16_384)]


@dataclass(frozen=True, config=STRICT)
class Ensemble:
    """Networks of one kind, whose widths alternate between two."""

    width: Width
    other_width: Width
    depth: Count
    networks: Annotated[int, Ge(1), Le(10_000)]
    activation: Literal["relu", "linear"]
    weight_variance: Annotated[float, Gt(0), Le(1000)]


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
class Config:
    """Settings: the networks of each kind that a draw makes."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Count
    images: Count
    small_mean: Annotated[float, Gt(0), Le(1)]
    ensembles: Annotated[dict[str, Ensemble], MinLen(1)]
    laws: Annotated[dict[str, Law], MinLen(1)]
    gradient: Ensemble
    ladder: Annotated[dict[str, Ensemble], MinLen(1)]
    unobservable: Ensemble
    dying: Ensemble
    residual: Annotated[dict[str, Residual], MinLen(1)]


Logs = Mapping[str, Tensor]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Measure the log norms of all networks, for each draw.

    Args:
        config: the settings.
        mnist: the data; each draw takes one of the first images of its training split.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims read; over all draws, what the figures show.
    """
    images = mnist.standardised(mnist.train.first(config.images).images)
    measured = {draw: measure(config, images[draw % config.images], draw) for draw in draws}
    return Result.of(
        {draw: quantities(config, logs) for draw, logs in measured.items()},
        tables=tables(config, list(measured.values())),
    )


def measure(config: Config, image: Tensor, draw: int) -> dict[str, Tensor]:
    """Make all networks of one draw and take the logarithms of their squared norms.

    Args:
        config: the settings.
        image: what enters, of shape (pixels,).
        draw: index of the draw.

    Returns:
        For each ensemble the log of the mean square after each layer, that which enters having 0:
        of shape (networks, depth). For residual networks, and under ``up`` and ``down`` for those
        that a gradient goes down, the last value only, of shape (networks,).
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

    kinds = {**config.ladder, **config.ensembles}
    kinds |= {"unobservable": config.unobservable, "dying": config.dying}
    found = dict(zip(kinds, side_by_side(plain, kinds.values()), strict=True))
    found |= zip(config.residual, side_by_side(residual, config.residual.values()), strict=True)
    found["up"], found["down"] = log_norms_both_ways(
        entering(config.gradient.width), config.gradient, seed, draw
    )
    return found


# Quantities --------------------------------------------------------------------------------------


def quantities(config: Config, logs: Logs) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        config: the settings.
        logs: of :func:`measure`.

    Returns:
        Mean and variance of the log norm over their exact expectations, and what belongs to each
        other kind of network.
    """
    found: dict[str, float] = {}
    for name, law in config.laws.items():
        found |= over_law(name, logs[name][:, -1], law, config.ensembles[name].depth)
    for name in ("up", "down"):
        law = Law(config.gradient.width, 0.0)
        found |= over_law(name, logs[name], law, config.gradient.depth)
    for name, residual in config.residual.items():
        found[f"residual_mean.{name}"] = float(logs[name].mean())
        found[f"residual_variance_times_width.{name}"] = float(logs[name].var()) * residual.width
    small = logs["unobservable"][:, -1].exp().mean() < config.small_mean
    return found | {
        "residual_variance_ratio.many_over_few": float(logs["many"].var() / logs["few"].var()),
        "above_expectation_share.relu": float((logs["relu"][:, -1] > 0).double().mean()),
        "correlation.up_and_down": correlation(config, logs),
        "inside_share.ladder": inside_share(config, logs),
        "rate.mean_is_small.unobservable": float(small),
        "dead_share.dying": float(logs["dying"][:, -1].isinf().double().mean()),
    }


def over_law(name: str, logs: Tensor, law: Law, depth: int) -> dict[str, float]:
    """Return mean and variance of log norms over what a law says of as many layers."""
    exact = finite_width.log_norm(law.width, law.slope).after(depth)
    return {
        f"drift_over_law.{name}": float(logs.mean()) / exact.drift,
        f"variance_over_law.{name}": float(logs.var()) / exact.variance,
    }


def correlation(config: Config, logs: Logs) -> float:
    """Return the mean product of the log norms up and down, each in units of its deviation."""
    exact = finite_width.log_norm(config.gradient.width).after(config.gradient.depth)
    return (
        float(((logs["up"] - exact.drift) * (logs["down"] - exact.drift)).mean()) / exact.variance
    )


def inside_share(config: Config, logs: Logs) -> float:
    """Return the share of the ladder's networks within two deviations of the expected log norm."""
    inside = []
    for name, kind in config.ladder.items():
        exact = finite_width.log_norm(kind.width).after(kind.depth)
        inside.append((logs[name][:, -1] - exact.drift).abs() <= 2 * sqrt(exact.variance))
    return float(torch.cat(inside).double().mean())


# Tables ------------------------------------------------------------------------------------------

DEPTHS = (2, 5, 20, 50, 100, 200, 500, 1000)
BINS = 25


def tables(config: Config, per_draw: Sequence[Logs]) -> dict[str, list[Mapping[str, Any]]]:
    """Collect what the figures show.

    Args:
        config: the settings.
        per_draw: of :func:`measure`, one for each draw.

    Returns:
        ``ladder``, the log norm of each network; ``spread``, the variance of the log norm by
        depth; ``distribution``, a histogram of the log norms of the ensemble ``relu``.
    """
    return {
        "ladder": [
            {"width": kind.width, "depth": kind.depth, "log10_norm": value / log(10)}
            for name, kind in config.ladder.items()
            for logs in per_draw
            for value in logs[name][:, -1].tolist()
        ],
        "spread": spread(config, per_draw),
        "distribution": histogram(torch.cat([logs["relu"][:, -1] for logs in per_draw])),
    }


def spread(config: Config, per_draw: Sequence[Logs]) -> list[Mapping[str, Any]]:
    """Average the variance of the log norm over the draws, by the number of layers.

    Of plain networks, those of the ensemble ``relu``; for more layers than they have, those of
    the narrowest width of the ladder.
    """
    plain = config.ensembles["relu"]
    name, narrow = min(config.ladder.items(), key=lambda rung: rung[1].width)
    of_layers = {
        ("plain", kind.width, depth): [float(logs[key][:, depth - 1].var()) for logs in per_draw]
        for key, kind, low in (("relu", plain, 0), (name, narrow, plain.depth))
        for depth in DEPTHS
        if low < depth <= kind.depth
    } | {
        ("residual", kind.width, 2 * kind.blocks): [float(logs[name].var()) for logs in per_draw]
        for name, kind in config.residual.items()
    }
    return [
        mean_row(variances, kind=kind, width=width, layers=layers)
        for (kind, width, layers), variances in of_layers.items()
    ]


def histogram(values: Tensor) -> list[Mapping[str, Any]]:
    """Return the density of values in bins of equal width."""
    density, edges = np.histogram(values.numpy(), bins=BINS, density=True)
    return [
        {"low": low, "high": high, "density": height}
        for low, high, height in zip(
            edges[:-1].tolist(), edges[1:].tolist(), density.tolist(), strict=True
        )
    ]
