"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.results import Run, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def activations_by_layer(run: Run) -> "Figure":
    """Mean activation by update: the top layer falls to 0, stays there, and comes back."""
    figure, axes = plt.subplots()
    own = [row for row in run.tables["layers"] if row["arm"] == "plain"]
    draw_layers(axes, own, "mean", "deviation")
    axes.set(ylabel="mean activation", ylim=(0, 1))
    axes.legend()
    return figure


def activations_in_balanced_minibatches(run: Run) -> "Figure":
    """Mean activation by update with balanced minibatches: no layer falls before the escape."""
    figure, axes = plt.subplots()
    own = [row for row in run.tables["layers"] if row["arm"] == "balanced"]
    draw_layers(axes, own, "mean", "deviation")
    axes.set(ylabel="mean activation", ylim=(0, 1))
    axes.legend()
    return figure


def draw_layers(axes: "Axes", rows: Table, name: str, reach: str) -> None:
    """Draw a number of each layer by update, with a band of given reach."""
    for layer in sorted({int(row["layer"]) for row in rows}):
        own = [row for row in rows if row["layer"] == layer and row["update"]]
        updates, numbers, halves = (
            [float(row[key]) for row in own] for key in ("update", name, reach)
        )
        (line,) = axes.plot(updates, numbers, marker=".", label=f"layer {layer}")
        low, high = (
            [x + sign * half for x, half in zip(numbers, halves, strict=True)] for sign in (-1, 1)
        )
        axes.fill_between(updates, low, high, color=line.get_color(), alpha=0.15, linewidth=0)
    axes.set(xscale="log", xlabel="updates")


def top_layer_and_its_law(run: Run) -> "Figure":
    """Top layer's mean by update: with plain minibatches on the law, with balanced ones level."""
    figure, axes = plt.subplots()
    for arm in dict.fromkeys(row["arm"] for row in run.tables["falls"]):
        own = [row for row in run.tables["falls"] if row["arm"] == arm and row["update"]]
        updates, means = ([float(row[key]) for row in own] for key in ("update", "mean"))
        axes.plot(updates, means, marker=".", label=arm)
        if arm == "plain":
            law = [float(row["law"]) for row in own]
            axes.plot(updates, law, color="grey", linestyle=":", label="law")
    axes.set(xscale="log", xlabel="updates", ylabel="mean of the top layer", ylim=(0, 0.6))
    axes.legend()
    return figure


FIGURES = (
    activations_by_layer,
    activations_in_balanced_minibatches,
    top_layer_and_its_law,
)
