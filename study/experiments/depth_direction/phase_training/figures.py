"""Functions of a finished run."""

from math import inf
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt

from study.experiments.depth_direction.phase_training.method import tanh_scale
from study.record.drawing import curve, ticks
from study.record.results import Rows, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def learnt_on_map(run: Run) -> "Figure":
    """What networks have learnt by weights and depth: the deep ones learn near the edge only."""
    figure, axes = plt.subplots()
    rows, bias = run.tables["networks"], run.settings["experiment"]["bias_variance"]
    areas = [4 + 260 * learnt for learnt in rows.column("mean")]
    axes.scatter(rows.column("weight_variance"), rows.column("depth"), s=areas, color="C1")
    weights = np.linspace(0.4, 4.2, 120).tolist()
    for scales, line in ((3, ":"), (6, "--"), (9, ":")):
        reach = [scales * tanh_scale(c, bias) for c in weights]
        axes.plot(weights, reach, line, color="C0", label=f"{scales} depth scales")
    depths = run.settings["experiment"]["depths"]
    axes.set(xlabel="variance of a weight × fan_in", ylabel="depth", yscale="log")
    axes.set_ylim(depths[0] / 1.6, depths[-1] * 1.6)
    ticks(axes, y=depths)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
    return figure


def learnt_by_scales(run: Run) -> "Figure":
    """What networks have learnt against their depth in scales: nothing beyond about six."""
    figure, axes = plt.subplots()
    networks = run.tables["networks"]
    edge = float(min(networks, key=lambda row: row["depth_in_scales"])["weight_variance"])
    sides = (("ordered", -inf, 1, "o"), ("chaotic", 1, inf, "s"))
    for name, low, high, mark in sides:
        side = [row for row in networks if low < float(row["weight_variance"]) / edge < high]
        curve(axes, Rows.from_rows(side), "depth_in_scales", mark, label=name)
    axes.axvline(6, color="0.5", linestyle="--")
    axes.set(xlabel="depth in depth scales", ylabel="share of the loss learnt", xscale="log")
    axes.legend()
    return figure


FIGURES = (learnt_on_map, learnt_by_scales)
