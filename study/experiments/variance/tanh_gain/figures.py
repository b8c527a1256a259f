"""Functions of a finished run."""

from math import sqrt
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.variance.tanh_gain.claims import TANH, settled_gradient_factor
from study.record.drawing import curve, estimates, integer_axis, label_along, label_ends
from study.record.results import Run
from study.theory import mean_field, moments

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {"one": "gain 1", "five_quarters": "gain 5/4", "five_thirds": "gain 5/3", "two": "gain 2"}


def deviation_by_layer(run: Run) -> "Figure":
    """Standard deviation by layer: at gain 1 it falls for ever, above 1 it settles."""
    figure, axes = plt.subplots()
    for name, gain in _gains(run).items():
        rows = run.tables["layers"].where(arm=name, quantity="activation_deviation")
        variances = mean_field.lengths(TANH, gain**2, gain**2, 0.0, len(rows))
        law = [sqrt(moments.second_moment(TANH, q)) for q in variances]
        curve(axes, rows, "layer", law=law, markersize=3, label=LABELS.get(name, name))
    axes.set(xlabel="layer", ylabel="standard deviation of the activation", ylim=(0, None))
    integer_axis(axes)
    label_ends(axes)
    return figure


def gradient_by_layer(run: Run) -> "Figure":
    """Gradient second moment by layer, from the top down: it grows at 5/3 and more at gain 2."""
    figure, axes = plt.subplots()
    for name, gain in _gains(run).items():
        rows = run.tables["layers"].where(arm=name, quantity="gradient_second_moment")
        variances = mean_field.lengths(TANH, gain**2, gain**2, 0.0, len(rows))
        law = rows.column("mean")[-1:]
        for q in reversed(variances[:-1]):
            law.insert(0, law[0] * mean_field.gradient_factor(TANH, q, gain**2))
        curve(axes, rows, "layer", law=law, markersize=3, label=LABELS.get(name, name))
    axes.set_yscale("log")
    axes.set(xlabel="layer", ylabel="second moment of the gradient")
    integer_axis(axes)
    label_along(axes, 0.1)
    return figure


def factor_by_gain(run: Run) -> "Figure":
    """Gradient factor per layer against the gain: 1 at a gain of 1, and above 1 beyond it."""
    figure, axes = plt.subplots()
    arms = run.settings["experiment"]["arms"]
    gains = [1 + step / 50 for step in range(1, 56)]
    law = [settled_gradient_factor(gain) for gain in gains]
    axes.plot([1.0, *gains], [1.0, *law], "--", color="C0")
    values = [run.values[f"gradient_factor.{name}"] for name in arms]
    estimates(axes, list(arms.values()), values, capsize=3)
    axes.set(xlabel="gain", ylabel="factor of the gradient per layer")
    return figure


def _gains(run: Run) -> dict[str, float]:
    """Return the gains of the arms, those that have a label first and in its order."""
    arms = run.settings["experiment"]["arms"]
    return {name: arms[name] for name in (*LABELS, *arms) if name in arms}


FIGURES = (deviation_by_layer, gradient_by_layer, factor_by_gain)
