"""The figure of a trial."""

from typing import TYPE_CHECKING

import numpy as np

from study.record.drawing import integer_axis, powers, shared_legend, stacked
from study.trying.trial import Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = (("rms", "signal"), ("gradient", "gradient"), ("cosine", "cosine of two images"))


def layer_by_layer(trial: Trial) -> "Figure":
    """Root mean squares of signal and gradient, and the cosine of two images, layer by layer."""
    figure, panels = stacked(len(PANELS))
    for axes, (quantity, text) in zip(panels, PANELS, strict=True):
        is_size = quantity != "cosine"
        _curves(axes, trial, quantity, is_size=is_size)
        axes.set_ylabel(text)
        if is_size:
            powers(axes.yaxis)
    panels[-1].set_xlabel("layer or activation, in the order of the calls")
    integer_axis(panels[-1])
    shared_legend(figure)
    return figure


def _curves(axes: "Axes", trial: Trial, quantity: str, *, is_size: bool) -> None:
    """Draw each draw thin, the typical one thick, and mark the layers with weights."""
    places = np.arange(1, len(trial.layers) + 1)
    by_draw = [
        {record.name: getattr(record, quantity) for record in draw.records} for draw in trial.draws
    ]
    for at, numbers in enumerate(by_draw):
        curve = [numbers.get(layer.first.name, np.nan) for layer in trial.layers]
        label = "each draw" if at == 0 else None
        axes.plot(places, _scaled(curve, is_size=is_size), "C0", alpha=0.3, lw=0.8, label=label)
    curve = [getattr(layer, quantity) for layer in trial.layers]
    heights = _scaled(curve, is_size=is_size)
    axes.plot(places, heights, "C0", label="typical")
    marks = np.array([layer.first.fans is not None for layer in trial.layers])
    axes.plot(places[marks], heights[marks], "C1o", label="has weights")


def _scaled(numbers: list[float], *, is_size: bool) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return binary logarithms of sizes, with gaps where there are none, or numbers as they are."""
    values = np.array(numbers, dtype=np.float64)
    if not is_size:
        return values
    with np.errstate(divide="ignore"):
        logarithms = np.log2(values)
    return np.where(np.isfinite(logarithms), logarithms, np.nan)
