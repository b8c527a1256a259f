"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve, ticks
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "kaiming_linear": "2/n, linear",
    "kaiming_tanh": "2/n, tanh",
    "kaiming_relu": "2/n, ReLU",
    "glorot_linear": "1/n, linear",
    "glorot_tanh": "1/n, tanh",
    "glorot_relu": "1/n, ReLU",
}


def second_moment_by_layer(run: Run) -> "Figure":
    """Second moment by layer at 1/n and 2/n: ReLU wants 2/n, linear layers want 1/n."""
    figure, axes = plt.subplots()
    colours = {"linear": "C0", "tanh": "C1", "relu": "C2"}
    schemes = run.settings["experiment"]["schemes"]
    for name, rows in run.tables["layers"].groups("arm", first=LABELS).items():
        style, label = "--" if name.startswith("glorot") else "-", LABELS.get(name, name)
        colour = colours[schemes[name]["activation"]]
        curve(axes, rows, "layer", style, reach=None, color=colour, label=label)
    axes.set_yscale("symlog", base=2, linthresh=4, linscale=0.6)
    powers = (8, 32, 128, 512)
    ticks(axes, y=[*(-power for power in powers), 0, *powers])
    axes.set(xlabel="layer", ylabel="log₂ of the second moment", ylim=(-(2**11), 2**15))
    axes.legend(ncols=2, fontsize="small")
    return figure


FIGURES = (second_moment_by_layer,)
