"""Functions of a finished run."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve, legend_above
from study.record.results import NO_ROWS, Run

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
    arms = run.tables["losses"].groups("arm")
    for name, (label, colour) in LINES.items():
        rows = arms.get(name, NO_ROWS)
        curve(axes, rows, "step", "-", reach=None, color=colour, label=label)
    for index, (name, (label, colour)) in enumerate(DOTS.items()):
        rows = arms.get(name, NO_ROWS)
        every = max(2, len(rows) // 10)
        dots = rows[index * every // len(DOTS) :: every]  # so that no dot covers another
        curve(axes, dots, "step", reach=None, color=colour, label=label)
    axes.set(xlabel="step", ylabel="loss of the minibatch")
    axes.set_ylim(bottom=0)
    legend_above(axes)
    return figure


FIGURES = (loss_by_weight_scale,)
