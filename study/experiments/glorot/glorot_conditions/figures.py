"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

from study.record.results import Run
from study.theory.glorot import STANDARD

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {
    "signal": "activations over images",
    "gradient": "gradients over the last layer's",
    "weight_gradient": "weight gradients over both",
}


def mean_squares_by_layer(run: Run) -> "Figure":
    """Mean squares by layer: signal and gradient fall either way, weight gradients are level."""
    figure, axes = plt.subplots()
    depth = run.settings["experiment"]["hidden"]
    for at, (name, marker) in enumerate(zip(NAMES, ("o", "s", "^"), strict=True)):
        rows = [row for row in run.tables["layers"] if row["quantity"] == name]
        layers = [row["layer"] for row in rows]
        powers = {
            "signal": layers,
            "gradient": [depth - layer for layer in layers],
            "weight_gradient": [depth - 1] * depth,
        }[name]
        laws = [STANDARD**power for power in powers]
        axes.plot(layers, laws, "--", color=f"C{at}")
        axes.errorbar(
            layers,
            [row["mean"] * law for row, law in zip(rows, laws, strict=True)],
            [row["half_width"] * law for row, law in zip(rows, laws, strict=True)],
            fmt=marker,
            color=f"C{at}",
            label=NAMES[name],
        )
    axes.set_yscale("log")
    axes.set(xlabel="hidden layer", ylabel="mean square")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return figure


FIGURES = (mean_squares_by_layer,)
