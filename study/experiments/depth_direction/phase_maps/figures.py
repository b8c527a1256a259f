"""Functions of a finished run."""

from collections.abc import Mapping
from math import inf, log
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import pyplot as plt

from study.experiments.depth_direction.phase_maps.claims import EDGE_AT, TANH
from study.experiments.depth_direction.phase_maps.method import Arm, theory_factor
from study.record.drawing import curve, label, label_ends, legend_above
from study.record.results import Run
from study.theory import mean_field, phases
from study.theory.activations import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WEIGHT, BIAS = "variance of a weight × fan_in", "variance of a bias"
PLACES = {
    "tanh": {"Glorot": (1.0, 0.0), "torch's gain": (25 / 9, 0.0), "torch's default": (1 / 3, 0.0)},
    "relu": {"He": (2.0, 0.0), "Glorot": (1.0, 0.0), "torch's default": (1 / 3, 0.0)},
}
LOWER = "torch's default"
"""A place whose name stands in a line of its own, as it is too long to stand beside others."""
PHASES = {"ordered": "ordered", "critical": "edge of\nchaos", "chaotic": "chaotic"}
MARKS = {
    -1: ("v", "C0", "come together"),
    0: ("o", "C2", "undecided"),
    1: ("^", "C1", "come apart"),
}


def tanh_map(run: Run) -> "Figure":
    """Phase map of tanh: inputs come together left of the edge of chaos and apart right of it."""
    figure, axes = plt.subplots()
    weights, biases = np.linspace(0.05, 4.3, 60), np.linspace(0, 0.78, 25) ** 2
    chi = [[theory_factor(Arm("tanh", c, b)) for c in weights.tolist()] for b in biases.tolist()]
    axes.contourf(weights, biases, chi, [0, 1, 2], colors=["C0", "C1"], alpha=0.15)
    levels = axes.contour(weights, biases, chi, [0.5, 0.7, 0.85, 1.15, 1.3], colors="0.5")
    axes.clabel(levels, fontsize=plt.rcParams["font.size"])
    axes.contour(weights, biases, chi, [1.0], colors=[axes.xaxis.label.get_color()], linewidths=2)
    _marks(axes, run, "tanh", "near_factor")
    axes.set(xlabel=WEIGHT, ylabel=BIAS, xlim=(0.05, 4.3), ylim=(-0.13, 0.6))
    return figure


def relu_map(run: Run) -> "Figure":
    """Phase map of ReLU: the gradient is kept on one vertical line, whatever the biases."""
    figure, axes = plt.subplots()
    top = 0.6
    for length in (1.0, 3.0):
        axes.plot([0, 2], [length, 0], color="0.5", linewidth=0.8)
        label(axes, f"length {length:g}", (2 - 2 * top / length, top), (0, 3), ha="center")
    axes.axvline(2, color=axes.xaxis.label.get_color(), linewidth=2)
    _marks(axes, run, "relu", "gradient_factor", numbers=True)
    axes.set(xlabel=WEIGHT, ylabel=BIAS, xlim=(0, 3.4), ylim=(-0.13, top))
    return figure


def cosine_by_layer(run: Run) -> "Figure":
    """Cosine of two inputs by layer: it goes to 1 in order, and to a value below 1 in chaos."""
    figure, axes = plt.subplots()
    settings = run.settings["experiment"]
    for index, (name, phase) in enumerate(PHASES.items()):
        if name not in settings["arms"]:
            continue
        arm, colour = settings["arms"][name], f"C{index}"
        for start in ("middle", "apart"):
            rows = run.tables["layers"].where(arm=name, start=start)
            text = phase if start == "apart" else None
            curve(axes, rows, "layer", markersize=3, color=colour, label=text)
            law = _gaps(settings, start, arm["weight_variance"], arm["bias_variance"])
            axes.plot(range(1, len(law) + 1), 1 - law, "--", color=colour)
    axes.set(xlabel="layer", ylabel="cosine of two preactivations", ylim=(-0.05, 1.05))
    label_ends(axes)
    return figure


def depth_scales(run: Run) -> "Figure":
    """Depth scale by the size of the weights: it has no bound at the edge of chaos."""
    figure, axes = plt.subplots()
    settings, edge = run.settings["experiment"], EDGE_AT
    if "tanh_low" not in settings["rows"]:
        return figure
    bias = settings["rows"]["tanh_low"]["bias_variance"]
    for side in (np.linspace(0.3, edge - 0.01, 60), np.linspace(edge + 0.01, 4.2, 60)):
        law = [phases.correlation_depth_scale(TANH, c, bias) for c in side.tolist()]
        axes.plot(side, law, "--", color="C0")
    axes.axvline(edge, color="0.5", linewidth=0.8)
    label(axes, "edge of chaos", (edge, 120), (14, 0))
    first, last = settings["fixed_starts"]["layers"]
    for row in run.tables["map"]:
        is_ordered = float(row["weight_variance"]) < edge
        quantity = "near_factor" if is_ordered else "kept_near_fixed"
        if row["quantity"] != quantity or row["row"] not in {"tanh_low", "tanh_edge"}:
            continue
        shares = [float(row["mean"]) + sign * float(row["half_width"]) for sign in (-1, 0, 1)]
        low, middle, high = (_scale(x, 1 if is_ordered else last - first) for x in shares)
        if high < inf:
            reach = [[middle - low], [high - middle]]
            axes.errorbar([row["weight_variance"]], [middle], reach, fmt="o", color="C1", capsize=3)
    axes.set(xlabel=WEIGHT, ylabel="depth scale in layers", yscale="log", ylim=(0.7, 300))
    return figure


def _gaps(settings: Mapping[str, Any], start: str, c: float, bias: float) -> Array:
    """Return the gaps that the map gives in each layer of tanh units."""
    gap = settings["starts"][start] * c / (c + bias)
    return mean_field.gaps(TANH, c + bias, gap, c, bias, settings["depth"])


def _scale(share: float, layers: int) -> float:
    return -layers / log(share) if 0 < share < 1 else inf if share >= 1 else 0.0


def _marks(axes: "Axes", run: Run, name: str, quantity: str, *, numbers: bool = False) -> None:
    """Mark every network of a map by the side of 1 on which its factor is, and name places."""
    rows = run.settings["experiment"]["rows"]
    labelled_sides: set[int] = set()
    for row in run.tables["map"]:
        map_row = rows[str(row["row"])]
        if map_row["activation"] != name or row["quantity"] != quantity:
            continue
        mean, half_width = (float(row[key]) for key in ("mean", "half_width"))
        side = int(mean - half_width > 1) - int(mean + half_width < 1)
        mark, colour, text = MARKS[side]
        place = float(row["weight_variance"]), map_row["bias_variance"]
        axes.plot(*place, mark, color=colour, label=None if side in labelled_sides else text)
        labelled_sides.add(side)
        if numbers:
            label(axes, f"{mean:.2f}", place, (3, 7), ha="center")
    for text, place in PLACES[name].items():
        axes.plot(*place, "*", color="C3", markersize=9, clip_on=False)
        offset = (-6, -28) if text == LOWER else (4 * (text == "He"), -16)
        label(axes, text, place, offset, ha="left" if text in {LOWER, "He"} else "center")
    if not numbers:
        legend_above(axes)


FIGURES = (tanh_map, cosine_by_layer, depth_scales, relu_map)
