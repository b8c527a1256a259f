"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import estimates
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def funnel_of_two_fans(run: Run) -> "Figure":
    """Through a narrowing network, fan_in keeps the signal and fan_out the gradient, not both."""
    figure, axes = plt.subplots()
    for shift, name, marker in ((-1 / 16, "fan_in", "o"), (1 / 16, "fan_out", "s")):
        values = [run.values[f"funnel_{way}.{name}"] for way in ("forward", "backward")]
        label = f"variance 2/{name}"
        estimates(axes, [shift, 1 + shift], values, marker, capsize=3, label=label)
    axes.axhline(1, linestyle="--", color="C2")
    axes.set_yscale("log")
    axes.set_xticks([0, 1], ["signal,\nlast layer over first", "gradient,\nfirst layer over last"])
    axes.set(xlim=(-0.5, 1.5), ylabel="second moment, relative")
    axes.legend()
    return figure


FIGURES = (funnel_of_two_fans,)
