"""Functions of a finished run."""

from math import inf
from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

from study.experiments.glorot.glorot_conclusions.method import EQUAL
from study.record.drawing import (
    banded_curve,
    curve,
    label,
    label_ends,
    level,
    shared_legend,
    stacked,
    ticks,
)
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES = {"sgd": "plain descent", "adam": "Adam"}


def loss_by_method(run: Run) -> "Figure":
    """Loss by update: normalised weights lead, whether with plain descent or with Adam."""
    methods = run.settings["experiment"]["shapes"][EQUAL]["methods"]
    figure, panels = stacked(len(methods))
    for axes, method in zip(panels, methods, strict=True):
        _draw_losses(axes, run, EQUAL, method)
        axes.set_title(NAMES.get(method, method))
    panels[-1].set_xlabel("update")
    shared_legend(figure)
    return figure


def loss_by_shape(run: Run) -> "Figure":
    """Loss by update in growing and shrinking networks: normalised weights lead in both."""
    shapes = run.settings["experiment"]["shapes"]
    unequal_shapes = [shape for shape in run.tables["losses"].groups("shape") if shape != EQUAL]
    figure, panels = stacked(len(unequal_shapes))
    for axes, shape in zip(panels, unequal_shapes, strict=True):
        _draw_losses(axes, run, shape, shapes[shape]["methods"][0])
        axes.set_title("layers of {first} to {last} units".format(**shapes[shape]))
    panels[-1].set_xlabel("update")
    shared_legend(figure)
    return figure


def _draw_losses(axes: "Axes", run: Run, shape: str, method: str) -> None:
    """Draw one curve for each kind of weights, trained by a method."""
    for init in run.settings["experiment"]["shapes"][shape]["inits"]:
        rows = run.tables["losses"].where(shape=shape, arm=f"{method}_{init}")
        banded_curve(axes, rows, "at", within=(0, inf), label=f"{init} weights")
    axes.set(ylabel="loss, images\nnot yet seen", yscale="log")
    ticks(axes, y=(0.2, 0.5, 1, 2))


def updates_needed_by_rate(run: Run) -> "Figure":
    """Updates needed by learning rate: orthogonal weights need fewest, standard ones most."""
    figure, axes = plt.subplots()
    deep = run.settings["experiment"]["shapes"]["deep"]
    for init, rows in run.tables["deep"].groups("init").items():
        singular = run.values[f"singular_value.{init}"].mean
        look: dict[str, Any] = {
            "within": (1, deep["updates"]),
            "capsize": 2,
            "label": f"{init},\n{singular:.2f}",
        }
        curve(axes, rows, "learning_rate", "o-", **look)
    rates = sorted({*run.tables["deep"].column("learning_rate")})
    level(axes, deep["updates"])
    label(axes, "not until then", (rates[0], deep["updates"]), (0, -14))
    axes.set(xlabel="learning rate", ylabel="updates to the target", xscale="log", yscale="log")
    axes.set_title("weights, and mean singular value", loc="right")
    ticks(axes, x=rates, y=(50, 100, 200, 600))
    label_ends(axes)
    return figure


FIGURES = (loss_by_method, loss_by_shape, updates_needed_by_rate)
