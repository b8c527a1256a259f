"""Functions of a finished run."""

from itertools import cycle
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.glorot.cost_functions.method import COSTS
from study.record.drawing import curve
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def error_by_update(run: Run) -> "Figure":
    """Test error by update: one pair of curves together, the other far apart."""
    figure, axes = plt.subplots()
    scales = run.tables["errors"].without(update=0).groups("scale")
    for (scale, rows), style in zip(scales.items(), cycle(("-", "--", ":", "-.")), strict=False):
        for cost, curve_rows in rows.groups("cost", first=COSTS).items():
            label = f"{cost.replace('_', '-')}, {scale} start"
            curve(axes, curve_rows, "update", f".{style}", label=label)
    axes.set(xscale="log", yscale="log", xlabel="updates", ylabel="test error")
    axes.legend()
    return figure


FIGURES = (error_by_update,)
