"""Functions of a finished run."""

from math import isfinite
from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt
from matplotlib.colors import LogNorm

from study.experiments.variance.tanh_gain_training.claims import depth_scale, law_of_angles
from study.lab.classification import CHANCE_LOSS
from study.record.drawing import (
    ascending,
    curve,
    estimates,
    heat_map,
    label,
    label_ends,
    level,
    ticks,
)
from study.record.results import Rows, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "one": "gain 1",
    "eleven_tenths": "gain 1.1",
    "five_quarters": "gain 5/4",
    "five_thirds": "gain 5/3",
}
MARKS = dict(zip(LABELS, "osD^", strict=True))
OTHER_MARK = "v"
LOSSES = (0.2, 0.5, 1, 2)
"""Where the axes of losses have a mark."""


def layers(run: Run) -> dict[str, float]:
    """Return how many layers each depth has, in ascending order."""
    depths = run.settings["experiment"]["depths"]
    return ascending({name: depth["layers"] for name, depth in depths.items()})


def loss_by_depth(run: Run) -> "Figure":
    """Loss by depth and gain: the same with few layers, and a guess with 5/3 and a hundred."""
    figure, axes = plt.subplots()
    depths = layers(run)
    for gain in ascending(run.settings["experiment"]["gains"]):
        values = [run.values[f"loss.{gain}_at_{name}"] for name in depths]
        style, text = MARKS.get(gain, OTHER_MARK) + "-", LABELS.get(gain, gain)
        estimates(axes, [*depths.values()], values, style, capsize=3, label=text)
    level(axes, CHANCE_LOSS)
    axes.set(xlabel="layers", ylabel="cross-entropy", xscale="log", yscale="log")
    ticks(axes, x=[*depths.values()], y=LOSSES)
    label(axes, "loss of a guess", (min(depths.values()), CHANCE_LOSS), (0, -4), va="top")
    label_ends(axes)
    return figure


def loss_by_rate(run: Run) -> "Figure":
    """Loss by learning rate and gain, a map for each depth: the best rate falls with depth."""
    depths = layers(run)
    gains = [*ascending(run.settings["experiment"]["gains"])]
    width = plt.rcParams["figure.figsize"][0]
    figure, panels = plt.subplots(len(depths), squeeze=False, figsize=(width, 1.6 * len(depths)))
    for axes, (name, depth) in zip(panels[:, 0], depths.items(), strict=True):
        rows = run.tables["rates"].where(depth=name, scale="standardised")
        by_gain = Rows.from_rows(
            [
                {
                    **row,
                    "gain": LABELS.get(gain, gain),
                    "thousandths": float(f"{1000 * float(row['learning_rate']):.6g}"),
                }
                for gain in reversed(gains)
                for row in rows.where(gain=gain)
            ]
        )
        norm = LogNorm(LOSSES[0], LOSSES[-1])
        look: dict[str, Any] = {"norm": norm, "cmap": "viridis_r", "text": "{:.2g}".format}
        heat_map(axes, by_gain, "thousandths", "gain", **look)
        axes.set_title(f"cross-entropy after {depth} layers")
    panels[-1, 0].set_xlabel("learning rate, in thousandths")
    return figure


def angles_by_depth(run: Run) -> "Figure":
    """What is left of the angles by depth: with the gain 5/3 nothing after fifty layers."""
    figure, axes = plt.subplots()
    width = run.settings["experiment"]["width"]
    depths = [*layers(run).values()]
    for gain, number in ascending(run.settings["experiment"]["gains"]).items():
        rows = run.tables["angles"].where(gain=gain)
        marker, text = MARKS.get(gain, OTHER_MARK), LABELS.get(gain, gain)
        colour = curve(axes, rows, "layers", marker, capsize=3, within=(-1, 1), label=text)
        if isfinite(depth_scale(number)):
            every = range(2, int(depths[-1]) + 1)
            law = [law_of_angles(number, layer - 1, width) for layer in every]
            axes.plot(every, law, "--", color=colour)
    axes.axhline(0, color="grey", linewidth=1)
    axes.set(xlabel="layers", ylabel="correlation of the cosines", xscale="log")
    ticks(axes, x=depths)
    label_ends(axes)
    return figure


FIGURES = (loss_by_depth, loss_by_rate, angles_by_depth)
