"""Functions of a finished run."""

from collections.abc import Mapping
from dataclasses import replace
from math import log, log2, pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

from study.experiments.variance.variance_through_depth.method import Arm
from study.record.results import Run
from study.theory import activations as theory
from study.theory import finite_width, mean_field

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def law_activation(arm: Arm) -> theory.Activation:
    """Return the activation of an arm as the theory knows it."""
    plain = theory.activation(arm.activation, slope=arm.slope)
    if not arm.shift:
        return plain
    return replace(plain, function=lambda z: plain.function(z) - arm.shift, slope=None)


VARIANCES = {
    "third": "1/(3n)",
    "one": "1/n",
    "below": "1.6/n",
    "two": "2/n",
    "above": "2.4/n",
    "four": "4/n",
}
COLOURS = ("C0", "C1", "C2", "C3", "C4", "C0")
SETTLING = {"selu": "SELU, 1/n", "shifted": "ReLU − 1/2, 2/n", "sigmoid": "sigmoid, 1/n"}
FADING = {
    "elu": "ELU, 1/n",
    "softsign": "softsign, 1/n",
    "gelu": "GELU, 2/n",
    "silu": "SiLU, 2/n",
}
SIZES = {
    "preactivation_second_moment": "preactivation, second moment",
    "activation_second_moment": "activation, second moment",
    "activation_variance": "activation, variance",
}


def six_weight_variances(run: Run) -> "Figure":
    """Second moment by layer: below 2/n it falls, above it grows, at 2/n it is level."""
    figure, axes = plt.subplots()
    settings = run.settings["experiment"]
    law = finite_width.log_norm(settings["width"])
    for (name, text), colour in zip(VARIANCES.items(), COLOURS, strict=True):
        if name not in settings["arms"]:
            continue
        c = settings["arms"][name]["weight_variance"]
        layers, means, _ = _curve(run, name, "preactivation_second_moment")
        mean = [log2(c) + (layer - 1) * log2(c / 2) for layer in layers]
        axes.plot(layers, mean, "--", color=colour)
        middle = [
            at + (layer - 1) * law.drift / log(2) for at, layer in zip(mean, layers, strict=True)
        ]
        reach = [2 * sqrt((layer - 1) * law.variance) / log(2) for layer in layers]
        axes.fill_between(
            layers,
            [at - width for at, width in zip(middle, reach, strict=True)],
            [at + width for at, width in zip(middle, reach, strict=True)],
            color=colour,
            alpha=0.25,
            linewidth=0,
        )
        axes.plot(layers[::3], means[::3], "o", color=colour, markersize=2.5)
        axes.annotate(text, (layers[-1], mean[-1]), (4, 0), textcoords="offset points", va="center")
    axes.set(xlabel="layer", ylabel="log₂ of the second moment", xlim=(0, 1.13 * settings["depth"]))
    return figure


def three_sizes(run: Run) -> "Figure":
    """Three sizes of a layer at 1/n: each halves from layer to layer, at three levels."""
    figure, axes = plt.subplots()
    for at, (quantity, label) in enumerate(SIZES.items()):
        layers, means, widths = (found[:12] for found in _curve(run, "one", quantity))
        axes.errorbar(layers, means, widths, fmt="o", color=f"C{at}", label=label)
        start = {"preactivation_second_moment": 1.0, "activation_second_moment": 1 / 2}
        share = start.get(quantity, 1 / 2 - 1 / (2 * pi))
        law = [log2(share) - (layer - 1) for layer in layers]
        axes.plot(layers, law, "--", color=f"C{at}")
    axes.set(xlabel="layer", ylabel="log₂ of the size")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return figure


def what_settles(run: Run) -> "Figure":
    """Second moment of SELU, shifted ReLU and sigmoid by layer: each comes to its own level."""
    figure, axes = plt.subplots()
    shown = min(30, run.settings["experiment"]["depth"])
    for layers, means, widths, law, label in _with_laws(run, SETTLING, shown):
        sizes = np.exp2(means)
        with np.errstate(over="ignore", invalid="ignore"):  # of few narrow networks
            reach = sizes * (np.exp2(widths) - 1)
        axes.errorbar(layers, sizes, reach, fmt="o", markersize=3, label=label)
        axes.plot(layers, law, "--", color=axes.lines[-1].get_color())
    axes.set(xlabel="layer", ylabel="second moment of the preactivation", ylim=(0, None))
    axes.legend()
    return figure


def what_fades(run: Run) -> "Figure":
    """Second moment by layer: softsign and ELU fall as a power, GELU and SiLU are halved."""
    figure, axes = plt.subplots()
    for layers, means, _, law, label in _with_laws(
        run, FADING, run.settings["experiment"]["depth"]
    ):
        axes.plot(layers[::2], means[::2], "o", markersize=3, label=label)
        with np.errstate(divide="ignore"):  # a length below the smallest float is 0
            axes.plot(layers, np.log2(law), "--", color=axes.lines[-1].get_color())
    axes.set(xlabel="layer", ylabel="log₂ of the second moment")
    axes.legend()
    return figure


def _with_laws(
    run: Run, labels: Mapping[str, str], shown: int
) -> list[tuple[list[Any], list[Any], list[Any], list[float], str]]:
    """Return the curves of some arms, each with its length map and its label."""
    found = []
    arms = run.settings["experiment"]["arms"]
    for name, label in labels.items():
        if name not in arms:
            continue
        arm = Arm(**arms[name])
        layers, means, widths = _curve(run, name, "preactivation_second_moment")
        c = arm.weight_variance
        law = mean_field.lengths(law_activation(arm), c, c, 0.0, shown).tolist()
        found.append((layers[:shown], means[:shown], widths[:shown], law, label))
    return found


def _curve(run: Run, arm: str, quantity: str) -> tuple[list[Any], list[Any], list[Any]]:
    """Return layers, means and half widths of a quantity of an arm."""
    rows = [r for r in run.tables["layers"] if (r["arm"], r["quantity"]) == (arm, quantity)]
    return (
        [row["layer"] for row in rows],
        [row["mean"] for row in rows],
        [row["half_width"] for row in rows],
    )


FIGURES = (six_weight_variances, three_sizes, what_settles, what_fades)
