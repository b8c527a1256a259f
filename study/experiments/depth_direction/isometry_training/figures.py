"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKED = (30, 100, 300)
"""Updates that have a mark on their axis."""


def _updates(run: Run, activation: str) -> "Figure":
    figure, axes = plt.subplots()
    kind = run.settings["experiment"]["kinds"][activation]
    for arm, marker in (("orthogonal", "o"), ("gaussian", "s")):
        own = [
            row
            for row in run.tables["updates"]
            if row["activation"] == activation and row["arm"] == arm
        ]
        depths, means, half = (
            [float(row[key]) for row in own] for key in ("depth", "mean", "half_width")
        )
        label = "Gaussian" if arm == "gaussian" else arm
        axes.errorbar(depths, means, yerr=half, marker=marker, capsize=3, label=label)
    axes.axhline(kind["cap"], color="grey", linewidth=1, linestyle=":")
    axes.set(xlabel="layers", ylabel="updates", xscale="log", yscale="log")
    axes.set_xticks(kind["depths"], [str(depth) for depth in kind["depths"]])
    axes.set_yticks(MARKED, [str(updates) for updates in MARKED])
    axes.minorticks_off()
    axes.legend()
    return figure


def linear_updates(run: Run) -> "Figure":
    """Updates by depth without activation: level for orthogonal weights, rising for Gaussian."""
    return _updates(run, "linear")


def tanh_updates(run: Run) -> "Figure":
    """Updates by depth with tanh: fewer from orthogonal weights, but they rise as well."""
    return _updates(run, "tanh")


FIGURES = (linear_updates, tanh_updates)
