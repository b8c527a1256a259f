"""Functions of a finished run."""

from math import log
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.depth_direction.deep_training.method import DIGITS
from study.record.drawing import banded_curve, level
from study.record.results import NO_ROWS, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def loss_by_step(run: Run) -> "Figure":
    """Loss by step: the orthogonal network leaves the guess, the others stay."""
    losses = run.tables.get("losses", NO_ROWS)  # all networks may have diverged at once
    figure, axes = plt.subplots()
    for arm, rows in losses.groups("arm").items():
        banded_curve(axes, rows, "step", ".-", label=arm.replace("_", " "))
    level(axes, log(DIGITS))
    axes.set(xlabel="step", ylabel="cross-entropy")
    if losses:
        axes.legend()
    return figure


FIGURES = (loss_by_step,)
