"""Functions of a finished run."""

from collections.abc import Mapping
from math import log2, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import pyplot as plt

from study.experiments.depth_size.number_format_limits.method import median_largest
from study.record.drawing import (
    band,
    curve,
    label,
    label_ends,
    legend_above,
    powers,
    ticks,
)
from study.record.results import NO_ROWS, Rows, Run
from study.theory import finite_width

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def size_by_layer(run: Run) -> "Figure":
    """Largest activation by layer, in powers of two, on its law up to the ends of the formats."""
    figure, axes = plt.subplots()
    for index, (name, text, share, offset) in enumerate(
        (
            ("four_float32", "4/n", 0.5, (-22, 8)),
            ("one_float32", "1/n", 0.5, (10, 8)),
            ("third_float32", "1/(3n)", 0.7, (-42, -8)),
        )
    ):
        arm = run.settings["experiment"]["arms"].get(name)
        if arm is None:
            continue
        end = run.values[f"last_layer.{name}"].mean
        layer = np.arange(1.0, end + 1)
        start = log2(sqrt(2) * median_largest(arm["width"]))
        rate, spread = finite_width.log2_rms(arm["weight_variance"], width=arm["width"])
        middle, reach = start + rate * layer, 2 * spread * np.sqrt(layer)
        band(axes, layer, middle, reach, alpha=0.25, color=f"C{index}")
        rows = _rows(run, name, "largest")
        curve(axes, rows, "layer", reach=None, markersize=3, color=f"C{index}")
        place = (share * end, start + rate * share * end)
        label(axes, text, place, offset, color=f"C{index}")
        axes.plot(end, start + rate * end, "X", markersize=8, color=f"C{index}")
    for limit, text in (
        (128, "float32,\nbfloat16"),
        (16, "float16"),
        (-24, "float16"),
        (-133, "bfloat16"),
        (-149, "float32"),
    ):
        axes.axhline(limit, color="C4", linestyle=":", linewidth=1, label=text)
    axes.set(xlabel="layer", ylabel="largest activation")
    powers(axes.yaxis)
    label_ends(axes)
    return figure


def predicted_and_measured(run: Run) -> "Figure":
    """Layer at which networks end: as predicted with two deviations, and as measured."""
    figure, axes = plt.subplots()
    arms = run.settings["experiment"]["arms"]
    rows: list[Mapping[str, Any]] = sorted(run.tables["layers"], key=lambda row: row["predicted"])
    for height, row in enumerate(rows):
        axes.plot(
            [row["early"], row["late"]],
            [height, height],
            color="C0",
            alpha=0.35,
            linewidth=9,
            solid_capstyle="butt",
            label=None if height else "predicted",
        )
        axes.errorbar(
            row["mean"],
            height,
            xerr=2 * row["deviation"],
            fmt="o",
            color="C1",
            capsize=3,
            label=None if height else "measured",
        )
    axes.set_xscale("log")
    ticks(axes, x=(20, 50, 100, 300))
    axes.set_yticks(range(len(rows)), [_name(arms[row["arm"]]) for row in rows])
    axes.set(xlabel="layer at which the networks end")
    legend_above(axes)
    return figure


def squares_end_first(run: Run) -> "Figure":
    """Largest activation and mean of squares in float32: the squares are zero at half the depth."""
    figure, axes = plt.subplots()
    smallest = finite_width.SMALLEST["float32"]
    for quantity, text, last in (
        ("largest", "largest activation", "last_layer.one_float32"),
        ("mean_square", "mean of squares, in float32", "last_square.one_float32"),
    ):
        rows = _rows(run, "one_float32", quantity)
        colour = curve(axes, rows, "layer", "o-", reach=None, markersize=3, label=text)
        axes.plot(run.values[last].mean, smallest, "X", markersize=8, color=colour)
    axes.axhline(smallest, color="C2", linestyle=":")
    label(axes, "smallest float32 number", (0, smallest), (4, -14), color="C2")
    axes.set(xlabel="layer", ylabel="size in one layer", ylim=(smallest - 20, None))
    powers(axes.yaxis)
    axes.legend(loc="upper right")
    return figure


def _name(arm: Mapping[str, Any]) -> str:
    weight_variance = arm["weight_variance"]
    variance = "1/(3n)" if weight_variance == 1 / 3 else f"{weight_variance:g}/n"
    return f"{variance}, width {arm['width']}, {arm['format']}"


def _rows(run: Run, arm: str, quantity: str) -> Rows:
    """Return the rows of a size of an arm; there are none of layers in which networks are dead."""
    rows = run.tables.get("sizes", NO_ROWS).groups("arm").get(arm, NO_ROWS)
    return rows.groups("quantity").get(quantity, NO_ROWS)


FIGURES = (size_by_layer, predicted_and_measured, squares_end_first)
