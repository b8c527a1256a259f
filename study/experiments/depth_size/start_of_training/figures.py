"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve, level, ticks
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "he": ("He, normal", "o-"),
    "he_uniform": ("He, uniform", "s-"),
    "corrected": ("truncated, corrected", "^-"),
    "truncated": ("truncated", "o--"),
    "halved": ("half the variance", "s--"),
    "doubled": ("twice the variance", "^:"),
}


def updates_by_depth(run: Run) -> "Figure":
    """Updates to 20 per cent of accuracy by depth: the wrong sizes reach the cap."""
    figure, axes = plt.subplots()
    for index, (arm, rows) in enumerate(run.tables["updates"].groups("arm", first=LABELS).items()):
        label, style = LABELS.get(arm, (arm, "d-"))
        # Intervals side by side.
        positions = [depth * 1.03 ** (index - 2.5) for depth in rows.column("depth")]
        curve(axes, rows, positions, style, capsize=3, label=label)
    level(axes, run.settings["experiment"]["updates"])
    axes.set(xlabel="layers, and units of each", ylabel="updates", xscale="log", yscale="log")
    ticks(axes, x=run.settings["experiment"]["depths"])
    axes.set_ylim(bottom=5)
    axes.legend(title="weights", fontsize="small", loc="lower right")
    return figure


FIGURES = (updates_by_depth,)
