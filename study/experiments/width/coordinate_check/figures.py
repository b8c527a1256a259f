"""Functions of a finished run."""

from typing import TYPE_CHECKING, Any

import numpy as np

from study.record.drawing import curve, label_ends, powers, stacked, ticks
from study.record.results import Run
from study.theory.width import Optimiser, Place, powers_of_rule, update_powers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OPTIMISERS: dict[Optimiser, str] = {"descent": "plain descent", "adam": "Adam"}
NAMES: dict[Place, str] = {"first": "first", "hidden": "hidden", "last": "outputs"}


def moves_by_width(run: Run) -> "Figure":
    """Move of layers in an update by width: unequal by the standard rule, level by the maximal."""
    figure, panels = stacked(2)
    settings = run.settings["experiment"]
    table = run.tables["moves"].where(updates=settings["updates"][0])
    for axes, (optimiser, title) in zip(panels, OPTIMISERS.items(), strict=True):
        for name, arm in settings["arms"].items():
            if arm["optimiser"] != optimiser:
                continue
            law = update_powers(powers_of_rule(arm["rule"], optimiser), optimiser)
            for at, (place, text) in enumerate(NAMES.items()):
                rows = table.where(arm=name, layer=place)
                widths, means = np.log2(rows.column("width")), rows.column("mean")
                line = means[0] + law[place] * (widths - widths[0])
                standard = arm["rule"] == "standard"
                look: dict[str, Any] = {"label": text} if standard else {"mfc": "none"}
                style = "o" if standard else "s"
                curve(axes, rows, "width", style, law=line, capsize=2, color=f"C{at}", **look)
        axes.set(ylabel=f"move of a layer,\n{title}", xscale="log")
        ticks(axes, x=tuple(settings["widths"]))
        powers(axes.yaxis)
        label_ends(axes)
    panels[-1].set(xlabel="width")
    return figure


FIGURES = (moves_by_width,)
