"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve, integer_axis
from study.record.results import NO_ROWS, Rows, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def escape_by_depth(run: Run) -> "Figure":
    """Learning rate times updates to the escape, by depth: each layer costs several times more."""
    figure, axes = plt.subplots()
    table = Rows.from_rows(sorted(run.tables["escapes"], key=lambda row: row["depth"]))
    for rate, of_rate in sorted(table.groups("learning_rate").items()):
        for kind, rows in sorted(of_rate.groups("minibatch").items()):
            free, stuck = rows.groups("stayed").get(0, NO_ROWS), rows.without(stayed=0)
            colour = curve(axes, free, "depth", ".-", label=f"rate {rate:g}, {kind}")
            axes.plot(stuck.column("depth"), stuck.column("mean"), "^", color=colour)
    axes.set(yscale="log", xlabel="hidden layers", ylabel="learning rate × updates")
    integer_axis(axes)
    axes.legend()
    return figure


FIGURES = (escape_by_depth,)
