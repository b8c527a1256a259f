"""Functions of a finished run."""

from math import log, log2
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.variance.repeated_matrix_growth.method import CELLS
from study.record.drawing import curve, label_ends, powers
from study.record.results import Run
from study.theory.finite_width import log_norm
from study.theory.recurrence import fresh_mixture, repeated_mixture

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def state_by_step(run: Run) -> "Figure":
    """Size of a linear state by step: one matrix beside an identity shrinks it less than fresh."""
    figure, axes = plt.subplots()
    settings = run.settings["experiment"]
    for name, arm in settings["arms"].items():
        if arm["activation"] != "linear" or arm["rows"] or arm["steps"] > 28:
            continue
        rows = run.tables["steps"].where(arm=name, quantity="state")
        std = arm["weight_variance"] ** 0.5
        law = [
            log2(
                repeated_mixture(int(step), arm["identity"], std, settings["width"])
                if arm["repeated"]
                else fresh_mixture(int(step), arm["identity"], std)
            )
            / 2
            for step in rows.column("step")
        ]
        label = "one matrix" if arm["repeated"] else "fresh matrices"
        curve(axes, rows, "step", law=law, capsize=2, label=label)
    axes.set(xlabel="step", ylabel="size of the state")
    powers(axes.yaxis)
    label_ends(axes)
    return figure


def scatter_by_step(run: Run) -> "Figure":
    """Scatter of a ReLU state's size by step: with one matrix it grows faster than with fresh."""
    figure, axes = plt.subplots()
    settings = run.settings["experiment"]
    natural = log_norm(settings["width"])
    for name, arm in settings["arms"].items():
        if arm["activation"] != "relu" or arm["rows"]:
            continue
        rows = run.tables["steps"].where(arm=name, quantity="scatter")
        label = "one matrix" if arm["repeated"] else "fresh matrices"
        curve(axes, rows, "step", capsize=2, label=label)
    steps = range(1, 101)
    law = [(t * natural.variance + (t * natural.drift) ** 2) / log(2) ** 2 for t in steps]
    axes.plot(steps, law, "--", color="grey", label="law of fresh matrices")
    axes.set(xlabel="step", ylabel="mean square of log₂", xscale="log")
    axes.set_yscale("log")
    label_ends(axes)
    return figure


def gradient_through_time(run: Run) -> "Figure":
    """Size of the gradient by steps back: torch's cells lose it, tanh of gain 1.5 does not."""
    figure, axes = plt.subplots()
    names = {f"default_{cell}": f"torch's {cell.upper()}" for cell in CELLS}
    for name, arm in run.settings["experiment"]["arms"].items():
        if arm["activation"] == "tanh" and arm["repeated"]:
            names[name] = f"tanh, {arm['weight_variance']:g}/n"
    for name, label in names.items():
        rows = run.tables["steps"].where(arm=name, quantity="gradient")
        curve(axes, rows, "step", capsize=2, label=label)
    axes.set(xlabel="steps back", ylabel="size of the gradient")
    powers(axes.yaxis)
    label_ends(axes)
    return figure


FIGURES = (state_by_step, scatter_by_step, gradient_through_time)
