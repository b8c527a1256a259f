"""Functions of a finished run."""

from typing import TYPE_CHECKING

from study.record.drawing import curve, shared_legend, stacked, ticks
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def error_by_update(run: Run) -> "Figure":
    """Error by update of convolutional networks: the deeper one stalls from Xavier's weights."""
    networks = run.tables["errors"].groups("network")
    figure, panels = stacked(len(networks))
    for (name, rows), axes in zip(networks.items(), panels, strict=True):
        for arm, arm_rows in rows.without(update=0).groups("arm").items():
            label = f"{arm.title()}'s weights"
            curve(axes, arm_rows, "update", "o-", within=(0, 1), capsize=2, label=label)
        layers = run.settings["experiment"]["networks"][name]["convolutions"] + 3
        axes.set(title=f"{layers} layers", ylabel="validation error", xscale="log", ylim=(0, 1))
        ticks(axes, x=(100, 1000, 10000), y=(0, 0.5, 1))
    panels[-1].set_xlabel("update")
    shared_legend(figure)
    return figure


FIGURES = (error_by_update,)
