"""One look for all figures, and files that are the same bytes each time they are drawn."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING

import matplotlib as mpl
from cycler import cycler
from matplotlib import pyplot as plt

from study.record.results import Run, write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

mpl.use("Agg")  # figures go to files; no window is ever opened

WIDTH, HEIGHT = 5.6, 3.7
"""Size of a figure in inches, narrow enough for its text to be read on a phone."""

# Okabe and Ito's colours, which those with a colour vision deficiency can tell apart; the black
# and the yellow of the original are replaced, as one of them is lost in either mode.
INK = {"light": "#1b1b1b", "dark": "#e6e6e6"}
COLOURS = {
    "light": ("#0072B2", "#D55E00", "#007A5A", "#AA4A86", "#8A6D00"),
    "dark": ("#56B4E9", "#F08A4B", "#3CC9A0", "#E39CC6", "#E0B93A"),
}


@contextmanager
def style(mode: str) -> Iterator[None]:
    """Draw in the study's style within the block.

    Args:
        mode: ``light`` or ``dark``, the page that the figure is for.
    """
    ink = INK[mode]
    with mpl.rc_context(
        {
            "figure.figsize": (WIDTH, HEIGHT),
            "figure.constrained_layout.use": True,
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "savefig.facecolor": "none",
            "axes.prop_cycle": cycler(color=COLOURS[mode]),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.25,
            "font.size": 10,
            "legend.frameon": False,
            "lines.linewidth": 1.4,
            "lines.markersize": 4.5,
            "svg.hashsalt": "signal-through-depth",
            **dict.fromkeys(
                ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"),
                ink,
            ),
            "grid.color": ink,
        }
    ):
        yield


def draw_figures(figures: tuple[Callable[[Run], "Figure"], ...], run: Run) -> None:
    """Draw each figure for light and for dark pages, with its alternative text beside it.

    Args:
        figures: functions of the run; each gives one figure.
        run: the finished run; its folder receives ``figures/<name>.<mode>.svg`` and
            ``figures/<name>.txt``.
    """
    folder = run.folder / "figures"
    folder.mkdir(exist_ok=True)
    for figure in figures:
        for mode in INK:
            with style(mode):
                picture = figure(run)
                text = StringIO()
                # Neither a date nor a version, so that equal numbers give equal bytes.
                picture.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
                plt.close(picture)
                write_text(folder / f"{figure.__name__}.{mode}.svg", text.getvalue())
        write_text(folder / f"{figure.__name__}.txt", alternative_text(figure) + "\n")
    names = {figure.__name__ for figure in figures}
    for path in folder.iterdir():  # of a figure that is drawn no more
        if path.name.split(".")[0] not in names:
            path.unlink()


def alternative_text(figure: Callable[[Run], "Figure"]) -> str:
    """Return what a figure shows, in words: the first line of its docstring."""
    return (figure.__doc__ or "").strip().splitlines()[0]
