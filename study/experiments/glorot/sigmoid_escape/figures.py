"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def escape_by_depth(run: Run) -> "Figure":
    """Learning rate times updates to the escape, by depth: each layer costs several times more."""
    figure, axes = plt.subplots()
    table = run.tables["escapes"]
    for rate, kind in sorted({(float(row["learning_rate"]), row["minibatch"]) for row in table}):
        own = [row for row in table if (row["learning_rate"], row["minibatch"]) == (rate, kind)]
        own.sort(key=lambda row: row["depth"])
        free, stuck = (
            [row for row in own if bool(row["stayed"]) is stay] for stay in (False, True)
        )
        depths, times, halves = (
            [float(row[key]) for row in free] for key in ("depth", "mean", "half_width")
        )
        drawn = axes.errorbar(
            depths, times, yerr=halves, marker=".", label=f"rate {rate:g}, {kind}"
        )
        bounds = [[float(row[key]) for row in stuck] for key in ("depth", "mean")]
        axes.plot(*bounds, marker="^", linestyle="", color=drawn.lines[0].get_color())
    axes.set(yscale="log", xlabel="hidden layers", ylabel="learning rate × updates")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return figure


FIGURES = (escape_by_depth,)
