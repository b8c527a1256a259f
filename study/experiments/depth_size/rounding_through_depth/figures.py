"""Functions of a finished run."""

from math import log2, sqrt
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.depth_size.rounding_through_depth.method import WEIGHT_VARIANCE
from study.lab.inits import weight_std
from study.record.drawing import curve, label_ends, powers
from study.record.results import Run
from study.theory.rounding import (
    SIGNIFICANT_BITS,
    error_after,
    gradient_error_after,
    relative_rounding,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def errors_by_layer(run: Run) -> "Figure":
    """Relative error by layer: that of the gradient is many times that of the signal."""
    figure, axes = plt.subplots()
    settings = run.settings["experiment"]
    for name, arm in settings["arms"].items():
        bits = SIGNIFICANT_BITS[arm["format"]]
        parts = (
            relative_rounding(weight_std(settings["width"], WEIGHT_VARIANCE), bits),
            relative_rounding(sqrt(WEIGHT_VARIANCE), bits),
        )
        depth = settings["depth"]
        rows = run.tables["errors"].where(arm=name, quantity="signal")
        law = [log2(error_after(int(layer), *parts)) / 2 for layer in rows.column("layer")]
        curve(axes, rows, "layer", law=law, scale=0.5, label=f"signal, {arm['format']}")
        rows = run.tables["errors"].where(arm=name, quantity="gradient")
        text = f"gradient, {arm['format']}"
        colour = curve(axes, rows, "layer", scale=0.5, label=text)
        end = log2(gradient_error_after(depth, *parts)) / 2
        axes.plot([depth], [end], "x", color=colour, markersize=9)
    axes.set(xlabel="layers passed", ylabel="relative error")
    powers(axes.yaxis)
    label_ends(axes)
    return figure


FIGURES = (errors_by_layer,)
