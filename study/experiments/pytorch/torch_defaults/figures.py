"""Functions of a finished run."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt

from study.experiments.pytorch.torch_defaults.method import PIXELS
from study.record.drawing import curve, integer_axis, legend_above
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def second_moments(width: int, depth: int, image: float) -> list[float]:
    """Return the second moment of each layer of the linear network, by the law of the chapter.

    Args:
        width: of the layers.
        depth: how many layers.
        image: mean square of the input, 0 for a blank one.

    >>> [round(q, 4) for q in second_moments(width=512, depth=2, image=1.0)]
    [0.3338, 0.0563]
    """
    moments = [image / 3 + 1 / (3 * PIXELS)]
    while len(moments) < depth:
        moments.append(moments[-1] / 6 + 1 / (3 * width))
    return moments


def signal_and_what_it_says(run: Run) -> "Figure":
    """With torch's defaults the signal settles on a floor while what tells images apart falls."""
    figure, axes = plt.subplots()
    size = run.settings["experiment"]["linear"]
    series = {
        "second_moment": ("second moment, for an image", "o"),
        "of_biases": ("second moment, for a blank image", "s"),
        "image_variance": ("variance across images", "^"),
    }
    for quantity, (label, marker) in series.items():
        rows = run.tables["layers"].where(quantity=quantity)
        curve(axes, rows, "layer", marker, markersize=4, label=label)
    layers, differences = rows.column("layer"), rows.column("mean")
    law = second_moments(size["width"], size["depth"], image=1.0)
    axes.plot(layers, law, "--", color="C0")
    start = len(differences) // 2
    with np.errstate(over="ignore"):  # a network of 800 layers begins with infinity
        sixths = differences[start] * np.power(6.0, start - np.arange(len(differences)))
    axes.plot(layers, sixths, "--", color="C2")
    axes.set_yscale("log")
    axes.set(xlabel="layer", ylabel="size of preactivations")
    axes.plot([], [], "--", color="grey", label="laws")
    integer_axis(axes)
    legend_above(axes, columns=1)
    return figure


def gradient_with_defaults(run: Run) -> "Figure":
    """With torch's defaults the gradient shrinks sixfold per layer on its way down."""
    figure, axes = plt.subplots()
    rows = run.tables["layers"].where(quantity="gradient_second_moment")
    curve(axes, rows, "layer", label="measured")
    layers, means = rows.column("layer"), rows.column("mean")
    law = [means[-1] * 6.0 ** (layer - layers[-1]) for layer in layers]
    axes.plot(layers, law, "--", color="C0", label="a sixth per layer")
    axes.set_yscale("log")
    axes.set(xlabel="layer", ylabel="second moment of the gradient")
    integer_axis(axes)
    axes.legend()
    return figure


FIGURES = (signal_and_what_it_says, gradient_with_defaults)
