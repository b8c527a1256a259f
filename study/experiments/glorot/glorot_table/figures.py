"""Functions of a finished run."""

from math import sqrt
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import banded_curve, estimates, label_ends, ticks
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEAST_SHOWN = 1.5
"""Per cent, below all means: where intervals end that reach 0, for which the axis has no place."""
LABELS = {
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "tanh_n": "tanh N",
    "softsign": "softsign",
    "softsign_n": "softsign N",
}


def errors_in_training(run: Run) -> "Figure":
    """Test error by update: the sigmoid comes late, tanh N and softsign N are early."""
    figure, axes = plt.subplots()
    for arm, label in LABELS.items():
        rows = run.tables["curves"].where(arm=arm).without(updates=0)
        banded_curve(axes, rows, "updates", within=(LEAST_SHOWN, 100), label=label)
    axes.set(xscale="log", yscale="log", xlabel="update", ylabel="test error, per cent")
    axes.set_ylim(LEAST_SHOWN, 100)
    ticks(axes, y=(2, 5, 10, 20, 50, 100))
    label_ends(axes)
    return figure


def table_beside_the_printed_one(run: Run) -> "Figure":
    """Test errors at the end with their intervals, and the printed ones with binomial intervals."""
    figure, axes = plt.subplots()
    settings = run.settings["experiment"]
    printed_errors = [settings["printed"][arm] for arm in LABELS]
    reach = [2.576 * sqrt(p * (100 - p) / settings["test_images"]) for p in printed_errors]
    places = range(len(LABELS))
    errors = [run.values[f"test.{arm}"] for arm in LABELS]
    estimates(axes, places, errors, capsize=3, label="measured here")
    axes.errorbar(
        [place + 0.2 for place in places],
        printed_errors,
        reach,
        fmt="s",
        capsize=3,
        label="printed in Table 1",
    )
    axes.set_xticks(places, list(LABELS.values()))
    axes.set(ylabel="test error, per cent", ylim=(0, None))
    axes.legend()
    return figure


FIGURES = (errors_in_training, table_beside_the_printed_one)
