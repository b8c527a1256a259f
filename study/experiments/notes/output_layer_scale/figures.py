"""Functions of a finished run."""

from collections.abc import Mapping
from math import sqrt
from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACTIVATIONS = {"linear": "no ReLU", "relu": "ReLU", "shifted": "ReLU minus 0.5"}
SIZES = {"simplified": "randn/√m", "he": "randn·√(2/m)", "unscaled": "randn"}


def first_layer_on_its_laws(run: Run) -> "Figure":
    """First layer's deviation and mean over the weights' size, on their laws, in three ways."""
    figure, axes = plt.subplots()
    arms = run.settings["experiment"]["arms"]
    for at, (kind, label) in enumerate(ACTIVATIONS.items()):
        for quantity, marker in (("deviation", "o"), ("mean", "s")):
            rows = [row for size in SIZES for row in _rows(run, f"{size}_{kind}", quantity)]
            sizes = [sqrt(arms[row["arm"]]["weight_variance"]) for row in rows]
            means, widths, laws = (
                [row[column] / size for row, size in zip(rows, sizes, strict=True)]
                for column in ("mean", "half_width", "law")
            )
            places = [place + 0.12 * (at - 1) for place in range(len(SIZES))]
            axes.errorbar(
                places, means, widths, fmt=marker, color=f"C{at}", label=f"{quantity}, {label}"
            )
            axes.plot(places, laws, "_", color=plt.rcParams["text.color"], markersize=11)
    axes.plot([], [], "_", color=plt.rcParams["text.color"], markersize=11, label="law")
    axes.set_xticks(range(len(SIZES)), list(SIZES.values()))
    axes.set(ylabel="over √m times the weights' deviation", ylim=(-0.2, 1.65))
    axes.legend(fontsize="small", ncols=2, loc="upper center")
    return figure


def _rows(run: Run, arm: str, quantity: str) -> list[Mapping[str, Any]]:
    """Return the rows of a quantity of an arm."""
    return [row for row in run.tables["arms"] if (row["arm"], row["quantity"]) == (arm, quantity)]


FIGURES = (first_layer_on_its_laws,)
