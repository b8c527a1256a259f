"""What figures are made of: curves with intervals and laws, bands, single runs, labels, ticks.

Where a row stands on the horizontal axis, and what its law is, are numbers or the name of the
column that holds them. Any look that is given is passed on to matplotlib.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from study.record.estimates import Estimate
from study.record.results import Rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Numbers: TypeAlias = Sequence[float] | NDArray[Any]

LINE_HEIGHT = 1.2
"""Distance of two lines of text, in sizes of their font."""


def curve(  # noqa: PLR0913 - what a figure may say of a table
    axes: "Axes",
    rows: Rows,
    places: str | Numbers,
    style: str = "o",
    *,
    law: str | Numbers | None = None,
    scale: float | Numbers = 1.0,
    reach: str | None = "half_width",
    **look: Any,  # noqa: ANN401 - of matplotlib
) -> str:
    """Draw the mean of each row with its interval, and the law of the means dashed.

    Args:
        axes: where to draw.
        rows: what to draw.
        places: where the rows stand on the horizontal axis.
        style: marker and line, as matplotlib writes them.
        law: what the means should be; in the colour of the curve.
        scale: what the means and their half widths are multiplied with.
        reach: name of the column that holds the half width of a mean; None for no intervals.
        look: of markers, line and intervals.

    Returns:
        The colour, for what else belongs to the curve.
    """
    x = _numbers(rows, places)
    half_widths = None if reach is None else rows.column(reach)
    colour = _intervals(axes, x, rows.column("mean"), half_widths, scale, style, look)
    if law is not None:
        axes.plot(x, _numbers(rows, law), "--", color=colour)
    return colour


def estimates(
    axes: "Axes",
    places: Numbers,
    values: Sequence[Estimate],
    style: str = "o",
    *,
    scale: float | Numbers = 1.0,
    **look: Any,  # noqa: ANN401 - of matplotlib
) -> str:
    """Draw estimates with their intervals.

    Args:
        axes: where to draw.
        places: where the estimates stand on the horizontal axis.
        values: the estimates.
        style: marker and line, as matplotlib writes them.
        scale: what the estimates and their half widths are multiplied with.
        look: of markers, line and intervals.

    Returns:
        The colour, for what else belongs to them.
    """
    means = np.array([value.mean for value in values])
    half_widths = np.array([value.half_width for value in values])
    return _intervals(axes, places, means, half_widths, scale, style, look)


def banded_curve(  # noqa: PLR0913 - what a figure may say of a table
    axes: "Axes",
    rows: Rows,
    places: str | Numbers,
    style: str = "-",
    *,
    reach: str = "half_width",
    alpha: float = 0.2,
    **look: Any,  # noqa: ANN401 - of matplotlib
) -> str:
    """Draw the mean of each row, in the band of its interval.

    Args:
        axes: where to draw.
        rows: what to draw.
        places: where the rows stand on the horizontal axis.
        style: marker and line, as matplotlib writes them.
        reach: name of the column that holds the half width of a mean.
        alpha: how opaque the band is.
        look: of the line.

    Returns:
        The colour, for what else belongs to the curve.
    """
    x, means, half_widths = (_numbers(rows, name) for name in (places, "mean", reach))
    (line,) = axes.plot(x, means, style, **look)
    band(axes, x, means, half_widths, color=line.get_color(), alpha=alpha, linewidth=0)
    return to_hex(line.get_color())


def band(
    axes: "Axes",
    places: Numbers,
    middle: Numbers,
    reach: Numbers,
    **look: Any,  # noqa: ANN401 - of matplotlib
) -> None:
    """Fill what lies within a reach of a curve.

    Args:
        axes: where to draw.
        places: of the curve, on the horizontal axis.
        middle: the curve.
        reach: how far the band goes, up as well as down.
        look: of the band.
    """
    with np.errstate(invalid="ignore"):  # the numbers of networks that diverged
        low, high = np.subtract(middle, reach), np.add(middle, reach)
    axes.fill_between(places, low, high, **look)


def runs(
    axes: "Axes",
    rows: Rows,
    places: str,
    number: str,
    run: str = "draw",
    **look: Any,  # noqa: ANN401 - of matplotlib
) -> str:
    """Draw single runs thin, and their median thick in the same colour.

    Args:
        axes: where to draw.
        rows: what to draw: one for each place of each run.
        places: name of the column that tells where a row stands on the horizontal axis.
        number: name of the column that is drawn.
        run: name of the column that tells the runs apart.
        look: of the median.

    Returns:
        The colour, for what else belongs to the runs.
    """
    by_place = dict(sorted(rows.groups(places).items()))
    medians = [float(np.median(group.column(number))) for group in by_place.values()]
    (median,) = axes.plot([*by_place], medians, **{"linewidth": 2.5, "zorder": 3, **look})
    for curve_rows in rows.groups(run).values():
        x, y = curve_rows.column(places), curve_rows.column(number)
        axes.plot(x, y, color=median.get_color(), linewidth=0.6, alpha=0.5)
    return to_hex(median.get_color())


def level(axes: "Axes", height: float, **look: Any) -> None:  # noqa: ANN401 - of matplotlib
    """Draw the height of something that is not measured, such as a guess or a cap.

    Args:
        axes: where to draw.
        height: where it lies on the vertical axis.
        look: of the line; by default it is thin, grey and dotted.
    """
    axes.axhline(height, **{"color": "grey", "linewidth": 1, "linestyle": ":", **look})


def label(
    axes: "Axes",
    text: str,
    place: tuple[float, float],
    offset: tuple[float, float],
    **look: Any,  # noqa: ANN401 - of matplotlib
) -> None:
    """Write beside a place.

    Args:
        axes: where to write.
        text: what to write.
        place: in the units of the axes.
        offset: from there, in points.
        look: of the text.
    """
    axes.annotate(text, place, offset, textcoords="offset points", **look)


def label_ends(axes: "Axes") -> None:
    """Write the label of each curve at its right end, in its colour, in place of a legend.

    Labels that would lie on one another are moved apart. Scales and limits are to be set before.

    Args:
        axes: whose curves are named.
    """
    axes.autoscale_view()  # which matplotlib puts off until it draws
    ends = []
    for handle, text in zip(*axes.get_legend_handles_labels(), strict=True):
        line = handle.lines[0] if isinstance(handle, ErrorbarContainer) else handle
        if not isinstance(line, Line2D):
            continue
        points = np.asarray(line.get_xydata())
        points = points[np.isfinite(points).all(axis=1)]
        if len(points):
            end = points[points[:, 0].argmax()]
            on_page = axes.transAxes.inverted().transform(axes.transData.transform(end))
            ends.append((float(on_page[1]), end, text, to_hex(line.get_color())))
    ends.sort(key=lambda entry: entry[0])
    room = axes.get_window_extent().height / axes.figure.dpi * 72  # in points, as sizes of fonts
    least = LINE_HEIGHT * mpl.rcParams["font.size"] / room
    heights = moved_apart([height for height, *_ in ends], least)
    for height, (_, end, text, colour) in zip(heights, ends, strict=True):
        axes.annotate(
            text,
            end,
            (1.02, height),
            textcoords="axes fraction",
            va="center",
            color=colour,
            annotation_clip=False,
        )


def moved_apart(heights: Sequence[float], least: float) -> list[float]:
    """Return ascending numbers with a least distance, moved as little as that takes.

    Args:
        heights: the numbers, ascending.
        least: the distance.

    >>> [round(height, 6) for height in moved_apart([0.0, 1.0, 1.1], least=0.3)]
    [0.0, 0.9, 1.2]
    """
    if not heights:
        return []
    steps = least * np.arange(len(heights))
    return list((isotonic_regression(np.subtract(heights, steps)).x + steps).tolist())


def integer_axis(axes: "Axes") -> None:
    """Mark whole numbers only on the horizontal axis, as of layers."""
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def ticks(axes: "Axes", *, x: Sequence[float] = (), y: Sequence[float] = ()) -> None:
    """Mark given numbers only, and write them as numbers where the scale is logarithmic.

    Args:
        axes: whose ticks are set; without minor ones on either axis.
        x: the ticks of the horizontal axis; those that it has, if none are given.
        y: the ticks of the vertical axis; those that it has, if none are given.
    """
    for axis, ticks in ((axes.xaxis, x), (axes.yaxis, y)):
        if ticks:
            axis.set_ticks(ticks, [f"{number:g}".replace("-", "−") for number in ticks])
    axes.minorticks_off()


def _numbers(rows: Rows, source: str | Numbers) -> Numbers:
    return rows.column(source) if isinstance(source, str) else source


def _intervals(  # noqa: PLR0913, PLR0917 - what is drawn, and how
    axes: "Axes",
    places: Numbers,
    means: Numbers,
    half_widths: Numbers | None,
    scale: float | Numbers,
    style: str,
    look: Mapping[str, Any],
) -> str:
    with np.errstate(over="ignore", invalid="ignore"):  # the numbers of networks that diverged
        heights = np.multiply(means, scale)
        if half_widths is None:
            (line,) = axes.plot(places, heights, style, **look)
        else:
            reaches = np.multiply(half_widths, scale)
            line = axes.errorbar(places, heights, reaches, fmt=style, **look).lines[0]
    return to_hex(line.get_color())
