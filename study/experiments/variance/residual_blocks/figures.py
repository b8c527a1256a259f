"""Functions of a finished run."""

from math import log2
from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure


def doubling_or_level(run: Run) -> "Figure":
    """Second moment by block: doubled by each unscaled branch, nearly level with scaled ones."""
    figure, axes = plt.subplots()
    settings = run.settings["experiment"]
    for name, power in settings["power"].items():
        rows: list[Mapping[str, Any]] = [r for r in run.tables["blocks"] if r["arm"] == name]
        blocks = [row["block"] for row in rows]
        axes.plot(blocks[::2], [row["mean"] for row in rows][::2], "o", markersize=3, label=name)
        law = [block * log2(1 + settings["blocks"] ** (-2 * power)) for block in blocks]
        axes.plot(blocks, law, "--", color=axes.lines[-1].get_color())
    axes.set(xlabel="block", ylabel="log₂ of the second moment")
    axes.legend(title="branches")
    return figure


FIGURES = (doubling_or_level,)
