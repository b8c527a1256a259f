"""Functions of a finished run."""

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib import pyplot as plt

from study.record.drawing import shared_legend
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RULES = {"standard": "one rate", "maximal": "maximal rule"}
OPTIMISERS = {"descent": "plain descent", "adam": "Adam"}


def loss_by_rate(run: Run) -> "Figure":
    """Loss by rate and width: the best rate falls with the width by one rule only."""
    width, height = mpl.rcParams["figure.figsize"]
    figure, panels = plt.subplots(
        2, 2, sharex="col", sharey=True, squeeze=False, figsize=(width, 1.4 * height)
    )
    arms = run.settings["experiment"]["arms"]
    for row, (rule, text) in zip(panels, RULES.items(), strict=True):
        for axes, (optimiser, title) in zip(row, OPTIMISERS.items(), strict=True):
            for name, arm in arms.items():
                if (arm["rule"], arm["optimiser"]) != (rule, optimiser):
                    continue
                for units, rows in run.tables["search"].where(arm=name).groups("width").items():
                    places, losses = rows.column("learning_rate"), rows.column("mean_loss")
                    axes.plot(places, losses, "o-", label=f"width {units}")
            axes.set(xscale="log", yscale="log")
            if rule == "standard":
                axes.set_title(title)
            else:
                axes.set_xlabel("learning rate at the\nsmallest width")
        row[0].set_ylabel(f"loss, {text}")
    shared_legend(figure, columns=3)
    return figure


FIGURES = (loss_by_rate,)
