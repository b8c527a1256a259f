"""Functions of a finished run."""

from itertools import product
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve, integer_axis
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLES = {"standard_pixels": "standard", "normalised_pixels": "normalised"}


def activation_histograms(run: Run) -> "Figure":
    """Densities of the activations: the peak at 0 rises with the layer, or stays much as it is."""
    return histograms(run, "activation")


def gradient_histograms(run: Run) -> "Figure":
    """Densities of the gradients: the peak at 0 is highest in the first layer, or level."""
    return histograms(run, "gradient")


def histograms(run: Run, quantity: str) -> "Figure":
    """Draw the densities of a quantity in each layer, one panel for each initialisation."""
    figure, panels = plt.subplots(1, 2, sharey=True)
    for axes, (arm, title) in zip(panels, TITLES.items(), strict=True):
        rows = run.tables["densities"].where(arm=arm, quantity=quantity)
        for layer, densities in sorted(rows.groups("layer").items()):
            curve(axes, densities, "place", "-", reach=None, label=f"layer {layer}")
        axes.set(xlabel=quantity, title=title)
    panels[0].set(ylabel="density", yscale="log", ylim=(1e-2, None))
    panels[1].legend(fontsize=8)
    return figure


def deviations_by_layer(run: Run) -> "Figure":
    """Deviations by layer: gradients fall towards the first layer, weight gradients stay level."""
    figure, axes = plt.subplots()
    quantities = {
        "gradient": ("back-propagated", "o-"),
        "weight_gradient": ("weights", "s--"),
    }
    for index, (arm, name) in enumerate(product(TITLES, quantities)):
        rows = run.tables["layers"].where(arm=arm, quantity=name)
        text, style = quantities[name]
        label = f"{TITLES[arm]}, {text}"
        curve(axes, rows, "layer", style, color=f"C{index // 2}", label=label)
    axes.set_yscale("log")
    axes.set(xlabel="hidden layer", ylabel="deviation of the gradient, over the last layer's")
    integer_axis(axes)
    axes.legend()
    return figure


FIGURES = (activation_histograms, gradient_histograms, deviations_by_layer)
