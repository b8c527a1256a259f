"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def error_by_scale_and_depth(run: Run) -> "Figure":
    """Error by weight scale: × 10 costs one hidden layer a part, × 10 or × 1/10 many nearly all."""
    figure, axes = plt.subplots()
    arms = run.settings["experiment"]["arms"]
    scales = ("tenth", "one", "ten")
    for kind, marker in (("shallow", "o"), ("deep", "s")):
        values = [run.values[f"error.{kind}_{scale}"] for scale in scales]
        layers = arms[f"{kind}_one"]["hidden_layers"]
        axes.errorbar(
            [arms[f"{kind}_{scale}"]["scale"] for scale in scales],
            [value.mean for value in values],
            [value.half_width for value in values],
            fmt=f"{marker}-",
            capsize=3,
            label=f"{layers} hidden layer{'s' if layers > 1 else ''}",
        )
    axes.set_xscale("log")
    axes.set(xlabel="weights over the usual ones", ylabel="validation error", ylim=(0, 1.05))
    axes.legend()
    return figure


FIGURES = (error_by_scale_and_depth,)
