"""Functions of a finished run."""

from math import log
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.lab.mnist import CLASSES
from study.record.drawing import banded_curve, label_ends, level
from study.record.results import NO_ROWS, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "he_relu": "ReLU, He",
    "he_relu_rescaled": "ReLU, He,\nrescaled",
    "gaussian_tanh": "tanh,\nGaussian",
    "orthogonal_tanh": "tanh,\northogonal",
}
READINGS = ("_unit", "_adam")
"""How the names of the networks end that are trained otherwise; the figure leaves them out."""


def loss_by_step(run: Run) -> "Figure":
    """Loss by update: the orthogonal network leaves the guess, the others stay."""
    losses = run.tables.get("losses", NO_ROWS)  # all networks may have diverged at once
    figure, axes = plt.subplots()
    for arm, rows in losses.groups("arm", first=LABELS).items():
        if arm.rpartition("_")[0] in LABELS and arm.endswith(READINGS):
            continue
        banded_curve(axes, rows, "step", ".-", label=LABELS.get(arm, arm))
    level(axes, log(CLASSES))
    axes.set(xlabel="update", ylabel="cross-entropy")
    label_ends(axes)
    return figure


FIGURES = (loss_by_step,)
