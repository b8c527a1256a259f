"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def pixels_before_and_after(run: Run) -> "Figure":
    """Histogram of the training pixels; standardising changes the scale of its axis and no more."""
    figure, axes = plt.subplots()
    pixels = run.tables["pixels"]
    places, values = pixels.column("byte"), pixels.column("standardised")
    width = places[1] - places[0]
    axes.bar(places, pixels.column("share"), width=width, align="edge")
    step, start = (values[1] - values[0]) / width, values[0]
    top_axis = axes.secondary_xaxis(
        "top", functions=(lambda byte: start + step * byte, lambda x: (x - start) / step)
    )
    top_axis.set(xlabel="standardised pixel", xticks=range(3))
    axes.set_xticks(range(0, 251, 50))
    axes.set_yscale("log")
    axes.set(xlabel="pixel, as a byte", ylabel="share of the pixels")
    return figure


FIGURES = (pixels_before_and_after,)
