"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve, label, label_ends, level, ticks
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKS = (30, 100, 300)
"""Updates that have a mark on their axis."""


def _updates(run: Run, activation: str) -> "Figure":
    figure, axes = plt.subplots()
    kind = run.settings["experiment"]["kinds"][activation]
    for arm, style, text in (
        ("orthogonal", "o-", "orthogonal"),
        ("gaussian", "s-", "Gaussian"),
    ):
        rows = run.tables["updates"].where(activation=activation, arm=arm, input="standardised")
        curve(axes, rows, "depth", style, capsize=3, label=text)
    level(axes, kind["cap"])
    label(axes, "all updates allowed", (kind["depths"][0], kind["cap"]), (0, 4))
    axes.set(xlabel="layers", ylabel="updates", xscale="log", yscale="log")
    ticks(axes, x=kind["depths"], y=MARKS)
    axes.set_ylim(top=1.4 * kind["cap"])
    label_ends(axes)
    return figure


def linear_updates(run: Run) -> "Figure":
    """Updates by depth without activation: level for orthogonal weights, rising for Gaussian."""
    return _updates(run, "linear")


def tanh_updates(run: Run) -> "Figure":
    """Updates by depth with tanh: fewer from orthogonal weights, but they rise as well."""
    return _updates(run, "tanh")


FIGURES = (linear_updates, tanh_updates)
