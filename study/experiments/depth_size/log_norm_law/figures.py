"""Functions of a finished run."""

from math import exp, log, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt

from study.experiments.depth_size.log_norm_law.claims import residual_spread
from study.record.drawing import band, curve, label, label_ends, powers, ticks
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
    band(axes, widths, middle, reach, alpha=0.25, label="law, two standard\ndeviations")
    axes.plot(widths, middle, "--", color="C0", label="law, mean of the log")
    axes.axhline(0, color="C1")
    label(axes, "expectation", (widths[0], 0), (0, 4), color="C1")
    rows = run.tables["ladder"].where(depth=depth)
    axes.plot(
        [width * exp((index % 9 - 4) / 100) for index, width in enumerate(rows.column("width"))],
        rows.column("log10_norm"),
        "o",
        color="C2",
        markersize=2.5,
        alpha=0.6,
        label="single networks",
    )
    axes.set_xscale("log", base=2)
    axes.set(xlabel="width", ylabel=f"squared norm after {depth} layers")
    ticks(axes, x=(32, 64, 128, 256, 512, 1024))
    powers(axes.yaxis, 10)
    axes.legend(loc="lower right")
    return figure


def who_carries_the_expectation(run: Run) -> "Figure":
    """Densities of the log norm: networks lie below zero, what makes up the expectation above."""
    figure, axes = plt.subplots()
    kind = run.settings["experiment"]["ensembles"]["relu"]
    law = finite_width.log_norm(kind["width"]).after(kind["depth"])
    rows = run.tables.get("distribution", NO_ROWS)
    edges = np.array([*rows.column("low"), *(rows.column("high")[-1:] or [0.0])]) / log(10)
    densities = np.multiply(rows.column("density"), log(10))
    axes.stairs(densities, edges, fill=True, alpha=0.5, color="C2")
    deviation = sqrt(law.variance) / log(10)
    for centre, text, colour, side in (
        (law.drift, "networks,\non their law", "C0", -1),
        (law.drift + law.variance, "weighted\nby the norm", "C1", 1),
    ):
        decades = centre / log(10) + np.linspace(-4, 4, 200) * deviation
        height = np.exp(-(np.linspace(-4, 4, 200) ** 2) / 2) / (deviation * sqrt(2 * pi))
        axes.plot(decades, height, "--", color=colour)
        place = (side * 0.3, 0.42 / deviation)
        label(axes, text, place, (0, 0), color=colour, ha="right" if side < 0 else "left")
    axes.vlines(0, 0, 0.53 / deviation, "C3", ":")
    label(axes, "expectation", (0, 0.54 / deviation), (0, 0), color="C3", ha="center")
    axes.set(xlabel="squared norm", ylabel="density in powers of ten", ylim=(0, 0.6 / deviation))
    powers(axes.xaxis, 10)
    return figure


def spread_by_depth(run: Run) -> "Figure":
    """Variance of the log norm by depth: it grows for ever, or stays level in residual networks."""
    figure, axes = plt.subplots()
    kinds = run.tables["spread"].groups("kind")
    for kind, text in (("plain", "ReLU\nnetwork"), ("residual", "residual\nnetwork")):
        rows = kinds.get(kind, NO_ROWS)
        curve(axes, rows, "layers", scale=rows.column("width"), capsize=3, label=text)
    layers = np.geomspace(2, 1000, 200)
    axes.plot(layers, 5 * layers, "--", color="C0")
    axes.plot(layers, residual_spread(layers / 2), "--", color="C1")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set(xlabel="layers", ylabel="width × variance of the log norm")
    label_ends(axes)
    return figure


FIGURES = (
    typical_norm_by_width,
    who_carries_the_expectation,
    spread_by_depth,
)
