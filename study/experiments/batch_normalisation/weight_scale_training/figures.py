"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.lab.classification import CHANCE_LOSS
from study.record.drawing import ascending, estimates, label, label_ends, level, ticks
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "plain_descent": "no norm,\ndescent",
    "plain_adam": "no norm,\nAdam",
    "norm_descent": "LayerNorm,\ndescent",
    "norm_adam": "LayerNorm,\nAdam",
}
MARKS = dict(zip(LABELS, "os^D", strict=True))
LOSSES = (0.2, 0.5, 1, 2)
"""Where the axis of losses has a mark."""


def loss_by_variance(run: Run) -> "Figure":
    """Loss after a short training by weight variance, each start at its own learning rate."""
    networks = run.settings["experiment"]["networks"]
    figure, axes = plt.subplots()
    places: set[float] = set()
    for name in sorted(networks, key=lambda name: [*LABELS, name].index(name)):
        starts = networks[name]["starts"].items()
        variances = ascending({key: start["weight_variance"] for key, start in starts})
        places.update(variances.values())
        losses = [run.values[f"loss.{name}_{start}"] for start in variances]
        style, text = MARKS.get(name, "v") + "-", LABELS.get(name, name)
        estimates(axes, [*variances.values()], losses, style, capsize=3, label=text)
    level(axes, CHANCE_LOSS)
    axes.set(xlabel="weight variance times fan_in", ylabel="loss", xscale="log", yscale="log")
    ticks(axes, x=[*places], y=LOSSES)
    label(axes, "loss of a guess", (min(places), CHANCE_LOSS), (0, -4), va="top")
    label_ends(axes)
    return figure


FIGURES = (loss_by_variance,)
