"""Functions of a finished run."""

from itertools import product
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLES = {"standard_pixels": "standard", "normalised_pixels": "normalised"}


def activation_histograms(run: Run) -> "Figure":
    """Densities of the activations: the peak at 0 rises with the layer, or stays much as it is."""
    return histograms(run, "activation", "activation")


def gradient_histograms(run: Run) -> "Figure":
    """Densities of the gradients: the peak at 0 is highest in the first layer, or level."""
    return histograms(run, "gradient", "gradient")


def histograms(run: Run, quantity: str, label: str) -> "Figure":
    """Draw the densities of a quantity in each layer, one panel for each initialisation."""
    figure, both = plt.subplots(1, 2, sharey=True)
    for axes, (arm, title) in zip(both, TITLES.items(), strict=True):
        rows = [
            row
            for row in run.tables["densities"]
            if (row["arm"], row["quantity"]) == (arm, quantity)
        ]
        for layer in sorted({row["layer"] for row in rows}):
            own = [row for row in rows if row["layer"] == layer]
            places, heights = [row["place"] for row in own], [row["mean"] for row in own]
            axes.plot(places, heights, label=f"layer {layer}")
        axes.set(xlabel=label, title=title)
    both[0].set(ylabel="density", yscale="log", ylim=(1e-2, None))
    both[1].legend(fontsize=8)
    return figure


def deviations_by_layer(run: Run) -> "Figure":
    """Deviations by layer: gradients fall towards the first layer, weight gradients stay level."""
    figure, axes = plt.subplots()
    curves = product(TITLES, ("gradient", "weight_gradient"))
    for at, (arm, name) in enumerate(curves):
        rows = [r for r in run.tables["layers"] if (r["arm"], r["quantity"]) == (arm, name)]
        axes.errorbar(
            [row["layer"] for row in rows],
            [row["mean"] for row in rows],
            [row["half_width"] for row in rows],
            fmt="o-" if name == "gradient" else "s--",
            color=f"C{at // 2}",
            label=f"{TITLES[arm]}, {'weights' if name == 'weight_gradient' else 'back-propagated'}",
        )
    axes.set_yscale("log")
    axes.set(xlabel="hidden layer", ylabel="deviation of the gradient, over the last layer's")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return figure


FIGURES = (activation_histograms, gradient_histograms, deviations_by_layer)
