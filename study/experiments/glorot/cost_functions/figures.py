"""Functions of a finished run."""

from itertools import cycle
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.glorot.cost_functions.method import COSTS
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def error_by_update(run: Run) -> "Figure":
    """Test error by update: one pair of curves together, the other far apart."""
    figure, axes = plt.subplots()
    scales = dict.fromkeys(row["scale"] for row in run.tables["errors"])
    for scale, style in zip(scales, cycle(("-", "--", ":", "-.")), strict=False):
        for cost in COSTS:
            own = [
                row
                for row in run.tables["errors"]
                if (row["scale"], row["cost"]) == (scale, cost) and row["update"]
            ]
            if not own:
                continue
            updates, means, halves = (
                [float(row[key]) for row in own] for key in ("update", "mean", "half_width")
            )
            label = f"{cost.replace('_', '-')}, {scale} start"
            axes.errorbar(updates, means, yerr=halves, marker=".", linestyle=style, label=label)
    axes.set(xscale="log", yscale="log", xlabel="updates", ylabel="test error")
    axes.legend()
    return figure


FIGURES = (error_by_update,)
