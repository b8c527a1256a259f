"""Functions of a finished run."""

from math import inf
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt

from study.experiments.depth_direction.phase_training.method import tanh_scale
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def learnt_on_map(run: Run) -> "Figure":
    """What networks have learnt by weights and depth: the deep ones learn near the edge only."""
    figure, axes = plt.subplots()
    found, bias = run.tables["networks"], run.settings["experiment"]["bias_variance"]
    x, y = ([float(row[key]) for row in found] for key in ("weight_variance", "depth"))
    axes.scatter(x, y, s=[4 + 260 * float(row["mean"]) for row in found], color="C1")
    weights = np.linspace(0.4, 4.2, 120).tolist()
    for scales, line in ((3, ":"), (6, "--"), (9, ":")):
        reach = [scales * tanh_scale(c, bias) for c in weights]
        axes.plot(weights, reach, line, color="C0", label=f"{scales} depth scales")
    depths = run.settings["experiment"]["depths"]
    axes.set(xlabel="variance of a weight × fan_in", ylabel="depth", yscale="log")
    axes.set_ylim(depths[0] / 1.6, depths[-1] * 1.6)
    axes.set_yticks(depths, [str(depth) for depth in depths])
    axes.minorticks_off()
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
    return figure


def learnt_by_scales(run: Run) -> "Figure":
    """What networks have learnt against their depth in scales: nothing beyond about six."""
    figure, axes = plt.subplots()
    edge = min(run.tables["networks"], key=lambda row: float(row["depth_in_scales"]))
    sides = (("ordered", -inf, 1, "o"), ("chaotic", 1, inf, "s"))
    for name, low, high, mark in sides:
        found = [
            row
            for row in run.tables["networks"]
            if low < float(row["weight_variance"]) / float(edge["weight_variance"]) < high
        ]
        x, y, reach = (
            [float(row[key]) for row in found] for key in ("depth_in_scales", "mean", "half_width")
        )
        axes.errorbar(x, y, reach, fmt=mark, label=name)
    axes.axvline(6, color="0.5", linestyle="--")
    axes.set(xlabel="depth in depth scales", ylabel="share of the loss learnt", xscale="log")
    axes.legend()
    return figure


FIGURES = (learnt_on_map, learnt_by_scales)
