"""Functions of a finished run."""

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import pyplot as plt

from study.experiments.notes.gradients_by_hand.claims import ROUND_OFF
from study.record.drawing import legend_above, shared_legend, stacked
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOSSES = {"mse": "mean squared error", "cross_entropy": "cross-entropy"}


def losses_by_step(run: Run) -> "Figure":
    """Loss by training step: points by hand on lines of torch.nn, for both losses."""
    figure, axes = plt.subplots()
    for loss, text in LOSSES.items():
        rows = run.tables["training"].where(arm=f"{loss}_float64")
        (line,) = axes.plot(rows.column("step"), rows.column("loss_in_torch"), label=text)
        fifths = rows[::5]
        colour = line.get_color()
        axes.plot(fifths.column("step"), fifths.column("loss_by_hand"), "o", color=colour)
    axes.plot([], [], "o", color="grey", label="by hand")
    axes.plot([], [], "-", color="grey", label="in torch.nn")
    axes.set_yscale("log")
    axes.set(xlabel="training step", ylabel="loss, mean over draws")
    legend_above(axes)
    return figure


def difference_by_step(run: Run) -> "Figure":
    """Relative difference of the parameters by step: some roundings, in float32 and in float64."""
    figure, panels = stacked(len(LOSSES))
    for axes, (loss, text) in zip(panels, LOSSES.items(), strict=True):
        for precision, round_off in ROUND_OFF.items():
            rows = run.tables["training"].where(arm=f"{loss}_{precision}")
            differences = np.divide(rows.column("parameter_difference"), round_off)
            axes.plot(rows.column("step"), differences, label=precision)
        axes.set(title=text, ylabel="relative difference,\nin roundings", ylim=(0, None))
    panels[-1].set_xlabel("training step")
    shared_legend(figure)
    return figure


def differences_by_gradient(run: Run) -> "Figure":
    """Relative difference from autograd by gradient: about one rounding in either precision."""
    figure, axes = plt.subplots()
    quantities = {
        "outputs": "loss_gradient_difference",
        "preacti-\nvations": "preactivation_gradient_difference",
        "input and\nparameters": "gradient_difference",
    }
    for index, (precision, round_off) in enumerate(ROUND_OFF.items()):
        for loss, marker, shift in (("mse", "o", -0.1), ("cross_entropy", "s", 0.1)):
            means = [run.values[f"{name}.{loss}_{precision}"].mean for name in quantities.values()]
            places = [place + shift for place in range(len(means))]
            text = f"{LOSSES[loss]}, {precision}"
            look: dict[str, Any] = {"color": f"C{index}", "label": text}
            axes.plot(np.divide(means, round_off), places, marker, **look)
    axes.set_yticks(range(len(quantities)), list(quantities))
    axes.invert_yaxis()
    axes.set(ylabel="gradient of", xlabel="relative difference, in roundings", xlim=(0, None))
    legend_above(axes, columns=1)
    return figure


FIGURES = (differences_by_gradient, losses_by_step, difference_by_step)
