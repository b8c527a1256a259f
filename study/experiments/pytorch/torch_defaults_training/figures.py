"""Functions of a finished run."""

from math import log
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.pytorch.torch_defaults_training.method import DIGITS
from study.record.drawing import curve
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "deep_default": "8 layers, torch's default",
    "deep_he": "8 layers, He",
    "shallow_default": "3 layers, torch's default",
    "shallow_he": "3 layers, He",
}


def losses_from_two_starts(run: Run) -> "Figure":
    """Loss by step: 8 layers stay at chance from torch's defaults and learn from He's."""
    figure, axes = plt.subplots()
    for name, rows in run.tables["losses"].groups("network", first=LABELS).items():
        style, label = "-" if "deep" in name else "--", LABELS.get(name, name)
        curve(axes, rows, "step", style, reach=None, label=label)
    axes.axhline(log(DIGITS), linestyle=":", color="C4")
    axes.set(xlabel="step", ylabel="loss", ylim=(0, None))
    axes.legend(loc="center right")
    return figure


FIGURES = (losses_from_two_starts,)
