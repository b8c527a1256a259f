"""What figures are made of: curves with intervals and laws, bands, single runs, labels, ticks.

Where a row stands on the horizontal axis, and what its law is, are numbers or the name of the
column that holds them. Any look that is given is passed on to matplotlib.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from study.record.estimates import Estimate
from study.record.plotting import SUPERSCRIPTS
from study.record.results import Rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.collections import QuadMesh
    from matplotlib.figure import Figure

Numbers: TypeAlias = Sequence[float] | NDArray[Any]

LINE_HEIGHT = 1.2
"""Distance of two lines of text, in sizes of their font."""
ANYWHERE = (-inf, inf)
"""The bounds of a quantity that has none."""


def stacked(count: int, height: float | None = None) -> "tuple[Figure, list[Axes]]":
    """Return a figure of panels below one another, which share their horizontal axis.

    Args:
        count: how many panels there are.
        height: of one panel, in inches; two thirds of a figure of its own, if none is given.
    """
    width, single = mpl.rcParams["figure.figsize"]
    size = (width, count * (height or single * 2 / 3))
    figure, panels = plt.subplots(count, sharex=True, squeeze=False, figsize=size)
    return figure, list(panels[:, 0])


def ascending(numbers: Mapping[str, float]) -> dict[str, float]:
    """Return settings by their number, the smallest first: stored ones are in order of the names.

    >>> ascending({"six": 6, "ten": 10, "three": 3})
    {'three': 3, 'six': 6, 'ten': 10}
    """
    return dict(sorted(numbers.items(), key=lambda setting: setting[1]))


def curve(  # noqa: PLR0913 - what a figure may say of a table
    axes: "Axes",
    rows: Rows,
    places: str | Numbers,
    style: str = "o",
    *,
    law: str | Numbers | None = None,
    scale: float | Numbers = 1.0,
    reach: str | None = "half_width",
    within: tuple[float, float] = ANYWHERE,
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
        within: the least and the largest that the quantity can be, where the intervals end.
        look: of markers, line and intervals.

    Returns:
        The colour, for what else belongs to the curve.
    """
    x = _numbers(rows, places)
    half_widths = None if reach is None else rows.column(reach)
    colour = _intervals(axes, x, rows.column("mean"), half_widths, scale, within, style, look)
    if law is not None:
        axes.plot(x, _numbers(rows, law), "--", color=colour)
    return colour


def estimates(  # noqa: PLR0913 - what a figure may say of estimates
    axes: "Axes",
    places: Numbers,
    values: Sequence[Estimate],
    style: str = "o",
    *,
    scale: float | Numbers = 1.0,
    within: tuple[float, float] = ANYWHERE,
    **look: Any,  # noqa: ANN401 - of matplotlib
) -> str:
    """Draw estimates with their intervals.

    Args:
        axes: where to draw.
        places: where the estimates stand on the horizontal axis.
        values: the estimates.
        style: marker and line, as matplotlib writes them.
        scale: what the estimates and their half widths are multiplied with.
        within: the least and the largest that the quantity can be, where the intervals end.
        look: of markers, line and intervals.

    Returns:
        The colour, for what else belongs to them.
    """
    means = np.array([value.mean for value in values])
    half_widths = np.array([value.half_width for value in values])
    return _intervals(axes, places, means, half_widths, scale, within, style, look)


