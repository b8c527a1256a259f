"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.fans.fan_modes.method import ALTERNATING, WITH_HEAD, Network, law, sizes
from study.record.drawing import curve, integer_axis
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PIXELS = 28 * 28
MARKERS = {"fan_in": "o", "average": "s", "geometric": "D", "fan_out": "^"}


def markers_of(run: Run) -> dict[str, str]:
    """Return the marker of each mode, the study's own first and in their order."""
    modes = run.settings["experiment"]["modes"]
    return {mode: MARKERS.get(mode, "v") for mode in (*MARKERS, *modes) if mode in modes}


def widths_of(run: Run, name: str) -> tuple[int, ...]:
    """Return the widths of a network of a finished run."""
    network = run.settings["experiment"]["networks"][name]
    return sizes(Network(tuple(network["hidden"]), network["times"], network["last"]), PIXELS)


def plot_by_layer(axes: "Axes", run: Run, network: str, quantity: str) -> None:
    """Draw a quantity of one network by layer: each mode's points, dashed the law."""
    for index, (mode, marker) in enumerate(markers_of(run).items()):
        rows = run.tables["layers"].where(network=network, mode=mode, quantity=quantity)
        lawful = law(widths_of(run, network), run.settings["experiment"]["modes"][mode]["fan"])
        axes.plot(rows.column("layer"), lawful[quantity], "--", color=f"C{index}", lw=1)
        curve(axes, rows, "layer", marker, color=f"C{index}", capsize=2, label=mode)
    axes.set(yscale="log", xlabel="layer")
    integer_axis(axes)
    axes.legend(ncols=2)


def end_to_end_in_six_networks(run: Run) -> "Figure":
    """Signal and gradient from end to end, in six networks and four modes, on their laws."""
    figure, panels = plt.subplots(1, 2, sharey=True)
    networks = list(run.settings["experiment"]["networks"])
    ways = (("forward", "signal", -1), ("backward", "gradient", 0))
    for axes, (way, quantity, end) in zip(panels, ways, strict=True):
        for index, (mode, marker) in enumerate(markers_of(run).items()):
            places = [row + (index - 1.5) / 6 for row in range(len(networks))]
            fan = run.settings["experiment"]["modes"][mode]["fan"]
            lawful = [law(widths_of(run, name), fan)[quantity][end] for name in networks]
            means = [run.values[f"{way}.{name}_{mode}"].mean for name in networks]
            axes.plot(lawful, places, "|", color=f"C{index}", markersize=9)
            axes.plot(means, places, marker, color=f"C{index}", alpha=0.7, label=mode)
        axes.set_xscale("log")
        axes.axvline(1, linewidth=0.8, color="C4")
        axes.set_xlabel(f"{quantity}, end to end")
    panels[0].set_yticks(range(len(networks)), networks)
    panels[0].invert_yaxis()
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


def signal_in_alternating_widths(run: Run) -> "Figure":
    """In alternating widths fan_out makes the signal swing, and the average lets it fade."""
    figure, axes = plt.subplots()
    plot_by_layer(axes, run, ALTERNATING, "signal")
    axes.set_ylabel("signal squared, over layer 1")
    return figure


def weight_gradients_with_a_head(run: Run) -> "Figure":
    """With ten classes fan_in favours the head's weight gradient, and fan_out keeps all level."""
    figure, axes = plt.subplots()
    plot_by_layer(axes, run, WITH_HEAD, "weight_gradient")
    axes.set_ylabel("weight gradient squared, over layer 1")
    return figure


FIGURES = (
    end_to_end_in_six_networks,
    signal_in_alternating_widths,
    weight_gradients_with_a_head,
)
