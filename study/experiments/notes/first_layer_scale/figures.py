"""Functions of a finished run."""

from math import exp, pi, sqrt
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.notes.first_layer import AGAIN
from study.record.drawing import legend_above
from study.record.results import NO_ROWS, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLOUD_LABELS = {
    "simplified_linear": "randn/√m",
    "simplified_relu": "randn/√m, ReLU",
    "he_relu": "randn·√(2/m), ReLU",
    "he_shifted": "the same, minus 0.5",
}


def printed_pairs_among_draws(run: Run) -> "Figure":
    """Mean and deviation of a layer, draw by draw, in four clouds; printed pairs lie inside."""
    figure, axes = plt.subplots()
    printouts = run.settings["experiment"]["printed"]
    means, deviations = printouts["mean"], printouts["deviation"]
    clouds = run.tables["pairs"].groups("arm")
    for index, (arm, label) in enumerate(CLOUD_LABELS.items()):
        rows = clouds.get(arm, NO_ROWS)
        axes.plot(
            rows.column("mean"),
            rows.column("deviation"),
            ".",
            color=f"C{index}",
            markersize=2.5,
            alpha=0.35,
        )
        marks = [mark for mark in (arm, f"{arm}{AGAIN}") if mark in means and mark in deviations]
        axes.plot(
            [means[mark] for mark in marks],
            [deviations[mark] for mark in marks],
            "D",
            color=f"C{index}",
            markeredgecolor=plt.rcParams["text.color"],
            markersize=7,
            label=label,
        )
    axes.set(xlabel="mean of the layer", ylabel="standard deviation of the layer")
    legend_above(axes, title="a dot for each draw, a diamond as a note prints it")
    return figure


def layer_mean_by_draw(run: Run) -> "Figure":
    """Means of a linear layer over the draws, on the law of 50 units; that of pixels is far off."""
    figure, axes = plt.subplots()
    means = run.tables["pairs"].where(arm="simplified_linear").column("mean")
    axes.hist(means, bins=20, density=True, color="C0", alpha=0.45, label="draws")
    spread = run.values["spread_of_mean_law.simplified_linear"].mean
    grid = [spread * step / 40 for step in range(-140, 141)]
    height = [exp(-((x / spread) ** 2) / 2) / (spread * sqrt(2 * pi)) for x in grid]
    axes.plot(grid, height, color="C1", label="law, of deviation ‖x̄‖/√(m n)")
    naive_spread = run.values["spread_of_mean_if_independent.simplified_linear"].mean
    axes.axvspan(
        -2 * naive_spread,
        2 * naive_spread,
        color="C2",
        alpha=0.6,
        label="if all outputs were independent",
    )
    printouts = run.settings["experiment"]["printed"]["mean"]
    for mark in ("simplified_linear", "simplified_linear_again"):
        axes.plot(printouts[mark], 0.3, "D", color="C3", clip_on=False, markersize=7)
    axes.plot([], [], "D", color="C3", label="printed by a note")
    axes.set(xlabel="mean of the layer", ylabel="density", ylim=(0, None))
    legend_above(axes, columns=1)
    return figure


FIGURES = (printed_pairs_among_draws, layer_mean_by_draw)
