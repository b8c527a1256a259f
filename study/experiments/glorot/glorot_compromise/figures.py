"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve, integer_axis, shared_legend
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {"forward": "1/fan_in", "backward": "1/fan_out", "compromise": "1/their average"}


def factors_by_layer(run: Run) -> "Figure":
    """Factors of each layer that narrows: one variance is level upwards, another downwards."""
    figure, panels = plt.subplots(1, 2, sharey=True)
    for axes, way, title in zip(panels, ("up", "down"), ("signal", "gradient"), strict=True):
        for (name, label), marker in zip(NAMES.items(), ("o", "s", "^"), strict=True):
            rows = run.tables["factors"].where(variance=name, way=way)
            curve(axes, rows, "layer", f"{marker}-", label=label)
        axes.set(xlabel="layer", title=f"of the {title}")
        integer_axis(axes)
    panels[0].set(ylabel="factor of the mean square", ylim=(0, None))
    shared_legend(figure, title="variance of the weights")
    return figure


FIGURES = (factors_by_layer,)
