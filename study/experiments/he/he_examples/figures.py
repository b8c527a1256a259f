"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def gradient_of_model_b(run: Run) -> "Figure":
    """Gradient of model B over the wanted one, from conv10 down: a deviation of 0.01 loses it."""
    figure, axes = plt.subplots()
    layers, ratios = (run.tables["model_b"].column(name) for name in ("layer", "ratio"))
    axes.plot(layers, ratios, "o-")
    axes.set_yscale("log")
    axes.set(xlabel="at the output of convolution", ylabel="gradient, over the wanted one")
    axes.set_xticks(layers)
    return figure


FIGURES = (gradient_of_model_b,)
