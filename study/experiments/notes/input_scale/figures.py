"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "standardised": "standardised",
    "unit_range": "0 to 1",
    "bytes": "0 to 255",
    "mixed": "half × 1000",
}


def error_by_learning_rate(run: Run) -> "Figure":
    """Error by learning rate and input scale; with large or mixed inputs no rate is a good one."""
    figure, axes = plt.subplots()
    inputs = run.tables["learning_rates"].groups("input")
    for name, rows in inputs.items():
        label = LABELS.get(name, name)
        curve(axes, rows, "learning_rate", "o-", scale=100, capsize=2, label=label)
    axes.set_xscale("log")
    axes.set(
        xlabel="learning rate, in units of 2/λ of its inputs",
        ylabel="validation error, per cent",
        ylim=(0, 100),
    )
    figure.legend(loc="outside upper center", ncols=len(inputs))
    return figure


FIGURES = (error_by_learning_rate,)
