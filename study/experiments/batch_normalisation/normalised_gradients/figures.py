"""Functions of a finished run."""

from typing import TYPE_CHECKING

from study.record.drawing import banded_curve, label_ends, stacked
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NORMS = {"none": "no norm", "rms": "RMSNorm", "layer": "LayerNorm", "batch": "batch norm"}


def loss_from_two_scales(run: Run) -> "Figure":
    """Loss by update: normalised, large weights at a matched rate train exactly as the usual."""
    arms = run.settings["experiment"]["arms"]
    optimisers = [
        name for name in ("descent", "adam") if name in {a["optimiser"] for a in arms.values()}
    ]
    figure, panels = stacked(len(optimisers), 2.2)
    for axes, optimiser in zip(panels, optimisers, strict=True):
        names = [name for name, arm in arms.items() if arm["optimiser"] == optimiser]
        for at, name in enumerate(names):
            for start, style in (("usual", "-"), ("large", "--")):
                banded_curve(
                    axes,
                    run.tables["losses"].where(arm=name, start=start),
                    "update",
                    style,
                    color=f"C{at}",
                    label=NORMS[arms[name]["norm"]] if start == "usual" else None,
                )
        axes.set(ylabel=f"loss, {optimiser}")
        label_ends(axes)
    panels[-1].set(xlabel="update")
    return figure


FIGURES = (loss_from_two_scales,)