def banded_curve(  # noqa: PLR0913 - what a figure may say of a table
    axes: "Axes",
    rows: Rows,
    places: str | Numbers,
    style: str = "-",
    *,
    reach: str = "half_width",
    within: tuple[float, float] = ANYWHERE,
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
        within: the least and the largest that the quantity can be, where the band ends.
        alpha: how opaque the band is.
        look: of the line.

    Returns:
        The colour, for what else belongs to the curve.
    """
    x, means, half_widths = (_numbers(rows, name) for name in (places, "mean", reach))
    (line,) = axes.plot(x, means, style, **look)
    look = {"color": line.get_color(), "alpha": alpha, "linewidth": 0}
    band(axes, x, means, half_widths, within=within, **look)
    return to_hex(line.get_color())


def band(
    axes: "Axes",
    places: Numbers,
    middle: Numbers,
    reach: Numbers,
    *,
    within: tuple[float, float] = ANYWHERE,
    **look: Any,  # noqa: ANN401 - of matplotlib
) -> None:
    """Fill what lies within a reach of a curve.

    Args:
        axes: where to draw.
        places: of the curve, on the horizontal axis.
        middle: the curve.
        reach: how far the band goes, up as well as down.
        within: the least and the largest that the quantity can be, where the band ends.
        look: of the band.
    """
    with np.errstate(invalid="ignore"):  # the numbers of networks that diverged
        low, high = np.subtract(middle, reach), np.add(middle, reach)
    axes.fill_between(places, np.maximum(low, within[0]), np.minimum(high, within[1]), **look)


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

    Labels that would lie on one another are moved apart; a long one may have several lines.
    Scales and limits are to be set before.

    Args:
        axes: whose curves are named.
    """
    ends = []
    for line, text, points in _named_lines(axes):
        end = points[points[:, 0].argmax()]
        on_page = axes.transAxes.inverted().transform(line.get_transform().transform(end))
        ends.append((float(on_page[1]), text, to_hex(line.get_color())))
    ends.sort(key=lambda entry: entry[0])
    room = axes.get_window_extent().height / axes.figure.dpi * 72  # in points, as sizes of fonts
    line_height = LINE_HEIGHT * mpl.rcParams["font.size"] / room
    sizes = [line_height * (1 + text.count("\n")) for _, text, _ in ends]
    heights = moved_apart([height for height, *_ in ends], sizes)
    for height, (_, text, colour) in zip(heights, ends, strict=True):
        name = axes.annotate(text, (1.02, height), xycoords="axes fraction", annotation_clip=False)
        name.set(va="center", color=colour)


def label_along(axes: "Axes", share: float = 0.25) -> None:
    """Write the label of each curve beside it, below one that rises and above any other.

    It is for curves that meet at their right ends. Scales and limits are to be set before.

    Args:
        axes: whose curves are named.
        share: of the way along the curve, where the label begins.
    """
    for line, text, points in _named_lines(axes):
        at = round(share * (len(points) - 1))
        ahead = points[at : at + 2]
        rise = np.ptp(line.get_transform().transform(ahead)[:, 1])
        rises = rise > 1 and ahead[-1][1] > ahead[0][1]
        look = {"va": "top" if rises else "bottom", "color": to_hex(line.get_color())}
        label(axes, text, tuple(points[at]), (5, -3 if rises else 4), **look)


def _named_lines(axes: "Axes") -> Iterator[tuple[Line2D, str, NDArray[Any]]]:
    """Yield the lines that have a label, with it and with those of their points that are finite."""
    axes.autoscale_view()  # which matplotlib puts off until it draws
    for handle, text in zip(*axes.get_legend_handles_labels(), strict=True):
        line = handle.lines[0] if isinstance(handle, ErrorbarContainer) else handle
        if isinstance(line, Line2D):
            points = np.asarray(line.get_xydata())
            points = points[np.isfinite(points).all(axis=1)]
            if len(points):
                yield line, text, points


def moved_apart(heights: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """Return where things in a frame go so that none lies on another, moved as little as possible.

    Args:
        heights: where their middles are, ascending; all numbers are parts of the frame's height.
        sizes: how high each of them is.

    Returns:
        Their middles, within the frame, if there is room.

    >>> [round(height, 6) for height in moved_apart([0.0, 0.5, 0.55], [0.2, 0.2, 0.2])]
    [0.1, 0.425, 0.625]
    """
    if not heights:
        return []
    steps = np.cumsum(sizes) - np.divide(sizes, 2)
    free = max(0.0, 1 - sum(sizes))
    # Heights less what lies below them need only ascend; bounds then cut off what is beyond them.
    ascending_heights = isotonic_regression(np.subtract(heights, steps)).x
    return list((np.clip(ascending_heights, 0, free) + steps).tolist())


def legend_above(axes: "Axes", columns: int = 2, **look: Any) -> None:  # noqa: ANN401 - of matplotlib
    """Write the legend above the frame, where it lies on no curve.

    Args:
        axes: whose curves it names.
        columns: how many of them it names side by side.
        look: of the legend.
    """
    place = {"bbox_to_anchor": (0.5, 1), "borderaxespad": 0.2}
    spacing = {"columnspacing": 1.2, "handlelength": 1.6}
    axes.legend(loc="lower center", ncols=columns, **place, **spacing, **look)


def shared_legend(figure: "Figure", columns: int = 2, **look: Any) -> None:  # noqa: ANN401 - of matplotlib
    """Write one legend above all panels, which names what they share once.

    Args:
        figure: whose curves it names.
        columns: how many of them it names side by side.
        look: of the legend.
    """
    curves: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, text in zip(*axes.get_legend_handles_labels(), strict=True):
            curves.setdefault(text, handle)
    place = {"loc": "outside upper center", "ncols": columns, "columnspacing": 1.2}
    figure.legend([*curves.values()], [*curves], **{**place, "handlelength": 1.6, **look})


def heat_map(  # noqa: PLR0913 - what a figure may say of a table
    axes: "Axes",
    rows: Rows,
    across: str,
    up: str,
    number: str = "mean",
    *,
    text: Callable[[float], str] | None = None,
    **look: Any,  # noqa: ANN401 - of matplotlib
) -> "QuadMesh":
    """Draw a number by two others as the colours of cells, which are all of one size.

    Args:
        axes: where to draw; each row and column of cells gets a mark.
        rows: what to draw: at most one for each cell.
        across: name of the column that tells in which column of cells a row stands; numbers
            are in their order, names in that of the rows.
        up: name of the column that tells in which row of cells it stands.
        number: name of the column that is drawn.
        text: what is written into a cell, by its number; without it nothing is.
        look: of the map, such as ``vmin``, ``vmax``, ``norm`` and ``cmap``.

    Returns:
        The cells, for a bar of their colours.
    """
    places = [_in_order(rows.column(name)) for name in (across, up)]
    cells = np.full((len(places[1]), len(places[0])), np.nan)
    for row in rows:
        cells[places[1].index(row[up]), places[0].index(row[across])] = row[number]
    # The edges have the colours of the cells, as viewers show gaps between cells without any.
    map_look = {"cmap": "viridis", "edgecolors": "face", "linewidth": 0.3, **look}
    mesh = axes.pcolormesh(np.ma.masked_invalid(cells), **map_look)
    for axis, labels in zip((axes.xaxis, axes.yaxis), places, strict=True):
        axis.set_ticks(np.arange(len(labels)) + 0.5, [*map(_text, labels)])
    axes.grid(visible=False)
    if text is not None:
        for (y, x), value in np.ndenumerate(cells):
            if np.isfinite(value):
                colour = _legible_on(mesh.to_rgba(value))
                axes.text(x + 0.5, y + 0.5, text(value), ha="center", va="center", color=colour)
    return mesh


def powers(axis: "Axis", base: int = 2) -> None:
    """Write the marks of an axis as powers, where logarithms are drawn.

    Args:
        axis: along which the logarithms go.
        base: of the logarithms.
    """
    axis.set_major_locator(MaxNLocator(6, integer=True))
    axis.set_major_formatter(lambda exponent, _: power(base, round(exponent)))


def power(base: int, exponent: int) -> str:
    """Return a power as text.

    >>> power(10, -12), power(2, 0)
    ('10⁻¹²', '1')
    """
    return f"{base}{str(exponent).translate(SUPERSCRIPTS)}" if exponent else "1"


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
            axis.set_ticks(ticks, [_text(number) for number in ticks])
    axes.minorticks_off()


def _text(label: str | float) -> str:
    return label if isinstance(label, str) else f"{label:g}".replace("-", "−")


def _in_order(cells: Sequence[Any]) -> list[Any]:
    """Return different cells once: numbers in their order, names in that of the table."""
    different = list(dict.fromkeys(cells))
    return different if any(isinstance(cell, str) for cell in different) else sorted(different)


def _legible_on(colour: Any) -> str:  # noqa: ANN401 - of matplotlib
    """Return black or white, neither of which dark pages change, as the cells do not either."""
    red, green, blue, _ = colour
    return "#000000" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.45 else "#ffffff"


def _numbers(rows: Rows, source: str | Numbers) -> Numbers:
    return rows.column(source) if isinstance(source, str) else source


def _intervals(  # noqa: PLR0913, PLR0917 - what is drawn, and how
    axes: "Axes",
    places: Numbers,
    means: Numbers,
    half_widths: Numbers | None,
    scale: float | Numbers,
    within: tuple[float, float],
    style: str,
    look: Mapping[str, Any],
) -> str:
    with np.errstate(over="ignore", invalid="ignore"):  # the numbers of networks that diverged
        heights = np.multiply(means, scale)
        if half_widths is None:
            (line,) = axes.plot(places, heights, style, **look)
        else:
            reach = np.multiply(half_widths, scale)
            reaches = [
                np.minimum(reach, np.maximum(0, room))
                for room in (heights - within[0], within[1] - heights)
            ]
            line = axes.errorbar(places, heights, reaches, fmt=style, **look).lines[0]
    return to_hex(line.get_color())
