"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.glorot.glorot_conclusions.method import EQUAL
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES = {"sgd": "plain descent", "adam": "Adam"}


def loss_by_method(run: Run) -> "Figure":
    """Loss by update: normalised weights lead, whether with plain descent or with Adam."""
    figure, axes = plt.subplots()
    _draw_losses(axes, run, EQUAL)
    return figure


def loss_by_shape(run: Run) -> "Figure":
    """Loss by update in growing and shrinking networks: normalised weights lead in both."""
    shapes = dict.fromkeys(str(row["shape"]) for row in run.tables["losses"])
    others = [shape for shape in shapes if shape != EQUAL]
    figure, (panels,) = plt.subplots(1, len(others), sharey=True, squeeze=False)
    for axes, shape in zip(panels, others, strict=True):
        _draw_losses(axes, run, shape)
        axes.set_title(f"{shape} layers", fontsize="medium")
    for axes in panels[1:]:
        axes.set_ylabel("")
    return figure


def _draw_losses(axes: "Axes", run: Run, shape: str) -> None:
    """Draw one curve for each arm of a shape."""
    settings = run.settings["experiment"]
    labels = {
        f"{method}_{init}": f"{init}, {NAMES.get(method, method)}"
        for method in settings["methods"]
        for init in settings["inits"]
    }
    rows = [row for row in run.tables["losses"] if row["shape"] == shape]
    for arm in dict.fromkeys(str(row["arm"]) for row in rows):
        own = [row for row in rows if row["arm"] == arm]
        at, means, half = ([float(row[key]) for row in own] for key in ("at", "mean", "half_width"))
        (line,) = axes.plot(at, means, label=labels[arm])
        low, high = ([m + sign * h for m, h in zip(means, half, strict=True)] for sign in (-1, 1))
        axes.fill_between(at, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    axes.set(xlabel="update", ylabel="loss, not yet seen images", yscale="log")
    axes.legend(fontsize="small")


def updates_needed_by_rate(run: Run) -> "Figure":
    """Updates needed by learning rate: orthogonal weights need fewest, standard ones most."""
    figure, axes = plt.subplots()
    rows = run.tables["deep"]
    for init in dict.fromkeys(str(row["init"]) for row in rows):
        own = [row for row in rows if row["init"] == init]
        rates, means, half = (
            [float(row[key]) for row in own] for key in ("learning_rate", "mean", "half_width")
        )
        singular = run.values[f"singular_value.{init}"].mean
        label = f"{init}: mean singular value {singular:.2f}"
        axes.errorbar(rates, means, half, fmt="o-", capsize=2, label=label)
    axes.set(xlabel="learning rate", ylabel="updates to the target", xscale="log", yscale="log")
    axes.legend(fontsize="small")
    return figure


FIGURES = (loss_by_method, loss_by_shape, updates_needed_by_rate)
