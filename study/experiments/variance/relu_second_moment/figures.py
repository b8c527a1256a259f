"""Functions of a finished run."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.ticker import LogLocator

from study.experiments.variance.relu_second_moment.claims import HALF, VARIANCE_LEFT
from study.record.drawing import (
    curve,
    estimates,
    integer_axis,
    label,
    label_along,
    label_ends,
)
from study.record.results import NO_ROWS, Run
from study.theory import variance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

VARIANCE_LABELS = {
    "four_over_n": "4/n",
    "two_over_n": "2/n",
    "one_over_n": "1/n",
    "third_over_n": "1/(3n)",
}


def second_moment_by_layer(run: Run) -> "Figure":
    """Preactivation second moment by layer: level at variance 2/n, halved per layer at 1/n."""
    figure = _by_layer(run, "preactivation_second_moment", start=0)
    figure.axes[0].set_ylabel("second moment of the preactivation")
    label_ends(figure.axes[0])
    return figure


def gradient_second_moment_by_layer(run: Run) -> "Figure":
    """Gradient second moment by layer: level at 2/n, halved per layer on its way down at 1/n."""
    figure = _by_layer(run, "preactivation_gradient_second_moment", start=-1)
    figure.axes[0].set_ylabel("second moment of the gradient")
    label_along(figure.axes[0])
    return figure


def what_a_relu_halves(run: Run) -> "Figure":
    """Shares left by a ReLU, by layer: half the second moment, a third of the variance, a mean."""
    figure, axes = plt.subplots()
    depth = run.settings["experiment"]["depth"]
    rows = run.tables["layers"].groups("arm").get("two_over_n", NO_ROWS)
    for text, quantity, law in (
        ("second moment", "activation_over_preactivation", HALF),
        ("variance", "activation_variance_over_preactivation_variance", VARIANCE_LEFT),
        ("squared mean", "activation_squared_mean_over_preactivation", HALF - VARIANCE_LEFT),
    ):
        colour = curve(axes, rows.where(quantity=quantity), "layer", capsize=2)
        axes.axhline(law, color=colour, linestyle="--")
        label(axes, text, (depth, law), (0, 6), ha="right")
    axes.set(xlabel="layer", ylabel="share that the ReLU leaves", ylim=(0, 0.62))
    integer_axis(axes)
    return figure


def factor_by_slope(run: Run) -> "Figure":
    """Factor per layer at variance 1/n against the slope a: both ways it follows (1 + a²)/2."""
    figure, axes = plt.subplots()
    arms = run.settings["experiment"]["arms"]
    unit = {name: arm["slope"] for name, arm in arms.items() if arm["weight_variance"] == 1}
    slopes = [per_cent / 100 for per_cent in range(101)]
    law = [variance.forward_factor(1.0, slope) for slope in slopes]
    axes.plot(slopes, law, "--", color="C2", label="law (1 + a²)/2")
    for quantity, shift, marker in (("forward", -0.008, "o"), ("backward", 0.008, "s")):
        values = [run.values[f"{quantity}_factor.{name}"] for name in unit]
        places = [slope + shift for slope in unit.values()]
        estimates(axes, places, values, marker, capsize=3, label=quantity)
    axes.set(xlabel="negative slope a", ylabel="factor per layer", ylim=(0.4, 1.1))
    axes.legend()
    return figure


def _by_layer(run: Run, quantity: str, *, start: int) -> "Figure":
    """Draw one second moment for each weight variance, on its law drawn from a layer."""
    figure, axes = plt.subplots()
    arms = run.settings["experiment"]["arms"]
    for name, text in VARIANCE_LABELS.items():
        if name not in arms:
            continue
        rows = run.tables["layers"].where(arm=name, quantity=quantity)
        layers, means = rows.column("layer"), rows.column("mean")
        # In NumPy what is beyond the largest float is infinite, in Python it is an error.
        arm = arms[name]
        factor = np.float64(variance.forward_factor(arm["weight_variance"], arm["slope"]))
        steps = [abs(layer - layers[start]) for layer in layers]
        with np.errstate(over="ignore", invalid="ignore"):
            law = [means[start] * variance.second_moment_after(step, factor) for step in steps]
        curve(axes, rows, layers, law=law, capsize=2, label=text)
    axes.set_yscale("log", base=2)
    axes.yaxis.set_major_locator(LogLocator(2**10))
    axes.minorticks_off()
    axes.set_xlabel("layer")
    integer_axis(axes)
    return figure


FIGURES = (
    what_a_relu_halves,
    second_moment_by_layer,
    gradient_second_moment_by_layer,
    factor_by_slope,
)
