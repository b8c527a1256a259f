"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve, label, label_ends, level, ticks
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "fan_in": "fan_in",
    "average": "average",
    "fan_out": "fan_out",
    "fan_out_but_last": "fan_out,\nlast fan_in",
}
MARKS = dict(zip(LABELS, "os^v", strict=True))
COLOURS = dict(zip(LABELS, ("C0", "C1", "C3", "C2"), strict=True))


def updates_by_learning_rate(run: Run) -> "Figure":
    """Updates to the same loss by learning rate: fan_out needs more, and fails at large rates."""
    figure, axes = plt.subplots()
    wide = run.settings["experiment"]["networks"]["wide"]
    searched = run.tables["rates"].where(network="wide")
    for index, (mode, rows) in enumerate(searched.groups("mode", first=LABELS).items()):
        style = MARKS.get(mode, "D") + "-"
        look = {"color": COLOURS.get(mode, f"C{index + 1}"), "label": LABELS.get(mode, mode)}
        curve(axes, rows, "learning_rate", style, capsize=3, **look)
    level(axes, wide["updates"])
    label(axes, "not reached", (min(wide["learning_rates"]), wide["updates"]), (0, 4))
    axes.set_xscale("log")
    ticks(axes, x=wide["learning_rates"])
    axes.set(xlabel="learning rate", ylabel="updates", ylim=(0, 1.1 * wide["updates"]))
    label_ends(axes)
    return figure


FIGURES = (updates_by_learning_rate,)
