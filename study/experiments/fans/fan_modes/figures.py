"""Functions of a finished run."""

from math import log10, nan
from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

from study.experiments.fans.fan_modes.method import ALTERNATING, WITH_HEAD, Network, law, sizes
from study.record.drawing import curve, heat_map, integer_axis, label_ends, power, stacked
from study.record.results import Rows, Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PIXELS = 28 * 28
WIDTHS = {
    "square": "all 512",
    "widening": "32 to 512",
    "narrowing": "512 to 32",
    "hourglass": "512, 32, 512",
    "alternating": "1024 and 64",
    "head": "1000, then 10",
}
WAYS = {
    "forward": "signal, last layer over first",
    "backward": "gradient, first layer over last",
}
SHORT = {"geometric": "geom.\naverage"}
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


def end_to_end_in_six_networks(run: Run) -> "Figure":
    """Signal and gradient from end to end, in six networks: fan_in keeps one, fan_out the other."""
    figure, panels = stacked(2, 2.6)
    networks = run.settings["experiment"]["networks"]
    names = {name: WIDTHS.get(name, name) for name in (*WIDTHS, *networks) if name in networks}
    for axes, (way, text) in zip(panels, WAYS.items(), strict=True):
        rows = Rows.from_rows(
            [
                {
                    "mode": SHORT.get(mode, mode),
                    "network": names[name],
                    "factor": _exponent(value.mean),
                }
                for name in reversed(names)
                for mode in markers_of(run)
                for value in [run.values[f"{way}.{name}_{mode}"]]
            ]
        )
        look: dict[str, Any] = {"vmin": -4, "vmax": 4, "cmap": "RdBu_r", "text": _as_factor}
        heat_map(axes, rows, "mode", "network", "factor", **look)
        axes.set_title(text)
    return figure


def signal_in_alternating_widths(run: Run) -> "Figure":
    """In alternating widths fan_out makes the signal swing, and the average lets it fade."""
    figure, axes = plt.subplots()
    plot_by_layer(axes, run, ALTERNATING, "signal")
    axes.set_ylabel("signal squared, over layer 1")
    axes.legend(ncols=2)
    return figure


def weight_gradients_with_a_head(run: Run) -> "Figure":
    """With ten classes fan_in favours the head's weight gradient, and fan_out keeps all level."""
    figure, axes = plt.subplots()
    plot_by_layer(axes, run, WITH_HEAD, "weight_gradient")
    axes.set_ylabel("weight gradient squared, over layer 1")
    label_ends(axes)
    return figure


def _exponent(factor: float) -> float:
    """Return the exponent of ten of a factor, and no number where nothing is left."""
    return log10(factor) if factor > 0 else nan


def _as_factor(exponent: float) -> str:
    """Return a power of ten as text."""
    return f"{float(f'{10**exponent:.2g}'):g}" if exponent > -2.5 else power(10, round(exponent))


FIGURES = (
    end_to_end_in_six_networks,
    signal_in_alternating_widths,
    weight_gradients_with_a_head,
)
