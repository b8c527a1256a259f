"""Functions of a finished run."""

from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

from study.experiments.pytorch.zero_padding.claims import leak
from study.experiments.pytorch.zero_padding.method import SIDE
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def leak_by_layer(run: Run) -> "Figure":
    """Second moment by layer under zero padding: the smaller the image, the faster it leaks."""
    figure, axes = plt.subplots()
    networks = run.settings["experiment"]["networks"]
    rows = run.tables.get("layers", [])
    for name in dict.fromkeys(str(row["network"]) for row in rows):
        own = [row for row in rows if row["network"] == name]
        layers: list[Any] = [row["layer"] for row in own]
        side = networks[name]["side"]
        axes.errorbar(
            layers,
            [row["mean"] for row in own],
            [row["half_width"] for row in own],
            fmt="o",
            markersize=3,
            label=f"{side} by {side}",
        )
        color = axes.lines[-1].get_color()
        axes.plot(layers, [row["law"] for row in own], "--", color=color)
    axes.set_yscale("log")
    axes.set(xlabel="layer", ylabel="second moment, relative to layer 1")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if rows:
        axes.legend()
    return figure


def factor_by_side(run: Run) -> "Figure":
    """Factor per zero-padded layer against the side of the image, on the law with the cosine."""
    figure, axes = plt.subplots()
    sides = range(3, SIDE + 1)
    axes.plot(sides, [leak(side) for side in sides], "--", color="C0", label="law")
    networks = run.settings["experiment"]["networks"]
    zeros = {name: row["side"] for name, row in networks.items() if row["padding"] == "zeros"}
    values = [run.values[f"factor.{name}"] for name in zeros]
    axes.errorbar(
        list(zeros.values()),
        [value.mean for value in values],
        [value.half_width for value in values],
        fmt="o",
        capsize=3,
        label="measured",
    )
    axes.set(xlabel="side of the image", ylabel="factor per layer")
    axes.legend()
    return figure


FIGURES = (leak_by_layer, factor_by_side)
