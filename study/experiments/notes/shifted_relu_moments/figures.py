"""Functions of a finished run."""

from collections import Counter
from math import comb
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.notes.shifted_relu_moments.method import COUNTED
from study.record.drawing import label, legend_above
from study.record.results import NO_ROWS, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def what_the_shift_moves(run: Run) -> "Figure":
    """With the shift the mean goes to 0, the deviation stays, and the mean square falls."""
    figure, axes = plt.subplots()
    quantities = {
        "mean": "mean",
        "deviation": "deviation",
        "mean square\nover the input's": "second_moment_over_input",
    }
    for index, (arm, text) in enumerate((("he_relu", "ReLU"), ("he_shifted", "ReLU minus 0.5"))):
        means = [run.values[f"{quantity}.{arm}"].mean for quantity in quantities.values()]
        places = [place + (index - 0.5) * 0.36 for place in range(len(means))]
        bars = axes.bar(places, means, 0.32, color=f"C{index}", label=text)
        axes.bar_label(bars, fmt="%.2f", padding=2)
    axes.set_xticks(range(len(quantities)), list(quantities))
    axes.grid(visible=False, axis="x")
    axes.set(ylabel="mean over draws", ylim=(0, 1.2))
    legend_above(axes)
    return figure


def counts_of_one_hundred(run: Run) -> "Figure":
    """How often the shift won in each hundred of pairs, scattered about 50 as a fair coin's."""
    figure, axes = plt.subplots()
    law_at = range(30, 71)
    heads = [comb(COUNTED, count) / 2**COUNTED for count in law_at]
    axes.bar(law_at, heads, 0.8, color="C0", alpha=0.35, label="fair coin, 100 tosses")
    dots: Counter[int] = Counter()
    height = max(heads) / 14
    hundreds = run.tables["counts"].groups("pairs").get(COUNTED, NO_ROWS)
    for count in hundreds.column("shifted_nearer_one"):
        dots[count] += 1
        axes.plot(count, (dots[count] - 0.5) * height, "o", color="C1")
    axes.plot([], [], "o", color="C1", label="one hundred pairs of layers")
    axes.axvline(60, color="C2", linestyle="--")
    label(axes, "60: clear\nfrom here", (60, max(heads)), (4, 0), va="top", color="C2")
    axes.set(xlabel="of 100, how many are nearer to 1 with the shift", ylabel="probability")
    axes.set(ylim=(0, 1.05 * max(heads)))
    legend_above(axes, columns=1)
    return figure


FIGURES = (what_the_shift_moves, counts_of_one_hundred)
