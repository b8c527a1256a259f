"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import estimates, label_ends, ticks
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def error_by_scale_and_depth(run: Run) -> "Figure":
    """Error by weight scale: × 10 costs one hidden layer a part, × 10 or × 1/10 many nearly all."""
    figure, axes = plt.subplots()
    arms = run.settings["experiment"]["arms"]
    for kind, style in (("shallow", "o-"), ("deep", "s-")):
        names = [f"{kind}_{scale}" for scale in ("tenth", "one", "ten")]
        layers = arms[f"{kind}_one"]["hidden_layers"]
        label = f"{layers} hidden\nlayer{'s' if layers > 1 else ''}"
        values = [run.values[f"error.{name}"] for name in names]
        scales = [arms[name]["scale"] for name in names]
        estimates(axes, scales, values, style, within=(0, 1), capsize=3, label=label)
    axes.set_xscale("log")
    axes.set(xlabel="weights over the usual ones", ylabel="validation error", ylim=(0, 1.05))
    ticks(axes, x=scales)
    label_ends(axes)
    return figure


FIGURES = (error_by_scale_and_depth,)
