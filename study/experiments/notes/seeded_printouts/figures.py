"""Functions of a finished run."""

from math import sqrt
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import legend_above
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def spread_of_a_dot_product(run: Run) -> "Figure":
    """How much a dot product of 10 inputs spreads: draws about √10, the note's seed among them."""
    figure, axes = plt.subplots()
    axes.hist(run.tables["ratios"].column("ratio"), bins=25, alpha=0.6)
    law = sqrt(run.settings["experiment"]["note"]["fan_in"])
    note = run.values["spread_ratio_of_the_note.unscaled"].mean
    axes.axvline(law, linestyle="--", color="C1", label="law √n")
    axes.axvline(note, color="C2", label="the note's seed")
    axes.set(xlabel="deviation of the product over that of the input", ylabel="draws")
    legend_above(axes)
    return figure


FIGURES = (spread_of_a_dot_product,)
