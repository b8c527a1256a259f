"""Functions of a finished run."""

from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

from study.record.drawing import banded_curve, curve, legend_above, shared_legend, stacked
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


ARMS = {
    "plain": "minibatches at random",
    "balanced": "minibatches of one image per class",
    "centred": "at random, an activation around 0",
    "frozen": "at random, output biases right at once",
}


def activations_by_layer(run: Run) -> "Figure":
    """Mean activation by update: the top layer falls to 0, stays there, and comes back."""
    figure, axes = plt.subplots()
    _draw_layers(axes, run, "plain")
    axes.set(xlabel="update", xscale="log", ylabel="mean activation", ylim=(0, 1))
    axes.legend(title="hidden layer")
    return figure


def activations_in_balanced_minibatches(run: Run) -> "Figure":
    """Mean activation by update: with an image of each class in each minibatch no layer falls."""
    figure, panels = stacked(2)
    for axes, arm in zip(panels, ("plain", "balanced"), strict=True):
        _draw_layers(axes, run, arm)
        axes.set(xscale="log", ylabel="mean activation", ylim=(0, 1), title=ARMS[arm])
    panels[-1].set_xlabel("update")
    shared_legend(figure, columns=4, title="hidden layer")
    return figure


def _draw_layers(axes: "Axes", run: Run, arm: str) -> None:
    """Draw the mean activation of each layer of an arm, in a band of its deviation over images."""
    layers = run.tables["layers"].where(arm=arm).without(update=0).groups("layer")
    for layer, rows in sorted(layers.items()):
        look: dict[str, Any] = {"alpha": 0.15, "within": (0, 1), "label": str(layer)}
        banded_curve(axes, rows, "update", ".-", reach="deviation", **look)


def top_layer_and_its_law(run: Run) -> "Figure":
    """Top layer's mean by update: with plain minibatches on the law, with balanced ones level."""
    figure, (axes,) = stacked(1, 4.2)
    falls = run.tables["falls"].without(update=0).groups("arm", first=ARMS)
    styles = ("-", "-", "--", "--")  # where two arms lie on one another, both are seen
    for (arm, rows), style in zip(falls.items(), styles, strict=True):
        curve(axes, rows, "update", style, reach=None, linewidth=2, label=ARMS[arm])
        if arm == "plain":
            updates, law = rows.column("update"), rows.column("law")
            axes.plot(updates, law, color="grey", linestyle=":", label="law of the first")
    axes.set(xscale="log", xlabel="update", ylabel="mean of the top layer", ylim=(0, 0.6))
    legend_above(axes, columns=1)
    return figure


FIGURES = (
    activations_by_layer,
    activations_in_balanced_minibatches,
    top_layer_and_its_law,
)
