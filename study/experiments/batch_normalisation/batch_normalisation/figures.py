"""Functions of a finished run."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt

from study.record.drawing import estimates, ticks
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def moved_by_mates(run: Run) -> "Figure":
    """Change of an output when its batch is exchanged, by batch size: it falls as √(3/n)."""
    figure, axes = plt.subplots()
    sizes = run.settings["experiment"]["company"]
    colour = estimates(
        axes, sizes, [run.values[f"moved_by_mates.{size}"] for size in sizes], label="measured"
    )
    grid = np.geomspace(min(sizes), max(sizes))
    axes.plot(grid, np.sqrt(3 / grid), "--", color=colour, label="law, √(3/n)")
    axes.set_xscale("log", base=2)
    axes.set(xlabel="batch size n", ylabel="change of the output, in deviations", ylim=(0, None))
    ticks(axes, x=sizes)
    axes.legend()
    return figure


FIGURES = (moved_by_mates,)
