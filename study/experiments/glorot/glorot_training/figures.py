"""Functions of a finished run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from study.record.drawing import curve, shared_legend, stacked, ticks
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABELS = {
    "percentile": "98th percentile (points),\ndeviation (lines)",
    "gradient": "deviation, over\nlayer 5's",
    "weight_gradient": "deviation, over\nlayer 5's",
    "tanh": "tanh",
    "tanh_n": "tanh, normalised weights",
    "softsign": "softsign",
    "tanh_fast": "tanh, twice the rate",
}


def saturation_in_training(run: Run) -> "Figure":
    """98th percentiles (points) and deviations: the first tanh layer leads, softsign lies lower."""
    return panels(run, ("tanh", "tanh_fast", "softsign"), "percentile")


def saturation_normalised(run: Run) -> "Figure":
    """98th percentiles (points) and deviations: all layers come near 1 from either start."""
    return panels(run, ("tanh", "tanh_n"), "percentile")


def backward_gradients_in_training(run: Run) -> "Figure":
    """Gradients of preactivations by update: what shrank downwards becomes about even."""
    return panels(run, ("tanh", "tanh_n"), "gradient")


def weight_gradients_in_training(run: Run) -> "Figure":
    """Weight gradients by update, level at the start; those of lower layers become the larger."""
    return panels(run, ("tanh", "tanh_n"), "weight_gradient")


def panels(run: Run, arms: Sequence[str], quantity: str) -> "Figure":
    """Draw a quantity by update, a panel per arm; gradients over the last hidden layer's."""
    figure, subplots = stacked(len(arms))
    for axes, arm in zip(subplots, arms, strict=True):
        layers = run.tables["layers"].where(arm=arm, quantity=quantity).groups("layer")
        top = layers[max(layers)].column("mean")
        scale = np.reciprocal(top) if "gradient" in quantity else 1.0
        for layer, rows in sorted(layers.items()):
            look: dict[str, Any] = {"color": f"C{layer - 1}", "label": str(layer)}
            style = "-" if "gradient" in quantity else ""
            curve(axes, rows, "updates", f"o{style}", scale=scale, reach=None, **look)
        if quantity == "percentile":
            _draw_deviations(axes, run, arm)
            axes.set_ylim(0, 1.05)
        else:
            axes.set_yscale("log")
            ticks(axes, y=(0.1, 0.3, 1) if quantity == "gradient" else (1, 2, 3))
        axes.set(title=LABELS[arm], ylabel=LABELS[quantity])
    subplots[-1].set_xlabel("update")
    shared_legend(figure, columns=5, title="hidden layer")
    return figure


def _draw_deviations(axes: "Axes", run: Run, arm: str) -> None:
    """Draw the standard deviation of each layer's activations, as the paper does beside sizes."""
    layers = run.tables["layers"].where(arm=arm, quantity="deviation").groups("layer")
    for layer, rows in layers.items():
        curve(axes, rows, "updates", "-", reach=None, color=f"C{layer - 1}")


def activations_at_the_end(run: Run) -> "Figure":
    """Histograms at the end: tanh's first layer reaches the asymptotes, softsign's none."""
    figure, subplots = stacked(2)
    for axes, arm in zip(subplots, ("tanh", "softsign"), strict=True):
        layers = run.tables["histograms"].where(arm=arm).groups("layer")
        for layer, rows in sorted(layers.items()):
            colour, label = f"C{layer - 1}", str(layer)
            curve(axes, rows, "activation", "-", reach=None, color=colour, label=label)
        axes.set(title=LABELS[arm], ylabel="share of the\nactivations", ylim=(0, None))
    subplots[-1].set_xlabel("activation")
    shared_legend(figure, columns=5, title="hidden layer")
    return figure


FIGURES = (
    saturation_in_training,
    activations_at_the_end,
    backward_gradients_in_training,
    weight_gradients_in_training,
    saturation_normalised,
)
