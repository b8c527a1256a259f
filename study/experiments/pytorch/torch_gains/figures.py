"""Functions of a finished run."""

from math import log10
from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

from study.experiments.pytorch.torch_gains.claims import settled
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {"selu": "SELU, gain 3/4", "selu_linear": "SELU, gain 1"}


def selu_with_two_gains(run: Run) -> "Figure":
    """SELU by layer: the gain 3/4 keeps the gradient, the gain 1 keeps the signal."""
    figure, (above, below) = plt.subplots(2, 1, sharex=True)
    rows = run.tables["layers"]
    for axes, quantity in ((above, "signal"), (below, "gradient")):
        for at, (name, label) in enumerate(LABELS.items()):
            own = [row for row in rows if (row["network"], row["quantity"]) == (name, quantity)]
            if not own:
                continue
            layers: list[Any] = [row["layer"] for row in own]
            means: list[Any] = [row["mean"] for row in own]
            axes.plot(layers, means, "os"[at], markersize=2.5, label=label)
            size, factor = settled("selu", (0.75, 1.0)[at])
            level = log10(size if quantity == "signal" else factor)
            if quantity == "signal":
                axes.axhline(level, linestyle="--", color=f"C{at}")
            else:
                law = [means[-1] + (layers[-1] - layer) * level for layer in layers]
                axes.plot(layers, law, "--", color=f"C{at}")
        axes.set_ylabel(f"log₁₀ of the second\nmoment, {quantity}")
    above.legend()
    below.set_xlabel("layer")
    return figure


FIGURES = (selu_with_two_gains,)
