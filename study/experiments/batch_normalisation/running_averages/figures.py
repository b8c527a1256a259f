"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMALLEST_SHOWN = 0.004
"""Below this share the figure would show the noise of the batches."""


def running_mean_by_step(run: Run) -> "Figure":
    """Distance of a running mean from the data's by step: straight lines on a logarithmic axis."""
    figure, axes = plt.subplots()
    for name, momentum in run.settings["experiment"]["momenta"].items():
        rows = [row for row in run.tables["averages"] if row["arm"] == name]
        law = [(1 - momentum) ** row["step"] for row in rows]
        shown = [row for row, expected in zip(rows, law, strict=True) if expected > SMALLEST_SHOWN]
        steps = [row["step"] for row in shown]
        axes.errorbar(
            steps,
            [row["mean"] for row in shown],
            [row["half_width"] for row in shown],
            fmt="o",
            label=f"momentum {momentum:g}",
        )
        axes.plot(steps, law[: len(steps)], "--", color=axes.lines[-1].get_color())
    axes.set_yscale("log")
    axes.set(xlabel="batches seen", ylabel="share of the distance that is left")
    axes.legend()
    return figure


FIGURES = (running_mean_by_step,)
