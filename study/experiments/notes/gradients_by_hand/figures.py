"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.notes.gradients_by_hand.claims import ROUND_OFF
from study.record.drawing import label
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
    axes.set_yscale("log")
    axes.set(xlabel="step", ylabel="loss, mean over draws")
    axes.legend()
    return figure


def difference_by_step(run: Run) -> "Figure":
    """Relative difference of the parameters by step: some roundings, in float32 and in float64."""
    figure, axes = plt.subplots()
    for precision, round_off in ROUND_OFF.items():
        for loss, text in LOSSES.items():
            rows = run.tables["training"].where(arm=f"{loss}_{precision}")
            differences = rows.column("parameter_difference")
            axes.plot(rows.column("step"), differences, label=f"{text}, {precision}")
        axes.axhline(round_off, color="gray", linestyle="--")
        label(axes, "one rounding", (1, round_off), (0, -11))
    axes.set_yscale("log", nonpositive="mask")  # after a first step there may be no difference
    axes.set(xlabel="step", ylabel="largest relative difference", ylim=(1e-17, 1e-3))
    axes.legend(loc="center right")
    return figure


def differences_by_gradient(run: Run) -> "Figure":
    """Relative difference from autograd by gradient: about one rounding in either precision."""
    figure, axes = plt.subplots()
    quantities = {
        "outputs": "loss_gradient_difference",
        "preactivations": "preactivation_gradient_difference",
        "input and parameters": "gradient_difference",
    }
    for index, (precision, round_off) in enumerate(ROUND_OFF.items()):
        for loss, marker, shift in (("mse", "o", -0.1), ("cross_entropy", "s", 0.1)):
            means = [run.values[f"{name}.{loss}_{precision}"].mean for name in quantities.values()]
            places = [place + shift for place in range(len(means))]
            text = f"{LOSSES[loss]}, {precision}"
            axes.plot(places, means, marker, color=f"C{index}", label=text)
        axes.axhline(round_off, color=f"C{index}", linestyle="--")
    axes.set_yscale("log")
    axes.set_xticks(range(len(quantities)), list(quantities))
    axes.set(xlabel="gradient with respect to", ylabel="relative difference", ylim=(1e-17, 1e-3))
    axes.legend(loc="center right")
    return figure


FIGURES = (differences_by_gradient, losses_by_step, difference_by_step)
