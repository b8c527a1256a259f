"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def error_by_update(run: Run) -> "Figure":
    """Error by update of convolutional networks: the deeper one stalls from Xavier's weights."""
    table = run.tables["errors"]
    names = list(dict.fromkeys(str(row["network"]) for row in table))
    figure, panels = plt.subplots(1, len(names), sharey=True, squeeze=False)
    for name, axes in zip(names, panels[0], strict=True):
        for arm in dict.fromkeys(row["arm"] for row in table):
            own = [row for row in table if (row["network"], row["arm"]) == (name, arm)]
            at, means, half = (
                [float(row[key]) for row in own] for key in ("update", "mean", "half_width")
            )
            axes.errorbar(at, means, yerr=half, marker="o", capsize=3, label=arm)
        layers = run.settings["experiment"]["networks"][name]["convolutions"] + 3
        axes.set(title=f"{layers} layers", xlabel="update")
    panels[0][0].set(ylabel="validation error", ylim=(0, 1))
    panels[0][-1].legend()
    return figure


FIGURES = (error_by_update,)
