"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def updates_by_depth(run: Run) -> "Figure":
    """Updates to 20 per cent of accuracy by depth: the wrong sizes reach the cap."""
    figure, axes = plt.subplots()
    labels = {
        "he": ("He, normal", "o-"),
        "he_uniform": ("He, uniform", "s-"),
        "corrected": ("truncated, corrected", "^-"),
        "truncated": ("truncated", "o--"),
        "halved": ("half the variance", "s--"),
        "doubled": ("twice the variance", "^:"),
    }
    arms = run.settings["experiment"]["arms"]
    labels |= {arm: (arm, "d-") for arm in arms if arm not in labels}
    for at, (arm, (label, style)) in enumerate(labels.items()):
        own = [row for row in run.tables["updates"] if row["arm"] == arm]
        depths, means, half = (
            [float(row[key]) for row in own] for key in ("depth", "mean", "half_width")
        )
        beside = [depth * 1.03 ** (at - 2.5) for depth in depths]  # intervals side by side
        axes.errorbar(beside, means, yerr=half, fmt=style, capsize=3, label=label)
    cap = run.settings["experiment"]["updates"]
    axes.axhline(cap, color="grey", linewidth=1, linestyle=":")
    axes.set(xlabel="layers, and units of each", ylabel="updates", xscale="log", yscale="log")
    depths = run.settings["experiment"]["depths"]
    axes.set_xticks(depths, [str(depth) for depth in depths])
    axes.minorticks_off()
    axes.set_ylim(bottom=5)
    axes.legend(title="weights", fontsize="small", loc="lower right")
    return figure


FIGURES = (updates_by_depth,)
