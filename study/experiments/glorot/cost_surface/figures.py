"""Functions of a finished run."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

from study.record.drawing import curve, shared_legend
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {"cross_entropy": "cross-entropy", "quadratic": "quadratic"}
MEASURES = {"absolute": "slope below", "relative": "slope over the\ncost's range below"}


def two_surfaces(run: Run) -> "Figure":
    """Two costs over two weights: one rises on and on, the other levels out in the corners."""
    figure, panels = plt.subplots(1, 2, sharey=True)
    rows = run.tables["surfaces"]
    places = sorted(set(rows.column("first_weight")))
    for axes, cost in zip(panels, ("first", "second"), strict=True):
        heights = np.array(rows.column(f"{cost}_cost"))
        levels = axes.contourf(places, places, heights.reshape(len(places), -1), levels=12)
        marks = MaxNLocator(3)
        figure.colorbar(levels, ax=axes, location="bottom", ticks=marks, label="cost", format="%g")
        axes.set(xlabel="first weight", title=_name(run, cost), aspect="equal")
        axes.grid(visible=False)
    panels[0].set(ylabel="second weight")
    return figure


def flat_places(run: Run) -> "Figure":
    """Share of places less steep than a limit, by the limit: the order is the measure's."""
    figure, grid = plt.subplots(2, 2, sharex=True, sharey=True, figsize=(4.0, 4.4))
    for panels, square in zip(grid, ("near", "far"), strict=True):
        for axes, measure in zip(panels, MEASURES, strict=True):
            for cost in ("first", "second"):
                rows = run.tables["flatness"].where(square=square, measure=measure, cost=cost)
                curve(axes, rows, "limit", "-", reach=None, label=_name(run, cost))
            axes.set_xscale("log")
        reach = run.settings["experiment"]["squares"][square]
        panels[0].set_ylabel(f"share of places,\nweights within ±{reach:g}")
    for axes, text in zip(grid[1], MEASURES.values(), strict=True):
        axes.set_xlabel(text)
    shared_legend(figure)
    return figure


def _name(run: Run, cost: str) -> str:
    """Return what a cost is called."""
    return NAMES[run.settings["experiment"]["costs"][cost]]


FIGURES = (two_surfaces, flat_places)
