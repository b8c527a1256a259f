"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMALLEST_SHOWN = 0.004
"""Below this share the figure would show the noise of the batches."""


def running_mean_by_step(run: Run) -> "Figure":
    """Distance of a running mean from the data's by step: straight lines on a logarithmic axis."""
    figure, axes = plt.subplots()
    for name, momentum in run.settings["experiment"]["momenta"].items():
        rows = run.tables["averages"].where(arm=name)
        law = [(1 - momentum) ** step for step in rows.column("step")]
        count = sum(share > SMALLEST_SHOWN for share in law)  # it falls from step to step
        label = f"momentum {momentum:g}"
        curve(axes, rows[:count], "step", law=law[:count], label=label)
    axes.set_yscale("log")
    axes.set(xlabel="batches seen", ylabel="share of the distance left")
    axes.legend()
    return figure


FIGURES = (running_mean_by_step,)
