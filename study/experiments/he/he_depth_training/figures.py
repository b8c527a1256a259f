"""Functions of a finished run."""

from math import log
from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

from study.record.drawing import (
    ascending,
    curve,
    label_along,
    legend_above,
    shared_legend,
    stacked,
    ticks,
)
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


STARTS = {"he": "He", "xavier": "Xavier"}
SCALES = {"standardised": "", "unit": ", pixels from 0 to 1"}
SEARCHES = {"rates": "momentum descent", "rates_adam": "Adam"}
"""What is searched, by how the names of its ladders end."""


def error_by_update(run: Run) -> "Figure":
    """Error by update: with more layers the two starts come further apart, at either scale."""
    courses = run.tables["errors"].groups("course")
    settings = run.settings["experiment"]["courses"]
    depths = ascending({name: settings[name]["depth"] for name in courses if "slow" not in name})
    figure, panels = stacked(len(depths))
    for (name, depth), axes in zip(depths.items(), panels, strict=True):
        for arm, rows in courses[name].without(update=0).groups("arm").items():
            look: dict[str, Any] = {"within": (0, 1), "label": f"{STARTS[arm]}'s weights"}
            curve(axes, rows, "update", "o-", capsize=2, **look)
        scale = SCALES[settings[name]["images"]]
        axes.set(
            title=f"{depth} layers{scale}", ylabel="validation error", xscale="log", ylim=(0, 1)
        )
        ticks(axes, x=(30, 100, 300, 1000))
    panels[-1].set_xlabel("update")
    shared_legend(figure)
    return figure


def updates_by_depth(run: Run) -> "Figure":
    """Updates by depth: with Xavier's weights they grow much, most without biases; He's hardly."""
    figure, (axes,) = stacked(1, 4.2)
    ladders, updates = run.settings["experiment"]["ladders"], run.tables["updates"]
    for index, (start, name) in enumerate(STARTS.items()):
        for biases, style, text in (("", "o-", ""), ("_unbiased", "s:", ", no biases")):
            ladder = f"{start}{biases}"
            rows = updates.where(ladder=ladder)
            within = (1, ladders[ladder]["updates"])
            face = f"C{index}" if not biases else "none"
            look: dict[str, Any] = {"color": f"C{index}", "markerfacecolor": face, "capsize": 2}
            curve(axes, rows, "depth", style, within=within, label=f"{name}{text}", **look)
            bounds = rows.without(censored=0)
            axes.plot(bounds.column("depth"), bounds.column("mean"), "^", color=f"C{index}", ms=8)
    axes.plot([], [], "^", color="grey", ms=8, label="lower bound")
    start_rows = updates.where(ladder="xavier_unbiased")
    depths = start_rows.column("depth")
    law = [plateau(depth) for depth in depths]
    scaled_law = [start_rows.column("mean")[0] * y / law[0] for y in law]
    axes.plot(depths, scaled_law, "--", color="grey", label="law, no biases")
    axes.set(xlabel="layers", ylabel="updates to the target", xscale="log", yscale="log")
    ticks(axes, x=(10, 20, 40, 60, 100), y=(10, 30, 100, 300, 1000))
    legend_above(axes)
    return figure


def plateau(layers: float) -> float:
    """Return how long the plateau of a chain of layers is, but for a factor.

    >>> plateau(4.0)
    0.5
    """
    return (2 ** (layers / 2 - 1) - 1) / (layers - 2) if layers > 2 else log(2) / 2


def success_by_depth(run: Run) -> "Figure":
    """How many networks reach the target within an epoch, by depth: Xavier's stop at 30 layers."""
    figure, axes = plt.subplots()
    draws = run.values["updates.he_deepest"].draws
    for shift, (start, name) in zip((-0.15, 0.15), STARTS.items(), strict=True):
        rows = run.tables["updates"].where(ladder=start)
        reached = [share * draws + shift for share in rows.column("success")]
        axes.plot(rows.column("depth"), reached, "o-", linewidth=0.8, label=name)
    axes.set(xlabel="layers", ylabel=f"of {draws} networks, how many", xscale="log")
    ticks(axes, x=(10, 20, 30, 40, 60, 100), y=range(0, draws + 1, 2))
    label_along(axes, 0.9)
    return figure


def updates_by_rate(run: Run) -> "Figure":
    """Updates by learning rate in the search: the gap between the starts stays at the best."""
    ladders, searched = run.settings["experiment"]["ladders"], run.tables["rates"].groups("ladder")
    starts_by_search = {  # without those of one rate
        ending: starts
        for ending in SEARCHES
        if (starts := [start for start in STARTS if f"{start}_{ending}" in searched])
    }
    figure, panels = stacked(len(starts_by_search))
    for (ending, starts), axes in zip(starts_by_search.items(), panels, strict=True):
        for start in starts:
            ladder = f"{start}_{ending}"
            within = (5, ladders[ladder]["updates"])
            look: dict[str, Any] = {"capsize": 3, "label": f"{STARTS[start]}'s weights"}
            curve(axes, searched[ladder], "learning_rate", "o-", within=within, **look)
        axes.set(title=SEARCHES[ending], ylabel="updates to the target", xscale="log", yscale="log")
        ticks(axes, x=(0.0002, 0.001, 0.005, 0.02), y=(10, 30, 100, 300, 1000))
    panels[-1].set_xlabel("learning rate")
    shared_legend(figure)
    return figure


FIGURES = (error_by_update, updates_by_depth, success_by_depth, updates_by_rate)
