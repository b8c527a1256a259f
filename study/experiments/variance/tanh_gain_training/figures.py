"""Functions of a finished run."""

from math import ceil, isfinite
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.variance.tanh_gain_training.claims import depth_scale, law_of_angles
from study.lab.classification import CHANCE_LOSS
from study.record.drawing import curve, estimates, level, ticks
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {"one": "1", "eleven_tenths": "1.1", "five_quarters": "5/4", "five_thirds": "5/3"}
MARKS = dict(zip(LABELS, "osD^", strict=True))
OTHER_MARK = "v"
LOSSES = (0.2, 0.5, 1, 2)
"""Where the axes of losses have a mark."""


def in_order(run: Run, field: str) -> dict[str, float]:
    """Return a setting's numbers by name, the smallest first: stored settings are by name."""
    return dict(sorted(run.settings["experiment"][field].items(), key=lambda item: item[1]))


def loss_by_depth(run: Run) -> "Figure":
    """Loss by depth and gain: the same with few layers, and a guess with 5/3 and a hundred."""
    figure, axes = plt.subplots()
    depths = in_order(run, "depths")
    for gain in in_order(run, "gains"):
        values = [run.values[f"loss.{gain}_at_{name}"] for name in depths]
        style, label = MARKS.get(gain, OTHER_MARK) + "-", LABELS.get(gain, gain)
        estimates(axes, [*depths.values()], values, style, capsize=3, label=label)
    level(axes, CHANCE_LOSS)
    axes.set(xlabel="layers", ylabel="cross-entropy", xscale="log", yscale="log")
    ticks(axes, x=[*depths.values()], y=LOSSES)
    axes.legend(title="gain")
    return figure


def loss_by_rate(run: Run) -> "Figure":
    """Loss by learning rate at each depth: the best rate falls with depth."""
    depths = in_order(run, "depths")
    figure, panels = plt.subplots(ceil(len(depths) / 2), 2, sharex=True, sharey=True)
    for axes in panels.flat[len(depths) :]:
        axes.set_axis_off()
    for axes, (name, depth) in zip(panels.flat, depths.items(), strict=False):
        for gain in in_order(run, "gains"):
            rows = run.tables["rates"].where(depth=name, gain=gain)
            style, label = MARKS.get(gain, OTHER_MARK) + "-", LABELS.get(gain, gain)
            curve(axes, rows, "learning_rate", style, reach=None, label=label)
        axes.set(title=f"{depth} layers", xscale="log", yscale="log")
        ticks(axes, y=LOSSES)
    figure.supxlabel("learning rate")
    figure.supylabel("cross-entropy")
    panels[0, 0].legend(title="gain", loc="upper right", fontsize="small")
    return figure


def angles_by_depth(run: Run) -> "Figure":
    """What is left of the angles by depth: with the gain 5/3 nothing after fifty layers."""
    figure, axes = plt.subplots()
    width = run.settings["experiment"]["width"]
    depths = [*in_order(run, "depths").values()]
    for gain, number in in_order(run, "gains").items():
        rows = run.tables["angles"].where(gain=gain)
        marker, label = MARKS.get(gain, OTHER_MARK), LABELS.get(gain, gain)
        colour = curve(axes, rows, "layers", marker, capsize=3, label=label)
        if isfinite(depth_scale(number)):
            layers = range(2, int(depths[-1]) + 1)
            law = [law_of_angles(number, layer - 1, width) for layer in layers]
            axes.plot(layers, law, "--", color=colour)
    axes.axhline(0, color="grey", linewidth=1)
    axes.set(xlabel="layers", ylabel="correlation of the cosines", xscale="log")
    ticks(axes, x=depths)
    axes.legend(title="gain")
    return figure


FIGURES = (loss_by_depth, loss_by_rate, angles_by_depth)
