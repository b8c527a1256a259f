"""One look for all figures, and files that are the same bytes each time they are drawn."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from cycler import cycler
from matplotlib import pyplot as plt
from matplotlib.axis import Axis
from matplotlib.text import Text
from matplotlib.ticker import LogFormatterSciNotation

from study.record.results import Run, write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

mpl.use("Agg")  # figures go to files; no window is ever opened

WIDTH, HEIGHT = 4.0, 3.2
"""Size of a figure in inches, narrow enough for its text to be read on a phone.

Of its 288 points a phone's column shows each as 1.2 pixels, so that the least text has twelve.
"""
TEXT = 10
"""Size of text in points, and the least there is."""
NEAR = (5e-4, 2e3)
"""Within these bounds the marks of a logarithmic axis are written as numbers."""
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

# Okabe and Ito's colours, which those with a colour vision deficiency can tell apart; the black
# and the yellow of the original are replaced, as one of them is lost in either mode. Figures are
# drawn in the light ones; the site's style sheet puts the dark ones in their place.
INK = {"light": "#1b1b1b", "dark": "#e6e6e6"}
COLOURS = {
    "light": ("#0072B2", "#D55E00", "#007A5A", "#AA4A86", "#8A6D00"),
    "dark": ("#56B4E9", "#F08A4B", "#3CC9A0", "#E39CC6", "#E0B93A"),
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in the study's style within the block."""
    ink = INK["light"]
    with mpl.rc_context(
        {
            "figure.figsize": (WIDTH, HEIGHT),
            "figure.constrained_layout.use": True,
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "savefig.facecolor": "none",
            "axes.prop_cycle": cycler(color=COLOURS["light"]),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.25,
            "font.size": TEXT,
            "axes.titlesize": TEXT,
            "legend.frameon": False,
            "lines.linewidth": 1.4,
            "lines.markersize": 4.5,
            "svg.fonttype": "none",
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
    """Draw each figure, with its alternative text beside it.

    Args:
        figures: functions of the run; each gives one figure.
        run: the finished run; its folder receives ``figures/<name>.svg`` and
            ``figures/<name>.txt``.
    """
    folder = run.folder / "figures"
    folder.mkdir(exist_ok=True)
    files = {}
    for figure in figures:
        with drawn(figure, run) as picture:
            text = StringIO()
            # Neither a date nor a version, so that equal numbers give equal bytes.
            picture.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
        files[f"{figure.__name__}.svg"] = text.getvalue()
        files[f"{figure.__name__}.txt"] = alternative_text(figure) + "\n"
    for name, content in files.items():
        write_text(folder / name, content)
    for path in folder.iterdir():  # of a figure that is drawn no more
        if path.name not in files:
            path.unlink()


@contextmanager
def drawn(figure: Callable[[Run], "Figure"], run: Run) -> Iterator["Figure"]:
    """Hold a figure as it is stored, open within the block.

    Args:
        figure: the function that draws it.
        run: the finished run.
    """
    with style():
        picture = figure(run)
        try:
            enlarge(picture)
            write_plainly(picture)
            yield picture
        finally:
            plt.close(picture)


def enlarge(figure: "Figure") -> None:
    """Bring text that is smaller than all other text to its size."""
    for text in figure.findobj(Text):
        text.set_fontsize(max(TEXT, text.get_fontsize()))


def write_plainly(figure: "Figure") -> None:
    """Write the marks of logarithmic axes as text: formulas have parts too small for a phone."""
    for axis in figure.findobj(Axis):
        for formatter, put in (
            (axis.get_major_formatter(), axis.set_major_formatter),
            (axis.get_minor_formatter(), axis.set_minor_formatter),
        ):
            if type(formatter) is LogFormatterSciNotation:
                transform: Any = axis.get_transform()
                put(PlainPowers(transform.base))


class PlainPowers(LogFormatterSciNotation):
    """Writes the marks of a logarithmic axis: as numbers where all are near 1, else as powers."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the text of a mark, which is empty where matplotlib has none.

        Args:
            x: where the mark is.
            pos: its position among the marks.
        """
        text = super().__call__(x, pos)
        axis: Any = self.axis
        low, high = axis.get_view_interval()
        if text and (x == 1 or ("10^" in text and NEAR[0] <= low and high <= NEAR[1])):
            return f"{x:g}"
        text = re.sub(r"\^\{(.*?)\}", lambda power: power[1].translate(SUPERSCRIPTS), text)
        return re.sub(r"\$|\\mathdefault|[{}]", "", text).replace(r"\times", "×").replace("-", "−")


def alternative_text(figure: Callable[[Run], "Figure"]) -> str:
    """Return what a figure shows, in words: the first line of its docstring."""
    return (figure.__doc__ or "").strip().splitlines()[0]
