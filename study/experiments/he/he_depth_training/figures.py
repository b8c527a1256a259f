"""Functions of a finished run."""

from collections.abc import Sequence
from math import log
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.draws import Row
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def error_by_update(run: Run) -> "Figure":
    """Error by update: with more layers the two starts come further apart."""
    table = run.tables["errors"]
    names = [
        name for name in dict.fromkeys(row["course"] for row in table) if "slow" not in str(name)
    ]
    figure, panels = plt.subplots(1, len(names), sharey=True, squeeze=False)
    for name, axes in zip(names, panels[0], strict=True):
        own = [row for row in table if row["course"] == name]
        depth = run.settings["experiment"]["courses"][str(name)]["depth"]
        draw_lines(axes, own, "arm", "update")
        axes.set(title=f"{depth} layers", xlabel="update")
    panels[0][0].set(ylabel="validation error")
    panels[0][-1].legend()
    return figure


def updates_by_depth(run: Run) -> "Figure":
    """Updates by depth: with Xavier's weights they grow much, most without biases; He's hardly."""
    figure, axes = plt.subplots()
    arms = run.settings["experiment"]["arms"]
    table = [row for row in run.tables["updates"] if row["ladder"] in arms]
    draw_lines(axes, table, "ladder", "depth")
    start = [row for row in run.tables["updates"] if row["ladder"] == "xavier_unbiased"]
    depths = [float(row["depth"]) for row in start]
    law = [plateau(depth) for depth in depths]
    scaled = [float(start[0]["mean"]) * y / law[0] for y in law]
    axes.plot(depths, scaled, color="grey", linestyle="--", label="law, from the first on")
    axes.set(xlabel="layers", ylabel="updates to the target", yscale="log", xlim=(None, 45))
    axes.legend(loc="center right", bbox_to_anchor=(1.0, 0.51))
    return figure


def plateau(layers: float) -> float:
    """Return how long the plateau of a chain of layers is, but for a factor.

    >>> plateau(4.0)
    0.5
    """
    return (2 ** (layers / 2 - 1) - 1) / (layers - 2) if layers > 2 else log(2) / 2


def success_by_depth(run: Run) -> "Figure":
    """Share of networks that reach the target within an epoch, by depth."""
    figure, axes = plt.subplots()
    for at, ladder in enumerate(("he", "xavier")):
        own = [row for row in run.tables["updates"] if row["ladder"] == ladder]
        share, half = (
            [float(row[key]) for row in own] for key in ("success", "success_half_width")
        )
        bars = [[min(h, s) for s, h in zip(share, half, strict=True)]]
        bars.append([min(h, 1 - s) for s, h in zip(share, half, strict=True)])
        depths = [float(row["depth"]) + at / 2 for row in own]
        axes.errorbar(depths, share, yerr=bars, marker="o", capsize=3, label=ladder)
    axes.set(xlabel="layers", ylabel="share within the budget", ylim=(-0.05, 1.05))
    axes.legend()
    return figure


def updates_by_rate(run: Run) -> "Figure":
    """Updates by learning rate: both starts share it, and the gap stays."""
    figure, axes = plt.subplots()
    table = [row for row in run.tables["updates"] if "rates" in str(row["ladder"])]
    draw_lines(axes, table, "ladder", "learning_rate")
    axes.set(xlabel="learning rate", ylabel="updates to the target", xscale="log", yscale="log")
    axes.legend()
    return figure


def draw_lines(axes: "Axes", table: Sequence[Row], group: str, x: str) -> None:
    """Draw the mean of each group of rows with its half width."""
    for name in dict.fromkeys(row[group] for row in table):
        own = [row for row in table if row[group] == name]
        at, means, half = ([float(row[key]) for row in own] for key in (x, "mean", "half_width"))
        label = str(name).replace("_unbiased", ", no biases").removesuffix("_rates")
        axes.errorbar(at, means, yerr=half, marker="o", capsize=3, label=label)


FIGURES = (error_by_update, updates_by_depth, success_by_depth, updates_by_rate)
