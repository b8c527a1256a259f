"""Functions of a finished run."""

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt

from study.record.drawing import curve
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {"cross_entropy": "cross-entropy", "quadratic": "quadratic"}


def two_surfaces(run: Run) -> "Figure":
    """Two costs over two weights: one rises on and on, the other levels out in the corners."""
    figure, panels = plt.subplots(1, 2, sharey=True)
    rows = run.tables["surfaces"]
    places = sorted(set(rows.column("first_weight")))
    for axes, cost in zip(panels, ("first", "second"), strict=True):
        heights = np.array(rows.column(f"{cost}_cost"))
        levels = axes.contourf(places, places, heights.reshape(len(places), -1), levels=12)
        figure.colorbar(levels, ax=axes, orientation="horizontal", format="%.2g")
        axes.set(xlabel="first weight", title=_name(run, cost), aspect="equal")
        axes.grid(visible=False)
    panels[0].set(ylabel="second weight")
    return figure


def flat_places(run: Run) -> "Figure":
    """Share of flat places by the limit: which cost has more of them depends on the measure."""
    figure, grid = plt.subplots(2, 2, sharex=True, sharey=True, figsize=(5.6, 5.0))
    cases = product(("near", "far"), ("absolute", "relative"))
    for axes, (square, measure) in zip(grid.flat, cases, strict=True):
        for cost in ("first", "second"):
            rows = run.tables["flatness"].where(square=square, measure=measure, cost=cost)
            curve(axes, rows, "limit", "o-", reach=None, label=_name(run, cost))
        reach = run.settings["experiment"]["squares"][square]
        axes.set(xscale="log", title=f"weights within {reach:g}, {measure}")
    for axes in grid[1]:
        axes.set_xlabel("limit of the slope")
    for axes in grid[:, 0]:
        axes.set_ylabel("share of places below")
    grid[0, 0].legend()
    return figure


def _name(run: Run, cost: str) -> str:
    """Return what a cost is called."""
    return NAMES[run.settings["experiment"]["costs"][cost]]


FIGURES = (two_surfaces, flat_places)
