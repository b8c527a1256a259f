"""Functions of a finished run."""

from math import log2
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve, label_ends, powers
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {"unscaled": "branches\nas they are", "scaled": "branches\nscaled"}


def doubling_or_level(run: Run) -> "Figure":
    """Second moment by block: doubled by each unscaled branch, nearly level with scaled ones."""
    figure, axes = plt.subplots()
    settings = run.settings["experiment"]
    for name, power in settings["power"].items():
        rows = run.tables["blocks"].where(arm=name)
        colour = curve(
            axes, rows[::2], "block", reach=None, markersize=3, label=NAMES.get(name, name)
        )
        blocks = rows.column("block")
        law = [block * log2(1 + settings["blocks"] ** (-2 * power)) for block in blocks]
        axes.plot(blocks, law, "--", color=colour)
    axes.set(xlabel="block", ylabel="second moment")
    powers(axes.yaxis)
    label_ends(axes)
    return figure


FIGURES = (doubling_or_level,)
