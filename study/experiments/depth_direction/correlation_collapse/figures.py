"""Functions of a finished run."""

from collections.abc import Iterable
from math import pi
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve, label_ends, ticks
from study.record.results import NO_ROWS, Run
from study.theory.activations import activation as smooth
from study.theory.direction import activation_gaps

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES = {
    "linear": "no\nactivation",
    "leaky": "slope 1/4",
    "relu": "ReLU",
    "shifted": "ReLU, shifted",
    "tanh_one": "gain 1",
    "tanh_ordered": "ordered",
    "tanh_critical": "edge of\nchaos",
    "tanh_chaotic": "gain 5/3,\nchaotic",
}


def gap_by_layer(run: Run) -> "Figure":
    """Gap of ten digits by layer: it stays without activation and falls as a power with ReLU."""
    figure, axes = plt.subplots()
    _with_laws(axes, run, ("linear", "leaky", "shifted", "relu"))
    depth = run.settings["experiment"]["wide"]["depth"]
    layers = [depth / 3, depth]
    axes.plot(layers, [4.5 * pi**2 / layer**2 for layer in layers], ":", label="9π²/2l²")
    axes.set(xscale="log", yscale="log", xlabel="layer", ylabel="gap, 1 − cosine")
    ticks(axes, x=(1, 3, 10, 30), y=(0.03, 0.1, 0.3))
    label_ends(axes)
    return figure


def gap_by_phase(run: Run) -> "Figure":
    """Gap of ten digits by layer of tanh: kept, growing, or falling as a power or exponentially."""
    figure, axes = plt.subplots()
    _with_laws(axes, run, ("tanh_chaotic", "tanh_one", "tanh_critical", "tanh_ordered"))
    axes.set(yscale="log", xlabel="layer", ylabel="gap, 1 − cosine")
    label_ends(axes)
    return figure


def moment_and_variance(run: Run) -> "Figure":
    """Second moment and its share across units stay by layer; those across images fall."""
    figure, axes = plt.subplots()
    labels = {
        "second_moment": "second\nmoment",
        "share_across_units": "across units",
        "share_across_images": "across images",
        "share_of_directions": "across images\nof one norm",
    }
    relu = run.tables["layers"].groups("arm").get("relu", NO_ROWS)
    for quantity, label in labels.items():
        rows = relu.where(quantity=quantity)
        curve(axes, rows, "layer", markersize=3, label=label)
    axes.plot(rows.column("layer"), [1 - 1 / pi] * len(rows), "--", color="C1")
    axes.set(yscale="log", xlabel="layer", ylabel="second moment, shares of variance")
    axes.set_ylim(0.01, 3)
    label_ends(axes)
    return figure


def _with_laws(axes: "Axes", run: Run, names: Iterable[str]) -> None:
    """Draw the measured gaps of some arms as points, and those of infinite width as lines."""
    arms, gap = run.settings["experiment"]["arms"], run.values["input_gap.images"].mean
    for name in names:
        if name not in arms:
            continue
        rows, arm, law = run.tables["layers"].where(arm=name, quantity="gap"), arms[name], None
        if not arm["shift"]:
            nonlinearity = smooth(arm["activation"], slope=arm["slope"])
            sizes = arm["weight_variance"], arm["bias_variance"]
            law = activation_gaps(nonlinearity, gap, *sizes, len(rows))
        curve(axes, rows, "layer", law=law, markersize=3, label=NAMES[name])


FIGURES = (gap_by_layer, moment_and_variance, gap_by_phase)
