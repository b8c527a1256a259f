"""Functions of a finished run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt

from study.record.drawing import curve
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "percentile": "98th percentile of sizes",
    "gradient": "gradient, over layer 5's",
    "weight_gradient": "weight gradient, over layer 5's",
    "tanh": "tanh",
    "tanh_n": "tanh, normalised",
    "softsign": "softsign",
    "tanh_fast": "tanh, twice the rate",
}


def saturation_in_training(run: Run) -> "Figure":
    """Percentiles by update: the first tanh layer leads, softsign lies lower."""
    return panels(run, ("tanh", "tanh_fast", "softsign"), "percentile")


def saturation_normalised(run: Run) -> "Figure":
    """Percentiles by update: with the normalised initialisation they lie closer and higher."""
    return panels(run, ("tanh", "tanh_n"), "percentile")


def backward_gradients_in_training(run: Run) -> "Figure":
    """Gradients of preactivations by update: what shrank downwards soon grows downwards."""
    return panels(run, ("tanh", "tanh_n"), "gradient")


def weight_gradients_in_training(run: Run) -> "Figure":
    """Weight gradients by update, level at the start; those of lower layers become the larger."""
    return panels(run, ("tanh", "tanh_n"), "weight_gradient")


def panels(run: Run, arms: Sequence[str], quantity: str) -> "Figure":
    """Draw a quantity by update, a panel per arm; gradients over the last hidden layer's."""
    figure, subplots = plt.subplots(1, len(arms), sharey=True)
    for axes, arm in zip(subplots, arms, strict=True):
        layers = run.tables["layers"].where(arm=arm, quantity=quantity).groups("layer")
        top = layers[max(layers)].column("mean")
        scale = np.reciprocal(top) if "gradient" in quantity else 1.0
        for layer, rows in sorted(layers.items()):
            look = {"color": f"C{layer - 1}", "label": str(layer)}
            curve(axes, rows, "updates", "o-", scale=scale, reach=None, **look)
        updates = rows.column("updates")
        axes.set(xlabel="updates", xticks=[0, updates[-1] // 2, updates[-1]])
        axes.set_title(LABELS[arm], fontsize="medium")
        if "gradient" in quantity:
            axes.set_yscale("log")
    subplots[0].set_ylabel(LABELS[quantity])
    subplots[-1].legend(title="layer", fontsize="small")
    return figure


def activations_at_the_end(run: Run) -> "Figure":
    """Histograms at the end: tanh's first layer reaches the asymptotes, softsign's none."""
    figure, subplots = plt.subplots(1, 2, sharey=True)
    for axes, arm in zip(subplots, ("tanh", "softsign"), strict=True):
        layers = run.tables["histograms"].where(arm=arm).groups("layer")
        for layer, rows in sorted(layers.items()):
            colour, label = f"C{layer - 1}", str(layer)
            curve(axes, rows, "activation", "-", reach=None, color=colour, label=label)
        axes.set_title(LABELS[arm], fontsize="medium")
        axes.set(xlabel="activation", yscale="log", ylim=(1e-4, 1))
    subplots[0].set_ylabel("share")
    subplots[-1].legend(title="layer", fontsize="small")
    return figure


FIGURES = (
    saturation_in_training,
    activations_at_the_end,
    backward_gradients_in_training,
    weight_gradients_in_training,
    saturation_normalised,
)
