"""Functions of a finished run."""

from typing import TYPE_CHECKING

from study.record.drawing import curve, integer_axis, shared_legend, stacked
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLES = {"standard_pixels": "standard weights", "normalised_pixels": "normalised weights"}
AXES = {"activation": "activation", "gradient": "gradient, in units of the last layer's"}


def activation_histograms(run: Run) -> "Figure":
    """Densities of the activations: the peak at 0 rises with the layer, or stays much as it is."""
    return histograms(run, "activation")


def gradient_histograms(run: Run) -> "Figure":
    """Densities of the gradients: the peak at 0 is highest in the first layer, or level."""
    return histograms(run, "gradient")


def histograms(run: Run, quantity: str) -> "Figure":
    """Draw the densities of a quantity in each layer, one panel for each initialisation."""
    figure, panels = stacked(len(TITLES))
    for axes, (arm, title) in zip(panels, TITLES.items(), strict=True):
        rows = run.tables["densities"].where(arm=arm, quantity=quantity)
        layers = rows.groups("layer")
        for layer in sorted(layers):
            curve(axes, layers[layer], "place", "-", reach=None, label=str(layer))
        axes.set(title=title, ylabel="density", ylim=(0, None))
    panels[-1].set_xlabel(AXES[quantity])
    panels[0].legend(title="hidden layer", loc="upper right")
    return figure


def deviations_by_layer(run: Run) -> "Figure":
    """Deviations by layer: gradients fall towards the first layer, weight gradients stay level."""
    quantities = {
        "gradient": "of the back-propagated gradient",
        "weight_gradient": "of the gradient of the weights",
    }
    figure, panels = stacked(len(quantities))
    for axes, (quantity, title) in zip(panels, quantities.items(), strict=True):
        for arm, text in TITLES.items():
            rows = run.tables["layers"].where(arm=arm, quantity=quantity)
            curve(axes, rows, "layer", "o-", label=text)
        axes.set(title=title, ylabel="deviation, over\nthe last layer's", ylim=(0, 1.3))
    panels[-1].set_xlabel("hidden layer")
    integer_axis(panels[-1])
    shared_legend(figure, columns=1)
    return figure


FIGURES = (activation_histograms, gradient_histograms, deviations_by_layer)
