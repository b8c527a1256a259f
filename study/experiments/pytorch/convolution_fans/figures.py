"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.pytorch.convolution_fans.claims import backward, forward
from study.experiments.pytorch.convolution_fans.method import CircularConvolution
from study.record.drawing import estimates
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UPWARD = {
    "plain": "plain",
    "strided": "stride 2",
    "grouped": "4 groups",
    "depthwise": "depthwise",
    "transposed": "transposed",
    "upsampling": "transposed,\nstride 2",
}


def what_the_fans_of_torch_keep(run: Run) -> "Figure":
    """What the fan_in of torch keeps of signals and its fan_out of gradients, by kind of layer."""
    figure, axes = plt.subplots()
    series = {
        "forward": ("o", "images, 1/fan_in"),
        "forward_of_noise": ("s", "noise, 1/fan_in"),
        "backward": ("^", "gradient, 1/fan_out"),
    }
    kinds = run.settings["experiment"]["kinds"]
    names = [name for name in sorted(kinds, key=[*UPWARD, *kinds].index) if name != "uneven"]
    for index, (quantity, (marker, label)) in enumerate(series.items()):
        places = [place + (index - 1) / 5 for place in range(len(names))]
        values = [run.values[f"{quantity}.{name}"] for name in names]
        colour = estimates(axes, places, values, marker, capsize=3, label=label)
        law = backward if quantity == "backward" else forward
        for place, name in zip(places, names, strict=True):
            height = law(CircularConvolution(**kinds[name]))
            axes.plot([place - 0.1, place + 0.1], [height] * 2, color=colour)
    axes.axhline(1, linestyle="--", linewidth=0.8, color="C4")
    axes.set_yscale("log", base=2)
    labels = [UPWARD.get(name, name) for name in names]
    axes.set_xticks(range(len(names)), labels, fontsize=8)
    axes.set(ylabel="factor of the second moment")
    axes.legend(loc="lower left")
    return figure


FIGURES = (what_the_fans_of_torch_keep,)
