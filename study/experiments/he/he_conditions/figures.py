"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.he.he_conditions.method import PLACES
from study.record.drawing import curve, label, legend_above
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def gradient_by_depth(run: Run) -> "Figure":
    """Xavier's gradients over He's against depth: half a power of two per layer, in all layers."""
    figure, axes = plt.subplots()
    for shift, place, marker in zip((-0.6, 0, 0.6), PLACES, ("o", "s", "^"), strict=True):
        rows = run.tables["gradients"].where(layer=place)
        depths = rows.column("depth")
        positions = [depth + shift for depth in depths]
        curve(axes, rows, positions, marker, capsize=3, label=f"{place} layer")
    law = [-(depth - 1) / 2 for depth in depths]
    axes.plot(depths, law, "--", color="C3", label="law of equal δ, −(L − 1)/2")
    axes.set(xlabel="layers L", ylabel="log₂ of Xavier's gradient over He's")
    label(axes, "the points are lower by\nwhat a batch adds to δ", (depths[0], law[-1]), (0, 8))
    legend_above(axes)
    return figure


FIGURES = (gradient_by_depth,)
