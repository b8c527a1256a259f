"""Functions of a finished run."""

from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

from study.record.drawing import ascending, banded_curve, estimates, label_ends, ticks
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HE = 2.0
"""The variance of He's weights, over 1/fan_in; Xavier's have 1."""
LEAST_SHOWN = 2.0
"""Per cent, below all means: where intervals end that reach 0, for which the axis has no place."""


def own_rates(run: Run) -> dict[str, dict[str, Any]]:
    """Return the networks on standardised images that have a learning rate of their own."""
    arms = run.settings["experiment"]["arms"]
    return {
        name: arm
        for name, arm in arms.items()
        if arm["images"] == "standardised" and arm["rate_of"] == name
    }


def error_by_update(run: Run) -> "Figure":
    """Validation error by update: Xavier's weights start later and catch up."""
    figure, axes = plt.subplots()
    arms = own_rates(run)
    for arm in ascending({name: arm["depth"] for name, arm in arms.items()}):
        rows = run.tables["errors"].where(arm=arm)
        start, style = ("", "-") if arms[arm]["weight_variance"] == HE else (",\nXavier", "--")
        label = f"{arms[arm]['depth']} layers{start}"
        banded_curve(axes, rows, "update", style, within=(LEAST_SHOWN, 100), label=label)
    axes.set(xlabel="update", ylabel="validation error, per cent", yscale="log")
    axes.set_ylim(LEAST_SHOWN, 100)
    ticks(axes, y=(2, 3, 5, 10, 20, 50, 100))
    label_ends(axes)
    return figure


def error_by_depth(run: Run) -> "Figure":
    """Test error by depth from He's weights: it does not fall with depth."""
    figure, axes = plt.subplots()
    arms = own_rates(run)
    for label, style, variance in (("He", "o-", HE), ("Xavier", "s", 1.0)):
        names = [name for name, arm in arms.items() if arm["weight_variance"] == variance]
        names.sort(key=lambda name: float(arms[name]["depth"]))
        beside = 0.4 * (variance != HE)  # so that both are seen at one depth
        depths = [arms[name]["depth"] + beside for name in names]
        values = [run.values[f"test_error.{name}"] for name in names]
        estimates(axes, depths, values, style, capsize=3, label=label)
    axes.set(xlabel="layers", ylabel="test error, per cent", ylim=(0, None))
    axes.legend(title="weights of", loc="lower right")
    return figure


FIGURES = (error_by_update, error_by_depth)
