"""Functions of a finished run."""

from math import log
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt

from study.experiments.notes.first_losses import expected_loss, second_order_loss
from study.lab.classification import CHANCE_LOSS
from study.lab.mnist import CLASSES
from study.record.drawing import banded_curve, estimates, label, label_ends, level, stacked, ticks
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "none": "zero",
    "unit": "1/n",
    "randn": "1",
    "skewed_zeros": "bias zero",
    "skewed_shares": "bias of\nshares",
}


def first_loss_by_scale(run: Run) -> "Figure":
    """First loss by the variance of the logits: ln 10 up to a tenth, then ever more, as the law."""
    figure, axes = plt.subplots()
    starts = run.settings["experiment"]["starts"]
    names = [
        name
        for name, start in starts.items()
        if start["data"] == "balanced" and start["bias"] == "zeros" and start["last_variance"]
    ]
    places = [starts[name]["last_variance"] for name in names]
    estimates(axes, places, [run.values[f"first_loss.{name}"] for name in names], capsize=3)
    grid = np.geomspace(0.005, 300, 60)
    axes.plot(grid, [expected_loss(v, CLASSES) for v in grid], "--", color="C0")
    low = grid[grid < 10]
    axes.plot(low, [second_order_loss(v, CLASSES) for v in low], ":", color="C1")
    level(axes, CHANCE_LOSS)
    label(axes, "second order", (low[-1], second_order_loss(low[-1], CLASSES)), (-6, 0), ha="right")
    label(axes, "ln 10", (grid[-1], log(CLASSES)), (0, 4), ha="right", va="bottom")
    axes.set(
        xlabel="variance of the last weights, times n",
        ylabel="cross-entropy before training",
        xscale="log",
        yscale="log",
    )
    ticks(axes, y=(2, 5, 10, 20))
    return figure


def loss_by_update(run: Run) -> "Figure":
    """Loss by update: a large last layer first unlearns, a bias of shares spares the first fall.

    Starts on balanced images by plain descent, those on skewed ones by Adam, where plain descent
    overshoots at its best rate.
    """
    figure, panels = stacked(2)
    courses = run.tables["losses"].groups("course")
    for axes, course, skewed in zip(panels, ("descent", "adam"), (False, True), strict=True):
        losses = courses.get(course, courses["descent"])
        for name, rows in losses.groups("arm", first=LABELS).items():
            if name.startswith("skewed") == skewed:
                banded_curve(axes, rows, "update", label=LABELS.get(name, name))
        axes.set(ylabel="cross-entropy", yscale="log")
        label_ends(axes)
    panels[-1].set(xlabel="update")
    return figure


FIGURES = (first_loss_by_scale, loss_by_update)
