"""Functions of a finished run."""

from math import log10
from typing import TYPE_CHECKING

from study.experiments.pytorch.torch_gains.claims import settled
from study.record.drawing import curve, shared_legend, stacked
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GAINS = {
    "selu": ("SELU, gain 3/4", 0.75, "o"),
    "selu_linear": ("SELU, gain 1", 1.0, "s"),
}


def selu_with_two_gains(run: Run) -> "Figure":
    """SELU by layer: the gain 3/4 keeps the gradient, the gain 1 keeps the signal."""
    figure, (upper_axes, lower_axes) = stacked(2)
    for axes, quantity in ((upper_axes, "signal"), (lower_axes, "gradient")):
        networks = run.tables["layers"].where(quantity=quantity).groups("network")
        for index, (name, (label, gain, marker)) in enumerate(GAINS.items()):
            if name not in networks:
                continue
            rows, colour = networks[name], f"C{index}"
            curve(
                axes, rows, "layer", marker, reach=None, markersize=2.5, color=colour, label=label
            )
            size, factor = settled("selu", gain)
            level = log10(size if quantity == "signal" else factor)
            if quantity == "signal":
                axes.axhline(level, linestyle="--", color=f"C{index}")
            else:
                layers, means = (rows.column(key) for key in ("layer", "mean"))
                law = [means[-1] + (layers[-1] - layer) * level for layer in layers]
                axes.plot(layers, law, "--", color=f"C{index}")
        axes.set(title=quantity, ylabel="log₁₀ of the\nsecond moment")
    lower_axes.plot([], [], "--", color="grey", label="laws")
    shared_legend(figure, columns=3)
    lower_axes.set_xlabel("layer")
    return figure


FIGURES = (selu_with_two_gains,)
