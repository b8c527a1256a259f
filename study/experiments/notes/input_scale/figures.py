"""Functions of a finished run."""

from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

from study.record.drawing import curve, legend_above, ticks
from study.record.results import NO_ROWS, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "standardised": "standardised",
    "unit_range": "0 to 1",
    "bytes": "0 to 255",
    "mixed": "half of the pixels × 1000",
}


OPTIMISERS = {
    "descent": "plain descent: learning rate, in units of 2/λ",
    "adam": "Adam: learning rate",
}


def error_by_learning_rate(run: Run) -> "Figure":
    """Error by learning rate and input scale, by plain descent above and by Adam below."""
    width, height = plt.rcParams["figure.figsize"]
    figure, panels = plt.subplots(2, figsize=(width, 1.5 * height))
    optimisers = run.tables.get("learning_rates", NO_ROWS).groups("optimiser")
    for axes, (optimiser, xlabel) in zip(panels, OPTIMISERS.items(), strict=True):
        inputs = optimisers.get(optimiser, NO_ROWS).groups("input")
        for name, rows in inputs.items():
            label = LABELS.get(name, name)
            look: dict[str, Any] = {"within": (0, 100), "capsize": 2, "label": label}
            curve(axes, rows, "learning_rate", "o-", scale=100, **look)
        axes.set_xscale("log")
        axes.set(xlabel=xlabel, ylabel="validation error, per cent", ylim=(0, 100))
    ticks(panels[0], x=(1, 10, 100, 1000))
    ticks(panels[1], x=(0.0001, 0.001, 0.01))
    legend_above(panels[0])
    return figure


FIGURES = (error_by_learning_rate,)
