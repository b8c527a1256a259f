"""Functions of a finished run."""

from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

from study.record.drawing import curve, legend_above, ticks
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "standardised": "standardised",
    "unit_range": "0 to 1",
    "bytes": "0 to 255",
    "mixed": "half of the pixels × 1000",
}


def error_by_learning_rate(run: Run) -> "Figure":
    """Error by learning rate and input scale; with large or mixed inputs no rate is a good one."""
    figure, axes = plt.subplots()
    inputs = run.tables["learning_rates"].groups("input")
    for name, rows in inputs.items():
        label = LABELS.get(name, name)
        look: dict[str, Any] = {"within": (0, 100), "capsize": 2, "label": label}
        curve(axes, rows, "learning_rate", "o-", scale=100, **look)
    axes.set_xscale("log")
    axes.set(
        xlabel="learning rate, in units of 2/λ of the inputs",
        ylabel="validation error, per cent",
        ylim=(0, 100),
    )
    ticks(axes, x=(1, 10, 100, 1000))
    legend_above(axes)
    return figure


FIGURES = (error_by_learning_rate,)
