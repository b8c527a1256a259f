"""Functions of a finished run."""

from math import log2
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve, label_ends, powers
from study.record.results import Run
from study.theory import residual

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PLACEMENTS = {"none": "no norm", "pre": "pre-norm", "post": "post-norm"}
SCALES = {0.0: "", 0.5: ", 1/√B", 1.0: ", 1/B"}


def stream_by_block(run: Run) -> "Figure":
    """Stream by block: doubled without a norm, growing linearly with pre-norm, kept with post."""
    figure = by_block(run, "signal")
    figure.axes[0].set(ylabel="second moment of the stream")
    return figure


def gradient_by_block(run: Run) -> "Figure":
    """Gradient by block: downwards it doubles, grows as pre-norm's stream does, or is kept."""
    figure = by_block(run, "gradient")
    figure.axes[0].set(ylabel="gradient by the stream, over the top")
    return figure


def by_block(run: Run, quantity: str) -> "Figure":
    """Draw a quantity of the arms with RMSNorm, or none, whose stream begins at 1.

    Args:
        run: a finished run.
        quantity: ``signal`` or ``gradient``.

    Returns:
        Each arm by block on its law.
    """
    figure, axes = plt.subplots()
    settings = run.settings["experiment"]
    blocks = settings["blocks"]
    for name, arm in settings["arms"].items():
        if arm["zero"] or arm["norm"] == "layer" or arm["first_variance"] != 1:
            continue
        branch = blocks ** (-2 * arm["power"])
        law = residual.stream if quantity == "signal" else residual.gradient
        curve(
            axes,
            run.tables["blocks"].where(arm=name, quantity=quantity),
            "block",
            ".",
            law=[log2(number) for number in law(arm["placement"], branch, blocks)],
            label=PLACEMENTS[arm["placement"]] + SCALES.get(arm["power"], f", B^-{arm['power']:g}"),
        )
    axes.set(xlabel="block")
    powers(axes.yaxis)
    label_ends(axes)
    return figure


FIGURES = (stream_by_block, gradient_by_block)
