"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WAY_LABELS = {
    "own": "own set",
    "own_image": "own image",
    "own_digit": "own digit",
    "own_half_blank": "own set,\n1/2 blank",
    "own_mostly_blank": "own set,\n99/100 blank",
    "raw": "none (raw)",
}


def error_by_way(run: Run) -> "Figure":
    """Error added by each way: none by a set that is alike, most by a blank set or raw images."""
    figure, axes = plt.subplots()
    ways = run.settings["experiment"]["ways"]
    labels = {name: text for name, text in WAY_LABELS.items() if name in ways}
    labels |= {name: name for name in ways if name not in {"training", *labels}}
    values = [run.values[f"error_above_training.{name}"] for name in labels]
    axes.errorbar(
        [100 * value.mean for value in values],
        range(len(values)),
        xerr=[100 * value.half_width for value in values],
        fmt="o",
        capsize=3,
    )
    axes.axvline(0, color=axes.lines[-1].get_color(), linestyle="--")
    axes.set_yticks(range(len(values)), list(labels.values()))
    axes.invert_yaxis()
    axes.set(
        xlabel="error added, in percentage points",
        ylabel="standardised by statistics of",
    )
    return figure


FIGURES = (error_by_way,)
