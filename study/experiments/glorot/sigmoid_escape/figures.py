"""Functions of a finished run."""

from typing import TYPE_CHECKING, Any

from study.record.drawing import curve, integer_axis, stacked
from study.record.results import NO_ROWS, Rows, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MINIBATCHES = {
    "plain": "minibatches at random",
    "balanced": "minibatches of one image per class",
}


def escape_by_depth(run: Run) -> "Figure":
    """Learning rate times updates to the escape, by depth: each layer costs several times more."""
    figure, panels = stacked(len(MINIBATCHES))
    table = Rows.from_rows(sorted(run.tables["escapes"], key=lambda row: row["depth"]))
    for axes, (kind, title) in zip(panels, MINIBATCHES.items(), strict=True):
        of_rate = table.where(minibatch=kind).groups("learning_rate")
        for rate, rows in sorted(of_rate.items(), reverse=True):
            free, stuck = rows.groups("stayed").get(0, NO_ROWS), rows.without(stayed=0)
            colour = curve(axes, free, "depth", "o-", capsize=2, label=f"{rate:g}")
            if stuck:
                look: dict[str, Any] = {"color": colour, "label": f"{rate:g}, not until then"}
                axes.plot(stuck.column("depth"), stuck.column("mean"), "^", **look)
        axes.set(yscale="log", ylabel="learning rate\n× updates", title=title)
        axes.legend(title="learning rate", loc="upper left")
    panels[-1].set_xlabel("hidden layers")
    integer_axis(panels[-1])
    return figure


FIGURES = (escape_by_depth,)
