"""Functions of a finished run."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def moved_by_mates(run: Run) -> "Figure":
    """Change of an output when its batch is exchanged, by batch size: it falls as √(3/n)."""
    figure, axes = plt.subplots()
    sizes = run.settings["experiment"]["company"]
    values = [run.values[f"moved_by_mates.{size}"] for size in sizes]
    axes.errorbar(
        sizes, [value.mean for value in values], [value.half_width for value in values], fmt="o"
    )
    between = np.geomspace(min(sizes), max(sizes))
    axes.plot(between, np.sqrt(3 / between), "--", color="C0")
    axes.set_xscale("log", base=2)
    axes.set(xlabel="batch size n", ylabel="change of the output, in deviations", ylim=(0, None))
    return figure


FIGURES = (moved_by_mates,)
