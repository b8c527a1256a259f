"""Functions of a finished run."""

from math import sqrt
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve, integer_axis, shared_legend
from study.record.results import Run
from study.theory.glorot import (
    GEOMETRIC_MEAN_OVER_ROOT_MEAN_SQUARE,
    MEAN_OVER_ROOT_MEAN_SQUARE,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "root_mean_square": "root mean square",
    "mean": "mean",
    "geometric_mean": "geometric mean",
}
ARMS = ("normalised_pixels", "standard_pixels")


def averages_by_layer(run: Run) -> "Figure":
    """Three averages of the singular values by layer: each lies on a level of its own."""
    figure, panels = plt.subplots(1, 2, sharey=True)
    laws = {
        "mean": MEAN_OVER_ROOT_MEAN_SQUARE,
        "root_mean_square": 1.0,
        "geometric_mean": GEOMETRIC_MEAN_OVER_ROOT_MEAN_SQUARE,
    }
    for axes, arm, size in zip(panels, ARMS, (1.0, sqrt(1 / 3)), strict=True):
        for index, (name, label) in enumerate(LABELS.items()):
            rows = run.tables["averages"].where(arm=arm, average=name)
            axes.axhline(size * laws[name], linestyle="--", color=f"C{index}")
            curve(axes, rows, "layer", color=f"C{index}", label=label)
        axes.set(xlabel="hidden layer", title=f"{arm.split('_')[0]} weights")
        integer_axis(axes)
    panels[0].set(ylabel="average of the singular values", ylim=(0, 1.05))
    shared_legend(figure)
    return figure


FIGURES = (averages_by_layer,)
