"""Functions of a finished run."""

from statistics import fmean
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve, legend_above, level
from study.record.results import NO_ROWS, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def slopes_by_layer(run: Run) -> "Figure":
    """Learned slopes by layer: they fall without pooling, and pooling lifts the third."""
    figure, axes = plt.subplots()
    arms = run.tables["slopes"].groups("arm")
    names = {"channel": "max pooling after conv1 and conv3", "strided": "no pooling"}
    for shift, (arm, label) in zip((-0.06, 0.06), names.items(), strict=True):
        if arm in arms:
            places = [index + shift for index in range(len(arms[arm]))]
            curve(axes, arms[arm], places, "o-", capsize=2, label=label)
    level(axes, run.settings["experiment"]["slope_start"], label="at the start")
    layers = [*run.tables["slopes"].groups("layer")]
    axes.set_xticks(range(len(layers)), layers)
    axes.set(xlabel="layer", ylabel="mean slope")
    legend_above(axes, columns=1)
    return figure


def slopes_of_table_1(run: Run) -> "Figure":
    """Slopes printed in the paper by convolution: the first is the largest, the fifth the next."""
    figure, axes = plt.subplots()
    printed_slopes = run.settings["experiment"]["printed"]
    for name, marker in (("channel", "o-"), ("shared", "s--")):
        if name not in printed_slopes:
            continue
        slopes = printed_slopes[name]
        label = "one for each channel, mean" if name == "channel" else "one for each layer"
        axes.plot(range(1, len(slopes) + 1), slopes, marker, label=label)
    level(axes, run.settings["experiment"]["slope_start"], label="at the start")
    axes.set(xlabel="convolution", ylabel="slope printed in table 1", xticks=range(1, 12))
    axes.set_ylim(0, None)
    legend_above(axes, columns=1)
    return figure


def slopes_with_decay(run: Run) -> "Figure":
    """Mean slope in the course of training: weight decay draws it towards 0."""
    figure, axes = plt.subplots()
    arms = run.tables["course"].groups("arm")
    for arm, label in (("channel", "without decay of slopes"), ("decayed", "with decay")):
        updates = arms.get(arm, NO_ROWS).groups("update")
        means = [fmean(rows.column("mean")) for rows in updates.values()]
        axes.plot([*updates], means, "o-", label=label)
    axes.set(xlabel="update", ylabel="slope, mean over layers")
    axes.set_ylim(bottom=0)
    axes.legend()
    return figure


FIGURES = (slopes_by_layer, slopes_of_table_1, slopes_with_decay)
