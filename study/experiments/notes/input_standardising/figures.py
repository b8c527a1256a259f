"""Functions of a finished run."""

from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure


def pixels_before_and_after(run: Run) -> "Figure":
    """Histogram of the training pixels; standardising changes the scale of its axis and no more."""
    figure, axes = plt.subplots()
    rows: Sequence[Mapping[str, Any]] = run.tables["pixels"]
    width = rows[1]["byte"] - rows[0]["byte"]
    axes.bar(
        [row["byte"] for row in rows], [row["share"] for row in rows], width=width, align="edge"
    )
    step = (rows[1]["standardised"] - rows[0]["standardised"]) / width
    start = rows[0]["standardised"]
    after = axes.secondary_xaxis(
        "top", functions=(lambda byte: start + step * byte, lambda x: (x - start) / step)
    )
    after.set_xlabel("standardised pixel")
    axes.set_yscale("log")
    axes.set(xlabel="pixel, as a byte", ylabel="share of the pixels")
    return figure


FIGURES = (pixels_before_and_after,)
