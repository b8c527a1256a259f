"""Functions of a finished run."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt

from study.lab import shapeset
from study.record.drawing import curve, shared_legend
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {"tanh": "tanh", "softsign": "softsign", "tanh_n": "tanh, normalised"}
AXES = {
    "upper": "98th percentile, and deviation",
    "gradient": "deviation of the gradient",
    "weight_gradient": "deviation of the weight gradient",
}
DASHED = {"upper": "deviation"}
"""What is drawn beside a quantity, dashed."""
EXAMPLES, AMONG, GAP = 8, 300, 2
"""So many images of each class are shown, of the first so many, with so many pixels between."""


def examples_of_each_class(run: Run) -> "Figure":
    """Rows of small images: one or two grey shapes each, the second in part before the first."""
    seed = run.settings["experiment"]["seed"]
    pictures, labels = shapeset.images(seed, "train", 0, AMONG)
    side, step = shapeset.SIDE, shapeset.SIDE + GAP
    sheet = np.full((step * len(shapeset.COMBINATIONS) - GAP, step * EXAMPLES - GAP), np.nan)
    for label in range(len(shapeset.COMBINATIONS)):
        for at, picture in enumerate(pictures[labels == label][:EXAMPLES]):
            rows, columns = (slice(step * place, step * place + side) for place in (label, at))
            sheet[rows, columns] = picture.reshape(side, side)
    figure, axes = plt.subplots()
    axes.imshow(sheet, cmap="gray", vmin=0, vmax=255)  # a gap has no colour
    axes.set_xticks([])
    axes.set_yticks(
        [step * label + side / 2 for label in range(len(shapeset.COMBINATIONS))],
        [" + ".join(shapes) for shapes in shapeset.COMBINATIONS],
        fontsize="x-small",
    )
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    return figure


def saturation_in_training(run: Run) -> "Figure":
    """Percentiles and deviations of activations by update: softsign's stay lower than tanh's."""
    return by_update(run, tuple(LABELS), "upper")


def backward_gradients_in_training(run: Run) -> "Figure":
    """Gradients of preactivations by update: apart at the start, soon in another order."""
    return by_update(run, ("tanh", "tanh_n"), "gradient")


def weight_gradients_in_training(run: Run) -> "Figure":
    """Weight gradients by update: level at the start, apart in training."""
    return by_update(run, ("tanh", "tanh_n"), "weight_gradient")


def by_update(run: Run, arms: tuple[str, ...], quantity: str) -> "Figure":
    """Draw a quantity of each layer by update, a panel per arm."""
    figure, subplots = plt.subplots(1, len(arms), sharey=True)
    for axes, arm in zip(subplots, arms, strict=True):
        rows = run.tables["layers"].where(arm=arm)
        for layer, of_layer in sorted(rows.groups("layer").items()):
            colour = f"C{layer - 1}"
            for name, style in ((quantity, "o-"), (DASHED.get(quantity, ""), "--")):
                if name:
                    label = str(layer) if name == quantity else "_"
                    rows_of_name = of_layer.where(quantity=name)
                    curve(
                        axes, rows_of_name, "updates", style, reach=None, color=colour, label=label
                    )
        updates = rows.column("updates")
        places = [0, max(updates) // 2, max(updates)]
        axes.set_xticks(places, [f"{place / 1000:g}" for place in places])
        axes.set_title(LABELS[arm].replace(", ", ",\n"), fontsize="medium")
        if "gradient" in quantity:
            axes.set_yscale("log")
    subplots[0].set_ylabel(AXES[quantity])
    figure.supxlabel("thousands of updates", fontsize="medium")
    shared_legend(figure, 5, title="layer")
    return figure


def activations_at_the_start(run: Run) -> "Figure":
    """Histograms before training: with the common initialisation they narrow layer by layer."""
    return histograms(run, ("tanh", "tanh_n"), at=0)


def activations_at_the_end(run: Run) -> "Figure":
    """Histograms after the last update: how many activations lie near the ends."""
    return histograms(run, ("tanh", "softsign"), at=-1)


def histograms(run: Run, arms: tuple[str, ...], at: int) -> "Figure":
    """Draw the activations of each layer at the first or the last mark, a panel per arm."""
    figure, subplots = plt.subplots(1, len(arms), sharey=True)
    for axes, arm in zip(subplots, arms, strict=True):
        marks = run.tables["histograms"].where(arm=arm).groups("updates")
        for layer, rows in sorted(marks[sorted(marks)[at]].groups("layer").items()):
            colour, label = f"C{layer - 1}", str(layer)
            curve(axes, rows, "activation", "-", reach=None, color=colour, label=label)
        axes.set_title(LABELS[arm].replace(", ", ",\n"), fontsize="medium")
        axes.set(xlabel="activation", yscale="log", ylim=(1e-4, 1))
    subplots[0].set_ylabel("share")
    shared_legend(figure, 5, title="layer")
    return figure


def errors_in_training(run: Run) -> "Figure":
    """Test error by update: tanh with normalised weights learns first, then softsign."""
    figure, axes = plt.subplots()
    for arm, label in LABELS.items():
        curve(axes, run.tables["curves"].where(arm=arm), "updates", "o-", label=label)
    axes.set(xlabel="updates", ylabel="test error (per cent)")
    axes.legend(loc="lower left")
    return figure


FIGURES = (
    examples_of_each_class,
    saturation_in_training,
    activations_at_the_end,
    activations_at_the_start,
    backward_gradients_in_training,
    weight_gradients_in_training,
    errors_in_training,
)
