"""Functions of a finished run."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import log, log2, pi
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt

from study.experiments.variance.variance_through_depth.method import Arm
from study.record.drawing import band, curve, integer_axis, label_ends, legend_above, powers
from study.record.results import NO_ROWS, Rows, Run
from study.theory import activations as theory
from study.theory import finite_width, mean_field

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def law_activation(arm: Arm) -> theory.Activation:
    """Return the activation of an arm as the theory knows it."""
    unshifted = theory.activation(arm.activation, slope=arm.slope)
    if not arm.shift:
        return unshifted
    return replace(unshifted, function=lambda z: unshifted.function(z) - arm.shift, slope=None)


VARIANCES = {
    "third": "1/(3n)",
    "one": "1/n",
    "below": "1.6/n",
    "two": "2/n",
    "above": "2.4/n",
    "four": "4/n",
}
COLOURS = ("C0", "C1", "C2", "C3", "C4", "C0")
SETTLING = {"selu": "SELU, 1/n", "shifted": "ReLU − 1/2,\n2/n", "sigmoid": "sigmoid, 1/n"}
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
        rows = run.tables["layers"].where(arm=name, quantity="preactivation_second_moment")
        layers = np.array(rows.column("layer"))
        mean = log2(c) + (layers - 1) * log2(c / 2)
        axes.plot(layers, mean, "--", color=colour)
        middle = mean + (layers - 1) * law.drift / log(2)
        reach = 2 * np.sqrt((layers - 1) * law.variance) / log(2)
        band(axes, layers, middle, reach, color=colour, alpha=0.25, linewidth=0)
        curve(axes, rows[::3], "layer", reach=None, color=colour, markersize=2.5, label=text)
    axes.set(xlabel="layer", ylabel="second moment of the preactivation")
    powers(axes.yaxis)
    label_ends(axes)
    return figure


def three_sizes(run: Run) -> "Figure":
    """Three sizes of a layer at 1/n: each halves from layer to layer, at three levels."""
    figure, axes = plt.subplots()
    arm_rows = run.tables["layers"].groups("arm").get("one", NO_ROWS)
    for index, (quantity, text) in enumerate(SIZES.items()):
        rows = arm_rows.where(quantity=quantity)[:12]
        start = {"preactivation_second_moment": 1.0, "activation_second_moment": 1 / 2}
        share = start.get(quantity, 1 / 2 - 1 / (2 * pi))
        law = [log2(share) - (layer - 1) for layer in rows.column("layer")]
        curve(axes, rows, "layer", law=law, color=f"C{index}", label=text)
    axes.set(xlabel="layer", ylabel="second moment, or variance")
    powers(axes.yaxis)
    integer_axis(axes)
    legend_above(axes, 1)
    return figure


def what_settles(run: Run) -> "Figure":
    """Second moment of SELU, shifted ReLU and sigmoid by layer: each comes to its own level."""
    figure, axes = plt.subplots()
    count = min(30, run.settings["experiment"]["depth"])
    for rows, law, text in _with_laws(run, SETTLING, count):
        layers, sizes = rows.column("layer"), np.exp2(rows.column("mean"))
        with np.errstate(over="ignore", invalid="ignore"):  # of few narrow networks
            reach = sizes * (np.exp2(rows.column("half_width")) - 1)
        points = axes.errorbar(layers, sizes, reach, fmt="o", markersize=3, label=text)
        axes.plot(layers, law, "--", color=points.lines[0].get_color())
    axes.set(xlabel="layer", ylabel="second moment of the preactivation", ylim=(0, None))
    label_ends(axes)
    return figure


def what_fades(run: Run) -> "Figure":
    """Second moment by layer: softsign and ELU fall as a power, GELU and SiLU are halved."""
    figure, axes = plt.subplots()
    for rows, law, text in _with_laws(run, FADING, run.settings["experiment"]["depth"]):
        colour = curve(axes, rows[::2], "layer", reach=None, markersize=3, label=text)
        with np.errstate(divide="ignore"):  # a length below the smallest float is 0
            axes.plot(rows.column("layer"), np.log2(law), "--", color=colour)
    axes.set(xlabel="layer", ylabel="second moment of the preactivation")
    powers(axes.yaxis)
    label_ends(axes)
    return figure


def _with_laws(
    run: Run, labels: Mapping[str, str], count: int
) -> Iterator[tuple[Rows, list[float], str]]:
    """Yield the second moments of some arms, each with its length map and its label."""
    arms = run.settings["experiment"]["arms"]
    for name, text in labels.items():
        if name not in arms:
            continue
        arm = Arm(**arms[name])
        rows = run.tables["layers"].where(arm=name, quantity="preactivation_second_moment")
        c = arm.weight_variance
        law = mean_field.lengths(law_activation(arm), c, c, 0.0, count).tolist()
        yield rows[:count], law, text


FIGURES = (six_weight_variances, three_sizes, what_settles, what_fades)
