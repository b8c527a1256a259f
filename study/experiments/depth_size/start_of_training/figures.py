"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve, label, label_ends, level, ticks
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "he": ("He, normal", "C0o-"),
    "he_uniform": ("He, uniform", "C0s-"),
    "corrected": ("truncated,\ncorrected", "C0^-"),
    "truncated": ("truncated", "C1o--"),
    "halved": ("half the\nvariance", "C3s--"),
    "doubled": ("twice the\nvariance", "C4^:"),
}


def updates_by_depth(run: Run) -> "Figure":
    """Updates to 20 per cent of accuracy by depth: the wrong sizes reach the cap."""
    figure, axes = plt.subplots()
    for index, (arm, rows) in enumerate(run.tables["updates"].groups("arm", first=LABELS).items()):
        text, style = LABELS.get(arm, (arm, "C2d-"))
        # Intervals side by side.
        positions = [depth * 1.03 ** (index - 2.5) for depth in rows.column("depth")]
        curve(axes, rows, positions, style, capsize=3, label=text)
    cap, depths = (run.settings["experiment"][name] for name in ("updates", "depths"))
    level(axes, cap)
    label(axes, "given up", (depths[0], cap), (0, 4))
    axes.set(xlabel="layers, and units of each", ylabel="updates", xscale="log", yscale="log")
    ticks(axes, x=depths)
    axes.set_ylim(5, 1.5 * cap)
    label_ends(axes)
    return figure


FIGURES = (updates_by_depth,)
