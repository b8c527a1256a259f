"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {"digit": "with squeeze", "forgotten": "without squeeze"}


def error_while_training(run: Run) -> "Figure":
    """Squared error while training: with squeeze it falls to a fraction; without it never does."""
    figure, axes = plt.subplots()
    variance = run.values["target_variance.validation"].mean
    for arm, label in LABELS.items():
        rows = [row for row in run.tables["curves"] if row["arm"] == arm]
        if not rows:
            continue
        updates = [float(row["update"]) for row in rows]
        means = [float(row["mean"]) / variance for row in rows]
        widths = [float(row["half_width"]) / variance for row in rows]
        axes.errorbar(updates, means, widths, fmt="o-", capsize=2, label=label)
    axes.axhline(1, color="C2", linestyle="--", label="constant at the mean digit")
    axes.set(
        xlabel="update",
        ylabel="squared error over the variance of the digits",
        yscale="log",
    )
    ticks = [0.2, 0.5, 1, 2, 5]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.legend()
    return figure


def outputs_for_each_digit(run: Run) -> "Figure":
    """Output by digit: with squeeze it follows the digit, without it is the mean digit for all."""
    figure, axes = plt.subplots()
    for shift, (arm, label) in zip((-0.1, 0.1), LABELS.items(), strict=True):
        rows = [row for row in run.tables.get("outputs", ()) if row["arm"] == arm]
        if not rows:  # not trained, or of ten outputs
            continue
        axes.errorbar(
            [float(row["digit"]) + shift for row in rows],
            [float(row["mean"]) for row in rows],
            [float(row["deviation"]) for row in rows],
            fmt="o",
            capsize=3,
            label=label,
        )
    axes.plot([0, 9], [0, 9], "--", color="C2", label="the digit itself")
    axes.set(xlabel="digit", ylabel="output, mean and deviation", xticks=range(10))
    axes.legend()
    return figure


def how_far_off_the_digits_are(run: Run) -> "Figure":
    """Errors by distance from the label: a single output is mostly one off, ten outputs seldom."""
    figure, axes = plt.subplots()
    for shift, arm, label in ((-0.2, "digit", "one output"), (0.2, "classes", "ten outputs")):
        rows = [row for row in run.tables["misses"] if row["arm"] == arm and row["distance"] != 0]
        if not rows:
            continue
        places = [float(row["distance"]) + shift for row in rows]
        axes.bar(places, [float(row["share"]) for row in rows], 0.4, label=label)
    axes.set(
        xlabel="distance of the digit read off from the label",
        ylabel="share of the images",
        xticks=range(1, 10),
    )
    if axes.containers:
        axes.legend()
    return figure


FIGURES = (error_while_training, outputs_for_each_digit, how_far_off_the_digits_are)
