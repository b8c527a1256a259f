"""Functions of a finished run."""

from collections.abc import Mapping
from math import inf, log
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import pyplot as plt

from study.experiments.depth_direction.phase_maps.claims import EDGE_AT, TANH
from study.experiments.depth_direction.phase_maps.method import Arm, theory_factor
from study.record.drawing import curve, label
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
MARKS = {
    -1: ("v", "C0", "come together"),
    0: ("o", "C2", "undecided"),
    1: ("^", "C1", "come apart"),
}


def tanh_map(run: Run) -> "Figure":
    """Phase map of tanh: inputs come together left of the edge of chaos and apart right of it."""
    figure, axes = plt.subplots()
    weights, biases = np.linspace(0.2, 4.3, 60), np.linspace(0, 0.78, 25) ** 2
    chi = [[theory_factor(Arm("tanh", c, b)) for c in weights.tolist()] for b in biases.tolist()]
    levels = axes.contour(weights, biases, chi, [0.3, 0.5, 0.7, 0.85, 1.15, 1.3], colors="0.5")
    axes.clabel(levels, fontsize=7)
    axes.contour(weights, biases, chi, [1.0], colors=[axes.xaxis.label.get_color()], linewidths=2)
    _marks(axes, run, "tanh", "near_factor")
    axes.set(xlabel=WEIGHT, ylabel=BIAS, xlim=(0, 4.3), ylim=(-0.07, 0.6))
    return figure


def relu_map(run: Run) -> "Figure":
    """Phase map of ReLU: the gradient is kept on one vertical line, whatever the biases."""
    figure, axes = plt.subplots()
    for length in (0.25, 0.5, 1.0, 2.0):
        axes.plot([0, 2], [length, 0], color="0.5", linewidth=0.8)
        top = min(length, 0.53)
        axes.text(2 - 2 * top / length + 0.05, top, f"length {length:g}", fontsize=7)
    axes.axvline(2, color=axes.xaxis.label.get_color(), linewidth=2)
    _marks(axes, run, "relu", "gradient_factor", numbers=True)
    axes.set(xlabel=WEIGHT, ylabel=BIAS, xlim=(0, 3.4), ylim=(-0.05, 0.6))
    return figure


def cosine_by_layer(run: Run) -> "Figure":
    """Cosine of two inputs by layer: it goes to 1 in order, and to a value below 1 in chaos."""
    figure, axes = plt.subplots()
    settings = run.settings["experiment"]
    for index, name in enumerate(("ordered", "critical", "chaotic")):
        if name not in settings["arms"]:
            continue
        arm, colour = settings["arms"][name], f"C{index}"
        for start in ("middle", "apart"):
            rows = run.tables["layers"].where(arm=name, start=start)
            text = name if start == "apart" else None
            curve(axes, rows, "layer", markersize=3, color=colour, label=text)
            law = _gaps(settings, start, arm["weight_variance"], arm["bias_variance"])
            axes.plot(range(1, len(law) + 1), 1 - law, "--", color=colour)
    axes.set(xlabel="layer", ylabel="cosine of two preactivations", ylim=(-0.05, 1.05))
    axes.legend()
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
    first, last = settings["ranges"]["scale"]
    variances = np.linspace(edge + 0.2, 4.2, 40).tolist()
    starts = ([_gaps(settings, start, c, bias) for c in variances] for start in ("apart", "middle"))
    differences = [
        apart_gaps - middle_gaps for apart_gaps, middle_gaps in zip(*starts, strict=True)
    ]
    scales = [
        _scale(difference[last - 1] / difference[first - 1], last - first)
        for difference in differences
    ]
    axes.plot(variances, scales, ":", color="C0")
    for row in run.tables["map"]:
        is_ordered = float(row["weight_variance"]) < edge
        key = "tanh_low", "near_factor" if is_ordered else "distance_kept"
        if (row["row"], row["quantity"]) != key:
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
            label(axes, f"{mean:.2f}", place, (0, 7), ha="center")
    for text, place in PLACES[name].items():
        axes.plot(*place, "*", color="C3", markersize=9, clip_on=False)
        label(axes, text, place, (0, -13), ha="center", fontsize=8)
    if not numbers:
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, fontsize=8)


FIGURES = (tanh_map, cosine_by_layer, depth_scales, relu_map)
