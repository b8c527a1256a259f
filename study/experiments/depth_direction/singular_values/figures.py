"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.depth_direction.singular_values.claims import FAINT, tanh_law
from study.record.drawing import curve, label_ends
from study.record.results import Run
from study.theory.products import singular_value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "linear_gaussian": "linear,\nGaussian",
    "linear_orthogonal": "linear,\northogonal",
    "relu_gaussian": "ReLU,\nGaussian",
    "relu_orthogonal": "ReLU,\northogonal",
    "tanh_gaussian": "tanh,\nGaussian",
    "tanh_orthogonal": "tanh,\northogonal",
    "tanh_orthogonal_faint": "tanh, orthog.,\nsmall signal",
}
SHOWN_ARMS = (
    "linear_gaussian",
    "linear_orthogonal",
    "relu_orthogonal",
    "tanh_orthogonal",
    "tanh_orthogonal_faint",
)


def singular_values_by_rank(run: Run) -> "Figure":
    """Singular values by rank: equal for orthogonal, over decades for Gaussian weights."""
    figure, axes = plt.subplots()
    depth = run.settings["experiment"]["depth"]
    for name in _present(run, SHOWN_ARMS):
        rows = run.tables["spectra"].where(arm=name, depth=depth)
        ranks = rows.column("rank")
        colour = curve(axes, rows, "rank", reach=None, markersize=3, label=LABELS[name])
        if name == "linear_gaussian":
            law = [singular_value(float(rank), depth) for rank in ranks]
            axes.plot(ranks, law, "--", color=colour)
            axes.plot(ranks, [rank ** (depth / 2) for rank in ranks], ":", color=colour)
    axes.set_yscale("log")
    axes.set(xlabel="share of the singular values below", ylabel="singular value", ylim=(1e-5, 30))
    label_ends(axes)
    return figure


def spread_by_depth(run: Run) -> "Figure":
    """Relative variance of squared singular values by depth: orthogonal tanh alone is bounded."""
    figure, axes = plt.subplots()
    depths = run.settings["experiment"]["depths"]
    tanh = [tanh_law(depth)[1] for depth in depths]
    laws = {
        "linear_gaussian": depths,
        "relu_gaussian": [2 * depth for depth in depths],
        "relu_orthogonal": depths,
        "tanh_gaussian": [depth + spread for depth, spread in zip(depths, tanh, strict=True)],
        "tanh_orthogonal": tanh,
        "tanh_orthogonal_faint": [tanh_law(depth, FAINT)[1] for depth in depths],
    }
    for name in _present(run, tuple(laws)):
        rows = run.tables["spreads"].where(arm=name)
        style = "s" if name == "tanh_orthogonal_faint" else "o"
        curve(axes, rows, "depth", style, law=laws[name], markersize=4, label=LABELS[name])
    axes.set(xscale="log", yscale="log", xlabel="depth", ylabel="relative variance of squares")
    label_ends(axes)
    return figure


def _present(run: Run, names: tuple[str, ...]) -> list[str]:
    """Name the arms that were measured, in the order given."""
    return [name for name in names if name in run.settings["experiment"]["arms"]]


FIGURES = (singular_values_by_rank, spread_by_depth)
