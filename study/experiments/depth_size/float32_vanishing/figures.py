"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.depth_size.float32_vanishing.claims import SMALLEST
from study.record.drawing import curve, label, level, powers
from study.record.results import NO_ROWS, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def size_by_layer(run: Run) -> "Figure":
    """Largest activation by layer, in powers of two: a straight fall to the end of float32."""
    figure, axes = plt.subplots()
    rows = run.tables.get("layers", NO_ROWS)
    curve(axes, rows, "layer", "-", reach=None, label="measured, mean over draws")
    layers, exponents = rows.column("layer"), rows.column("mean")
    law = [exponents[0] - (layer - 1) / 2 for layer in layers]
    axes.plot(layers, law, "--", label="law, −1/2 per layer")
    level(axes, -SMALLEST)
    label(axes, "smallest float32 number", (0, -SMALLEST), (0, 4))
    axes.set(xlabel="layer", ylabel="largest activation")
    powers(axes.yaxis)
    axes.legend(loc="upper right")
    return figure


FIGURES = (size_by_layer,)
