"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.pytorch.zero_padding.claims import leak
from study.experiments.pytorch.zero_padding.method import SIDE
from study.record.drawing import curve, estimates, integer_axis, label_ends
from study.record.results import NO_ROWS, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def leak_by_layer(run: Run) -> "Figure":
    """Second moment by layer under zero padding: the smaller the image, the faster it leaks."""
    figure, axes = plt.subplots()
    networks = run.settings["experiment"]["networks"]
    layers = run.tables.get("layers", NO_ROWS)
    for name, rows in layers.groups("network").items():
        side = networks[name]["side"]
        curve(axes, rows, "layer", law="law", markersize=3, label=f"{side} × {side}\npixels")
    axes.set_yscale("log")
    axes.set(xlabel="layer", ylabel="second moment, relative to layer 1")
    integer_axis(axes)
    label_ends(axes)
    return figure


def factor_by_side(run: Run) -> "Figure":
    """Factor per zero-padded layer against the side of the image, on the law with the cosine."""
    figure, axes = plt.subplots()
    sides = range(3, SIDE + 1)
    axes.plot(sides, [leak(side) for side in sides], "--", color="C0", label="law")
    networks = run.settings["experiment"]["networks"]
    zeros = {name: row["side"] for name, row in networks.items() if row["padding"] == "zeros"}
    values = [run.values[f"factor.{name}"] for name in zeros]
    estimates(axes, list(zeros.values()), values, capsize=3, label="measured")
    axes.set(xlabel="side of the image", ylabel="factor per layer")
    axes.legend()
    return figure


FIGURES = (leak_by_layer, factor_by_side)
