"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def error_by_update(run: Run) -> "Figure":
    """Validation error by update: Xavier's weights start later and catch up."""
    figure, axes = plt.subplots()
    for arm, style in (
        ("fourteen_xavier", "--"),
        ("fourteen", "-"),
        ("thirty", "-"),
        ("three", "-"),
    ):
        own = [row for row in run.tables["errors"] if row["arm"] == arm]
        at, means, half = (
            [float(row[key]) for row in own] for key in ("update", "mean", "half_width")
        )
        label = arm.replace("_xavier", ", Xavier")
        axes.errorbar(at, means, yerr=half, marker="o", capsize=3, linestyle=style, label=label)
    axes.set(xlabel="update", ylabel="validation error, per cent", yscale="log")
    axes.legend(title="layers")
    return figure


def error_by_depth(run: Run) -> "Figure":
    """Test error by depth from He's weights: it does not fall with depth."""
    figure, axes = plt.subplots()
    arms = run.settings["experiment"]["arms"]
    for label, marker, variance in (("He", "o", 2.0), ("Xavier", "s", 1.0)):
        own = [name for name, arm in arms.items() if arm["weight_variance"] == variance]
        own.sort(key=lambda name: float(arms[name]["depth"]))
        found = [run.values[f"test_error.{name}"] for name in own]
        axes.errorbar(
            [arms[name]["depth"] for name in own],
            [value.mean for value in found],
            yerr=[value.half_width for value in found],
            marker=marker,
            capsize=3,
            label=label,
        )
    axes.set(xlabel="layers", ylabel="test error, per cent", ylim=(0, None))
    axes.legend()
    return figure


FIGURES = (error_by_update, error_by_depth)
