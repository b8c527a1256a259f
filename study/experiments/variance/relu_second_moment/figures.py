"""Functions of a finished run."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

from study.experiments.variance.relu_second_moment.claims import HALF, VARIANCE_LEFT
from study.record.results import Run
from study.theory import variance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VARIANCE_LABELS = {
    "four_over_n": "4/n",
    "two_over_n": "2/n",
    "one_over_n": "1/n",
    "third_over_n": "1/(3n)",
}


def second_moment_by_layer(run: Run) -> "Figure":
    """Preactivation second moment by layer: level at variance 2/n, halved per layer at 1/n."""
    label = "second moment of the preactivation"
    return _by_layer(run, "preactivation_second_moment", label, start=0)


def gradient_second_moment_by_layer(run: Run) -> "Figure":
    """Gradient second moment by layer: level at 2/n, halved per layer on its way down at 1/n."""
    label = "second moment of the gradient"
    return _by_layer(run, "preactivation_gradient_second_moment", label, start=-1)


def what_a_relu_halves(run: Run) -> "Figure":
    """Shares left by a ReLU, by layer: half the second moment, a third of the variance, a mean."""
    figure, axes = plt.subplots()
    depth = run.settings["experiment"]["depth"]
    for label, quantity, law in (
        ("second moment", "activation_over_preactivation", HALF),
        ("variance", "activation_variance_over_preactivation_variance", VARIANCE_LEFT),
        ("squared mean", "activation_squared_mean_over_preactivation", HALF - VARIANCE_LEFT),
    ):
        _plot(axes, run, "two_over_n", quantity)
        axes.axhline(law, color=axes.lines[-1].get_color(), linestyle="--")
        axes.annotate(label, (depth, law), (0, 6), textcoords="offset points", ha="right")
    axes.set(xlabel="layer", ylabel="share that the ReLU leaves", ylim=(0, 0.62))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def factor_by_slope(run: Run) -> "Figure":
    """Factor per layer at variance 1/n against the slope a: both ways it follows (1 + a²)/2."""
    figure, axes = plt.subplots()
    arms = run.settings["experiment"]["arms"]
    unit = {name: arm["slope"] for name, arm in arms.items() if arm["weight_variance"] == 1}
    slopes = [at / 100 for at in range(101)]
    law = [variance.forward_factor(1.0, slope) for slope in slopes]
    axes.plot(slopes, law, "--", color="C2", label="law (1 + a²)/2")
    for quantity, shift, marker in (("forward", -0.008, "o"), ("backward", 0.008, "s")):
        values = [run.values[f"{quantity}_factor.{name}"] for name in unit]
        axes.errorbar(
            [slope + shift for slope in unit.values()],
            [value.mean for value in values],
            [value.half_width for value in values],
            fmt=marker,
            capsize=3,
            label=quantity,
        )
    axes.set(xlabel="negative slope a", ylabel="factor per layer", ylim=(0.4, 1.1))
    axes.legend()
    return figure


def _by_layer(run: Run, quantity: str, label: str, *, start: int) -> "Figure":
    """Draw one second moment for each weight variance, on its law drawn from a layer."""
    figure, axes = plt.subplots()
    arms = run.settings["experiment"]["arms"]
    for name, text in VARIANCE_LABELS.items():
        if name not in arms:
            continue
        layers = _plot(axes, run, name, quantity)
        means = [row["mean"] for row in _rows(run, name, quantity)]
        # In NumPy what is beyond the largest float is infinite, in Python it is an error.
        arm = arms[name]
        factor = np.float64(variance.forward_factor(arm["weight_variance"], arm["slope"]))
        steps = [abs(layer - layers[start]) for layer in layers]
        with np.errstate(over="ignore", invalid="ignore"):
            law = [means[start] * variance.second_moment_after(step, factor) for step in steps]
        axes.plot(layers, law, "--", color=axes.lines[-1].get_color())
        end = -1 - start  # label the end that is far from where the law starts
        axes.annotate(
            text, (layers[end], law[end]), (0, 7), textcoords="offset points", ha="center"
        )
    axes.set_yscale("log", base=2)
    axes.set(xlabel="layer", ylabel=label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _plot(axes: "Axes", run: Run, arm: str, quantity: str) -> list[int]:
    """Plot a quantity of an arm with its intervals against the layer; return the layers."""
    rows = _rows(run, arm, quantity)
    layers = [int(row["layer"]) for row in rows]
    means = [row["mean"] for row in rows]
    axes.errorbar(layers, means, [row["half_width"] for row in rows], fmt="o", capsize=2)
    return layers


def _rows(run: Run, arm: str, quantity: str) -> list[Mapping[str, Any]]:
    """Return the rows of a quantity of an arm, first layer first."""
    return [row for row in run.tables["layers"] if (row["arm"], row["quantity"]) == (arm, quantity)]


FIGURES = (
    what_a_relu_halves,
    second_moment_by_layer,
    gradient_second_moment_by_layer,
    factor_by_slope,
)
