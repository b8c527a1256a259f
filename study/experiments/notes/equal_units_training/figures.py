"""Functions of a finished run."""

from typing import TYPE_CHECKING

from study.lab.classification import CHANCE_ERROR
from study.record.drawing import banded_curve, label_ends, level, stacked
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STARTS = {
    "zeros": "zeros",
    "constant": "all alike",
    "biases": "biases\nrandom",
    "random": "weights\nrandom",
}
ACTIVATIONS = {"relu": "ReLU", "tanh": "tanh", "sigmoid": "sigmoid", "none": "no hidden\nlayer"}


def error_by_update(run: Run) -> "Figure":
    """Error by update: units that start alike learn little, and random weights at once."""
    arms = run.settings["experiment"]["arms"]
    trained = {arm["activation"] for arm in arms.values()}
    activations = [name for name in ACTIVATIONS if name in trained]
    figure, panels = stacked(len(activations), 1.9)
    for axes, activation in zip(panels, activations, strict=True):
        for colour, (start, text) in enumerate(STARTS.items()):
            for name, arm in arms.items():
                if (arm["activation"], arm["start"]) != (activation, start):
                    continue
                single = arm["precision"] == "single"
                banded_curve(
                    axes,
                    run.tables["errors"].where(arm=name),
                    "update",
                    "--" if single else "-",
                    within=(0, 1),
                    color=f"C{colour}",
                    label=f"{text}, float32" if single else text,
                )
        level(axes, CHANCE_ERROR)
        axes.set(ylabel=f"error, {ACTIVATIONS[activation]}", ylim=(0, 1))
        label_ends(axes)
    panels[-1].set(xlabel="update")
    return figure


FIGURES = (error_by_update,)
