"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve, legend_above, level, ticks
from study.record.results import NO_ROWS, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {"digit": "with squeeze", "forgotten": "without squeeze"}


def error_while_training(run: Run) -> "Figure":
    """Squared error while training: with squeeze it falls to a fraction; without it never does."""
    figure, axes = plt.subplots()
    variance = run.values["target_variance.validation"].mean
    arms = run.tables["curves"].groups("arm")
    for arm, label in LABELS.items():
        if arm in arms:
            curve(axes, arms[arm], "update", "o-", scale=1 / variance, capsize=2, label=label)
    level(axes, 1, label="constant at the mean digit")
    axes.set(xlabel="update", ylabel="squared error over digits' variance", yscale="log")
    ticks(axes, y=(0.2, 0.5, 1, 2, 5))
    legend_above(axes)
    return figure


def outputs_for_each_digit(run: Run) -> "Figure":
    """Output by digit: with squeeze it follows the digit, without it is the mean digit for all."""
    figure, axes = plt.subplots()
    arms = run.tables.get("outputs", NO_ROWS).groups("arm")
    for shift, (arm, label) in zip((-0.1, 0.1), LABELS.items(), strict=True):
        if arm not in arms:  # not trained, or of ten outputs
            continue
        places = [digit + shift for digit in arms[arm].column("digit")]
        curve(axes, arms[arm], places, reach="deviation", capsize=3, label=label)
    axes.plot([0, 9], [0, 9], "--", color="C2", label="the digit itself")
    axes.set(xlabel="digit", ylabel="output, mean and deviation", xticks=range(10))
    legend_above(axes)
    return figure


def how_far_off_the_digits_are(run: Run) -> "Figure":
    """Errors by distance from the label: a single output is mostly one off, ten outputs seldom."""
    figure, axes = plt.subplots()
    arms = run.tables["misses"].without(distance=0).groups("arm")
    for shift, arm, label in ((-0.2, "digit", "one output"), (0.2, "classes", "ten outputs")):
        if arm in arms:
            places = [distance + shift for distance in arms[arm].column("distance")]
            axes.bar(places, arms[arm].column("share"), 0.4, label=label)
    axes.set(
        xlabel="distance of the digit read off from the label",
        ylabel="share of the images",
        xticks=range(1, 10),
    )
    if axes.containers:
        axes.legend()
    return figure


FIGURES = (error_while_training, outputs_for_each_digit, how_far_off_the_digits_are)
