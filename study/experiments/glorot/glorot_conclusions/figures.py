"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.glorot.glorot_conclusions.method import EQUAL
from study.record.drawing import banded_curve, curve
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
    unequal_shapes = [shape for shape in run.tables["losses"].groups("shape") if shape != EQUAL]
    figure, (panels,) = plt.subplots(1, len(unequal_shapes), sharey=True, squeeze=False)
    for axes, shape in zip(panels, unequal_shapes, strict=True):
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
    for arm, rows in run.tables["losses"].where(shape=shape).groups("arm").items():
        banded_curve(axes, rows, "at", label=labels[arm])
    axes.set(xlabel="update", ylabel="loss, not yet seen images", yscale="log")
    axes.legend(fontsize="small")


def updates_needed_by_rate(run: Run) -> "Figure":
    """Updates needed by learning rate: orthogonal weights need fewest, standard ones most."""
    figure, axes = plt.subplots()
    for init, rows in run.tables["deep"].groups("init").items():
        singular = run.values[f"singular_value.{init}"].mean
        label = f"{init}: mean singular value {singular:.2f}"
        curve(axes, rows, "learning_rate", "o-", capsize=2, label=label)
    axes.set(xlabel="learning rate", ylabel="updates to the target", xscale="log", yscale="log")
    axes.legend(fontsize="small")
    return figure


FIGURES = (loss_by_method, loss_by_shape, updates_needed_by_rate)
