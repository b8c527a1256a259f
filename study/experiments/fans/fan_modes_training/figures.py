"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "fan_in": "fan_in",
    "average": "average",
    "fan_out": "fan_out",
    "fan_out_but_last": "fan_out, last fan_in",
}
MARKS = dict(zip(LABELS, "os^v", strict=True))
COLOURS = dict(zip(LABELS, ("C0", "C1", "C3", "C2"), strict=True))


def updates_by_learning_rate(run: Run) -> "Figure":
    """Updates to the same loss by learning rate: fan_out needs more, and fails at large rates."""
    figure, axes = plt.subplots()
    wide = run.settings["experiment"]["networks"]["wide"]
    modes = dict.fromkeys(mode for mode in (*LABELS, *wide["modes"]) if mode in wide["modes"])
    for at, mode in enumerate(modes):
        rows = [row for row in run.tables["rates"] if row["mode"] == mode]
        axes.errorbar(
            [float(row["learning_rate"]) for row in rows],
            [float(row["mean"]) for row in rows],
            [float(row["half_width"]) for row in rows],
            fmt=MARKS.get(mode, "D") + "-",
            color=COLOURS.get(mode, f"C{at + 1}"),
            capsize=3,
            label=LABELS.get(mode, mode),
        )
    axes.axhline(wide["updates"], linestyle=":", color="C4", label="not reached")
    axes.set_xscale("log")
    axes.set_xticks(wide["learning_rates"], [f"{rate:g}" for rate in wide["learning_rates"]])
    axes.minorticks_off()
    axes.set(xlabel="learning rate", ylabel="updates", ylim=(0, 1.1 * wide["updates"]))
    axes.legend()
    return figure


FIGURES = (updates_by_learning_rate,)
