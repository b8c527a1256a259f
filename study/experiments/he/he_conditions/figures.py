"""Functions of a finished run."""

from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

from study.experiments.he.he_conditions.method import PLACES
from study.record.results import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure


def gradient_by_depth(run: Run) -> "Figure":
    """Xavier's gradients over He's against depth: half a power of two per layer, in all layers."""
    figure, axes = plt.subplots()
    for at, (place, marker) in enumerate(zip(PLACES, ("o", "s", "^"), strict=True)):
        rows: list[Mapping[str, Any]] = [
            row for row in run.tables["gradients"] if row["layer"] == place
        ]
        axes.errorbar(
            [row["depth"] + 0.6 * (at - 1) for row in rows],
            [row["mean"] for row in rows],
            [row["half_width"] for row in rows],
            fmt=marker,
            capsize=3,
            label=f"{place} layer",
        )
    depths = [row["depth"] for row in rows]
    axes.plot(depths, [-(depth - 1) / 2 for depth in depths], "--", label="−(L − 1)/2")
    axes.set(xlabel="layers L", ylabel="log₂ of Xavier's gradient over He's")
    axes.legend()
    return figure


FIGURES = (gradient_by_depth,)
