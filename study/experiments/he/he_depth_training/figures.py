"""Functions of a finished run."""

from math import log
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve
from study.record.results import Rows, Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def error_by_update(run: Run) -> "Figure":
    """Error by update: with more layers the two starts come further apart."""
    courses = run.tables["errors"].groups("course")
    panel_rows = {name: rows for name, rows in courses.items() if "slow" not in name}
    figure, (panels,) = plt.subplots(1, len(panel_rows), sharey=True, squeeze=False)
    for (name, rows), axes in zip(panel_rows.items(), panels, strict=True):
        draw_lines(axes, rows, "arm", "update")
        depth = run.settings["experiment"]["courses"][name]["depth"]
        axes.set(title=f"{depth} layers", xlabel="update")
    panels[0].set(ylabel="validation error")
    panels[-1].legend()
    return figure


def updates_by_depth(run: Run) -> "Figure":
    """Updates by depth: with Xavier's weights they grow much, most without biases; He's hardly."""
    figure, axes = plt.subplots()
    arms, updates = run.settings["experiment"]["arms"], run.tables["updates"]
    draw_lines(
        axes, Rows.from_rows([row for row in updates if row["ladder"] in arms]), "ladder", "depth"
    )
    start = updates.where(ladder="xavier_unbiased")
    depths = start.column("depth")
    law = [plateau(depth) for depth in depths]
    scaled_law = [start.column("mean")[0] * y / law[0] for y in law]
    axes.plot(depths, scaled_law, color="grey", linestyle="--", label="law, from the first on")
    axes.set(xlabel="layers", ylabel="updates to the target", yscale="log", xlim=(None, 45))
    axes.legend(loc="center right", bbox_to_anchor=(1.0, 0.51))
    return figure


def plateau(layers: float) -> float:
    """Return how long the plateau of a chain of layers is, but for a factor.

    >>> plateau(4.0)
    0.5
    """
    return (2 ** (layers / 2 - 1) - 1) / (layers - 2) if layers > 2 else log(2) / 2


def success_by_depth(run: Run) -> "Figure":
    """Share of networks that reach the target within an epoch, by depth."""
    figure, axes = plt.subplots()
    for index, ladder in enumerate(("he", "xavier")):
        rows = run.tables["updates"].where(ladder=ladder)
        share, half = rows.column("success"), rows.column("success_half_width")
        bars = [
            [min(h, s) for s, h in zip(share, half, strict=True)],
            [min(h, 1 - s) for s, h in zip(share, half, strict=True)],
        ]
        depths = [depth + index / 2 for depth in rows.column("depth")]
        axes.errorbar(depths, share, yerr=bars, marker="o", capsize=3, label=ladder)
    axes.set(xlabel="layers", ylabel="share within the budget", ylim=(-0.05, 1.05))
    axes.legend()
    return figure


def updates_by_rate(run: Run) -> "Figure":
    """Updates by learning rate: both starts share it, and the gap stays."""
    figure, axes = plt.subplots()
    rows = [row for row in run.tables["updates"] if "rates" in str(row["ladder"])]
    draw_lines(axes, Rows.from_rows(rows), "ladder", "learning_rate")
    axes.set(xlabel="learning rate", ylabel="updates to the target", xscale="log", yscale="log")
    axes.legend()
    return figure


def draw_lines(axes: "Axes", rows: Rows, group: str, x: str) -> None:
    """Draw the mean of each group of rows with its half width."""
    for name, ladder_rows in rows.groups(group).items():
        label = name.replace("_unbiased", ", no biases").removesuffix("_rates")
        curve(axes, ladder_rows, x, "o-", capsize=3, label=label)


FIGURES = (error_by_update, updates_by_depth, success_by_depth, updates_by_rate)
