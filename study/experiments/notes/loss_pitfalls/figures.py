"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import legend_above
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def what_each_loss_asks_for(run: Run) -> "Figure":
    """Two parabolas: right loss lowest at the targets, the one without squeeze at a constant."""
    figure, axes = plt.subplots()
    rows = run.tables["following"]
    for key, label, marker in (
        ("right", "with squeeze", "o"),
        ("forgotten", "without squeeze", "s"),
    ):
        axes.plot(rows.column("follows"), rows.column(key), marker, label=label)
    grid = [per_cent / 100 for per_cent in range(-50, 151)]
    axes.plot(grid, [(1 - t) ** 2 for t in grid], "--", color="C0")
    axes.plot(grid, [1 + t**2 for t in grid], "--", color="C1")
    axes.plot([], [], "--", color="grey", label="laws, (1 − t)² and 1 + t²")
    axes.set(
        xlabel="how far the outputs follow the targets, t",
        ylabel="loss over the variance of the targets",
        ylim=(-0.1, 3.4),
    )
    legend_above(axes)
    return figure


FIGURES = (what_each_loss_asks_for,)
