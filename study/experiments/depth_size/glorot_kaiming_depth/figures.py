"""Functions of a finished run."""

from typing import TYPE_CHECKING

from study.record.drawing import curve, label, label_ends, powers, stacked
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMALLEST, LARGEST = -149, 128
"""Powers of two between which float32 has numbers."""
LABELS = {
    "kaiming_linear": "2/n, linear",
    "kaiming_tanh": "2/n, tanh",
    "kaiming_relu": "2/n, ReLU",
    "glorot_linear": "1/n, linear",
    "glorot_tanh": "1/n, tanh",
    "glorot_relu": "1/n, ReLU",
}


COLOURS = {"linear": "C0", "tanh": "C1", "relu": "C2"}


def second_moment_by_layer(run: Run) -> "Figure":
    """Second moment by layer: two of six schemes leave float32, four stay or drift slowly."""
    figure, panels = stacked(2, 2.4)
    schemes = run.settings["experiment"]["schemes"]
    for name, rows in run.tables["layers"].groups("arm", first=LABELS).items():
        style = "--" if name.startswith("glorot") else "-"
        colour = COLOURS[schemes[name]["activation"]]
        ends = rows.column("mean")[-1]
        panel, other_panel = panels if not SMALLEST <= ends <= LARGEST else panels[::-1]
        curve(panel, rows, "layer", style, reach=None, color=colour, label=LABELS.get(name, name))
        if panel is panels[1]:
            curve(other_panel, rows, "layer", style, reach=None, color=colour)
    panels[0].axhspan(SMALLEST, LARGEST, color="grey", alpha=0.25, linewidth=0)
    label(panels[0], "range of float32", (rows.column("layer")[-1], LARGEST), (0, 3), ha="right")
    panels[1].set_xlabel("layer")
    for axes in panels:
        axes.set_ylabel("second moment")
        powers(axes.yaxis)
        label_ends(axes)
    return figure


FIGURES = (second_moment_by_layer,)
