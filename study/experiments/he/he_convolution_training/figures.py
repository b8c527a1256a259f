"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def error_by_update(run: Run) -> "Figure":
    """Error by update of convolutional networks: the deeper one stalls from Xavier's weights."""
    networks = run.tables["errors"].groups("network")
    figure, (panels,) = plt.subplots(1, len(networks), sharey=True, squeeze=False)
    for (name, rows), axes in zip(networks.items(), panels, strict=True):
        for arm, arm_rows in rows.groups("arm").items():
            curve(axes, arm_rows, "update", "o-", capsize=3, label=arm)
        layers = run.settings["experiment"]["networks"][name]["convolutions"] + 3
        axes.set(title=f"{layers} layers", xlabel="update")
    panels[0].set(ylabel="validation error", ylim=(0, 1))
    panels[-1].legend()
    return figure


FIGURES = (error_by_update,)
