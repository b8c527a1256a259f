"""Functions of a finished run."""

from math import exp, inf, log10, sqrt
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.depth_direction.narrow_collapse.method import SLOPES
from study.record.drawing import banded_curve, label_ends, powers
from study.record.results import Run
from study.theory.activations import activation as smooth
from study.theory.direction import activation_gaps, log_sine_drift
from study.theory.mean_field import gap_map

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {"linear": "no\nactivation", "relu": "ReLU"}


def sine_by_layer(run: Run) -> "Figure":
    """Sin² of the angle by layer: beyond a depth of the width it falls as an exponential."""
    figure, axes = plt.subplots()
    settings = run.settings["experiment"]
    for name, kind in settings["arms"].items():
        rows = run.tables["layers"].where(arm=name)
        layers, label = rows.column("layer"), NAMES.get(name, name)
        colour = banded_curve(axes, rows, layers, reach="deviation", alpha=0.15, label=label)
        law = typical(settings["width"], settings["gap"], SLOPES[kind], len(layers))
        axes.plot(layers, law, "--", color=colour)
    gaps = activation_gaps(smooth("relu"), settings["gap"], 2.0, 0.0, len(layers))
    axes.plot(layers, [log10(gap * (2 - gap)) for gap in gaps], ":", label="ReLU,\ninfinite width")
    axes.set(xlabel="layer", ylabel="sin² of the angle")
    powers(axes.yaxis, 10)
    label_ends(axes)
    return figure


def typical(width: int, gap: float, slope: float, layers: int) -> list[float]:
    """Return the power of ten of sin² if every layer had the map of wide ones and the mean drift.

    Without an activation the map is the identity and this is the mean; for ReLU it leaves out that
    the map acts on a scattered gap.
    """
    drift, sine, powers = log_sine_drift(width, slope), gap * (2 - gap), []
    for _ in range(layers):
        if slope != 1:
            gap = gap_map(smooth("relu"), 1.0, sine / (1 + sqrt(1 - sine)))
            sine = gap * (2 - gap)
        sine *= exp(drift)
        powers.append(log10(sine) if sine else -inf)
    return powers


FIGURES = (sine_by_layer,)
