"""Functions of a finished run."""

from typing import TYPE_CHECKING

import numpy as np

from study.record.drawing import curve, shared_legend, stacked
from study.record.results import Rows, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACTIVATIONS = {"linear": "no ReLU", "relu": "ReLU", "shifted": "ReLU minus 0.5"}
SIZES = {"simplified": "randn/√m", "he": "randn·√(2/m)", "unscaled": "randn"}


def first_layer_on_its_laws(run: Run) -> "Figure":
    """First layer's deviation and mean over the weights' size, on their laws, in three ways."""
    figure, panels = stacked(2)
    arms = run.settings["experiment"]["arms"]
    for axes, quantity in zip(panels, ("deviation", "mean"), strict=True):
        table = run.tables["arms"].where(quantity=quantity)
        for index, (size, label) in enumerate(SIZES.items()):
            names = [f"{size}_{kind}" for kind in ACTIVATIONS]
            places = [place + 0.2 * (index - 1) for place in range(len(names))]
            scale = [arms[arm]["weight_variance"] ** -0.5 for arm in names]
            rows = Rows.from_rows([row for arm in names for row in table.where(arm=arm)])
            colour = curve(axes, rows, places, scale=scale, label=label)
            laws = np.multiply(rows.column("law"), scale)
            axes.plot(places, laws, "_", color=colour, markersize=14)
        axes.margins(y=0.2)
        axes.set_ylabel(f"{quantity}, over\nthat of weights × √m")
    panels[-1].plot([], [], "_", color="grey", markersize=14, label="law")
    panels[-1].set_xticks(range(len(ACTIVATIONS)), list(ACTIVATIONS.values()))
    panels[-1].set_xlabel("what follows the product")
    shared_legend(figure)
    return figure


FIGURES = (first_layer_on_its_laws,)
