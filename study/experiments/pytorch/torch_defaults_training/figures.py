"""Functions of a finished run."""

from math import log
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.lab.mnist import CLASSES
from study.record.drawing import curve, label, label_ends, level, shared_legend, stacked
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "deep_default": "8 layers,\ntorch's default",
    "deep_he": "8 layers,\nHe",
    "shallow_default": "3 layers,\ntorch's default",
    "shallow_he": "3 layers,\nHe",
}
COURSES = {
    "fixed": "descent,\nrate 0.1",
    "descent": "descent,\nown rate",
    "adam": "Adam,\nown rate",
}


def losses_from_two_starts(run: Run) -> "Figure":
    """Loss by step: 8 layers stay at chance from torch's defaults and learn from He's."""
    figure, axes = plt.subplots()
    fixed = run.tables["losses"].where(course="fixed")
    for name, rows in fixed.groups("network", first=LABELS).items():
        style, text = "-" if "deep" in name else "--", LABELS.get(name, name)
        curve(axes, rows, "step", style, reach=None, label=text)
    level(axes, log(CLASSES))
    label(axes, "of a guess, ln 10", (fixed.column("step")[-1] / 3, log(CLASSES)), (0, 4))
    axes.set(xlabel="step", ylabel="loss", ylim=(0, 1.2 * log(CLASSES)))
    label_ends(axes)
    return figure


def losses_by_optimiser(run: Run) -> "Figure":
    """Loss of 8 layers by step, for plain descent at two rates and for Adam, from two starts."""
    figure, panels = stacked(len(COURSES))
    for axes, (course, title) in zip(panels, COURSES.items(), strict=True):
        for name in ("deep_default", "deep_he"):
            rows = run.tables["losses"].where(course=course, network=name)
            curve(axes, rows, "step", "-", reach=None, label=LABELS[name].replace("\n", " "))
        level(axes, log(CLASSES))
        axes.set(title=title.replace("\n", " "), ylabel="loss", ylim=(0, None))
    panels[-1].set_xlabel("step")
    shared_legend(figure)
    return figure


FIGURES = (losses_from_two_starts, losses_by_optimiser)
