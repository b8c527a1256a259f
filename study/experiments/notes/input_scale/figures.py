"""Functions of a finished run."""

from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

LABELS = {
    "standardised": "standardised",
    "unit_range": "0 to 1",
    "bytes": "0 to 255",
    "mixed": "half × 1000",
}


def error_by_learning_rate(run: Run) -> "Figure":
    """Error by learning rate and input scale; with large or mixed inputs no rate is a good one."""
    figure, axes = plt.subplots()
    names = list(dict.fromkeys(str(row["input"]) for row in run.tables["learning_rates"]))
    for name in names:
        rows: list[Mapping[str, Any]] = [
            row for row in run.tables["learning_rates"] if row["input"] == name
        ]
        axes.errorbar(
            [row["learning_rate"] for row in rows],
            [100 * row["mean"] for row in rows],
            [100 * row["half_width"] for row in rows],
            fmt="o-",
            capsize=2,
            label=LABELS.get(name, name),
        )
    axes.set_xscale("log")
    axes.set(
        xlabel="learning rate, in units of 2/λ of its inputs",
        ylabel="validation error, per cent",
        ylim=(0, 100),
    )
    figure.legend(loc="outside upper center", ncols=len(names))
    return figure


FIGURES = (error_by_learning_rate,)
