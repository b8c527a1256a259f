"""Functions of a finished run."""

from math import log
from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

from study.experiments.depth_direction.ten_thousand_layers.claims import FACTOR, LARGEST
from study.lab.mnist import CLASSES
from study.record.drawing import curve, label, label_ends, legend_above, level, powers
from study.record.results import NO_ROWS, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def loss_by_update(run: Run) -> "Figure":
    """Loss by update: two networks without normalisation leave the guess, the controls do not."""
    figure, axes = plt.subplots()
    labels = {
        "orthogonal_tanh": "tanh,\northogonal",
        "gaussian_tanh": "tanh,\nGaussian",
        "fixup": "residual,\nFixup",
        "batch_normalised": "ReLU, batch-normalised",
    }
    arms = run.tables["losses"].groups("arm")
    look: dict[str, Any] = {"markersize": 3, "capsize": 3}
    for arm, text in labels.items():
        rows = arms.get(arm, NO_ROWS)  # one that diverged at once
        if len(rows) == 1:
            label(axes, text, (1, rows.column("mean")[0]), (6, 6), color=f"C{len(axes.lines)}")
        curve(axes, rows, "update", "o-", **look, label=text if len(rows) > 1 else None)
    level(axes, log(CLASSES))
    axes.set(xlabel="update", ylabel="cross-entropy", ylim=(0, 3.5))
    label_ends(axes)
    return figure


def powers_by_depth(run: Run) -> "Figure":
    """Powers of two by layers passed: a signal on its way up, a gradient on its way down."""
    figure, axes = plt.subplots()
    arms = run.tables["sizes"].groups("arm")
    for arm, text, per_layer in (
        ("plain_residual", "signal of the plain residual network", 0.25),
        ("batch_normalised", "gradient of the normalised network", log(FACTOR) / log(2) / 2),
    ):
        rows = arms.get(arm, NO_ROWS)
        colour = curve(axes, rows, "layers", reach=None, markersize=2, label=text)
        layers, means = rows.column("layers"), rows.column("mean")
        law = [means[0] + per_layer * layer for layer in layers]
        axes.plot(layers, law, "--", color=colour, linewidth=1)
    level(axes, LARGEST)
    label(axes, "end of float32", (0, LARGEST), (0, -4), va="top")
    axes.set(xlabel="layers passed", ylabel="root mean square")
    powers(axes.yaxis)
    legend_above(axes, 1)
    return figure


FIGURES = (loss_by_update, powers_by_depth)
