"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve, integer_axis, label_ends
from study.record.results import Run
from study.theory.glorot import STANDARD

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {
    "signal": "signal, over\nthe images'",
    "gradient": "gradient, over\nthe last layer's",
    "weight_gradient": "weight gradient,\nover both",
}


def mean_squares_by_layer(run: Run) -> "Figure":
    """Mean squares by layer: signal and gradient fall either way, weight gradients are level."""
    figure, axes = plt.subplots()
    depth = run.settings["experiment"]["hidden"]
    for index, (name, marker) in enumerate(zip(NAMES, ("o", "s", "^"), strict=True)):
        rows = run.tables["layers"].where(quantity=name)
        layers = rows.column("layer")
        powers = {
            "signal": layers,
            "gradient": [depth - layer for layer in layers],
            "weight_gradient": [depth - 1] * depth,
        }[name]
        laws = [STANDARD**power for power in powers]
        axes.plot(layers, laws, "--", color=f"C{index}")
        curve(axes, rows, layers, marker, scale=laws, color=f"C{index}", label=NAMES[name])
    axes.set_yscale("log")
    axes.set(xlabel="hidden layer", ylabel="mean square")
    integer_axis(axes)
    label_ends(axes)
    return figure


FIGURES = (mean_squares_by_layer,)
