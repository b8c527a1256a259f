"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {"forward": "1/fan_in", "backward": "1/fan_out", "compromise": "1/average"}


def factors_by_layer(run: Run) -> "Figure":
    """Factors of each layer that narrows: one variance is level upwards, another downwards."""
    figure, both = plt.subplots(1, 2, sharey=True)
    for axes, way, title in zip(both, ("up", "down"), ("signal", "gradient"), strict=True):
        for (name, label), marker in zip(NAMES.items(), ("o", "s", "^"), strict=True):
            rows = [r for r in run.tables["factors"] if (r["variance"], r["way"]) == (name, way)]
            axes.errorbar(
                [row["layer"] for row in rows],
                [row["mean"] for row in rows],
                [row["half_width"] for row in rows],
                fmt=f"{marker}--",
                label=label,
            )
        axes.set(xlabel="layer", title=title)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    both[0].set(ylabel="factor of the mean square", ylim=(0, None))
    both[0].legend()
    return figure


FIGURES = (factors_by_layer,)
