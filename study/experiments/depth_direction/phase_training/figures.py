"""Functions of a finished run."""

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import pyplot as plt

from study.experiments.depth_direction.phase_training.method import tanh_scale
from study.record.drawing import curve, label, shared_legend, stacked, ticks
from study.record.results import Rows, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OPTIMISERS = {"plain": "Plain descent", "adam": "Adam"}
"""The courses of the two panels."""
SIDES = (("ordered", -inf, 1, "o"), ("chaotic", 1, inf, "s"))
"""Weights below and above those on the edge, as shares of them, and how they are marked."""


def learnt_on_map(run: Run) -> "Figure":
    """What networks have learnt by weights and depth: the deep ones learn near the edge only."""
    figure, axes = plt.subplots()
    rows = run.tables["networks"].where(course="plain")
    bias = run.settings["experiment"]["bias_variance"]
    depths, variances = (sorted({*rows.column(name)}) for name in ("depth", "weight_variance"))
    learnt = [rows.where(depth=depth).column("mean") for depth in depths]
    look: dict[str, Any] = {"shading": "nearest", "edgecolors": "face", "linewidth": 0.6}
    mesh = axes.pcolormesh(variances, depths, learnt, vmin=0, vmax=0.6, cmap="viridis", **look)
    figure.colorbar(mesh, ax=axes, location="top", label="share of the loss learnt", aspect=30)
    weights = np.linspace(*axes.get_xlim(), 120)
    top = axes.get_ylim()[1]
    for scales, line in ((3, ":"), (6, "--"), (9, ":")):
        reach = [scales * tanh_scale(c, bias) for c in weights.tolist()]
        axes.plot(weights, reach, line, color="#ffffff")
        look = {"ha": "right", "va": "top", "color": "#ffffff"}
        label(axes, f"{scales} scales", (weights[-1], reach[-1]), (-4, -4), **look)
    axes.set(xlabel="variance of a weight × fan_in", ylabel="layers", yscale="log")
    axes.set_ylim(0.7 * depths[0], top)
    axes.grid(visible=False)
    ticks(axes, y=depths)
    return figure


def learnt_by_scales(run: Run) -> "Figure":
    """What networks have learnt against their depth in scales, by each optimiser."""
    figure, panels = stacked(len(OPTIMISERS))
    for (course, title), axes in zip(OPTIMISERS.items(), panels, strict=True):
        networks = run.tables["networks"].where(course=course)
        edge = float(min(networks, key=lambda row: row["depth_in_scales"])["weight_variance"])
        for name, low, high, mark in SIDES:
            side = [row for row in networks if low < float(row["weight_variance"]) / edge < high]
            curve(axes, Rows.from_rows(side), "depth_in_scales", mark, label=name)
        axes.axvline(6, color="0.5", linestyle="--")
        label(axes, "six", (6, 0.95), (4, 0))
        axes.set(title=title, ylabel="share learnt", xscale="log", ylim=(-0.05, 1))
    panels[-1].set_xlabel("depth in depth scales")
    shared_legend(figure)
    return figure


FIGURES = (learnt_on_map, learnt_by_scales)
