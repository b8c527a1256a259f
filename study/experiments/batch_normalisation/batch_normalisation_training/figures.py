"""Functions of a finished run."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINES: Mapping[str, tuple[str, str]] = {
    "tenth": ("weights × 1/10", "C0"),
    "one": ("weights × 1", "C1"),
    "ten": ("weights × 10", "C2"),
}
DOTS: Mapping[str, tuple[str, str]] = {
    "tenth_matched": ("× 1/10, rate × 1/100", "C0"),
    "ten_matched": ("× 10, rate × 100", "C2"),
}


def loss_by_weight_scale(run: Run) -> "Figure":
    """Loss by step for three weight scales: one start, three speeds, one curve at matched rates."""
    figure, axes = plt.subplots()
    for name, (label, colour) in LINES.items():
        steps, losses = _curve(run, name)
        axes.plot(steps, losses, color=colour, label=label)
    for at, (name, (label, colour)) in enumerate(DOTS.items()):
        steps, losses = _curve(run, name)
        every = max(2, len(steps) // 10)
        shown = slice(at * every // len(DOTS), None, every)  # so that no dot covers another
        axes.plot(steps[shown], losses[shown], "o", color=colour, label=label)
    axes.margins(y=0.3)  # room for the legend
    axes.set(xlabel="step", ylabel="loss of the minibatch")
    axes.set_ylim(bottom=0)
    axes.legend(ncols=2, loc="upper right")
    return figure


def _curve(run: Run, name: str) -> tuple[list[Any], list[Any]]:
    """Return steps and mean losses of an arm; both empty if it was not trained."""
    rows = [row for row in run.tables["losses"] if row["arm"] == name]
    return [row["step"] for row in rows], [row["mean"] for row in rows]


FIGURES = (loss_by_weight_scale,)
