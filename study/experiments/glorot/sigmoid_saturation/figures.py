"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import banded_curve, curve
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def activations_by_layer(run: Run) -> "Figure":
    """Mean activation by update: the top layer falls to 0, stays there, and comes back."""
    return layers_by_update(run, "plain")


def activations_in_balanced_minibatches(run: Run) -> "Figure":
    """Mean activation by update with balanced minibatches: no layer falls before the escape."""
    return layers_by_update(run, "balanced")


def layers_by_update(run: Run, arm: str) -> "Figure":
    """Draw the mean activation of each layer of an arm, in a band of its deviation over images."""
    figure, axes = plt.subplots()
    layers = run.tables["layers"].where(arm=arm).without(update=0).groups("layer")
    for layer, rows in sorted(layers.items()):
        label = f"layer {layer}"
        banded_curve(axes, rows, "update", ".-", reach="deviation", alpha=0.15, label=label)
    axes.set(xscale="log", xlabel="updates", ylabel="mean activation", ylim=(0, 1))
    axes.legend()
    return figure


def top_layer_and_its_law(run: Run) -> "Figure":
    """Top layer's mean by update: with plain minibatches on the law, with balanced ones level."""
    figure, axes = plt.subplots()
    for arm, rows in run.tables["falls"].without(update=0).groups("arm").items():
        curve(axes, rows, "update", ".-", reach=None, label=arm)
        if arm == "plain":
            updates, law = rows.column("update"), rows.column("law")
            axes.plot(updates, law, color="grey", linestyle=":", label="law")
    axes.set(xscale="log", xlabel="updates", ylabel="mean of the top layer", ylim=(0, 0.6))
    axes.legend()
    return figure


FIGURES = (
    activations_by_layer,
    activations_in_balanced_minibatches,
    top_layer_and_its_law,
)
