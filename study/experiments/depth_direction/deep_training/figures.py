"""Functions of a finished run."""

from math import log
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.lab.mnist import CLASSES
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def loss_by_step(run: Run) -> "Figure":
    """Loss by step: the orthogonal network leaves the guess, the others stay."""
    table = run.tables.get("losses", [])  # there is none if all networks diverged at once
    figure, axes = plt.subplots()
    for arm in dict.fromkeys(row["arm"] for row in table):
        own = [row for row in table if row["arm"] == arm]
        steps, means = ([float(row[name]) for row in own] for name in ("step", "mean"))
        half = [float(row["half_width"]) for row in own]
        (line,) = axes.plot(steps, means, marker=".", label=str(arm).replace("_", " "))
        low, high = ([m + sign * h for m, h in zip(means, half, strict=True)] for sign in (-1, 1))
        axes.fill_between(steps, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    axes.axhline(log(CLASSES), color="grey", linewidth=1, linestyle=":")
    axes.set(xlabel="step", ylabel="cross-entropy")
    if table:
        axes.legend()
    return figure


FIGURES = (loss_by_step,)
