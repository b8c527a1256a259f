"""Functions of a finished run."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt

from study.experiments.variance.attention_start.method import TOKENS
from study.record.drawing import curve, label_ends, level, ticks
from study.record.results import Run
from study.theory.softmax import SoftmaxMoments, expected_lead, softmax_moments

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABELS = {
    "apart_plain": "no scale",
    "apart_root": "1/√d",
    "apart_inverse": "1/d",
    "rows_plain": "rows,\nno scale",
    "rows_root": "rows,\n1/√d",
    "packed_root": "packed,\n1/√d",
}
POWERS = {"none": 1, "root": 0, "inverse": -1}
"""With which power of d the variance of the scores grows."""


def laws(arm: dict[str, str], dims: list[int]) -> list[SoftmaxMoments] | None:
    """Return the law of a head at each width; none where tokens are rows of images.

    Args:
        arm: its settings.
        dims: the widths.
    """
    if arm["tokens"] == "rows":
        return None
    quarter = 0.25 if arm["matrices"] == "packed" else 1.0
    return [softmax_moments(quarter * dim ** POWERS[arm["scaling"]], TOKENS) for dim in dims]


def by_width(axes: "Axes") -> None:
    """Say that the width of a head goes to the right, in doublings."""
    axes.set(xlabel="width d of the head", xscale="log")
    ticks(axes, x=(8, 32, 128, 512))


def entropy_by_width(run: Run) -> "Figure":
    """Entropy of attention by width of the head: it stays at 1/√d, falls unscaled, as the law."""
    figure, axes = plt.subplots()
    arms = run.settings["experiment"]["arms"]
    table = run.tables["heads"].where(quantity="entropy")
    for name, rows in table.groups("arm", first=LABELS).items():
        if arms[name]["matrices"] == "packed":
            continue  # nearly the curve of equal weights
        moments = laws(arms[name], [*rows.column("dim")])
        law = None if moments is None else [moment.entropy for moment in moments]
        curve(axes, rows, "dim", law=law, capsize=2, label=LABELS.get(name, name))
    level(axes, np.log(TOKENS))
    axes.set(ylabel="entropy of the weights, nats", ylim=(0, 3.5))
    by_width(axes)
    label_ends(axes)
    return figure


def gradient_by_width(run: Run) -> "Figure":
    """Gradient through the softmax by root of d: the mean falls slowly, the typical row steeply."""
    figure, axes = plt.subplots()
    arms = run.settings["experiment"]["arms"]
    equal = np.log((TOKENS - 1) / TOKENS**2)
    table = run.tables["heads"]
    for name in [head for head, arm in arms.items() if arm["tokens"] == "apart"]:
        if arms[name]["matrices"] == "packed":
            continue
        rows = table.where(arm=name, quantity="gradient")
        typical = table.where(arm=name, quantity="log_slopes")
        places = np.sqrt(rows.column("dim"))
        moments = laws(arms[name], [*rows.column("dim")])
        law = [moment.jacobian / np.exp(equal) for moment in moments or []]
        label = LABELS.get(name, name)
        colour = curve(axes, rows, places, law=law, capsize=2, label=label)
        means = np.exp(typical.column("mean") - equal)
        label = f"{label},\ntypical row"
        axes.plot(places, means, "s:", color=colour, mfc="none", label=label)
        if arms[name]["scaling"] == "none":
            fall = -2 * expected_lead(TOKENS) * (places - places[-1])
            axes.plot(places, means[-1] * np.exp(fall), "-.", color=colour, linewidth=1)
    axes.set(xlabel="root of the width d of the head", yscale="log")
    axes.set(ylabel="gradient through the softmax,\nsquared, over that of equal weights")
    label_ends(axes)
    return figure


FIGURES = (entropy_by_width, gradient_by_width)
