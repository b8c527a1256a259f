"""Functions of a finished run."""

from math import sqrt
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve
from study.record.results import Rows, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACTIVATIONS = {"linear": "no ReLU", "relu": "ReLU", "shifted": "ReLU minus 0.5"}
SIZES = {"simplified": "randn/√m", "he": "randn·√(2/m)", "unscaled": "randn"}


def first_layer_on_its_laws(run: Run) -> "Figure":
    """First layer's deviation and mean over the weights' size, on their laws, in three ways."""
    figure, axes = plt.subplots()
    arms = run.settings["experiment"]["arms"]
    ink = plt.rcParams["text.color"]
    for index, (kind, label) in enumerate(ACTIVATIONS.items()):
        names = [f"{size}_{kind}" for size in SIZES]
        places = [place + 0.12 * (index - 1) for place in range(len(names))]
        sizes = [sqrt(arms[arm]["weight_variance"]) for arm in names]
        for quantity, marker in (("deviation", "o"), ("mean", "s")):
            table = run.tables["arms"].where(quantity=quantity)
            rows = Rows.from_rows([row for arm in names for row in table.where(arm=arm)])
            look = {"color": f"C{index}", "label": f"{quantity}, {label}"}
            curve(axes, rows, places, marker, scale=[1 / size for size in sizes], **look)
            laws = [law / size for law, size in zip(rows.column("law"), sizes, strict=True)]
            axes.plot(places, laws, "_", color=ink, markersize=11)
    axes.plot([], [], "_", color=ink, markersize=11, label="law")
    axes.set_xticks(range(len(SIZES)), list(SIZES.values()))
    axes.set(ylabel="over √m times the weights' deviation", ylim=(-0.2, 1.65))
    axes.legend(fontsize="small", ncols=2, loc="upper center")
    return figure


FIGURES = (first_layer_on_its_laws,)
