"""Why the size of almost every deep network is not the size that its initialisation keeps.

The right weight variance keeps the expectation of the squared norm at any depth; the logarithm of
the norm drifts down and spreads. Ensembles of networks of several widths, depths and kinds.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import erf, exp, log, pi, sqrt
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.depth_size.ensembles import enter, log_norms, log_norms_both_ways, residual_log_norms
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.record.claims import Band, Claim, Fault, around
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, mean_row
from study.theory import finite_width
from study.theory.sources import HANIN_NICA_2018, HANIN_ROLNICK_2018, LU_2019, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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


# Claims ------------------------------------------------------------------------------------------

CHAPTER = "chapter The size of a signal at depth 1000, section "
LOG_NORM = HANIN_NICA_2018.at(
    "abstract, the main theorem: “the logarithm of the ℓ2 norm of such a product applied to any "
    "fixed vector is asymptotically Gaussian”"
)
GRADIENTS = HANIN_NICA_2018.at(
    "abstract, “the stability of gradients in randomly initialized deep neural networks with ReLU "
    "activations”"
)
WIDE = (
    "The source's law is one of wide layers, and the number is derived here: the leading term, of "
    "which the exact value is expected."
)
NONE = "None: it is a statement of this study about these networks."
DERIVED = "derivation-log-norm"
SEVENTH = "Fifteen per cent: the law is exact, so the band need only leave room for the draws."
A_FIFTH = "A fifth: the law is exact, but a variance needs a thousand networks to be known to 8 %."


def identity(kind: str) -> Fault:
    """Return the fault of a network without ReLUs, at the weight variance that suits it."""
    return Fault(
        "Replace the ReLU by the identity, with weights of variance 1/n.",
        {f"{kind}.activation": "linear", f"{kind}.weight_variance": 1.0},
    )


def residual_spread(blocks: Any) -> Any:  # noqa: ANN401 - a number or an array
    r"""Return the width times the variance of the log norm of a residual network.

    .. math:: \frac{4 + 7/B}{(1 + 1/B)^2}

    **Source**: derived in the chapter on the size of a signal at depth 1000.

    >>> residual_spread(1)
    2.75
    """
    return (4 + 7 / blocks) / (1 + 1 / blocks) ** 2


FEW, MANY = 10, 200
"""Blocks of the residual networks that are compared, at the reference size."""
DEAD = finite_width.dead_network_probability(6, 50)
NORMAL_SHARE = erf(sqrt(2.0))
"""Share of a Gaussian within two deviations."""

CLAIMS = (
    Claim(
        id="log-norm-drift",
        statement=(
            "At variance 2/n the log of a ReLU network's squared norm drifts down by about 5/(2n) "
            "per layer, although its expectation is kept."
        ),
        source=LOG_NORM,
        quantity="drift_over_law.relu",
        prediction=1.0,
        band=around(1.0, 0.15),
        reason=SEVENTH,
        departure=WIDE,
        remark=(
            "The mean over the exact one, −5/(2n) − 4.1/n² and so on, derived here. The "
            "identity's is −1/n."
        ),
        fault=identity("ensembles.relu"),
        derivation=DERIVED,
    ),
    Claim(
        id="log-norm-variance",
        statement="The variance of that logarithm grows by about 5/n per layer.",
        source=LOG_NORM,
        quantity="variance_over_law.relu",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=A_FIFTH,
        departure=WIDE,
        remark="The variance over the exact one, derived here. The identity's is 2/n.",
        fault=identity("ensembles.relu"),
        derivation=DERIVED,
    ),
    Claim(
        id="log-norm-two-deviations",
        statement=(
            "At depth 1000 and any width, nineteen of twenty ReLU networks at 2/n lie within two "
            "deviations of the law of the log norm."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“Many layers”"),
        quantity="inside_share.ladder",
        prediction=NORMAL_SHARE,
        band=Band(0.9, 1.0),
        reason="As for a Gaussian, from one in ten to none outside.",
        departure=NONE,
        remark=(
            "Over the networks of all widths together, and most of them have 32 or 64 units: of "
            "the widest there are few. The quick size has fewer layers."
        ),
        fault=Fault("Double the variance at width 32.", {"ladder.w32.weight_variance": 4.0}),
        derivation=DERIVED,
    ),
    Claim(
        id="log-norm-mean-unobservable",
        statement=(
            "The mean squared norm of some networks shows less than a tenth of the expectation "
            "that 2/n keeps, where the log norm has a variance of 80."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“Who carries the expectation”"),
        quantity="rate.mean_is_small.unobservable",
        prediction=1.0,
        band=around(1.0, 0.3),
        reason="Seven draws of ten, as a rate needs many draws to be known; the law expects 99 %.",
        departure=NONE,
        remark=(
            "What keeps the expectation are networks larger than the expectation by as much as "
            "the typical ones are smaller. So sizes at depth 1000 are given as means of logs."
        ),
        fault=Fault("Take 10 layers.", {"unobservable.depth": 10}),
        derivation="derivation-unobservable",
    ),
    Claim(
        id="gradient-log-norm",
        statement="The variance of the log norm of a gradient grows by about 5/n per layer, too.",
        source=GRADIENTS,
        quantity="variance_over_law.down",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=A_FIFTH,
        departure=f"{WIDE} A random gradient enters at the top.",
        remark="For such a gradient the law is exactly that of the signal.",
        fault=identity("gradient"),
        derivation="derivation-log-norm-gradient",
    ),
    Claim(
        id="gradient-log-norm-drift",
        statement="The log norm of a gradient drifts down by about 5/(2n) per layer, too.",
        source=GRADIENTS,
        quantity="drift_over_law.down",
        prediction=1.0,
        band=around(1.0, 0.15),
        reason=SEVENTH,
        departure=f"{WIDE} A random gradient enters at the top.",
        remark="From the top down, so the gradient of the lowest layer is the smallest.",
        fault=identity("gradient"),
        derivation="derivation-log-norm-gradient",
    ),
    Claim(
        id="sum-of-reciprocal-widths",
        statement="Of the widths, only the sum of their reciprocals matters.",
        source=HANIN_ROLNICK_2018.at("abstract, “the sum of the reciprocals of layer widths”"),
        quantity="variance_over_law.alternating",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=f"{A_FIFTH} The mean width instead of the harmonic one gives 0.64.",
        departure="Read as the variance of the log norm; the source bounds moments of the norm.",
        remark=(
            "The variance where narrow and wide layers alternate, over that of the equal width "
            "with the same sum of reciprocals."
        ),
        fault=Fault(
            "Give all layers the mean width.",
            {"ensembles.alternating.width": 50, "ensembles.alternating.other_width": 50},
        ),
        derivation="derivation-many-layers",
    ),
    Claim(
        id="resnet-no-failure-mode-2",
        statement="The size of a residual network of scaled branches does not spread with depth.",
        source=HANIN_ROLNICK_2018.at("abstract, the second failure mode of residual networks"),
        quantity="residual_variance_ratio.many_over_few",
        prediction=residual_spread(MANY) / residual_spread(FEW),
        band=Band(2 / 3, 1.5),
        reason="Half as much again, or two thirds: a plain network would have twenty times more.",
        departure="Branches of one hidden layer, scaled by one over the root of their number.",
        remark=(
            "The variance of the log norm of 200 blocks over that of ten. Times the width it is "
            "2.75 for one block, 3.3 for two and 4 for many."
        ),
        fault=Fault(
            "Do not scale the branches.", {"residual.few.power": 0.0, "residual.many.power": 0.0}
        ),
        derivation="derivation-residual-spread",
    ),
    Claim(
        id="dying-net-probability",
        statement=(
            "A narrow ReLU network dies as it gets deeper: for one input with the probability "
            "1 − (1 − 2⁻ⁿ)ᴸ."
        ),
        source=LU_2019.at("abstract, “will eventually die in probability”"),
        quantity="dead_share.dying",
        prediction=DEAD,
        band=around(DEAD, 0.06),
        reason="Six points: two thousand networks give three, and one unit more gives 23.",
        departure="For one input, where the source asks for all; the formula is then exact.",
        remark="Six units and 50 layers. From 40 units on no network will ever die so.",
        fault=Fault("Add a unit.", {"dying.width": 7, "dying.other_width": 7}),
        derivation="derivation-dying",
    ),
    Claim(
        id="linear-log-norm-drift",
        statement="At variance 1/n a linear network's log norm drifts down by about 1/n per layer.",
        source=THIS_STUDY.at(f"{CHAPTER}“One layer”"),
        quantity="drift_over_law.linear",
        prediction=1.0,
        band=around(1.0, 0.15),
        reason=SEVENTH,
        departure=NONE,
        remark="What Glorot and Bengio's variance does where their derivation is exact.",
        fault=Fault("Put ReLUs in.", {"ensembles.linear.activation": "relu"}),
        derivation=DERIVED,
    ),
    Claim(
        id="linear-log-norm-variance",
        statement="The variance of the log norm of a linear network grows by about 2/n per layer.",
        source=THIS_STUDY.at(f"{CHAPTER}“One layer”"),
        quantity="variance_over_law.linear",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=A_FIFTH,
        departure=NONE,
        remark="Two fifths of what it is with ReLUs.",
        fault=Fault("Put ReLUs in.", {"ensembles.linear.activation": "relu"}),
        derivation=DERIVED,
    ),
)


# Figures -----------------------------------------------------------------------------------------


def typical_norm_by_width(run: Run) -> "Figure":
    """Log norm at depth 1000 against the width: all networks far below their own expectation."""
    figure, axes = plt.subplots()
    depth = max(kind["depth"] for kind in run.settings["experiment"]["ladder"].values())
    widths = np.unique(np.geomspace(32, 1024, 60).astype(int))
    laws = [finite_width.log_norm(int(width)).after(depth) for width in widths]
    middle = np.array([law.drift for law in laws]) / log(10)
    reach = 2 * np.sqrt([law.variance for law in laws]) / log(10)
    axes.fill_between(
        widths, middle - reach, middle + reach, alpha=0.25, label="law, two deviations"
    )
    axes.plot(widths, middle, "--", color="C0", label="law, mean of the log")
    axes.axhline(0, color="C1", label="log of the expectation")
    shown: list[Mapping[str, Any]] = [r for r in run.tables["ladder"] if r["depth"] == depth]
    axes.plot(
        [row["width"] * exp((at % 9 - 4) / 100) for at, row in enumerate(shown)],
        [row["log10_norm"] for row in shown],
        "o",
        color="C2",
        markersize=2.5,
        alpha=0.6,
        label="networks",
    )
    axes.set_xscale("log", base=2)
    axes.set(xlabel="width", ylabel=f"log₁₀ of the squared norm after {depth} layers")
    axes.legend()
    return figure


def who_carries_the_expectation(run: Run) -> "Figure":
    """Densities of the log norm: networks lie below zero, what makes up the expectation above."""
    figure, axes = plt.subplots()
    kind = run.settings["experiment"]["ensembles"]["relu"]
    law = finite_width.log_norm(kind["width"]).after(kind["depth"])
    rows: list[Mapping[str, Any]] = [*run.tables["distribution"]]
    axes.stairs(
        [row["density"] for row in rows],
        [row["low"] for row in rows] + [rows[-1]["high"]],
        fill=True,
        alpha=0.5,
        color="C2",
        label="networks",
    )
    deviation = sqrt(law.variance)
    for centre, label, colour in (
        (law.drift, "law of the log norm", "C0"),
        (law.drift + law.variance, "the same, weighted by the norm", "C1"),
    ):
        at = np.linspace(centre - 4 * deviation, centre + 4 * deviation, 200)
        height = np.exp(-0.5 * ((at - centre) / deviation) ** 2) / (deviation * sqrt(2 * pi))
        axes.plot(at, height, "--", color=colour, label=label)
    axes.vlines(0, 0, 0.47 / deviation, "C3", ":", label="log of the expectation")
    axes.set(xlabel="log of the squared norm", ylabel="density", ylim=(0, 0.6 / deviation))
    axes.legend(ncols=2)
    return figure


def spread_by_depth(run: Run) -> "Figure":
    """Variance of the log norm by depth: it grows for ever, or stays level in residual networks."""
    figure, axes = plt.subplots()
    for kind, label in (("plain", "ReLU network"), ("residual", "residual network")):
        rows: list[Mapping[str, Any]] = [r for r in run.tables["spread"] if r["kind"] == kind]
        axes.errorbar(
            [row["layers"] for row in rows],
            [row["mean"] * row["width"] for row in rows],
            [row["half_width"] * row["width"] for row in rows],
            fmt="o",
            capsize=3,
            label=label,
        )
    layers = np.geomspace(2, 1000, 200)
    axes.plot(layers, 5 * layers, "--", color="C0")
    axes.plot(layers, residual_spread(layers / 2), "--", color="C1")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set(xlabel="layers", ylabel="width × variance of the log norm")
    axes.legend()
    return figure


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(
        typical_norm_by_width,
        who_carries_the_expectation,
        spread_by_depth,
    ),
)
