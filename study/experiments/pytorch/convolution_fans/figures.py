"""Functions of a finished run."""

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

from study.experiments.pytorch.convolution_fans.claims import backward, forward
from study.experiments.pytorch.convolution_fans.method import CircularConvolution
from study.record.drawing import shared_legend
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UPWARD = {
    "plain": "plain,\n1 group",
    "strided": "stride 2",
    "grouped": "4 groups",
    "depthwise": "depthwise",
    "transposed": "transposed",
    "upsampling": "transposed,\nstride 2",
}
ESTIMATE = ("mean", "half_width")


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
    for index, (quantity, (marker, text)) in enumerate(series.items()):
        places = [place + (index - 1) / 5 for place in range(len(names))]
        values = [run.values[f"{quantity}.{name}"] for name in names]
        means, reaches = ([getattr(value, part) for value in values] for part in ESTIMATE)
        look: dict[str, Any] = {"color": f"C{index}", "capsize": 3, "label": text}
        axes.errorbar(means, places, xerr=reaches, fmt=marker, **look)
        law = backward if quantity == "backward" else forward
        laws = [law(CircularConvolution(**kinds[name])) for name in names]
        axes.plot(laws, places, "|", color=f"C{index}", markersize=14)
    axes.plot([], [], "|", color="grey", markersize=14, label="law")
    axes.axvline(1, linestyle="--", linewidth=0.8, color="C4")
    axes.set_xscale("log", base=2)
    axes.set_yticks(range(len(names)), [UPWARD.get(name, name) for name in names])
    axes.invert_yaxis()
    axes.set_xticks([2.0**power for power in range(-6, 1, 2)])
    axes.xaxis.set_major_formatter(lambda factor, _: str(Fraction(factor)))
    axes.minorticks_off()
    axes.set(xlabel="factor of the second moment", ylabel="kind of convolution")
    shared_legend(figure)
    return figure


FIGURES = (what_the_fans_of_torch_keep,)
