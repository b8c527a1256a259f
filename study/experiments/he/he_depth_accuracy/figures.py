"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.drawing import curve, estimates
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def error_by_update(run: Run) -> "Figure":
    """Validation error by update: Xavier's weights start later and catch up."""
    figure, axes = plt.subplots()
    for arm, style in (
        ("fourteen_xavier", "o--"),
        ("fourteen", "o-"),
        ("thirty", "o-"),
        ("three", "o-"),
    ):
        rows = run.tables["errors"].where(arm=arm)
        curve(axes, rows, "update", style, capsize=3, label=arm.replace("_xavier", ", Xavier"))
    axes.set(xlabel="update", ylabel="validation error, per cent", yscale="log")
    axes.legend(title="layers")
    return figure


def error_by_depth(run: Run) -> "Figure":
    """Test error by depth from He's weights: it does not fall with depth."""
    figure, axes = plt.subplots()
    arms = run.settings["experiment"]["arms"]
    for label, style, variance in (("He", "o-", 2.0), ("Xavier", "s-", 1.0)):
        names = [name for name, arm in arms.items() if arm["weight_variance"] == variance]
        names.sort(key=lambda name: float(arms[name]["depth"]))
        depths = [arms[name]["depth"] for name in names]
        values = [run.values[f"test_error.{name}"] for name in names]
        estimates(axes, depths, values, style, capsize=3, label=label)
    axes.set(xlabel="layers", ylabel="test error, per cent", ylim=(0, None))
    axes.legend()
    return figure


FIGURES = (error_by_update, error_by_depth)
