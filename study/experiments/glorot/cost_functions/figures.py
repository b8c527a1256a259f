"""Functions of a finished run."""

from typing import TYPE_CHECKING

from study.experiments.glorot.cost_functions.method import COSTS
from study.record.drawing import curve, shared_legend, stacked, ticks
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def error_by_update(run: Run) -> "Figure":
    """Test error by update: one pair of curves together, the other far apart."""
    starts = run.settings["experiment"]["starts"]
    by_start = run.tables["errors"].without(update=0).groups("scale")
    scales = {name: by_start[name] for name in by_start if starts[name]["scale"] != "pixels"}
    figure, panels = stacked(len(scales))
    for axes, (scale, rows) in zip(panels, scales.items(), strict=True):
        for cost, curve_rows in rows.groups("cost", first=COSTS).items():
            label = cost.replace("_", "-")
            curve(axes, curve_rows, "update", "o-", within=(0, 1), capsize=2, label=label)
        axes.set(xscale="log", yscale="log", title=f"{scale} weights", ylabel="test error")
        ticks(axes, x=(10, 100, 1000), y=(0.1, 0.2, 0.5, 1))
    panels[-1].set_xlabel("update")
    shared_legend(figure)
    return figure


FIGURES = (error_by_update,)
