"""Functions of a finished run."""

from math import exp, log, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt

from study.experiments.depth_size.log_norm_law.claims import residual_spread
from study.record.drawing import band, curve
from study.record.results import NO_ROWS, Run
from study.theory import finite_width

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def typical_norm_by_width(run: Run) -> "Figure":
    """Log norm at depth 1000 against the width: all networks far below their own expectation."""
    figure, axes = plt.subplots()
    depth = max(kind["depth"] for kind in run.settings["experiment"]["ladder"].values())
    widths = np.unique(np.geomspace(32, 1024, 60).astype(int))
    laws = [finite_width.log_norm(int(width)).after(depth) for width in widths]
    middle = np.array([law.drift for law in laws]) / log(10)
    reach = 2 * np.sqrt([law.variance for law in laws]) / log(10)
    band(axes, widths, middle, reach, alpha=0.25, label="law, two deviations")
    axes.plot(widths, middle, "--", color="C0", label="law, mean of the log")
    axes.axhline(0, color="C1", label="log of the expectation")
    rows = run.tables["ladder"].where(depth=depth)
    axes.plot(
        [width * exp((index % 9 - 4) / 100) for index, width in enumerate(rows.column("width"))],
        rows.column("log10_norm"),
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
    rows = run.tables.get("distribution", NO_ROWS)
    edges = [*rows.column("low"), *(rows.column("high")[-1:] or [0.0])]
    axes.stairs(rows.column("density"), edges, fill=True, alpha=0.5, color="C2", label="networks")
    deviation = sqrt(law.variance)
    for centre, label, colour in (
        (law.drift, "law of the log norm", "C0"),
        (law.drift + law.variance, "the same, weighted by the norm", "C1"),
    ):
        log_norms = np.linspace(centre - 4 * deviation, centre + 4 * deviation, 200)
        height = np.exp(-0.5 * ((log_norms - centre) / deviation) ** 2) / (deviation * sqrt(2 * pi))
        axes.plot(log_norms, height, "--", color=colour, label=label)
    axes.vlines(0, 0, 0.47 / deviation, "C3", ":", label="log of the expectation")
    axes.set(xlabel="log of the squared norm", ylabel="density", ylim=(0, 0.6 / deviation))
    axes.legend(ncols=2)
    return figure


def spread_by_depth(run: Run) -> "Figure":
    """Variance of the log norm by depth: it grows for ever, or stays level in residual networks."""
    figure, axes = plt.subplots()
    kinds = run.tables["spread"].groups("kind")
    for kind, label in (("plain", "ReLU network"), ("residual", "residual network")):
        rows = kinds.get(kind, NO_ROWS)
        curve(axes, rows, "layers", scale=rows.column("width"), capsize=3, label=label)
    layers = np.geomspace(2, 1000, 200)
    axes.plot(layers, 5 * layers, "--", color="C0")
    axes.plot(layers, residual_spread(layers / 2), "--", color="C1")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set(xlabel="layers", ylabel="width × variance of the log norm")
    axes.legend()
    return figure


FIGURES = (
    typical_norm_by_width,
    who_carries_the_expectation,
    spread_by_depth,
)
