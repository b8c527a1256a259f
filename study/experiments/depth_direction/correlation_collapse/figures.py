"""Functions of a finished run."""

from collections.abc import Iterable
from math import pi
from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

from study.record.results import Run
from study.theory.activations import activation as smooth
from study.theory.direction import activation_gaps

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES = {
    "linear": "no activation",
    "leaky": "slope 1/4",
    "relu": "ReLU",
    "shifted": "ReLU, shifted",
    "tanh_one": "tanh, gain 1",
    "tanh_ordered": "ordered",
    "tanh_critical": "edge of chaos",
    "tanh_chaotic": "chaotic, gain 5/3",
}


def gap_by_layer(run: Run) -> "Figure":
    """Gap of ten digits by layer: it stays without activation and falls as a power with ReLU."""
    figure, axes = plt.subplots()
    _with_laws(axes, run, ("linear", "leaky", "shifted", "relu"))
    depth = run.settings["experiment"]["wide"]["depth"]
    layers = [depth / 3, depth]
    axes.plot(layers, [4.5 * pi**2 / layer**2 for layer in layers], ":", label="9π²/2l²")
    axes.set(xscale="log", yscale="log", xlabel="layer", ylabel="gap, 1 − cosine")
    axes.legend()
    return figure


def gap_by_phase(run: Run) -> "Figure":
    """Gap of ten digits by layer of tanh: kept, growing, or falling as a power or exponentially."""
    figure, axes = plt.subplots()
    _with_laws(axes, run, ("tanh_chaotic", "tanh_one", "tanh_critical", "tanh_ordered"))
    axes.set(yscale="log", xlabel="layer", ylabel="gap, 1 − cosine")
    axes.legend()
    return figure


def moment_and_variance(run: Run) -> "Figure":
    """Second moment and variance across units stay by layer; that of directions goes."""
    figure, axes = plt.subplots()
    labels = {
        "second_moment": "second moment, first layer = 1",
        "share_across_units": "share of variance across units",
        "share_across_images": "share of variance across images",
        "share_of_directions": "the same, images scaled to one length",
    }
    for quantity, label in labels.items():
        layers, means, widths = _curve(run, "relu", quantity)
        axes.errorbar(layers, means, widths, fmt="o", markersize=3, label=label)
    axes.plot(layers, [1 - 1 / pi] * len(layers), "--", color="C1")
    axes.set(yscale="log", xlabel="layer", ylabel="ReLU, weight variance 2/n", ylim=(0.01, 3))
    axes.legend(loc="lower left")
    return figure


def _with_laws(axes: "Axes", run: Run, names: Iterable[str]) -> None:
    """Draw the measured gaps of some arms as points, and those of infinite width as lines."""
    arms, gap = run.settings["experiment"]["arms"], run.values["input_gap.images"].mean
    for name in names:
        if name not in arms:
            continue
        layers, means, widths = _curve(run, name, "gap")
        axes.errorbar(layers, means, widths, fmt="o", markersize=3, label=NAMES[name])
        if not arms[name]["shift"]:
            arm = arms[name]
            nonlinearity = smooth(arm["activation"], slope=arm["slope"])
            sizes = arm["weight_variance"], arm["bias_variance"]
            law = activation_gaps(nonlinearity, gap, *sizes, len(layers))
            axes.plot(layers, law, "--", color=axes.lines[-1].get_color())


def _curve(run: Run, arm: str, quantity: str) -> tuple[list[Any], list[Any], list[Any]]:
    """Return layers, means and half widths of a quantity of an arm."""
    rows = [r for r in run.tables["layers"] if (r["arm"], r["quantity"]) == (arm, quantity)]
    return (
        [row["layer"] for row in rows],
        [row["mean"] for row in rows],
        [row["half_width"] for row in rows],
    )


FIGURES = (gap_by_layer, moment_and_variance, gap_by_phase)
