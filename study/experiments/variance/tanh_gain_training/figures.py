"""Functions of a finished run."""

from math import ceil, isfinite
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.variance.tanh_gain_training.claims import depth_scale, law_of_angles
from study.lab.classification import CHANCE_LOSS
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
        found = [run.values[f"loss.{gain}_at_{name}"] for name in depths]
        axes.errorbar(
            [*depths.values()],
            [value.mean for value in found],
            yerr=[value.half_width for value in found],
            marker=MARKS.get(gain, OTHER_MARK),
            capsize=3,
            label=LABELS.get(gain, gain),
        )
    axes.axhline(CHANCE_LOSS, color="grey", linewidth=1, linestyle=":")
    axes.set(xlabel="layers", ylabel="cross-entropy", xscale="log", yscale="log")
    axes.set_xticks([*depths.values()], [str(depth) for depth in depths.values()])
    axes.set_yticks(LOSSES, [str(loss) for loss in LOSSES])
    axes.minorticks_off()
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
            own = [
                row for row in run.tables["rates"] if (row["depth"], row["gain"]) == (name, gain)
            ]
            rates, means = ([float(row[key]) for row in own] for key in ("learning_rate", "mean"))
            axes.plot(
                rates, means, marker=MARKS.get(gain, OTHER_MARK), label=LABELS.get(gain, gain)
            )
        axes.set(title=f"{depth} layers", xscale="log", yscale="log")
        axes.set_yticks(LOSSES, [str(loss) for loss in LOSSES])
        axes.minorticks_off()
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
        own = [row for row in run.tables["angles"] if row["gain"] == gain]
        layers, means, half = (
            [float(row[key]) for row in own] for key in ("layers", "mean", "half_width")
        )
        axes.errorbar(
            layers,
            means,
            half,
            fmt=MARKS.get(gain, OTHER_MARK),
            capsize=3,
            label=LABELS.get(gain, gain),
        )
        if isfinite(depth_scale(number)):
            at = range(2, int(depths[-1]) + 1)
            law = [law_of_angles(number, layer - 1, width) for layer in at]
            axes.plot(at, law, "--", color=axes.lines[-1].get_color())
    axes.axhline(0, color="grey", linewidth=1)
    axes.set(xlabel="layers", ylabel="correlation of the cosines", xscale="log")
    axes.set_xticks(depths, [str(depth) for depth in depths])
    axes.minorticks_off()
    axes.legend(title="gain")
    return figure


FIGURES = (loss_by_depth, loss_by_rate, angles_by_depth)
