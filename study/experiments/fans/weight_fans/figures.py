"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def funnel_of_two_fans(run: Run) -> "Figure":
    """Through a narrowing network, fan_in keeps the signal and fan_out the gradient, not both."""
    figure, axes = plt.subplots()
    for at, name in enumerate(("fan_in", "fan_out")):
        values = [run.values[f"funnel_{way}.{name}"] for way in ("forward", "backward")]
        axes.errorbar(
            [place + (at - 0.5) / 8 for place in range(2)],
            [value.mean for value in values],
            [value.half_width for value in values],
            fmt="os"[at],
            capsize=3,
            label=f"variance 2/{name}",
        )
    axes.axhline(1, linestyle="--", color="C2")
    axes.set_yscale("log")
    axes.set_xticks([0, 1], ["signal, last over first layer", "gradient, first over last layer"])
    axes.set(xlim=(-0.5, 1.5), ylabel="second moment, relative")
    axes.legend()
    return figure


FIGURES = (funnel_of_two_fans,)
